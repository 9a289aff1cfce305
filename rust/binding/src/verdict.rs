//! What a breaker makes of the end of a call.
//!
//! A disabled circuit records nothing, so verdicts of that state are not
//! counted either; and neither is one that comes late, but as such.

use pyo3::prelude::*;
use seawall_core::{Change, Nanos, Stamp, State, config::MAX_REOPENINGS};

use crate::{
    answer::Transition,
    breaker::Breaker,
    tally::{Count, Tally},
};

impl Breaker {
    /// Has a success something to do or to be counted?
    pub(crate) fn heeds_success(&self) -> bool {
        !self.core.published().quiet || self.live.counts_successes()
    }

    /// The time, if a success has to know it: for its place in a window, or
    /// because it may be the one that closes the circuit.
    pub(crate) fn time_of_success(&self, py: Python<'_>, stamp: Stamp) -> PyResult<Nanos> {
        let probed = self.core.current() == (State::HalfOpen, stamp);
        if probed || self.windowed {
            return self.now(py);
        }
        Ok(Nanos::default())
    }

    pub(crate) fn succeeded(&self, py: Python<'_>, stamp: Stamp, now: Nanos) -> Option<Transition> {
        let counted = self.live.counts_successes() && self.records(stamp);
        let change = self.core.success_with(stamp, || now);
        self.count(change, counted.then_some(&self.tally.succeeded));
        self.changed(py, change, now)
    }

    /// Counts a failure; every failure may be the one that takes the time.
    pub(crate) fn failed(
        &self,
        py: Python<'_>,
        stamp: Stamp,
        now: Nanos,
        hint: Option<Nanos>,
    ) -> Option<Transition> {
        let counted = self.records(stamp);
        let draw = self.live.draw(|| self.next_break());
        let change = self.core.failure_with(stamp, || now, draw, hint);
        self.count(change, counted.then_some(&self.tally.failed));
        self.changed(py, change, now)
    }

    /// Like a probe's admission this needs no publishing: open and half-open
    /// look the same from outside. So the collector may drop a permit anywhere.
    pub(crate) fn released(&self, stamp: Stamp) {
        let counted = self.records(stamp);
        // It gives no verdict, so it cannot give one late.
        if self.core.release(stamp) != Change::Late && counted {
            self.tally.ignored.add_one();
        }
    }

    /// A state is of one generation: look before, for the verdict may end it.
    fn records(&self, stamp: Stamp) -> bool {
        self.core.current() != (State::Disabled, stamp)
    }

    /// The number, from 1, of the break that a failure would begin. As long as
    /// its stamp is not late, the word has the probes that failed before.
    fn next_break(&self) -> u64 {
        let seen = self.core.snapshot(Nanos::default);
        let reopenings = match seen.state {
            State::HalfOpen => seen.reopenings.saturating_add(1).min(MAX_REOPENINGS),
            State::Closed | State::Open | State::Isolated | State::Disabled => 0,
        };
        u64::from(reopenings).saturating_add(1)
    }

    fn count(&self, change: Change, verdict: Option<&Count>) {
        let Tally { late, .. } = &self.tally;
        match (change, verdict) {
            (Change::Late, _) => late.add_one(),
            (Change::Kept | Change::Moved(_), Some(verdict)) => verdict.add_one(),
            (Change::Kept | Change::Moved(_), None) => {}
        }
    }
}
