//! What a memory pool is, and the counted reference through which everybody uses one.

use super::statistics::Statistics;
use crate::error::{Error, Result, error};
use crate::shared::{Counted, Shared, try_box};
use std::alloc::Layout;
use std::ffi::CStr;
use std::ptr::NonNull;

/// A source of memory that counts what it hands out. A pool over another pool is one file that implements this; a back end
/// implements `Allocator` instead, of which `AccountedPool` makes a pool.
///
/// Sizes are never 0: `Pool` answers those itself.
pub trait MemoryPool: Send + Sync {
    /// Memory of the layout's size and alignment, contents undefined.
    fn allocate(&self, layout: Layout) -> Result<NonNull<u8>>;

    /// Makes the block `new_size` bytes long, at its place or elsewhere; contents are kept up to the smaller size. On
    /// failure the old block and the figures stay as they were.
    ///
    /// # Safety
    /// `data` is a live block of this pool with layout `old`.
    unsafe fn reallocate(&self, data: NonNull<u8>, old: Layout, new_size: usize) -> Result<NonNull<u8>>;

    /// Takes a block back.
    ///
    /// # Safety
    /// `data` is a live block of this pool with this layout and is not used again.
    unsafe fn free(&self, data: NonNull<u8>, layout: Layout);

    /// Gives memory that is kept for reuse back to the system, as far as the back end can.
    fn release_unused(&self);

    /// The figures.
    fn statistics(&self) -> &Statistics;

    /// The name of the back end, or of the wrapped pool's.
    fn backend_name(&self) -> &CStr;
}

/// Memory pools are of two origins. Behind one type, for C's handle is a thin pointer.
pub(crate) enum Origin {
    Static(&'static dyn MemoryPool),
    Heap(Box<dyn MemoryPool>),
}

/// A counted reference to a memory pool. Buffers and files hold one, so a pool lives as long as its memory.
#[derive(Clone)]
#[repr(transparent)]
pub struct Pool(pub(crate) Shared<Origin>);

/// Where blocks of size 0 are: aligned for any SIMD type, never written.
#[repr(align(64))]
struct ZeroSizeArea(#[allow(dead_code, reason = "only its address matters")] [u8; 64]);
static ZERO_SIZE_AREA: ZeroSizeArea = ZeroSizeArea([0; 64]);

impl Pool {
    /// A pool from a wrapper or a host's functions.
    pub fn new(pool: impl MemoryPool + 'static) -> Result<Self> {
        Shared::try_new(Origin::Heap(try_box(pool)?)).map(Self)
    }

    /// A reference to a pool in static memory.
    pub(crate) const fn from_static(origin: &'static Counted<Origin>) -> Self {
        Self(Shared::from_static(origin))
    }

    /// The address of blocks of size 0.
    pub(crate) fn zero_size_area() -> NonNull<u8> {
        NonNull::from(&ZERO_SIZE_AREA).cast()
    }

    /// Memory of `size` bytes at a multiple of `alignment`, a power of two.
    #[inline]
    pub fn allocate(&self, size: usize, alignment: usize) -> Result<NonNull<u8>> {
        let layout = layout(size, alignment)?;
        if size == 0 {
            return Ok(zero_size_at(alignment));
        }
        self.inner().allocate(layout)
    }

    /// Changes the size of a block; see `MemoryPool::reallocate`. From size 0 it allocates, to size 0 it frees.
    ///
    /// # Safety
    /// `data` is a live block of this pool with this size and alignment.
    pub unsafe fn reallocate(
        &self,
        data: NonNull<u8>,
        old_size: usize,
        new_size: usize,
        alignment: usize,
    ) -> Result<NonNull<u8>> {
        let old = layout(old_size, alignment)?;
        layout(new_size, alignment)?;
        match (old_size, new_size) {
            (0, _) => self.allocate(new_size, alignment),
            (_, 0) => {
                // SAFETY: the caller's promise.
                unsafe { self.inner().free(data, old) };
                Ok(zero_size_at(alignment))
            }
            // SAFETY: the caller's promise.
            _ => unsafe { self.inner().reallocate(data, old, new_size) },
        }
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// `data` is a live block of this pool with this size and alignment and is not used again.
    #[inline]
    pub unsafe fn free(&self, data: NonNull<u8>, size: usize, alignment: usize) {
        if size > 0 {
            // SAFETY: the caller's promise; a live block has a valid layout.
            unsafe { self.inner().free(data, Layout::from_size_align_unchecked(size, alignment)) };
        }
    }

    /// The pool itself.
    #[inline]
    pub fn inner(&self) -> &dyn MemoryPool {
        match &*self.0 {
            Origin::Static(pool) => *pool,
            Origin::Heap(pool) => &**pool,
        }
    }

    /// The figures.
    pub fn statistics(&self) -> &Statistics {
        self.inner().statistics()
    }
}

#[inline]
fn layout(size: usize, alignment: usize) -> Result<Layout> {
    Layout::from_size_align(size, alignment).map_err(|_| no_layout(size, alignment))
}

#[cold]
#[inline(never)]
fn no_layout(size: usize, alignment: usize) -> Error {
    if alignment.is_power_of_two() {
        return error!(OutOfMemory, "a block of {size} bytes aligned to {alignment} does not fit the address space");
    }
    error!(Invalid, "an alignment must be a power of two, {alignment} is none")
}

/// A non-NULL address for no bytes, aligned as asked.
fn zero_size_at(alignment: usize) -> NonNull<u8> {
    if alignment <= align_of::<ZeroSizeArea>() {
        return Pool::zero_size_area();
    }
    NonNull::without_provenance(std::num::NonZero::new(alignment).unwrap_or(std::num::NonZero::<usize>::MIN))
}
