//! Any sequence of calls is answered as the plain model answers it.
#![cfg(not(loom))]
#![allow(
    clippy::tests_outside_test_module,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod model;

use std::collections::HashSet;

use model::{Answer, Model, Op, Subject as _, Whose, run};
use proptest::prelude::*;
use seawall_core::{
    Admit, Backoff, Breaker, BreakerConfig, Flight, Jitter, Nanos, Stamp, State, Trip, Window,
};

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1000 * MILLISECOND;
const HOUR: u64 = 3600 * SECOND;

/// What happens next; indices pick one of the stamps ever issued.
#[derive(Clone, Copy, Debug)]
enum Step {
    Acquire,
    Success(usize),
    Landed(usize),
    Failure(usize),
    Release(usize),
    Unisolate(usize),
    Command(Op),
    Look,
    Wait(u64),
    WaitForTheBreak,
    WaitForTheLease,
    /// The other one of two configurations with the same window.
    Reconfigure(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let command = prop_oneof![
        Just(Op::Isolate),
        Just(Op::Disable),
        Just(Op::Enable),
        Just(Op::Reset),
    ];
    // Small indices are the newest stamps: most verdicts should be on time.
    let recent = prop_oneof![4 => Just(0_usize), 3 => 0_usize..4, 1 => 0_usize..1000];
    let wait = prop_oneof![0..SECOND, 0..HOUR, 0..12 * HOUR];
    prop_oneof![
        8 => Just(Step::Acquire),
        4 => recent.clone().prop_map(Step::Success),
        4 => recent.clone().prop_map(Step::Landed),
        8 => recent.clone().prop_map(Step::Failure),
        2 => recent.clone().prop_map(Step::Release),
        1 => recent.prop_map(Step::Unisolate),
        1 => command.prop_map(Step::Command),
        1 => Just(Step::Look),
        2 => wait.prop_map(Step::Wait),
        4 => Just(Step::WaitForTheBreak),
        4 => Just(Step::WaitForTheLease),
        1 => any::<u32>().prop_map(Step::Reconfigure),
    ]
}

fn config() -> impl Strategy<Value = BreakerConfig> {
    let duration = prop_oneof![Just(0), 0..100 * SECOND, 0..100 * HOUR];
    let lease = prop_oneof![1..SECOND, 1..HOUR, 1..=24 * HOUR];
    let times = (duration, lease, prop_oneof![Just(1.0), 1.0..3.0]);
    let counts = (1_u32..4, 1_u32..4);
    (trip(), times, counts, slow_after()).prop_map(
        |(trip, (duration, lease, factor), (s, p), slow)| {
            let (duration, lease) = (Nanos::new(duration), Nanos::new(lease));
            let config = BreakerConfig::new(1, duration, s, p, lease).unwrap();
            let longest = Nanos::new(100 * HOUR);
            let breaks = Backoff::exponential(duration, factor, longest, Jitter::None).unwrap();
            let config = config.with_trip(trip).unwrap();
            let config = config.with_breaks(breaks).unwrap();
            slow.map_or(config, |after| config.with_slow_after(after).unwrap())
        },
    )
}

/// Long enough for the sum of all waits to be less than half of the ticks.
fn slow_after() -> impl Strategy<Value = Option<Nanos>> {
    let after = prop_oneof![2 * SECOND..100 * SECOND, 2 * SECOND..24 * HOUR];
    proptest::option::of(after.prop_map(Nanos::new))
}

/// Breaks of every kind.
fn breaks() -> impl Strategy<Value = Backoff> {
    let jitter = prop_oneof![
        Just(Jitter::None),
        Just(Jitter::Full),
        Just(Jitter::Equal),
        (0.0..=1.0).prop_map(|share| Jitter::spread(share).unwrap()),
    ];
    let nanos = || any::<u64>().prop_map(Nanos::new);
    let base = (0..=365 * 24 * HOUR).prop_map(Nanos::new);
    (0..3, base, nanos(), 1.0..f64::MAX, nanos(), jitter).prop_map(
        |(kind, base, step, factor, longest, jitter)| {
            match kind {
                0 => Backoff::constant(base, jitter),
                1 => Backoff::linear(base, step, longest, jitter),
                _ => Backoff::exponential(base, factor, longest, jitter),
            }
            .unwrap()
        },
    )
}

/// Something else in most options, and the same window.
fn altered(config: &BreakerConfig, draw: u32) -> BreakerConfig {
    let up_to = |most: u32, shift: u32| 1 + (draw >> shift) % most;
    let trip = match config.trip() {
        Trip::Consecutive(_) => Trip::Consecutive(up_to(4, 0)),
        Trip::Ratio { window, .. } => {
            let share = f64::from(up_to(100, 2)) / 100.0;
            Trip::ratio(share, window, up_to(5, 9)).unwrap()
        }
    };
    let pause = Nanos::new(SECOND << (up_to(16, 12) - 1));
    let lease = Nanos::new(SECOND << (up_to(16, 16) - 1));
    let altered = BreakerConfig::new(1, pause, up_to(3, 20), up_to(3, 22), lease)
        .and_then(|config| config.with_trip(trip))
        .unwrap();
    let slow_after = config.slow_after();
    slow_after.map_or(altered, |after| altered.with_slow_after(after).unwrap())
}

fn trip() -> impl Strategy<Value = Trip> {
    let window = prop_oneof![
        (5_u32..=43).prop_map(Window::Calls),
        (44_u32..100).prop_map(Window::Calls),
        (SECOND..HOUR).prop_map(|duration| Window::Time(Nanos::new(duration))),
    ];
    let ratio = (1_u32..=100, window, 1_u32..5).prop_map(|(percent, window, min_calls)| {
        Trip::ratio(f64::from(percent) / 100.0, window, min_calls).unwrap()
    });
    prop_oneof![(1_u32..4).prop_map(Trip::Consecutive), ratio]
}

/// A breaker, its model, and a clock for both.
struct Pair {
    breaker: Breaker,
    model: Model,
    now: Nanos,
    issued: Vec<u32>,
    flights: Vec<Flight>,
}

impl Pair {
    fn new(config: BreakerConfig, now: u64) -> Self {
        Self {
            breaker: Breaker::new(config),
            model: Model::new(config),
            now: Nanos::new(now),
            issued: vec![0],
            flights: Vec::new(),
        }
    }

