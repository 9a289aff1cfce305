//! The last outcomes, up to 43, in one word.
//!
//! ```text
//! bit 63..44 generation
//!     43..0  a 1, then one bit for each outcome, the newest last: 1 = failed
//! ```
//!
//! The leading 1 says how many outcomes there are. One word is pushed by one
//! compare-and-swap, so the window is exact: what a failure is told is what
//! lay there after it, before anybody else's outcome.
//!
//! A full window without a failure looks the same after one more success, so
//! that success writes nothing. Zero is an empty window of generation 0.

use super::{BODY, Counts, narrow, tag};
use crate::breaker::Stamp;
use crate::sync::{AtomicU64, Ordering};

/// A window of a few outcomes.
#[derive(Debug)]
pub struct CountWindow {
    word: AtomicU64,
    size: u32,
}

impl CountWindow {
    /// Most outcomes that fit: a word less its generation and the leading 1.
    pub const MAX: u32 = 43;

    /// An empty window of `size` outcomes, 1 to 43.
    pub fn new(size: u32) -> Self {
        Self {
            word: AtomicU64::new(0),
            size: size.clamp(1, Self::MAX),
        }
    }

    /// Adds a failure; the counts with it, or `None` if `stamp` is late.
    ///
    /// `current` tells whether the generation of `stamp` is the breaker's.
    pub fn failure(&self, stamp: Stamp, current: impl Fn() -> bool) -> Option<Counts> {
        self.push(stamp, 1, current).map(counts)
    }

    /// Adds a success, unless nothing would change; false if `stamp` is late.
    #[inline]
    pub fn success(&self, stamp: Stamp, current: impl Fn() -> bool) -> bool {
        self.is_clean(stamp) || self.push(stamp, 0, current).is_some()
    }

    /// What the window holds of the generation of `stamp`.
    pub fn counts(&self, stamp: Stamp) -> Counts {
        let word = self.word.load(Ordering::Acquire);
        if word & !BODY == tag(stamp) {
            counts(word & BODY)
        } else {
            Counts::default()
        }
    }

    /// Is it full, without a failure? Then a success has nothing to write.
    ///
    /// Relaxed: the answer is this word's alone.
    #[inline]
    pub fn is_clean(&self, stamp: Stamp) -> bool {
        self.word.load(Ordering::Relaxed) == tag(stamp) | self.full()
    }

    fn push(&self, stamp: Stamp, failed: u64, current: impl Fn() -> bool) -> Option<u64> {
        // Acquire: `current` looks at the breaker after this, never before.
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let before = if word & !BODY == tag(stamp) {
                word & BODY
            } else if current() {
                0
            } else {
                return None;
            };
            let after = self.shifted(before.max(1), failed);
            match self.word.compare_exchange_weak(
                word,
                tag(stamp) | after,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Some(after),
                Err(seen) => word = seen,
            }
        }
    }

    /// One outcome more; of a full window the oldest falls out.
    fn shifted(&self, outcomes: u64, failed: u64) -> u64 {
        let longer = outcomes << 1 | failed;
        if outcomes & self.full() == 0 {
            longer
        } else {
            longer & (self.full().wrapping_sub(1)) | self.full()
        }
    }

    /// The leading 1 of a full window.
    const fn full(&self) -> u64 {
        1_u64.wrapping_shl(self.size)
    }

    /// How often somebody stored or tried to.
    #[cfg(loom)]
    #[doc(hidden)]
    pub fn writes(&self) -> u64 {
        self.word.writes()
    }
}

/// Nothing is counted in a word of zeros; else the leading 1 is no outcome.
fn counts(outcomes: u64) -> Counts {
    Counts {
        total: narrow(outcomes.checked_ilog2().unwrap_or(0).into()),
        failed: outcomes.count_ones().saturating_sub(1),
    }
}
