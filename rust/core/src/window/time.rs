//! The outcomes of the last while, in ten buckets.
//!
//! ```text
//! bit 63..44 generation   43..30 lap   29..15 outcomes   14..0 failures
//! ```
//!
//! A bucket is a tenth of the duration, and the window is the bucket of now
//! with the nine before it: between nine and ten tenths of the duration. A
//! bucket is used again once a lap; its lap tells whether it is old. Laps are
//! counted in 14 bits, so what is 16 384 durations old, to the very number,
//! counts again; one or two less, and its bucket takes nothing for that lap.
//!
//! Every outcome is a write. Beyond 32 767 outcomes a bucket halves both of its
//! counts: the ratio stays what it was.

use super::{BODY, Counts, narrow, tag};
use crate::Nanos;
use crate::breaker::Stamp;
use crate::sync::{AtomicU64, Ordering};

const BUCKETS: u64 = 10;
const LAP_SHIFT: u32 = 30;
const LAP: u64 = (1 << 14) - 1;
const TOTAL_SHIFT: u32 = 15;
const COUNT: u64 = (1 << TOTAL_SHIFT) - 1;
const COUNTS: u64 = (1 << LAP_SHIFT) - 1;
/// Whoever is as many laps late, or fewer, is late; more is a bucket that slept.
const LATE_LAPS: u64 = 2;

/// A window of time.
#[derive(Debug)]
pub struct TimeWindow {
    buckets: Box<[AtomicU64]>,
    width: u64,
}

impl TimeWindow {
    /// An empty window over `duration`, at least 10 ns.
    pub fn new(duration: Nanos) -> Self {
        Self {
            buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            width: duration.as_u64().div_euclid(BUCKETS).max(1),
        }
    }

    /// Adds a failure; the counts with it, or `None` if `stamp` is late.
    ///
    /// `current` tells whether the generation of `stamp` is the breaker's.
    pub fn failure(&self, stamp: Stamp, now: Nanos, current: impl Fn() -> bool) -> Option<Counts> {
        self.push(stamp, now, true, current)
            .then(|| self.counts(stamp, now))
    }

    /// Adds a success; false if `stamp` is late.
    pub fn success(&self, stamp: Stamp, now: Nanos, current: impl Fn() -> bool) -> bool {
        self.push(stamp, now, false, current)
    }

    /// What the window that ends `now` holds of the generation of `stamp`.
    ///
    /// If somebody a little ahead has begun the next bucket, it ends there: of
    /// two failures on both sides of a border one is told of both.
    pub fn counts(&self, stamp: Stamp, now: Nanos) -> Counts {
        let (last, ahead) = (self.tick(now), self.tick(now).saturating_add(1));
        let end = self.held(stamp, ahead).map_or(last, |_| ahead);
        (end.saturating_sub(BUCKETS.saturating_sub(1))..=end)
            .filter_map(|tick| self.held(stamp, tick))
            .fold(Counts::default(), Counts::plus)
    }

    /// What the bucket of a tick holds, unless that is another tick's.
    fn held(&self, stamp: Stamp, tick: u64) -> Option<Counts> {
        let word = self.bucket(tick)?.load(Ordering::SeqCst);
        let own = word & !COUNTS == head(stamp, tick) && word & COUNTS != 0;
        own.then(|| unpack(word))
    }

    fn push(&self, stamp: Stamp, now: Nanos, failed: bool, current: impl Fn() -> bool) -> bool {
        let tick = self.tick(now);
        let Some(bucket) = self.bucket(tick) else {
            return false; // there is one for every tick
        };
        let mut word = bucket.load(Ordering::Acquire);
        loop {
            let counts = if word & !COUNTS == head(stamp, tick) {
                unpack(word)
            } else if word & !BODY == tag(stamp) {
                if is_newer(word, tick) {
                    return true; // it has left the window already
                }
                Counts::default()
            } else if current() {
                Counts::default()
            } else {
                return false;
            };
            match bucket.compare_exchange_weak(
                word,
                head(stamp, tick) | pack(with(counts, failed)),
                Ordering::SeqCst,
                Ordering::Acquire,
            ) {
                Ok(_) => return true,
                Err(seen) => word = seen,
            }
        }
    }

    const fn tick(&self, now: Nanos) -> u64 {
        match now.as_u64().checked_div(self.width) {
            Some(tick) => tick,
            None => 0,
        }
    }

    fn bucket(&self, tick: u64) -> Option<&AtomicU64> {
        let index = usize::try_from(tick.rem_euclid(BUCKETS)).ok()?;
        self.buckets.get(index)
    }

    /// How often somebody stored or tried to.
    #[cfg(loom)]
    #[doc(hidden)]
    pub fn writes(&self) -> u64 {
        self.buckets
            .iter()
            .map(AtomicU64::writes)
            .fold(0, u64::saturating_add)
    }
}

const fn lap(tick: u64) -> u64 {
    tick.div_euclid(BUCKETS) & LAP
}

fn head(stamp: Stamp, tick: u64) -> u64 {
    tag(stamp) | lap(tick) << LAP_SHIFT
}

/// Is the bucket already used for a later lap than that of `tick`?
///
/// One that was never used is not, whatever its lap of zero looks like.
const fn is_newer(word: u64, tick: u64) -> bool {
    if word & COUNTS == 0 {
        return false;
    }
    let ahead = (word >> LAP_SHIFT).wrapping_sub(lap(tick)) & LAP;
    ahead != 0 && ahead <= LATE_LAPS
}

fn with(counts: Counts, failed: bool) -> Counts {
    let full = u64::from(counts.total) == COUNT;
    let kept = |count: u32| if full { count.div_euclid(2) } else { count };
    Counts {
        total: kept(counts.total),
        failed: kept(counts.failed),
    }
    .plus(Counts {
        total: 1,
        failed: failed.into(),
    })
}

fn pack(counts: Counts) -> u64 {
    u64::from(counts.total) << TOTAL_SHIFT | u64::from(counts.failed)
}

fn unpack(word: u64) -> Counts {
    Counts {
        total: narrow(word >> TOTAL_SHIFT & COUNT),
        failed: narrow(word & COUNT),
    }
}
