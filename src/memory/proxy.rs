//! A pool that passes everything on and counts its own share.

use super::pool::{MemoryPool, Pool};
use super::statistics::Statistics;
use crate::error::Result;
use std::alloc::Layout;
use std::ffi::CStr;
use std::ptr::NonNull;

/// Counts what goes through it, apart from what others take from the same parent.
pub struct ProxyPool {
    parent: Pool,
    statistics: Statistics,
}

impl ProxyPool {
    /// A pool over `parent`.
    pub const fn new(parent: Pool) -> Self {
        Self { parent, statistics: Statistics::new() }
    }
}

impl MemoryPool for ProxyPool {
    fn allocate(&self, layout: Layout) -> Result<NonNull<u8>> {
        let data = self.parent.inner().allocate(layout)?;
        self.statistics.allocated(layout.size());
        Ok(data)
    }

    unsafe fn reallocate(&self, data: NonNull<u8>, old: Layout, new_size: usize) -> Result<NonNull<u8>> {
        // SAFETY: the caller's promise; every block of ours is one of the parent's.
        let reallocate = || unsafe { self.parent.inner().reallocate(data, old, new_size) };
        self.statistics.reallocating(old.size(), new_size, reallocate)
    }

    unsafe fn free(&self, data: NonNull<u8>, layout: Layout) {
        self.statistics.freed(layout.size());
        // SAFETY: as above.
        unsafe { self.parent.inner().free(data, layout) };
    }

    fn release_unused(&self) {
        self.parent.inner().release_unused();
    }

    fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    fn backend_name(&self) -> &CStr {
        self.parent.inner().backend_name()
    }
}
