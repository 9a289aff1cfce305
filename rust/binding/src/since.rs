//! When the state began.
//!
//! Rule: a change is noted with the time that it was made with, and never in
//! place of a newer one: the threads that made them may come here in any order.
//!
//! A lost probe's generation and the reset of a closed circuit begin no state.

use std::sync::{Mutex, MutexGuard, PoisonError};

use seawall_core::{Nanos, Snapshot, State, Transition};

/// Half of all generations: what is further ahead than that is behind.
const HALF: u32 = 1 << 19;

/// The newest change that was noted.
#[derive(Default)]
pub(crate) struct Since(Mutex<Option<Began>>);

#[derive(Clone, Copy)]
struct Began {
    state: State,
    generation: u32,
    at: Nanos,
}

impl Since {
    /// Notes that `change` was made with the time `at`.
    pub(crate) fn note(&self, change: &Transition, at: Nanos) {
        if change.old == change.new {
            return;
        }
        let mut last = self.lock();
        if last.is_none_or(|last| !is_ahead(last.generation, change.generation)) {
            *last = Some(Began {
                state: change.new,
                generation: change.generation,
                at,
            });
        }
    }

    /// When the state that was `seen` began; `None` if it never changed, or if
    /// who changed it has not come here yet.
    pub(crate) fn of(&self, seen: &Snapshot) -> Option<Nanos> {
        let last = (*self.lock())?;
        let known = last.state == seen.state && !is_ahead(last.generation, seen.generation);
        known.then_some(last.at)
    }

    /// Nothing can fail under it, and no Python code runs.
    fn lock(&self) -> MutexGuard<'_, Option<Began>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does `generation` come after `other`, on their circle?
const fn is_ahead(generation: u32, other: u32) -> bool {
    let distance = generation.wrapping_sub(other) & (2 * HALF - 1);
    distance != 0 && distance < HALF
}
