//! Time as this crate sees it: a number handed in by the caller.

use core::fmt;

use crate::convert;

const PER_SECOND: f64 = 1e9;

/// Nanoseconds, as a duration or as an instant of some monotonic clock whose
/// zero only the caller knows.
///
/// 2⁶⁴ ns are 584 years, so arithmetic saturates instead of failing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Nanos(u64);

impl Nanos {
    /// The end of time.
    pub const MAX: Self = Self(u64::MAX);

    /// Wraps a raw count of nanoseconds.
    #[must_use]
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// The raw count of nanoseconds.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The nearest nanosecond; what is below zero or NaN becomes 0, what is
    /// too large becomes [`Nanos::MAX`].
    #[must_use]
    pub fn from_secs_f64(seconds: f64) -> Self {
        Self(convert::to_u64((seconds * PER_SECOND).round()))
    }

    /// Seconds as a float.
    pub fn as_secs_f64(self) -> f64 {
        convert::to_f64(self.0) / PER_SECOND
    }

    /// Later by `rhs`, or the end of time.
    #[must_use]
    pub const fn saturating_add(self, rhs: Self) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }

    /// Earlier by `rhs`, or zero.
    #[must_use]
    pub const fn saturating_sub(self, rhs: Self) -> Self {
        Self(self.0.saturating_sub(rhs.0))
    }
}

impl fmt::Debug for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nanos({:?})", core::time::Duration::from_nanos(self.0))
    }
}

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_that_are_no_time_at_all_become_the_nearest_end() {
        assert_eq!(Nanos::from_secs_f64(f64::NAN), Nanos::new(0));
        assert_eq!(Nanos::from_secs_f64(-1.0), Nanos::new(0));
        assert_eq!(Nanos::from_secs_f64(f64::INFINITY), Nanos::MAX);
    }

    #[test]
    fn seconds_are_rounded_to_the_nearest_nanosecond() {
        // 0.29 * 1e9 is a hair below 290 million.
        assert_eq!(Nanos::from_secs_f64(0.29), Nanos::new(290_000_000));
    }
}
