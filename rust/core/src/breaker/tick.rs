//! Instants in few bits: a circular count of coarse ticks.

use crate::Nanos;

/// An instant as `BITS` bits of ticks, each `NANOS` nanoseconds long.
///
/// The count wraps, so two instants can be compared only while they are less
/// than half the circle apart. That is why breaks and leases have a maximum.
///
/// Ticks round down. Whoever sleeps a duration and then asks whether it is
/// over hears yes: rounded up, the answer would be no more often than not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick<const BITS: u32, const NANOS: u64>(u64);

/// When a break ends: milliseconds, half range 2.1 years.
pub type BreakTick = Tick<37, 1_000_000>;
/// When a lease ends: quarters of a second, half range 24 days.
pub type LeaseTick = Tick<24, 250_000_000>;

impl<const BITS: u32, const NANOS: u64> Tick<BITS, NANOS> {
    const MASK: u64 = u64::MAX >> 64_u32.saturating_sub(BITS);
    const HALF: u64 = 1 << BITS.saturating_sub(1);

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

    /// Has this instant come?
    pub const fn reached(self, now: Nanos) -> bool {
        self.ahead(now) == 0
    }

    /// How long until this instant comes; `None` once it has.
    pub const fn remaining(self, now: Nanos) -> Option<Nanos> {
        match self.ahead(now) {
            0 => None,
            ticks => {
                let into = now.as_u64().rem_euclid(NANOS);
                Some(Nanos::new(ticks.saturating_mul(NANOS).saturating_sub(into)))
            }
        }
    }

    /// Ticks from `now` to this instant, 0 if it is not in the half circle ahead.
    const fn ahead(self, now: Nanos) -> u64 {
        let distance = self.0.wrapping_sub(Self::at(now).0) & Self::MASK;
        if distance < Self::HALF { distance } else { 0 }
    }
}
