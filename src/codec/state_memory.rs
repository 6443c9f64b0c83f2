//! The memory of a codec's own state: it comes from a pool like all other, and no more of it than a limit.
#![allow(unsafe_code, reason = "the allocation functions that C libraries call")]

use super::limits::too_much_memory;
use crate::error::{Error, Result};
use crate::memory::{ALIGNMENT, Pool};
use crate::shared::try_box;
use crate::sys::lock;
use std::alloc::Layout;
use std::ffi::{c_int, c_uint, c_void};
use std::ptr::{NonNull, null_mut};
use std::sync::Mutex;

/// Where a library's state comes from. Its address is what the library hands back, so it is boxed, and it must outlive the
/// state.
pub(super) struct StateMemory {
    pool: Pool,
    limit: usize,
    blocks: Mutex<Blocks>,
}

/// The memory that a library has: a handful of blocks.
#[derive(Default)]
struct Blocks {
    blocks: Vec<Block>,
    used: usize,
    /// How much the library would have had with what was refused last; 0: nothing was.
    refused: usize,
    /// The library had something from the system that the pool refused.
    is_overdrawn: bool,
}

struct Block {
    data: NonNull<u8>,
    size: usize,
    /// It came from the system, not from the pool.
    is_systems: bool,
}

// SAFETY: the blocks are the library's, which is for whoever has it.
unsafe impl Send for Blocks {}

impl StateMemory {
    /// Memory of `pool`, `limit` bytes at most.
    pub(super) fn new(pool: &Pool, limit: usize) -> Result<Box<Self>> {
        try_box(Self { pool: pool.clone(), limit, blocks: Mutex::default() })
    }

    /// What the functions below are to be called with.
    pub(super) fn opaque(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// Why the library got no memory, if it asked for some; else `why`.
    #[cold]
    pub(super) fn failure(&self, why: Error) -> Error {
        let mut blocks = lock(&self.blocks);
        let refused = blocks.refused;
        if !blocks.is_overdrawn {
            blocks.refused = 0;
        }
        match refused {
            0 => why,
            needed if needed > self.limit => too_much_memory(needed, self.limit),
            needed => Error::out_of_memory(needed),
        }
    }

    /// Whether the limit leaves so much more.
    pub(super) fn has_room(&self, size: usize) -> bool {
        lock(&self.blocks).used.saturating_add(size) <= self.limit
    }

    /// Whether the library had something all the same where it was refused: the state is not to be used any more.
    pub(super) fn is_overdrawn(&self) -> bool {
        lock(&self.blocks).is_overdrawn
    }

    fn take(&self, size: usize) -> Option<NonNull<u8>> {
        let mut blocks = lock(&self.blocks);
        let used = blocks.used.saturating_add(size);
        let has_room = used <= self.limit && blocks.blocks.try_reserve(1).is_ok();
        let block = if has_room { self.pool.allocate(size, ALIGNMENT).ok() } else { None };
        let Some(block) = block else {
            blocks.refused = used;
            return None;
        };
        blocks.blocks.push(Block { data: block, size, is_systems: false });
        blocks.used = used;
        Some(block)
    }

    /// A small piece that the pool refused. Where the system has none either the process ends, as everywhere in Rust.
    #[cold]
    fn overdraw(&self, size: usize) -> NonNull<u8> {
        let layout = systems_layout(size);
        // SAFETY: the size is not 0.
        let data = unsafe { std::alloc::alloc(layout) };
        let Some(data) = NonNull::new(data) else { std::alloc::handle_alloc_error(layout) };
        let mut blocks = lock(&self.blocks);
        blocks.blocks.push(Block { data, size, is_systems: true });
        blocks.used += size;
        blocks.is_overdrawn = true;
        data
    }

    /// # Safety
    /// What came from `take` of this memory is not used again.
    unsafe fn give_back(&self, data: NonNull<u8>) {
        let mut blocks = lock(&self.blocks);
        let Some(at) = blocks.blocks.iter().rposition(|block| block.data == data) else { return };
        let block = blocks.blocks.swap_remove(at);
        blocks.used -= block.size;
        // SAFETY: the caller's promise.
        unsafe { self.free(&block) };
    }

    /// # Safety
    /// It came from this memory and is not used again.
    unsafe fn free(&self, block: &Block) {
        // SAFETY: it came from there with this size; the caller's promise.
        unsafe {
            match block.is_systems {
                true => std::alloc::dealloc(block.data.as_ptr(), systems_layout(block.size)),
                false => self.pool.free(block.data, block.size, ALIGNMENT),
            }
        }
    }
}

impl Drop for StateMemory {
    /// A library that failed half-way may have left something.
    fn drop(&mut self) {
        for block in std::mem::take(&mut lock(&self.blocks).blocks) {
            // SAFETY: the library's state is gone.
            unsafe { self.free(&block) };
        }
    }
}

/// So much memory of the system, at least a byte; at most `LARGEST_OVERDRAFT`.
fn systems_layout(size: usize) -> Layout {
    const BYTE: Layout = Layout::new::<u8>();
    Layout::from_size_align(size.max(1), ALIGNMENT).unwrap_or(BYTE)
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

/// What is larger is refused even where small pieces are not.
const LARGEST_OVERDRAFT: usize = 1 << 20;

/// As libzstd allocates where it has threads. It clears some of what it is given before it looks whether it was given any, all
/// of it less than 256 KiB even for the most threads. So small pieces are never refused: what the pool has not comes from the
/// system, and `is_overdrawn` has the call fail afterwards.
///
/// # Safety
/// As for `allocate`.
pub(super) unsafe extern "C" fn allocate_for_threads(opaque: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise.
    let data = unsafe { allocate(opaque, size) };
    if !data.is_null() || size > LARGEST_OVERDRAFT {
        return data;
    }
    // SAFETY: the caller's promise.
    unsafe { (*opaque.cast::<StateMemory>()).overdraw(size).as_ptr().cast() }
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
