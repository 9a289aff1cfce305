//! The calls in flight that are older than they should be.
//!
//! ```text
//! bucket  bit 63..44 generation   43..20 tick   19..0 calls
//! older   bit 63..44 generation   43..0 calls, signed
//! ```
//!
//! A tick is a quarter of `slow_after`, rounded up, and a call belongs to the
//! tick in which it was admitted: it is in flight from that reading of the
//! clock until it leaves. When the fifth tick after it begins it is older than
//! `slow_after`, for certain, and by a quarter at most. Eight buckets are used
//! in turn; what a bucket still holds when its turn comes again is moved to
//! `older`. The rules of `window` hold, and these:
//!
//! Rule 1: every enter has its leave. A call leaves its bucket if the bucket
//! still has its tick and a call to take away, and `older` otherwise. So the
//! words of a generation add up to its calls in flight, but for moves under
//! way; when all have landed they add up to nothing, whatever moved when. That
//! is why `older` is signed: a call may leave it before it was moved there.
//!
//! Rule 2: a sum is a lower bound. A mover takes the calls out of the bucket
//! first and then adds them to `older`; a sum reads `older` first and then the
//! buckets. A call that was moved meanwhile is missed by that sum, and none is
//! counted twice: who finds it in `older` finds it gone from its bucket. Nor
//! is one counted that had landed when `older` was read: it left its bucket,
//! which is read later, or `older`. So there is an instant, the reading of
//! `older`, at which at least as many calls were in flight and too old.
//!
//! Rule 3: what is not certain is not counted. Ticks are a circle of 2²⁴, and
//! beyond half of it earlier and later change places. A call whose bucket has
//! calls of a later tick is either late itself or young, and the bucket slept
//! for half the circle; it is not counted. A call that lands after half the
//! circle leaves `older`, for the calls of its tick may be new ones. A full
//! bucket, 2²⁰ - 1 calls, takes no more. A bucket without calls is free,
//! whatever its tick, so a breaker may sleep for any time. (What is left: a
//! thread that sleeps for half the circle between the clock and its bucket.)
//!
//! Rule 4: the clocks of two threads may disagree, for one of them slept after
//! it had read. A sum that is behind takes fewer buckets for old. What is moved
//! is old by the clock of its mover, which was read before the move.
//!
//! Rule 5: what is left of a generation is dead with it. Its late leaves touch
//! nothing, and what never lands does not have to be cleared.

use super::{BODY, narrow, tag};
use crate::Nanos;
use crate::breaker::Stamp;
use crate::sync::{AtomicU64, Ordering};

const BUCKETS: usize = 8;
const TICK_SHIFT: u32 = 20;
/// Calls of a bucket, and the most it holds.
const CALLS: u64 = (1 << TICK_SHIFT) - 1;
const TICKS: u64 = (1 << 24) - 1;
const HALF: u64 = 1 << 23;
/// Ticks in `slow_after`, and the first distance that is more for certain.
const QUARTERS: u64 = 4;
const OLD: u64 = QUARTERS + 1;
/// Shortest tick, so that half the circle is a quarter of an hour at least.
const SHORTEST: u64 = 100_000;
/// Above the sign of `older`.
const SIGN_SHIFT: u32 = 20;

/// The calls in flight, by when they were admitted.
#[derive(Debug)]
pub struct InFlight {
    older: AtomicU64,
    buckets: [AtomicU64; BUCKETS],
    width: u64,
}

impl InFlight {
    /// Nothing in flight yet; a call is old after `slow_after`.
    pub fn new(slow_after: Nanos) -> Self {
        Self {
            older: AtomicU64::new(0),
            buckets: core::array::from_fn(|_| AtomicU64::new(0)),
            width: slow_after.as_u64().div_ceil(QUARTERS).max(SHORTEST),
        }
    }

    /// Counts a call; false if it was not and must not leave either.
    ///
    /// `current` tells whether the generation of `stamp` is the breaker's.
    #[must_use = "a call that was not counted must not leave"]
    pub fn enter(&self, stamp: Stamp, admitted: Nanos, current: impl Fn() -> bool) -> bool {
        let tick = self.ticks(admitted) & TICKS;
        let Some(bucket) = self.bucket(tick) else {
            return false; // there is one for every tick
        };
        let mut word = bucket.load(Ordering::Acquire);
        loop {
            let (calls, moved) = match Found::of(word, stamp, tick) {
                Found::Mine(calls) => (calls, 0),
                Found::Earlier(calls) => (0, calls),
                Found::Foreign if current() => (0, 0),
                Found::Foreign | Found::Full | Found::Later => return false,
            };
            let new = head(stamp, tick) | calls.saturating_add(1);
            match swap(bucket, word, new) {
                Ok(()) => {
                    self.move_to_older(stamp, moved, current);
                    return true;
                }
                Err(seen) => word = seen,
            }
        }
    }

