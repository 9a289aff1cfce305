//! What a breaker promises, one example each.
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
    Admit, Backoff, Breaker, BreakerConfig, Change, Jitter, Nanos, Published, Stamp, State,
    Transition, Trip, Window,
};

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3600 * SECOND;
const DAY: u64 = 24 * HOUR;
const START: Nanos = Nanos::new(0);

fn breaker(failures: u32, duration: u64, successes: u32, probes: u32, lease: u64) -> Breaker {
    let (duration, lease) = (Nanos::new(duration), Nanos::new(lease));
    Breaker::new(BreakerConfig::new(failures, duration, successes, probes, lease).unwrap())
}

fn permit(breaker: &Breaker, now: u64) -> Stamp {
    match breaker.acquire(|| Nanos::new(now)) {
        Admit::Permit { stamp, .. } => stamp,
        Admit::Reject(reject) => panic!("{reject:?}"),
    }
}

fn is_rejected(breaker: &Breaker, now: u64) -> bool {
    matches!(breaker.acquire(|| Nanos::new(now)), Admit::Reject(_))
}

fn open(breaker: &Breaker) {
    while breaker.snapshot(|| START).state == State::Closed {
        breaker.failure(permit(breaker, 0), || START);
    }
}

#[test]
fn failures_in_a_row_open_and_a_success_between_them_forgets() {
    let breaker = breaker(2, SECOND, 1, 1, SECOND);
    let stamp = permit(&breaker, 0);

    assert_eq!(breaker.failure(stamp, || START), Change::Kept);
    assert_eq!(breaker.success(stamp), Change::Kept);
    assert_eq!(breaker.failure(stamp, || START), Change::Kept);
    let opened = Transition {
        old: State::Closed,
        new: State::Open,
        generation: 1,
        break_duration: Some(Nanos::new(SECOND)),
    };
    assert_eq!(breaker.failure(stamp, || START), Change::Moved(opened));
    assert_eq!(breaker.failure(stamp, || START), Change::Late);
}

#[test]
fn the_clock_is_read_once_and_only_where_time_matters() {
    let reads = Cell::new(0);
    let clock = || {
        reads.set(reads.get() + 1);
        Nanos::new(10 * SECOND)
    };
    let breaker = breaker(2, SECOND, 1, 1, SECOND);
    let stamp = permit(&breaker, 0);

    let _ = breaker.acquire(clock);
    assert_eq!(reads.take(), 0, "closed");
    let _ = breaker.failure(stamp, clock);
    assert_eq!(reads.take(), 0, "a failure that counts");
    let _ = breaker.failure(stamp, clock);
    assert_eq!(reads.take(), 1, "a failure that opens");
    let _ = breaker.failure(stamp, clock);
    assert_eq!(reads.take(), 0, "a late failure");
    let _ = breaker.acquire(clock);
    assert_eq!(reads.take(), 1, "open");
    let _ = breaker.snapshot(clock);
    assert_eq!(reads.take(), 1, "a look at open");
    breaker.isolate();
    let _ = breaker.acquire(clock);
    assert_eq!(reads.take(), 0, "isolated");
    breaker.disable();
    let _ = breaker.acquire(clock);
    assert_eq!(reads.take(), 0, "disabled");
    let _ = breaker.snapshot(clock);
    assert_eq!(reads.take(), 0, "a look at anything else");
}

#[test]
fn the_first_acquire_at_the_deadline_holds_the_first_probe() {
    let breaker = breaker(1, SECOND, 1, 1, 30 * SECOND);
    open(&breaker);

    assert!(is_rejected(&breaker, SECOND - 1));
    let Admit::Permit {
        state, transition, ..
    } = breaker.acquire(|| Nanos::new(SECOND))
    else {
        panic!("rejected")
    };
    let half_open = Transition {
        old: State::Open,
        new: State::HalfOpen,
        generation: 2,
        break_duration: None,
    };
    assert_eq!((state, transition), (State::HalfOpen, Some(half_open)));
    assert!(is_rejected(&breaker, SECOND));
}

