//! What can be set, checked once, and what of it is not the core's to heed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use pyo3::{exceptions::PyValueError, prelude::*};
use seawall_core::{BreakerConfig, Nanos, Trip, Window, rng};

use crate::{backoff::Backoff, convert::checked, entropy};

const DAY: u64 = 24 * 3600 * 1_000_000_000;

/// Every option of a breaker, within bounds.
#[pyclass(frozen, module = "seawall._native")]
pub(crate) struct Settings {
    pub(crate) core: BreakerConfig,
    seed: Option<u64>,
    cancelled_after: Option<u64>,
    enforce: bool,
    count_successes: bool,
}

#[pymethods]
impl Settings {
    #[new]
    #[pyo3(signature = (
        *, failures, ratio, calls, duration, min_calls, breaks, success_threshold, max_probes,
        probe_lease, slow_after, cancelled_after, enforce, count_successes,
    ))]
    #[expect(
        clippy::too_many_arguments,
        reason = "all by name: this is where options come in, and nobody else takes so many"
    )]
    fn new(
        failures: Option<u32>,
        ratio: Option<f64>,
        calls: Option<u32>,
        duration: Option<u64>,
        min_calls: u32,
        breaks: &Bound<'_, Backoff>,
        success_threshold: u32,
        max_probes: u32,
        probe_lease: u64,
        slow_after: Option<u64>,
        cancelled_after: Option<u64>,
        enforce: bool,
        count_successes: bool,
    ) -> PyResult<Self> {
        let Backoff { core: breaks, seed } = breaks.get();
        let (pause, lease) = (Nanos::default(), Nanos::new(probe_lease));
        let core = checked(BreakerConfig::new(
            1,
            pause,
            success_threshold,
            max_probes,
            lease,
        ))?;
        let trip = trip(failures, ratio, window(calls, duration), min_calls)?;
        let core = checked(core.with_trip(trip))?;
        let core = checked(core.with_breaks(*breaks))?;
        let timed = |after| checked(core.with_slow_after(Nanos::new(after)));
        Ok(Self {
            core: slow_after.map_or(Ok(core), timed)?,
            seed: *seed,
            cancelled_after: cancelled_after.map(check_patience).transpose()?,
            enforce,
            count_successes,
        })
    }
}

/// The one window that is given.
fn window(calls: Option<u32>, duration: Option<u64>) -> Option<Window> {
    match (calls, duration) {
        (Some(calls), None) => Some(Window::Calls(calls)),
        (None, Some(duration)) => Some(Window::Time(Nanos::new(duration))),
        (None, None) | (Some(_), Some(_)) => None,
    }
}

fn trip(
    failures: Option<u32>,
    ratio: Option<f64>,
    window: Option<Window>,
    min_calls: u32,
) -> PyResult<Trip> {
    match (failures, ratio, window) {
        (Some(failures), None, _) => Ok(Trip::Consecutive(failures)),
        (None, Some(share), Some(window)) => checked(Trip::ratio(share, window, min_calls)),
        (None, Some(_), None) => Err(PyValueError::new_err(
            "a ratio needs one window; give either calls or duration",
        )),
        (None, None, _) | (Some(_), Some(_), _) => Err(PyValueError::new_err(
            "one rule opens a circuit; give either failures or ratio",
        )),
    }
}

fn check_patience(cancelled_after: u64) -> PyResult<u64> {
    if (1..=DAY).contains(&cancelled_after) {
        return Ok(cancelled_after);
    }
    Err(PyValueError::new_err(format!(
        "cancelled_after must be more than 0 s and at most 24 hours, got {}",
        Nanos::new(cancelled_after)
    )))
}

/// What is the binding's to heed of the settings, and may change while calls run.
///
/// Each is a word of its own: an option means the same whatever the others say.
#[derive(Default)]
pub(crate) struct Live {
    enforce: AtomicBool,
    count_successes: AtomicBool,
    cancelled_after: AtomicU64, // 0: never
    seeded: AtomicBool,
    seed: AtomicU64,
}

impl Live {
    pub(crate) fn new(settings: &Settings) -> Self {
        let live = Self::default();
        live.adopt(settings);
        live
    }

    pub(crate) fn adopt(&self, settings: &Settings) {
        self.enforce.store(settings.enforce, Ordering::Relaxed);
        self.count_successes
            .store(settings.count_successes, Ordering::Relaxed);
        let patience = settings.cancelled_after.unwrap_or_default();
        self.cancelled_after.store(patience, Ordering::Relaxed);
        // The seed first: who sees that there is one reads no other.
        self.seed
            .store(settings.seed.unwrap_or_default(), Ordering::Relaxed);
        self.seeded
            .store(settings.seed.is_some(), Ordering::Release);
    }

    /// Are calls rejected, or would they only have been?
    pub(crate) fn enforces(&self) -> bool {
        self.enforce.load(Ordering::Relaxed)
    }

    pub(crate) fn counts_successes(&self) -> bool {
        self.count_successes.load(Ordering::Relaxed)
    }

    /// How long a call must have run for its cancellation to be a failure.
    pub(crate) fn cancelled_after(&self) -> Option<Nanos> {
        match self.cancelled_after.load(Ordering::Relaxed) {
            0 => None,
            patience => Some(Nanos::new(patience)),
        }
    }

    /// What spreads a break; with a seed it is a function of its number, from 1.
    pub(crate) fn draw(&self, number: impl FnOnce() -> u64) -> u64 {
        if self.seeded.load(Ordering::Acquire) {
            return rng::mix(self.seed.load(Ordering::Relaxed), number());
        }
        entropy::draw()
    }
}
