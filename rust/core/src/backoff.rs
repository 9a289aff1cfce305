//! How long to wait before a call is tried again.
//!
//! Rule 1: a delay is a function of its arguments. What is random about it
//! arrives as `draw`, what it remembers arrives as `previous`.
//!
//! Rule 2: no delay is longer than `max_delay`, for any retry to 2⁶⁴ - 1, and
//! no jitter collapses onto it: at the cap the spread stays.
//!
//! Rule 3: floats end where growth ends. They are only multiplied, never given
//! to the platform's `pow`, so a seed gives the same delays everywhere.
//!
//! The names of the jitters are those of
//! <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.

mod packed;

use crate::config::Value;
use crate::{ConfigError, Nanos, convert, rng};

/// A share in parts per million, 0 to 1 000 000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ppm(u32);

impl Ppm {
    const WHOLE: u32 = 1_000_000;

    /// Rounds a share from 0.0 to 1.0, both included.
    ///
    /// # Errors
    /// [`ConfigError`] for `jitter`, if the share is outside or NaN.
    pub fn from_share(share: f64) -> Result<Self, ConfigError> {
        Self::rounded("jitter", share)
    }

    pub(crate) fn rounded(option: &'static str, share: f64) -> Result<Self, ConfigError> {
        if !(0.0..=1.0).contains(&share) {
            return Err(ConfigError::new(option, "0 to 1", Value::Number(share)));
        }
        let ppm = convert::to_u64((share * f64::from(Self::WHOLE)).round());
        Ok(Self(u32::try_from(ppm).unwrap_or(Self::WHOLE)))
    }

    /// The share in parts per million.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// A share that was [`get`](Self::get) before.
    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(u32::try_from(bits).unwrap_or(Self::WHOLE))
    }

    fn of(self, whole: u64) -> u64 {
        let part = u128::from(whole).saturating_mul(self.0.into());
        u64::try_from(part.checked_div(Self::WHOLE.into()).unwrap_or(0)).unwrap_or(whole)
    }
}

/// How a delay is spread, so that many callers do not come back at once.
///
/// `e` is the delay without jitter; U(a, b) is uniform, b excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// `e`.
    None,
    /// U(0, `e`): the least load on the other side.
    Full,
    /// `e`/2 + U(0, `e`/2): never less than half.
    Equal,
    /// U(`base`, 3 × the delay before).
    Decorrelated,
    /// U(`e` × (1 - share), `e` × (1 + share)).
    Spread(Ppm),
}

impl Jitter {
    /// [`Jitter::Spread`] by a share: 0.5 means ±50 %.
    ///
    /// # Errors
    /// [`ConfigError`] for `jitter`, if the share is not 0.0 to 1.0.
    pub fn spread(share: f64) -> Result<Self, ConfigError> {
        Ppm::from_share(share).map(Self::Spread)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Growth {
    Exponential { base: Nanos, factor: f64 },
    Linear { base: Nanos, step: Nanos },
    Constant { delay: Nanos },
}

/// A rule for delays: how they grow, where they stop, how they spread.
///
/// ```
/// use seawall_core::{Backoff, Jitter, Nanos};
///
/// let seconds = Nanos::from_secs_f64;
/// let backoff = Backoff::exponential(seconds(1.0), 2.0, seconds(60.0), Jitter::None)?;
/// assert_eq!(backoff.delay(3, None, 0), seconds(4.0));
/// assert_eq!(backoff.delay(u64::MAX, None, 0), seconds(60.0));
/// # Ok::<(), seawall_core::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    growth: Growth,
    max_delay: Nanos,
    jitter: Jitter,
}

impl Backoff {
    /// `base`, then each delay `factor` times the one before.
    ///
    /// # Errors
    /// [`ConfigError`] if `factor` is below 1, infinite or NaN.
    pub fn exponential(
        base: Nanos,
        factor: f64,
        max_delay: Nanos,
        jitter: Jitter,
    ) -> Result<Self, ConfigError> {
        if !(1.0..=f64::MAX).contains(&factor) {
            let bounds = "a finite number of at least 1";
            return Err(ConfigError::new("factor", bounds, Value::Number(factor)));
        }
        Ok(Self {
            growth: Growth::Exponential { base, factor },
            max_delay,
            jitter,
        })
    }

