//! What can be set, and within which bounds.

mod live;
mod trip;

use core::fmt;

use crate::{Backoff, Jitter, Nanos};

pub(crate) use live::Live;
pub use trip::{Trip, Window};

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3600 * SECOND;

/// Longest break. The deadline is a circular count of milliseconds in 37 bits,
/// one turn of which is 4.3 years.
pub const MAX_BREAK: Nanos = Nanos::new(365 * 24 * HOUR);
/// Longest lease of a probe before doubling, and of a call before it is slow.
pub const MAX_LEASE: Nanos = Nanos::new(24 * HOUR);
/// Most permits out at once, and most successes asked for: five bits.
pub const MAX_PROBES: u32 = 31;
/// Most re-openings in a row that are counted, each with a break of its own: four bits.
pub const MAX_REOPENINGS: u32 = 15;

/// An option outside its bounds.
///
/// ```
/// use seawall_core::{BreakerConfig, Nanos};
///
/// let second = Nanos::from_secs_f64(1.0);
/// let error = BreakerConfig::new(0, second, 1, 1, second).unwrap_err();
/// assert_eq!(error.to_string(), "failures must be at least 1, got 0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfigError {
    option: &'static str,
    bounds: &'static str,
    value: Value,
}

/// What somebody set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    Count(u32),
    Number(f64),
    Time(Nanos),
    Name(&'static str),
}

impl ConfigError {
    pub(crate) const fn new(option: &'static str, bounds: &'static str, value: Value) -> Self {
        Self {
            option,
            bounds,
            value,
        }
    }

    /// The name of the option.
    pub const fn option(&self) -> &'static str {
        self.option
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} must be {}, got {}",
            self.option, self.bounds, self.value
        )
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Time(value) => value.fmt(f),
            Self::Name(value) => value.fmt(f),
        }
    }
}

impl core::error::Error for ConfigError {}

/// Thresholds and durations of a [`Breaker`](crate::Breaker), all within bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerConfig {
    trip: Trip,
    success_threshold: u32,
    max_probes: u32,
    breaks: Backoff,
    probe_lease: Nanos,
    slow_after: Option<Nanos>,
}

impl BreakerConfig {
    /// Checks every option.
    ///
    /// * `failures`: failures in a row that open the circuit, at least 1.
    /// * `break_duration`: how long it stays open, at most 365 days.
    /// * `success_threshold`: successful probes that close it, 1 to 31.
    /// * `max_probes`: probes out at once, 1 to 31.
    /// * `probe_lease`: how long a probe may keep its permit, at most 24 hours.
    ///   Counted in quarters of a second.
    ///
    /// # Errors
    /// [`ConfigError`] names the first option that is out of bounds.
    pub fn new(
        failures: u32,
        break_duration: Nanos,
        success_threshold: u32,
        max_probes: u32,
        probe_lease: Nanos,
    ) -> Result<Self, ConfigError> {
        let trip = Trip::Consecutive(failures);
        trip.check()?;
        one_to_31("success_threshold", success_threshold)?;
        one_to_31("max_probes", max_probes)?;
        let breaks = Backoff::constant(break_duration, Jitter::None)?;
        check_breaks(&breaks)?;
        within_a_day("probe_lease", probe_lease)?;
        Ok(Self {
            trip,
            success_threshold,
            max_probes,
            breaks,
            probe_lease,
            slow_after: None,
        })
    }

    /// The same, opened by something else.
    ///
    /// ```
    /// use seawall_core::config::{Trip, Window};
    /// use seawall_core::{BreakerConfig, Nanos};
    ///
    /// let second = Nanos::from_secs_f64(1.0);
    /// let half_of_32 = Trip::ratio(0.5, Window::Calls(32), 10)?;
    /// let config = BreakerConfig::new(5, second, 1, 1, second)?.with_trip(half_of_32)?;
    /// assert_eq!(config.trip(), half_of_32);
    /// # Ok::<(), seawall_core::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] names the first option that is out of bounds.
    pub fn with_trip(self, trip: Trip) -> Result<Self, ConfigError> {
        trip.check()?;
        Ok(Self { trip, ..self })
    }

    /// The same, with breaks that grow: the first delay is the first break,
    /// each failed probe takes the next one, to the sixteenth.
    ///
    /// # Errors
    /// [`ConfigError`] if the first break is longer than 365 days, or for
    /// decorrelated jitter, which has to remember the break before.
    pub fn with_breaks(self, breaks: Backoff) -> Result<Self, ConfigError> {
        check_breaks(&breaks)?;
        Ok(Self { breaks, ..self })
    }

