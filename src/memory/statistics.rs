//! The four figures of a pool, exact under threads.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts of one pool. On a cache line of its own, for every allocation of every thread writes here.
#[derive(Default)]
#[repr(align(64))]
pub struct Statistics {
    live: AtomicU64,
    peak: AtomicU64,
    total: AtomicU64,
    allocations: AtomicU64,
}

impl Statistics {
    /// All zero.
    pub const fn new() -> Self {
        Self { live: AtomicU64::new(0), peak: AtomicU64::new(0), total: AtomicU64::new(0), allocations: AtomicU64::new(0) }
    }

    /// Bytes in use now.
    pub fn bytes_allocated(&self) -> i64 {
        self.live.load(Relaxed) as i64
    }

    /// The most bytes that were ever in use at one instant.
    pub fn max_memory(&self) -> i64 {
        self.peak.load(Relaxed) as i64
    }

    /// All bytes ever handed out; growth counts by what it added.
    pub fn total_bytes_allocated(&self) -> i64 {
        self.total.load(Relaxed) as i64
    }

    /// How often memory was handed out or grew.
    pub fn num_allocations(&self) -> i64 {
        self.allocations.load(Relaxed) as i64
    }

    #[inline]
    pub(crate) fn allocated(&self, size: usize) {
        let live = self.live.fetch_add(size as u64, Relaxed) + size as u64;
        if live > self.peak.load(Relaxed) {
            self.peak.fetch_max(live, Relaxed);
        }
        self.total.fetch_add(size as u64, Relaxed);
        self.allocations.fetch_add(1, Relaxed);
    }

    #[inline]
    pub(crate) fn freed(&self, size: usize) {
        self.live.fetch_sub(size as u64, Relaxed);
    }

    #[inline]
    pub(crate) fn reallocated(&self, old_size: usize, new_size: usize) {
        if new_size > old_size {
            self.allocated(new_size - old_size);
        } else {
            self.freed(old_size - new_size);
        }
    }
}
