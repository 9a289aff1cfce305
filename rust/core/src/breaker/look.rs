//! What a breaker tells about itself. Nothing here writes.

use core::cell::LazyCell;

use super::word::{Phase, Word};
use super::{Breaker, Published, Snapshot, Stamp, State};
use crate::Nanos;
use crate::config::MAX_BREAK;
use crate::window::Counts;

impl Breaker {
    /// One consistent reading; the clock is read only while open, and for a
    /// window of time.
    pub fn snapshot(&self, now: impl FnOnce() -> Nanos) -> Snapshot {
        let now = LazyCell::new(now);
        let (word, counts) = self.look(|| *now);
        let parts = word.unpack();
        let mut snapshot = Snapshot {
            state: State::Closed,
            generation: parts.generation.generation(),
            failures: 0,
            successes: 0,
            permits_out: 0,
            holds: 0,
            reopenings: parts.reopenings,
            retry_after: None,
            window_calls: counts.total,
            window_failures: counts.failed,
        };
        match parts.phase {
            Phase::Closed { failures } => {
                snapshot.failures = u32::try_from(failures).unwrap_or(u32::MAX);
            }
            Phase::Open { until } => {
                snapshot.state = State::Open;
                snapshot.retry_after = until.remaining(*now, MAX_BREAK);
            }
            Phase::HalfOpen(probes) => {
                snapshot.state = State::HalfOpen;
                snapshot.successes = probes.successes;
                snapshot.permits_out = probes.out;
            }
            Phase::Isolated { holds } => {
                snapshot.state = State::Isolated;
                snapshot.holds = holds;
            }
            Phase::Disabled => snapshot.state = State::Disabled,
        }
        snapshot
    }

    /// The state and its generation, where the rest need not be counted.
    pub fn current(&self) -> (State, Stamp) {
        let word = self.load();
        (word.state(), word.stamp())
    }

    /// The word, and what was remembered while it was that one.
    fn look(&self, now: impl Fn() -> Nanos) -> (Word, Counts) {
        let mut word = self.load();
        while word.is_closed() && !self.memory.is_none() {
            let counts = self.memory.counts(word.stamp(), &now);
            let after = self.load();
            if after == word {
                return (word, counts);
            }
            word = after;
        }
        (word, Counts::default())
    }

    /// What may be kept outside.
    ///
    /// It is out of date as soon as another thread moves; a stamp taken from
    /// it is then late, which is safe.
    pub fn published(&self) -> Published {
        let word = self.load();
        match word.state() {
            State::Closed => Published {
                admits: self.slow.is_off().then_some(word.stamp()),
                quiet: word == Word::clean(word.stamp()) && self.memory.is_quiet(word.stamp()),
            },
            State::Disabled => Published {
                admits: Some(word.stamp()),
                quiet: true,
            },
            State::Open | State::HalfOpen | State::Isolated => Published {
                admits: None,
                quiet: false,
            },
        }
    }
}