    fn stamp(&self, age: usize) -> Whose {
        Whose::Of(self.issued[self.issued.len() - 1 - age % self.issued.len()])
    }

    /// The operation of a step; None if it only waits.
    fn take(&mut self, step: Step) -> Option<Op> {
        match step {
            Step::Acquire => Some(Op::Acquire(self.now)),
            Step::Success(age) => Some(Op::SuccessAt(self.stamp(age), self.now)),
            Step::Failure(age) => Some(Op::Failure(self.stamp(age), self.now)),
            Step::Release(age) => Some(Op::Release(self.stamp(age))),
            Step::Unisolate(age) => Some(Op::Unisolate(self.stamp(age))),
            Step::Landed(age) => self.land(age),
            Step::Command(op) => Some(op),
            Step::Look => Some(Op::Published),
            Step::Wait(duration) => self.wait(Nanos::new(duration)),
            Step::WaitForTheBreak => self.wait(
                self.breaker
                    .snapshot(|| self.now)
                    .retry_after
                    .unwrap_or_default(),
            ),
            Step::Reconfigure(draw) => Some(Op::Reconfigure(altered(&self.model.config(), draw))),
            Step::WaitForTheLease => self.wait(self.model.lease_end().saturating_sub(self.now)),
        }
    }

    /// One that is still in flight, the newest first.
    fn land(&mut self, age: usize) -> Option<Op> {
        let place = self.flights.len().checked_sub(1)?;
        let flight = self.flights.swap_remove(place - age % (place + 1));
        Some(Op::Landed(Some(flight), self.now))
    }