#[test]
fn more_successes_than_permits_are_earned_one_after_the_other() {
    let breaker = breaker(1, SECOND, 3, 2, 30 * SECOND);
    open(&breaker);
    for _ in 0..2 {
        assert_eq!(breaker.success(permit(&breaker, SECOND)), Change::Kept);
    }
    let closed = Transition {
        old: State::HalfOpen,
        new: State::Closed,
        generation: 3,
        break_duration: None,
    };

    assert_eq!(
        breaker.success(permit(&breaker, SECOND)),
        Change::Moved(closed)
    );
}

#[test]
fn successes_make_no_room_for_more_permits_than_allowed() {
    let breaker = breaker(1, SECOND, 31, 2, 30 * SECOND);
    open(&breaker);
    breaker.success(permit(&breaker, SECOND));
    permit(&breaker, SECOND);
    permit(&breaker, SECOND);

    assert!(is_rejected(&breaker, SECOND));
    assert_eq!(breaker.snapshot(|| START).permits_out, 2);
}

#[test]
fn a_second_verdict_of_the_last_permit_changes_nothing() {
    let breaker = breaker(1, SECOND, 2, 1, 30 * SECOND);
    open(&breaker);
    let stamp = permit(&breaker, SECOND);
    breaker.release(stamp);

    assert_eq!(breaker.release(stamp), Change::Late);
    assert_eq!(breaker.success(stamp), Change::Late);
    assert_eq!(breaker.failure(stamp, || START), Change::Late);
    assert_eq!(breaker.snapshot(|| START).permits_out, 0);
}

#[test]
fn each_lost_round_doubles_the_next_lease_up_to_128_times() {
    let breaker = breaker(1, 0, 1, 1, 30 * SECOND);
    open(&breaker);
    let mut now = 0;
    permit(&breaker, now);
    for round in 0..10 {
        let lease = (30 * SECOND) << 7.min(round);

        assert!(is_rejected(&breaker, now + lease - 1));
        now += lease;
        permit(&breaker, now);
    }
}

#[test]
fn no_lease_is_longer_than_twenty_days() {
    let breaker = breaker(1, 0, 1, 1, DAY);
    open(&breaker);
    let mut now = 0;
    permit(&breaker, now);
    for days in [1, 2, 4, 8, 16, 20, 20, 20, 20] {
        assert!(is_rejected(&breaker, now));
        assert!(is_rejected(&breaker, now + days * DAY - 1));
        now += days * DAY;
        permit(&breaker, now);
    }
}

#[test]
fn a_slow_but_healthy_dependency_closes_at_last() {
    // Calls of 45 s under a lease of 30 s: late once, on time under the second lease.
    let breaker = breaker(1, SECOND, 1, 1, 30 * SECOND);
    open(&breaker);
    let first = permit(&breaker, SECOND);
    let second = permit(&breaker, 31 * SECOND);

    assert_eq!(breaker.success(first), Change::Late);
    assert!(is_rejected(&breaker, 76 * SECOND));
    assert!(matches!(breaker.success(second), Change::Moved(_)));
    assert_eq!(breaker.snapshot(|| START).state, State::Closed);
}

#[test]
fn a_new_permit_renews_the_lease_of_the_round() {
    let breaker = breaker(1, SECOND, 2, 2, 30 * SECOND);
    open(&breaker);
    permit(&breaker, SECOND);
    permit(&breaker, 21 * SECOND);

    assert!(is_rejected(&breaker, 50 * SECOND));
    assert!(!is_rejected(&breaker, 51 * SECOND));
}

#[test]
fn a_lease_shorter_than_its_clock_is_not_over_at_once() {
    let breaker = breaker(1, SECOND, 1, 1, SECOND / 1000);
    open(&breaker);
    permit(&breaker, SECOND);

    assert!(is_rejected(&breaker, SECOND));
    assert!(!is_rejected(&breaker, 2 * SECOND));
}

#[test]
fn a_break_of_a_year_is_a_year() {
    let breaker = breaker(1, 365 * DAY, 1, 1, SECOND);
    open(&breaker);

    assert_eq!(
        breaker.snapshot(|| START).retry_after,
        Some(Nanos::new(365 * DAY))
    );
    assert!(is_rejected(&breaker, 365 * DAY - 1));
    assert!(!is_rejected(&breaker, 365 * DAY));
}

