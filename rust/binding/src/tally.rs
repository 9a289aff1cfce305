//! What is counted since a breaker was built.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only rises, whatever threads do.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Written by disturbed calls only, unless successes are to be counted, so that
/// the others share no line of memory.
#[derive(Default)]
pub(crate) struct Tally {
    /// Calls that were not admitted, or in shadow mode would not have been.
    pub(crate) rejected: Count,
    /// Verdicts of an older generation.
    pub(crate) late: Count,
    pub(crate) failed: Count,
    pub(crate) ignored: Count,
    pub(crate) succeeded: Count,
}
