//! How many retries the callers of one dependency may spend together.

use crate::config::Value;
use crate::sync::{AtomicU64, Ordering};
use crate::{ConfigError, convert};

/// One token, in the fixed point of the word: ten deposits of 0.1 are one
/// token, which they are not in binary floats.
const TOKEN: u64 = 1_000_000;
const MAX_RATIO: f64 = 1000.0;
const MAX_CAPACITY: f64 = 1e9;

/// A bucket of tokens: calls deposit a fraction, each retry withdraws one.
///
/// It starts full, and retries never exceed `capacity + ratio × calls`,
/// whatever the threads do: the word moves by compare-and-swap alone. Finagle
/// calls it a retry budget, gRPC retry throttling.
///
/// ```
/// use seawall_core::Budget;
///
/// let budget = Budget::new(0.5, 1.0)?;
/// assert!(budget.withdraw());
/// assert!(!budget.withdraw());
/// budget.deposit();
/// budget.deposit();
/// assert!(budget.withdraw());
/// # Ok::<(), seawall_core::ConfigError>(())
/// ```
#[derive(Debug)]
pub struct Budget {
    /// Millionths of a token.
    level: AtomicU64,
    ratio: u64,
    capacity: u64,
}

impl Budget {
    /// A full bucket of `capacity` tokens; each deposit brings `ratio` of one.
    /// Both are rounded to a millionth.
    ///
    /// # Errors
    /// [`ConfigError`] if `ratio` is not 0 to 1000 or `capacity` not 1 to 10⁹:
    /// with less than one token no retry could ever run.
    pub fn new(ratio: f64, capacity: f64) -> Result<Self, ConfigError> {
        if !(0.0..=MAX_RATIO).contains(&ratio) {
            return Err(ConfigError::new("ratio", "0 to 1000", Value::Number(ratio)));
        }
        if !(1.0..=MAX_CAPACITY).contains(&capacity) {
            let bounds = "1 to 1000000000";
            return Err(ConfigError::new(
                "capacity",
                bounds,
                Value::Number(capacity),
            ));
        }
        let capacity = millionths(capacity);
        Ok(Self {
            level: AtomicU64::new(capacity),
            ratio: millionths(ratio),
            capacity,
        })
    }

    /// Credits one call; false, and no write, if that changes nothing. A full
    /// bucket costs one load.
    pub fn deposit(&self) -> bool {
        self.change(|level| {
            let filled = level.saturating_add(self.ratio).min(self.capacity);
            (filled != level).then_some(filled)
        })
    }

    /// Whether a deposit would change nothing.
    pub fn quiet(&self) -> bool {
        self.ratio == 0 || self.level.load(Ordering::Relaxed) == self.capacity
    }

    /// Pays for one retry; false, and no change, if there is less than a token.
    #[must_use = "a retry that was not paid for must not run"]
    pub fn withdraw(&self) -> bool {
        self.change(|level| level.checked_sub(TOKEN))
    }

    /// Tokens left.
    pub fn tokens(&self) -> f64 {
        convert::to_f64(self.level.load(Ordering::Relaxed)) / convert::to_f64(TOKEN)
    }

    /// True once `next` of the present level is stored, false if it is `None`.
    ///
    /// Relaxed: the level guards no other memory.
    fn change(&self, next: impl Fn(u64) -> Option<u64>) -> bool {
        let mut level = self.level.load(Ordering::Relaxed);
        while let Some(new) = next(level) {
            let swap =
                self.level
                    .compare_exchange_weak(level, new, Ordering::Relaxed, Ordering::Relaxed);
            match swap {
                Ok(_) => return true,
                Err(seen) => level = seen,
            }
        }
        false
    }

    /// How often somebody stored or tried to.
    #[cfg(loom)]
    #[doc(hidden)]
    pub fn writes(&self) -> u64 {
        self.level.writes()
    }
}

fn millionths(tokens: f64) -> u64 {
    convert::to_u64((tokens * convert::to_f64(TOKEN)).round())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_deposits_of_a_tenth_are_one_token() {
        let budget = Budget::new(0.1, 1.0).unwrap();
        assert!(budget.withdraw());
        for _ in 0..9 {
            budget.deposit();
        }
        assert!(!budget.withdraw());
        budget.deposit();

        assert!(budget.withdraw());
    }

    #[test]
    fn it_is_quiet_while_a_deposit_would_change_nothing() {
        let budget = Budget::new(0.5, 1.0).unwrap();
        assert!(budget.quiet() && !budget.deposit());
        assert!(budget.withdraw() && !budget.quiet());
        assert!(budget.deposit() && !budget.quiet());
        assert!(budget.deposit() && budget.quiet());

        let fixed = Budget::new(0.0, 1.0).unwrap();
        assert!(fixed.withdraw() && fixed.quiet());
    }

    #[test]
    fn a_bucket_that_could_never_pay_is_refused() {
        for (ratio, capacity, option) in [
            (f64::NAN, 1.0, "ratio"),
            (-0.1, 1.0, "ratio"),
            (0.1, 0.9, "capacity"),
            (0.1, f64::INFINITY, "capacity"),
        ] {
            assert_eq!(Budget::new(ratio, capacity).unwrap_err().option(), option);
        }
    }
}
