//! No window loses an outcome, miscounts one, or takes a late one for its own.
//!
//! As in `breaker_loom.rs`: after each interleaving the answers, and what the
//! window holds, must be those of the plain model under one of the orders that
//! keep each thread's own order, and every outcome of every order must come up.
//!
//! A window of one word answers exactly. One of several words may answer with
//! counts that no order has, while others write; there the counts of an answer
//! are left out, and two laws take their place: the last failure is told of
//! all failures, and nobody is told of more than there are.
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

mod windows;

use std::collections::HashSet;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use loom::sync::Arc;
use loom::sync::atomic::AtomicU32;
use loom::thread;
use seawall_core::window::Counts;
use windows::{Answer, LAP, Model, Outcome, Shape, Window};

/// Preemptions per execution; all interleavings of several words take hours.
/// Each scenario asserts that it still reaches every outcome there is.
const BOUND: Option<usize> = Some(3);
/// With three threads that each look at ten words twice; a third takes minutes.
const THREE: Option<usize> = Some(2);

/// One operation.
#[derive(Clone, Copy, Debug)]
enum Op {
    Push(Outcome),
    /// Somebody looks at the window, at this tick.
    Look(u64),
    /// The breaker moves on to the next generation.
    Advance,
}

fn fail(generation: u32) -> Op {
    fail_at(generation, 0)
}

fn fail_at(generation: u32, tick: u64) -> Op {
    Op::Push(Outcome {
        generation,
        tick,
        failed: true,
    })
}

fn succeed(generation: u32) -> Op {
    Op::Push(Outcome {
        generation,
        tick: 0,
        failed: false,
    })
}

/// A window, and the generation of the breaker it belongs to.
struct Subject {
    window: Window,
    generation: AtomicU32,
}

impl Subject {
    fn run(&self, op: Op) -> Option<Answer> {
        match op {
            Op::Push(outcome) => Some(self.window.push(outcome, || self.current())),
            Op::Look(tick) => Some(Answer::Seen(self.window.counts(self.current(), tick))),
            Op::Advance => {
                self.generation.fetch_add(1, Ordering::AcqRel);
                None
            }
        }
    }

    /// A failing swap is a load that loom tells apart from every other access.
    fn current(&self) -> u32 {
        match self
            .generation
            .compare_exchange(9, 9, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(generation) | Err(generation) => generation,
        }
    }
}

fn run(model: &mut Model, op: Op) -> Option<Answer> {
    match op {
        Op::Push(outcome) => Some(model.push(outcome)),
        Op::Look(tick) => Some(Answer::Seen(model.counts(tick))),
        Op::Advance => {
            model.advance(1);
            None
        }
    }
}

/// What each thread was answered, and what the newest generation has.
type Result = (Vec<Vec<Option<Answer>>>, Counts);

struct Scenario {
    name: &'static str,
    shape: Shape,
    setup: Vec<Op>,
    threads: Vec<Vec<Op>>,
    /// When the window is looked at.
    tick: u64,
    preemptions: Option<usize>,
}

impl Scenario {
    fn new(name: &'static str, shape: Shape, setup: Vec<Op>, threads: Vec<Vec<Op>>) -> Self {
        Self {
            name,
            shape,
            setup,
            threads,
            tick: 0,
            preemptions: BOUND,
        }
    }

    fn is_exact(&self) -> bool {
        matches!(self.shape, Shape::Count(_))
    }

    fn answer(&self, answer: Option<Answer>) -> Option<Answer> {
        match answer {
            Some(Answer::Taken(Some(_))) if !self.is_exact() => Some(Answer::Taken(None)),
            answer => answer,
        }
    }

    fn merge(&self, model: &Model, answers: Vec<Vec<Option<Answer>>>, found: &mut Vec<Result>) {
        let mut finished = true;
        for (thread, ops) in self.threads.iter().enumerate() {
            let Some(op) = ops.get(answers[thread].len()) else {
                continue;
            };
            finished = false;
            let (mut model, mut answers) = (model.clone(), answers.clone());
            answers[thread].push(self.answer(run(&mut model, *op)));
            self.merge(&model, answers, found);
        }
        if finished {
            let result = (answers, model.counts(self.tick));
            if !found.contains(&result) {
                found.push(result);
            }
        }
    }

