//! Anonymous memory by the page: address space reserved first, backed by memory as it is needed.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The size of a transparent huge page on the machines this runs on.
pub(crate) const HUGE_PAGE: usize = 2 << 20;

/// The system's page size in bytes.
pub(crate) fn page_size() -> usize {
    static SIZE: AtomicUsize = AtomicUsize::new(0);
    match SIZE.load(Ordering::Relaxed) {
        0 => {
            // SAFETY: asks only.
            let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
            SIZE.store(size, Ordering::Relaxed);
            size
        }
        size => size,
    }
}

/// A reserved range of addresses whose first `committed` bytes may be used. Owns nothing by itself: the pool's large
/// blocks keep it in their header, so `unmap` is a call and not a `Drop`.
#[derive(Clone, Copy)]
pub(crate) struct Pages {
    pub(crate) base: NonNull<u8>,
    pub(crate) reserved: usize,
    pub(crate) committed: usize,
}

impl Pages {
    /// Reserves `size` bytes of address space that begin at a multiple of `alignment`; `None` when there is none.
    pub(crate) fn reserve(size: usize, alignment: usize) -> Option<Self> {
        let page = page_size();
        let size = size.checked_next_multiple_of(page)?;
        let slack = if alignment > page { alignment } else { 0 };
        let mapped = size.checked_add(slack)?;
        // SAFETY: a fresh private range, placed by the system.
        let start = unsafe {
            libc::mmap(std::ptr::null_mut(), mapped, libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0)
        };
        if start == libc::MAP_FAILED {
            return None;
        }
        let start = start as usize;
        let base = if slack > 0 { start.next_multiple_of(alignment) } else { start };
        unmap(start, base - start);
        unmap(base + size, start + mapped - base - size);
        let pages = Self { base: NonNull::new(base as *mut u8)?, reserved: size, committed: 0 };
        if size >= HUGE_PAGE {
            // SAFETY: our own range. Only a hint: a kernel without huge pages refuses and nothing is lost.
            unsafe { libc::madvise(pages.base.as_ptr().cast(), size, libc::MADV_HUGEPAGE) };
        }
        Some(pages)
    }

    /// Makes the first `size` bytes usable.
    #[must_use]
    pub(crate) fn commit(&mut self, size: usize) -> bool {
        let Some(size) = size.checked_next_multiple_of(page_size()) else { return false };
        if size <= self.committed {
            return true;
        }
        if size > self.reserved {
            return false;
        }
        // SAFETY: inside our own range, beyond what is in use.
        let result = unsafe {
            let start = self.base.as_ptr().add(self.committed);
            libc::mprotect(start.cast(), size - self.committed, libc::PROT_READ | libc::PROT_WRITE)
        };
        if result == 0 {
            self.committed = size;
        }
        result == 0
    }

    /// Gives the memory from `size` on back to the system; the addresses stay.
    pub(crate) fn decommit(&mut self, size: usize) {
        let Some(size) = size.checked_next_multiple_of(page_size()).filter(|size| *size < self.committed) else {
            return;
        };
        // SAFETY: inside our own range, and not in use any more.
        unsafe {
            let start = self.base.as_ptr().add(size).cast();
            libc::madvise(start, self.committed - size, libc::MADV_DONTNEED);
            libc::mprotect(start, self.committed - size, libc::PROT_NONE);
        }
        self.committed = size;
    }

    /// Gives addresses and memory back to the system.
    pub(crate) fn unmap(self) {
        unmap(self.base.addr().get(), self.reserved);
    }
}

/// Has mapped bytes read from their file now. Only a hint.
pub(crate) fn will_need(bytes: &[u8]) {
    let address = bytes.as_ptr() as usize;
    let start = address - address % page_size();
    // SAFETY: whole pages that hold bytes of the slice; nothing about them changes.
    unsafe { libc::madvise(start as *mut libc::c_void, address + bytes.len() - start, libc::MADV_WILLNEED) };
}

fn unmap(start: usize, size: usize) {
    if size > 0 {
        // SAFETY: a range that this module mapped and nobody uses any more.
        unsafe { libc::munmap(start as *mut libc::c_void, size) };
    }
}
