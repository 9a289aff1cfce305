//! Every delay is finite, within its bounds and spread as it says, for any retry.
#![cfg(not(loom))]
#![allow(
    clippy::tests_outside_test_module,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test"
)]

use proptest::prelude::*;
use seawall_core::{Backoff, Jitter, Nanos, rng};

const SECOND: u64 = 1_000_000_000;

/// Retry numbers of all sizes, the largest ones included.
fn retry() -> impl Strategy<Value = u64> {
    prop_oneof![
        1_u64..100,
        (0_u32..64).prop_map(|bit| 1 << bit),
        any::<u64>()
    ]
}

/// Durations of all sizes, nothing and for ever included.
fn duration() -> impl Strategy<Value = Nanos> {
    prop_oneof![Just(0), 1..100 * SECOND, any::<u64>(), Just(u64::MAX)].prop_map(Nanos::new)
}

fn factor() -> impl Strategy<Value = f64> {
    prop_oneof![Just(1.0), Just(2.0), 1.0..4.0, Just(f64::MAX)]
}

fn jitter() -> impl Strategy<Value = Jitter> {
    prop_oneof![
        Just(Jitter::None),
        Just(Jitter::Full),
        Just(Jitter::Equal),
        (0.0..=1.0).prop_map(|share| Jitter::spread(share).unwrap()),
    ]
}

fn any_jitter() -> impl Strategy<Value = Jitter> {
    prop_oneof![4 => jitter(), 1 => Just(Jitter::Decorrelated)]
}

/// Everything but the jitter.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Exponential(Nanos, f64, Nanos),
    Linear(Nanos, Nanos, Nanos),
    Constant(Nanos),
}

impl Shape {
    fn with(self, jitter: Jitter) -> Backoff {
        match self {
            Self::Exponential(base, factor, cap) => {
                Backoff::exponential(base, factor, cap, jitter).unwrap()
            }
            Self::Linear(base, step, cap) => Backoff::linear(base, step, cap, jitter).unwrap(),
            Self::Constant(delay) => Backoff::constant(delay, jitter).unwrap(),
        }
    }

    fn cap(self) -> u64 {
        match self {
            Self::Exponential(_, _, cap) | Self::Linear(_, _, cap) => cap.as_u64(),
            Self::Constant(_) => u64::MAX,
        }
    }
}

