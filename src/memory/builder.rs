//! Bytes appended to memory that grows, until they become a buffer.

use super::pool::Pool;
use super::{ALIGNMENT, Buffer, round_up};
use crate::error::{ErrorKind, Result, error};
use std::mem::MaybeUninit;
use std::ptr::NonNull;

/// The first growth is to at least this many bytes.
const SMALLEST: usize = 256;

/// The bytes that a read has filled of what it was given, `count` as it says.
#[inline]
pub(crate) fn filled(given: &[MaybeUninit<u8>], count: usize) -> &[u8] {
    // SAFETY: what a read counts it has filled. `Stream::read` and `RandomAccess::read_at` demand it of every class of files,
    // and the header demands it of the host whose `read` and `read_at` a callback file passes on.
    unsafe { given[..count].assume_init_ref() }
}

/// Growable bytes of one owner.
pub(crate) struct BufferBuilder {
    pool: Pool,
    data: NonNull<u8>,
    size: usize,
    capacity: usize,
}

// SAFETY: owns its memory like a Vec does.
unsafe impl Send for BufferBuilder {}

impl BufferBuilder {
    /// No bytes and no memory yet.
    pub(crate) fn new(pool: Pool) -> Self {
        Self { pool, data: Pool::zero_size_area(), size: 0, capacity: 0 }
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    #[inline]
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        // SAFETY: the first `size` bytes are filled.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.size) }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: the first `size` bytes are filled, and nobody's but ours.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr(), self.size) }
    }

    #[inline]
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.len() > self.capacity - self.size {
            self.grow(bytes.len())?;
        }
        // SAFETY: there is room, and it is nobody's but ours.
        unsafe { self.data.add(self.size).copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) };
        self.size += bytes.len();
        Ok(())
    }

    /// Has `read` fill at most `most` further bytes and takes in as many as it says. More room than that may be there.
    pub(crate) fn append_with(
        &mut self,
        most: usize,
        read: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<usize>,
    ) -> Result<usize> {
        if most > self.capacity - self.size {
            self.grow(most)?;
        }
        // SAFETY: inside the block, ours alone, and `MaybeUninit` asks nothing of its contents.
        let room = unsafe { std::slice::from_raw_parts_mut(self.data.add(self.size).as_ptr().cast(), most) };
        let count = read(room)?.min(most);
        self.size += filled(room, count).len();
        Ok(count)
    }

    /// Forgets everything from `size` on.
    pub(crate) fn truncate(&mut self, size: usize) {
        self.size = self.size.min(size);
    }

    /// Forgets the first `count` bytes and moves the rest to the front.
    pub(crate) fn discard_front(&mut self, count: usize) {
        let rest = self.size - count.min(self.size);
        // SAFETY: both ranges are filled bytes of the block.
        unsafe { self.data.copy_from(self.data.add(self.size - rest), rest) };
        self.size = rest;
    }

    /// Makes room for `additional` bytes exactly, where it is known that no more will come.
    pub(crate) fn reserve_exact(&mut self, additional: usize) -> Result<()> {
        let capacity = round_up(self.needed(additional)?)?;
        if capacity > self.capacity { self.set_capacity(capacity) } else { Ok(()) }
    }

    /// Makes room for `additional` bytes and, where there is memory, for as many again as there are.
    #[cold]
    fn grow(&mut self, additional: usize) -> Result<()> {
        let needed = round_up(self.needed(additional)?)?;
        let generous = round_up(needed.max(self.capacity.saturating_mul(2)).max(SMALLEST)).unwrap_or(needed);
        match self.set_capacity(generous) {
            // Near a limit, what is needed may still fit.
            Err(error) if error.kind() == ErrorKind::OutOfMemory && needed < generous => self.set_capacity(needed),
            done => done,
        }
    }

    fn needed(&self, additional: usize) -> Result<usize> {
        self.size
            .checked_add(additional)
            .ok_or_else(|| error!(OutOfMemory, "{additional} bytes behind {} do not fit the address space", self.size))
    }

    fn set_capacity(&mut self, capacity: usize) -> Result<()> {
        if capacity == self.capacity {
            return Ok(());
        }
        // SAFETY: we own the block, which was allocated with this size and alignment.
        self.data = unsafe { self.pool.reallocate(self.data, self.capacity, capacity, ALIGNMENT) }?;
        self.capacity = capacity;
        Ok(())
    }

    /// The bytes as a resizable buffer with no more memory than they need. On failure the bytes are still here.
    pub(crate) fn finish(&mut self) -> Result<Buffer> {
        // A block that cannot be made smaller will do as it is.
        let _ = self.set_capacity(round_up(self.size)?);
        // SAFETY: the block is ours and is given away.
        let buffer = unsafe { Buffer::adopt(&self.pool, self.data, self.size, self.capacity) }?;
        (self.data, self.size, self.capacity) = (Pool::zero_size_area(), 0, 0);
        buffer.zero_padding();
        Ok(buffer)
    }
}

impl Drop for BufferBuilder {
    fn drop(&mut self) {
        // SAFETY: we own the block, which was allocated with this size and alignment.
        unsafe { self.pool.free(self.data, self.capacity, ALIGNMENT) };
    }
}
