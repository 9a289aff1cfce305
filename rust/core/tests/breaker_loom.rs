//! Every interleaving of a few threads gives what some order of them gives.
//!
//! loom runs each scenario once for every way the threads can interleave at
//! their atomic accesses. After each run the answers of all threads, and what
//! the breaker answers afterwards, must be those of the plain model in
//! `model/mod.rs` under one of the orders that keep each thread's own order.
//! An answer that no order explains is a bug in the breaker; an order that no
//! execution shows is a hole in the exploration. Both fail.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test --release -p seawall-core --test '*_loom' --target-dir target/loom
//! ```
#![cfg(loom)]
#![allow(
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod model;

use std::collections::HashSet;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use loom::sync::Arc;
use loom::thread;
use model::{Answer, Model, Op, Permit, Subject, Whose::Mine, Whose::Of, run};
use seawall_core::{Backoff, Breaker, BreakerConfig, Jitter, Nanos, Stamp, Trip, Window};

const SECOND: u64 = 1_000_000_000;
/// When the setup happens.
const EARLY: Nanos = Nanos::new(1_000 * SECOND);
/// When the break that began at `EARLY` is over.
const NOW: Nanos = Nanos::new(1_002 * SECOND);
/// When the lease of a probe of `EARLY` is over, and that of one of `NOW` is not.
const EXPIRED: Nanos = Nanos::new(1_020 * SECOND);

/// Preemptions per execution where all interleavings would take minutes. Each
/// scenario asserts that it still reaches every outcome the model allows.
const BOUND: Option<usize> = Some(4);

/// Opens after `failures`, for one second; a probe's lease is ten.
fn config(failures: u32, successes: u32, probes: u32) -> BreakerConfig {
    let (duration, lease) = (Nanos::new(SECOND), Nanos::new(10 * SECOND));
    BreakerConfig::new(failures, duration, successes, probes, lease).unwrap()
}

/// Opens at half of the last calls, once there are `min_calls`.
fn half(window: Window, min_calls: u32) -> BreakerConfig {
    let trip = Trip::ratio(0.5, window, min_calls).unwrap();
    config(1, 1, 1).with_trip(trip).unwrap()
}

/// One run: what each thread was answered, and what an epilogue was.
type Outcome = Vec<Vec<Answer>>;

struct Scenario {
    name: &'static str,
    config: BreakerConfig,
    /// Done by one thread before the others start.
    setup: Vec<Op>,
    threads: Vec<Vec<Op>>,
    /// Preemptions per execution; None: every interleaving there is.
    preemptions: Option<usize>,
}

impl Scenario {
    /// Asked when all threads are done: the state, and whether the lease is right.
    fn epilogue() -> Vec<Op> {
        let lease_of_now = Nanos::new(NOW.as_u64() + 10 * SECOND);
        vec![
            Op::Config,
            Op::Snapshot(NOW),
            Op::Published,
            Op::Acquire(NOW),
            Op::Acquire(NOW),
            Op::Acquire(lease_of_now),
            Op::Snapshot(lease_of_now),
        ]
    }

    /// The outcomes of all orders that keep each thread's own order.
    ///
    /// A failure that trips is two steps if a ratio trips: others may come
    /// between its push and the opening.
    fn legal(&self) -> Vec<Outcome> {
        let mut model = Model::new(self.config);
        let mut mine = None;
        for op in &self.setup {
            run(&mut model, *op, &mut mine);
        }
        let threads = self.threads.len();
        let mut found = Vec::new();
        let state = Order {
            model,
            mine: vec![None; threads],
            opening: vec![None; threads],
            answers: vec![Vec::new(); threads],
        };
        self.merge(&state, &mut found);
        found
    }

    fn merge(&self, order: &Order, found: &mut Vec<Outcome>) {
        let mut finished = true;
        for (thread, ops) in self.threads.iter().enumerate() {
            let Some(op) = ops.get(order.answers[thread].len()) else {
                continue;
            };
            finished = false;
            let mut order = order.clone();
            order.step(thread, *op);
            self.merge(&order, found);
        }
        if finished {
            let mut outcome = order.answers.clone();
            outcome.push(play(&mut order.model.clone(), &Self::epilogue()));
            if !found.contains(&outcome) {
                found.push(outcome);
            }
        }
    }

