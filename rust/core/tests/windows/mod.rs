//! The windows as one would write them for a single thread: a queue of outcomes.
#![allow(
    dead_code,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "an oracle is to be obvious, and each test uses its part of it"
)]

use std::collections::VecDeque;

use seawall_core::window::{CountWindow, Counts, RingWindow, TimeWindow};
use seawall_core::{Nanos, Stamp};

/// How wide a bucket of the time window is.
pub(crate) const WIDTH: u64 = 2_000;
/// Ticks of a lap: as many as there are buckets.
pub(crate) const LAP: u64 = 10;

/// An outcome of a call of some generation, at some tick of the clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) generation: u32,
    pub(crate) tick: u64,
    pub(crate) failed: bool,
}

impl Outcome {
    fn stamp(self) -> Stamp {
        Stamp::from_generation(self.generation)
    }

    fn now(self) -> Nanos {
        at(self.tick)
    }
}

fn at(tick: u64) -> Nanos {
    Nanos::new(tick * WIDTH)
}

/// What a push is answered: nothing if it is late, the counts if it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Late,
    Taken(Option<Counts>),
    /// What somebody saw who pushed nothing.
    Seen(Counts),
}

/// Any of the three.
#[derive(Debug)]
pub(crate) enum Window {
    Count(CountWindow),
    Ring(RingWindow),
    Time(TimeWindow),
}

/// Which of the three, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Count(u32),
    Ring(u32),
    Time,
}

impl Window {
    pub(crate) fn new(shape: Shape) -> Self {
        match shape {
            Shape::Count(size) => Self::Count(CountWindow::new(size)),
            Shape::Ring(size) => Self::Ring(RingWindow::new(size)),
            Shape::Time => Self::Time(TimeWindow::new(Nanos::new(LAP * WIDTH))),
        }
    }

    /// As the breaker does it: a stamp is checked, then the outcome is pushed.
    pub(crate) fn push(&self, outcome: Outcome, current: impl Fn() -> u32) -> Answer {
        let (stamp, now) = (outcome.stamp(), outcome.now());
        let is_current = || current() == outcome.generation;
        if !is_current() {
            return Answer::Late;
        }
        if outcome.failed {
            let counts = match self {
                Self::Count(window) => window.failure(stamp, is_current),
                Self::Ring(window) => window.failure(stamp, is_current),
                Self::Time(window) => window.failure(stamp, now, is_current),
            };
            return counts.map_or(Answer::Late, |counts| Answer::Taken(Some(counts)));
        }
        let taken = match self {
            Self::Count(window) => window.success(stamp, is_current),
            Self::Ring(window) => window.success(stamp, is_current),
            Self::Time(window) => window.success(stamp, now, is_current),
        };
        if taken {
            Answer::Taken(None)
        } else {
            Answer::Late
        }
    }

    pub(crate) fn counts(&self, generation: u32, tick: u64) -> Counts {
        let stamp = Stamp::from_generation(generation);
        match self {
            Self::Count(window) => window.counts(stamp),
            Self::Ring(window) => window.counts(stamp),
            Self::Time(window) => window.counts(stamp, at(tick)),
        }
    }

    pub(crate) fn is_clean(&self, generation: u32) -> bool {
        let stamp = Stamp::from_generation(generation);
        match self {
            Self::Count(window) => window.is_clean(stamp),
            Self::Ring(window) => window.is_clean(stamp),
            Self::Time(_) => false,
        }
    }

    #[cfg(loom)]
    pub(crate) fn writes(&self) -> u64 {
        match self {
            Self::Count(window) => window.writes(),
            Self::Ring(window) => window.writes(),
            Self::Time(window) => window.writes(),
        }
    }
}

/// The plain window, and the generation it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    shape: Shape,
    generation: u32,
    outcomes: VecDeque<Outcome>,
}

impl Model {
    pub(crate) fn new(shape: Shape) -> Self {
        Self {
            shape,
            generation: 0,
            outcomes: VecDeque::new(),
        }
    }

    pub(crate) fn advance(&mut self, generations: u32) {
        self.generation = (self.generation + generations) % (1 << 20);
        self.outcomes.clear();
    }

    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    pub(crate) fn push(&mut self, outcome: Outcome) -> Answer {
        if outcome.generation != self.generation {
            return Answer::Late;
        }
        self.outcomes.push_back(outcome);
        match self.shape {
            Shape::Count(size) | Shape::Ring(size) => {
                if self.outcomes.len() > size.try_into().unwrap() {
                    self.outcomes.pop_front();
                }
            }
            Shape::Time => {}
        }
        Answer::Taken(outcome.failed.then(|| self.counts(outcome.tick)))
    }

    pub(crate) fn counts(&self, now: u64) -> Counts {
        let inside = |outcome: &&Outcome| match self.shape {
            Shape::Count(_) | Shape::Ring(_) => true,
            Shape::Time => outcome.tick <= now && now - outcome.tick < LAP,
        };
        let count = |failed: bool| {
            let outcomes = self.outcomes.iter().filter(inside);
            let counted = outcomes.filter(|one| one.failed || !failed).count();
            u32::try_from(counted).unwrap()
        };
        Counts {
            total: count(false),
            failed: count(true),
        }
    }

    pub(crate) fn is_clean(&self) -> bool {
        let counts = self.counts(0);
        match self.shape {
            Shape::Count(size) | Shape::Ring(size) => counts.total == size && counts.failed == 0,
            Shape::Time => false,
        }
    }
}