#[test]
fn a_round_that_was_lost_a_month_ago_is_over() {
    // The count of quarters of a second goes half round in 24 days, round in 48.
    for silence in [1, 23, 25, 30, 40, 48, 60, 80] {
        let breaker = breaker(1, SECOND, 1, 1, 30 * SECOND);
        open(&breaker);
        permit(&breaker, SECOND);

        assert!(!is_rejected(&breaker, silence * DAY), "{silence} days");
    }
}

#[test]
fn a_break_that_began_years_ago_is_over() {
    // The count of milliseconds goes half round in 2.2 years, round in 4.4.
    for silence in [1, 2, 3, 6, 7] {
        let breaker = breaker(1, SECOND, 1, 1, SECOND);
        open(&breaker);
        let now = silence * 365 * DAY;

        assert_eq!(breaker.snapshot(|| Nanos::new(now)).retry_after, None);
        assert!(!is_rejected(&breaker, now), "{silence} years");
    }
}

#[test]
fn who_read_the_clock_long_ago_takes_no_permit_back() {
    // A thread may be put to sleep between its reading and its look at the word.
    let breaker = breaker(1, SECOND, 1, 1, 30 * SECOND);
    open(&breaker);
    permit(&breaker, HOUR);

    assert!(is_rejected(&breaker, SECOND));
    assert_eq!(breaker.snapshot(|| START).generation, 2);
}

#[test]
fn who_read_the_clock_long_ago_does_not_end_a_break_of_a_year() {
    let breaker = breaker(1, 365 * DAY, 1, 1, SECOND);
    breaker.failure(permit(&breaker, 0), || Nanos::new(HOUR));

    assert!(is_rejected(&breaker, 0));
}

#[test]
fn sleeping_what_retry_after_says_is_enough() {
    let breaker = breaker(1, 1_500_000, 1, 1, SECOND); // a millisecond and a half
    let begun = Nanos::new(999_999);
    breaker.failure(permit(&breaker, 0), || begun);
    let wait = breaker.snapshot(|| begun).retry_after.unwrap();

    assert!(!is_rejected(&breaker, begun.saturating_add(wait).as_u64()));
}

#[test]
fn reopenings_count_to_fifteen_and_closing_forgets_them() {
    let breaker = breaker(1, 0, 1, 1, SECOND);
    open(&breaker);
    for round in 0..20 {
        assert_eq!(breaker.snapshot(|| START).reopenings, 15.min(round));
        breaker.failure(permit(&breaker, 0), || START);
    }
    breaker.success(permit(&breaker, 0));

    assert_eq!(breaker.snapshot(|| START).reopenings, 0);
}

#[test]
fn the_sixteenth_break_in_a_row_is_the_longest() {
    let second = Nanos::new(SECOND);
    let breaks = Backoff::linear(second, second, Nanos::MAX, Jitter::None).unwrap();
    let config = BreakerConfig::new(1, second, 1, 1, second).unwrap();
    let breaker = Breaker::new(config.with_breaks(breaks).unwrap());
    let mut now = Nanos::new(0);
    for round in 1..=20 {
        let change = breaker.failure(permit(&breaker, now.as_u64()), || now);
        let Change::Moved(Transition { break_duration, .. }) = change else {
            panic!("round {round} opened nothing");
        };
        assert_eq!(break_duration, Some(Nanos::new(SECOND * 16.min(round))));
        now = now.saturating_add(Nanos::new(SECOND * 60));
    }
}

#[test]
fn two_holds_are_released_by_two_releases() {
    let breaker = breaker(1, SECOND, 1, 1, SECOND);
    let (first, _) = breaker.isolate();
    let (second, change) = breaker.isolate();
    assert_eq!(change, Change::Kept);

    assert_eq!(breaker.unisolate(second), Change::Kept);
    assert!(is_rejected(&breaker, DAY));
    assert!(matches!(breaker.unisolate(first), Change::Moved(_)));
    assert_eq!(breaker.unisolate(first), Change::Late);
    permit(&breaker, 0);
}

