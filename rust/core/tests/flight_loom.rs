//! No interleaving counts a call in flight twice, keeps one, or loses one.
//!
//! A sum reads several words while others write, so it may be what no order of
//! the operations gives: less. Of every sum, three things are asserted:
//!
//! * At some instant between its beginning and its end at least as many calls
//!   were in flight and too old. A call is in flight from the beginning of its
//!   enter to the end of its leave.
//! * The sums of all executions are those that the scenario names, no more and
//!   no fewer. Else the exploration is too narrow to prove anything.
//! * When all threads are done a sum is exact, and when all calls have landed
//!   it is 0, then and for ever.
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

mod flights;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use flights::{Call, SLOW_AFTER, TICK, count, hanging};
use loom::sync::Arc;
use loom::sync::atomic::AtomicU32;
use loom::thread;
use seawall_core::window::InFlight;

/// Preemptions per execution, where all interleavings would take minutes.
const BOUND: Option<usize> = Some(4);

/// One operation; a number is that of a call, or a tick.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Op {
    Enter(usize),
    Leave(usize),
    /// What hangs of a generation, at a tick.
    Sum(u32, u64),
    /// The breaker moves on to the next generation.
    Advance,
}

/// An operation begins or ends; loom runs one thread at a time, so the order
/// of these is the order of what happened.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    Begin(Op),
    /// With what an enter or a sum was answered.
    End(Op, u32),
}

struct Subject {
    flying: InFlight,
    calls: Vec<Call>,
    generation: AtomicU32,
    history: Mutex<Vec<Event>>,
}

impl Subject {
    fn new(calls: Vec<Call>) -> Self {
        Self {
            flying: flights::new(),
            calls,
            generation: AtomicU32::new(0),
            history: Mutex::new(Vec::new()),
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

    fn note(&self, event: Event) {
        self.history.lock().unwrap().push(event);
    }

    /// When the last of the calls was admitted.
    fn latest(&self) -> u64 {
        let calls = self.calls.iter().map(|call| call.admitted);
        calls.max().unwrap_or_default()
    }

    fn run(&self, op: Op) -> Option<u32> {
        self.note(Event::Begin(op));
        let answer = match op {
            Op::Enter(call) => self.calls[call]
                .enter(&self.flying, || self.current())
                .into(),
            // Who was not counted must not leave.
            Op::Leave(call) if !self.was_counted(call) => 0,
            Op::Leave(call) => {
                self.calls[call].leave(&self.flying, self.latest(), || self.current());
                0
            }
            Op::Sum(generation, tick) => hanging(&self.flying, generation, tick * TICK),
            Op::Advance => {
                self.generation.fetch_add(1, Ordering::AcqRel);
                0
            }
        };
        self.note(Event::End(op, answer));
        matches!(op, Op::Sum(..)).then_some(answer)
    }

    /// No sum is above what was true at each instant of it.
    fn check_sums(&self) {
        let history = self.history.lock().unwrap();
        for (end, event) in history.iter().enumerate() {
            let Event::End(op @ Op::Sum(generation, tick), answer) = *event else {
                continue;
            };
            let clock = self.latest().max(tick * TICK);
            let begin = history[..end]
                .iter()
                .rposition(|one| *one == Event::Begin(op));
            let most = (begin.unwrap()..=end)
                .map(|instant| count(self.old(generation, clock, &history[..instant]).into_iter()))
                .max();
            assert!(Some(answer) <= most, "{answer} of {most:?} in {history:#?}");
        }
    }

    /// The calls of a generation that were in flight and too old after `past`.
    fn old(&self, generation: u32, clock: u64, past: &[Event]) -> Vec<Call> {
        let flying = |id: usize| {
            let ended = |one: &Event| matches!(one, Event::End(op, _) if *op == Op::Leave(id));
            past.contains(&Event::Begin(Op::Enter(id))) && !past.iter().any(ended)
        };
        let calls = self.calls.iter().enumerate().filter(|(id, _)| flying(*id));
        calls
            .map(|(_, call)| *call)
            .filter(|call| call.is_older(generation, clock, SLOW_AFTER))
            .collect()
    }

    fn happened(&self, event: Event) -> bool {
        self.history.lock().unwrap().contains(&event)
    }

    fn was_counted(&self, id: usize) -> bool {
        self.happened(Event::End(Op::Enter(id), 1))
    }

    /// The calls that were counted and have not landed.
    fn left(&self) -> Vec<usize> {
        let landed = |id: usize| self.happened(Event::Begin(Op::Leave(id)));
        let ids = 0..self.calls.len();
        ids.filter(|id| self.was_counted(*id) && !landed(*id))
            .collect()
    }

    /// Nobody else is running: a sum is exact, and 0 in the end.
    fn settle(&self) {
        let (generation, now) = (self.current(), self.latest() + 8 * TICK);
        let left = self.left();
        let mine = |id: &&usize| self.calls[**id].generation == generation;
        assert_eq!(
            usize::try_from(hanging(&self.flying, generation, now)).unwrap(),
            left.iter().filter(mine).count(),
            "{:#?}",
            self.history.lock().unwrap()
        );
        for id in left {
            self.calls[id].leave(&self.flying, now, || generation);
        }
        for later in 0..20 {
            assert_eq!(hanging(&self.flying, generation, now + later * TICK), 0);
        }
    }
}

struct Scenario {
    name: &'static str,
    /// The generation and the tick of each call.
    calls: &'static [(u32, u64)],
    setup: Vec<Op>,
    threads: Vec<Vec<Op>>,
    /// What the sums are, those of one execution together.
    sums: &'static [&'static [u32]],
    preemptions: Option<usize>,
}

impl Scenario {
    fn check(self) {
        let begun = Instant::now();
        let (name, sums, preemptions) = (self.name, self.sums, self.preemptions);
        let executions = std::sync::Arc::new(AtomicUsize::new(0));
        let reached = std::sync::Arc::new(Mutex::new(BTreeSet::new()));
        let (number, seen) = (executions.clone(), reached.clone());
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = preemptions;
        builder.check(move || {
            number.fetch_add(1, Ordering::Relaxed);
            seen.lock().unwrap().insert(self.execute());
        });
        report(name, executions.load(Ordering::Relaxed), preemptions, begun);
        let expected: BTreeSet<_> = sums.iter().map(|sums| sums.to_vec()).collect();
        assert_eq!(*reached.lock().unwrap(), expected);
    }

