//! Bytes on their way to a file beneath, for classes that gather or encode what is written.

use super::file::File;
use super::transfer::got_through;
use crate::error::Result;
use crate::memory::{BufferBuilder, Pool};
use std::mem::MaybeUninit;

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
        let result = self.raw.write_or_stop(self.bytes.as_slice());
        self.bytes.discard_front(got_through(&result, self.bytes.size()));
        result.map_err(|stopped| stopped.error)
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

    /// Writes what is pending, unless what came before has failed, and closes the file beneath in any case: without
    /// finishing it where something is missing. The first failure is reported.
    pub(super) fn close(&mut self, before: Result<()>) -> Result<()> {
        let written = before.and_then(|()| self.drain());
        let closed = if written.is_ok() { self.raw.close() } else { self.raw.abort() };
        written.and(closed)
    }
}
