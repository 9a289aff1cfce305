//! The Python module `seawall._native`: convert, call the core once, convert.
//!
//! Rule 1: nothing is decided here. What the core needs from outside, the time
//! and randomness, is fetched before it is called.
//!
//! Rule 2: no class has state that Python could see half-written: all are
//! frozen, and what changes in them is atomic or behind a lock. So the module
//! does not need the GIL, and says so.
#![deny(unsafe_code)]

mod admission;
mod answer;
mod backoff;
mod breaker;
mod budget;
mod clock;
mod convert;
mod entropy;
mod hold;
mod permit;
mod publish;
mod settings;
mod since;
mod tally;
mod verdict;

use pyo3::prelude::*;

/// The Rust core as Python sees it: numbers and small frozen objects.
#[pymodule(gil_used = false)]
mod _native {
    use pyo3::{prelude::*, types::PyDict};
    use seawall_core::State;

    #[pymodule_export]
    use super::{
        answer::{Rejection, Snapshot, Transition},
        backoff::Backoff,
        breaker::Breaker,
        budget::Budget,
        hold::Hold,
        permit::Permit,
        settings::Settings,
    };

    #[pymodule_export]
    const CLOSED: u8 = State::Closed.as_u8();
    #[pymodule_export]
    const OPEN: u8 = State::Open.as_u8();
    #[pymodule_export]
    const HALF_OPEN: u8 = State::HalfOpen.as_u8();
    #[pymodule_export]
    const ISOLATED: u8 = State::Isolated.as_u8();
    #[pymodule_export]
    const DISABLED: u8 = State::Disabled.as_u8();

    /// Tell how this extension was built; a benchmark of a debug build means nothing.
    #[pyfunction]
    fn build_info(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let profile = if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        };
        let info = PyDict::new(py);
        info.set_item("version", env!("CARGO_PKG_VERSION"))?;
        info.set_item("profile", profile)?;
        info.set_item("abi", env!("SEAWALL_ABI"))?;
        info.set_item("pyo3", env!("SEAWALL_PYO3"))?;
        info.set_item("target", env!("SEAWALL_TARGET"))?;
        Ok(info)
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::entropy::install();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