#[test]
fn a_dropped_hold_does_not_end_a_newer_one() {
    let breaker = breaker(1, SECOND, 1, 1, SECOND);
    let (reset, _) = breaker.isolate();
    breaker.reset();
    let (disabled, _) = breaker.isolate();
    breaker.disable();
    let (newest, _) = breaker.isolate();

    assert_eq!(breaker.unisolate(reset), Change::Late);
    assert_eq!(breaker.unisolate(disabled), Change::Late);
    assert!(is_rejected(&breaker, DAY));
    assert!(matches!(breaker.unisolate(newest), Change::Moved(_)));
}

#[test]
fn only_an_operator_leaves_isolated_and_disabled() {
    let breaker = breaker(1, SECOND, 1, 1, SECOND);
    breaker.disable();
    let stamp = permit(&breaker, 0);
    assert_eq!(breaker.failure(stamp, || START), Change::Kept);
    assert_eq!(breaker.snapshot(|| START).state, State::Disabled);
    breaker.isolate();
    assert_eq!(breaker.enable(), Change::Kept);
    assert_eq!(breaker.failure(stamp, || START), Change::Late);

    assert_eq!(breaker.snapshot(|| START).state, State::Isolated);
}

#[test]
fn a_reset_of_a_closed_circuit_makes_earlier_calls_late() {
    let breaker = breaker(1, SECOND, 1, 1, SECOND);
    let stamp = permit(&breaker, 0);
    let reset = Transition {
        old: State::Closed,
        new: State::Closed,
        generation: 1,
        break_duration: None,
    };

    assert_eq!(breaker.reset(), Change::Moved(reset));
    assert_eq!(breaker.failure(stamp, || START), Change::Late);
}

#[test]
fn a_published_success_has_something_to_do_after_a_failure() {
    let breaker = breaker(2, SECOND, 1, 1, SECOND);
    let stamp = permit(&breaker, 0);
    assert_eq!(
        breaker.published(),
        Published {
            admits: Some(stamp),
            quiet: true
        }
    );
    breaker.failure(stamp, || START);
    assert_eq!(
        breaker.published(),
        Published {
            admits: Some(stamp),
            quiet: false
        }
    );
    breaker.failure(stamp, || START);

    assert_eq!(
        breaker.published(),
        Published {
            admits: None,
            quiet: false
        }
    );
}

#[test]
fn generations_start_again_after_twenty_bits() {
    let breaker = breaker(1, SECOND, 1, 1, SECOND);
    for _ in 0..(1 << 20) - 1 {
        breaker.reset();
    }
    assert_eq!(breaker.snapshot(|| START).generation, (1 << 20) - 1);
    breaker.reset();

    assert_eq!(breaker.snapshot(|| START).generation, 0);
    assert_eq!(breaker.snapshot(|| START).state, State::Closed);
}

fn by_ratio(share: f64, window: Window, min_calls: u32) -> Breaker {
    let (pause, lease) = (Nanos::new(SECOND), Nanos::new(SECOND));
    let config = BreakerConfig::new(1, pause, 1, 1, lease).unwrap();
    let trip = Trip::ratio(share, window, min_calls).unwrap();
    Breaker::new(config.with_trip(trip).unwrap())
}

const TEN_SECONDS: Window = Window::Time(Nanos::new(10 * SECOND));

#[test]
fn a_ratio_opens_at_the_failure_that_reaches_it() {
    for window in [Window::Calls(10), Window::Calls(100), TEN_SECONDS] {
        let breaker = by_ratio(0.6, window, 4);
        let stamp = permit(&breaker, 0);

        assert_eq!(breaker.failure(stamp, || START), Change::Kept);
        assert_eq!(breaker.failure(stamp, || START), Change::Kept);
        // Two of three are enough, but three are too few; a success never opens.
        assert_eq!(breaker.success_with(stamp, || START), Change::Kept);
        assert_eq!(breaker.success_with(stamp, || START), Change::Kept);
        let opened = Transition {
            old: State::Closed,
            new: State::Open,
            generation: 1,
            break_duration: Some(Nanos::new(SECOND)),
        };
        assert_eq!(breaker.failure(stamp, || START), Change::Moved(opened));
        assert_eq!(breaker.failure(stamp, || START), Change::Late);
        assert_eq!(breaker.success_with(stamp, || START), Change::Late);
    }
}

