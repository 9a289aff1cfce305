//! Any sequence of outcomes is counted as a queue counts it.
#![cfg(not(loom))]
#![allow(
    clippy::tests_outside_test_module,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test"
)]

mod windows;

use proptest::prelude::*;
use seawall_core::window::{Counts, TimeWindow};
use seawall_core::{Nanos, Ppm, Stamp};
use windows::{Answer, LAP, Model, Outcome, Shape, WIDTH, Window};

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Success,
    Failure,
    /// An outcome of a generation before.
    Late(bool),
    /// The window's generation is over.
    Advance(u32),
    /// The clock goes on.
    Wait(u64),
}

/// What a word has no bits for: whole turns of a circle of laps, or nearly.
fn idle() -> impl Strategy<Value = u64> {
    (10_u32..=18, 1_u64..4, 0_u64..4 * LAP).prop_map(|(bits, turns, more)| {
        let turn = LAP << bits;
        turns * turn + more - 2 * LAP
    })
}

/// Long runs of one outcome, so that a window is full of it now and then.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = prop_oneof![
        8 => Just(Step::Success),
        8 => Just(Step::Failure),
        2 => any::<bool>().prop_map(Step::Late),
        1 => prop_oneof![Just(1_u32), 1_u32..1 << 20].prop_map(Step::Advance),
        4 => prop_oneof![0_u64..3, 0_u64..30].prop_map(Step::Wait),
        1 => idle().prop_map(Step::Wait),
    ];
    proptest::collection::vec((one, 1_usize..60), 1..40).prop_map(|runs| {
        let repeated = runs.into_iter().flat_map(|(step, times)| match step {
            Step::Success | Step::Failure => vec![step; times],
            Step::Late(_) | Step::Advance(_) | Step::Wait(_) => vec![step],
        });
        repeated.collect()
    })
}

