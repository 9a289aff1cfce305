//! What a breaker answers: small frozen objects.

use pyo3::prelude::*;
use seawall_core::{self as core, Nanos};

use crate::{permit::Permit, tally::Tally};

/// One change of state; exactly one caller is handed it.
#[derive(Clone, Copy)]
#[pyclass(frozen, get_all, module = "seawall._native")]
pub(crate) struct Transition {
    old: u8,
    new: u8,
    generation: u32,
    break_duration: Option<f64>,
}

impl From<core::Transition> for Transition {
    fn from(change: core::Transition) -> Self {
        Self {
            old: change.old.as_u8(),
            new: change.new.as_u8(),
            generation: change.generation,
            break_duration: change.break_duration.map(Nanos::as_secs_f64),
        }
    }
}

/// Why a call was not admitted.
#[pyclass(frozen, get_all, module = "seawall._native")]
pub(crate) struct Rejection {
    state: u8,
    retry_after: Option<f64>,
    transition: Option<Transition>,
}

impl From<core::Reject> for Rejection {
    fn from(reject: core::Reject) -> Self {
        Self {
            state: reject.state.as_u8(),
            retry_after: reject.retry_after.map(Nanos::as_secs_f64),
            transition: reject.transition.map(Transition::from),
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

/// One consistent reading of the state word, and the counters as they are.
#[pyclass(frozen, get_all, module = "seawall._native")]
pub(crate) struct Snapshot {
    state: u8,
    generation: u32,
    since: Option<f64>,
    failures: u32,
    successes: u32,
    permits_out: u32,
    retry_after: Option<f64>,
    window_calls: u32,
    window_failures: u32,
    rejected: u64,
    late: u64,
    failed: u64,
    ignored: u64,
    succeeded: Option<u64>,
}

impl Snapshot {
    /// `since` is the state's; successes are told where they are counted.
    pub(crate) fn new(
        seen: core::Snapshot,
        since: Option<Nanos>,
        tally: &Tally,
        counts_successes: bool,
    ) -> Self {
        Self {
            state: seen.state.as_u8(),
            generation: seen.generation,
            since: since.map(Nanos::as_secs_f64),
            failures: seen.failures,
            successes: seen.successes,
            permits_out: seen.permits_out,
            retry_after: seen.retry_after.map(Nanos::as_secs_f64),
            window_calls: seen.window_calls,
            window_failures: seen.window_failures,
            rejected: tally.rejected.get(),
            late: tally.late.get(),
            failed: tally.failed.get(),
            ignored: tally.ignored.get(),
            succeeded: counts_successes.then(|| tally.succeeded.get()),
        }
    }
}
