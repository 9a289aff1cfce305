//! The circuit breaker: what can be asked of it, and what it tells about itself.
//!
//! Rule: a clock is read before the core is called, so that what a Python
//! clock raises reaches the caller and leaves the breaker as it was. A snapshot
//! only looks, so there the core may ask.

use std::{
    cell::OnceCell,
    sync::{Mutex, PoisonError},
};

use pyo3::{PyTraverseError, PyVisit, prelude::*};
use seawall_core::{self as core, Change, Nanos, Stamp, Trip, Window};

use crate::{
    answer::{Admission, Snapshot, Transition},
    clock::Clock,
    convert::checked,
    hold::Hold,
    permit::{Grant, Kind},
    publish::{News, Publisher},
    settings::{Live, Settings},
    since::Since,
    tally::Tally,
};

/// A circuit breaker that threads share without a lock.
#[pyclass(frozen, module = "seawall._native")]
pub(crate) struct Breaker {
    pub(crate) core: core::Breaker,
    pub(crate) live: Live,
    pub(crate) tally: Tally,
    /// Every outcome belongs to a moment.
    pub(crate) windowed: bool,
    /// A call can be slow.
    pub(crate) slow: bool,
    changing: Mutex<()>,
    clock: Clock,
    publisher: Publisher,
    pub(crate) since: Since,
}

impl Breaker {
    pub(crate) fn now(&self, py: Python<'_>) -> PyResult<Nanos> {
        self.clock.read(py)
    }

    /// Ends one hold; late if a reset or a disabling has dropped it.
    pub(crate) fn unheld(&self, py: Python<'_>, stamp: Stamp, now: Nanos) -> Option<Transition> {
        self.changed(py, self.core.unisolate(stamp), now)
    }

    /// Publishes what changed, before its caller hears of it.
    pub(crate) fn changed(&self, py: Python<'_>, change: Change, now: Nanos) -> Option<Transition> {
        match change {
            Change::Late => None,
            Change::Kept => {
                self.publish(py);
                None
            }
            Change::Moved(transition) => {
                self.since.note(&transition, now);
                self.publish(py);
                Some(transition.into())
            }
        }
    }

    fn publish(&self, py: Python<'_>) {
        self.publisher.publish(py, || self.news());
    }

    /// What wrappers are to know. Who has to be timed asks each time.
    fn news(&self) -> News {
        let seen = self.core.published();
        News {
            admits: seen.admits.filter(|_| !self.times()),
            note: !seen.quiet || self.live.counts_successes(),
        }
    }
}

#[pymethods]
impl Breaker {
    #[new]
    #[pyo3(signature = (settings, *, now=None))]
    fn new(settings: &Bound<'_, Settings>, now: Option<Py<PyAny>>) -> Self {
        let settings = settings.get();
        let window = match settings.core.trip() {
            Trip::Consecutive(_) => None,
            Trip::Ratio { window, .. } => Some(window),
        };
        Self {
            core: core::Breaker::new(settings.core),
            live: Live::new(settings),
            tally: Tally::default(),
            windowed: matches!(window, Some(Window::Time(_))),
            slow: settings.core.slow_after().is_some(),
            changing: Mutex::default(),
            clock: now.into(),
            publisher: Publisher::default(),
            since: Since::default(),
        }
    }

    /// Heed other settings from now on; the state, and what was counted, stay.
    #[pyo3(signature = (settings, /))]
    fn reconfigure(&self, settings: &Bound<'_, Settings>) -> PyResult<()> {
        let py = settings.py();
        let settings = settings.get();
        {
            // Of two at once all of one stays. No Python code runs under the lock.
            let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
            checked(self.core.reconfigure(settings.core))?;
            self.live.adopt(settings);
        }
        self.publish(py);
        Ok(())
    }

    /// Ask whether a call may run: a stamp, a permit, or a rejection.
    fn acquire(slf: &Bound<'_, Self>) -> PyResult<Admission> {
        let this = slf.get();
        if let Some(stamp) = this.undisturbed() {
            return Ok(Admission::Stamp(stamp.generation()));
        }
        Ok(match this.ask(slf.py())? {
            // The circuit closed while the clock was read.
            Ok(grant) if grant.kind == Kind::Call && !this.times() => {
                Admission::Stamp(grant.stamp.generation())
            }
            asked => Self::answer(slf, asked),
        })
    }

