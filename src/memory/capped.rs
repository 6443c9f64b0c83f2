//! A pool with a limit that holds at every instant.

use super::pool::{MemoryPool, Pool};
use super::proxy::ProxyPool;
use super::statistics::Statistics;
use crate::error::{Error, Result, error};
use std::alloc::Layout;
use std::ffi::CStr;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Refuses what would take its own bytes above a limit; what others take from the same parent does not count.
pub struct CappedPool {
    counted: ProxyPool,
    limit: usize,
    /// Bytes claimed, before the parent is asked for them: never above the limit, never below what is in use.
    claimed: AtomicUsize,
}

impl CappedPool {
    /// A pool over `parent` that hands out at most `limit` bytes at a time.
    pub const fn new(parent: Pool, limit: usize) -> Self {
        Self { counted: ProxyPool::new(parent), limit, claimed: AtomicUsize::new(0) }
    }

    fn claim(&self, size: usize) -> Result<()> {
        let fits = |claimed: usize| claimed.checked_add(size).filter(|sum| *sum <= self.limit);
        self.claimed.fetch_update(Relaxed, Relaxed, fits).map(drop).map_err(|claimed| self.refusal(size, claimed))
    }

    fn unclaim(&self, size: usize) {
        self.claimed.fetch_sub(size, Relaxed);
    }

    #[cold]
    fn refusal(&self, size: usize, claimed: usize) -> Error {
        error!(
            OutOfMemory,
            "{size} more bytes exceed the pool's limit: limit {}, in use {claimed}, free {}",
            self.limit,
            self.limit - claimed
        )
    }
}

impl MemoryPool for CappedPool {
    fn allocate(&self, layout: Layout) -> Result<NonNull<u8>> {
        self.claim(layout.size())?;
        self.counted.allocate(layout).inspect_err(|_| self.unclaim(layout.size()))
    }

    unsafe fn reallocate(&self, data: NonNull<u8>, old: Layout, new_size: usize) -> Result<NonNull<u8>> {
        let growth = new_size.saturating_sub(old.size());
        self.claim(growth)?;
        // SAFETY: the caller's promise; every block of ours is one of the parent's.
        let moved = unsafe { self.counted.reallocate(data, old, new_size) }.inspect_err(|_| self.unclaim(growth))?;
        self.unclaim(old.size().saturating_sub(new_size));
        Ok(moved)
    }

    unsafe fn free(&self, data: NonNull<u8>, layout: Layout) {
        // SAFETY: as above.
        unsafe { self.counted.free(data, layout) };
        self.unclaim(layout.size());
    }

    fn release_unused(&self) {
        self.counted.release_unused();
    }

    fn statistics(&self) -> &Statistics {
        self.counted.statistics()
    }

    fn backend_name(&self) -> &CStr {
        self.counted.backend_name()
    }
}