    fn check(self) {
        let legal = self.legal();
        let begun = Instant::now();
        let (name, preemptions) = (self.name, self.preemptions);
        let executions = std::sync::Arc::new(AtomicUsize::new(0));
        let reached = std::sync::Arc::new(Mutex::new(HashSet::new()));
        let (count, seen, allowed) = (executions.clone(), reached.clone(), legal.len());
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = preemptions;
        builder.check(move || {
            count.fetch_add(1, Ordering::Relaxed);
            let outcome = self.execute();
            let position = legal.iter().position(|one| *one == outcome);
            let Some(position) = position else {
                panic!("no order of the operations explains {outcome:#?}");
            };
            seen.lock().unwrap().insert(position);
        });
        report(
            name,
            executions.load(Ordering::Relaxed),
            &format!("outcomes: {allowed}"),
            preemptions,
            begun,
        );
        // Else the exploration is too narrow to prove anything.
        assert_eq!(
            reached.lock().unwrap().len(),
            allowed,
            "outcomes never reached"
        );
    }

    fn execute(&self) -> Outcome {
        let breaker = Arc::new(Breaker::new(self.config));
        let mut history = play(&mut &*breaker, &self.setup);
        let handles: Vec<_> = self.threads[1..]
            .iter()
            .cloned()
            .map(|ops| {
                let breaker = breaker.clone();
                thread::spawn(move || play(&mut &*breaker, &ops))
            })
            .collect();
        let mut outcome = vec![play(&mut &*breaker, &self.threads[0])];
        outcome.extend(handles.into_iter().map(|handle| handle.join().unwrap()));

        let out = breaker.snapshot(|| NOW).permits_out;
        let allowed = self.config.max_probes().max(breaker.config().max_probes());
        assert!(out <= allowed, "{out} probes out");
        history.extend(outcome.iter().flatten());
        one_transition_per_generation(&history);

        outcome.push(play(&mut &*breaker, &Self::epilogue()));
        outcome
    }
}

/// What has been seen to be enough to open the circuit of a generation.
#[derive(Clone, Copy)]
enum Opening {
    /// A failure that has been pushed.
    Failure(Stamp, Nanos),
    /// Calls that hang, seen by one that asks for admission.
    Hanging(u32, Nanos),
}

/// One order of the operations, as far as it goes.
#[derive(Clone)]
struct Order {
    model: Model,
    mine: Vec<Option<Permit>>,
    /// The first step of each thread, whose second one is to open.
    opening: Vec<Option<Opening>>,
    answers: Outcome,
}

impl Order {
    fn step(&mut self, thread: usize, op: Op) {
        match self.opening[thread].take() {
            Some(Opening::Failure(stamp, now)) => {
                let change = self.model.open(stamp, now);
                self.answers[thread].push(Answer::Change(change));
                return;
            }
            Some(Opening::Hanging(generation, now)) if generation == self.model.generation() => {
                let admit = self.model.open_for_hanging(now);
                self.answers[thread].push(Answer::Admit(admit));
                return;
            }
            Some(Opening::Hanging(..)) | None => {}
        }
        if let Op::Acquire(now) = op
            && self.model.too_many_hang(now)
        {
            self.opening[thread] = Some(Opening::Hanging(self.model.generation(), now));
            return;
        }
        let Op::Failure(whose, now) = op else {
            let answer = run(&mut self.model, op, &mut self.mine[thread]);
            self.answers[thread].push(answer);
            return;
        };
        let stamp = match whose {
            Of(generation) => Some(Stamp::from_generation(generation)),
            Mine => self.mine[thread].take().map(|permit| permit.stamp),
        };
        let Some(stamp) = stamp else {
            self.answers[thread].push(Answer::Nothing);
            return;
        };
        match self.model.begin_failure(stamp, now) {
            Some(change) => self.answers[thread].push(Answer::Change(change)),
            None if self.model.has_window() => {
                self.opening[thread] = Some(Opening::Failure(stamp, now));
            }
            None => {
                let change = self.model.open(stamp, now);
                self.answers[thread].push(Answer::Change(change));
            }
        }
    }
}