fn growing() -> impl Strategy<Value = Shape> {
    prop_oneof![
        (duration(), factor(), duration())
            .prop_map(|(base, factor, cap)| Shape::Exponential(base, factor, cap)),
        (duration(), duration(), duration())
            .prop_map(|(base, step, cap)| Shape::Linear(base, step, cap)),
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![3 => growing(), 1 => duration().prop_map(Shape::Constant)]
}

fn nanos(backoff: &Backoff, retry: u64, draw: u64) -> u64 {
    backoff.delay(retry, None, draw).as_u64()
}

proptest! {
    #[test]
    fn no_delay_exceeds_its_cap(
        shape in growing(),
        jitter in any_jitter(),
        retry in retry(),
        previous in proptest::option::of(duration()),
        draw: u64,
    ) {
        let delay = shape.with(jitter).delay(retry, previous, draw);

        prop_assert!(delay.as_u64() <= shape.cap());
    }

    #[test]
    fn full_jitter_is_below_the_plain_delay(shape in shape(), retry in retry(), draw: u64) {
        let e = nanos(&shape.with(Jitter::None), retry, draw);
        let delay = nanos(&shape.with(Jitter::Full), retry, draw);

        prop_assert!(delay < e || e == 0);
        prop_assert_eq!(nanos(&shape.with(Jitter::Full), retry, 0), 0);
    }

    #[test]
    fn equal_jitter_waits_at_least_half(shape in shape(), retry in retry(), draw: u64) {
        let e = nanos(&shape.with(Jitter::None), retry, draw);
        let delay = nanos(&shape.with(Jitter::Equal), retry, draw);

        prop_assert!(e / 2 <= delay && delay <= e);
        prop_assert_eq!(nanos(&shape.with(Jitter::Equal), retry, 0), e / 2);
    }

    #[test]
    fn a_spread_stays_within_its_share(
        shape in shape(),
        ppm in 0_u32..=1_000_000,
        retry in retry(),
        draw: u64,
    ) {
        let jitter = Jitter::spread(f64::from(ppm) / 1e6).unwrap();
        let e = u128::from(nanos(&shape.with(Jitter::None), retry, draw));
        let share = e * u128::from(ppm) / 1_000_000;
        let delay = u128::from(nanos(&shape.with(jitter), retry, draw));

        prop_assert!(e - share <= delay);
        prop_assert!(delay <= (e + share).min(u128::from(shape.cap())));
        prop_assert_eq!(u128::from(nanos(&shape.with(jitter), retry, 0)), e - share);
    }

    #[test]
    fn decorrelated_jitter_lies_between_base_and_three_times_the_last(
        base in duration(),
        cap in duration(),
        previous in proptest::option::of(duration()),
        retry in retry(),
        draw: u64,
    ) {
        let backoff = Backoff::exponential(base, 2.0, cap, Jitter::Decorrelated).unwrap();
        let delay = backoff.delay(retry, previous, draw).as_u64();
        let low = base.min(cap).as_u64();
        let high = previous.unwrap_or(base).as_u64().saturating_mul(3).min(cap.as_u64());

        prop_assert!(low <= delay && delay <= high.max(low));
    }

    #[test]
    fn at_the_cap_the_spread_stays(jitter in jitter(), draw: u64) {
        let (base, cap) = (Nanos::new(SECOND), Nanos::new(60 * SECOND));
        let backoff = Backoff::exponential(base, 2.0, cap, jitter).unwrap();
        let (low, high) = (nanos(&backoff, u64::MAX, 0), nanos(&backoff, u64::MAX, u64::MAX));
        let width = match jitter {
            Jitter::None => 0,
            Jitter::Full => 60 * SECOND,
            Jitter::Equal => 30 * SECOND,
            Jitter::Spread(share) => 60_000 * u64::from(share.get()),
            Jitter::Decorrelated => unreachable!(),
        };

        prop_assert!(high - low + 1 >= width && high <= 60 * SECOND);
        prop_assert!((low..=high).contains(&nanos(&backoff, u64::MAX, draw)));
        // Half of all draws lie below the middle: the cap does not collect them.
        let middle = nanos(&backoff, u64::MAX, 1 << 63);
        prop_assert!(middle.abs_diff(low + width / 2) <= 1);
    }

    #[test]
    fn a_larger_draw_is_no_shorter_delay(
        shape in growing(),
        jitter in any_jitter(),
        retry in retry(),
        previous in proptest::option::of(duration()),
        (a, b) in any::<(u64, u64)>(),
    ) {
        let backoff = shape.with(jitter);

        prop_assert!(
            backoff.delay(retry, previous, a.min(b)) <= backoff.delay(retry, previous, a.max(b))
        );
    }

    #[test]
    fn doubling_is_exact(base in 0_u64..1 << 53, cap in 0_u64..1 << 53, retry in 1_u32..200) {
        // In one of 2⁵³ an addition of a nanosecond can be lost, below it never.
        let shape = Shape::Exponential(Nanos::new(base), 2.0, Nanos::new(cap));
        let exact = u128::from(base).saturating_mul(1_u128.checked_shl(retry - 1).unwrap_or(u128::MAX));

        let delay = nanos(&shape.with(Jitter::None), retry.into(), 0);
        prop_assert_eq!(u128::from(delay), exact.min(cap.into()));
    }

    #[test]
    fn linear_growth_is_exact(base: u64, step: u64, cap: u64, retry in retry()) {
        let shape = Shape::Linear(Nanos::new(base), Nanos::new(step), Nanos::new(cap));
        let steps = u128::from(retry.saturating_sub(1));
        let exact = u128::from(base) + u128::from(step) * steps;

        let delay = nanos(&shape.with(Jitter::None), retry, 0);
        prop_assert_eq!(u128::from(delay), exact.min(cap.into()));
    }

    #[test]
    fn delays_only_grow(
        base in duration(),
        step in duration(),
        cap in duration(),
        factor in (0_u32..4000).prop_map(|steps| 1.0 + f64::from(steps) / 1000.0),
        (a, b) in (retry(), retry()),
    ) {
        for shape in [Shape::Exponential(base, factor, cap), Shape::Linear(base, step, cap)] {
            let backoff = shape.with(Jitter::None);

            prop_assert!(nanos(&backoff, a.min(b), 0) <= nanos(&backoff, a.max(b), 0));
        }
    }

    #[test]
    fn a_higher_cap_is_no_shorter_delay(
        base in duration(),
        factor in factor(),
        (a, b) in (duration(), duration()),
        retry in retry(),
    ) {
        let capped = |cap| Shape::Exponential(base, factor, cap).with(Jitter::None);

        prop_assert!(nanos(&capped(a.min(b)), retry, 0) <= nanos(&capped(a.max(b)), retry, 0));
    }

    #[test]
    fn a_seed_ties_the_draw_to_the_retry(
        shape in growing(),
        jitter in any_jitter(),
        previous in proptest::option::of(duration()),
        seed: u64,
        retry in retry(),
    ) {
        let backoff = shape.with(jitter);

        prop_assert_eq!(
            backoff.seeded_delay(retry, previous, seed),
            backoff.delay(retry, previous, rng::mix(seed, retry))
        );
    }
}
