//! What opens a closed circuit: failures in a row, or a ratio of them.

use super::{ConfigError, HOUR, SECOND, Value, at_least_one};
use crate::window::{CountWindow, RingWindow};
use crate::{Nanos, Ppm};

/// Longest window of time, and the shortest: a bucket is a tenth of it.
const LONGEST: Nanos = Nanos::new(24 * HOUR);
const SHORTEST: Nanos = Nanos::new(SECOND / 100);
/// What ten buckets can hold: each halves its counts when it is full.
const MOST_IN_TIME: u32 = 100_000;
const BUILT: &str = "what the breaker was built with (another window needs a new breaker)";
const BUILT_KIND: &str = "the kind that the breaker was built with (another needs a new breaker)";
const PPM_SHIFT: u32 = 32;

/// What opens a closed circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trip {
    /// So many failures in a row, at least 1.
    Consecutive(u32),
    /// A share of failures among the last calls, asked after each failure.
    Ratio {
        /// The share that opens, more than 0.
        ppm: Ppm,
        /// Which calls are the last ones.
        window: Window,
        /// Calls before a share means anything, at least 1; what fits the window.
        min_calls: u32,
    },
}

impl Trip {
    /// A ratio by its share: 0.5 is every second call.
    ///
    /// # Errors
    /// [`ConfigError`] for `ratio`, if it is not 0 to 1.
    pub fn ratio(share: f64, window: Window, min_calls: u32) -> Result<Self, ConfigError> {
        let ppm = Ppm::rounded("ratio", share)?;
        Ok(Self::Ratio {
            ppm,
            window,
            min_calls,
        })
    }

    /// A breaker keeps its window: only thresholds can change.
    pub(super) fn check_change(self, new: Self) -> Result<(), ConfigError> {
        let (built, window) = (self.window(), new.window());
        if built == window {
            return Ok(());
        }
        Err(match (built, window) {
            (Some(Window::Calls(_)), Some(Window::Calls(calls))) => {
                ConfigError::new("calls", BUILT, Value::Count(calls))
            }
            (Some(Window::Time(_)), Some(Window::Time(duration))) => {
                ConfigError::new("duration", BUILT, Value::Time(duration))
            }
            _ => ConfigError::new("trip", BUILT_KIND, Value::Name(new.kind())),
        })
    }

    const fn window(self) -> Option<Window> {
        match self {
            Self::Consecutive(_) => None,
            Self::Ratio { window, .. } => Some(window),
        }
    }

    const fn kind(self) -> &'static str {
        match self.window() {
            None => "failures in a row",
            Some(Window::Calls(_)) => "a ratio of the last calls",
            Some(Window::Time(_)) => "a ratio of the calls of a duration",
        }
    }

    /// The thresholds, in one word.
    pub(super) fn pack(self) -> u64 {
        match self {
            Self::Consecutive(failures) => failures.into(),
            Self::Ratio { ppm, min_calls, .. } => {
                u64::from(ppm.get()) << PPM_SHIFT | u64::from(min_calls)
            }
        }
    }

    /// The same window with other thresholds.
    pub(super) fn unpack(self, word: u64) -> Self {
        let low = u32::try_from(word & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        match self {
            Self::Consecutive(_) => Self::Consecutive(low),
            Self::Ratio { window, .. } => Self::Ratio {
                ppm: Ppm::from_bits(word >> PPM_SHIFT),
                window,
                min_calls: low,
            },
        }
    }

    pub(super) fn check(self) -> Result<(), ConfigError> {
        match self {
            Self::Consecutive(failures) => at_least_one("failures", failures),
            Self::Ratio {
                ppm,
                window,
                min_calls,
            } => {
                if ppm.get() == 0 {
                    let bounds = "at least 0.000001";
                    return Err(ConfigError::new("ratio", bounds, Value::Number(0.0)));
                }
                at_least_one("min_calls", min_calls)?;
                window.check(min_calls)
            }
        }
    }
}

/// Which calls a ratio is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The last so many, 1 to 1024. To 43 it is exact at every instant; a
    /// success among nothing but successes writes nothing.
    Calls(u32),
    /// Those of so long, in ten buckets, at most 24 hours. Every call writes.
    Time(Nanos),
}

impl Window {
    /// The largest window that is one word.
    pub const ONE_WORD: u32 = CountWindow::MAX;

    fn check(self, min_calls: u32) -> Result<(), ConfigError> {
        match self {
            Self::Calls(calls) if !(1..=RingWindow::MAX).contains(&calls) => {
                Err(ConfigError::new("calls", "1 to 1024", Value::Count(calls)))
            }
            // It would never open.
            Self::Calls(calls) if calls < min_calls => Err(ConfigError::new(
                "min_calls",
                "at most the calls of the window",
                Value::Count(min_calls),
            )),
            Self::Time(duration) if !(SHORTEST..=LONGEST).contains(&duration) => Err(
                ConfigError::new("duration", "10 ms to 24 hours", Value::Time(duration)),
            ),
            // It would open by chance, or never.
            Self::Time(_) if min_calls > MOST_IN_TIME => Err(ConfigError::new(
                "min_calls",
                "at most 100000 for a window of time",
                Value::Count(min_calls),
            )),
            Self::Calls(_) | Self::Time(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BreakerConfig;

    #[test]
    fn a_trip_that_could_never_be_is_refused() {
        let ok = Nanos::new(SECOND);
        let config = BreakerConfig::new(1, ok, 1, 1, ok).unwrap();
        let ratio = |share, window, min| {
            Trip::ratio(share, window, min).and_then(|trip| config.with_trip(trip))
        };
        let (ten, day) = (Window::Calls(10), Window::Time(Nanos::new(25 * HOUR)));
        let second = Window::Time(ok);
        let refused = [
            (
                config.with_trip(Trip::Consecutive(0)),
                "failures must be at least 1, got 0",
            ),
            (ratio(1.1, ten, 1), "ratio must be 0 to 1, got 1.1"),
            (ratio(0.0, ten, 1), "ratio must be at least 0.000001, got 0"),
            (ratio(0.5, ten, 0), "min_calls must be at least 1, got 0"),
            (
                ratio(0.5, ten, 11),
                "min_calls must be at most the calls of the window, got 11",
            ),
            (
                ratio(0.5, second, 100_001),
                "min_calls must be at most 100000 for a window of time, got 100001",
            ),
            (
                ratio(0.5, Window::Calls(1025), 1),
                "calls must be 1 to 1024, got 1025",
            ),
            (
                ratio(0.5, day, 1),
                "duration must be 10 ms to 24 hours, got 90000 s",
            ),
        ];

        for (result, message) in refused {
            assert_eq!(result.unwrap_err().to_string(), message);
        }
    }
}
