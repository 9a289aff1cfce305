//! Calls in flight are never counted too often, and never for ever.
#![cfg(not(loom))]
#![allow(
    clippy::tests_outside_test_module,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test"
)]

mod flights;

use flights::{Call, SLOW_AFTER, TICK, count, hanging};
use proptest::prelude::*;
use seawall_core::Nanos;
use seawall_core::window::InFlight;

/// Ticks after which earlier and later change places.
const HALF: u64 = 1 << 23;
const CIRCLE: u64 = 2 * HALF;

/// What happens next. A lag is by how much the clock of a thread is behind.
#[derive(Clone, Copy, Debug)]
enum Step {
    Enter { lag: u64 },
    Leave { which: usize, lag: u64 },
    Look { lag: u64 },
    Advance,
    Wait(u64),
}

fn steps(lag: u64, wait: impl Strategy<Value = u64> + 'static) -> impl Strategy<Value = Vec<Step>> {
    let lag = || prop_oneof![2 => Just(0), 1 => 0..lag];
    let step = prop_oneof![
        6 => lag().prop_map(|lag| Step::Enter { lag }),
        4 => (any::<usize>(), lag()).prop_map(|(which, lag)| Step::Leave { which, lag }),
        4 => lag().prop_map(|lag| Step::Look { lag }),
        1 => Just(Step::Advance),
        6 => wait.prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..100)
}

/// The counter, and a list of the calls that have not landed.
struct Pair {
    calls: InFlight,
    counted: Vec<Call>,
    missed: Vec<Call>,
    generation: u32,
    now: u64,
}

impl Pair {
    fn new(now: u64) -> Self {
        Self {
            calls: flights::new(),
            counted: Vec::new(),
            missed: Vec::new(),
            generation: 0,
            now,
        }
    }

    /// What was counted, if the step was a look, and when.
    fn take(&mut self, step: Step) -> Option<(u32, u64)> {
        match step {
            Step::Enter { lag } => self.enter(self.now.saturating_sub(lag)),
            Step::Leave { which, lag } => self.leave(which, self.now.saturating_sub(lag)),
            Step::Advance => self.generation += 1,
            Step::Wait(time) => self.now += time,
            Step::Look { lag } => {
                let now = self.now.saturating_sub(lag);
                return Some((hanging(&self.calls, self.generation, now), now));
            }
        }
        None
    }

    fn enter(&mut self, admitted: u64) {
        let generation = self.generation;
        let call = Call {
            generation,
            admitted,
        };
        if call.enter(&self.calls, || generation) {
            self.counted.push(call);
        } else {
            self.missed.push(call);
        }
    }

    fn leave(&mut self, which: usize, now: u64) {
        if self.counted.is_empty() {
            return;
        }
        let call = self.counted.swap_remove(which % self.counted.len());
        call.leave(&self.calls, now, || self.generation);
    }

    /// The truth: counted calls of this generation older than `age`.
    fn older(&self, now: u64, age: u64) -> u32 {
        let calls = self.counted.iter().copied();
        count(calls.filter(|call| call.is_older(self.generation, now, age)))
    }
}

proptest! {
    #[test]
    fn a_call_too_old_is_counted_within_a_quarter(
        begin in 0_u64..1 << 62,
        steps in steps(3 * TICK, prop_oneof![0..TICK, 0..20 * TICK]),
    ) {
        let mut pair = Pair::new(begin);
        for step in steps {
            let Some((counted, then)) = pair.take(step) else { continue };
            let (least, most) = (
                pair.older(then, SLOW_AFTER + TICK - 1),
                pair.older(pair.now, SLOW_AFTER),
            );
            prop_assert!((least..=most).contains(&counted), "{counted} of {least} to {most}");
        }
        prop_assert!(pair.missed.is_empty());
    }

    #[test]
    fn a_young_call_is_never_counted_however_long_anybody_slept(
        begin in 0_u64..1 << 60,
        steps in steps(
            HALF / 2 * TICK,
            prop_oneof![
                0..TICK,
                0..20 * TICK,
                0..2 * CIRCLE * TICK,
                // Where old and new calls have the same tick.
                (0_u64..3, 0..20 * TICK).prop_map(|(laps, more)| laps * HALF * TICK + more),
            ],
        ),
    ) {
        let mut pair = Pair::new(begin);
        for step in steps {
            let Some((counted, _)) = pair.take(step) else { continue };
            let truth = pair.older(pair.now, SLOW_AFTER);
            prop_assert!(counted <= truth, "{counted} of {truth}");
        }
    }

    #[test]
    fn when_all_have_landed_nothing_hangs_at_any_later_time(
        begin in 0_u64..1 << 60,
        steps in steps(HALF / 2 * TICK, prop_oneof![0..20 * TICK, 0..2 * CIRCLE * TICK]),
        later in proptest::collection::vec(prop_oneof![0..20 * TICK, 0..2 * CIRCLE * TICK], 1..20),
    ) {
        let mut pair = Pair::new(begin);
        for step in steps {
            pair.take(step);
        }
        while !pair.counted.is_empty() {
            pair.leave(0, pair.now);
        }
        for wait in later {
            pair.now += wait;
            prop_assert_eq!(hanging(&pair.calls, pair.generation, pair.now), 0);
            // One more that comes and goes changes nothing, but it moves a bucket.
            pair.enter(pair.now);
            pair.leave(0, pair.now);
        }
    }

    #[test]
    fn older_is_older_whatever_slow_after_is(slow_after in 1_u64..1 << 50, begin in 0_u64..1 << 62) {
        let calls = InFlight::new(Nanos::new(slow_after));
        let call = Call { generation: 0, admitted: begin };
        prop_assert!(call.enter(&calls, || 0));

        prop_assert_eq!(hanging(&calls, 0, begin + slow_after), 0);
        let late = slow_after.max(400_000) / 4 * 5 + 5;
        prop_assert_eq!(hanging(&calls, 0, begin + late), 1);
    }
}

