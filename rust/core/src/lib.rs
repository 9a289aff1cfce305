//! Decisions without I/O.
//!
//! Deterministic state machines of a resilience library: a circuit [`breaker`],
//! a [`backoff`] between attempts, a retry [`budget`], and the [`rng`] that
//! spreads delays. Three rules hold for all of them:
//!
//! * They never read a clock. Time arrives as [`Nanos`].
//! * They never draw entropy. Randomness arrives as a `u64`.
//! * They never wait or lock, and allocate only when they are made. Each shared
//!   state is one atomic word that moves by compare-and-swap, or several that
//!   need not agree. (Of two that reconfigure one breaker at once, one waits.)
//!
//! ```
//! use seawall_core::{Admit, Breaker, BreakerConfig, Nanos};
//!
//! let second = Nanos::from_secs_f64(1.0);
//! let breaker = Breaker::new(BreakerConfig::new(1, second, 1, 1, second)?);
//! let Admit::Permit { stamp, .. } = breaker.acquire(|| Nanos::new(0)) else { unreachable!() };
//! breaker.failure(stamp, || Nanos::new(0));
//! assert!(matches!(breaker.acquire(|| Nanos::new(0)), Admit::Reject(_)));
//! assert!(matches!(breaker.acquire(|| second), Admit::Permit { .. }));
//! # Ok::<(), seawall_core::ConfigError>(())
//! ```
#![forbid(unsafe_code)]

pub mod backoff;
pub mod breaker;
pub mod budget;
pub mod config;
mod convert;
mod nanos;
pub mod rng;
mod sync;
#[doc(hidden)]
pub mod window;

pub use backoff::{Backoff, Jitter, Ppm};
pub use breaker::{
    Admit, Breaker, Change, Flight, Published, Reject, Snapshot, Stamp, State, Transition,
};
pub use budget::Budget;
pub use config::{BreakerConfig, ConfigError, Trip, Window};
pub use nanos::Nanos;
pub use rng::Rng;
