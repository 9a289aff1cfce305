//! Calls that take too long: those that have landed, and those that have not.
//!
//! The first are for the caller to turn into failures. The others would never
//! open a circuit by themselves, for nothing of theirs comes back; so whoever
//! asks for admission looks for them, if a ratio opens.
//!
//! Rule 1: the window is read before the calls in flight are summed, and a call
//! lands before its verdict is pushed. So no call is found in both, and what
//! was found was true when the window was read: at least so many hung then.
//!
//! Rule 2: a call in flight that is not too old yet is found nowhere. It has
//! neither failed nor succeeded, so it does not dilute the ratio either.

use super::permit::{Admit, Change, Reject, Stamp, State};
use super::state::{self, Pause};
use super::word::Word;
use super::{Breaker, Memory};
use crate::window::{Counts, InFlight};
use crate::{BreakerConfig, Nanos};

/// What a call that will be judged remembers until it lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a flight that never lands is taken for a call that hangs"]
pub struct Flight {
    admitted: Nanos,
    stamp: Stamp,
    counted: bool,
}

impl Flight {
    /// One that is timed and nothing else.
    #[doc(hidden)]
    pub const fn uncounted(stamp: Stamp, admitted: Nanos) -> Self {
        Self {
            admitted,
            stamp,
            counted: false,
        }
    }

    /// The stamp of its permit.
    pub const fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// When the call was admitted.
    pub const fn admitted(&self) -> Nanos {
        self.admitted
    }
}

/// From when on a call is slow, and the calls in flight if anybody asks for them.
#[derive(Debug)]
pub(super) struct Slow {
    /// `Nanos::MAX` if no call is.
    after: Nanos,
    flying: Option<Box<InFlight>>,
}

impl Slow {
    pub(super) fn new(config: &BreakerConfig, memory: &Memory) -> Self {
        let flying = |after| (!memory.is_none()).then(|| Box::new(InFlight::new(after)));
        Self {
            after: config.slow_after().unwrap_or(Nanos::MAX),
            flying: config.slow_after().and_then(flying),
        }
    }

    #[inline]
    pub(super) fn is_off(&self) -> bool {
        self.after == Nanos::MAX
    }

    /// What a call has to remember that no admission looks for.
    pub(super) fn timed(&self, stamp: Stamp, now: Nanos) -> Option<Flight> {
        (!self.is_off()).then_some(Flight::uncounted(stamp, now))
    }

    fn entered(&self, stamp: Stamp, now: Nanos, current: impl Fn() -> bool) -> Option<Flight> {
        let flight = self.timed(stamp, now)?;
        let flying = self.flying.as_ref();
        let counted = flying.is_some_and(|flying| flying.enter(stamp, now, current));
        Some(Flight { counted, ..flight })
    }

    fn left(&self, flight: Flight, now: Nanos, current: impl Fn() -> bool) {
        if let Some(flying) = self.flying.as_ref().filter(|_| flight.counted) {
            flying.leave(flight.stamp, flight.admitted, now, current);
        }
    }

    fn hanging(&self, stamp: Stamp, now: Nanos) -> u32 {
        let flying = self.flying.as_ref();
        flying.map_or(0, |flying| flying.hanging(stamp, now))
    }

    /// How often somebody stored or tried to.
    #[cfg(loom)]
    pub(super) fn writes(&self) -> u64 {
        self.flying.as_ref().map_or(0, |flying| flying.writes())
    }
}

impl Breaker {
    /// The call of `flight` is no longer in flight. Was it slow?
    ///
    /// To be asked once for each flight, before the verdict; a slow call's
    /// verdict is a failure, for that is what the circuit is to count.
    pub fn landed(&self, flight: Flight, now: Nanos) -> bool {
        let current = || self.load().stamp() == flight.stamp;
        self.slow.left(flight, now, current);
        now.saturating_sub(flight.admitted) > self.slow.after
    }

    /// Admits into a closed circuit, unless so many calls hang that it opens:
    /// then it is this very call that is handed the transition, and rejected.
    pub(super) fn admit_closed(
        &self,
        word: Word,
        now: Nanos,
        draw: impl FnOnce() -> u64,
    ) -> Result<Admit, Word> {
        let stamp = word.stamp();
        if self.too_many_hang(stamp, now) {
            let pause = Pause::new(now, draw(), None);
            let next = state::trip(word, &self.config(), stamp, pause);
            return self.commit(word, next).map(opened);
        }
        let seen = self.load();
        if seen.stamp() != stamp {
            return Err(seen); // another generation may have taken the counters over
        }
        let current = || self.load().stamp() == stamp;
        Ok(Admit::Permit {
            stamp,
            state: State::Closed,
            transition: None,
            flight: self.slow.entered(stamp, now, current),
        })
    }

    fn too_many_hang(&self, stamp: Stamp, now: Nanos) -> bool {
        if self.slow.hanging(stamp, now) == 0 {
            return false; // nearly always: the window is left alone
        }
        let counts = self.memory.counts(stamp, || now);
        let hanging = self.slow.hanging(stamp, now); // rule 1: after it
        let failures = Counts {
            total: hanging,
            failed: hanging,
        };
        hanging != 0 && self.trips(counts.plus(failures))
    }
}

const fn opened(change: Change) -> Admit {
    let transition = match change {
        Change::Moved(transition) => Some(transition),
        Change::Kept | Change::Late => None,
    };
    let retry_after = match transition {
        Some(transition) => transition.break_duration,
        None => None,
    };
    Admit::Reject(Reject {
        state: State::Open,
        retry_after,
        transition,
    })
}
