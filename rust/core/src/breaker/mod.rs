//! Circuit breaker: when a dependency keeps failing, stop asking it for a while.
//!
//! The whole breaker is one [`word`]. `state` says which word follows which,
//! this file swaps them in: a thread that loses the race looks again and
//! decides anew. Whoever's swap changed the state is handed the
//! [`Transition`], and nobody else is.
//!
//! While the circuit is closed, asking for admission is one load, and so is a
//! success with nothing to reset.

mod permit;
mod state;
#[doc(hidden)]
pub mod tick;
#[doc(hidden)]
pub mod word;

pub use permit::{Admit, Change, Published, Reject, Snapshot, Stamp, State, Transition};

use crate::sync::{AtomicU64, Ordering};
use crate::{BreakerConfig, Nanos};
use state::{Entry, Next};
use word::{Phase, Word};

/// A circuit breaker that many threads share without a lock.
///
/// Every `now` is called at most once, and only where the answer depends on
/// the time; never while a swap is being retried.
#[derive(Debug)]
pub struct Breaker {
    word: AtomicU64,
    config: BreakerConfig,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(config: BreakerConfig) -> Self {
        Self {
            word: AtomicU64::new(0),
            config,
        }
    }

    /// Its thresholds and durations.
    pub const fn config(&self) -> &BreakerConfig {
        &self.config
    }

    /// Asks whether a call may run.
    #[inline]
    pub fn acquire(&self, now: impl FnOnce() -> Nanos) -> Admit {
        let word = self.glance();
        if word.is_closed() {
            return state::pass(word, State::Closed);
        }
        self.acquire_disturbed(now)
    }

    #[cold]
    fn acquire_disturbed(&self, now: impl FnOnce() -> Nanos) -> Admit {
        if let Some(answer) = state::enter_at_any_time(self.load()) {
            return answer;
        }
        let now = now();
        let mut word = self.load();
        loop {
            match state::enter(word, &self.config, now) {
                Entry::Answer(answer) => return answer,
                Entry::Grant(new) => match self.swap(word, new) {
                    Ok(()) => return granted(word, new),
                    Err(seen) => word = seen,
                },
            }
        }
    }

    /// The call that holds `stamp` succeeded.
    #[inline]
    pub fn success(&self, stamp: Stamp) -> Change {
        if self.glance() == Word::clean(stamp) {
            return Change::Kept;
        }
        self.advance(|word| state::success(word, &self.config, stamp))
    }

    /// The call that holds `stamp` failed.
    pub fn failure(&self, stamp: Stamp, now: impl FnOnce() -> Nanos) -> Change {
        let mut word = self.load();
        while let Some(next) = state::count_failure(word, &self.config, stamp) {
            match self.commit(word, next) {
                Ok(change) => return change,
                Err(seen) => word = seen,
            }
        }
        let now = now();
        self.advance(|word| state::failure(word, &self.config, stamp, now))
    }

    /// The call that holds `stamp` ended without a verdict.
    pub fn release(&self, stamp: Stamp) -> Change {
        self.advance(|word| state::release(word, stamp))
    }

    /// Rejects every call until [`unisolate`](Self::unisolate) was called as often.
    ///
    /// The stamp is the hold's: it belongs to this isolation and to no later one.
    pub fn isolate(&self) -> (Stamp, Change) {
        let mut word = self.load();
        loop {
            let new = state::isolate(word);
            match self.commit(word, Next::To(new)) {
                Ok(change) => return (new.stamp(), change),
                Err(seen) => word = seen,
            }
        }
    }

    /// Takes back one [`isolate`](Self::isolate), once; the last one closes the circuit.
    ///
    /// Late if a reset or a disabling has dropped the hold of this `stamp`.
    pub fn unisolate(&self, stamp: Stamp) -> Change {
        self.advance(|word| state::unisolate(word, stamp))
    }

    /// Admits every call and records nothing; drops all holds.
    pub fn disable(&self) -> Change {
        self.advance(state::disable)
    }

    /// Closes a disabled circuit, and does nothing to any other.
    pub fn enable(&self) -> Change {
        self.advance(state::enable)
    }

    /// Closes the circuit, forgets everything, drops all holds.
    ///
    /// Always a new generation: what was admitted before is late.
    pub fn reset(&self) -> Change {
        self.advance(state::reset)
    }

    /// One consistent reading; the clock is read only while open.
    pub fn snapshot(&self, now: impl FnOnce() -> Nanos) -> Snapshot {
        let parts = self.load().unpack();
        let mut snapshot = Snapshot {
            state: State::Closed,
            generation: parts.generation.generation(),
            failures: 0,
            successes: 0,
            permits_out: 0,
            holds: 0,
            reopenings: parts.reopenings,
            retry_after: None,
        };
        match parts.phase {
            Phase::Closed { failures } => {
                snapshot.failures = u32::try_from(failures).unwrap_or(u32::MAX);
            }
            Phase::Open { until } => {
                snapshot.state = State::Open;
                snapshot.retry_after = until.remaining(now());
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

    /// What may be kept outside, by one load.
    ///
    /// It is out of date as soon as another thread moves; a stamp taken from
    /// it is then late, which is safe.
    pub fn published(&self) -> Published {
        let word = self.load();
        match word.state() {
            State::Closed => Published {
                admits: Some(word.stamp()),
                quiet: word == Word::clean(word.stamp()),
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

    /// Looks, decides and swaps until a decision holds.
    fn advance(&self, decide: impl Fn(Word) -> Next) -> Change {
        let mut word = self.load();
        loop {
            match self.commit(word, decide(word)) {
                Ok(change) => return change,
                Err(seen) => word = seen,
            }
        }
    }

    fn commit(&self, word: Word, next: Next) -> Result<Change, Word> {
        match next {
            Next::Late => Ok(Change::Late),
            Next::Same => Ok(Change::Kept),
            Next::To(new) => {
                self.swap(word, new)?;
                if new.stamp() == word.stamp() {
                    return Ok(Change::Kept);
                }
                Ok(Change::Moved(new.transition_from(word)))
            }
        }
    }

    /// Puts `new` where `old` is, or says what is there instead.
    fn swap(&self, old: Word, new: Word) -> Result<(), Word> {
        self.word
            .compare_exchange_weak(old.bits(), new.bits(), Ordering::AcqRel, Ordering::Acquire)
            .map(drop)
            .map_err(Word::from_bits)
    }

    /// Relaxed is enough on the undisturbed path: the word says all there is
    /// to know, and no other memory is read because of it.
    fn glance(&self) -> Word {
        Word::from_bits(self.word.load(Ordering::Relaxed))
    }

    fn load(&self) -> Word {
        Word::from_bits(self.word.load(Ordering::Acquire))
    }

    /// How often somebody stored or tried to.
    #[cfg(loom)]
    #[doc(hidden)]
    pub fn writes(&self) -> u64 {
        self.word.writes()
    }
}

fn granted(old: Word, new: Word) -> Admit {
    let transition = new.transition_from(old);
    Admit::Permit {
        stamp: new.stamp(),
        state: State::HalfOpen,
        transition: (transition.old != transition.new).then_some(transition),
    }
}
