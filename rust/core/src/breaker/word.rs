//! The whole breaker in 64 bits: packing, and nothing else.
//!
//! ```text
//! bit 63..61 tag         0 closed, 1 open, 2 half-open, 3 isolated, 4 disabled
//!     60..41 generation  20 bits
//!     40..37 reopenings  saturates at 15
//!     36..0  payload     closed: failures in a row      open: deadline in ms
//!                        isolated: holds                disabled: 0
//!                        half-open: out 5 | successes 5 | reclaims 3 | lease 24
//! ```
//!
//! Zero is a closed breaker of generation 0 that has seen no failure. A closed
//! word without failures is its generation and nothing else, so "is this
//! success worth a write?" is one comparison with the stamp.

use super::permit::{Stamp, State, Transition};
use super::tick::{BreakTick, LeaseTick};
use crate::Nanos;

const TAG_SHIFT: u32 = 61;
const GENERATION_SHIFT: u32 = 41;
const REOPENINGS_SHIFT: u32 = 37;
const PAYLOAD: u64 = (1 << REOPENINGS_SHIFT) - 1;
const REOPENINGS: u64 = 15;

const OUT_SHIFT: u32 = 32;
const SUCCESSES_SHIFT: u32 = 27;
const RECLAIMS_SHIFT: u32 = 24;
const FIVE_BITS: u64 = 31;
const THREE_BITS: u64 = 7;

/// The packed state of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word(u64);

/// The same, as fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Rises with every change of state, with a reset and with a reclaim.
    pub generation: Stamp,
    /// How often in a row a probe failed, to 15.
    pub reopenings: u32,
    /// The state and what belongs to it.
    pub phase: Phase,
}

/// A state and what it has to remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Calls pass.
    Closed {
        /// Failures in a row.
        failures: u64,
    },
    /// Calls are rejected.
    Open {
        /// First instant at which a probe passes.
        until: BreakTick,
    },
    /// Probes pass.
    HalfOpen(Probes),
    /// Rejects until an operator says otherwise.
    Isolated {
        /// How many operators hold it.
        holds: u64,
    },
    /// Admits everything and records nothing.
    Disabled,
}

/// The probe round of a half-open circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probes {
    /// Permits out, to 31.
    pub out: u32,
    /// Successes so far, to 31.
    pub successes: u32,
    /// Rounds in a row that ended with a lost permit, to 7.
    pub reclaims: u32,
    /// When the newest permit's lease ends.
    pub lease: LeaseTick,
}

impl Word {
    /// The word as it lies in memory.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The word as it lies in memory.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// A closed word without failures.
    #[must_use]
    pub fn clean(generation: Stamp) -> Self {
        Self(u64::from(generation.generation()) << GENERATION_SHIFT)
    }

    /// Is the circuit closed?
    pub const fn is_closed(self) -> bool {
        self.0 >> TAG_SHIFT == 0
    }

    /// The generation.
    pub fn stamp(self) -> Stamp {
        Stamp::from_generation(narrow(self.0 >> GENERATION_SHIFT))
    }

    /// The state.
    pub const fn state(self) -> State {
        match self.0 >> TAG_SHIFT {
            0 => State::Closed,
            1 => State::Open,
            2 => State::HalfOpen,
            3 => State::Isolated,
            // 4; nothing packs 5 to 7.
            _ => State::Disabled,
        }
    }

    /// The fields.
    pub fn unpack(self) -> Parts {
        let payload = self.0 & PAYLOAD;
        let phase = match self.state() {
            State::Closed => Phase::Closed { failures: payload },
            State::Open => Phase::Open {
                until: BreakTick::from_bits(payload),
            },
            State::HalfOpen => Phase::HalfOpen(Probes::unpack(payload)),
            State::Isolated => Phase::Isolated { holds: payload },
            State::Disabled => Phase::Disabled,
        };
        let reopenings = narrow((self.0 >> REOPENINGS_SHIFT) & REOPENINGS);
        Parts {
            generation: self.stamp(),
            reopenings,
            phase,
        }
    }

    /// What a listener is told when `self` took the place of `before`.
    pub fn transition_from(self, before: Self, break_duration: Option<Nanos>) -> Transition {
        Transition {
            old: before.state(),
            new: self.state(),
            generation: self.stamp().generation(),
            break_duration,
        }
    }
}

impl Parts {
    /// The word; what does not fit is cut to its maximum.
    pub fn pack(self) -> Word {
        let (state, payload) = match self.phase {
            Phase::Closed { failures } => (State::Closed, failures.min(PAYLOAD)),
            Phase::Open { until } => (State::Open, until.bits()),
            Phase::HalfOpen(probes) => (State::HalfOpen, probes.pack()),
            Phase::Isolated { holds } => (State::Isolated, holds.min(PAYLOAD)),
            Phase::Disabled => (State::Disabled, 0),
        };
        Word(
            u64::from(state.as_u8()) << TAG_SHIFT
                | Word::clean(self.generation).0
                | u64::from(self.reopenings).min(REOPENINGS) << REOPENINGS_SHIFT
                | payload,
        )
    }
}

impl Probes {
    fn unpack(payload: u64) -> Self {
        Self {
            out: narrow(payload >> OUT_SHIFT),
            successes: narrow((payload >> SUCCESSES_SHIFT) & FIVE_BITS),
            reclaims: narrow((payload >> RECLAIMS_SHIFT) & THREE_BITS),
            lease: LeaseTick::from_bits(payload),
        }
    }

    fn pack(self) -> u64 {
        u64::from(self.out).min(FIVE_BITS) << OUT_SHIFT
            | u64::from(self.successes).min(FIVE_BITS) << SUCCESSES_SHIFT
            | u64::from(self.reclaims).min(THREE_BITS) << RECLAIMS_SHIFT
            | self.lease.bits()
    }
}

/// Every caller passes less than 23 bits, so the maximum is never used.
fn narrow(field: u64) -> u32 {
    u32::try_from(field).unwrap_or(u32::MAX)
}
