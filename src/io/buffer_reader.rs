//! Reading from a buffer, without a copy.

use super::mapped_file::MappedFile;
use super::memory_cursor::MemoryCursor;
use super::stream::{RandomAccess, Stream, Whence};
use super::system_file::SystemFile;
use super::{Capabilities, File};
use crate::error::Result;
use crate::memory::{Buffer, default_pool};
use crate::shared::Shared;
use std::fmt;
use std::mem::MaybeUninit;

/// A file over the bytes of `buffer`.
pub fn buffer_reader(buffer: &Buffer) -> Result<File> {
    // A slice: it keeps the buffer from being resized under the reader.
    let buffer = buffer.slice(0, buffer.size())?;
    let size = buffer.size();
    reader_of(buffer, None, format_args!("a buffer of {size} bytes"))
}

/// A file over memory that stays as large as it is, mapped from `file` if there is one.
pub(super) fn reader_of(bytes: Buffer, file: Option<Shared<MappedFile>>, name: fmt::Arguments<'_>) -> Result<File> {
    let pool = default_pool();
    let cursor = Shared::try_new(MemoryCursor::new(bytes, pool.clone(), file))?;
    File::new(BufferReader(cursor), name, &pool, 0)
}

struct BufferReader(Shared<MemoryCursor>);

impl Stream for BufferReader {
    fn capabilities(&self) -> Capabilities {
        use Capabilities as Can;
        Can::READ | Can::SEEK | Can::READ_AT | Can::SIZE | Can::ZERO_COPY
    }

    fn system_file(&self) -> Option<Shared<dyn SystemFile>> {
        self.0.file().map(|file| file.clone().unsize(|p| p as *mut _))
    }

    fn random_access(&self) -> Option<Shared<dyn RandomAccess>> {
        Some(self.0.clone().unsize(|p| p))
    }

    fn memory_cursor(&self) -> Option<Shared<MemoryCursor>> {
        Some(self.0.clone())
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.0.read_some(dst)
    }

    fn read_slice(&mut self, size: usize) -> Result<Buffer> {
        self.0.read_slice(size)
    }

    fn peek(&mut self, _size: usize) -> Result<&[u8]> {
        Ok(self.0.ahead())
    }

    fn read_line(&mut self) -> Result<&[u8]> {
        Ok(self.0.read_line())
    }

    fn skip(&mut self, size: usize) -> Result<Option<()>> {
        self.0.claim(size);
        Ok(Some(()))
    }

    fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        self.0.seek(offset, whence).map(|position| position as i64)
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.0.position() as i64)
    }

    fn size(&self) -> Result<i64> {
        Ok(self.0.size() as i64)
    }

    fn is_steady(&self) -> bool {
        self.0.file().is_none()
    }

    fn close(&mut self) -> Result<()> {
        self.0.file().map_or(Ok(()), |file| file.descriptor().close())
    }
}
