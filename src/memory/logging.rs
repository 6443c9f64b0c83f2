//! A pool that tells a listener of every call.

use super::pool::{MemoryPool, Pool};
use super::proxy::ProxyPool;
use super::statistics::Statistics;
use crate::error::Result;
use std::alloc::Layout;
use std::ffi::CStr;
use std::ptr::NonNull;

/// What happened in a pool. Sizes and alignment in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolEvent {
    /// A block was handed out; `None` when there was no memory.
    Allocate {
        /// The block.
        data: Option<NonNull<u8>>,
        /// Its layout.
        layout: Layout,
    },
    /// A block changed its size; `None` when there was no memory and it stayed as it was.
    Reallocate {
        /// Where the block was.
        old_data: NonNull<u8>,
        /// What it was.
        old: Layout,
        /// Where it is now.
        data: Option<NonNull<u8>>,
        /// Its size now.
        new_size: usize,
    },
    /// A block was taken back.
    Free {
        /// The block.
        data: NonNull<u8>,
        /// Its layout.
        layout: Layout,
    },
}

/// Passes everything on, counts its own share and reports each call after it was made (a free: before).
pub struct LoggingPool<L> {
    counted: ProxyPool,
    listener: L,
}

impl<L: Fn(PoolEvent) + Send + Sync> LoggingPool<L> {
    /// A pool over `parent`; `listener` is called on whatever thread uses the pool, and by several at once.
    pub const fn new(parent: Pool, listener: L) -> Self {
        Self { counted: ProxyPool::new(parent), listener }
    }
}

impl<L: Fn(PoolEvent) + Send + Sync> MemoryPool for LoggingPool<L> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<u8>> {
        let result = self.counted.allocate(layout);
        (self.listener)(PoolEvent::Allocate { data: result.as_ref().ok().copied(), layout });
        result
    }

    unsafe fn reallocate(&self, data: NonNull<u8>, old: Layout, new_size: usize) -> Result<NonNull<u8>> {
        // SAFETY: the caller's promise; every block of ours is one of the parent's.
        let result = unsafe { self.counted.reallocate(data, old, new_size) };
        let moved = result.as_ref().ok().copied();
        (self.listener)(PoolEvent::Reallocate { old_data: data, old, data: moved, new_size });
        result
    }

    unsafe fn free(&self, data: NonNull<u8>, layout: Layout) {
        (self.listener)(PoolEvent::Free { data, layout });
        // SAFETY: as above.
        unsafe { self.counted.free(data, layout) };
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