    fn check(self) {
        let mut model = Model::new(self.shape);
        for op in &self.setup {
            run(&mut model, *op);
        }
        let mut legal = Vec::new();
        self.merge(&model, vec![Vec::new(); self.threads.len()], &mut legal);
        let (name, allowed, begun) = (self.name, legal.len(), Instant::now());
        let preemptions = self.preemptions;
        let executions = std::sync::Arc::new(AtomicUsize::new(0));
        let reached = std::sync::Arc::new(Mutex::new(HashSet::new()));
        let (count, seen) = (executions.clone(), reached.clone());
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = preemptions;
        builder.check(move || {
            count.fetch_add(1, Ordering::Relaxed);
            let result = self.execute();
            let position = legal.iter().position(|one| *one == result);
            let Some(position) = position else {
                panic!("no order of the operations explains {result:#?}");
            };
            seen.lock().unwrap().insert(position);
        });
        let executions = executions.load(Ordering::Relaxed);
        report(name, executions, &format!("outcomes: {allowed}"), begun);
        assert_eq!(
            reached.lock().unwrap().len(),
            allowed,
            "outcomes never reached"
        );
    }

    fn execute(&self) -> Result {
        let subject = Arc::new(Subject {
            window: Window::new(self.shape),
            generation: AtomicU32::new(0),
        });
        for op in &self.setup {
            subject.run(*op);
        }
        let mut answers = play(&subject, &self.threads);
        let counts = subject.window.counts(subject.current(), self.tick);
        self.laws(&answers, counts);
        for answer in answers.iter_mut().flatten() {
            *answer = self.answer(*answer);
        }
        (answers, counts)
    }

    /// Is it told of the very window that is looked at in the end?
    fn is_now(&self, op: Op) -> bool {
        match op {
            Op::Push(outcome) => (0..=1).contains(&(self.tick - outcome.tick)),
            Op::Look(_) | Op::Advance => true,
        }
    }

    /// Where nothing falls out of the window and no generation ends.
    fn laws(&self, answers: &[Vec<Option<Answer>>], counts: Counts) {
        let told: Vec<_> = answers
            .iter()
            .flatten()
            .filter_map(|answer| match answer {
                Some(Answer::Taken(counts)) => *counts,
                Some(Answer::Late | Answer::Seen(_)) | None => None,
            })
            .collect();
        let grows = match self.shape {
            Shape::Count(size) | Shape::Ring(size) => counts.total < size,
            Shape::Time => self.threads.iter().flatten().all(|op| self.is_now(*op)),
        };
        let ops = self.threads.iter().flatten();
        if !grows || ops.clone().any(|op| matches!(op, Op::Advance)) || told.is_empty() {
            return;
        }
        assert_eq!(
            told.iter().map(|told| told.failed).max(),
            Some(counts.failed)
        );
        assert!(told.iter().all(|told| told.total <= counts.total));
    }
}

fn play(subject: &Arc<Subject>, threads: &[Vec<Op>]) -> Vec<Vec<Option<Answer>>> {
    let handles: Vec<_> = threads[1..]
        .iter()
        .cloned()
        .map(|ops| {
            let subject = subject.clone();
            thread::spawn(move || ops.into_iter().map(|op| subject.run(op)).collect())
        })
        .collect();
    let mut answers = vec![threads[0].iter().map(|op| subject.run(*op)).collect()];
    answers.extend(handles.into_iter().map(|handle| handle.join().unwrap()));
    answers
}

