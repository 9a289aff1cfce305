//! The circuit breaker and what it answers.
//!
//! Rule: a clock is read before the core is called, so that what a Python
//! clock raises reaches the caller and leaves the breaker as it was. A snapshot
//! only looks, so there the core may ask.

use pyo3::{PyTraverseError, PyVisit, prelude::*};
use seawall_core::{self as core, Admit, BreakerConfig, Change, Nanos, Stamp, State};

use crate::{clock::Clock, convert::checked, permit::Permit, publish::Publisher};

/// One change of state; exactly one caller is handed it.
#[pyclass(frozen, get_all, module = "seawall._native")]
pub(crate) struct Transition {
    old: u8,
    new: u8,
    generation: u32,
}

impl From<core::Transition> for Transition {
    fn from(change: core::Transition) -> Self {
        Self {
            old: change.old.as_u8(),
            new: change.new.as_u8(),
            generation: change.generation,
        }
    }
}

/// Why a call was not admitted.
#[pyclass(frozen, get_all, module = "seawall._native")]
pub(crate) struct Rejection {
    state: u8,
    retry_after: Option<f64>,
}

impl From<core::Reject> for Rejection {
    fn from(reject: core::Reject) -> Self {
        Self {
            state: reject.state.as_u8(),
            retry_after: reject.retry_after.map(Nanos::as_secs_f64),
        }
    }
}

/// One consistent reading of the state word.
#[pyclass(frozen, get_all, module = "seawall._native")]
pub(crate) struct Snapshot {
    state: u8,
    generation: u32,
    failures: u32,
    successes: u32,
    permits_out: u32,
    retry_after: Option<f64>,
}

impl From<core::Snapshot> for Snapshot {
    fn from(seen: core::Snapshot) -> Self {
        Self {
            state: seen.state.as_u8(),
            generation: seen.generation,
            failures: seen.failures,
            successes: seen.successes,
            permits_out: seen.permits_out,
            retry_after: seen.retry_after.map(Nanos::as_secs_f64),
        }
    }
}

/// What `acquire` answers.
#[derive(IntoPyObject)]
pub(crate) enum Admission {
    Stamp(u32),
    Permit(Permit),
    Rejection(Rejection),
}

/// A circuit breaker that threads share without a lock.
#[pyclass(frozen, module = "seawall._native")]
pub(crate) struct Breaker {
    core: core::Breaker,
    clock: Clock,
    publisher: Publisher,
}

impl Breaker {
    /// Counts a failure; every failure may be the one that takes the time.
    pub(crate) fn failed(&self, py: Python<'_>, stamp: Stamp, now: Nanos) -> Option<Transition> {
        self.settled(py, self.core.failure(stamp, || now))
    }

    pub(crate) fn succeeded(&self, py: Python<'_>, stamp: Stamp) -> Option<Transition> {
        if self.core.published().quiet {
            return None; // nothing to write, so threads share no lock either
        }
        self.settled(py, self.core.success(stamp))
    }

    /// Like a probe's admission this needs no publishing: open and half-open
    /// look the same from outside.
    pub(crate) fn released(&self, stamp: Stamp) {
        let _ = self.core.release(stamp);
    }

    pub(crate) fn now(&self, py: Python<'_>) -> PyResult<Nanos> {
        self.clock.read(py)
    }

    /// Publishes what a verdict changed, before its caller hears of it.
    fn settled(&self, py: Python<'_>, change: Change) -> Option<Transition> {
        match change {
            Change::Late => None,
            Change::Kept => {
                self.publisher.publish(py, &self.core);
                None
            }
            Change::Moved(transition) => {
                self.publisher.publish(py, &self.core);
                Some(transition.into())
            }
        }
    }
}

#[pymethods]
impl Breaker {
    #[new]
    #[pyo3(signature = (*, failures, break_duration, success_threshold, max_probes, probe_lease, now=None))]
    fn new(
        failures: u32,
        break_duration: u64,
        success_threshold: u32,
        max_probes: u32,
        probe_lease: u64,
        now: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let (pause, lease) = (Nanos::new(break_duration), Nanos::new(probe_lease));
        let config = BreakerConfig::new(failures, pause, success_threshold, max_probes, lease);
        Ok(Self {
            core: core::Breaker::new(checked(config)?),
            clock: now.into(),
            publisher: Publisher::default(),
        })
    }

    /// Ask whether a call may run: a stamp, a permit, or a rejection.
    fn acquire(slf: &Bound<'_, Self>) -> PyResult<Admission> {
        let this = slf.get();
        if let Some(stamp) = this.core.published().admits {
            return Ok(Admission::Stamp(stamp.generation()));
        }
        let now = this.now(slf.py())?;
        Ok(match this.core.acquire(|| now) {
            Admit::Reject(reject) => Admission::Rejection(reject.into()),
            Admit::Permit {
                stamp,
                state: State::HalfOpen,
                transition,
            } => Admission::Permit(Permit::new(slf.clone().unbind(), stamp, transition)),
            // The circuit closed while the clock was read.
            Admit::Permit { stamp, .. } => Admission::Stamp(stamp.generation()),
        })
    }

    /// The call that holds *stamp* succeeded.
    #[pyo3(signature = (stamp, /))]
    fn success(&self, py: Python<'_>, stamp: u32) {
        self.succeeded(py, Stamp::from_generation(stamp));
    }

    /// The call that holds *stamp* failed.
    #[pyo3(signature = (stamp, /))]
    fn failure(&self, py: Python<'_>, stamp: u32) -> PyResult<Option<Transition>> {
        let now = self.now(py)?;
        Ok(self.failed(py, Stamp::from_generation(stamp), now))
    }

    /// Read the state; the clock is read only while open.
    fn snapshot(&self, py: Python<'_>) -> PyResult<Snapshot> {
        let mut now = Ok(Nanos::default());
        let seen = self.core.snapshot(|| {
            now = self.now(py);
            now.as_ref().copied().unwrap_or_default()
        });
        now.map(|_| seen.into())
    }

    /// Keep *tok* and *note* up to date in the globals of *wrapper*, weakly.
    #[pyo3(signature = (wrapper, tok, note, /))]
    fn attach(&self, wrapper: &Bound<'_, PyAny>, tok: &str, note: &str) -> PyResult<()> {
        self.publisher.attach(&self.core, wrapper, tok, note)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.clock.traverse(&visit)
    }
}