fn play(subject: &mut impl Subject, ops: &[Op]) -> Vec<Answer> {
    let mut mine = None;
    ops.iter().map(|op| run(subject, *op, &mut mine)).collect()
}

fn one_transition_per_generation(answers: &[Answer]) {
    let mut generations = HashSet::new();
    for transition in answers.iter().filter_map(|answer| answer.transition()) {
        assert!(
            generations.insert(transition.generation),
            "{transition:?} was handed out twice"
        );
    }
}

/// Past the capture of the test harness: the figures are part of the result.
fn report(name: &str, executions: usize, what: &str, preemptions: Option<usize>, begun: Instant) {
    let bound = preemptions.map_or("all".to_owned(), |bound| format!("<= {bound} preemptions"));
    let seconds = begun.elapsed().as_secs_f64();
    let line =
        format!("{name:<58} {executions:>8} executions  {what:<20} {bound:<18} {seconds:>5.1} s\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

fn acquire() -> Op {
    Op::Acquire(NOW)
}

fn fail() -> [Op; 2] {
    [Op::Acquire(NOW), Op::Failure(Mine, NOW)]
}

fn succeed() -> [Op; 2] {
    [Op::Acquire(NOW), Op::Success(Mine)]
}

fn cancel() -> [Op; 2] {
    [Op::Acquire(NOW), Op::Release(Mine)]
}

/// Opens a circuit of one failure at `EARLY`: generation 1.
fn opened() -> Vec<Op> {
    vec![Op::Acquire(EARLY), Op::Failure(Mine, EARLY)]
}

/// The same, and `permits` probes are out since `NOW`: generation 2.
fn probing(permits: usize) -> Vec<Op> {
    let mut ops = opened();
    ops.extend(std::iter::repeat_n(Op::Acquire(NOW), permits));
    ops
}

#[test]
fn failures_race_to_the_threshold() {
    let thread = [fail(), fail()].concat();
    Scenario {
        name: "two threads fail twice, two failures open",
        config: config(2, 1, 1),
        setup: vec![],
        threads: vec![thread.clone(), thread],
        preemptions: None,
    }
    .check();
}

#[test]
fn failures_against_a_success() {
    Scenario {
        name: "two failures against a success that resets",
        config: config(2, 1, 1),
        setup: vec![],
        threads: vec![fail().into(), fail().into(), succeed().into()],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn a_success_forgets_no_later_failure() {
    Scenario {
        name: "a reset of one failure against two more of three",
        config: config(3, 1, 1),
        setup: fail().into(),
        threads: vec![
            vec![Op::Success(Of(0))],
            vec![Op::Failure(Of(0), NOW), Op::Failure(Of(0), NOW)],
            vec![Op::Published, Op::Snapshot(NOW)],
        ],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn three_acquirers_for_one_permit() {
    Scenario {
        name: "three threads ask at expiry for one permit",
        config: config(1, 1, 1),
        setup: opened(),
        threads: vec![vec![acquire()], vec![acquire()], vec![acquire()]],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn probes_end_in_every_way_at_once() {
    Scenario {
        name: "three probes out: success, failure, release",
        config: config(1, 2, 3),
        setup: probing(3),
        threads: vec![
            vec![Op::Success(Of(2))],
            vec![Op::Failure(Of(2), NOW)],
            vec![Op::Release(Of(2))],
        ],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn probes_begin_and_end_in_every_way() {
    Scenario {
        name: "one permit: a success, a failure, a release race for it",
        config: config(1, 1, 1),
        setup: opened(),
        threads: vec![succeed().into(), fail().into(), cancel().into()],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn late_results_against_a_probe() {
    Scenario {
        name: "late results of generation 0 against a probe of 2",
        config: config(1, 2, 1),
        setup: probing(1),
        threads: vec![
            vec![Op::Success(Of(2))],
            vec![Op::Failure(Of(0), NOW), Op::Success(Of(0))],
            vec![Op::Release(Of(0)), Op::Failure(Of(1), NOW)],
        ],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn late_results_against_a_trip() {
    Scenario {
        name: "verdicts of a generation that ends meanwhile",
        config: config(1, 1, 1),
        setup: vec![acquire(), acquire()],
        threads: vec![
            vec![Op::Failure(Of(0), EARLY), acquire()],
            vec![Op::Release(Of(0)), Op::Success(Of(0))],
            vec![Op::Failure(Of(0), EARLY), acquire()],
        ],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn a_cancelled_probe_against_two_acquirers() {
    Scenario {
        name: "a cancelled probe against two acquirers",
        config: config(1, 1, 1),
        setup: probing(1),
        threads: vec![vec![Op::Release(Of(2))], succeed().into(), fail().into()],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn a_lost_permit_its_late_result_and_two_reclaimers() {
    Scenario {
        name: "a lost permit: two reclaimers against its late result",
        config: config(1, 1, 1),
        setup: probing(1),
        threads: vec![
            vec![Op::Success(Of(2))],
            vec![Op::Acquire(EXPIRED)],
            vec![Op::Acquire(EXPIRED)],
        ],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn a_stale_release_against_two_reclaimers() {
    Scenario {
        name: "a stale release of an expired permit",
        config: config(1, 1, 1),
        setup: probing(1),
        threads: vec![
            vec![Op::Release(Of(2))],
            vec![Op::Acquire(EXPIRED), Op::Success(Mine)],
            vec![Op::Acquire(EXPIRED)],
        ],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn operators_against_a_probe() {
    Scenario {
        name: "isolate and reset against a probe's result",
        config: config(1, 1, 1),
        setup: probing(1),
        threads: vec![
            vec![Op::Success(Of(2))],
            vec![Op::Isolate, Op::Reset],
            fail().into(),
        ],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn operators_against_each_other() {
    Scenario {
        name: "two holds are two releases, whatever else is ordered",
        config: config(1, 1, 1),
        setup: vec![],
        threads: vec![
            vec![Op::Isolate, Op::Unisolate(Mine)],
            vec![Op::Isolate, Op::Unisolate(Mine)],
            vec![acquire(), Op::Snapshot(NOW)],
        ],
        preemptions: Some(5),
    }
    .check();
}

#[test]
fn a_dropped_hold_against_a_newer_one() {
    Scenario {
        name: "the release of a dropped hold takes nobody else's",
        config: config(1, 1, 1),
        setup: vec![Op::Isolate],
        threads: vec![
            vec![Op::Unisolate(Of(1)), Op::Snapshot(NOW)],
            vec![Op::Reset, Op::Isolate, acquire()],
        ],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn disabling_against_failures() {
    Scenario {
        name: "disable and enable against failures",
        config: config(1, 1, 1),
        setup: vec![],
        threads: vec![vec![Op::Disable, Op::Enable], fail().into(), fail().into()],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn two_probes_are_needed() {
    Scenario {
        name: "two successes close, two permits, three threads",
        config: config(1, 2, 2),
        setup: opened(),
        threads: vec![succeed().into(), succeed().into(), fail().into()],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn what_is_published_was_true() {
    Scenario {
        name: "publishing while the circuit opens and closes",
        config: config(1, 1, 1),
        setup: vec![],
        threads: vec![
            [
                Op::Acquire(EARLY),
                Op::Failure(Mine, EARLY),
                acquire(),
                Op::Success(Mine),
            ]
            .into(),
            vec![Op::Published, Op::Published],
            vec![Op::Snapshot(NOW)],
        ],
        preemptions: Some(5),
    }
    .check();
}

#[test]
fn a_ratio_trips_exactly_once() {
    Scenario {
        name: "a ratio: three failures, the third and the fourth trip",
        config: half(Window::Calls(8), 3),
        setup: fail().into(),
        threads: vec![
            vec![Op::Failure(Of(0), NOW)],
            vec![Op::Failure(Of(0), NOW)],
            vec![Op::Failure(Of(0), NOW)],
        ],
        preemptions: Some(3),
    }
    .check();
}

#[test]
fn a_ratio_is_diluted_or_trips() {
    Scenario {
        name: "a ratio: two failures against two successes",
        config: half(Window::Calls(3), 2),
        setup: succeed().into(),
        threads: vec![
            vec![Op::Failure(Of(0), NOW), acquire()],
            vec![Op::Success(Of(0)), Op::Failure(Of(0), NOW)],
        ],
        preemptions: None,
    }
    .check();
}

#[test]
fn a_ratio_forgets_a_generation_that_is_reset() {
    Scenario {
        name: "a ratio: late failures against a reset and a failure",
        config: half(Window::Calls(4), 2),
        setup: fail().into(),
        threads: vec![
            vec![Op::Reset, Op::Failure(Of(1), NOW)],
            vec![Op::Failure(Of(0), NOW), Op::Snapshot(NOW)],
        ],
        preemptions: None,
    }
    .check();
}

#[test]
fn a_snapshot_is_of_one_generation() {
    Scenario {
        name: "a ratio: a look while a window is reset and refilled",
        config: half(Window::Calls(4), 4),
        setup: fail().into(),
        threads: vec![
            vec![Op::Snapshot(NOW)],
            vec![Op::Reset, Op::Failure(Of(1), NOW), Op::Success(Of(1))],
        ],
        preemptions: None,
    }
    .check();
}

#[test]
fn a_ratio_is_published_when_it_is_clean() {
    Scenario {
        name: "a ratio: publishing while a window fills",
        config: half(Window::Calls(2), 2),
        setup: succeed().into(),
        threads: vec![
            vec![Op::Success(Of(0)), Op::Failure(Of(0), NOW)],
            vec![Op::Published, Op::Published],
        ],
        preemptions: None,
    }
    .check();
}

#[test]
fn a_ratio_over_time_trips_exactly_once() {
    Scenario {
        name: "a ratio over time: two failures against a success",
        config: half(Window::Time(Nanos::new(10 * SECOND)), 2),
        setup: vec![],
        threads: vec![
            vec![Op::Failure(Of(0), NOW)],
            vec![Op::SuccessAt(Of(0), NOW), Op::Failure(Of(0), NOW)],
        ],
        preemptions: Some(3),
    }
    .check();
}

/// The same as `half`, where calls of `EARLY` hang.
fn half_slow(window: Window, min_calls: u32) -> BreakerConfig {
    let slow_after = Nanos::new(SECOND);
    half(window, min_calls).with_slow_after(slow_after).unwrap()
}

/// So many calls that are never heard of again.
fn hanging(calls: usize) -> Vec<Op> {
    vec![Op::Acquire(EARLY); calls]
}

#[test]
fn hanging_calls_open_exactly_once() {
    Scenario {
        name: "hanging: two admissions find two calls that hang",
        config: half_slow(Window::Calls(4), 2),
        setup: hanging(2),
        threads: vec![vec![acquire()], vec![acquire()]],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn hanging_calls_and_failures_open_exactly_once() {
    Scenario {
        name: "hanging: a trip by calls that hang against a failure's",
        config: half_slow(Window::Calls(4), 2),
        setup: [hanging(2), vec![Op::Failure(Of(0), EARLY)]].concat(),
        threads: vec![vec![acquire()], vec![Op::Failure(Of(0), NOW)]],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn a_call_that_lands_is_counted_once() {
    Scenario {
        name: "hanging: a call lands and fails while another asks",
        config: half_slow(Window::Calls(4), 2),
        setup: vec![],
        threads: vec![
            vec![
                Op::Acquire(EARLY),
                Op::Landed(None, NOW),
                Op::Failure(Mine, NOW),
            ],
            vec![acquire()],
        ],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn a_success_may_come_before_the_look_at_what_hangs() {
    Scenario {
        name: "hanging: a success dilutes what an admission finds",
        config: half_slow(Window::Calls(4), 2),
        setup: [hanging(1), succeed().into()].concat(),
        threads: vec![vec![acquire()], vec![Op::Success(Of(0))]],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn what_hangs_ends_with_its_generation() {
    Scenario {
        name: "hanging: a reset while an admission sums what hangs",
        config: half_slow(Window::Calls(4), 2),
        setup: hanging(2),
        threads: vec![vec![Op::Reset, acquire()], vec![acquire()]],
        preemptions: BOUND,
    }
    .check();
}

// Reconfiguring is an operation like any other here, and that is stricter than what
// is promised: who only looks, and is rejected, may be judged by the new configuration
// before somebody else's write is judged by the old one. No order explains the two.
// Each scenario is so made that the one does not meet the other.

/// A configuration of which every word differs from every other number's.
fn number(number: u32) -> BreakerConfig {
    let time = |base: u64| Nanos::new((base + u64::from(number)) * SECOND);
    let jitter = Jitter::spread(f64::from(number) / 10.0).unwrap();
    let breaks = Backoff::linear(time(1), time(10), time(100), jitter).unwrap();
    BreakerConfig::new(number, time(0), number, number, time(1000))
        .and_then(|config| config.with_breaks(breaks))
        .unwrap()
}

#[test]
fn nobody_sees_half_of_two_configurations() {
    Scenario {
        name: "two reconfigurations against a look",
        config: number(1),
        setup: vec![],
        threads: vec![
            vec![Op::Reconfigure(number(2)), Op::Reconfigure(number(3))],
            vec![Op::Config],
        ],
        preemptions: Some(2),
    }
    .check();
}

#[test]
fn writers_of_the_configuration_take_turns() {
    Scenario {
        name: "two threads reconfigure, a third one looks",
        config: number(1),
        setup: vec![],
        threads: vec![
            vec![Op::Reconfigure(number(2))],
            vec![Op::Reconfigure(number(3))],
            vec![Op::Config],
        ],
        preemptions: Some(2),
    }
    .check();
}

#[test]
fn writers_of_the_same_words_come_one_after_the_other() {
    Scenario {
        name: "three reconfigurations by two threads",
        config: number(1),
        setup: vec![],
        threads: vec![
            vec![Op::Reconfigure(number(2)), Op::Reconfigure(number(3))],
            vec![Op::Reconfigure(number(4))],
        ],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn a_lower_threshold_against_failures() {
    Scenario {
        name: "a threshold of three becomes two, and fails itself",
        config: config(3, 1, 1),
        setup: vec![],
        threads: vec![
            vec![Op::Reconfigure(config(2, 1, 1)), Op::Failure(Of(0), NOW)],
            vec![Op::Failure(Of(0), NOW)],
        ],
        preemptions: None,
    }
    .check();
}

#[test]
fn a_higher_threshold_against_failures() {
    Scenario {
        name: "a threshold of two becomes three, and fails itself",
        config: config(2, 1, 1),
        setup: fail().into(),
        threads: vec![
            vec![Op::Reconfigure(config(3, 1, 1)), Op::Failure(Of(0), NOW)],
            vec![Op::Failure(Of(0), NOW)],
        ],
        preemptions: None,
    }
    .check();
}

#[test]
fn fewer_permits_against_acquirers() {
    Scenario {
        name: "two permits become one, and one is out",
        config: config(1, 1, 2),
        setup: probing(1),
        threads: vec![
            vec![Op::Reconfigure(config(1, 1, 1)), acquire()],
            vec![acquire()],
            vec![acquire()],
        ],
        preemptions: Some(2),
    }
    .check();
}

#[test]
fn fewer_successes_against_probes() {
    Scenario {
        name: "three successes become two, and three probes succeed",
        config: config(1, 3, 3),
        setup: probing(3),
        threads: vec![
            vec![Op::Reconfigure(config(1, 2, 3)), Op::Success(Of(2))],
            vec![Op::Success(Of(2))],
            vec![Op::Success(Of(2))],
        ],
        preemptions: Some(3),
    }
    .check();
}

#[test]
fn another_ratio_against_failures() {
    Scenario {
        name: "a ratio asks for fewer calls while they fail",
        config: half(Window::Calls(4), 3),
        setup: vec![],
        threads: vec![
            vec![Op::Reconfigure(half(Window::Calls(4), 2))],
            vec![Op::Failure(Of(0), NOW)],
            vec![Op::Failure(Of(0), NOW)],
        ],
        preemptions: Some(3),
    }
    .check();
}

/// What the threads of one execution did to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Touched {
    writes: u64,
    configured: bool,
}

/// Nothing written, and the configuration not even read.
const NOTHING: Touched = Touched {
    writes: 0,
    configured: false,
};
/// Nothing written.
const READ: Touched = Touched {
    writes: 0,
    configured: true,
};

/// Runs the threads and counts what they touched, the setup left out.
fn touched(
    name: &str,
    config: BreakerConfig,
    setup: &[Op],
    threads: &[Vec<Op>],
) -> HashSet<Touched> {
    let begun = Instant::now();
    let executions = std::sync::Arc::new(AtomicUsize::new(0));
    let found = std::sync::Arc::new(Mutex::new(HashSet::new()));
    let (count, seen) = (executions.clone(), found.clone());
    let (setup, threads) = (setup.to_vec(), threads.to_vec());
    loom::model(move || {
        count.fetch_add(1, Ordering::Relaxed);
        let breaker = Arc::new(Breaker::new(config));
        play(&mut &*breaker, &setup);
        let (writes, reads) = (breaker.writes(), breaker.config_reads());
        let handles: Vec<_> = threads
            .iter()
            .cloned()
            .map(|ops| {
                let breaker = breaker.clone();
                thread::spawn(move || play(&mut &*breaker, &ops))
            })
            .collect();
        for handle in handles {
            handle.join().unwrap();
        }
        seen.lock().unwrap().insert(Touched {
            writes: breaker.writes() - writes,
            configured: breaker.config_reads() > reads,
        });
    });
    let found = found.lock().unwrap().clone();
    report(
        name,
        executions.load(Ordering::Relaxed),
        "writes counted",
        None,
        begun,
    );
    found
}

#[test]
fn a_clean_closed_circuit_writes_nothing() {
    let thread = [&succeed()[..], &cancel()[..], &[Op::Published]].concat();
    let found = touched(
        "closed and clean: calls that succeed",
        config(1, 1, 1),
        &[],
        &[thread.clone(), thread],
    );

    assert_eq!(found, HashSet::from([NOTHING]));
}

#[test]
fn a_full_clean_window_writes_nothing() {
    let thread = [&succeed()[..], &[Op::Published]].concat();
    let found = touched(
        "closed, its window full of successes: calls that succeed",
        half(Window::Calls(2), 2),
        &[succeed(), succeed()].concat(),
        &[thread.clone(), thread],
    );

    assert_eq!(found, HashSet::from([NOTHING]));
}

#[test]
fn a_rejection_writes_nothing() {
    let thread = vec![
        Op::Acquire(EARLY),
        Op::Failure(Of(0), NOW),
        Op::Release(Of(0)),
    ];
    let found = touched(
        "open: rejections and late verdicts",
        config(1, 1, 1),
        &opened(),
        &[thread.clone(), thread],
    );

    assert_eq!(found, HashSet::from([READ]));
}

#[test]
fn a_probe_refused_writes_nothing() {
    let thread = vec![acquire(), Op::Success(Of(1))];
    let found = touched(
        "half-open: no permit is free",
        config(1, 1, 1),
        &probing(1),
        &[thread.clone(), thread],
    );

    assert_eq!(found, HashSet::from([READ]));
}

#[test]
fn a_timed_call_in_a_clean_circuit_writes_nothing() {
    let slow_after = Nanos::new(SECOND);
    let thread = vec![acquire(), Op::Landed(None, NOW), Op::Success(Mine)];
    let found = touched(
        "closed and clean, failures in a row: timed calls",
        config(1, 1, 1).with_slow_after(slow_after).unwrap(),
        &[],
        &[thread.clone(), thread],
    );

    assert_eq!(found, HashSet::from([NOTHING]));
}

#[test]
fn a_disabled_circuit_writes_nothing() {
    let thread = [&succeed()[..], &[Op::Failure(Of(1), NOW)]].concat();
    let found = touched(
        "disabled: verdicts of all kinds",
        config(1, 1, 1),
        &[Op::Disable],
        &[thread.clone(), thread],
    );

    assert_eq!(found, HashSet::from([READ]));
}
