//! The circuit breaker and what it answers.
//!
//! Rule: a clock is read before the core is called, so that what a Python
//! clock raises reaches the caller and leaves the breaker as it was. A snapshot
//! only looks, so there the core may ask.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::{PyTraverseError, PyVisit, prelude::*};
use seawall_core::{self as core, Admit, BreakerConfig, Change, Nanos, Stamp, State};

use crate::{
    clock::Clock,
    convert::checked,
    hold::Hold,
    permit::{Kind, Permit},
    publish::Publisher,
};

/// One change of state; exactly one caller is handed it.
#[derive(Clone, Copy)]
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

/// One consistent reading of the state word, and the counters as they are.
#[pyclass(frozen, get_all, module = "seawall._native")]
pub(crate) struct Snapshot {
    state: u8,
    generation: u32,
    failures: u32,
    successes: u32,
    permits_out: u32,
    retry_after: Option<f64>,
    rejected: u64,
    late: u64,
}

impl Snapshot {
    fn new(seen: core::Snapshot, counted: &Counters) -> Self {
        Self {
            state: seen.state.as_u8(),
            generation: seen.generation,
            failures: seen.failures,
            successes: seen.successes,
            permits_out: seen.permits_out,
            retry_after: seen.retry_after.map(Nanos::as_secs_f64),
            rejected: counted.rejected.load(Ordering::Relaxed),
            late: counted.late.load(Ordering::Relaxed),
        }
    }
}

/// What only disturbed calls count, so that the others share no line of memory.
#[derive(Default)]
struct Counters {
    rejected: AtomicU64,
    late: AtomicU64,
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
    counters: Counters,
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

    /// Ends one hold; late if a reset or a disabling has dropped it.
    pub(crate) fn unheld(&self, py: Python<'_>, stamp: Stamp) -> Option<Transition> {
        self.changed(py, self.core.unisolate(stamp))
    }

    /// What a verdict changed; one that came too late is counted.
    fn settled(&self, py: Python<'_>, change: Change) -> Option<Transition> {
        if change == Change::Late {
            self.counters.late.fetch_add(1, Ordering::Relaxed);
        }
        self.changed(py, change)
    }

    /// Publishes what changed, before its caller hears of it.
    fn changed(&self, py: Python<'_>, change: Change) -> Option<Transition> {
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

    fn admit(slf: &Bound<'_, Self>) -> PyResult<Admit> {
        let this = slf.get();
        let now = this.now(slf.py())?;
        let admit = this.core.acquire(|| now);
        if matches!(admit, Admit::Reject(_)) {
            this.counters.rejected.fetch_add(1, Ordering::Relaxed);
        }
        Ok(admit)
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
            counters: Counters::default(),
        })
    }

    /// Ask whether a call may run: a stamp, a permit, or a rejection.
    fn acquire(slf: &Bound<'_, Self>) -> PyResult<Admission> {
        let this = slf.get();
        if let Some(stamp) = this.core.published().admits {
            return Ok(Admission::Stamp(stamp.generation()));
        }
        Ok(match Self::admit(slf)? {
            Admit::Reject(reject) => Admission::Rejection(reject.into()),
            Admit::Permit {
                stamp,
                state: State::HalfOpen,
                transition,
            } => Admission::Permit(Permit::new(slf, stamp, Kind::Probe(transition))),
            // The circuit closed while the clock was read.
            Admit::Permit { stamp, .. } => Admission::Stamp(stamp.generation()),
        })
    }

    /// Ask the same, for who needs an object in every state; *nested* is always
    /// admitted, and its verdict changes nothing.
    #[pyo3(signature = (*, nested))]
    fn permit(slf: &Bound<'_, Self>, nested: bool) -> PyResult<Admission> {
        let core = &slf.get().core;
        if nested {
            let seen = core.snapshot(Nanos::default);
            let stamp = Stamp::from_generation(seen.generation);
            return Ok(Admission::Permit(Permit::new(slf, stamp, Kind::Nested)));
        }
        if let Some(stamp) = core.published().admits {
            return Ok(Admission::Permit(Permit::new(slf, stamp, Kind::Call)));
        }
        Ok(match Self::admit(slf)? {
            Admit::Reject(reject) => Admission::Rejection(reject.into()),
            Admit::Permit {
                stamp,
                state,
                transition,
            } => {
                let probe = state == State::HalfOpen;
                let kind = if probe {
                    Kind::Probe(transition)
                } else {
                    Kind::Call
                };
                Admission::Permit(Permit::new(slf, stamp, kind))
            }
        })
    }

    /// Reject every call until each hold is released.
    fn isolate(slf: &Bound<'_, Self>) -> Hold {
        let (stamp, change) = slf.get().core.isolate();
        let transition = slf.get().changed(slf.py(), change);
        Hold::new(slf, stamp, transition)
    }

    /// Admit every call and record nothing; drop all holds.
    fn disable(&self, py: Python<'_>) -> Option<Transition> {
        self.changed(py, self.core.disable())
    }

    /// Close a disabled circuit; do nothing to any other.
    fn enable(&self, py: Python<'_>) -> Option<Transition> {
        self.changed(py, self.core.enable())
    }

    /// Close the circuit, forget everything, drop all holds.
    fn reset(&self, py: Python<'_>) -> Option<Transition> {
        self.changed(py, self.core.reset())
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
        now.map(|_| Snapshot::new(seen, &self.counters))
    }

    /// Keep *tok* and *note* up to date in the globals of *wrapper*, weakly.
    #[pyo3(signature = (wrapper, tok, note, /))]
    fn attach(&self, wrapper: &Bound<'_, PyAny>, tok: &str, note: &str) -> PyResult<()> {
        self.publisher.attach(&self.core, wrapper, tok, Some(note))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.clock.traverse(&visit)
    }
}
