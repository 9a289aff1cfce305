//! Circuit breaker: when a dependency keeps failing, stop asking it for a while.
//!
//! The whole breaker is one [`word`]. `state` says which word follows which,
//! this file swaps them in: a thread that loses the race looks again and
//! decides anew. Whoever's swap changed the state is handed the
//! [`Transition`], and nobody else is.
//!
//! The configuration can change at any time. Each look at the word is followed by
//! a look at the configuration, so a decision is never made with one that is older
//! than the word it is made for.
//!
//! While the circuit is closed, asking for admission is one load, and so is a
//! success with nothing to reset.
//!
//! A breaker that trips by a ratio has a `memory` beside the word, and a trip
//! takes two steps: the failure is pushed, and if the ratio is then reached the
//! word is swapped. Who asks or succeeds between the two finds the circuit
//! still closed. Whoever pushes a failure between them finds the ratio reached
//! too, and swaps; one of the swaps succeeds.
//!
//! A breaker that times its calls reads the clock at every admission. If it trips
//! by a ratio, an admission that finds too many calls hanging is one more way to
//! trip, in the same two steps; see `slow`.

mod command;
mod look;
mod memory;
mod permit;
mod slow;
mod state;
#[doc(hidden)]
pub mod tick;
#[doc(hidden)]
pub mod word;

pub use permit::{Admit, Change, Published, Reject, Snapshot, Stamp, State, Transition};
pub use slow::Flight;

use core::cell::LazyCell;

use crate::config::{ConfigError, Live, Trip};
use crate::sync::{AtomicU64, Ordering};
use crate::window::Counts;
use crate::{BreakerConfig, Nanos};
use memory::Memory;
use slow::Slow;
use state::{Entry, Next, Pause};
use word::Word;

/// A circuit breaker that many threads share without a lock.
///
/// Every `now` is called at most once, and only where the answer depends on
/// the time; never while a swap is being retried.
#[derive(Debug)]
pub struct Breaker {
    word: AtomicU64,
    memory: Memory,
    slow: Slow,
    config: Box<Live>,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(config: BreakerConfig) -> Self {
        let memory = Memory::new(config.trip());
        Self {
            word: AtomicU64::new(0),
            slow: Slow::new(&config, &memory),
            memory,
            config: Box::new(Live::new(config)),
        }
    }

    /// Its thresholds and durations.
    pub fn config(&self) -> BreakerConfig {
        self.config.read()
    }

    /// Sets other thresholds and durations, from now on.
    ///
    /// State, counts and permits stay, and so does the end of a break or of a
    /// lease that has begun. A threshold that is reached already opens or closes
    /// the circuit with the next failure or success. A call at the same time is
    /// judged by either configuration, never by half of each.
    ///
    /// # Errors
    /// [`ConfigError`] if the window would be another one: `trip` for another
    /// kind, `calls` or `duration` for another size; or for another `slow_after`.
    /// Nothing has changed then.
    pub fn reconfigure(&self, config: BreakerConfig) -> Result<(), ConfigError> {
        self.config.write(config)
    }

    /// Asks whether a call may run.
    #[inline]
    pub fn acquire(&self, now: impl FnOnce() -> Nanos) -> Admit {
        self.acquire_with(now, || 0)
    }

    /// The same, where the break that too many hanging calls may begin has
    /// jitter, drawn by `draw` from all of `u64`; it is asked for that break only.
    #[inline]
    pub fn acquire_with(&self, now: impl FnOnce() -> Nanos, draw: impl FnOnce() -> u64) -> Admit {
        let word = self.glance();
        if word.is_closed() && self.slow.is_off() {
            return state::pass(word, State::Closed);
        }
        self.acquire_disturbed(now, draw)
    }

    #[cold]
    fn acquire_disturbed(&self, now: impl FnOnce() -> Nanos, draw: impl FnOnce() -> u64) -> Admit {
        if let Some(answer) = state::enter_at_any_time(self.load(), !self.slow.is_off()) {
            return answer;
        }
        let now = now();
        let draw = LazyCell::new(draw); // once, however often a swap is lost
        let mut word = self.load();
        loop {
            let config = LazyCell::new(|| self.config()); // after the word, if at all
            let admitted = match state::enter(word, &config, now) {
                Entry::Answer(answer) => return answer,
                Entry::Closed => self.admit_closed(word, now, || *draw),
                Entry::Grant(new) => self.swap(word, new).map(|()| self.granted(word, new, now)),
            };
            match admitted {
                Ok(answer) => return answer,
                Err(seen) => word = seen,
            }
        }
    }

