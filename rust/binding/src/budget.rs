//! How many retries the callers of one dependency may spend together.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;
use seawall_core::{self as core, Stamp};

use crate::{
    convert::checked,
    publish::{News, Publisher},
};

/// A bucket of tokens that threads share without a lock.
#[pyclass(frozen, module = "seawall._native")]
pub(crate) struct Budget {
    core: core::Budget,
    publisher: Publisher,
    withdrawn: AtomicU64,
    refused: AtomicU64,
}

impl Budget {
    /// While a deposit would change nothing, calls need not make it. Nobody
    /// hands a stamp back, so it is always the same.
    fn news(&self) -> News {
        News {
            admits: self.core.quiet().then(|| Stamp::from_generation(0)),
            note: false,
        }
    }
}

#[pymethods]
impl Budget {
    #[new]
    #[pyo3(signature = (ratio, capacity, /))]
    fn new(ratio: f64, capacity: f64) -> PyResult<Self> {
        Ok(Self {
            core: checked(core::Budget::new(ratio, capacity))?,
            publisher: Publisher::default(),
            withdrawn: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        })
    }

    /// Credit one call.
    fn deposit(&self, py: Python<'_>) {
        if self.core.deposit() {
            self.publisher.publish(py, || self.news());
        }
    }

    /// Pay for one retry, if there is a token.
    fn withdraw(&self, py: Python<'_>) -> bool {
        let paid = self.core.withdraw();
        if paid {
            self.withdrawn.fetch_add(1, Ordering::Relaxed);
            self.publisher.publish(py, || self.news());
        } else {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        paid
    }

    /// Tokens left.
    #[getter]
    fn level(&self) -> f64 {
        self.core.tokens()
    }

    /// Retries that were paid for.
    #[getter]
    fn withdrawn(&self) -> u64 {
        self.withdrawn.load(Ordering::Relaxed)
    }

    /// Retries that were not.
    #[getter]
    fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Keep *tok* up to date in the globals of *wrapper*, weakly.
    #[pyo3(signature = (wrapper, tok, /))]
    fn attach(&self, wrapper: &Bound<'_, PyAny>, tok: &str) -> PyResult<()> {
        self.publisher.attach(|| self.news(), wrapper, tok, None)
    }
}
