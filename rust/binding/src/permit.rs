//! A half-open probe's permit: one verdict, or a release when it is dropped.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::{PyTraverseError, PyVisit, exceptions::PyRuntimeError, prelude::*};
use seawall_core::{self as core, Stamp};

use crate::breaker::{Breaker, Transition};

/// A half-open probe's permit. Dropped without a verdict, it is released.
///
/// It holds its breaker, which knows nothing of it: no cycle.
#[pyclass(frozen, module = "seawall._native")]
pub(crate) struct Permit {
    breaker: Py<Breaker>,
    stamp: Stamp,
    transition: Option<core::Transition>,
    used: AtomicBool,
}

impl Permit {
    pub(crate) fn new(
        breaker: Py<Breaker>,
        stamp: Stamp,
        transition: Option<core::Transition>,
    ) -> Self {
        Self {
            breaker,
            stamp,
            transition,
            used: AtomicBool::new(false),
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
        self.transition.map(Transition::from)
    }

    /// The probe succeeded.
    fn success(&self, py: Python<'_>) -> PyResult<Option<Transition>> {
        self.spend()?;
        Ok(self.breaker.get().succeeded(py, self.stamp))
    }

    /// The probe failed.
    fn failure(&self, py: Python<'_>) -> PyResult<Option<Transition>> {
        // First the clock: if it raises, the permit still has its verdict to give.
        let now = self.breaker.get().now(py)?;
        self.spend()?;
        Ok(self.breaker.get().failed(py, self.stamp, now))
    }

    /// The probe says nothing about the dependency.
    fn release(&self) -> PyResult<()> {
        self.spend()?;
        self.breaker.get().released(self.stamp);
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.breaker)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !*self.used.get_mut() {
            self.breaker.get().released(self.stamp);
        }
    }
}
