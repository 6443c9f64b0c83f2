//! The C library's allocator.

use super::allocator::{Allocator, move_block};
use std::alloc::Layout;
use std::ptr::NonNull;

/// What malloc(3) aligns every block to.
const MALLOC_ALIGNMENT: usize = 16;

pub(crate) struct System;

impl Allocator for System {
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        if layout.align() <= MALLOC_ALIGNMENT {
            // SAFETY: any size may be asked for.
            return NonNull::new(unsafe { libc::malloc(layout.size()) }.cast());
        }
        let mut data = std::ptr::null_mut();
        // SAFETY: the alignment is a power of two above that of a pointer. `data` stays NULL on failure.
        unsafe { libc::posix_memalign(&mut data, layout.align(), layout.size()) };
        NonNull::new(data.cast())
    }

    unsafe fn reallocate(&self, data: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        if old.align() <= MALLOC_ALIGNMENT {
            // SAFETY: a live block of malloc's.
            return NonNull::new(unsafe { libc::realloc(data.as_ptr().cast(), new_size) }.cast());
        }
        let new = Layout::from_size_align(new_size, old.align()).ok()?;
        // SAFETY: the caller's promise.
        unsafe { move_block(self, data, old, new) }
    }

    unsafe fn free(&self, data: NonNull<u8>, _: Layout) {
        // SAFETY: the caller's promise.
        unsafe { libc::free(data.as_ptr().cast()) };
    }

    fn release_unused(&self) {
        #[cfg(target_env = "gnu")]
        // SAFETY: no memory of ours involved.
        unsafe {
            libc::malloc_trim(0);
        }
    }
}
