//! Writing into a buffer that cannot grow.

use super::stream::{Stream, Whence};
use super::transfer::Transfer;
use super::{Capabilities, File, position};
use crate::error::{Result, error};
use crate::memory::{Buffer, default_pool};

/// A file that writes over the bytes of `buffer`, which must be mutable.
pub fn fixed_size_buffer_writer(buffer: &Buffer) -> Result<File> {
    if !buffer.is_mutable() {
        return Err(error!(Invalid, "a buffer of {} bytes is immutable and cannot be written over", buffer.size()));
    }
    // A slice: it keeps the buffer from being resized under the writer.
    let buffer = buffer.slice_mutable(0, buffer.size())?;
    let size = buffer.size();
    let writer = FixedSizeBufferWriter { buffer, position: 0 };
    File::new(writer, format_args!("a writer to a buffer of {size} bytes"), &default_pool(), 0)
}

struct FixedSizeBufferWriter {
    buffer: Buffer,
    position: usize,
}

impl Stream for FixedSizeBufferWriter {
    fn capabilities(&self) -> Capabilities {
        use Capabilities as Can;
        Can::WRITE | Can::SEEK | Can::WRITE_AT | Can::SIZE
    }

    fn write(&mut self, data: &[u8]) -> Transfer {
        self.write_at(self.position, data)?;
        self.position += data.len();
        Ok(())
    }

    fn write_at(&mut self, offset: usize, data: &[u8]) -> Transfer {
        position::check_room(offset, data.len(), self.buffer.size())?;
        self.buffer.fill_with(data, offset);
        Ok(())
    }

    fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        self.position = position::seek(self.position, self.buffer.size(), offset, whence)?;
        self.tell()
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.position as i64)
    }

    fn size(&self) -> Result<i64> {
        Ok(self.buffer.size() as i64)
    }
}
