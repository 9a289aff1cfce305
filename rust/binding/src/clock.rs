//! Where `now` comes from.
//!
//! Rule: a clock is read before the core is called, never inside its retry
//! loops. A Python clock may raise, and its exception belongs to the caller.

use std::{sync::LazyLock, time::Instant};

use pyo3::{PyTraverseError, PyVisit, prelude::*};
use seawall_core::Nanos;

/// Only differences of time matter, so the epoch is the import of the module.
static EPOCH: LazyLock<Instant> = LazyLock::new(instant);

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where time comes in"
)]
fn instant() -> Instant {
    Instant::now()
}

/// The system's monotonic clock, or a callable that returns seconds.
pub(crate) enum Clock {
    Monotonic,
    Python(Py<PyAny>),
}

impl From<Option<Py<PyAny>>> for Clock {
    fn from(now: Option<Py<PyAny>>) -> Self {
        now.map_or(Self::Monotonic, Self::Python)
    }
}

impl Clock {
    pub(crate) fn read(&self, py: Python<'_>) -> PyResult<Nanos> {
        match self {
            Self::Monotonic => Ok(monotonic()),
            Self::Python(now) => {
                let seconds = now.bind(py).call0()?.extract()?;
                Ok(Nanos::from_secs_f64(seconds))
            }
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Monotonic => Ok(()),
            Self::Python(now) => visit.call(now),
        }
    }
}

pub(crate) fn monotonic() -> Nanos {
    let elapsed = EPOCH.elapsed().as_nanos();
    Nanos::new(u64::try_from(elapsed).unwrap_or(u64::MAX)) // 584 years after the import
}
