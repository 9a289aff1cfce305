//! One operator's hold on a circuit: released once, by whoever comes first.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::{PyTraverseError, PyVisit, prelude::*};
use seawall_core::Stamp;

use crate::{answer::Transition, breaker::Breaker};

/// One hold. Dropped, it holds on: an operator who typed the command and kept
/// nothing meant it.
#[pyclass(frozen, module = "seawall._native")]
pub(crate) struct Hold {
    breaker: Py<Breaker>,
    stamp: Stamp,
    transition: Option<Transition>,
    released: AtomicBool,
}

impl Hold {
    pub(crate) fn new(
        breaker: &Bound<'_, Breaker>,
        stamp: Stamp,
        transition: Option<Transition>,
    ) -> Self {
        Self {
            breaker: breaker.clone().unbind(),
            stamp,
            transition,
            released: AtomicBool::new(false),
        }
    }
}

#[pymethods]
impl Hold {
    /// The change of state that this hold made, if it was the first.
    #[getter]
    const fn transition(&self) -> Option<Transition> {
        self.transition
    }

    /// Release it; a second time changes nothing, for the other holds are not ours.
    fn release(&self, py: Python<'_>) -> PyResult<Option<Transition>> {
        if self.released.load(Ordering::Acquire) {
            return Ok(None);
        }
        // First the clock: if it raises, this still is a hold.
        let now = self.breaker.get().now(py)?;
        if self.released.swap(true, Ordering::AcqRel) {
            return Ok(None);
        }
        Ok(self.breaker.get().unheld(py, self.stamp, now))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.breaker)
    }
}
