//! Buffers: bytes with one owner, seen by any number of slices.

use super::pool::Pool;
use super::{ALIGNMENT, round_up};
use crate::error::{Error, ErrorKind, Result, error};
use crate::shared::{Counted, Shared, try_box};
use crate::sys::{self, Mapping, SharedMemory};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering::*};

/// Keeps memory alive that is not a pool's; dropped after the last slice.
pub(crate) trait Owner: Send + Sync {}

impl Owner for Mapping {}

/// A counted reference to a buffer.
///
/// A buffer is its own root or a slice of a root; slices of slices refer to the root, so there are no chains.
#[derive(Clone)]
#[repr(transparent)]
pub struct Buffer(pub(crate) ManuallyDrop<Shared<View>>);

/// Bytes and what keeps them. Address, size and capacity change only in `resize` and `reserve`; they are atomic so that a
/// host that breaks the rule of one caller at a time reads an old or a new value and nothing else.
pub(crate) struct View {
    data: AtomicPtr<u8>,
    size: AtomicUsize,
    capacity: AtomicUsize,
    /// Of a resizable buffer: its live slices, or `RESIZING`.
    slices: AtomicUsize,
    /// Of a root: the memory of a slice that is gone, for the next one; see `View::retire`.
    spare: AtomicPtr<Counted<View>>,
    /// Changes once, by sharing.
    mutable: AtomicBool,
    memory: Memory,
}

pub(super) enum Memory {
    Fixed(Pool),
    Resizable(Pool),
    Owned(#[allow(dead_code, reason = "held to be dropped")] Box<dyn Owner>),
    Shared(Box<SharedMemory>),
    Slice(Buffer),
}

/// Stands for the number of slices while a buffer is being resized.
const RESIZING: usize = usize::MAX;

impl Buffer {
    /// A mutable buffer of `size` bytes, contents undefined, padding zeroed.
    pub fn allocate(pool: &Pool, size: usize) -> Result<Self> {
        Self::from_pool(pool, size, Memory::Fixed)
    }

    /// As `allocate`, and its size may change.
    pub fn allocate_resizable(pool: &Pool, size: usize) -> Result<Self> {
        Self::from_pool(pool, size, Memory::Resizable)
    }

    /// Bytes that `owner` keeps alive.
    ///
    /// # Safety
    /// `size` bytes at `data` are readable, and writable if `mutable`, until `owner` is dropped.
    pub(crate) unsafe fn from_owner<O>(data: NonNull<u8>, size: usize, mutable: bool, owner: O) -> Result<Self>
    where
        O: Owner + 'static,
    {
        // On failure nothing may have been dropped: the owner goes in last.
        let (room, owner) = (Shared::memory()?, try_box(owner)?);
        Ok(Self::new_in(room, View::new(data, size, size, mutable, Memory::Owned(owner))))
    }

    /// A mapped file's bytes, `size` of them from its start.
    pub(crate) fn of_mapping(mapping: Mapping, size: usize, mutable: bool) -> Result<Self> {
        // SAFETY: the mapping holds as many bytes and allows what its access mode says.
        unsafe { Self::from_owner(mapping.data(), size, mutable, mapping) }
    }

    /// Memory that other processes may have, `capacity` bytes of it usable.
    pub(super) fn of_shared(
        room: Box<MaybeUninit<Counted<View>>>,
        memory: Box<SharedMemory>,
        size: usize,
        capacity: usize,
        mutable: bool,
    ) -> Self {
        Self::new_in(room, View::new(memory.data(), size, capacity, mutable, Memory::Shared(memory)))
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.0.memory
    }

    /// From now on; nobody else has a reference.
    pub(super) fn make_immutable(&self) {
        self.0.mutable.store(false, Relaxed);
    }

    /// A copy of `bytes` in memory of `pool`.
    pub fn copy_of(pool: &Pool, bytes: &[u8]) -> Result<Self> {
        let copy = Self::allocate(pool, bytes.len())?;
        copy.fill_with(bytes, 0);
        Ok(copy)
    }

    /// All buffers' bytes behind one another, in one new buffer.
    pub fn concatenate<B: Deref<Target = Self>>(pool: &Pool, buffers: &[B]) -> Result<Self> {
        // No object is larger than isize::MAX, so neither is one that could ever be allocated.
        let add = |sum: usize, buffer: &B| {
            sum.checked_add(buffer.size()).filter(|sum| *sum <= isize::MAX as usize - ALIGNMENT)
        };
        let size = buffers.iter().try_fold(0, add).ok_or_else(|| error!(CapacityError, "the buffers are too long"))?;
        let whole = Self::allocate(pool, size)?;
        let mut end = 0;
        for buffer in buffers {
            whole.fill_with(buffer.as_slice(), end);
            end += buffer.size();
        }
        Ok(whole)
    }

