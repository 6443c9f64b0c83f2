//! Reading from a buffer, without a copy.

use super::stream::{RandomAccess, Stream, Whence};
use super::{Capabilities, File, position};
use crate::error::Result;
use crate::memory::{Buffer, Pool, default_pool};
use crate::shared::Shared;
use std::mem::MaybeUninit;

/// A file over the bytes of `buffer`.
pub fn buffer_reader(buffer: &Buffer) -> Result<File> {
    // A slice: it keeps the buffer from being resized under the reader.
    let buffer = buffer.slice(0, buffer.size())?;
    let size = buffer.size();
    let pool = default_pool();
    let source = Shared::try_new(Source { buffer, pool: pool.clone() })?;
    File::new(BufferReader { source, position: 0 }, format_args!("a buffer of {size} bytes"), &pool, 0)
}

struct BufferReader {
    source: Shared<Source>,
    position: usize,
}

struct Source {
    buffer: Buffer,
    pool: Pool,
}

impl Stream for BufferReader {
    fn capabilities(&self) -> Capabilities {
        use Capabilities as Can;
        Can::READ | Can::SEEK | Can::READ_AT | Can::SIZE | Can::ZERO_COPY
    }

    fn random_access(&self) -> Option<Shared<dyn RandomAccess>> {
        Some(self.source.clone().unsize(|p| p))
    }

    #[inline]
    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let count = self.source.buffer.copy_to(self.position, dst);
        self.position += count;
        Ok(count)
    }

    #[inline]
    fn read_slice(&mut self, size: usize) -> Result<Buffer> {
        let slice = self.source.buffer.slice_up_to(self.position, size)?;
        self.position += slice.size();
        Ok(slice)
    }

    fn ahead(&self) -> Result<&[u8]> {
        let bytes = self.source.buffer.as_slice();
        Ok(&bytes[self.position.min(bytes.len())..])
    }

    fn skip(&mut self, size: usize) -> Result<Option<()>> {
        self.position += size.min(self.source.buffer.size().saturating_sub(self.position));
        Ok(Some(()))
    }

    fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        self.position = position::seek(self.position, self.source.buffer.size(), offset, whence)?;
        self.tell()
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.position as i64)
    }

    fn size(&self) -> Result<i64> {
        Ok(self.source.buffer.size() as i64)
    }

    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

impl RandomAccess for Source {
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
