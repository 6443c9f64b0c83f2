//! Raw allocators, and the one way in which each of them becomes a memory pool: counted, with large blocks set apart.

use super::large::{LARGE, LargeBlocks};
use super::pool::MemoryPool;
use super::statistics::Statistics;
use crate::error::{Error, Result};
use std::alloc::Layout;
use std::ffi::CStr;
use std::ptr::NonNull;

/// Memory by the block, uncounted. A back end is one file that implements this, and a row in `registry`.
pub(crate) trait Allocator: Send + Sync {
    /// Memory of the layout, or `None`.
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>>;

    /// Resizes a block, or leaves it as it is and gives `None`.
    ///
    /// # Safety
    /// `data` is a live block of this allocator with layout `old`; `new_size` is not 0.
    unsafe fn reallocate(&self, data: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>>;

    /// Takes a block back.
    ///
    /// # Safety
    /// `data` is a live block of this allocator with this layout and is not used again.
    unsafe fn free(&self, data: NonNull<u8>, layout: Layout);

    /// Gives memory kept for reuse back to the system.
    fn release_unused(&self) {}
}

/// Resizes by a new block, a copy and a free, for allocators that cannot do better.
///
/// # Safety
/// As `Allocator::reallocate`.
pub(crate) unsafe fn move_block(
    allocator: &impl Allocator,
    data: NonNull<u8>,
    old: Layout,
    new: Layout,
) -> Option<NonNull<u8>> {
    let moved = allocator.allocate(new)?;
    // SAFETY: both blocks hold as many bytes; the old one is the caller's to give up.
    unsafe {
        data.copy_to_nonoverlapping(moved, old.size().min(new.size()));
        allocator.free(data, old);
    }
    Some(moved)
}

/// An allocator, a back end of this library or the host's, as a memory pool.
pub(crate) struct AccountedPool<A> {
    name: &'static CStr,
    allocator: A,
    /// `None` for a host's allocator, which is to see every block.
    large: Option<LargeBlocks>,
    statistics: Statistics,
}

impl<A: Allocator> AccountedPool<A> {
    /// A pool over a back end of ours.
    pub(crate) const fn backend(name: &'static CStr, allocator: A) -> Self {
        Self { name, allocator, large: Some(LargeBlocks::new()), statistics: Statistics::new() }
    }

    /// A pool over the host's functions.
    pub(crate) const fn host(name: &'static CStr, allocator: A) -> Self {
        Self { name, allocator, large: None, statistics: Statistics::new() }
    }

    /// Who serves blocks of this size.
    #[inline]
    fn large(&self, size: usize) -> Option<&LargeBlocks> {
        if size < LARGE { None } else { self.large.as_ref() }
    }

    #[inline]
    fn raw_allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        match self.large(layout.size()) {
            None => self.allocator.allocate(layout),
            Some(large) => large.allocate(layout),
        }
    }

    /// # Safety
    /// As `MemoryPool::free`.
    #[inline]
    unsafe fn raw_free(&self, data: NonNull<u8>, layout: Layout) {
        // SAFETY: the size tells who served the block; the rest is the caller's promise.
        unsafe {
            match self.large(layout.size()) {
                None => self.allocator.free(data, layout),
                Some(large) => large.free(data),
            }
        }
    }

    /// # Safety
    /// As `MemoryPool::reallocate`.
    unsafe fn raw_reallocate(&self, data: NonNull<u8>, old: Layout, new: Layout) -> Option<NonNull<u8>> {
        // SAFETY: the sizes tell who serves the old and the new block; the rest is the caller's promise.
        unsafe {
            match (self.large(old.size()), self.large(new.size())) {
                (None, None) => self.allocator.reallocate(data, old, new.size()),
                (Some(large), Some(_)) => large.reallocate(data, old, new.size()),
                _ => {
                    let moved = self.raw_allocate(new)?;
                    data.copy_to_nonoverlapping(moved, old.size().min(new.size()));
                    self.raw_free(data, old);
                    Some(moved)
                }
            }
        }
    }
}

impl<A: Allocator> MemoryPool for AccountedPool<A> {
    #[inline]
    fn allocate(&self, layout: Layout) -> Result<NonNull<u8>> {
        let data = self.raw_allocate(layout).ok_or_else(|| no_memory(self.name, layout.size()))?;
        self.statistics.allocated(layout.size());
        Ok(data)
    }

    unsafe fn reallocate(&self, data: NonNull<u8>, old: Layout, new_size: usize) -> Result<NonNull<u8>> {
        let new = Layout::from_size_align(new_size, old.align()).map_err(|_| no_memory(self.name, new_size))?;
        self.statistics.reallocating(old.size(), new_size, || {
            // SAFETY: the caller's promise.
            unsafe { self.raw_reallocate(data, old, new) }.ok_or_else(|| no_memory(self.name, new_size))
        })
    }

    #[inline]
    unsafe fn free(&self, data: NonNull<u8>, layout: Layout) {
        // Counted before the memory can be handed out again, so that the figures never show more than was in use.
        self.statistics.freed(layout.size());
        // SAFETY: the caller's promise.
        unsafe { self.raw_free(data, layout) };
    }

    fn release_unused(&self) {
        if let Some(large) = &self.large {
            large.release_unused();
        }
        self.allocator.release_unused();
    }

    fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    fn backend_name(&self) -> &CStr {
        self.name
    }
}

#[cold]
#[inline(never)]
fn no_memory(name: &CStr, size: usize) -> Error {
    crate::error::error!(OutOfMemory, "the {} pool could not allocate {size} bytes", name.to_string_lossy())
}
