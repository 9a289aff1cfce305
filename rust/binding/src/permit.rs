//! The permit of one call: one verdict, or a release when it is dropped.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::{PyTraverseError, PyVisit, exceptions::PyRuntimeError, prelude::*};
use seawall_core::{self as core, Flight, Nanos, Stamp, State};

use crate::{answer::Transition, breaker::Breaker};

/// What a permit is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It takes a probe's place.
    Probe,
    /// It takes no place: the circuit is closed or disabled.
    Call,
    /// It belongs to a probe around it, which gives the verdict; or the call
    /// would have been rejected, and runs for nobody's judgement.
    Nested,
}

impl Kind {
    /// What an admission in `state` is for.
    pub(crate) const fn of(state: State) -> Self {
        match state {
            State::HalfOpen => Self::Probe,
            State::Closed | State::Open | State::Isolated | State::Disabled => Self::Call,
        }
    }
}

/// What was granted.
pub(crate) struct Grant {
    pub(crate) stamp: Stamp,
    pub(crate) kind: Kind,
    /// The change of state that this admission made.
    pub(crate) transition: Option<core::Transition>,
    /// When, if anybody looked at the clock.
    pub(crate) admitted: Option<Nanos>,
    /// What tells, when it lands, whether the call was slow.
    pub(crate) flight: Option<Flight>,
}

impl Grant {
    /// Nobody asked for the time.
    pub(crate) const fn untimed(stamp: Stamp, kind: Kind) -> Self {
        Self {
            stamp,
            kind,
            transition: None,
            admitted: None,
            flight: None,
        }
    }
}

/// The permit of one call. Dropped without a verdict, it is released.
///
/// It holds its breaker, which knows nothing of it: no cycle.
#[pyclass(frozen, module = "seawall._native")]
pub(crate) struct Permit {
    breaker: Py<Breaker>,
    grant: Grant,
    used: AtomicBool,
}

impl Permit {
    pub(crate) fn new(breaker: &Bound<'_, Breaker>, grant: Grant) -> Self {
        Self {
            breaker: breaker.clone().unbind(),
            grant,
            used: AtomicBool::new(false),
        }
    }

    /// The breaker to tell, if this verdict counts.
    fn listener(&self) -> Option<&Breaker> {
        match self.grant.kind {
            Kind::Probe | Kind::Call => Some(self.breaker.get()),
            Kind::Nested => None,
        }
    }

    /// The call is no longer in flight; was it slow? This comes before the
    /// verdict, and once, for a permit takes one.
    fn landed(&self, now: Nanos) -> bool {
        let core = &self.breaker.get().core;
        self.grant
            .flight
            .is_some_and(|flight| core.landed(flight, now))
    }

    /// Also in the collector, where no clock can be read. What has no verdict
    /// need not be slow either, so it lands when it took off.
    fn give_back(&self) {
        self.landed(self.grant.admitted.unwrap_or_default());
        if let Some(breaker) = self.listener() {
            breaker.released(self.grant.stamp);
        }
    }

    /// Did the call run so long that its cancellation is a failure?
    fn is_overdue(&self, now: Nanos, patience: Nanos) -> bool {
        self.grant
            .admitted
            .is_some_and(|admitted| now.saturating_sub(admitted) >= patience)
    }

    /// Lets one verdict through, also when two threads try at once.
    fn spend(&self) -> PyResult<()> {
        if self.used.swap(true, Ordering::AcqRel) {
            return Err(PyRuntimeError::new_err(format!(
                "the permit of generation {} already has its verdict; acquire a new one for the \
                 next call",
                self.grant.stamp.generation()
            )));
        }
        Ok(())
    }
}

/// Wherever a verdict takes the time, the clock comes first: if it raises, the
/// permit still has its verdict to give.
#[pymethods]
impl Permit {
    #[getter]
    fn generation(&self) -> u32 {
        self.grant.stamp.generation()
    }

    /// The change of state that this admission made, if it did.
    #[getter]
    fn transition(&self) -> Option<Transition> {
        self.grant.transition.map(Transition::from)
    }

    /// Whether it takes one of the places of a half-open circuit.
    #[getter]
    fn probe(&self) -> bool {
        self.grant.kind == Kind::Probe
    }

    /// Whether it has its verdict.
    #[getter]
    fn used(&self) -> bool {
        self.used.load(Ordering::Acquire)
    }

    /// The call succeeded; one that was slow has failed.
    fn success(&self, py: Python<'_>) -> PyResult<Option<Transition>> {
        let timed = self.grant.flight.is_some();
        let heeds = |breaker: &&Breaker| timed || breaker.heeds_success();
        let Some(breaker) = self.listener().filter(heeds) else {
            return self.spend().map(|()| None);
        };
        let now = if timed {
            breaker.now(py)?
        } else {
            breaker.time_of_success(py, self.grant.stamp)?
        };
        self.spend()?;
        if self.landed(now) {
            return Ok(breaker.failed(py, self.grant.stamp, now, None));
        }
        Ok(breaker.succeeded(py, self.grant.stamp, now))
    }

    /// The call failed; the other side asked for a break of *hint*.
    #[pyo3(signature = (hint=None, /))]
    fn failure(&self, py: Python<'_>, hint: Option<u64>) -> PyResult<Option<Transition>> {
        let Some(breaker) = self.listener() else {
            return self.spend().map(|()| None);
        };
        let now = breaker.now(py)?;
        self.spend()?;
        self.landed(now);
        Ok(breaker.failed(py, self.grant.stamp, now, hint.map(Nanos::new)))
    }

    /// The call says nothing about the dependency.
    fn release(&self) -> PyResult<()> {
        self.spend()?;
        self.give_back();
        Ok(())
    }

    /// The call was cancelled from outside: a failure if it ran too long.
    fn cancelled(&self, py: Python<'_>) -> PyResult<Option<Transition>> {
        let Some(breaker) = self.listener() else {
            return self.spend().map(|()| None);
        };
        let Some(patience) = breaker.live.cancelled_after() else {
            return self.release().map(|()| None);
        };
        let now = breaker.now(py)?;
        if !self.is_overdue(now, patience) {
            return self.release().map(|()| None);
        }
        self.spend()?;
        self.landed(now);
        Ok(breaker.failed(py, self.grant.stamp, now, None))
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
