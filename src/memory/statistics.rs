//! The four figures of a pool, exact under threads.

use crate::error::Result;
use crate::sys::thread_token;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Counts of one pool.
#[derive(Default)]
pub struct Statistics {
    live: Live,
    /// What only ever grows is counted by each thread for itself and added up when asked for: a locked instruction takes as
    /// long as the rest of a small allocation.
    totals: [Totals; SHARDS],
    shared: Totals,
}

const SHARDS: usize = 16;

/// What is in use, of all threads together, for only so the peak can be exact.
#[derive(Default)]
#[repr(align(64))]
struct Live {
    bytes: AtomicU64,
    peak: AtomicU64,
}

/// What one thread has handed out; or, in `Statistics::shared`, those threads that found no shard free.
#[derive(Default)]
#[repr(align(64))]
struct Totals {
    /// The only thread that writes here; 0: none yet. A thread that ends leaves it to the next of the same token.
    owner: AtomicUsize,
    bytes: AtomicU64,
    allocations: AtomicU64,
}

impl Statistics {
    /// All zero.
    pub const fn new() -> Self {
        Self { live: Live::new(), totals: [const { Totals::new() }; SHARDS], shared: Totals::new() }
    }

    /// Bytes in use now.
    pub fn bytes_allocated(&self) -> i64 {
        self.live.bytes.load(Relaxed) as i64
    }

    /// The most bytes that were ever in use at one instant.
    pub fn max_memory(&self) -> i64 {
        self.live.peak.load(Relaxed) as i64
    }

    /// All bytes ever handed out; growth counts by what it added.
    pub fn total_bytes_allocated(&self) -> i64 {
        self.sum(|totals| &totals.bytes)
    }

    /// How often memory was handed out or grew.
    pub fn num_allocations(&self) -> i64 {
        self.sum(|totals| &totals.allocations)
    }

    fn sum(&self, figure: fn(&Totals) -> &AtomicU64) -> i64 {
        let shards: u64 = self.totals.iter().map(|totals| figure(totals).load(Relaxed)).sum();
        (shards + figure(&self.shared).load(Relaxed)) as i64
    }

    #[inline]
    pub(crate) fn allocated(&self, size: usize) {
        let live = self.live.bytes.fetch_add(size as u64, Relaxed) + size as u64;
        if live > self.live.peak.load(Relaxed) {
            self.live.peak.fetch_max(live, Relaxed);
        }
        self.count(size as u64);
    }

    #[inline]
    pub(crate) fn freed(&self, size: usize) {
        self.live.bytes.fetch_sub(size as u64, Relaxed);
    }

    /// Counts a change of size: what a block loses before somebody else can have it, what it gains once it has it.
    pub(crate) fn reallocating<T>(
        &self,
        old_size: usize,
        new_size: usize,
        reallocate: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let loss = old_size.saturating_sub(new_size);
        self.freed(loss);
        let result = reallocate();
        match &result {
            Ok(_) if new_size > old_size => self.allocated(new_size - old_size),
            Ok(_) => {}
            Err(_) => drop(self.live.bytes.fetch_add(loss as u64, Relaxed)),
        }
        result
    }

    #[inline]
    fn count(&self, size: u64) {
        let me = thread_token();
        // Tokens are addresses a stack and a guard page apart, so their page numbers usually differ in the lowest bits.
        let totals = &self.totals[(me >> 12) % SHARDS];
        if totals.owner.load(Relaxed) == me || totals.claim(me) {
            // Nobody else writes here.
            totals.bytes.store(totals.bytes.load(Relaxed) + size, Relaxed);
            totals.allocations.store(totals.allocations.load(Relaxed) + 1, Relaxed);
        } else {
            self.shared.bytes.fetch_add(size, Relaxed);
            self.shared.allocations.fetch_add(1, Relaxed);
        }
    }
}

impl Live {
    const fn new() -> Self {
        Self { bytes: AtomicU64::new(0), peak: AtomicU64::new(0) }
    }
}

impl Totals {
    const fn new() -> Self {
        Self { owner: AtomicUsize::new(0), bytes: AtomicU64::new(0), allocations: AtomicU64::new(0) }
    }

    #[cold]
    fn claim(&self, me: usize) -> bool {
        self.owner.load(Relaxed) == 0 && self.owner.compare_exchange(0, me, Relaxed, Relaxed).is_ok()
    }
}
