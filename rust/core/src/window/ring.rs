//! The last outcomes, up to 1024, as a ring of bits.
//!
//! ```text
//! head    bit 63..44 generation   43..0 outcomes pushed, 0 to twice the size
//! bits    bit 63..44 generation   43..0 one bit an outcome, 1 = failed
//! ```
//!
//! A push takes a place from the head, then writes its bit there. In between,
//! the place holds what fell out of the window, or a success if it is new. The
//! failures are summed, never kept as a number beside the bits, so no race can
//! make the two disagree for longer than a push takes. (A push that sleeps
//! while the whole ring goes round replaces one outcome by an older one.)
//!
//! Sequential consistency is needed here and nowhere else but in time windows:
//! each of two failures writes its own word and then reads the other's, and
//! without it both could miss the other. loom does not look for that.
//!
//! In a full ring without a failure a success reads all words and writes none.

use super::{BODY, Counts, narrow, tag};
use crate::breaker::Stamp;
use crate::sync::{AtomicU64, Ordering};

const OUTCOMES: u64 = 44;

/// A window of many outcomes.
#[derive(Debug)]
pub struct RingWindow {
    head: AtomicU64,
    bits: Box<[AtomicU64]>,
    size: u64,
}

impl RingWindow {
    /// Most outcomes.
    pub const MAX: u32 = 1024;

    /// An empty window of `size` outcomes, 1 to 1024.
    pub fn new(size: u32) -> Self {
        let size = u64::from(size.clamp(1, Self::MAX));
        Self {
            head: AtomicU64::new(0),
            bits: (0..size.div_ceil(OUTCOMES))
                .map(|_| AtomicU64::new(0))
                .collect(),
            size,
        }
    }

    /// Adds a failure; the counts with it, or `None` if `stamp` is late.
    ///
    /// `current` tells whether the generation of `stamp` is the breaker's.
    pub fn failure(&self, stamp: Stamp, current: impl Fn() -> bool) -> Option<Counts> {
        let place = self.take(stamp, &current)?;
        self.mark(place, stamp, true, &current)
            .then(|| self.counts(stamp))
    }

    /// Adds a success, unless nothing would change; false if `stamp` is late.
    pub fn success(&self, stamp: Stamp, current: impl Fn() -> bool) -> bool {
        self.is_clean(stamp)
            || self
                .take(stamp, &current)
                .is_some_and(|place| self.mark(place, stamp, false, &current))
    }

    /// What the window holds of the generation of `stamp`.
    pub fn counts(&self, stamp: Stamp) -> Counts {
        let head = self.head.load(Ordering::SeqCst);
        if head & !BODY != tag(stamp) {
            return Counts::default();
        }
        Counts {
            total: narrow((head & BODY).min(self.size)),
            failed: self
                .bits
                .iter()
                .map(|bits| own(bits.load(Ordering::SeqCst), stamp).count_ones())
                .fold(0, u32::saturating_add),
        }
    }

    /// Is it full, without a failure? Then a success has nothing to write.
    pub fn is_clean(&self, stamp: Stamp) -> bool {
        let head = self.head.load(Ordering::Acquire);
        let full = head & !BODY == tag(stamp) && head & BODY >= self.size;
        full && self
            .bits
            .iter()
            .all(|bits| own(bits.load(Ordering::Acquire), stamp) == 0)
    }

    /// The place of one more outcome.
    fn take(&self, stamp: Stamp, current: &impl Fn() -> bool) -> Option<u64> {
        let mut head = self.head.load(Ordering::Acquire);
        loop {
            let pushed = if head & !BODY == tag(stamp) {
                head & BODY
            } else if current() {
                0
            } else {
                return None;
            };
            // Below the size it is filling, from there on it goes in circles.
            let next = pushed.saturating_add(1);
            let lap = self.size.saturating_mul(2);
            let next = if next == lap { self.size } else { next };
            match swap(&self.head, head, tag(stamp) | next) {
                Ok(()) => return pushed.checked_rem(self.size),
                Err(seen) => head = seen,
            }
        }
    }

    /// Writes the outcome at its place; false if `stamp` is late.
    fn mark(&self, place: u64, stamp: Stamp, failed: bool, current: &impl Fn() -> bool) -> bool {
        let bit = 1 << place.rem_euclid(OUTCOMES);
        let index = usize::try_from(place.div_euclid(OUTCOMES)).unwrap_or(usize::MAX);
        let Some(bits) = self.bits.get(index) else {
            return false; // there is no such place
        };
        let mut word = bits.load(Ordering::Acquire);
        loop {
            let before = own(word, stamp);
            let after = if failed { before | bit } else { before & !bit };
            if after == before {
                return true;
            }
            if word & !BODY != tag(stamp) && !current() {
                return false;
            }
            match swap(bits, word, tag(stamp) | after) {
                Ok(()) => return true,
                Err(seen) => word = seen,
            }
        }
    }

    /// How often somebody stored or tried to.
    #[cfg(loom)]
    #[doc(hidden)]
    pub fn writes(&self) -> u64 {
        self.bits
            .iter()
            .map(AtomicU64::writes)
            .fold(self.head.writes(), u64::saturating_add)
    }
}

fn swap(word: &AtomicU64, old: u64, new: u64) -> Result<(), u64> {
    word.compare_exchange_weak(old, new, Ordering::SeqCst, Ordering::Acquire)
        .map(drop)
}

/// The outcomes in a word, none if it is another generation's.
fn own(word: u64, stamp: Stamp) -> u64 {
    if word & !BODY == tag(stamp) {
        word & BODY
    } else {
        0
    }
}