    fn granted(&self, old: Word, new: Word, now: Nanos) -> Admit {
        let transition = new.transition_from(old, None);
        Admit::Permit {
            stamp: new.stamp(),
            state: State::HalfOpen,
            transition: (transition.old != transition.new).then_some(transition),
            flight: self.slow.timed(new.stamp(), now),
        }
    }

    /// The call that holds `stamp` succeeded.
    ///
    /// A window of time has to know when: there this success is not counted,
    /// and [`success_with`](Self::success_with) is to be used.
    #[inline]
    pub fn success(&self, stamp: Stamp) -> Change {
        if self.glance() == Word::clean(stamp) {
            return self.remember_success(stamp, || None);
        }
        self.advance(|word| state::success(word, &self.config(), stamp))
    }

    /// The same; the clock is read for a window of time only.
    #[inline]
    pub fn success_with(&self, stamp: Stamp, now: impl FnOnce() -> Nanos) -> Change {
        if self.glance() == Word::clean(stamp) {
            return self.remember_success(stamp, || Some(now()));
        }
        self.advance(|word| state::success(word, &self.config(), stamp))
    }

    #[inline]
    fn remember_success(&self, stamp: Stamp, now: impl FnOnce() -> Option<Nanos>) -> Change {
        let is_current = || self.load().stamp() == stamp;
        if self.memory.is_none() || self.memory.success(stamp, now, is_current) {
            return Change::Kept;
        }
        Change::Late
    }

    /// The call that holds `stamp` failed.
    pub fn failure(&self, stamp: Stamp, now: impl FnOnce() -> Nanos) -> Change {
        self.failure_with(stamp, now, 0, None)
    }

    /// The same, where the break it may begin has jitter, drawn by `draw` from
    /// all of `u64`, or where the other side asked for a break of `hint`.
    ///
    /// A hint only lengthens. How far it is trusted is for the caller to say.
    pub fn failure_with(
        &self,
        stamp: Stamp,
        now: impl FnOnce() -> Nanos,
        draw: u64,
        hint: Option<Nanos>,
    ) -> Change {
        let mut word = self.load();
        if !self.memory.is_none() && word == Word::clean(stamp) {
            return self.remember_failure(stamp, now, draw, hint);
        }
        while let Some(next) = state::count_failure(word, &self.config(), stamp) {
            match self.commit(word, next) {
                Ok(change) => return change,
                Err(seen) => word = seen,
            }
        }
        let pause = Pause::new(now(), draw, hint);
        self.advance(|word| state::failure(word, &self.config(), stamp, pause))
    }

    fn remember_failure(
        &self,
        stamp: Stamp,
        now: impl FnOnce() -> Nanos,
        draw: u64,
        hint: Option<Nanos>,
    ) -> Change {
        let now = LazyCell::new(now); // once, be it for a bucket or for the break
        let is_current = || self.load().stamp() == stamp;
        match self.memory.failure(stamp, || *now, is_current) {
            None => Change::Late,
            Some(counts) if !self.trips(counts) => Change::Kept,
            Some(_) => {
                let pause = Pause::new(*now, draw, hint);
                self.advance(|word| state::trip(word, &self.config(), stamp, pause))
            }
        }
    }

    fn trips(&self, counts: Counts) -> bool {
        match self.config().trip() {
            Trip::Consecutive(_) => false,
            Trip::Ratio { ppm, min_calls, .. } => counts.reach(ppm, min_calls),
        }
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
            let new = command::isolate(word);
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
        self.advance(|word| command::unisolate(word, stamp))
    }

    /// Admits every call and records nothing; drops all holds.
    pub fn disable(&self) -> Change {
        self.advance(command::disable)
    }

    /// Closes a disabled circuit, and does nothing to any other.
    pub fn enable(&self) -> Change {
        self.advance(command::enable)
    }

    /// Closes the circuit, forgets everything, drops all holds.
    ///
    /// Always a new generation: what was admitted before is late.
    pub fn reset(&self) -> Change {
        self.advance(command::reset)
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
        let (new, duration) = match next {
            Next::Late => return Ok(Change::Late),
            Next::Same => return Ok(Change::Kept),
            Next::To(new) => (new, None),
            Next::Break(new, duration) => (new, Some(duration)),
        };
        self.swap(word, new)?;
        if new.stamp() == word.stamp() {
            return Ok(Change::Kept);
        }
        Ok(Change::Moved(new.transition_from(word, duration)))
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

    /// How often somebody looked at the configuration.
    #[cfg(loom)]
    #[doc(hidden)]
    pub fn config_reads(&self) -> u64 {
        self.config.reads()
    }

    /// How often somebody stored or tried to.
    #[cfg(loom)]
    #[doc(hidden)]
    pub fn writes(&self) -> u64 {
        let beside = self.memory.writes().saturating_add(self.slow.writes());
        self.word.writes().saturating_add(beside)
    }
}
