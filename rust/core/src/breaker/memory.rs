//! What a breaker that trips by a ratio keeps beside its word.
//!
//! A closed word of such a breaker never counts: it is always the clean word
//! of its generation. So admission, and every state but closed, is the same
//! whatever trips the breaker.

use super::Stamp;
use crate::Nanos;
use crate::config::{Trip, Window};
use crate::window::{CountWindow, Counts, RingWindow, TimeWindow};

/// Boxed are those of several words: the breaker is to stay small.
#[derive(Debug)]
pub(super) enum Memory {
    /// The word is all there is.
    None,
    Count(CountWindow),
    Ring(Box<RingWindow>),
    Time(Box<TimeWindow>),
}

impl Memory {
    pub(super) fn new(trip: Trip) -> Self {
        match trip {
            Trip::Consecutive(_) => Self::None,
            Trip::Ratio { window, .. } => match window {
                Window::Calls(calls) if calls <= CountWindow::MAX => {
                    Self::Count(CountWindow::new(calls))
                }
                Window::Calls(calls) => Self::Ring(Box::new(RingWindow::new(calls))),
                Window::Time(duration) => Self::Time(Box::new(TimeWindow::new(duration))),
            },
        }
    }

    #[inline]
    pub(super) const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Would a success of `stamp` write nothing?
    pub(super) fn is_quiet(&self, stamp: Stamp) -> bool {
        match self {
            Self::None => true,
            Self::Count(window) => window.is_clean(stamp),
            Self::Ring(window) => window.is_clean(stamp),
            Self::Time(_) => false,
        }
    }

    /// Adds a success; false if it is late. Without a time there is no bucket
    /// to put it in.
    pub(super) fn success(
        &self,
        stamp: Stamp,
        now: impl FnOnce() -> Option<Nanos>,
        current: impl Fn() -> bool,
    ) -> bool {
        match self {
            Self::None => true,
            Self::Count(window) => window.success(stamp, current),
            Self::Ring(window) => window.success(stamp, current),
            Self::Time(window) => now().is_none_or(|now| window.success(stamp, now, current)),
        }
    }

    /// Adds a failure; the counts with it, or `None` if it is late.
    pub(super) fn failure(
        &self,
        stamp: Stamp,
        now: impl FnOnce() -> Nanos,
        current: impl Fn() -> bool,
    ) -> Option<Counts> {
        match self {
            Self::None => None,
            Self::Count(window) => window.failure(stamp, current),
            Self::Ring(window) => window.failure(stamp, current),
            Self::Time(window) => window.failure(stamp, now(), current),
        }
    }

    /// What is remembered of the generation of `stamp`.
    pub(super) fn counts(&self, stamp: Stamp, now: impl FnOnce() -> Nanos) -> Counts {
        match self {
            Self::None => Counts::default(),
            Self::Count(window) => window.counts(stamp),
            Self::Ring(window) => window.counts(stamp),
            Self::Time(window) => window.counts(stamp, now()),
        }
    }

    /// How often somebody stored or tried to.
    #[cfg(loom)]
    pub(super) fn writes(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::Count(window) => window.writes(),
            Self::Ring(window) => window.writes(),
            Self::Time(window) => window.writes(),
        }
    }
}
