//! Positions, writes, and how a file ends.

use super::File;
use super::messages::short;
use crate::error::{Result, error};
use crate::io::Capabilities;
use crate::io::stream::Whence;
use crate::io::transfer::Transfer;
use crate::memory::Buffer;

impl File {
    /// Moves the position and gives the new one; on failure it stays.
    pub fn seek(&self, offset: i64, whence: Whence) -> Result<i64> {
        let mut state = self.begin("seek in", Capabilities::SEEK)?;
        state.seek(offset, whence).map_err(|error| self.failed(&state, error, "seek", None))
    }

    /// The position in logical bytes.
    pub fn tell(&self) -> Result<i64> {
        let state = self.begin_question("tell the position of", Capabilities::NONE)?;
        state.tell().map_err(|error| self.failed(&state, error, "tell", None))
    }

    /// The position in the file beneath of a class that compresses or decompresses: how many compressed bytes are done with.
    pub fn raw_tell(&self) -> Result<i64> {
        let state = self.begin_question("tell the compressed position of", Capabilities::NONE)?;
        let position = state.stream.raw_tell();
        position.ok_or_else(|| error!(Invalid, "{} does not compress or decompress", self.name()))
    }

    /// The size in logical bytes, asked of the system where it may change.
    pub fn size(&self) -> Result<i64> {
        let state = self.begin_question("tell the size of", Capabilities::SIZE)?;
        state.stream.size().map_err(|error| self.failed(&state, error, "size", None))
    }

    /// Writes everything.
    #[inline]
    pub fn write(&self, data: &[u8]) -> Result<()> {
        self.write_or_stop(data).map_err(|stopped| stopped.error)
    }

    /// As `write`, and where it fails tells how many bytes got through before.
    #[inline]
    pub(in crate::io) fn write_or_stop(&self, data: &[u8]) -> Transfer {
        let mut state = self.begin("write to", Capabilities::WRITE)?;
        let result = state.writing(|stream| stream.write(data));
        let result = result.map_err(|stopped| self.stopped(&state, stopped, "write", data.len()));
        result.inspect(|()| self.0.counters.count_write(data.len()))
    }

    /// Writes everything at an offset; the position stays.
    pub fn write_at(&self, offset: usize, data: &[u8]) -> Result<()> {
        let mut state = self.begin("write to", Capabilities::WRITE_AT)?;
        let result = state.writing(|stream| stream.write_at(offset, data));
        let result = result.map_err(|stopped| {
            let (after, size) = (stopped.after, data.len());
            self.failed_at(short(stopped.error, after, size), "write", offset, size)
        });
        result.inspect(|()| self.0.counters.count_write(data.len()))
    }

    /// Cuts or extends the file; what is new reads as zeros.
    pub fn resize(&self, size: usize) -> Result<()> {
        let mut state = self.begin("resize", Capabilities::RESIZE)?;
        let result = state.settle().and_then(|()| state.stream.resize(size));
        result.map_err(|error| error.context(format_args!("resize of {} to {size} bytes", self.name())))
    }

    /// Passes everything written on to the operating system, through every layer.
    pub fn flush(&self) -> Result<()> {
        let mut state = self.begin("flush", Capabilities::NONE)?;
        let result = state.flushing(|stream| stream.flush());
        result.map_err(|error| self.failed(&state, error, "flush", None))
    }

    /// Waits until everything written is on the disk, through every layer.
    pub fn sync(&self) -> Result<()> {
        let mut state = self.begin("sync", Capabilities::NONE)?;
        let result = state.flushing(|stream| stream.sync());
        result.map_err(|error| self.failed(&state, error, "sync", None))
    }

    /// Finishes and closes every layer, and repeats its first failure when called again.
    pub fn close(&self) -> Result<()> {
        let mut state = self.begin_closing("close")?;
        // It closes also where there is no memory for a scope.
        let _scope = self.0.cancellable.enter().ok();
        let _counting = self.0.counters.begin();
        if !self.is_closed() {
            self.set_closed();
            let result = state.close();
            state.failure = result.map_err(|error| error.context(format_args!("close of {}", self.name()))).err();
        }
        state.failure.clone().map_or(Ok(()), Err)
    }

    /// Closes every layer without finishing. Nothing happens when it is closed already.
    pub fn abort(&self) -> Result<()> {
        let mut state = self.begin_closing("abort")?;
        if self.is_closed() {
            return Ok(());
        }
        self.set_closed();
        state.abort().map_err(|error| error.context(format_args!("abort of {}", self.name())))
    }

    /// Closes a file that keeps what was written, and gives that.
    pub fn finish(&self) -> Result<Buffer> {
        let mut state = self.begin_closing("finish")?;
        let buffer = state.stream.take_buffer();
        let buffer = buffer.map_err(|error| error.context(format_args!("finish of {}", self.name())))?;
        self.set_closed();
        Ok(buffer)
    }
}
