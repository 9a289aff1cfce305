//! Instants in few bits: a circular count of coarse ticks.

use crate::Nanos;

/// An instant as `BITS` bits of ticks, each `NANOS` nanoseconds long.
///
/// The count wraps, so an instant that is over lies ahead again some day. Who
/// asks says how far ahead it can be: what is further is over. Only for as long
/// as that, once in a turn of the circle, is the past taken for the future.
///
/// Ticks round down. Whoever sleeps a duration and then asks whether it is
/// over hears yes: rounded up, the answer would be no more often than not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick<const BITS: u32, const NANOS: u64>(u64);

/// Not everything further ahead is over: who asks may have read the clock, slept,
/// and found what somebody else has begun meanwhile.
const SLEPT: Nanos = Nanos::new(3600 * 1_000_000_000);

/// When a break ends: milliseconds, a turn is 4.3 years.
pub type BreakTick = Tick<37, 1_000_000>;
/// When a lease ends: quarters of a second, a turn is 48 days.
pub type LeaseTick = Tick<24, 250_000_000>;

impl<const BITS: u32, const NANOS: u64> Tick<BITS, NANOS> {
    const MASK: u64 = u64::MAX >> 64_u32.saturating_sub(BITS);

    /// The tick that `now` is in.
    #[must_use]
    pub const fn at(now: Nanos) -> Self {
        Self::from_bits(now.as_u64().div_euclid(NANOS))
    }

    /// The low `BITS` bits of a count.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits & Self::MASK)
    }

    /// The count, below 2 to the power of `BITS`.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The tick after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::from_bits(self.0.wrapping_add(1))
    }

    /// Has this instant come, which was never more than `longest` ahead?
    pub const fn reached(self, now: Nanos, longest: Nanos) -> bool {
        self.ahead(now, longest) == 0
    }

    /// How long until this instant comes; `None` once it has.
    pub const fn remaining(self, now: Nanos, longest: Nanos) -> Option<Nanos> {
        match self.ahead(now, longest) {
            0 => None,
            ticks => {
                let into = now.as_u64().rem_euclid(NANOS);
                Some(Nanos::new(ticks.saturating_mul(NANOS).saturating_sub(into)))
            }
        }
    }

    /// Ticks from `now` to this instant, 0 if it is over.
    const fn ahead(self, now: Nanos, longest: Nanos) -> u64 {
        let distance = self.0.wrapping_sub(Self::at(now).0) & Self::MASK;
        let furthest = longest.saturating_add(SLEPT).as_u64().div_euclid(NANOS);
        if distance <= furthest { distance } else { 0 }
    }
}
