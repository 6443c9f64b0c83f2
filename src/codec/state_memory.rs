//! The memory of a codec's own state: it comes from a pool like all other, and no more of it than a limit.
#![allow(unsafe_code, reason = "the allocation functions that C libraries call")]

use crate::error::{Error, Result, error};
use crate::memory::{ALIGNMENT, Pool};
use crate::shared::try_box;
use std::ffi::{c_int, c_uint, c_void};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Where a library's state comes from. Its address is what the library hands back, so it is boxed, and it must outlive the
/// state.
pub(super) struct StateMemory {
    pool: Pool,
    limit: usize,
    used: AtomicUsize,
    /// How much the state would have taken with what was refused last; 0: nothing was.
    refused: AtomicUsize,
}

/// In front of each block, at its alignment: how much was taken for it.
const HEADER: usize = ALIGNMENT;

impl StateMemory {
    /// Memory of `pool`, `limit` bytes at most.
    pub(super) fn new(pool: &Pool, limit: usize) -> Result<Box<Self>> {
        try_box(Self { pool: pool.clone(), limit, used: AtomicUsize::new(0), refused: AtomicUsize::new(0) })
    }

    /// What the functions below are to be called with.
    pub(super) fn opaque(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// Why the library got no memory, if it asked for some; else `why`.
    #[cold]
    pub(super) fn failure(&self, why: Error) -> Error {
        match self.refused.swap(0, Relaxed) {
            0 => why,
            needed if needed > self.limit => error!(
                CapacityError,
                "it takes at least {needed} bytes of memory to decompress, memory_limit is {}", self.limit
            ),
            needed => Error::out_of_memory(needed),
        }
    }

    fn take(&self, size: usize) -> Option<NonNull<u8>> {
        let whole = size.checked_add(HEADER)?;
        let used = self.used.fetch_add(whole, Relaxed) + whole;
        let block = if used > self.limit { None } else { self.pool.allocate(whole, ALIGNMENT).ok() };
        let Some(block) = block else {
            self.used.fetch_sub(whole, Relaxed);
            self.refused.store(used, Relaxed);
            return None;
        };
        // SAFETY: the block has room for the header, at its alignment, and for `size` bytes behind it.
        unsafe {
            block.cast::<usize>().write(whole);
            Some(block.add(HEADER))
        }
    }

    /// # Safety
    /// `data` came from `take` of this memory and is not used again.
    unsafe fn give_back(&self, data: NonNull<u8>) {
        // SAFETY: the caller's promise: the header is in front.
        unsafe {
            let block = data.sub(HEADER);
            let whole = block.cast::<usize>().read();
            self.used.fetch_sub(whole, Relaxed);
            self.pool.free(block, whole, ALIGNMENT);
        }
    }
}

/// Values in such memory, for what is written in Rust.
pub(super) struct Cells<T> {
    data: NonNull<T>,
    count: usize,
    memory: *mut c_void,
}

// SAFETY: they belong to whoever has them, and their memory is for all threads.
unsafe impl<T: Send> Send for Cells<T> {}

/// What zero bytes are a value of.
///
/// # Safety
/// They are.
pub(super) unsafe trait Plain: Copy {}

// SAFETY: they are 0.
unsafe impl Plain for u8 {}
// SAFETY: they are 0.
unsafe impl Plain for u32 {}

impl<T: Plain> Cells<T> {
    /// So many zeros, if there is memory for them.
    ///
    /// # Safety
    /// `opaque` is that of a `StateMemory` that outlives them.
    pub(super) unsafe fn take(opaque: *mut c_void, count: usize) -> Option<Self> {
        if count == 0 {
            return Some(Self::default());
        }
        // SAFETY: the caller's promise; there is room for so many, at the alignment of whatever is plain.
        unsafe {
            let data = NonNull::new(allocate(opaque, count.checked_mul(size_of::<T>())?))?.cast::<T>();
            data.write_bytes(0, count);
            Some(Self { data, count, memory: opaque })
        }
    }
}

impl<T> Default for Cells<T> {
    fn default() -> Self {
        Self { data: NonNull::dangling(), count: 0, memory: null_mut() }
    }
}

impl<T> Cells<T> {
    #[inline]
    pub(super) fn as_slice(&self) -> &[T] {
        // SAFETY: so many are there, and all are written.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.count) }
    }

    #[inline]
    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: as above, and nobody's but ours.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr(), self.count) }
    }
}

impl<T> Drop for Cells<T> {
    fn drop(&mut self) {
        if self.count > 0 {
            // SAFETY: they came from this memory, which outlives them.
            unsafe { free(self.memory, self.data.as_ptr().cast()) };
        }
    }
}

/// As libzstd, liblz4 and brotli allocate.
///
/// # Safety
/// `opaque` is that of a living `StateMemory`.
pub(super) unsafe extern "C" fn allocate(opaque: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise.
    let memory = unsafe { &*opaque.cast::<StateMemory>() };
    memory.take(size).map_or(null_mut(), |data| data.as_ptr().cast())
}

/// As liblzma allocates.
///
/// # Safety
/// As for `allocate`.
pub(super) unsafe extern "C" fn allocate_sizes(opaque: *mut c_void, count: usize, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise.
    count.checked_mul(size).map_or(null_mut(), |size| unsafe { allocate(opaque, size) })
}

/// As zlib allocates.
///
/// # Safety
/// As for `allocate`.
pub(super) unsafe extern "C" fn allocate_items(opaque: *mut c_void, count: c_uint, size: c_uint) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { allocate(opaque, count as usize * size as usize) }
}

/// As libbz2 allocates.
///
/// # Safety
/// As for `allocate`.
pub(super) unsafe extern "C" fn allocate_ints(opaque: *mut c_void, count: c_int, size: c_int) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { allocate_items(opaque, count.max(0) as c_uint, size.max(0) as c_uint) }
}

/// As all of them give back.
///
/// # Safety
/// As for `allocate`; `data` is NULL or came from it and is not used again.
pub(super) unsafe extern "C" fn free(opaque: *mut c_void, data: *mut c_void) {
    let Some(data) = NonNull::new(data.cast()) else { return };
    // SAFETY: the caller's promise.
    unsafe { (*opaque.cast::<StateMemory>()).give_back(data) }
}