/// Past the capture of the test harness: the figures are part of the result.
fn report(name: &str, executions: usize, what: &str, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    let line = format!("{name:<58} {executions:>8} executions  {what:<20} {seconds:>5.1} s\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

#[test]
fn a_word_is_told_of_each_failure_once() {
    Scenario::new(
        "count: two failures against two outcomes",
        Shape::Count(5),
        vec![],
        vec![vec![fail(0), fail(0)], vec![succeed(0), fail(0)]],
    )
    .check();
}

#[test]
fn a_full_word_drops_one_for_each() {
    Scenario::new(
        "count: a full window, pushed by three",
        Shape::Count(2),
        vec![fail(0), succeed(0)],
        vec![vec![fail(0)], vec![succeed(0)], vec![fail(0)]],
    )
    .check();
}

#[test]
fn a_late_outcome_is_none_of_a_words() {
    Scenario::new(
        "count: late failures against the next generation",
        Shape::Count(3),
        vec![fail(0)],
        vec![vec![Op::Advance, fail(1)], vec![fail(0), succeed(1)]],
    )
    .check();
}

#[test]
fn two_take_over_a_word_once() {
    Scenario::new(
        "count: two outcomes of a generation after the next",
        Shape::Count(3),
        vec![fail(0), Op::Advance],
        vec![vec![fail(1)], vec![Op::Advance, fail(2)], vec![succeed(2)]],
    )
    .check();
}

#[test]
fn a_ring_is_told_of_all_failures() {
    Scenario::new(
        "ring: two failures against two outcomes",
        Shape::Ring(5),
        vec![],
        vec![vec![fail(0), fail(0)], vec![succeed(0), fail(0)]],
    )
    .check();
}

#[test]
fn a_ring_is_told_of_all_failures_in_all_its_words() {
    Scenario::new(
        "ring: failures on both sides of a border of two words",
        Shape::Ring(60),
        vec![succeed(0); 43],
        vec![vec![fail(0)], vec![fail(0)], vec![succeed(0)]],
    )
    .check();
}

#[test]
fn a_full_ring_drops_one_for_each() {
    Scenario::new(
        "ring: a full window, pushed by two",
        Shape::Ring(3),
        vec![fail(0), succeed(0), fail(0)],
        vec![vec![fail(0)], vec![succeed(0)]],
    )
    .check();
}

#[test]
fn a_late_outcome_is_none_of_a_rings() {
    Scenario::new(
        "ring: a late failure against the next generation",
        Shape::Ring(3),
        vec![fail(0)],
        vec![vec![Op::Advance, fail(1)], vec![fail(0)]],
    )
    .check();
}

#[test]
fn buckets_are_told_of_all_failures() {
    Scenario::new(
        "time: two failures against two outcomes, two buckets",
        Shape::Time,
        vec![],
        vec![vec![fail(0), fail_at(0, 0)], vec![succeed(0), fail(0)]],
    )
    .check();
}

#[test]
fn one_of_two_failures_beside_a_border_is_told_of_both() {
    let mut scenario = Scenario::new(
        "time: a failure on each side of a border of two buckets",
        Shape::Time,
        vec![],
        vec![vec![fail_at(0, 4)], vec![fail_at(0, 5)]],
    );
    scenario.tick = 5;
    scenario.check();
}

#[test]
fn a_bucket_is_used_again_once() {
    let mut scenario = Scenario::new(
        "time: a bucket used again, and an outcome of its last lap",
        Shape::Time,
        vec![fail_at(0, 3)],
        vec![
            vec![fail_at(0, 13)],
            vec![fail_at(0, 3)],
            vec![fail_at(0, 13)],
        ],
    );
    scenario.tick = 13;
    scenario.check();
}

#[test]
fn a_late_outcome_is_none_of_a_buckets() {
    Scenario::new(
        "time: late failures against the next generation",
        Shape::Time,
        vec![fail(0)],
        vec![vec![Op::Advance, fail(1)], vec![fail(0)]],
    )
    .check();
}

/// So long that the low 14 bits of the lap are what they were.
const IDLE: u64 = LAP << 14;

#[test]
fn after_a_long_idleness_nothing_is_lost_and_nothing_counts_again() {
    let now = IDLE + 3;
    let mut scenario = Scenario::new(
        "time: two first failures after 16384 laps, and a reader",
        Shape::Time,
        vec![fail_at(0, 3)],
        vec![
            vec![fail_at(0, now)],
            vec![fail_at(0, now)],
            vec![Op::Look(now)],
        ],
    );
    scenario.tick = now;
    scenario.preemptions = THREE;
    scenario.check();
}

/// A bucket that the first outcome of the third lap has to clear.
fn two_laps() -> Vec<Op> {
    vec![fail_at(0, 5), fail_at(0, 13)]
}

#[test]
fn a_failure_in_a_bucket_that_is_swept_is_not_lost() {
    let mut scenario = Scenario::new(
        "time: two failures in a bucket that is swept",
        Shape::Time,
        two_laps(),
        vec![vec![fail_at(0, 25)], vec![fail_at(0, 25), Op::Look(25)]],
    );
    scenario.tick = 25;
    scenario.check();
}

#[test]
fn a_sweeper_that_slept_for_a_lap_clears_nothing_of_the_next() {
    let mut scenario = Scenario::new(
        "time: a sweeper of one lap, and a failure in the next",
        Shape::Time,
        two_laps(),
        vec![vec![fail_at(0, 25)], vec![fail_at(0, 35), Op::Look(35)]],
    );
    scenario.tick = 35;
    scenario.check();
}

#[test]
fn one_of_two_failures_beside_a_border_of_laps_is_told_of_both() {
    let mut scenario = Scenario::new(
        "time: a failure on each side of a border of two laps",
        Shape::Time,
        two_laps(),
        vec![vec![fail_at(0, 19)], vec![fail_at(0, 20)]],
    );
    scenario.tick = 20;
    scenario.check();
}

#[test]
fn two_that_begin_laps_at_once_begin_two() {
    let mut scenario = Scenario::new(
        "time: two laps begun at once after a pause, and a reader",
        Shape::Time,
        vec![fail_at(0, 3)],
        vec![
            vec![fail_at(0, 33)],
            vec![fail_at(0, 53)],
            vec![Op::Look(53)],
        ],
    );
    scenario.tick = 53;
    scenario.preemptions = THREE;
    scenario.check();
}

#[test]
fn a_late_outcome_is_none_of_a_bucket_that_is_swept() {
    let mut scenario = Scenario::new(
        "time: a late failure, and the next generation's in the next lap",
        Shape::Time,
        two_laps(),
        vec![vec![Op::Advance, fail_at(1, 25)], vec![fail_at(0, 25)]],
    );
    scenario.tick = 25;
    scenario.check();
}

/// What two successes write, each in a thread, after `setup`.
fn writes(name: &'static str, shape: Shape, setup: Vec<Op>) -> HashSet<u64> {
    let found = std::sync::Arc::new(Mutex::new(HashSet::new()));
    let executions = std::sync::Arc::new(AtomicUsize::new(0));
    let (seen, count, begun) = (found.clone(), executions.clone(), Instant::now());
    loom::model(move || {
        count.fetch_add(1, Ordering::Relaxed);
        let subject = Arc::new(Subject {
            window: Window::new(shape),
            generation: AtomicU32::new(0),
        });
        for op in &setup {
            subject.run(*op);
        }
        let before = subject.window.writes();
        play(&subject, &[vec![succeed(0)], vec![succeed(0)]]);
        let written = subject.window.writes() - before;
        seen.lock().unwrap().insert(written);
    });
    let executions = executions.load(Ordering::Relaxed);
    report(name, executions, "writes counted", begun);
    found.lock().unwrap().clone()
}

#[test]
fn a_success_in_a_clean_word_writes_nothing() {
    let setup = vec![succeed(0); 3];
    let found = writes("count: full and clean", Shape::Count(3), setup);

    assert_eq!(found, HashSet::from([0]));
}

#[test]
fn a_success_in_a_clean_ring_writes_nothing() {
    let setup = vec![succeed(0); 46];
    let found = writes("ring: full and clean", Shape::Ring(46), setup);

    assert_eq!(found, HashSet::from([0]));
}
