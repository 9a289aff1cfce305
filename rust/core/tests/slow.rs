//! What a breaker does about calls that take too long, one example each.
#![cfg(not(loom))]
#![allow(
    clippy::tests_outside_test_module,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test"
)]

use std::cell::Cell;

use seawall_core::{
    Admit, Backoff, Breaker, BreakerConfig, Change, Flight, Jitter, Nanos, Published, Reject,
    Stamp, State, Transition, Trip, Window,
};

const SECOND: u64 = 1_000_000_000;
const SLOW_AFTER: u64 = 4 * SECOND;
/// When what began at 0 is certain to be found.
const LATE: u64 = 5 * SECOND;

fn at(seconds: u64) -> Nanos {
    Nanos::new(seconds * SECOND)
}

/// Opens after three failures in a row, for ten seconds.
fn config() -> BreakerConfig {
    BreakerConfig::new(3, at(10), 1, 2, at(60)).unwrap()
}

fn in_a_row() -> Breaker {
    Breaker::new(config().with_slow_after(Nanos::new(SLOW_AFTER)).unwrap())
}

/// Opens at half of the last calls of `window`, once there are ten.
fn half(window: Window) -> BreakerConfig {
    let trip = Trip::ratio(0.5, window, 10).unwrap();
    let config = config().with_slow_after(Nanos::new(SLOW_AFTER)).unwrap();
    config.with_trip(trip).unwrap()
}

fn by_ratio() -> Breaker {
    Breaker::new(half(Window::Calls(32)))
}

fn begin(breaker: &Breaker, now: Nanos) -> (Stamp, Flight) {
    match breaker.acquire(|| now) {
        Admit::Permit { stamp, flight, .. } => (stamp, flight.unwrap()),
        Admit::Reject(reject) => panic!("{reject:?}"),
    }
}

fn rejection(breaker: &Breaker, now: Nanos) -> Option<Reject> {
    match breaker.acquire(|| now) {
        Admit::Permit { .. } => None,
        Admit::Reject(reject) => Some(reject),
    }
}

/// So many calls that succeed at once.
fn succeed(breaker: &Breaker, calls: u32, now: Nanos) {
    for _ in 0..calls {
        let (stamp, flight) = begin(breaker, now);
        assert!(!breaker.landed(flight, now));
        breaker.success_with(stamp, || now);
    }
}

fn opened(generation: u32) -> Transition {
    Transition {
        old: State::Closed,
        new: State::Open,
        generation,
        break_duration: Some(at(10)),
    }
}

#[test]
fn a_call_is_slow_if_it_takes_longer_and_not_if_it_takes_as_long() {
    let breaker = in_a_row();
    for (end, slow) in [(0, false), (SLOW_AFTER, false), (SLOW_AFTER + 1, true)] {
        let (_, flight) = begin(&breaker, Nanos::new(SECOND));

        assert_eq!(breaker.landed(flight, Nanos::new(SECOND + end)), slow);
    }
}

#[test]
fn a_clock_that_reads_an_earlier_time_makes_no_call_slow() {
    let breaker = in_a_row();
    let (_, flight) = begin(&breaker, at(10));

    assert!(!breaker.landed(flight, at(9)));
}

#[test]
fn calls_are_timed_only_if_somebody_asked_for_it() {
    let breaker = Breaker::new(config());
    let untimed = breaker.acquire(|| panic!("the clock was read"));

    assert!(matches!(untimed, Admit::Permit { flight: None, .. }));
    assert!(breaker.published().admits.is_some());
}

#[test]
fn calls_in_flight_are_counted_only_if_a_ratio_opens() {
    let counted = [in_a_row(), by_ratio()].map(|breaker| {
        let (stamp, flight) = begin(&breaker, at(1));
        flight != Flight::uncounted(stamp, at(1))
    });

    assert_eq!(counted, [false, true]);
}

#[test]
fn the_clock_is_read_once_for_each_call_that_is_timed() {
    let reads = Cell::new(0);
    let clock = || {
        reads.set(reads.get() + 1);
        at(1)
    };
    for breaker in [in_a_row(), by_ratio()] {
        let admitted = breaker.acquire(clock);
        assert!(matches!(
            admitted,
            Admit::Permit {
                flight: Some(_),
                ..
            }
        ));
        assert_eq!(reads.take(), 1, "closed");

        breaker.disable();
        let admitted = breaker.acquire(clock);
        assert!(matches!(admitted, Admit::Permit { flight: None, .. }));
        assert_eq!(reads.take(), 0, "disabled: nothing is judged");
    }
}

