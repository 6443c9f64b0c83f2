//! mimalloc, version 2, with its thread-local data reached so that the library can be loaded late (no static TLS).

use super::allocator::Allocator;
use std::alloc::{GlobalAlloc, Layout};
use std::ptr::NonNull;

pub(crate) struct Mimalloc;

impl Allocator for Mimalloc {
    #[inline]
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: a pool never asks for 0 bytes.
        NonNull::new(unsafe { mimalloc::MiMalloc.alloc(layout) })
    }

    unsafe fn reallocate(&self, data: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        // SAFETY: the caller's promise.
        NonNull::new(unsafe { mimalloc::MiMalloc.realloc(data.as_ptr(), old, new_size) })
    }

    #[inline]
    unsafe fn free(&self, data: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { mimalloc::MiMalloc.dealloc(data.as_ptr(), layout) };
    }

    fn release_unused(&self) {
        unsafe extern "C" {
            fn mi_collect(force: bool);
        }
        // SAFETY: frees only what is in no use.
        unsafe { mi_collect(true) };
    }
}