    /// Takes over a pool's block of `capacity` bytes, of which `size` are filled.
    ///
    /// # Safety
    /// `data` is a live block of `pool` of `capacity` bytes aligned to `ALIGNMENT`; on success the buffer owns it.
    pub(crate) unsafe fn adopt(pool: &Pool, data: NonNull<u8>, size: usize, capacity: usize) -> Result<Self> {
        let room = Shared::memory()?;
        Ok(Self::new_in(room, View::new(data, size, capacity, true, Memory::Resizable(pool.clone()))))
    }

    #[inline]
    fn from_pool(pool: &Pool, size: usize, memory: impl Fn(Pool) -> Memory) -> Result<Self> {
        let capacity = round_up(size)?;
        let room = Shared::memory()?;
        let data = pool.allocate(capacity, ALIGNMENT)?;
        let buffer = Self::new_in(room, View::new(data, size, capacity, true, memory(pool.clone())));
        buffer.0.zero_padding();
        Ok(buffer)
    }

    #[inline(always)]
    fn new_in(room: Box<MaybeUninit<Counted<View>>>, view: View) -> Self {
        Self(ManuallyDrop::new(Shared::new_in(room, view)))
    }

    /// `size` bytes from `offset` on, without a copy. Immutable.
    #[inline]
    pub fn slice(&self, offset: usize, size: usize) -> Result<Self> {
        self.make_slice(offset, size, false)
    }

    /// As `slice`, but of as many bytes as there are, none where `offset` lies past the end.
    #[inline]
    pub(crate) fn slice_up_to(&self, offset: usize, size: usize) -> Result<Self> {
        let offset = offset.min(self.size());
        self.make_slice(offset, size.min(self.size() - offset), false)
    }

    /// As `slice`, mutable; only of a mutable buffer.
    pub fn slice_mutable(&self, offset: usize, size: usize) -> Result<Self> {
        if !self.is_mutable() {
            return Err(error!(Invalid, "a buffer of {} bytes is immutable, so are its slices", self.size()));
        }
        self.make_slice(offset, size, true)
    }

    #[inline]
    fn make_slice(&self, offset: usize, size: usize, mutable: bool) -> Result<Self> {
        let root = self.root();
        let pin = Pin::new(root)?;
        self.check_range(offset, size)?;
        // SAFETY: inside the buffer by the check above.
        let data = unsafe { self.data().add(offset) };
        let room = match root.0.take_spare() {
            Some(room) => room,
            None => Shared::memory()?,
        };
        // The slice lets go of the root from here on.
        std::mem::forget(pin);
        let view = View::new(data, size, size, mutable, Memory::Slice(root.clone()));
        Ok(Self::new_in(room, view))
    }

    /// A copy of `size` bytes from `offset` on, in memory of `pool`.
    pub fn copy(&self, offset: usize, size: usize, pool: &Pool) -> Result<Self> {
        self.check_range(offset, size)?;
        Self::copy_of(pool, &self.as_slice()[offset..offset + size])
    }

    #[inline]
    fn check_range(&self, offset: usize, size: usize) -> Result<()> {
        match offset.checked_add(size) {
            Some(end) if end <= self.size() => Ok(()),
            _ => Err(out_of_range(offset, size, self.size())),
        }
    }

    /// Changes the size; contents are kept up to the smaller one. With `shrink_to_fit` the capacity follows downwards.
    pub fn resize(&self, size: usize, shrink_to_fit: bool) -> Result<()> {
        let resizing = Resizing::begin(self)?;
        let capacity = round_up(size)?;
        if capacity > self.capacity() || (shrink_to_fit && capacity < self.capacity()) {
            resizing.set_capacity(self, size.min(self.size()), capacity)?;
        }
        self.0.size.store(size, Relaxed);
        self.zero_padding();
        Ok(())
    }

    /// Makes the capacity at least `capacity`; the size stays.
    pub fn reserve(&self, capacity: usize) -> Result<()> {
        let resizing = Resizing::begin(self)?;
        let capacity = round_up(capacity)?;
        if capacity > self.capacity() {
            resizing.set_capacity(self, self.size(), capacity)?;
        }
        Ok(())
    }