#[test]
fn nobody_is_admitted_from_outside_while_calls_are_timed() {
    let breaker = in_a_row();
    let (admits, quiet) = (None, true);

    assert_eq!(breaker.published(), Published { admits, quiet });
    breaker.disable();
    assert!(breaker.published().admits.is_some());
}

#[test]
fn a_thousand_hanging_calls_open_the_circuit_though_nothing_returns() {
    let breaker = by_ratio();
    for _ in 0..1000 {
        let _hangs = begin(&breaker, at(0));
    }
    assert_eq!(rejection(&breaker, Nanos::new(SLOW_AFTER)), None);

    let transition = Some(opened(1));
    let (state, retry_after) = (State::Open, Some(at(10)));
    let told = Reject {
        state,
        retry_after,
        transition,
    };
    assert_eq!(rejection(&breaker, Nanos::new(LATE)), Some(told));
    // The next one is rejected like any other, and handed nothing.
    let transition = None;
    let told = Reject { transition, ..told };
    assert_eq!(rejection(&breaker, Nanos::new(LATE)), Some(told));
    assert_eq!(breaker.snapshot(|| Nanos::new(LATE)).reopenings, 0);
}

#[test]
fn every_kind_of_window_counts_what_hangs() {
    for window in [Window::Calls(32), Window::Calls(100), Window::Time(at(60))] {
        let breaker = Breaker::new(half(window));
        succeed(&breaker, 6, at(0));
        for _ in 0..5 {
            let _hangs = begin(&breaker, at(0));
        }
        assert_eq!(rejection(&breaker, Nanos::new(LATE)), None, "5 of 11");
        let _hangs = begin(&breaker, at(0));

        let told = rejection(&breaker, Nanos::new(LATE)).unwrap();
        assert_eq!(told.transition, Some(opened(1)), "6 of 12, {window:?}");
    }
}

#[test]
fn five_long_streams_open_nothing() {
    let (alone, busy) = (by_ratio(), by_ratio());
    succeed(&busy, 6, at(0));
    for _ in 0..5 {
        let _streams = (begin(&alone, at(0)), begin(&busy, at(0)));
    }
    // Alone they are too few, and beside others too small a part.
    for second in 1..100 {
        let (stamp, flight) = begin(&alone, at(second));
        alone.landed(flight, at(second));
        alone.release(stamp);
        succeed(&busy, 1, at(second));
    }
}

#[test]
fn calls_in_flight_do_not_dilute_the_ratio() {
    let breaker = by_ratio();
    for _ in 0..100 {
        let _flying = begin(&breaker, at(0));
    }
    let (stamp, _) = begin(&breaker, at(0));
    for _ in 0..9 {
        assert_eq!(breaker.failure(stamp, || at(1)), Change::Kept);
    }

    assert_eq!(breaker.failure(stamp, || at(1)), Change::Moved(opened(1)));
}

#[test]
fn hanging_calls_in_a_row_open_nothing_until_they_fail() {
    let breaker = in_a_row();
    let calls = [(); 100].map(|()| begin(&breaker, at(0)));
    assert_eq!(rejection(&breaker, at(100)), None);

    let mut changes = calls.into_iter().map(|(stamp, flight)| {
        assert!(breaker.landed(flight, at(100)));
        breaker.failure(stamp, || at(100))
    });
    assert_eq!(changes.nth(2), Some(Change::Moved(opened(1))));
}

#[test]
fn a_call_that_has_landed_does_not_hang() {
    let breaker = by_ratio();
    let calls = [(); 12].map(|()| begin(&breaker, at(0)));
    for (_, flight) in &calls[..3] {
        breaker.landed(*flight, at(1));
    }

    assert_eq!(rejection(&breaker, at(5)), None, "9 of 9 are too few");
}

