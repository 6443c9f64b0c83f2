//! Small writes gathered into large ones.

use super::Capabilities;
use super::file::File;
use super::state::CHUNK;
use super::stream::Stream;
use crate::error::Result;
use crate::memory::{BufferBuilder, Pool};
use std::mem::MaybeUninit;

/// A file that gathers `buffer_size` bytes before it writes them to `raw`; larger writes pass through.
pub(super) fn buffered_output_stream(raw: File, buffer_size: usize, pool: &Pool) -> Result<File> {
    let name = super::file::name_over("buffered", &raw)?;
    let stream = BufferedOutputStream { output: Output::new(raw, pool), buffer_size };
    File::new(stream, format_args!("{name}"), pool, 0)
}

struct BufferedOutputStream {
    output: Output,
    buffer_size: usize,
}

impl Stream for BufferedOutputStream {
    fn capabilities(&self) -> Capabilities {
        Capabilities::WRITE
    }

    fn write(&mut self, data: &[u8]) -> Result<()> {
        if self.output.pending() + data.len() > self.buffer_size {
            self.output.drain()?;
        }
        if data.len() < self.buffer_size { self.output.append(data) } else { self.output.raw().write(data) }
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

    fn close(&mut self) -> Result<()> {
        self.output.close(Ok(()))
    }

    fn abort(&mut self) -> Result<()> {
        self.output.raw().abort()
    }
}

/// Bytes on their way to a file beneath.
pub(super) struct Output {
    raw: File,
    bytes: BufferBuilder,
}

impl Output {
    pub(super) fn new(raw: File, pool: &Pool) -> Self {
        Self { raw, bytes: BufferBuilder::new(pool.clone()) }
    }

    pub(super) fn raw(&self) -> &File {
        &self.raw
    }

    /// Bytes that are not yet written.
    pub(super) fn pending(&self) -> usize {
        self.bytes.size()
    }

    pub(super) fn append(&mut self, data: &[u8]) -> Result<()> {
        self.bytes.append(data)
    }

    /// Has `fill` append up to `most` bytes.
    pub(super) fn append_with(
        &mut self,
        most: usize,
        fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<usize>,
    ) -> Result<usize> {
        self.bytes.append_with(most, fill)
    }

    /// Writes what is pending. Where that fails, what got through is not written again by the next attempt.
    pub(super) fn drain(&mut self) -> Result<()> {
        if self.pending() == 0 {
            return Ok(());
        }
        let before = self.raw.tell();
        let result = self.raw.write(self.bytes.as_slice());
        let written = match &result {
            Ok(()) => self.pending(),
            Err(_) => match (before, self.raw.tell()) {
                (Ok(before), Ok(after)) => (after - before).max(0) as usize,
                _ => 0,
            },
        };
        self.bytes.discard_front(written);
        result
    }

    /// `drain`, and on through every layer.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.drain()?;
        self.raw.flush()
    }

    /// `drain`, and on to the disk.
    pub(super) fn sync(&mut self) -> Result<()> {
        self.drain()?;
        self.raw.sync()
    }

    /// Writes what is pending, unless what came before has failed, and closes the file beneath in any case. The first
    /// failure is reported.
    pub(super) fn close(&mut self, before: Result<()>) -> Result<()> {
        let written = before.and_then(|()| self.drain());
        let closed = self.raw.close();
        written.and(closed)
    }
}

/// How much encoders are given to fill at a time.
pub(super) const OUTPUT_CHUNK: usize = CHUNK;