    /// Zeroes what lies between the size and the next multiple of `ALIGNMENT`, as far as the capacity goes.
    pub fn zero_padding(&self) {
        if self.is_mutable() {
            self.0.zero_padding();
        }
    }

    /// The first byte; never NULL for memory of a pool.
    #[inline]
    pub fn data(&self) -> NonNull<u8> {
        let data = self.0.data.load(Relaxed);
        NonNull::new(data).unwrap_or(NonNull::dangling())
    }

    /// Bytes that are valid.
    #[inline]
    pub fn size(&self) -> usize {
        self.0.size.load(Relaxed)
    }

    /// Bytes that the size may grow to at its place.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.0.capacity.load(Relaxed)
    }

    /// Whether the bytes may be written.
    #[inline]
    pub fn is_mutable(&self) -> bool {
        self.0.mutable.load(Relaxed)
    }

    /// The buffer that a slice is a slice of; `None` for a root.
    pub fn parent(&self) -> Option<&Buffer> {
        match &self.0.memory {
            Memory::Slice(root) => Some(root),
            _ => None,
        }
    }

    #[inline]
    fn root(&self) -> &Buffer {
        self.parent().unwrap_or(self)
    }

    /// Whether nobody else holds a reference, slices included.
    pub(crate) fn is_unique(&self) -> bool {
        self.0.is_unique()
    }

    /// Whether both hold the same bytes.
    pub fn equals(&self, other: &Self) -> bool {
        self.size() == other.size() && (self.data() == other.data() || self.as_slice() == other.as_slice())
    }

