//! Randomness for everyone who gave no seed.
//!
//! A forked child starts with a copy of its parent's generator. If it drew from
//! it, all workers of a pre-forking server would retry at the same moments: the
//! synchronised wave that jitter exists to prevent.

use std::sync::{
    Once,
    atomic::{AtomicBool, Ordering},
};

use seawall_core::rng::{Rng, mix};

static RNG: Rng = Rng::new(0);
/// Up while the generator holds no seed of this process: at first, and after a fork.
static UNSEEDED: AtomicBool = AtomicBool::new(true);

/// Draws from the generator of the process.
pub(crate) fn draw() -> u64 {
    // Seed, then clear: whoever sees the flag down sees the new seed too. Two
    // threads that both see it up seed twice, which harms nobody.
    if UNSEEDED.load(Ordering::Acquire) {
        RNG.reseed(seed());
        UNSEEDED.store(false, Ordering::Release);
    }
    RNG.draw()
}

/// Listens for forks, once per process however often the module is imported.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(watch_forks);
}

/// Entropy of the operating system. Where that fails (a sandbox without the
/// system call), process and time still differ; jitter needs no secrecy.
fn seed() -> u64 {
    getrandom::u64().unwrap_or_else(|_| {
        mix(
            crate::clock::monotonic().as_u64(),
            u64::from(std::process::id()),
        )
    })
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "registering a fork handler is a call into C")]
fn watch_forks() {
    // SAFETY: the handler is a plain function that lives as long as the module,
    // which is never unloaded, and does nothing but one atomic store, so it is
    // allowed in the child of a process with several threads. A failure (out of
    // memory) leaves the child with the parent's sequence, and nothing unsound.
    let _ = unsafe { libc::pthread_atfork(None, None, Some(forked)) };
}

#[cfg(not(unix))]
fn watch_forks() {}

#[cfg(unix)]
extern "C" fn forked() {
    UNSEEDED.store(true, Ordering::Release);
}
