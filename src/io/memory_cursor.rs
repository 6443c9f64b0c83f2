//! A position in memory that does not change, for reads that need no lock.

use super::position;
use super::stream::{RandomAccess, Whence};
use crate::error::Result;
use crate::memory::{Buffer, Pool};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A position in memory that does not change. Reads claim their bytes in one step, so they need no lock.
pub(crate) struct MemoryCursor {
    buffer: Buffer,
    pool: Pool,
    position: AtomicUsize,
}

impl MemoryCursor {
    pub(super) fn new(buffer: Buffer, pool: Pool) -> Self {
        Self { buffer, pool, position: AtomicUsize::new(0) }
    }

    pub(super) fn position(&self) -> usize {
        self.position.load(Relaxed)
    }

    pub(super) fn size(&self) -> usize {
        self.buffer.size()
    }

    pub(super) fn ahead(&self) -> &[u8] {
        let bytes = self.buffer.as_slice();
        &bytes[self.position().min(bytes.len())..]
    }

    pub(super) fn seek(&self, offset: i64, whence: Whence) -> Result<usize> {
        let position = position::seek(self.position(), self.size(), offset, whence)?;
        self.position.store(position, Relaxed);
        Ok(position)
    }

    #[inline]
    pub(crate) fn read(&self, dst: &mut [MaybeUninit<u8>]) -> usize {
        self.buffer.copy_to(self.claim(dst.len()).start, dst)
    }

    #[inline]
    pub(crate) fn read_slice(&self, size: usize) -> Result<Buffer> {
        let range = self.claim(size);
        self.buffer.slice(range.start, range.len())
    }

    #[inline]
    pub(crate) fn read_slice_at(&self, offset: usize, size: usize) -> Result<Buffer> {
        self.buffer.slice_up_to(offset, size)
    }

    /// The next bytes, up to `size`; the position is behind them.
    #[inline]
    pub(super) fn claim(&self, size: usize) -> Range<usize> {
        let last = self.buffer.size();
        let mut start = self.position.load(Relaxed);
        loop {
            let end = start + size.min(last.saturating_sub(start));
            match self.position.compare_exchange_weak(start, end, Relaxed, Relaxed) {
                // A position past the end, where a seek may lead, stays there.
                Ok(_) => return start.min(last)..end.min(last),
                Err(moved) => start = moved,
            }
        }
    }
}

impl RandomAccess for MemoryCursor {
    #[inline]
    fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        Ok(self.buffer.copy_to(offset, dst))
    }

    #[inline]
    fn slice_at(&self, offset: usize, size: usize) -> Result<Option<Buffer>> {
        self.read_slice_at(offset, size).map(Some)
    }

    fn pool(&self) -> &Pool {
        &self.pool
    }
}