    /// The bytes, to be lent for the length of a call. As for every function that is given memory: the host writes nothing
    /// to them meanwhile. Of a mapped file another process may; what is read then may be any bytes, and nothing in this
    /// library looks at a byte twice and relies on seeing the same. Copies of such bytes go by address, see `copy_to`.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: `size` bytes at `data` are readable while the view lives, by the promise of who made it; the host's
        // promise not to write is that of the header, and bytes that foreign processes change are read as above.
        unsafe { std::slice::from_raw_parts(self.data().as_ptr(), self.size()) }
    }

    /// Copies from `offset` on into `dst` and gives the number of bytes, fewer than asked for only at the end.
    #[inline]
    pub(crate) fn copy_to(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> usize {
        let size = self.size().saturating_sub(offset).min(dst.len());
        if size > 0 {
            // SAFETY: inside both, and by address: neither what other processes change meanwhile nor an overlap matters.
            unsafe { copy_bytes(self.data().as_ptr().add(offset), dst.as_mut_ptr().cast(), size) };
        }
        size
    }

    /// Tells the system that these bytes will be needed soon, as far as they are the buffer's.
    pub(crate) fn will_need(&self, offset: usize, size: usize) {
        let offset = offset.min(self.size());
        sys::will_need(&self.as_slice()[offset..][..size.min(self.size() - offset)]);
    }

    /// As `copy_to` for bytes that may be gone; `None` if some are or if there is no fault guard.
    #[inline]
    pub(crate) fn copy_guarded_to(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Option<usize> {
        if !sys::fault_guard_is_on() {
            return None;
        }
        let size = self.size().saturating_sub(offset).min(dst.len());
        let from = self.data().as_ptr().wrapping_add(offset);
        // SAFETY: inside both; a guard is on.
        (unsafe { sys::guarded_copy(dst.as_mut_ptr().cast(), from, size) } == 0).then_some(size)
    }

    /// As `copy_to` for bytes that may be gone, in any way there is; gives how many came before those that are, or the errno of a system that
    /// does not let us find out.
    #[inline]
    pub(crate) fn copy_mapped_to(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> std::result::Result<usize, i32> {
        let size = self.size().saturating_sub(offset).min(dst.len());
        // SAFETY: inside both; the source is what `of_mapping` or `from_owner` was given.
        unsafe { sys::copy_from_mapped(self.data().as_ptr().wrapping_add(offset), dst.as_mut_ptr().cast(), size) }
    }

    /// As `fill_with` for bytes that may be gone, as `copy_mapped_to` for `bytes` that may be so.
    #[inline]
    pub(crate) fn fill_mapped_with(&self, bytes: &[u8], offset: usize) -> std::result::Result<usize, i32> {
        assert!(self.is_mutable() && offset <= self.size() && bytes.len() <= self.size() - offset);
        // SAFETY: checked above.
        unsafe { sys::copy_to_mapped(bytes.as_ptr(), self.data().as_ptr().add(offset), bytes.len()) }
    }

    /// Copies from `offset` on into `dst` and gives the number of bytes, fewer than asked for only at the end; an error, and
    /// no signal, where they are gone.
    pub fn read(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let Memory::Owned(_) = self.root().0.memory else { return Ok(self.copy_to(offset, dst)) };
        let size = self.size().saturating_sub(offset).min(dst.len());
        match self.copy_mapped_to(offset, dst) {
            Ok(count) if count == size => Ok(size),
            Ok(count) => Err(error!(
                IoError,
                "read of {size} bytes at offset {offset} of a buffer of {} bytes: they are gone from offset {} on; it is \
                 mapped, and the file was cut or cannot be read",
                self.size(),
                offset + count
            )),
            Err(os_error) => Err(no_safe_copy(os_error)),
        }
    }

    /// All bytes, to be filled by the only holder.
    #[inline]
    pub(crate) fn room(&mut self) -> &mut [MaybeUninit<u8>] {
        assert!(self.is_mutable() && self.is_unique());
        // SAFETY: the memory is ours alone, and `MaybeUninit` asks nothing of its contents.
        unsafe { std::slice::from_raw_parts_mut(self.data().as_ptr().cast(), self.size()) }
    }

    /// Copies `bytes` to `offset`; the caller has checked that the buffer is mutable and holds them.
    #[inline]
    pub(crate) fn fill_with(&self, bytes: &[u8], offset: usize) {
        assert!(self.is_mutable() && offset <= self.size() && bytes.len() <= self.size() - offset);
        // A host may write a part of a buffer to the buffer itself: the compiler must not conclude from the reference that
        // both are apart.
        let from = std::hint::black_box(bytes.as_ptr());
        // SAFETY: checked above.
        unsafe { copy_bytes(from, self.data().as_ptr().add(offset), bytes.len()) };
    }
}

/// Copies by address, not as `&[u8]`, for other processes may change mapped memory meanwhile; and so that a host that reads
/// a buffer into itself, which it may not, gets wrong bytes at worst.
///
/// # Safety
/// `size` bytes are readable at `from` and writable at `to`.
#[inline]
unsafe fn copy_bytes(from: *const u8, to: *mut u8, size: usize) {
    if !(8..=16).contains(&size) {
        // SAFETY: the caller's promise.
        return unsafe { ptr::copy(from, to, size) };
    }
    // The sizes of single values, without a call: the first and the last eight bytes, which may be partly the same.
    // SAFETY: inside the ranges; both are read before either is written.
    unsafe {
        let first = from.cast::<u64>().read_unaligned();
        let last = from.add(size - 8).cast::<u64>().read_unaligned();
        to.cast::<u64>().write_unaligned(first);
        to.add(size - 8).cast::<u64>().write_unaligned(last);
    }
}

#[cold]
#[inline(never)]
fn out_of_range(offset: usize, size: usize, of: usize) -> Error {
    error!(IndexError, "{size} bytes at offset {offset} are not inside a buffer of {of} bytes")
}

impl View {
    #[inline(always)]
    fn new(data: NonNull<u8>, size: usize, capacity: usize, mutable: bool, memory: Memory) -> Self {
        Self {
            data: AtomicPtr::new(data.as_ptr()),
            size: AtomicUsize::new(size),
            capacity: AtomicUsize::new(capacity),
            slices: AtomicUsize::new(0),
            spare: AtomicPtr::new(ptr::null_mut()),
            mutable: AtomicBool::new(mutable),
            memory,
        }
    }

    fn set(&self, data: NonNull<u8>, size: usize, capacity: usize) {
        self.data.store(data.as_ptr(), Relaxed);
        self.size.store(size, Relaxed);
        self.capacity.store(capacity, Relaxed);
    }

    fn zero_padding(&self) {
        let size = self.size.load(Relaxed);
        let end = size.next_multiple_of(ALIGNMENT).min(self.capacity.load(Relaxed));
        if size < end {
            // SAFETY: between the size and the capacity; only roots of a pool and mutable memory come here.
            unsafe { self.data.load(Relaxed).add(size).write_bytes(0, end - size) };
        }
    }
}

/// A slice that is gone leaves its memory with its root: to make and drop slices one after the other, as reading does, is
/// then a matter of counting.
impl Drop for Buffer {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: not used again.
        let shared = unsafe { ManuallyDrop::take(&mut self.0) };
        if let Some(last) = shared.into_last() {
            View::retire(last);
        }
    }
}

impl View {
    #[inline]
    fn retire(last: Box<Counted<Self>>) {
        let Memory::Slice(root) = &last.value().memory else { return drop(last) };
        Pin::undo(root);
        // SAFETY: of a slice's view only the root needs dropping; it is, at the end, and the view is not.
        let root = unsafe { ptr::read(root) };
        root.0.keep_spare(last.forget());
    }

    #[inline]
    fn take_spare(&self) -> Option<Box<MaybeUninit<Counted<Self>>>> {
        if self.spare.load(Relaxed).is_null() {
            return None;
        }
        let memory = self.spare.swap(ptr::null_mut(), Acquire);
        // SAFETY: NULL or what `keep_spare` made of a box; whoever swaps it out owns it.
        (!memory.is_null()).then(|| unsafe { Box::from_raw(memory.cast()) })
    }

    #[inline]
    fn keep_spare(&self, memory: Box<MaybeUninit<Counted<Self>>>) {
        let memory = Box::into_raw(memory).cast();
        let former = self.spare.swap(memory, AcqRel);
        if !former.is_null() {
            // SAFETY: as above.
            drop(unsafe { Box::<MaybeUninit<Counted<Self>>>::from_raw(former.cast()) });
        }
    }
}

impl Drop for View {
    #[inline]
    fn drop(&mut self) {
        drop(self.take_spare());
        match &self.memory {
            Memory::Fixed(pool) | Memory::Resizable(pool) => {
                if let Some(data) = NonNull::new(*self.data.get_mut()) {
                    // SAFETY: the view owns the block, which was allocated with this size and alignment.
                    unsafe { pool.free(data, *self.capacity.get_mut(), ALIGNMENT) };
                }
            }
            // A slice ends in `retire`.
            Memory::Owned(_) | Memory::Shared(_) | Memory::Slice(_) => {}
        }
    }
}

/// Holds off the resizing of a root while a slice of it is being made and as long as it lives.
struct Pin<'a>(&'a Buffer);

