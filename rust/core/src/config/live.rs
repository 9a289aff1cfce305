//! A configuration that may change while others read it.
//!
//! Rule 1: it lies twice. The version says which of the two is read; a writer
//! fills the other one and then moves the version on. So a reader never waits,
//! not even for a writer that was put to sleep half way.
//!
//! Rule 2: a reader looks at the version again when it has read all words. If
//! it moved, somebody may have begun to fill what was being read, and the
//! reader starts anew. Words are stored with release and loaded with acquire:
//! who has seen one word of a later writer also sees that writer's version.
//!
//! Rule 3: the lowest bit of the version is the writers': who sets it writes,
//! and another writer waits. Writing takes seven stores.
//!
//! What cannot change is kept as it was, beside the words.

use super::{BreakerConfig, ConfigError, Value};
use crate::sync::{self, Ordering, Part};

const WORDS: usize = 6;
/// Somebody writes.
const WRITING: u64 = 1;
/// One configuration later.
const NEXT: u64 = 2;

/// The configuration of a breaker.
#[derive(Debug)]
pub(crate) struct Live {
    built: BreakerConfig,
    version: Part,
    even: [Part; WORDS],
    odd: [Part; WORDS],
}

impl Live {
    pub(crate) fn new(config: BreakerConfig) -> Self {
        Self {
            built: config,
            version: Part::new(0),
            even: config.pack().map(Part::new),
            odd: [0; WORDS].map(Part::new),
        }
    }

    /// The configuration of one instant during this call.
    pub(crate) fn read(&self) -> BreakerConfig {
        let mut version = self.version.load(Ordering::Acquire);
        loop {
            let words = self.slot(version).each_ref();
            let config = words.map(|word| word.load(Ordering::Acquire));
            let after = self.version.load(Ordering::Acquire);
            if after & !WRITING == version & !WRITING {
                return self.built.unpack(config);
            }
            version = after;
        }
    }

    /// Puts another configuration in its place, if that can be.
    pub(crate) fn write(&self, config: BreakerConfig) -> Result<(), ConfigError> {
        self.built.check_change(&config)?;
        let next = self.begin().wrapping_add(NEXT);
        for (word, value) in self.slot(next).iter().zip(config.pack()) {
            word.store(value, Ordering::Release);
        }
        // From "somebody writes" to the next version.
        self.version.fetch_add(NEXT - WRITING, Ordering::Release);
        Ok(())
    }

    /// Waits until nobody else writes; the version that is read meanwhile.
    fn begin(&self) -> u64 {
        loop {
            let version = self.version.fetch_or(WRITING, Ordering::Acquire);
            if version & WRITING == 0 {
                return version;
            }
            while self.version.load(Ordering::Relaxed) & WRITING != 0 {
                sync::pause();
            }
        }
    }

    const fn slot(&self, version: u64) -> &[Part; WORDS] {
        if version & NEXT == 0 {
            &self.even
        } else {
            &self.odd
        }
    }

    /// How often somebody looked.
    #[cfg(loom)]
    pub(crate) fn reads(&self) -> u64 {
        self.version.reads()
    }
}

/// Above the kinds of the breaks lie two counts of five bits.
const SUCCESSES_SHIFT: u32 = crate::Backoff::KINDS;
const PROBES_SHIFT: u32 = SUCCESSES_SHIFT + 5;
const FIVE_BITS: u64 = 31;

impl BreakerConfig {
    /// What counts calls was made for its window and for `slow_after`.
    fn check_change(&self, new: &Self) -> Result<(), ConfigError> {
        self.trip.check_change(new.trip)?;
        if self.slow_after == new.slow_after {
            return Ok(());
        }
        let bounds = "what the breaker was built with (another needs a new breaker)";
        let value = new.slow_after.map_or(Value::Name("none"), Value::Time);
        Err(ConfigError::new("slow_after", bounds, value))
    }

    /// What can change.
    fn pack(&self) -> [u64; WORDS] {
        let [base, by, max_delay, kinds] = self.breaks.pack();
        let counts = u64::from(self.success_threshold) << SUCCESSES_SHIFT
            | u64::from(self.max_probes) << PROBES_SHIFT;
        let lease = self.probe_lease.as_u64();
        [self.trip.pack(), lease, base, by, max_delay, counts | kinds]
    }

    /// This configuration, with what can change from elsewhere.
    fn unpack(&self, words: [u64; WORDS]) -> Self {
        let [trip, lease, base, by, max_delay, counts] = words;
        let count = |shift: u32| u32::try_from(counts >> shift & FIVE_BITS).unwrap_or(1);
        Self {
            trip: self.trip.unpack(trip),
            success_threshold: count(SUCCESSES_SHIFT),
            max_probes: count(PROBES_SHIFT),
            breaks: crate::Backoff::unpack([base, by, max_delay, counts]),
            probe_lease: crate::Nanos::new(lease),
            slow_after: self.slow_after,
        }
    }
}