    /// A call that was counted has landed, now.
    pub fn leave(&self, stamp: Stamp, admitted: Nanos, now: Nanos, current: impl Fn() -> bool) {
        if !current() {
            return;
        }
        let entered = self.ticks(admitted);
        let lost = self.ticks(now).saturating_sub(entered) >= HALF; // rule 3
        if lost || !self.leave_bucket(stamp, entered & TICKS) {
            self.change_older(stamp, 1_u64.wrapping_neg(), current);
        }
    }

    /// How many calls of the generation of `stamp` are in flight and too old,
    /// at least.
    pub fn hanging(&self, stamp: Stamp, now: Nanos) -> u32 {
        let older = self.older.load(Ordering::Acquire); // first: rule 2
        let tick = self.ticks(now) & TICKS;
        let in_buckets = self
            .buckets
            .iter()
            .map(|bucket| old_calls(bucket.load(Ordering::Acquire), stamp, tick))
            .fold(0, u64::saturating_add);
        let older = if is_own(older, stamp) { older } else { 0 };
        // Together: a minus in `older` may belong to a call in a bucket.
        let sum = signed(older).saturating_add_unsigned(in_buckets);
        narrow(sum.max(0).unsigned_abs())
    }

    fn leave_bucket(&self, stamp: Stamp, tick: u64) -> bool {
        let Some(bucket) = self.bucket(tick) else {
            return false;
        };
        let mut word = bucket.load(Ordering::Acquire);
        while word & !CALLS == head(stamp, tick) && word & CALLS != 0 {
            match swap(bucket, word, word.saturating_sub(1)) {
                Ok(()) => return true,
                Err(seen) => word = seen,
            }
        }
        false
    }

    fn move_to_older(&self, stamp: Stamp, calls: u64, current: impl Fn() -> bool) {
        if calls != 0 {
            self.change_older(stamp, calls, current);
        }
    }

    /// Adds to `older`, modulo 2⁴⁴: what is below zero is a large number.
    fn change_older(&self, stamp: Stamp, change: u64, current: impl Fn() -> bool) {
        let mut word = self.older.load(Ordering::Acquire);
        loop {
            let before = if is_own(word, stamp) {
                word & BODY
            } else if current() {
                0
            } else {
                return;
            };
            let after = before.wrapping_add(change) & BODY;
            match swap(&self.older, word, tag(stamp) | after) {
                Ok(()) => return,
                Err(seen) => word = seen,
            }
        }
    }

    fn ticks(&self, now: Nanos) -> u64 {
        now.as_u64().checked_div(self.width).unwrap_or(0)
    }

    fn bucket(&self, tick: u64) -> Option<&AtomicU64> {
        let index = usize::try_from(tick).ok()?;
        self.buckets.get(index.rem_euclid(BUCKETS))
    }

    /// How often somebody stored or tried to.
    #[cfg(loom)]
    #[doc(hidden)]
    pub fn writes(&self) -> u64 {
        self.buckets
            .iter()
            .map(AtomicU64::writes)
            .fold(self.older.writes(), u64::saturating_add)
    }
}

/// What a call finds in its bucket.
enum Found {
    /// Another generation's.
    Foreign,
    /// Its own tick, with so many calls.
    Mine(u64),
    /// Its own tick, with as many calls as can be counted.
    Full,
    /// So many calls of a tick that is over.
    Earlier(u64),
    /// Calls of a tick that is yet to come.
    Later,
}

impl Found {
    fn of(word: u64, stamp: Stamp, tick: u64) -> Self {
        let calls = word & CALLS;
        if !is_own(word, stamp) {
            return Self::Foreign;
        }
        match behind(word, tick) {
            0 if calls == CALLS => Self::Full,
            0 => Self::Mine(calls),
            HALF.. if calls != 0 => Self::Later,
            _ => Self::Earlier(calls),
        }
    }
}

fn old_calls(word: u64, stamp: Stamp, tick: u64) -> u64 {
    let is_old = (OLD..HALF).contains(&behind(word, tick));
    if is_own(word, stamp) && is_old {
        word & CALLS
    } else {
        0
    }
}

/// Ticks from that of a bucket to `tick`, once round the circle at most.
const fn behind(word: u64, tick: u64) -> u64 {
    tick.wrapping_sub(word >> TICK_SHIFT) & TICKS
}

fn head(stamp: Stamp, tick: u64) -> u64 {
    tag(stamp) | tick << TICK_SHIFT
}

fn is_own(word: u64, stamp: Stamp) -> bool {
    word & !BODY == tag(stamp)
}

/// A count of 44 bits, the highest of which is its sign.
const fn signed(word: u64) -> i64 {
    (word << SIGN_SHIFT).cast_signed() >> SIGN_SHIFT
}

fn swap(word: &AtomicU64, old: u64, new: u64) -> Result<(), u64> {
    word.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Acquire)
        .map(drop)
}
