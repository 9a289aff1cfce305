//! The names of laps, by which the buckets of a time window tell them apart.
//!
//! ```text
//! newest  bit 63..14 lap   13..0 its name
//! ```
//!
//! A bucket has 14 bits for its lap. As many of the lap's own number would come
//! again after 16 384 laps, and what slept in a bucket so long would count. So
//! a lap is given a name, a number of those bits, when it is first used: laps
//! that nobody uses need none.
//!
//! Rule 1: two laps have a name, the newest that was used and the one before
//! it, whose name is one less. They are all that a window reaches. The lap after
//! the newest takes the next name; a later one takes the name after that, and
//! leaves the next to the lap before it, of which no bucket has anything.
//!
//! Rule 2: `newest` moves by compare-and-swap, and each move gives out a name
//! that no word has. From then on what the buckets hold of other laps counts
//! for nobody; nothing has to be cleared first, and nobody waits.
//!
//! Rule 3: names come again after 16 384 of them, so whoever gave one out
//! sweeps the buckets (see `time`). Of the names in use the older of two is
//! then the one that lies less than half a circle behind.
//!
//! Rule 4: the clocks of two threads may disagree, for one of them slept after
//! it had read. Who is a lap behind finds its name; who is further behind is
//! over, and names nothing. But nobody sleeps for an hour: a clock that is so
//! far behind was set back, and its lap becomes the newest, with a new name.
//!
//! (What is left: a thread that sleeps between two of its steps while 8 192
//! names are given out, 82 seconds at the shortest.)

use crate::Nanos;
use crate::sync::{AtomicU64, Ordering};

pub(super) const NAME_BITS: u32 = 14;
const NAME: u64 = (1 << NAME_BITS) - 1;
const HALF: u64 = 1 << (NAME_BITS - 1);
/// How long a thread may sleep between the clock and the window.
const SLEPT: Nanos = Nanos::new(3600 * 1_000_000_000);

/// Which laps have a name.
#[derive(Debug)]
pub(super) struct Laps {
    newest: AtomicU64,
    /// Laps that an outcome may be late.
    late: u64,
}

/// The newest lap with its name, as it was when somebody looked.
#[derive(Clone, Copy)]
pub(super) struct Newest(u64);

/// What a lap is called that is to be used.
pub(super) enum Claim {
    /// This, for somebody else used it.
    Named(u64),
    /// This, from now on.
    New(u64),
    /// Nothing: it has left the window.
    Over,
}

impl Laps {
    /// No lap was used; each is so many nanoseconds long, at least 2¹⁴.
    pub(super) fn new(length: u64) -> Self {
        let late = SLEPT.as_u64().checked_div(length).unwrap_or(0);
        Self {
            newest: AtomicU64::new(0),
            late: late.saturating_add(1),
        }
    }

    /// The laps that have a name now.
    pub(super) fn newest(&self) -> Newest {
        Newest(self.newest.load(Ordering::SeqCst))
    }

    /// The name of a lap, which has one from now on unless it is over.
    pub(super) fn claim(&self, lap: u64) -> Claim {
        let mut seen = self.newest();
        loop {
            if let Some(name) = seen.name(lap) {
                return Claim::Named(name);
            }
            let Some(next) = seen.next(lap, self.late) else {
                return Claim::Over;
            };
            match self.newest.compare_exchange_weak(
                seen.0,
                next.0,
                Ordering::SeqCst,
                Ordering::SeqCst,
            ) {
                Ok(_) => return Claim::New(next.0 & NAME),
                Err(newer) => seen = Newest(newer),
            }
        }
    }

    /// How often somebody stored or tried to.
    #[cfg(loom)]
    pub(super) fn writes(&self) -> u64 {
        self.newest.writes()
    }
}

impl Newest {
    /// The name of a lap, if it is the newest or the one before.
    pub(super) const fn name(self, lap: u64) -> Option<u64> {
        match self.lap().checked_sub(lap) {
            Some(behind @ 0..=1) => Some(self.0.wrapping_sub(behind) & NAME),
            _ => None,
        }
    }

    /// The newest once `lap` is used, which has no name; `None` if it is over.
    fn next(self, lap: u64, late: u64) -> Option<Self> {
        let step = match lap.checked_sub(self.lap()) {
            Some(1) => 1,
            Some(_) => 2,
            None if self.lap().saturating_sub(lap) > late => 2,
            None => return None,
        };
        let name = self.0.wrapping_add(step) & NAME;
        Some(Self(lap << NAME_BITS | name))
    }

    const fn lap(self) -> u64 {
        self.0 >> NAME_BITS
    }
}

/// How many names `of` is older than `than`, if it is older.
pub(super) const fn age(of: u64, than: u64) -> Option<u64> {
    match than.wrapping_sub(of) & NAME {
        age @ 1..HALF => Some(age),
        _ => None,
    }
}