    fn execute(&self) -> Vec<u32> {
        let calls = self.calls.iter();
        let calls = calls.map(|(generation, tick)| Call::at_tick(*generation, *tick));
        let subject = Arc::new(Subject::new(calls.collect()));
        for op in &self.setup {
            subject.run(*op);
        }
        let sums = play(&subject, &self.threads);
        subject.check_sums();
        subject.settle();
        sums
    }
}

fn play(subject: &Arc<Subject>, threads: &[Vec<Op>]) -> Vec<u32> {
    let handles: Vec<_> = threads[1..]
        .iter()
        .cloned()
        .map(|ops| {
            let subject = subject.clone();
            thread::spawn(move || ops.into_iter().filter_map(|op| subject.run(op)).collect())
        })
        .collect();
    let mut sums: Vec<u32> = threads[0]
        .iter()
        .filter_map(|op| subject.run(*op))
        .collect();
    for handle in handles {
        let more: Vec<u32> = handle.join().unwrap();
        sums.extend(more);
    }
    sums
}

/// Past the capture of the test harness: the figures are part of the result.
fn report(name: &str, executions: usize, preemptions: Option<usize>, begun: Instant) {
    let bound = preemptions.map_or("all".to_owned(), |bound| format!("<= {bound} preemptions"));
    let seconds = begun.elapsed().as_secs_f64();
    let line = format!("{name:<58} {executions:>8} executions  {bound:<18} {seconds:>5.1} s\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

#[test]
fn a_sum_never_counts_a_moved_call_twice() {
    Scenario {
        name: "flight: two enters move a bucket of two, and a sum",
        calls: &[(0, 0), (0, 0), (0, 8), (0, 8)],
        setup: vec![Op::Enter(0), Op::Enter(1)],
        threads: vec![vec![Op::Enter(2)], vec![Op::Enter(3)], vec![Op::Sum(0, 8)]],
        // Both, or neither while they are on their way.
        sums: &[&[0], &[2]],
        preemptions: None,
    }
    .check();
}

#[test]
fn a_call_leaves_though_its_bucket_is_being_moved() {
    Scenario {
        name: "flight: a leave against the move of its bucket, and a sum",
        calls: &[(0, 0), (0, 0), (0, 8)],
        setup: vec![Op::Enter(0), Op::Enter(1)],
        threads: vec![vec![Op::Enter(2)], vec![Op::Leave(0)], vec![Op::Sum(0, 8)]],
        sums: &[&[0], &[1], &[2]],
        preemptions: None,
    }
    .check();
}

#[test]
fn all_calls_of_a_bucket_leave_while_it_is_moved() {
    Scenario {
        name: "flight: two leaves against the move, then two sums",
        calls: &[(0, 0), (0, 0), (0, 8)],
        setup: vec![Op::Enter(0), Op::Enter(1)],
        threads: vec![
            vec![Op::Enter(2), Op::Sum(0, 8)],
            vec![Op::Leave(0), Op::Sum(0, 9)],
            vec![Op::Leave(1)],
        ],
        // Whoever has landed its call does not count it.
        sums: &[&[0, 0], &[0, 1], &[1, 0], &[1, 1], &[2, 0], &[2, 1]],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn what_was_moved_is_not_moved_again() {
    Scenario {
        name: "flight: two laps of one bucket, a leave, and a sum",
        calls: &[(0, 0), (0, 8), (0, 16)],
        setup: vec![Op::Enter(0)],
        threads: vec![
            vec![Op::Enter(1), Op::Leave(1)],
            vec![Op::Enter(2)],
            vec![Op::Sum(0, 16)],
        ],
        sums: &[&[0], &[1], &[2]],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn a_call_too_late_for_its_bucket_is_counted_in_it_or_not_at_all() {
    Scenario {
        name: "flight: an enter against a later one of the same bucket",
        calls: &[(0, 0), (0, 8)],
        setup: vec![],
        threads: vec![vec![Op::Enter(0)], vec![Op::Enter(1)], vec![Op::Sum(0, 8)]],
        sums: &[&[0], &[1]],
        preemptions: None,
    }
    .check();
}

#[test]
fn a_generation_that_ends_leaves_nothing_to_the_next() {
    Scenario {
        name: "flight: enters of two generations while one ends",
        calls: &[(0, 0), (0, 8), (1, 8)],
        setup: vec![Op::Enter(0)],
        threads: vec![
            vec![Op::Advance, Op::Enter(2), Op::Sum(1, 13)],
            vec![Op::Enter(1), Op::Leave(0)],
        ],
        sums: &[&[1]],
        preemptions: None,
    }
    .check();
}

#[test]
fn two_take_over_a_dead_bucket_once() {
    Scenario {
        name: "flight: two enters and a leave in a bucket of a dead one",
        calls: &[(0, 0), (1, 8), (1, 8), (1, 0)],
        setup: vec![Op::Enter(0), Op::Advance],
        threads: vec![
            vec![Op::Enter(1), Op::Leave(1)],
            vec![Op::Enter(2), Op::Sum(1, 13)],
            vec![Op::Leave(0)],
        ],
        sums: &[&[1], &[2]],
        preemptions: BOUND,
    }
    .check();
}

#[test]
fn a_dead_count_of_older_calls_is_taken_over_once() {
    Scenario {
        name: "flight: moves and leaves of two generations in `older`",
        calls: &[(0, 0), (0, 8), (1, 16), (1, 24)],
        setup: vec![Op::Enter(0)],
        threads: vec![
            vec![Op::Enter(1)],
            vec![Op::Advance, Op::Enter(2), Op::Enter(3), Op::Sum(1, 24)],
        ],
        sums: &[&[1]],
        preemptions: None,
    }
    .check();
}

#[test]
fn a_sum_writes_nothing() {
    let begun = Instant::now();
    let executions = std::sync::Arc::new(AtomicUsize::new(0));
    let number = executions.clone();
    loom::model(move || {
        number.fetch_add(1, Ordering::Relaxed);
        let subject = Arc::new(Subject::new(vec![Call::at_tick(0, 0)]));
        subject.run(Op::Enter(0));
        let before = subject.flying.writes();
        let sums = play(&subject, &[vec![Op::Sum(0, 5)], vec![Op::Sum(0, 5)]]);

        assert_eq!(sums, [1, 1]);
        assert_eq!(subject.flying.writes(), before);
    });
    let executions = executions.load(Ordering::Relaxed);
    report("flight: two sums write nothing", executions, None, begun);
}
