//! A backoff as four words, so that it can lie in atomics.
//!
//! ```text
//! base   by (factor or step)   max_delay   kinds: share 20 | jitter 3 | growth 2
//! ```

use super::{Backoff, Growth, Jitter, Ppm};
use crate::Nanos;

const JITTER_SHIFT: u32 = 2;
const SHARE_SHIFT: u32 = 5;
const SHARE: u64 = (1 << 20) - 1;

impl Backoff {
    /// The bits of the last word that are used; the others belong to who stores it.
    pub(crate) const KINDS: u32 = 25;

    pub(crate) fn pack(&self) -> [u64; 4] {
        let (kind, base, by) = self.growth.pack();
        let (jitter, share) = self.jitter.pack();
        let kinds = u64::from(share) << SHARE_SHIFT | jitter << JITTER_SHIFT | kind;
        [base.as_u64(), by, self.max_delay.as_u64(), kinds]
    }

    pub(crate) fn unpack([base, by, max_delay, kinds]: [u64; 4]) -> Self {
        Self {
            growth: Growth::unpack(kinds & 3, Nanos::new(base), by),
            max_delay: Nanos::new(max_delay),
            jitter: Jitter::unpack(kinds >> JITTER_SHIFT & 7, kinds >> SHARE_SHIFT & SHARE),
        }
    }
}

impl Growth {
    const fn pack(self) -> (u64, Nanos, u64) {
        match self {
            Self::Constant { delay } => (0, delay, 0),
            Self::Linear { base, step } => (1, base, step.as_u64()),
            Self::Exponential { base, factor } => (2, base, factor.to_bits()),
        }
    }

    const fn unpack(kind: u64, base: Nanos, by: u64) -> Self {
        match kind {
            0 => Self::Constant { delay: base },
            1 => Self::Linear {
                base,
                step: Nanos::new(by),
            },
            // 2; nothing packs 3.
            _ => Self::Exponential {
                base,
                factor: f64::from_bits(by),
            },
        }
    }
}

impl Jitter {
    const fn pack(self) -> (u64, u32) {
        match self {
            Self::None => (0, 0),
            Self::Full => (1, 0),
            Self::Equal => (2, 0),
            Self::Decorrelated => (3, 0),
            Self::Spread(share) => (4, share.get()),
        }
    }

    fn unpack(kind: u64, share: u64) -> Self {
        match kind {
            0 => Self::None,
            1 => Self::Full,
            2 => Self::Equal,
            3 => Self::Decorrelated,
            // 4; nothing packs 5 to 7.
            _ => Self::Spread(Ppm::from_bits(share)),
        }
    }
}
