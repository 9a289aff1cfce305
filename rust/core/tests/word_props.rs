//! Packing loses nothing, and circular time is time.
#![cfg(not(loom))]
#![allow(
    clippy::tests_outside_test_module,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

use proptest::prelude::*;
use seawall_core::breaker::tick::{BreakTick, LeaseTick, Tick};
use seawall_core::breaker::word::{Parts, Phase, Probes, Word};
use seawall_core::{Nanos, Stamp, State};

fn probes() -> impl Strategy<Value = Probes> {
    (0_u32..32, 0_u32..32, 0_u32..8, any::<u64>()).prop_map(|(out, successes, reclaims, lease)| {
        let lease = LeaseTick::from_bits(lease);
        Probes {
            out,
            successes,
            reclaims,
            lease,
        }
    })
}

fn phase() -> impl Strategy<Value = Phase> {
    prop_oneof![
        (0_u64..1 << 37).prop_map(|failures| Phase::Closed { failures }),
        any::<u64>().prop_map(|bits| Phase::Open {
            until: BreakTick::from_bits(bits)
        }),
        probes().prop_map(Phase::HalfOpen),
        (0_u64..1 << 37).prop_map(|holds| Phase::Isolated { holds }),
        Just(Phase::Disabled),
    ]
}

fn parts() -> impl Strategy<Value = Parts> {
    (any::<u32>(), 0_u32..16, phase()).prop_map(|(generation, reopenings, phase)| Parts {
        generation: Stamp::from_generation(generation),
        reopenings,
        phase,
    })
}

fn state_of(phase: Phase) -> State {
    match phase {
        Phase::Closed { .. } => State::Closed,
        Phase::Open { .. } => State::Open,
        Phase::HalfOpen(_) => State::HalfOpen,
        Phase::Isolated { .. } => State::Isolated,
        Phase::Disabled => State::Disabled,
    }
}

/// A waiting time below half the circle of `BITS` bits of ticks.
fn within<const BITS: u32, const NANOS: u64>(duration: u64) -> u64 {
    duration % ((1 << (BITS - 1)) * NANOS - NANOS)
}

/// Half of all instants lie on the border between two ticks.
fn grainy<const NANOS: u64>(instant: u64) -> u64 {
    if instant.is_multiple_of(2) {
        instant
    } else {
        instant - instant % NANOS
    }
}

/// The instant `duration` after `now` is reached then, and not a tick before.
fn ends_when_it_should<const BITS: u32, const NANOS: u64>(
    now: u64,
    duration: u64,
) -> Result<(), TestCaseError> {
    let (now, duration) = (grainy::<NANOS>(now), grainy::<NANOS>(duration));
    let duration = within::<BITS, NANOS>(duration);
    let end = now + duration;
    let tick = Tick::<BITS, NANOS>::at(Nanos::new(end));
    let longest = Nanos::new(duration);

    prop_assert!(
        tick.reached(Nanos::new(end), longest),
        "whoever waits the duration hears yes"
    );
    let first = end - end % NANOS;
    prop_assert_eq!(tick.reached(Nanos::new(now), longest), now >= first);
    let wait = tick
        .remaining(Nanos::new(now), longest)
        .map_or(0, Nanos::as_u64);
    prop_assert_eq!(wait, first.saturating_sub(now));
    Ok(())
}

proptest! {
    #[test]
    fn packing_and_unpacking_is_the_identity(parts in parts()) {
        let word = parts.pack();

        prop_assert_eq!(word.unpack(), parts);
        prop_assert_eq!(word.state(), state_of(parts.phase));
        prop_assert_eq!(word.stamp(), parts.generation);
        prop_assert_eq!(Word::from_bits(word.bits()), word);
    }

    #[test]
    fn every_bit_of_a_word_is_used_once(tag in 0_u64..4, rest in 0_u64..1 << 61) {
        // Disabled has no payload and is left out.
        let word = Word::from_bits(tag << 61 | rest);

        prop_assert_eq!(word.unpack().pack(), word);
    }

    #[test]
    fn what_is_too_large_stays_in_its_field(parts in parts(), excess: u32, holds: u64) {
        let reopenings = 15_u32.saturating_add(excess);
        let word = Parts { reopenings, ..parts }.pack();
        prop_assert_eq!(word.unpack(), Parts { reopenings: 15, ..parts });

        let phase = Phase::Isolated { holds };
        let kept = Phase::Isolated { holds: holds.min((1 << 37) - 1) };
        prop_assert_eq!(Parts { phase, ..parts }.pack().unpack(), Parts { phase: kept, ..parts });
    }

    #[test]
    fn a_clean_word_is_a_closed_one_without_failures(parts in parts()) {
        let clean = Word::clean(parts.generation);

        prop_assert_eq!(clean.unpack().phase, Phase::Closed { failures: 0 });
        prop_assert_eq!(parts.pack() == clean, parts == clean.unpack());
        prop_assert_eq!(parts.pack().is_closed(), state_of(parts.phase) == State::Closed);
    }

    #[test]
    fn a_break_ends_when_it_should(now in 0_u64..1 << 63, duration: u64) {
        ends_when_it_should::<37, 1_000_000>(now, duration)?;
    }

    #[test]
    fn a_lease_ends_when_it_should(now in 0_u64..1 << 63, duration: u64) {
        ends_when_it_should::<24, 250_000_000>(now, duration)?;
    }

    #[test]
    fn the_circle_has_no_seam(
        ticks in 0_u64..1 << 24,
        ahead in 1_u64..1 << 23,
        turns in 0_u64..100,
        silence: u64,
    ) {
        let instant = |ticks: u64| Nanos::new((ticks + (turns << 24)) * 250_000_000);
        let end = LeaseTick::at(instant(ticks + ahead));
        let longest = Nanos::new(ahead * 250_000_000);
        // Round the circle, to where the end may be ahead again, and an hour more.
        let over = (1 << 24) - ahead - 4 * 3600 - 1;

        prop_assert!(!end.reached(instant(ticks), longest));
        prop_assert!(end.reached(instant(ticks + ahead + silence % over), longest));
    }
}

#[test]
fn zeroed_memory_is_a_closed_breaker() {
    assert_eq!(Word::from_bits(0), Word::clean(Stamp::from_generation(0)));
    assert_eq!(Word::from_bits(0).state(), State::Closed);
}