    /// The same, where a call that takes longer than `slow_after` is slow. If a
    /// ratio opens the circuit, calls in flight that are older count as failed;
    /// they are found within a quarter of that time.
    ///
    /// # Errors
    /// [`ConfigError`] if it is not more than 0 and at most 24 hours.
    pub fn with_slow_after(self, slow_after: Nanos) -> Result<Self, ConfigError> {
        within_a_day("slow_after", slow_after)?;
        let slow_after = Some(slow_after);
        Ok(Self { slow_after, ..self })
    }

    /// What opens the circuit.
    pub const fn trip(&self) -> Trip {
        self.trip
    }

    /// How long the circuit stays open, the first time and without jitter.
    pub fn break_duration(&self) -> Nanos {
        self.breaks.base()
    }

    /// How long the circuit stays open once `reopenings` probes in a row have
    /// failed; `hint` is what the other side asked for. At most 365 days.
    pub fn break_after(&self, reopenings: u32, draw: u64, hint: Option<Nanos>) -> Nanos {
        let retry = u64::from(reopenings).saturating_add(1);
        let computed = self.breaks.delay(retry, None, draw);
        computed.max(hint.unwrap_or_default()).min(MAX_BREAK)
    }

    /// Successful probes that close it.
    pub const fn success_threshold(&self) -> u32 {
        self.success_threshold
    }

    /// Probes out at once.
    pub const fn max_probes(&self) -> u32 {
        self.max_probes
    }

    /// How long a probe may keep its permit before it is taken for lost.
    pub const fn probe_lease(&self) -> Nanos {
        self.probe_lease
    }

    /// How long a call may take; `None` if any time.
    pub const fn slow_after(&self) -> Option<Nanos> {
        self.slow_after
    }
}

fn check_breaks(breaks: &Backoff) -> Result<(), ConfigError> {
    let first = breaks.base();
    if first > MAX_BREAK {
        let bounds = "at most 365 days";
        return Err(ConfigError::new(
            "break_duration",
            bounds,
            Value::Time(first),
        ));
    }
    if breaks.jitter() == Jitter::Decorrelated {
        let (bounds, jitter) = ("none, full, equal or a number for a break", "decorrelated");
        return Err(ConfigError::new("jitter", bounds, Value::Name(jitter)));
    }
    Ok(())
}

fn within_a_day(option: &'static str, value: Nanos) -> Result<(), ConfigError> {
    if value > Nanos::new(0) && value <= MAX_LEASE {
        return Ok(());
    }
    let bounds = "more than 0 s and at most 24 hours";
    Err(ConfigError::new(option, bounds, Value::Time(value)))
}

const fn at_least_one(option: &'static str, value: u32) -> Result<(), ConfigError> {
    if value >= 1 {
        return Ok(());
    }
    Err(ConfigError::new(option, "at least 1", Value::Count(value)))
}

const fn one_to_31(option: &'static str, value: u32) -> Result<(), ConfigError> {
    if value >= 1 && value <= MAX_PROBES {
        return Ok(());
    }
    Err(ConfigError::new(option, "1 to 31", Value::Count(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_is_told_with_the_option_and_the_value() {
        let ok = Nanos::new(SECOND);
        let year = Nanos::new(366 * 24 * HOUR);
        let refused = [
            (
                BreakerConfig::new(0, ok, 1, 1, ok),
                "failures must be at least 1, got 0",
            ),
            (
                BreakerConfig::new(1, ok, 32, 1, ok),
                "success_threshold must be 1 to 31, got 32",
            ),
            (
                BreakerConfig::new(1, ok, 1, 0, ok),
                "max_probes must be 1 to 31, got 0",
            ),
            (
                BreakerConfig::new(1, year, 1, 1, ok),
                "break_duration must be at most 365 days, got 31622400 s",
            ),
            (
                BreakerConfig::new(1, ok, 1, 1, Nanos::new(0)),
                "probe_lease must be more than 0 s and at most 24 hours, got 0 s",
            ),
        ];

        for (result, message) in refused {
            assert_eq!(result.unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn breaks_that_remember_the_break_before_are_refused() {
        let ok = Nanos::new(SECOND);
        let config = BreakerConfig::new(1, ok, 1, 1, ok).unwrap();
        let breaks = Backoff::exponential(ok, 2.0, MAX_BREAK, Jitter::Decorrelated).unwrap();
        let error = config.with_breaks(breaks).unwrap_err();

        assert_eq!(
            error.to_string(),
            "jitter must be none, full, equal or a number for a break, got decorrelated"
        );
        let long = Backoff::constant(Nanos::new(366 * 24 * HOUR), Jitter::None).unwrap();
        assert_eq!(
            config.with_breaks(long).unwrap_err().option(),
            "break_duration"
        );
    }

    #[test]
    fn the_bounds_themselves_are_allowed() {
        assert!(BreakerConfig::new(1, Nanos::new(0), 1, 1, Nanos::new(1)).is_ok());
        assert!(BreakerConfig::new(u32::MAX, MAX_BREAK, 31, 31, MAX_LEASE).is_ok());
    }
}