#[test]
fn two_hundred_failing_calls_are_longer_than_any_window_and_open_it() {
    for window in [Window::Calls(32), Window::Calls(100), TEN_SECONDS] {
        let breaker = by_ratio(0.5, window, 10);
        let stamps = [(); 200].map(|()| permit(&breaker, 0));
        let moved = stamps
            .map(|stamp| breaker.failure(stamp, || START))
            .into_iter()
            .filter(|change| matches!(change, Change::Moved(_)));

        assert_eq!(moved.count(), 1, "{window:?}");
    }
}

#[test]
fn ninety_nine_failures_of_two_hundred_stay_below_a_half() {
    for window in [Window::Calls(43), Window::Calls(200), TEN_SECONDS] {
        let breaker = by_ratio(0.5, window, 2);
        let stamp = permit(&breaker, 0);
        breaker.success_with(stamp, || START);
        for _ in 0..99 {
            breaker.success_with(stamp, || START);
            assert_eq!(breaker.failure(stamp, || START), Change::Kept);
            if window == Window::Calls(43) {
                breaker.success_with(stamp, || START); // of 43, 22 would be a half
            }
        }

        assert_eq!(breaker.snapshot(|| START).state, State::Closed);
    }
}

#[test]
fn the_window_of_a_new_generation_is_empty() {
    for window in [Window::Calls(8), Window::Calls(80), TEN_SECONDS] {
        let breaker = by_ratio(1.0, window, 2);
        let old = permit(&breaker, 0);
        breaker.failure(old, || START);
        let seen = breaker.snapshot(|| START);
        assert_eq!((seen.window_calls, seen.window_failures), (1, 1));
        breaker.reset();

        assert_eq!(breaker.failure(old, || START), Change::Late);
        assert_eq!(breaker.snapshot(|| START).window_calls, 0);
        let new = permit(&breaker, 0);
        assert_eq!(breaker.failure(new, || START), Change::Kept);
        assert!(matches!(breaker.failure(new, || START), Change::Moved(_)));
    }
}

#[test]
fn a_success_is_quiet_once_the_window_is_full_of_successes() {
    for size in [3, 50] {
        let breaker = by_ratio(0.5, Window::Calls(size), 3);
        let stamp = permit(&breaker, 0);
        for _ in 0..size {
            assert!(!breaker.published().quiet);
            breaker.success(stamp);
        }
        assert!(breaker.published().quiet);
        breaker.failure(stamp, || START);
        assert!(!breaker.published().quiet);
    }
}

#[test]
fn a_window_of_time_forgets_and_reads_the_clock_once() {
    let breaker = by_ratio(1.0, TEN_SECONDS, 2);
    let stamp = permit(&breaker, 0);
    let reads = Cell::new(0);
    let clock = |second: u64| {
        reads.set(reads.get() + 1);
        Nanos::new(second * SECOND)
    };

    assert_eq!(breaker.failure(stamp, || clock(0)), Change::Kept);
    assert_eq!(breaker.failure(stamp, || clock(10)), Change::Kept);
    assert_eq!(reads.take(), 2);
    assert_eq!(breaker.success(stamp), Change::Kept, "nobody said when");
    assert_eq!(breaker.snapshot(|| clock(19)).window_calls, 1);
    assert!(!breaker.published().quiet);
    reads.take();
    let opened = breaker.failure(stamp, || clock(19));
    assert!(matches!(opened, Change::Moved(_)));
    assert_eq!(reads.take(), 1);
}

