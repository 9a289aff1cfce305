//! Random numbers that are cheap, shared and repeatable.
//!
//! `SplitMix64` (Steele, Lea and Flood, 2014): the state only counts, a mixing
//! function does the rest. So draw number *n* of a seed needs no draw before
//! it, and one atomic counter serves any number of threads.

use crate::sync::{AtomicU64, Ordering};

/// 2⁶⁴ over the golden ratio, odd: the counter visits every value once.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Draw number `index`, from 0, of the sequence that `seed` starts.
///
/// ```
/// use seawall_core::rng::{Rng, mix};
///
/// let rng = Rng::new(7);
/// assert_eq!([rng.draw(), rng.draw()], [mix(7, 0), mix(7, 1)]);
/// ```
pub const fn mix(seed: u64, index: u64) -> u64 {
    finish(seed.wrapping_add(GOLDEN.wrapping_mul(index.wrapping_add(1))))
}

const fn finish(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// One sequence, drawn from by many threads: no draw is handed out twice.
///
/// A forked child inherits the counter and would repeat its parent's draws:
/// give it a new seed with [`Rng::reseed`].
#[derive(Debug)]
pub struct Rng {
    state: AtomicU64,
}

impl Rng {
    /// Starts the sequence of `seed`.
    #[cfg(not(loom))]
    pub const fn new(seed: u64) -> Self {
        Self {
            state: AtomicU64::new(seed),
        }
    }

    /// Starts the sequence of `seed`.
    #[cfg(loom)]
    pub fn new(seed: u64) -> Self {
        Self {
            state: AtomicU64::new(seed),
        }
    }

    /// The next number of the sequence.
    pub fn draw(&self) -> u64 {
        finish(
            self.state
                .fetch_add(GOLDEN, Ordering::Relaxed)
                .wrapping_add(GOLDEN),
        )
    }

    /// Starts the sequence of `seed` from its beginning.
    pub fn reseed(&self, seed: u64) {
        // A swap, for loom: it lets a store overtake another thread's addition.
        self.state.swap(seed, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        // https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64
        let rng = Rng::new(1_234_567);
        let drawn: [u64; 5] = core::array::from_fn(|_| rng.draw());

        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ]
        );
    }

    #[test]
    fn a_new_seed_starts_its_sequence_from_the_beginning() {
        let rng = Rng::new(1);
        rng.draw();
        rng.reseed(2);

        assert_eq!(rng.draw(), mix(2, 0));
    }
}
