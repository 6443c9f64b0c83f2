//! jemalloc, a cargo feature.

use super::allocator::Allocator;
use std::alloc::Layout;
use std::ptr::NonNull;
use tikv_jemalloc_sys as je;

pub(crate) struct Jemalloc;

/// `MALLOCX_ALIGN` of jemalloc's header.
fn flags(layout: Layout) -> libc::c_int {
    layout.align().trailing_zeros() as libc::c_int
}

impl Allocator for Jemalloc {
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: a pool never asks for 0 bytes.
        NonNull::new(unsafe { je::mallocx(layout.size(), flags(layout)) }.cast())
    }

    unsafe fn reallocate(&self, data: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        // SAFETY: the caller's promise.
        NonNull::new(unsafe { je::rallocx(data.as_ptr().cast(), new_size, flags(old)) }.cast())
    }

    unsafe fn free(&self, data: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { je::sdallocx(data.as_ptr().cast(), layout.size(), flags(layout)) };
    }

    fn release_unused(&self) {
        // All arenas; jemalloc's MALLCTL_ARENAS_ALL is 4096.
        // SAFETY: purges only what is in no use; the command takes and gives nothing.
        unsafe {
            let nothing = std::ptr::null_mut();
            je::mallctl(c"arena.4096.purge".as_ptr(), nothing, nothing.cast(), nothing, 0);
        }
    }
}