#[test]
fn breaks_grow_with_every_reopening_and_closing_starts_anew() {
    let config = BreakerConfig::new(1, Nanos::new(SECOND), 1, 1, Nanos::new(SECOND)).unwrap();
    let minute = Nanos::new(60 * SECOND);
    let breaks = Backoff::exponential(Nanos::new(SECOND), 2.0, minute, Jitter::None).unwrap();
    let breaker = Breaker::new(config.with_breaks(breaks).unwrap());
    let mut now = 0;
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
        breaker.failure(permit(&breaker, now), || Nanos::new(now));
        let wait = breaker.snapshot(|| Nanos::new(now)).retry_after;
        assert_eq!(wait, Some(Nanos::new(seconds * SECOND)));
        now += seconds * SECOND;
    }
    breaker.success(permit(&breaker, now));
    breaker.failure(permit(&breaker, now), || Nanos::new(now));

    let wait = breaker.snapshot(|| Nanos::new(now)).retry_after;
    assert_eq!(wait, Some(Nanos::new(SECOND)));
}

#[test]
fn a_hint_lengthens_a_break_and_never_shortens_it() {
    let waits = |hint: u64| {
        let breaker = breaker(1, 10 * SECOND, 1, 1, SECOND);
        let hint = Some(Nanos::new(hint));
        breaker.failure_with(permit(&breaker, 0), || START, 0, hint);
        breaker.snapshot(|| START).retry_after.unwrap()
    };

    assert_eq!(waits(SECOND), Nanos::new(10 * SECOND));
    assert_eq!(waits(30 * SECOND), Nanos::new(30 * SECOND));
    assert_eq!(
        waits(800 * DAY),
        Nanos::new(365 * DAY),
        "no longer than a year"
    );
}

#[test]
fn the_draw_spreads_a_break() {
    let config = BreakerConfig::new(1, Nanos::new(SECOND), 1, 1, Nanos::new(SECOND)).unwrap();
    let spread = Jitter::spread(0.5).unwrap();
    let breaks = Backoff::constant(Nanos::new(10 * SECOND), spread).unwrap();
    let config = config.with_breaks(breaks).unwrap();
    let wait = |draw| {
        let breaker = Breaker::new(config);
        breaker.failure_with(permit(&breaker, 0), || START, draw, None);
        breaker.snapshot(|| START).retry_after.unwrap()
    };

    assert_eq!(config.break_duration(), Nanos::new(10 * SECOND));
    assert_eq!(wait(0), Nanos::new(5 * SECOND));
    assert_eq!(wait(1 << 63), Nanos::new(10 * SECOND));
    assert!(wait(u64::MAX) > Nanos::new(14 * SECOND));
}

/// The break that the first failure was told of, and the one that a failed probe was.
fn told(breaks: Backoff, draw: u64, hint: Option<Nanos>) -> [Option<Nanos>; 2] {
    let config = BreakerConfig::new(1, Nanos::new(SECOND), 1, 1, Nanos::new(SECOND)).unwrap();
    let breaker = Breaker::new(config.with_breaks(breaks).unwrap());
    [START, Nanos::new(HOUR)].map(|now| {
        let stamp = permit(&breaker, now.as_u64());
        match breaker.failure_with(stamp, || now, draw, hint) {
            Change::Moved(transition) => transition.break_duration,
            change @ (Change::Kept | Change::Late) => panic!("{change:?}"),
        }
    })
}

#[test]
fn a_transition_tells_the_break_that_was_computed_for_it() {
    let seconds = |seconds: u64| Some(Nanos::new(seconds * SECOND));
    let growing = |jitter| Backoff::exponential(Nanos::new(SECOND), 3.0, Nanos::MAX, jitter);
    let plain = growing(Jitter::None).unwrap();
    let spread = growing(Jitter::Equal).unwrap();

    assert_eq!(told(plain, 0, None), [seconds(1), seconds(3)], "growth");
    assert_eq!(
        told(spread, 0, None),
        [
            Some(Nanos::new(SECOND / 2)),
            Some(Nanos::new(3 * SECOND / 2))
        ],
        "jitter"
    );
    assert_eq!(told(plain, 0, seconds(2)), [seconds(2), seconds(3)], "hint");
}

#[test]
fn growing_breaks_end_at_a_year() {
    let config = BreakerConfig::new(1, Nanos::new(SECOND), 1, 1, Nanos::new(SECOND)).unwrap();
    let breaks = Backoff::exponential(Nanos::new(DAY), 10.0, Nanos::MAX, Jitter::None).unwrap();
    let config = config.with_breaks(breaks).unwrap();

    assert_eq!(config.break_after(2, 0, None), Nanos::new(100 * DAY));
    assert_eq!(config.break_after(3, 0, None), Nanos::new(365 * DAY));
}

