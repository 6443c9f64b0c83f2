//! Writing into memory that grows.

use super::stream::Stream;
use super::transfer::Transfer;
use super::{Capabilities, File};
use crate::error::{Result, error};
use crate::memory::{Buffer, BufferBuilder, Pool};

/// A file that appends to memory of `pool`, with room for `initial_capacity` bytes at first.
pub fn buffer_output_stream(pool: &Pool, initial_capacity: usize) -> Result<File> {
    let mut bytes = BufferBuilder::new(pool.clone());
    bytes.reserve_exact(initial_capacity)?;
    let stream = BufferOutputStream { bytes: Some(bytes) };
    File::new(stream, format_args!("a buffer output stream"), pool, 0)
}

struct BufferOutputStream {
    /// `None` once they were taken.
    bytes: Option<BufferBuilder>,
}

impl Stream for BufferOutputStream {
    fn capabilities(&self) -> Capabilities {
        Capabilities::WRITE | Capabilities::SIZE
    }

    #[inline]
    fn write(&mut self, data: &[u8]) -> Transfer {
        let Some(bytes) = &mut self.bytes else { return Err(error!(Closed, "its buffer was taken before").into()) };
        Ok(bytes.append(data)?)
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.bytes.as_ref().map_or(0, BufferBuilder::size) as i64)
    }

    fn size(&self) -> Result<i64> {
        self.tell()
    }

    /// The bytes stay, for `take_buffer`.
    fn abort(&mut self) -> Result<()> {
        self.bytes = None;
        Ok(())
    }

    fn take_buffer(&mut self) -> Result<Buffer> {
        let Some(bytes) = &mut self.bytes else { return Err(error!(Closed, "its buffer is gone already")) };
        let buffer = bytes.finish()?;
        self.bytes = None;
        Ok(buffer)
    }
}
