//! The permit of one call: one verdict, or a release when it is dropped.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::{PyTraverseError, PyVisit, exceptions::PyRuntimeError, prelude::*};
use seawall_core::{self as core, Stamp};

use crate::breaker::{Breaker, Transition};

/// What a permit is for.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// It takes a probe's place, and may have turned open into half-open.
    Probe(Option<core::Transition>),
    /// It takes no place: the circuit is closed or disabled.
    Call,
    /// It belongs to a probe around it, which gives the verdict.
    Nested,
}

/// The permit of one call. Dropped without a verdict, it is released.
///
/// It holds its breaker, which knows nothing of it: no cycle.
#[pyclass(frozen, module = "seawall._native")]
pub(crate) struct Permit {
    breaker: Py<Breaker>,
    stamp: Stamp,
    kind: Kind,
    used: AtomicBool,
}

impl Permit {
    pub(crate) fn new(breaker: &Bound<'_, Breaker>, stamp: Stamp, kind: Kind) -> Self {
        Self {
            breaker: breaker.clone().unbind(),
            stamp,
            kind,
            used: AtomicBool::new(false),
        }
    }

    /// Only a probe holds something that could be given back.
    fn give_back(&self) {
        if matches!(self.kind, Kind::Probe(_)) {
            self.breaker.get().released(self.stamp);
        }
    }

    /// The breaker to tell, if this verdict counts.
    fn listener(&self) -> Option<&Breaker> {
        match self.kind {
            Kind::Probe(_) | Kind::Call => Some(self.breaker.get()),
            Kind::Nested => None,
        }
    }

    /// Lets one verdict through, also when two threads try at once.
    fn spend(&self) -> PyResult<()> {
        if self.used.swap(true, Ordering::AcqRel) {
            return Err(PyRuntimeError::new_err(format!(
                "the permit of generation {} already has its verdict; acquire a new one for the \
                 next call",
                self.stamp.generation()
            )));
        }
        Ok(())
    }
}

#[pymethods]
impl Permit {
    #[getter]
    fn generation(&self) -> u32 {
        self.stamp.generation()
    }

    /// The change of state that this admission made, if it did.
    #[getter]
    fn transition(&self) -> Option<Transition> {
        match self.kind {
            Kind::Probe(transition) => transition.map(Transition::from),
            Kind::Call | Kind::Nested => None,
        }
    }

    /// Whether it takes one of the places of a half-open circuit.
    #[getter]
    fn probe(&self) -> bool {
        matches!(self.kind, Kind::Probe(_))
    }

    /// Whether it has its verdict.
    #[getter]
    fn used(&self) -> bool {
        self.used.load(Ordering::Acquire)
    }

    /// The call succeeded.
    fn success(&self, py: Python<'_>) -> PyResult<Option<Transition>> {
        self.spend()?;
        Ok(self
            .listener()
            .and_then(|breaker| breaker.succeeded(py, self.stamp)))
    }

    /// The call failed.
    fn failure(&self, py: Python<'_>) -> PyResult<Option<Transition>> {
        // First the clock: if it raises, the permit still has its verdict to give.
        let now = self.breaker.get().now(py)?;
        self.spend()?;
        Ok(self
            .listener()
            .and_then(|breaker| breaker.failed(py, self.stamp, now)))
    }

    /// The call says nothing about the dependency.
    fn release(&self) -> PyResult<()> {
        self.spend()?;
        self.give_back();
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.breaker)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !*self.used.get_mut() {
            self.give_back();
        }
    }
}
