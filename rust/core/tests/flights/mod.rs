//! The calls in flight as one would keep them for a single thread: a list.
#![allow(
    dead_code,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "an oracle is to be obvious, and each test uses its part of it"
)]

use seawall_core::window::InFlight;
use seawall_core::{Nanos, Stamp};

/// How wide a bucket is.
pub(crate) const TICK: u64 = 1_000_000_000;
/// Who is older is slow.
pub(crate) const SLOW_AFTER: u64 = 4 * TICK;

/// A call of some generation, admitted at some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) generation: u32,
    pub(crate) admitted: u64,
}

impl Call {
    pub(crate) fn at_tick(generation: u32, tick: u64) -> Self {
        Self {
            generation,
            admitted: tick * TICK,
        }
    }

    fn stamp(self) -> Stamp {
        Stamp::from_generation(self.generation)
    }

    pub(crate) fn enter(self, calls: &InFlight, current: impl Fn() -> u32) -> bool {
        let is_current = || current() == self.generation;
        calls.enter(self.stamp(), Nanos::new(self.admitted), is_current)
    }

    pub(crate) fn leave(self, calls: &InFlight, now: u64, current: impl Fn() -> u32) {
        let is_current = || current() == self.generation;
        let admitted = Nanos::new(self.admitted);
        calls.leave(self.stamp(), admitted, Nanos::new(now), is_current);
    }

    /// Is it one of `generation`, and has it been in flight for longer than `age`?
    pub(crate) fn is_older(self, generation: u32, now: u64, age: u64) -> bool {
        self.generation == generation && now.saturating_sub(self.admitted) > age
    }
}

pub(crate) fn new() -> InFlight {
    InFlight::new(Nanos::new(SLOW_AFTER))
}

pub(crate) fn hanging(calls: &InFlight, generation: u32, now: u64) -> u32 {
    calls.hanging(Stamp::from_generation(generation), Nanos::new(now))
}

pub(crate) fn count(calls: impl Iterator<Item = Call>) -> u32 {
    u32::try_from(calls.count()).unwrap()
}
