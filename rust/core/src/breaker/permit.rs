//! What goes in and out of a breaker: stamps, answers, transitions.

use super::Flight;
use crate::Nanos;

/// Where the circuit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum State {
    /// Calls pass and failures are counted.
    Closed = 0,
    /// Calls are rejected until the break is over.
    Open = 1,
    /// A limited number of probes pass; their outcomes decide.
    HalfOpen = 2,
    /// Held open by an operator.
    Isolated = 3,
    /// Every call passes and nothing is recorded.
    Disabled = 4,
}

impl State {
    /// The number by which other languages know the state.
    pub const fn as_u8(self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::Open => 1,
            Self::HalfOpen => 2,
            Self::Isolated => 3,
            Self::Disabled => 4,
        }
    }
}

/// What an admitted call remembers: the generation that admitted it.
///
/// A verdict with the stamp of an older generation changes nothing. Twenty
/// bits: a call would have to outlive 1 048 576 changes of state, to the very
/// number, to be taken for a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp(u32);

impl Stamp {
    const MASK: u32 = (1 << 20) - 1;

    /// The stamp of a generation, of which the low 20 bits count.
    #[must_use]
    pub const fn from_generation(generation: u32) -> Self {
        Self(generation & Self::MASK)
    }

    /// The generation, below 2²⁰.
    pub const fn generation(self) -> u32 {
        self.0
    }

    pub(crate) const fn next(self) -> Self {
        Self::from_generation(self.0.wrapping_add(1))
    }
}

/// One change of state; exactly one caller is handed it.
///
/// `old` equals `new` in one case: a reset of a closed circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Transition {
    /// The state before.
    pub old: State,
    /// The state after.
    pub new: State,
    /// The generation that begins with it.
    pub generation: u32,
    /// How long the circuit stays open; `None` unless `new` is open.
    ///
    /// As computed for this very opening: growth, jitter and hint are in it.
    pub break_duration: Option<Nanos>,
}

/// The answer to a call that asks for admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a half-open permit that is forgotten blocks the next probe until its lease is over"]
pub enum Admit {
    /// The call may run. Give its verdict, or its release, with the stamp, once.
    Permit {
        /// What the verdict needs.
        stamp: Stamp,
        /// Closed, half-open or disabled.
        state: State,
        /// Present if this admission turned open into half-open.
        transition: Option<Transition>,
        /// Present if calls are timed and this one will be judged, which one of
        /// a disabled circuit is not. Tell [`landed`](super::Breaker::landed)
        /// before the verdict, once.
        flight: Option<Flight>,
    },
    /// The call must not run.
    Reject(Reject),
}

/// Why a call was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Open, half-open or isolated.
    pub state: State,
    /// When to ask again; `None` if isolated, or half-open without a free permit.
    pub retry_after: Option<Nanos>,
    /// Present if this admission found too many calls that hang, and opened the
    /// circuit.
    pub transition: Option<Transition>,
}

/// What became of a verdict or of an operator's command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was taken, and the state is what it was.
    Kept,
    /// It came too late: the generation, or the hold, it belongs to is gone.
    Late,
    /// It changed the state, and nobody else is told.
    Moved(Transition),
}

/// One consistent reading of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Where the circuit is.
    pub state: State,
    /// Rises with every change of state, with a reset and with a lost probe.
    pub generation: u32,
    /// Failures in a row, while closed; 0 if a ratio of failures opens.
    pub failures: u32,
    /// Successful probes, while half-open.
    pub successes: u32,
    /// Permits out, while half-open.
    pub permits_out: u32,
    /// Operators that hold it, while isolated.
    pub holds: u64,
    /// How often in a row a probe failed, to 15.
    pub reopenings: u32,
    /// Time until the break is over; `None` if it is, or if not open.
    pub retry_after: Option<Nanos>,
    /// Outcomes in the window, while closed; 0 without one.
    pub window_calls: u32,
    /// Failures among them.
    pub window_failures: u32,
}

/// What may be kept outside and read without asking the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// The stamp of every call, while closed or disabled; `None` while closed
    /// if calls are timed.
    pub admits: Option<Stamp>,
    /// A success has nothing to do: no failure is waiting to be forgotten, and
    /// if there is a window it is full of successes.
    pub quiet: bool,
}
