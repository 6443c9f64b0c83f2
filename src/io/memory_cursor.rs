//! A position in memory that stays where it is, for reads that need no lock.

use super::mapped_file::MappedFile;
use super::position;
use super::read_range::ReadRange;
use super::stream::{RandomAccess, Whence, first_line};
use super::transfer::read_until_full;
use crate::error::Result;
use crate::memory::{Buffer, Pool};
use crate::shared::Shared;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A position in memory that stays where it is. Reads claim their bytes in one step, so they need no lock.
pub(crate) struct MemoryCursor {
    buffer: Buffer,
    pool: Pool,
    position: AtomicUsize,
    /// Of mapped memory: the file.
    file: Option<Shared<MappedFile>>,
}

impl MemoryCursor {
    pub(super) fn new(buffer: Buffer, pool: Pool, file: Option<Shared<MappedFile>>) -> Self {
        Self { buffer, pool, position: AtomicUsize::new(0), file }
    }

    /// The file that the memory is mapped from; `None` for memory that nobody takes away.
    pub(super) fn file(&self) -> Option<&Shared<MappedFile>> {
        self.file.as_ref()
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
        loop {
            let from = self.position();
            let position = position::seek(from, self.size(), offset, whence)?;
            if self.move_from(from, position) {
                return Ok(position);
            }
        }
    }

    /// The next line; see `Stream::read_line`.
    pub(super) fn read_line(&self) -> &[u8] {
        loop {
            let from = self.position();
            let bytes = self.buffer.as_slice();
            let line = first_line(&bytes[from.min(bytes.len())..]);
            if self.move_from(from, from + line.len()) {
                return line;
            }
        }
    }

    /// Moves the position, unless another thread has moved it meanwhile.
    #[inline]
    fn move_from(&self, from: usize, to: usize) -> bool {
        self.position.compare_exchange(from, to, Relaxed, Relaxed).is_ok()
    }

    /// Fills `dst` unless the end comes first. `None`, and nothing has moved, of mapped memory: see `read_mapped`.
    #[inline]
    pub(crate) fn read(&self, dst: &mut [MaybeUninit<u8>]) -> Option<usize> {
        if self.file.is_some() {
            return None;
        }
        Some(self.buffer.copy_to(self.claim(dst.len()).start, dst))
    }

    /// As `read`, with all care; on failure nothing has moved.
    pub(crate) fn read_mapped(&self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let claimed = self.claim(dst.len());
        let result = self.read_mapped_at(claimed.start, &mut dst[..claimed.len()]);
        result.inspect_err(|_| self.move_back(claimed.start))
    }

    /// One attempt to read.
    pub(super) fn read_some(&self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let claimed = self.claim(dst.len());
        let result = self.attempt_at(claimed.start, &mut dst[..claimed.len()]);
        if result.as_ref().ok() != Some(&claimed.len()) {
            self.move_back(claimed.start + result.as_ref().unwrap_or(&0));
        }
        result
    }

    /// Gives up what was claimed behind `position`: the next read gets it, and what others have claimed since again.
    #[cold]
    fn move_back(&self, position: usize) {
        self.position.fetch_min(position, Relaxed);
    }

    /// Fills `dst` from `offset` on unless the end comes first. `None` of mapped memory that no fault guard protects or that
    /// is gone: see `read_mapped_at`.
    #[inline]
    pub(crate) fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Option<usize> {
        if self.file.is_none() {
            Some(self.buffer.copy_to(offset, dst))
        } else {
            self.buffer.copy_guarded_to(offset, dst)
        }
    }

    /// As `read_at`, with all care.
    pub(crate) fn read_mapped_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        read_until_full(dst, |rest, done| self.attempt_at(offset + done, rest)).map_err(|stopped| stopped.error)
    }

    #[inline]
    fn attempt_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        match &self.file {
            Some(file) => file.read(&self.buffer, offset, dst),
            None => Ok(self.buffer.copy_to(offset, dst)),
        }
    }

    #[inline]
    pub(crate) fn read_slice(&self, size: usize) -> Result<Buffer> {
        loop {
            let from = self.position();
            // First the slice, for which there may be no memory, then the position.
            let slice = self.buffer.slice_up_to(from, size)?;
            if self.move_from(from, from + slice.size()) {
                return Ok(slice);
            }
        }
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
    fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.attempt_at(offset, dst)
    }

    #[inline]
    fn slice_at(&self, offset: usize, size: usize) -> Result<Option<Buffer>> {
        self.read_slice_at(offset, size).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.size())
    }

    fn will_need(&self, ranges: &[ReadRange]) -> Result<()> {
        ranges.iter().for_each(|range| self.buffer.will_need(range.offset, range.size));
        Ok(())
    }

    fn pool(&self) -> &Pool {
        &self.pool
    }
}
