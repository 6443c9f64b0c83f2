//! Writes that go on to a file beneath as they are, and are counted.

use super::file::File;
use crate::error::Result;

/// A way to a file beneath, which nobody else writes to.
pub(super) struct Passage {
    raw: File,
    /// Where the file beneath was at first.
    start: i64,
    written: i64,
}

impl Passage {
    pub(super) fn new(raw: &File) -> Result<Self> {
        Ok(Self { raw: raw.clone(), start: raw.tell()?, written: 0 })
    }

    pub(super) fn raw(&self) -> &File {
        &self.raw
    }

    /// How many bytes got through so far.
    pub(super) fn written(&self) -> i64 {
        self.written
    }

    /// Writes everything, and tells how much of it got through, also where that fails.
    pub(super) fn write(&mut self, data: &[u8]) -> (usize, Result<()>) {
        let result = self.raw.write(data);
        let arrived = || self.raw.tell().map_or(0, |at| (at - self.start - self.written).clamp(0, data.len() as i64));
        let count = if result.is_ok() { data.len() } else { arrived() as usize };
        self.written += count as i64;
        (count, result)
    }
}