#[test]
fn what_hangs_since_an_earlier_generation_is_forgotten() {
    let breaker = by_ratio();
    let calls = [(); 20].map(|()| begin(&breaker, at(0)));
    breaker.reset();
    assert_eq!(rejection(&breaker, at(5)), None);

    // And when it lands at last, it takes nobody else's place.
    for _ in 0..10 {
        let _hangs = begin(&breaker, at(5));
    }
    for (stamp, flight) in calls {
        assert!(breaker.landed(flight, at(6)));
        assert_eq!(breaker.failure(stamp, || at(6)), Change::Late);
    }
    assert!(rejection(&breaker, at(10)).is_some());
}

#[test]
fn a_probe_is_timed_and_opens_again_if_it_is_slow() {
    let breaker = by_ratio();
    for _ in 0..10 {
        let _hangs = begin(&breaker, at(0));
    }
    assert!(rejection(&breaker, at(5)).is_some());
    let (stamp, flight) = begin(&breaker, at(15));

    assert!(breaker.landed(flight, at(20)));
    let change = breaker.failure(stamp, || at(20));
    assert!(matches!(change, Change::Moved(again) if again.old == State::HalfOpen));
}

#[test]
fn the_break_of_hanging_calls_is_drawn_once_and_only_if_it_begins() {
    let breaks = Backoff::constant(at(10), Jitter::Full).unwrap();
    let breaker = Breaker::new(half(Window::Calls(32)).with_breaks(breaks).unwrap());
    let draws = Cell::new(0);
    let draw = || {
        draws.set(draws.get() + 1);
        1 << 63
    };
    for _ in 0..10 {
        let _hangs = breaker.acquire_with(|| at(0), draw);
    }
    assert_eq!(draws.get(), 0);
    let Admit::Reject(told) = breaker.acquire_with(|| at(5), draw) else {
        panic!("still closed")
    };

    assert_eq!(draws.get(), 1);
    assert_eq!(told.retry_after, Some(at(5)));
    assert_eq!(told.transition.unwrap().break_duration, Some(at(5)));
}

#[test]
fn a_break_of_no_time_is_told_as_none_at_all() {
    let breaks = Backoff::constant(at(0), Jitter::None).unwrap();
    let breaker = Breaker::new(half(Window::Calls(32)).with_breaks(breaks).unwrap());
    for _ in 0..10 {
        let _hangs = begin(&breaker, at(0));
    }

    let told = rejection(&breaker, at(5)).unwrap();
    assert_eq!(told.retry_after, Some(at(0)));
    assert_eq!(rejection(&breaker, at(5)), None);
}

#[test]
fn slow_after_has_bounds() {
    let refused = [
        (Nanos::new(0), "0 s"),
        (Nanos::new(24 * 3600 * SECOND + 1), "86400.000000001 s"),
    ];
    for (value, told) in refused {
        let error = config().with_slow_after(value).unwrap_err();
        let message = format!("slow_after must be more than 0 s and at most 24 hours, got {told}");
        assert_eq!(error.to_string(), message);
    }
    for value in [Nanos::new(1), at(24 * 3600)] {
        let config = config().with_slow_after(value).unwrap();
        assert_eq!(config.slow_after(), Some(value));
    }
    assert_eq!(config().slow_after(), None);
}

#[test]
fn another_slow_after_needs_another_breaker() {
    let longer = in_a_row().config().with_slow_after(at(5)).unwrap();
    let untimed = Breaker::new(config());
    let refused = [
        (in_a_row(), longer, "5 s"),
        (in_a_row(), config(), "none"),
        (untimed, longer, "5 s"),
    ];
    for (breaker, new, told) in refused {
        let before = breaker.config();
        let error = breaker.reconfigure(new).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "slow_after must be what the breaker was built with (another needs a new \
                 breaker), got {told}"
            )
        );
        assert_eq!(breaker.config(), before);
    }
}

#[test]
fn hanging_calls_are_judged_by_the_ratio_of_now() {
    let breaker = by_ratio();
    for _ in 0..5 {
        let _hangs = begin(&breaker, at(0));
    }
    let trip = Trip::ratio(0.5, Window::Calls(32), 5).unwrap();
    let fewer = breaker.config().with_trip(trip).unwrap();
    assert_eq!(rejection(&breaker, at(5)), None);
    breaker.reconfigure(fewer).unwrap();

    assert!(rejection(&breaker, at(5)).is_some());
    assert_eq!(breaker.config().slow_after(), Some(Nanos::new(SLOW_AFTER)));
}
