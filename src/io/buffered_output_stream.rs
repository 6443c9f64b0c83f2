//! Small writes gathered into large ones.

use super::Capabilities;
use super::buffered::Buffered;
use super::file::{File, Over};
use super::output::Output;
use super::stream::Stream;
use super::transfer::Transfer;
use crate::error::Result;
use crate::memory::Pool;

/// A file that gathers `buffer_size` bytes before it writes them to `raw`; larger writes pass through.
pub fn buffered_output_stream(raw: &File, buffer_size: usize, pool: &Pool) -> Result<File> {
    raw.check_base(Capabilities::WRITE, "buffer")?;
    let stream = BufferedOutputStream { output: Output::new(raw.clone(), pool), buffer_size };
    File::new(stream, format_args!("{}", Over("buffered", raw)), pool, buffer_size)
}

struct BufferedOutputStream {
    output: Output,
    buffer_size: usize,
}

impl Stream for BufferedOutputStream {
    fn capabilities(&self) -> Capabilities {
        Capabilities::WRITE
    }

    fn beneath(&self) -> Option<&File> {
        Some(self.output.raw())
    }

    fn write(&mut self, data: &[u8]) -> Transfer {
        if self.output.pending() + data.len() > self.buffer_size {
            self.output.drain()?;
        }
        if data.len() >= self.buffer_size {
            return self.output.raw().write_or_stop(data);
        }
        Ok(self.output.append(data)?)
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.output.raw().tell()? + self.output.pending() as i64)
    }

    fn flush(&mut self) -> Result<()> {
        self.output.flush()
    }

    fn sync(&mut self) -> Result<()> {
        self.output.sync()
    }

    fn buffered(&mut self) -> Option<&mut dyn Buffered> {
        Some(self)
    }

    fn close(&mut self) -> Result<()> {
        self.output.close(Ok(()))
    }
}

impl Buffered for BufferedOutputStream {
    fn set_buffer_size(&mut self, size: usize) -> Result<()> {
        if self.output.pending() >= size {
            self.output.drain()?;
        }
        self.buffer_size = size;
        Ok(())
    }

    fn detach(&mut self) -> Result<File> {
        self.output.drain()?;
        Ok(self.output.raw().clone())
    }
}
