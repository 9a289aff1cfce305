//! Whether a call may run, and what it is handed.

use pyo3::prelude::*;
use seawall_core::{Admit, Change, Nanos, Reject, Stamp, State};

use crate::{
    answer::Admission,
    breaker::Breaker,
    permit::{Grant, Kind, Permit},
};

impl Breaker {
    /// Has each call to remember when it was admitted?
    pub(crate) fn times(&self) -> bool {
        self.slow || self.live.cancelled_after().is_some()
    }

    /// The stamp of a call that need not ask the core, nor be timed.
    pub(crate) fn undisturbed(&self) -> Option<Stamp> {
        match self.core.current() {
            (State::Closed | State::Disabled, stamp) => Some(stamp).filter(|_| !self.times()),
            (State::Open | State::HalfOpen | State::Isolated, _) => None,
        }
    }

    /// Asks the core.
    pub(crate) fn ask(&self, py: Python<'_>) -> PyResult<Result<Grant, Reject>> {
        let now = self.now(py)?;
        // Where calls hang, a closed circuit opens for its first break.
        let admit = self.core.acquire_with(|| now, || self.live.draw(|| 1));
        Ok(match admit {
            Admit::Reject(reject) => self.refuse(py, reject, now),
            Admit::Permit {
                stamp,
                state,
                transition,
                flight,
            } => {
                // Nothing to publish: open and half-open look the same from outside.
                if let Some(transition) = &transition {
                    self.since.note(transition, now);
                }
                Ok(Grant {
                    stamp,
                    kind: Kind::of(state),
                    transition,
                    admitted: Some(now),
                    flight,
                })
            }
        })
    }

    /// Rejects, or in shadow mode only counts it: that tries thresholds out, and an
    /// operator's hold is no trial.
    fn refuse(&self, py: Python<'_>, reject: Reject, now: Nanos) -> Result<Grant, Reject> {
        self.tally.rejected.add_one();
        if let Some(transition) = reject.transition {
            self.changed(py, Change::Moved(transition), now);
        }
        if self.live.enforces() || reject.state == State::Isolated {
            return Err(reject);
        }
        Ok(Grant {
            transition: reject.transition,
            ..Grant::untimed(self.core.current().1, Kind::Nested)
        })
    }

    pub(crate) fn answer(slf: &Bound<'_, Self>, asked: Result<Grant, Reject>) -> Admission {
        match asked {
            Ok(grant) => Admission::Permit(Permit::new(slf, grant)),
            Err(reject) => Admission::Rejection(reject.into()),
        }
    }
}
