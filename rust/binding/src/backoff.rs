//! How long to wait before a call is tried again.
//!
//! A seed makes each call's delays a function of the retry number alone, so
//! they are the same whichever calls run in between.

use pyo3::prelude::*;
use seawall_core::{self as core, Nanos, rng};

use crate::{
    convert::{Spread, checked},
    entropy,
};

/// A rule for delays: how they grow, where they stop, how they spread.
#[pyclass(frozen, module = "seawall._native")]
pub(crate) struct Backoff {
    pub(crate) core: core::Backoff,
    pub(crate) seed: Option<u64>,
}

#[pymethods]
impl Backoff {
    /// Grow by a factor.
    #[staticmethod]
    fn exponential(
        base: u64,
        factor: f64,
        max_delay: u64,
        jitter: Spread,
        seed: Option<u64>,
    ) -> PyResult<Self> {
        let (base, max_delay) = (Nanos::new(base), Nanos::new(max_delay));
        let core = core::Backoff::exponential(base, factor, max_delay, jitter.0);
        checked(core).map(|core| Self { core, seed })
    }

    /// Grow by a step.
    #[staticmethod]
    fn linear(
        base: u64,
        step: u64,
        max_delay: u64,
        jitter: Spread,
        seed: Option<u64>,
    ) -> PyResult<Self> {
        let (base, step, max_delay) = (Nanos::new(base), Nanos::new(step), Nanos::new(max_delay));
        let core = core::Backoff::linear(base, step, max_delay, jitter.0);
        checked(core).map(|core| Self { core, seed })
    }

    /// Stay the same.
    #[staticmethod]
    fn constant(delay: u64, jitter: Spread, seed: Option<u64>) -> PyResult<Self> {
        let core = core::Backoff::constant(Nanos::new(delay), jitter.0);
        checked(core).map(|core| Self { core, seed })
    }

    /// Seconds to wait before retry number *retry*, counted from 1.
    #[pyo3(signature = (retry, previous, /))]
    fn delay(&self, retry: u64, previous: Option<f64>) -> f64 {
        let draw = self
            .seed
            .map_or_else(entropy::draw, |seed| rng::mix(seed, retry));
        let previous = previous.map(Nanos::from_secs_f64);
        self.core.delay(retry, previous, draw).as_secs_f64()
    }
}
