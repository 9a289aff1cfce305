//! Measuring while another thread does the same.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Runs `measure` while one more thread keeps calling `work`.
pub(crate) fn beside_another_thread(work: impl Fn() + Sync, measure: impl FnOnce()) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                work();
            }
        });
        measure();
        done.store(true, Ordering::Relaxed);
    });
}