fn config(failures: u32, seconds: u64) -> BreakerConfig {
    let duration = Nanos::new(seconds * SECOND);
    BreakerConfig::new(failures, duration, 1, 1, duration).unwrap()
}

#[test]
fn a_new_threshold_counts_the_failures_before_it() {
    let breaker = breaker(5, SECOND, 1, 1, SECOND);
    let stamp = permit(&breaker, 0);
    for _ in 0..3 {
        breaker.failure(stamp, || START);
    }
    breaker.reconfigure(config(2, 60)).unwrap();

    // It is reached already, and a reconfiguration is no failure.
    let seen = breaker.snapshot(|| START);
    assert_eq!(
        (seen.state, seen.failures, seen.generation),
        (State::Closed, 3, 0)
    );
    let Change::Moved(opened) = breaker.failure(stamp, || START) else {
        panic!("still closed")
    };
    assert_eq!(opened.break_duration, Some(Nanos::new(60 * SECOND)));
}

#[test]
fn a_break_that_has_begun_ends_when_it_was_to_end() {
    let breaker = breaker(1, 10 * SECOND, 1, 1, SECOND);
    open(&breaker);
    breaker.reconfigure(config(1, 1)).unwrap();

    assert!(is_rejected(&breaker, 10 * SECOND - 1));
    assert!(!is_rejected(&breaker, 10 * SECOND));
}

#[test]
fn permits_stay_out_when_fewer_are_allowed() {
    let breaker = breaker(1, SECOND, 3, 3, SECOND);
    open(&breaker);
    let stamps = [(); 3].map(|()| permit(&breaker, SECOND));
    breaker.reconfigure(config(1, 1)).unwrap();
    breaker.release(stamps[0]);

    assert!(is_rejected(&breaker, SECOND));
    assert_eq!(breaker.snapshot(|| START).permits_out, 2);
    let closed = breaker.success(stamps[1]);
    assert!(matches!(closed, Change::Moved(_)), "one is enough now");
}

#[test]
fn a_window_keeps_its_outcomes_under_another_ratio() {
    for window in [Window::Calls(10), Window::Calls(100), TEN_SECONDS] {
        let breaker = by_ratio(1.0, window, 4);
        let stamp = permit(&breaker, 0);
        breaker.success_with(stamp, || START);
        breaker.failure(stamp, || START);
        let trip = Trip::ratio(0.6, window, 2).unwrap();
        breaker
            .reconfigure(breaker.config().with_trip(trip).unwrap())
            .unwrap();

        assert_eq!(breaker.snapshot(|| START).window_calls, 2);
        assert!(matches!(breaker.failure(stamp, || START), Change::Moved(_)));
    }
}

#[test]
fn another_window_needs_another_breaker() {
    let ratio = |window| by_ratio(0.5, window, 1).config();
    let (calls, time) = (ratio(Window::Calls(10)), ratio(TEN_SECONDS));
    let refused = [
        (
            calls,
            config(1, 1),
            "trip must be the kind that the breaker was built with (another needs a new breaker), got failures in a row",
        ),
        (
            config(1, 1),
            calls,
            "trip must be the kind that the breaker was built with (another needs a new breaker), got a ratio of the last calls",
        ),
        (
            calls,
            time,
            "trip must be the kind that the breaker was built with (another needs a new breaker), got a ratio of the calls of a duration",
        ),
        (
            calls,
            ratio(Window::Calls(11)),
            "calls must be what the breaker was built with (another window needs a new breaker), got 11",
        ),
        (
            time,
            ratio(Window::Time(Nanos::new(SECOND))),
            "duration must be what the breaker was built with (another window needs a new breaker), got 1 s",
        ),
    ];

    for (built, new, message) in refused {
        let breaker = Breaker::new(built);

        let error = breaker.reconfigure(new).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(breaker.config(), built);
    }
}

#[test]
fn a_breaker_is_small() {
    let size = std::mem::size_of::<Breaker>();

    assert!(size <= 128, "{size}");
}