fn agrees(shape: Shape, mut tick: u64, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let (window, mut model) = (Window::new(shape), Model::new(shape));
    for step in steps {
        let outcome = match step {
            Step::Success => Some((model.generation(), false)),
            Step::Failure => Some((model.generation(), true)),
            Step::Late(failed) => Some((model.generation().wrapping_sub(1) % (1 << 20), failed)),
            Step::Advance(generations) => {
                model.advance(generations);
                None
            }
            Step::Wait(ticks) => {
                tick += ticks;
                None
            }
        };
        if let Some((generation, failed)) = outcome {
            let outcome = Outcome {
                generation,
                tick,
                failed,
            };
            let generation = model.generation();
            prop_assert_eq!(window.push(outcome, || generation), model.push(outcome));
        }
        let generation = model.generation();
        prop_assert_eq!(window.counts(generation, tick), model.counts(tick));
        prop_assert_eq!(window.is_clean(generation), model.is_clean());
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_word_of_outcomes_is_a_queue(size in 1_u32..=43, steps in steps()) {
        agrees(Shape::Count(size), 0, steps)?;
    }

    #[test]
    fn a_ring_of_outcomes_is_a_queue(size in prop_oneof![1_u32..100, 1_u32..=1024], steps in steps()) {
        agrees(Shape::Ring(size), 0, steps)?;
    }

    #[test]
    fn ten_buckets_are_a_queue_of_ten_ticks(begin in 0_u64..1 << 50, steps in steps()) {
        agrees(Shape::Time, begin, steps)?;
    }

    #[test]
    fn what_is_a_little_late_is_counted_where_it_belongs(
        begin in 100_u64..1 << 40,
        steps in proptest::collection::vec((0_u64..8, 0_u64..25, any::<bool>()), 1..60),
    ) {
        let (window, mut model, mut now) = (Window::new(Shape::Time), Model::new(Shape::Time), begin);
        for (wait, late, failed) in steps {
            now += wait;
            let outcome = |tick| Outcome { generation: 0, tick, failed };
            for tick in [now, now - late] {
                window.push(outcome(tick), || 0);
                model.push(outcome(tick));
            }
            prop_assert_eq!(window.counts(0, now), model.counts(now));
        }
    }

    #[test]
    fn enough_failures_are_enough(total in 0_u32..3000, failed in 0_u32..3000, percent in 1_u32..=100) {
        let ratio = Ppm::from_share(f64::from(percent) / 100.0).unwrap();
        let failed = failed.min(total);
        let enough = total >= 10 && failed * 100 >= percent * total;

        prop_assert_eq!(Counts { total, failed }.reach(ratio, 10), enough);
    }
}

#[test]
fn a_tenth_of_a_hundred_is_ten() {
    let tenth = Ppm::from_share(0.1).unwrap();
    let counts = |failed| Counts { total: 100, failed };

    assert!(counts(10).reach(tenth, 1));
    assert!(!counts(9).reach(tenth, 1));
    // 0.495 is neither 0.49 nor 0.5.
    let nearly_half = Ppm::from_share(0.495).unwrap();
    assert!(!counts(49).reach(nearly_half, 1));
    assert!(
        Counts {
            total: 200,
            failed: 99
        }
        .reach(nearly_half, 1)
    );
}

#[test]
fn nothing_at_all_is_no_ratio() {
    let none = Ppm::from_share(0.0).unwrap();

    assert!(!Counts::default().reach(none, 0));
}

#[test]
fn a_window_that_slept_through_half_of_all_generations_wakes_up() {
    for shape in [Shape::Count(4), Shape::Ring(4), Shape::Time] {
        let window = Window::new(shape);
        let failure = |generation| Outcome {
            generation,
            tick: 5,
            failed: true,
        };
        for generation in [0, 1 << 19, (1 << 20) - 1] {
            let answer = window.push(failure(generation), || generation);

            let alone = Counts {
                total: 1,
                failed: 1,
            };
            assert_eq!(answer, Answer::Taken(Some(alone)), "{shape:?}");
        }
    }
}

#[test]
fn a_bucket_too_full_to_count_keeps_its_ratio() {
    let window = TimeWindow::new(Nanos::new(1000));
    let (stamp, now) = (Stamp::from_generation(0), Nanos::new(0));
    for call in 0..200_000 {
        if call % 4 == 0 {
            window.failure(stamp, now, || true);
        } else {
            window.success(stamp, now, || true);
        }
    }
    let Counts { total, failed } = window.counts(stamp, now);

    assert!(total >= 16_000, "{total}");
    assert!((failed * 4).abs_diff(total) < 40, "{failed} of {total}");
}

#[test]
fn an_outcome_of_a_lap_before_is_no_outcome_of_this_one() {
    let window = Window::new(Shape::Time);
    let at = |tick, failed| Outcome {
        generation: 0,
        tick,
        failed,
    };
    window.push(at(25, false), || 0);
    // Taken, but it left the window before it came.
    assert_ne!(window.push(at(15, true), || 0), Answer::Late);

    let alone = Counts {
        total: 1,
        failed: 0,
    };
    assert_eq!(window.counts(0, 25), alone);
}

fn failed_at(tick: u64) -> Outcome {
    Outcome {
        generation: 0,
        tick,
        failed: true,
    }
}

/// Counts of a window that remembers one failure.
const ALONE: Counts = Counts {
    total: 1,
    failed: 1,
};

#[test]
fn after_any_time_of_idleness_a_window_is_empty_and_counts() {
    for laps in (1..=4 << 14).chain((1..40).map(|bits| 1 << bits)) {
        let (window, tick) = (Window::new(Shape::Time), laps * LAP + 3);
        window.push(failed_at(3), || 0);

        assert_eq!(window.counts(0, tick), Counts::default(), "{laps} laps");
        window.push(failed_at(tick), || 0);
        assert_eq!(window.counts(0, tick), ALONE, "{laps} laps");
    }
}

/// Another bucket is used once a lap, or once in so many laps.
#[test]
fn what_sleeps_in_a_bucket_while_another_is_used_never_counts_again() {
    for stride in [1, 2, 3, 1_000] {
        let window = Window::new(Shape::Time);
        window.push(failed_at(5), || 0);
        for used in 2..40_000 {
            let tick = used * stride * LAP + 3;
            window.push(failed_at(tick), || 0);

            assert_eq!(window.counts(0, tick + 2), ALONE, "{used} laps in use");
        }
    }
}

#[test]
fn a_bucket_takes_outcomes_however_long_it_slept_while_another_was_used() {
    let around = |laps: u64| laps - 2..=laps + 2;
    for sleeps in [true, false] {
        for used in [1 << 13, 1 << 14, 3 << 13].into_iter().flat_map(around) {
            let window = Window::new(Shape::Time);
            if sleeps {
                window.push(failed_at(5), || 0);
            }
            for lap in 1..=used {
                window.push(failed_at(lap * LAP + 3), || 0);
            }
            window.push(failed_at(used * LAP + 5), || 0);

            assert_eq!(window.counts(0, used * LAP + 5).failed, 2, "{used}");
        }
    }
}

#[test]
fn an_outcome_that_slept_for_laps_clears_nothing() {
    for late in [1, 2, 3, 100, 100_000] {
        let (window, tick) = (Window::new(Shape::Time), 10_000_003);
        window.push(failed_at(3), || 0);
        window.push(failed_at(tick), || 0);
        window.push(failed_at(tick - late * LAP), || 0);

        assert_eq!(window.counts(0, tick - late * LAP), Counts::default());
        assert_eq!(window.counts(0, tick), ALONE, "{late} laps late");
    }
}

/// An hour is more than any thread sleeps between the clock and the window.
#[test]
fn a_clock_that_was_set_back_for_an_hour_is_followed() {
    let (window, hour) = (Window::new(Shape::Time), 3600 * 1_000_000_000 / WIDTH);
    window.push(failed_at(3 * hour), || 0);
    window.push(failed_at(3 * hour - 1), || 0);
    let now = 2 * hour - 2 * LAP;

    assert_eq!(window.counts(0, now), Counts::default());
    window.push(failed_at(now), || 0);
    assert_eq!(window.counts(0, now), ALONE);
}
