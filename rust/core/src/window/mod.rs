//! What a breaker remembers of the calls before, so that a ratio can be told.
//!
//! Rule 1: a window belongs to a generation. Each of its words carries the
//! generation that wrote it last; a word of another one counts for nothing and
//! is overwritten when it is needed. Nobody ever clears a window.
//!
//! Rule 2: whoever wants to overwrite a word of another generation looks at
//! it, then asks whether its own generation is still the current one, then
//! swaps. What it saw is then older than itself, whatever the numbers say, and
//! the swap fails if anybody newer came in between. So a verdict of an old
//! generation is inert, and a word that slept through half of all generations
//! is not taken for a newer one.
//!
//! Rule 3: a failure is told what the window holds once it is in it. Of several
//! at once the last is told of all of them, so a trip is not missed; whose swap
//! of the breaker's word succeeds decides who is handed it.

pub mod count;
pub mod flight;
mod laps;
pub mod ring;
pub mod time;

use crate::backoff::Ppm;
use crate::breaker::Stamp;

pub use count::CountWindow;
pub use flight::InFlight;
pub use ring::RingWindow;
pub use time::TimeWindow;

/// Every word begins with its generation, in the bits above these.
const GENERATION_SHIFT: u32 = 44;
/// What a word has left for outcomes.
pub(crate) const BODY: u64 = (1 << GENERATION_SHIFT) - 1;

/// What is in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Outcomes.
    pub total: u32,
    /// Failures among them.
    pub failed: u32,
}

impl Counts {
    /// Are there enough outcomes, and enough failures among them?
    ///
    /// Whole numbers: as a fraction of floats, 10 of 100 would not reach 0.1.
    pub fn reach(self, ratio: Ppm, min_calls: u32) -> bool {
        let failed = u64::from(self.failed).saturating_mul(1_000_000);
        let needed = u64::from(ratio.get()).saturating_mul(self.total.into());
        self.total >= min_calls.max(1) && failed >= needed
    }

    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            total: self.total.saturating_add(other.total),
            failed: self.failed.saturating_add(other.failed),
        }
    }
}

/// A generation, where every word of a window has it.
pub(crate) fn tag(stamp: Stamp) -> u64 {
    u64::from(stamp.generation()) << GENERATION_SHIFT
}

/// Every caller passes a field of a word, so the maximum is never used.
pub(crate) fn narrow(field: u64) -> u32 {
    u32::try_from(field).unwrap_or(u32::MAX)
}
