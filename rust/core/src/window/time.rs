//! The outcomes of the last while, in ten buckets.
//!
//! ```text
//! bit 63..44 generation   43..30 name of the lap   29..15 outcomes   14..0 failures
//! ```
//!
//! A bucket is a tenth of the duration, and the window is the bucket of now
//! with the nine before it: between nine and ten tenths of the duration. A
//! bucket is used again once a lap; the name of its lap, see `laps`, tells
//! whether it is old. The rules of `window` and of `laps` hold, and these:
//!
//! Rule 1: an outcome is pushed after its lap has its name, by a compare-and-
//! swap. What the bucket holds of an earlier lap is overwritten; if it is of a
//! later one, the outcome has left the window.
//!
//! Rule 2: whoever gave out a name clears the buckets of all but the last two,
//! once a lap. It may sleep meanwhile: what is pushed then has its name or a
//! later one, so it is not older, and it is no word that the sweeper has seen.
//! What somebody late pushes behind the sweeper is left to the next one.
//!
//! Rule 3: all accesses are sequentially consistent, those of `laps` too. Each
//! of two failures names its lap, writes its bucket, and then reads the newest
//! name and the other's bucket. The one whose write is the later finds both;
//! without one order of all both could miss the other. loom does not look for
//! that.
//!
//! Every outcome is a write. Beyond 32 767 outcomes a bucket halves both of its
//! counts: the ratio stays what it was.

use super::laps::{Claim, Laps, NAME_BITS, Newest, age};
use super::{BODY, Counts, narrow, tag};
use crate::Nanos;
use crate::breaker::Stamp;
use crate::sync::{AtomicU64, Ordering};

const BUCKETS: u64 = 10;
const NAME_SHIFT: u32 = 30;
const TOTAL_SHIFT: u32 = 15;
const COUNT: u64 = (1 << TOTAL_SHIFT) - 1;
const COUNTS: u64 = (1 << NAME_SHIFT) - 1;
const NAME: u64 = (1 << NAME_BITS) - 1;
/// Shortest bucket: the laps until the end of time fit into 50 bits.
const SHORTEST: u64 = 2_000;

/// A window of time.
#[derive(Debug)]
pub struct TimeWindow {
    laps: Laps,
    buckets: Box<[AtomicU64]>,
    width: u64,
}

impl TimeWindow {
    /// An empty window over `duration`, at least 20 µs.
    pub fn new(duration: Nanos) -> Self {
        let width = duration.as_u64().div_euclid(BUCKETS).max(SHORTEST);
        Self {
            laps: Laps::new(width.saturating_mul(BUCKETS)),
            buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            width,
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
        let newest = self.laps.newest();
        let held = |tick| self.held(stamp, tick, newest);
        let (last, ahead) = (self.tick(now), self.tick(now).saturating_add(1));
        let end = held(ahead).map_or(last, |_| ahead);
        (end.saturating_sub(BUCKETS.saturating_sub(1))..=end)
            .filter_map(held)
            .fold(Counts::default(), Counts::plus)
    }

    /// What the bucket of a tick holds, unless that is another tick's.
    fn held(&self, stamp: Stamp, tick: u64, newest: Newest) -> Option<Counts> {
        let own = head(stamp, newest.name(lap(tick))?);
        let word = self.bucket(tick)?.load(Ordering::SeqCst);
        (word & !COUNTS == own && word & COUNTS != 0).then(|| unpack(word))
    }

    fn push(&self, stamp: Stamp, now: Nanos, failed: bool, current: impl Fn() -> bool) -> bool {
        let tick = self.tick(now);
        let (Some(name), Some(bucket)) = (self.claim(tick), self.bucket(tick)) else {
            return true; // it has left the window already
        };
        let own = head(stamp, name);
        let mut word = bucket.load(Ordering::SeqCst);
        loop {
            let counts = if word & !COUNTS == own {
                unpack(word)
            } else if word & !BODY == tag(stamp) {
                if is_newer(word, name) {
                    return true; // as above
                }
                Counts::default()
            } else if current() {
                Counts::default()
            } else {
                return false;
            };
            match swap(bucket, word, own | pack(with(counts, failed))) {
                Ok(_) => return true,
                Err(seen) => word = seen,
            }
        }
    }

    /// The name of a tick's lap, unless it is over; whoever gives it out sweeps.
    fn claim(&self, tick: u64) -> Option<u64> {
        match self.laps.claim(lap(tick)) {
            Claim::Over => None,
            Claim::Named(name) => Some(name),
            Claim::New(name) => {
                self.sweep(name);
                Some(name)
            }
        }
    }

    fn sweep(&self, newest: u64) {
        for bucket in &self.buckets {
            let mut word = bucket.load(Ordering::SeqCst);
            while is_over(word, newest) {
                match swap(bucket, word, 0) {
                    Ok(_) => break,
                    Err(seen) => word = seen,
                }
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
            .fold(self.laps.writes(), u64::saturating_add)
    }
}

fn swap(bucket: &AtomicU64, old: u64, new: u64) -> Result<u64, u64> {
    bucket.compare_exchange_weak(old, new, Ordering::SeqCst, Ordering::SeqCst)
}

const fn lap(tick: u64) -> u64 {
    tick.div_euclid(BUCKETS)
}

fn head(stamp: Stamp, name: u64) -> u64 {
    tag(stamp) | name << NAME_SHIFT
}

/// The name of the lap that a bucket was used for, if it was.
const fn name(word: u64) -> Option<u64> {
    match word & COUNTS {
        0 => None,
        _ => Some(word >> NAME_SHIFT & NAME),
    }
}

/// Is the bucket already used for a later lap than the one of this name?
fn is_newer(word: u64, own: u64) -> bool {
    name(word).is_some_and(|name| age(own, name).is_some())
}

/// Does the bucket hold what is older than the last two laps?
fn is_over(word: u64, newest: u64) -> bool {
    name(word)
        .and_then(|name| age(name, newest))
        .is_some_and(|age| age > 1)
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