    /// `base`, then each delay `step` longer than the one before.
    ///
    /// # Errors
    /// None today: every duration is within bounds.
    pub const fn linear(
        base: Nanos,
        step: Nanos,
        max_delay: Nanos,
        jitter: Jitter,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            growth: Growth::Linear { base, step },
            max_delay,
            jitter,
        })
    }

    /// Always `delay`; a spread may exceed it, for there is no `max_delay`.
    ///
    /// # Errors
    /// [`ConfigError`] for decorrelated jitter: it would grow without a limit.
    pub fn constant(delay: Nanos, jitter: Jitter) -> Result<Self, ConfigError> {
        if jitter == Jitter::Decorrelated {
            let bounds = "none, full, equal or a number for a constant delay";
            return Err(ConfigError::new(
                "jitter",
                bounds,
                Value::Name("decorrelated"),
            ));
        }
        Ok(Self {
            growth: Growth::Constant { delay },
            max_delay: Nanos::MAX,
            jitter,
        })
    }

    /// The delay before retry number `retry`, with the draw of a private seed:
    /// retry *n* always gets draw *n*, whatever other calls do meanwhile.
    pub fn seeded_delay(&self, retry: u64, previous: Option<Nanos>, seed: u64) -> Nanos {
        self.delay(retry, previous, rng::mix(seed, retry))
    }

    /// The delay before retry number `retry`, counted from 1.
    ///
    /// `previous` is the delay before that one, `None` for the first; only
    /// decorrelated jitter looks at it. `draw` is uniform over all of `u64`.
    pub fn delay(&self, retry: u64, previous: Option<Nanos>, draw: u64) -> Nanos {
        let cap = self.max_delay.as_u64();
        let e = self.growth.at(retry).min(cap);
        let (low, high) = match self.jitter {
            Jitter::None => (e, e),
            Jitter::Full => (0, e),
            Jitter::Equal => (e.div_euclid(2), e),
            Jitter::Spread(share) => {
                let spread = share.of(e);
                (e.saturating_sub(spread), e.saturating_add(spread).min(cap))
            }
            Jitter::Decorrelated => {
                let base = self.growth.base();
                let before = previous.unwrap_or(base).as_u64();
                (base.as_u64().min(cap), before.saturating_mul(3).min(cap))
            }
        };
        Nanos::new(low.saturating_add(below(high.saturating_sub(low), draw)))
    }
}

impl Backoff {
    /// The first delay, without jitter.
    pub(crate) fn base(&self) -> Nanos {
        self.growth.base().min(self.max_delay)
    }

    pub(crate) const fn jitter(&self) -> Jitter {
        self.jitter
    }
}

impl Growth {
    fn at(self, retry: u64) -> u64 {
        let steps = retry.saturating_sub(1);
        match self {
            Self::Exponential { base, factor } => {
                // 0 × ∞ is NaN, and NaN becomes 0.
                convert::to_u64(convert::to_f64(base.as_u64()) * power(factor, steps))
            }
            Self::Linear { base, step } => base
                .as_u64()
                .saturating_add(step.as_u64().saturating_mul(steps)),
            Self::Constant { delay } => delay.as_u64(),
        }
    }

    const fn base(self) -> Nanos {
        match self {
            Self::Exponential { base, .. } | Self::Linear { base, .. } => base,
            Self::Constant { delay } => delay,
        }
    }
}

/// `factor` to the power of `exponent`, by squaring; infinite if too large.
fn power(factor: f64, exponent: u64) -> f64 {
    let (mut result, mut square, mut rest) = (1.0, factor, exponent);
    while rest != 0 {
        if rest & 1 == 1 {
            result *= square;
        }
        square *= square;
        rest >>= 1;
    }
    result
}

/// A draw from all of `u64`, mapped onto `0..end` (0 if `end` is 0).
///
/// Multiply and shift (Lemire, 2019): no division, and the bias is below
/// `end` / 2⁶⁴.
fn below(end: u64, draw: u64) -> u64 {
    let product = u128::from(draw).saturating_mul(end.into());
    u64::try_from(product >> 64).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanos = Nanos::new(1_000_000_000);
    const MINUTE: Nanos = Nanos::new(60_000_000_000);

    #[test]
    fn a_factor_that_shrinks_or_is_no_number_is_refused() {
        for factor in [0.5, -2.0, f64::NAN, f64::INFINITY] {
            let error = Backoff::exponential(SECOND, factor, MINUTE, Jitter::Full).unwrap_err();

            assert_eq!(error.option(), "factor");
        }
    }

    #[test]
    fn a_spread_of_more_than_everything_is_refused() {
        for share in [-0.1, 1.1, f64::NAN] {
            assert_eq!(Jitter::spread(share).unwrap_err().option(), "jitter");
        }
    }

    #[test]
    fn decorrelated_jitter_needs_a_cap_and_a_constant_delay_has_none() {
        let error = Backoff::constant(SECOND, Jitter::Decorrelated).unwrap_err();

        assert_eq!(
            error.to_string(),
            "jitter must be none, full, equal or a number for a constant delay, got decorrelated"
        );
    }

    #[test]
    fn nothing_to_grow_stays_nothing_even_when_the_power_is_infinite() {
        let backoff = Backoff::exponential(Nanos::new(0), 2.0, MINUTE, Jitter::None).unwrap();

        assert_eq!(backoff.delay(u64::MAX, None, 0), Nanos::new(0));
    }
}