#[test]
fn a_slow_after_of_no_whole_quarters_makes_no_call_older_than_it_is() {
    let calls = InFlight::new(Nanos::new(400_003));
    let call = Call {
        generation: 0,
        admitted: 99_999,
    };
    assert!(call.enter(&calls, || 0));

    assert_eq!(hanging(&calls, 0, 500_000), 0, "400 001 is not older");
}

#[test]
fn a_full_bucket_takes_no_more_and_gives_all_back() {
    let (calls, call) = (flights::new(), Call::at_tick(0, 0));
    let most: u32 = (1 << 20) - 1;
    for _ in 0..most {
        assert!(call.enter(&calls, || 0));
    }
    assert!(!call.enter(&calls, || 0));
    assert_eq!(hanging(&calls, 0, 5 * TICK), most);

    for _ in 0..most {
        call.leave(&calls, 5 * TICK, || 0);
    }
    assert_eq!(hanging(&calls, 0, 5 * TICK), 0);
}

#[test]
fn a_call_late_for_its_bucket_is_not_counted() {
    let calls = flights::new();
    assert!(Call::at_tick(0, 8).enter(&calls, || 0));

    assert!(!Call::at_tick(0, 0).enter(&calls, || 0));
    assert_eq!(hanging(&calls, 0, 8 * TICK), 0);
}

#[test]
fn a_bucket_that_is_empty_is_free_after_any_time() {
    for tick in [8, HALF - 8, HALF, HALF + 8, CIRCLE, CIRCLE + HALF] {
        let calls = flights::new();
        let early = Call::at_tick(0, 0);
        assert!(early.enter(&calls, || 0));
        early.leave(&calls, TICK, || 0);

        assert!(Call::at_tick(0, tick).enter(&calls, || 0), "{tick}");
        assert_eq!(hanging(&calls, 0, (tick + 5) * TICK), 1, "{tick}");
    }
}

#[test]
fn a_call_that_was_moved_leaves_no_place_that_is_empty() {
    let calls = flights::new();
    let [moved, newer, late] = [0, 8, 0].map(|tick| Call::at_tick(0, tick));
    assert!(moved.enter(&calls, || 0));
    assert!(newer.enter(&calls, || 0));
    newer.leave(&calls, 8 * TICK, || 0);
    // The bucket is free, and a thread that slept gives it its old tick back.
    assert!(late.enter(&calls, || 0));
    late.leave(&calls, 8 * TICK, || 0);
    moved.leave(&calls, 8 * TICK, || 0);

    for tick in 8..30 {
        assert_eq!(hanging(&calls, 0, tick * TICK), 0, "{tick}");
    }
}

#[test]
fn a_call_of_the_same_tick_one_circle_ago_leaves_no_young_ones_place() {
    let calls = flights::new();
    let [moved, newer, young] = [0, 8, CIRCLE].map(|tick| Call::at_tick(0, tick));
    assert!(moved.enter(&calls, || 0));
    assert!(newer.enter(&calls, || 0));
    newer.leave(&calls, 8 * TICK, || 0);
    assert!(young.enter(&calls, || 0));
    moved.leave(&calls, CIRCLE * TICK, || 0);

    assert_eq!(hanging(&calls, 0, CIRCLE * TICK), 0);
    assert_eq!(hanging(&calls, 0, (CIRCLE + 5) * TICK), 1);
}

#[test]
fn a_leave_of_an_old_generation_touches_nothing() {
    let calls = flights::new();
    let (old, new) = (Call::at_tick(0, 0), Call::at_tick(1, 0));
    assert!(old.enter(&calls, || 0));
    assert!(new.enter(&calls, || 1));
    old.leave(&calls, TICK, || 1);
    assert_eq!(hanging(&calls, 1, 5 * TICK), 1);

    // Nor does a late enter, where there is a word of a newer generation.
    assert!(!old.enter(&calls, || 1));
    assert_eq!(hanging(&calls, 1, 5 * TICK), 1);
}

#[test]
fn the_last_generation_has_nothing_of_the_first() {
    let calls = flights::new();
    for generation in [0, 1 << 19, (1 << 20) - 1] {
        assert_eq!(hanging(&calls, generation, 8 * TICK), 0, "{generation}");
        for tick in [0, 8] {
            assert!(Call::at_tick(generation, tick).enter(&calls, || generation));
        }
        assert_eq!(hanging(&calls, generation, 8 * TICK), 1, "{generation}");
    }
}
