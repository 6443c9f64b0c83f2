//! Reading from a buffer, without a copy.

use super::stream::{RandomAccess, Stream, Whence};
use super::{Capabilities, File, position};
use crate::error::Result;
use crate::memory::{Buffer, Pool, default_pool};
use crate::shared::Shared;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A file over the bytes of `buffer`.
pub fn buffer_reader(buffer: &Buffer) -> Result<File> {
    // A slice: it keeps the buffer from being resized under the reader.
    let buffer = buffer.slice(0, buffer.size())?;
    let size = buffer.size();
    let pool = default_pool();
    let cursor = Shared::try_new(MemoryCursor { buffer, pool: pool.clone(), position: AtomicUsize::new(0) })?;
    File::new(BufferReader(cursor), format_args!("a buffer of {size} bytes"), &pool, 0)
}

struct BufferReader(Shared<MemoryCursor>);

/// A position in memory that does not change. Reads claim their bytes in one step, so they need no lock.
pub(crate) struct MemoryCursor {
    buffer: Buffer,
    pool: Pool,
    position: AtomicUsize,
}

impl MemoryCursor {
    #[inline]
    pub(crate) fn read(&self, dst: &mut [MaybeUninit<u8>]) -> usize {
        self.buffer.copy_to(self.claim(dst.len()).start, dst)
    }

    #[inline]
    pub(crate) fn read_slice(&self, size: usize) -> Result<Buffer> {
        let range = self.claim(size);
        self.buffer.slice(range.start, range.len())
    }

    /// The next bytes, up to `size`; the position is behind them.
    #[inline]
    fn claim(&self, size: usize) -> Range<usize> {
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

impl Stream for BufferReader {
    fn capabilities(&self) -> Capabilities {
        use Capabilities as Can;
        Can::READ | Can::SEEK | Can::READ_AT | Can::SIZE | Can::ZERO_COPY
    }

    fn random_access(&self) -> Option<Shared<dyn RandomAccess>> {
        Some(self.0.clone().unsize(|p| p))
    }

    fn constant_memory(&self) -> Option<Shared<MemoryCursor>> {
        Some(self.0.clone())
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        Ok(self.0.read(dst))
    }

    fn read_slice(&mut self, size: usize) -> Result<Buffer> {
        self.0.read_slice(size)
    }

    fn ahead(&self) -> Result<&[u8]> {
        let bytes = self.0.buffer.as_slice();
        Ok(&bytes[self.0.position.load(Relaxed).min(bytes.len())..])
    }

    fn skip(&mut self, size: usize) -> Result<Option<()>> {
        self.0.claim(size);
        Ok(Some(()))
    }

    fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        let position = position::seek(self.0.position.load(Relaxed), self.0.buffer.size(), offset, whence)?;
        self.0.position.store(position, Relaxed);
        Ok(position as i64)
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.0.position.load(Relaxed) as i64)
    }

    fn size(&self) -> Result<i64> {
        Ok(self.0.buffer.size() as i64)
    }

    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

impl RandomAccess for MemoryCursor {
    #[inline]
    fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        Ok(self.buffer.copy_to(offset, dst))
    }

    #[inline]
    fn slice_at(&self, offset: usize, size: usize) -> Result<Option<Buffer>> {
        self.buffer.slice_up_to(offset, size).map(Some)
    }

    fn pool(&self) -> &Pool {
        &self.pool
    }
}