    /// Ask the same, for who needs an object in every state; *nested* is always
    /// admitted, and its verdict changes nothing.
    #[pyo3(signature = (*, nested))]
    fn permit(slf: &Bound<'_, Self>, nested: bool) -> PyResult<Admission> {
        let this = slf.get();
        let asked = if nested {
            Ok(Grant::untimed(this.core.current().1, Kind::Nested))
        } else if let Some(stamp) = this.undisturbed() {
            Ok(Grant::untimed(stamp, Kind::Call))
        } else {
            this.ask(slf.py())?
        };
        Ok(Self::answer(slf, asked))
    }

    /// Reject every call until each hold is released.
    fn isolate(slf: &Bound<'_, Self>) -> PyResult<Hold> {
        let this = slf.get();
        let now = this.now(slf.py())?;
        let (stamp, change) = this.core.isolate();
        let transition = this.changed(slf.py(), change, now);
        Ok(Hold::new(slf, stamp, transition))
    }

    /// Admit every call and record nothing; drop all holds.
    fn disable(&self, py: Python<'_>) -> PyResult<Option<Transition>> {
        let now = self.now(py)?;
        Ok(self.changed(py, self.core.disable(), now))
    }

    /// Close a disabled circuit; do nothing to any other.
    fn enable(&self, py: Python<'_>) -> PyResult<Option<Transition>> {
        let now = self.now(py)?;
        Ok(self.changed(py, self.core.enable(), now))
    }

    /// Close the circuit, forget everything, drop all holds.
    fn reset(&self, py: Python<'_>) -> PyResult<Option<Transition>> {
        let now = self.now(py)?;
        Ok(self.changed(py, self.core.reset(), now))
    }

    /// The call that holds *stamp* succeeded.
    #[pyo3(signature = (stamp, /))]
    fn success(&self, py: Python<'_>, stamp: u32) -> PyResult<()> {
        let stamp = Stamp::from_generation(stamp);
        if self.heeds_success() {
            let now = self.time_of_success(py, stamp)?;
            self.succeeded(py, stamp, now);
        }
        Ok(())
    }

    /// The call that holds *stamp* failed; the other side asked for a break of *hint*.
    #[pyo3(signature = (stamp, hint=None, /))]
    fn failure(
        &self,
        py: Python<'_>,
        stamp: u32,
        hint: Option<u64>,
    ) -> PyResult<Option<Transition>> {
        let now = self.now(py)?;
        let stamp = Stamp::from_generation(stamp);
        Ok(self.failed(py, stamp, now, hint.map(Nanos::new)))
    }

    /// The call that holds *stamp* says nothing about the dependency.
    #[pyo3(signature = (stamp, /))]
    fn release(&self, stamp: u32) {
        self.released(Stamp::from_generation(stamp));
    }

    /// Read the state; the clock is read while open, and for a window of time.
    fn snapshot(&self, py: Python<'_>) -> PyResult<Snapshot> {
        let now = OnceCell::new();
        let time = || {
            let now = now.get_or_init(|| self.now(py)).as_ref();
            now.copied().unwrap_or_default()
        };
        loop {
            let seen = self.core.snapshot(time);
            let since = self.since.of(&seen);
            // A Python clock is read in between, and others may change the state.
            let moved = self.core.current().1.generation() != seen.generation;
            if since.is_none() && moved {
                continue;
            }
            let counts_successes = self.live.counts_successes();
            let snapshot = Snapshot::new(seen, since, &self.tally, counts_successes);
            return now.into_inner().transpose().map(|_| snapshot);
        }
    }

    /// Keep *tok* and *note* up to date in the globals of *wrapper*, weakly.
    #[pyo3(signature = (wrapper, tok, note, /))]
    fn attach(&self, wrapper: &Bound<'_, PyAny>, tok: &str, note: &str) -> PyResult<()> {
        self.publisher
            .attach(|| self.news(), wrapper, tok, Some(note))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.clock.traverse(&visit)
    }
}