    fn wait(&mut self, duration: Nanos) -> Option<Op> {
        self.now = self.now.saturating_add(duration);
        None
    }

    /// Both answers to one operation, which must be one answer.
    fn answer(&mut self, op: Op) -> Result<Answer, TestCaseError> {
        let mut mine = None;
        let real = run(&mut &self.breaker, op, &mut mine);
        self.flights.extend(mine.and_then(|permit| permit.flight));
        let plain = run(&mut self.model, op, &mut None);
        prop_assert_eq!(real, plain, "{:?}", op);
        prop_assert_eq!(
            self.breaker.snapshot(|| self.now),
            self.model.snapshot(self.now)
        );
        if let Answer::Admit(Admit::Permit { stamp, .. }) | Answer::Held(stamp, _) = real {
            self.issued.push(stamp.generation());
        }
        Ok(real)
    }
}

/// When the last permit of [`lost_rounds`] was lost.
const LOST: Nanos = Nanos::new(400 * 24 * HOUR);

/// A half-open circuit of one permit, which was lost `lost` times and once more.
fn lost_rounds(lease: Nanos, lost: u32) -> Breaker {
    let config = BreakerConfig::new(1, Nanos::new(0), 1, 1, lease).unwrap();
    let breaker = Breaker::new(config);
    breaker.failure(Stamp::from_generation(0), || Nanos::new(0));
    for round in 0..=u64::from(lost) {
        // Forty days are more than any lease; the last round ends the same day.
        let now = LOST.as_u64() - (u64::from(lost) - round) * 40 * 24 * HOUR;
        assert!(matches!(
            breaker.acquire(|| Nanos::new(now)),
            Admit::Permit { .. }
        ));
    }
    breaker
}

proptest! {
    #[test]
    fn any_sequence_is_answered_like_the_model(
        config in config(),
        begin in 0_u64..1 << 62,
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let mut pair = Pair::new(config, begin);
        for step in steps {
            if let Some(op) = pair.take(step) {
                pair.answer(op)?;
            }
        }
    }

    #[test]
    fn the_laws_hold_whatever_happens(
        config in config(),
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let mut pair = Pair::new(config, 0);
        let mut generations = HashSet::new();
        for step in steps {
            let before = pair.breaker.snapshot(|| pair.now);
            let Some(op) = pair.take(step) else { continue };
            let answer = pair.answer(op)?;
            let after = pair.breaker.snapshot(|| pair.now);

            // Who is out when fewer are allowed stays out.
            let allowed = pair.breaker.config().max_probes().max(before.permits_out);
            prop_assert!(after.permits_out <= allowed);
            if let Some(transition) = answer.transition() {
                prop_assert!(generations.insert(transition.generation), "one per generation");
                prop_assert_eq!((transition.old, transition.new), (before.state, after.state));
                let operator = matches!(
                    op,
                    Op::Isolate | Op::Unisolate(_) | Op::Disable | Op::Enable | Op::Reset
                );
                let by_hand = |state| state == State::Isolated || state == State::Disabled;
                prop_assert!(operator || !by_hand(before.state));
                let skips = (before.state, after.state) == (State::Open, State::Closed);
                prop_assert!(operator || !skips, "half-open lies between open and closed");
            } else {
                prop_assert_eq!(before.state, after.state);
            }
            if before.generation == after.generation && before.state == State::HalfOpen {
                prop_assert!(after.permits_out.abs_diff(before.permits_out) <= 1);
            }
        }
    }

    #[test]
    fn what_was_configured_is_read_back(
        (built, set) in (config(), any::<u32>()),
        breaks in breaks(),
    ) {
        let breaker = Breaker::new(built);
        prop_assert_eq!(breaker.config(), built);
        let set = altered(&built, set).with_breaks(breaks).unwrap();
        prop_assert_eq!(breaker.reconfigure(set), Ok(()));
        prop_assert_eq!(breaker.config(), set);
        prop_assert_eq!(breaker.reconfigure(built), Ok(()));
        prop_assert_eq!(breaker.config(), built);
    }

    #[test]
    fn nobody_is_admitted_during_the_break_and_somebody_after_it(
        config in config(),
        begin in 0_u64..1 << 62,
        early in 0_u64..1 << 62,
    ) {
        let breaker = Breaker::new(config);
        let begin = Nanos::new(begin);
        while breaker.snapshot(|| begin).state == State::Closed {
            let Admit::Permit { stamp, .. } = breaker.acquire(|| begin) else { panic!() };
            breaker.failure(stamp, || begin);
        }
        let wait = breaker.snapshot(|| begin).retry_after.unwrap_or_default();
        if wait > Nanos::new(0) {
            let early = Nanos::new(begin.as_u64() + early % wait.as_u64());
            prop_assert!(matches!(breaker.acquire(|| early), Admit::Reject(_)));
        }
        // A break is rounded down to the millisecond it ends in, never up.
        prop_assert!(wait <= config.break_duration());
        prop_assert!(config.break_duration().saturating_sub(wait) < Nanos::new(MILLISECOND));
        let end = begin.saturating_add(wait);
        let admitted = matches!(breaker.acquire(|| end), Admit::Permit { state: State::HalfOpen, .. });
        prop_assert!(admitted);
    }

    #[test]
    fn however_long_nobody_asked_a_lost_round_is_over_one_lease_later(
        lease in prop_oneof![1..SECOND, 1..HOUR, 1..=24 * HOUR],
        lost in 0_u32..10,
        silence in 0..400 * 24 * HOUR,
    ) {
        let breaker = lost_rounds(Nanos::new(lease), lost);
        let longest = Nanos::new(lease.saturating_mul(1 << lost.min(7)).min(20 * 24 * HOUR));
        let now = Nanos::new(LOST.as_u64() + silence);
        let admitted = |now| matches!(breaker.acquire(|| now), Admit::Permit { .. });

        // Nobody can tell the lease from one that began just now, so one more passes.
        let later = now.saturating_add(longest).saturating_add(Nanos::new(HOUR + SECOND));
        prop_assert!(admitted(now) || admitted(later));
    }

    #[test]
    fn however_long_nobody_asked_a_break_is_over_a_year_later(
        duration in 0..365 * 24 * HOUR,
        silence in 0..20 * 365 * 24 * HOUR,
    ) {
        let (pause, lease) = (Nanos::new(duration), Nanos::new(SECOND));
        let breaker = Breaker::new(BreakerConfig::new(1, pause, 1, 1, lease).unwrap());
        breaker.failure(Stamp::from_generation(0), || Nanos::new(0));
        let now = Nanos::new(duration + silence);
        let admitted = |now| matches!(breaker.acquire(|| now), Admit::Permit { .. });

        let later = now.saturating_add(Nanos::new(365 * 24 * HOUR + HOUR + SECOND));
        prop_assert!(admitted(now) || admitted(later));
    }

    #[test]
    fn with_all_permits_lost_an_acquire_after_the_lease_succeeds(
        config in config(),
        rounds in 1_usize..12,
    ) {
        let mut pair = Pair::new(config, 0);
        while pair.model.state() == State::Closed {
            pair.answer(Op::Acquire(pair.now))?;
            pair.answer(Op::Failure(pair.stamp(0), pair.now))?;
        }
        pair.take(Step::WaitForTheBreak);
        for _ in 0..rounds {
            for _ in 0..config.max_probes() {
                let answer = pair.answer(Op::Acquire(pair.now))?;
                let admitted = matches!(answer, Answer::Admit(Admit::Permit { .. }));
                prop_assert!(admitted);
            }
            let surplus = pair.answer(Op::Acquire(pair.now))?;
            let rejected = matches!(surplus, Answer::Admit(Admit::Reject(_)));
            prop_assert!(rejected);
            pair.take(Step::WaitForTheLease);
        }
    }
}
