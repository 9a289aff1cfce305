//! The atomics of this crate: the real ones, or loom's.
//!
//! Under `--cfg loom` every access is a point where loom may switch threads,
//! and every access that takes the cache line for writing is counted, so that
//! "this path stores nothing" is something a model can assert. [`Part`] is the
//! same atomic for words that are no state on their own.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicU64, AtomicU64 as Part, Ordering};

#[cfg(loom)]
pub(crate) use checked::{AtomicU64, Ordering, Part};

/// Lets somebody else go on.
#[cfg(not(loom))]
pub(crate) use core::hint::spin_loop as pause;

#[cfg(loom)]
pub(crate) use loom::thread::yield_now as pause;

#[cfg(loom)]
mod checked {
    use core::sync::atomic::AtomicU64 as Counter;
    pub(crate) use core::sync::atomic::Ordering;

    /// loom's atomic with a counter beside it that loom knows nothing of.
    #[derive(Debug)]
    pub(crate) struct AtomicU64 {
        value: loom::sync::atomic::AtomicU64,
        writes: Counter,
    }

    impl AtomicU64 {
        pub(crate) fn new(value: u64) -> Self {
            Self {
                value: loom::sync::atomic::AtomicU64::new(value),
                writes: Counter::new(0),
            }
        }

        /// How often somebody stored here or tried to.
        pub(crate) fn writes(&self) -> u64 {
            self.writes.load(Ordering::Relaxed)
        }

        fn count(&self) {
            self.writes.fetch_add(1, Ordering::Relaxed);
        }

        pub(crate) fn load(&self, order: Ordering) -> u64 {
            // A failing swap, not a load. loom 0.7 looks for races of a swap
            // only with the very last access; a thread that loads before it
            // swaps hides every other thread's load from that search, and the
            // orders in which the swap comes first are never tried. As swaps,
            // all accesses are told apart. Nothing is lost: with one word,
            // what a stale load sees is what an earlier load would have seen.
            // With several words that is no longer so: see `window::ring`.
            match self.value.compare_exchange(0, 0, order, order) {
                Ok(value) | Err(value) => value,
            }
        }

        pub(crate) fn swap(&self, value: u64, order: Ordering) -> u64 {
            self.count();
            self.value.swap(value, order)
        }

        pub(crate) fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
            self.count();
            self.value.fetch_add(value, order)
        }

        pub(crate) fn compare_exchange_weak(
            &self,
            current: u64,
            new: u64,
            success: Ordering,
            failure: Ordering,
        ) -> Result<u64, u64> {
            self.count();
            self.value
                .compare_exchange_weak(current, new, success, failure)
        }
    }

    /// loom's atomic where a stale load is what has to be looked for: a word
    /// that says something only together with others. Loads are counted.
    #[derive(Debug)]
    pub(crate) struct Part {
        value: loom::sync::atomic::AtomicU64,
        reads: Counter,
    }

    impl Part {
        pub(crate) fn new(value: u64) -> Self {
            Self {
                value: loom::sync::atomic::AtomicU64::new(value),
                reads: Counter::new(0),
            }
        }

        pub(crate) fn reads(&self) -> u64 {
            self.reads.load(Ordering::Relaxed)
        }

        pub(crate) fn load(&self, order: Ordering) -> u64 {
            self.reads.fetch_add(1, Ordering::Relaxed);
            self.value.load(order)
        }

        pub(crate) fn store(&self, value: u64, order: Ordering) {
            self.value.store(value, order);
        }

        pub(crate) fn fetch_or(&self, bits: u64, order: Ordering) -> u64 {
            self.value.fetch_or(bits, order)
        }

        pub(crate) fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
            self.value.fetch_add(value, order)
        }
    }
}