impl<'a> Pin<'a> {
    #[inline]
    fn new(root: &'a Buffer) -> Result<Self> {
        if matches!(root.0.memory, Memory::Resizable(_)) {
            let add = |slices: usize| slices.checked_add(1);
            root.0.slices.fetch_update(Acquire, Relaxed, add).map_err(|_| being_resized())?;
        }
        Ok(Self(root))
    }

    #[inline]
    fn undo(root: &Buffer) {
        if matches!(root.0.memory, Memory::Resizable(_)) {
            root.0.slices.fetch_sub(1, Release);
        }
    }
}

impl Drop for Pin<'_> {
    fn drop(&mut self) {
        Self::undo(self.0);
    }
}

#[cold]
#[inline(never)]
fn being_resized() -> Error {
    error!(Invalid, "the buffer is being resized on another thread")
}

/// The right to resize a buffer: no slice of it lives and nobody else resizes it.
struct Resizing<'a> {
    view: &'a View,
    pool: &'a Pool,
}

impl<'a> Resizing<'a> {
    fn begin(buffer: &'a Buffer) -> Result<Self> {
        let view = &*buffer.0;
        let Memory::Resizable(pool) = &view.memory else {
            return Err(error!(Invalid, "a buffer of {} bytes is not resizable", buffer.size()));
        };
        match view.slices.compare_exchange(0, RESIZING, Acquire, Relaxed) {
            Ok(_) => Ok(Self { view, pool }),
            Err(RESIZING) => Err(being_resized()),
            Err(slices) => Err(error!(
                Invalid,
                "a buffer of {} bytes cannot be resized while slices of it live ({slices} now)",
                buffer.size()
            )),
        }
    }

    /// Moves to a block of `capacity` bytes, of which `size` are worth keeping.
    fn set_capacity(&self, buffer: &Buffer, size: usize, capacity: usize) -> Result<()> {
        // SAFETY: the view owns the block, which was allocated with this size and alignment.
        let data = unsafe { self.pool.reallocate(buffer.data(), buffer.capacity(), capacity, ALIGNMENT) }?;
        self.view.set(data, size, capacity);
        Ok(())
    }
}

impl Drop for Resizing<'_> {
    fn drop(&mut self) {
        self.view.slices.store(0, Release);
    }
}

/// Said where the system, asked to copy what is mapped, refuses to.
#[cold]
pub(crate) fn no_safe_copy(os_error: i32) -> Error {
    Error::with_os_error(
        ErrorKind::IoError,
        os_error,
        format_args!(
            "the system allows no copy of mapped memory that is safe from a fault ({}); with a fault guard none is needed",
            sys::ErrnoText(os_error)
        ),
    )
}
