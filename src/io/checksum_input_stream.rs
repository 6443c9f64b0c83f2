//! What is read has its checksum taken.

use super::Capabilities;
use super::checksum::{Checksum, Digest, Running};
use super::file::{File, Over};
use super::stream::Stream;
use crate::error::Result;
use crate::memory::Pool;
use std::mem::MaybeUninit;

/// A file that reads `raw` and takes the checksum of what is read.
pub fn checksum_input_stream(raw: &File, checksum: Checksum, pool: &Pool) -> Result<File> {
    raw.check_base(Capabilities::READ, "take the checksum of")?;
    let stream = ChecksumInputStream { raw: raw.clone(), read: 0, again: 0, running: Running::new(checksum)? };
    File::new(stream, format_args!("{}", Over("checksum", raw)), pool, 0)
}

/// Only what has passed the file's position counts: not what was looked at, nor what came before a failure.
struct ChecksumInputStream {
    raw: File,
    /// Bytes of the file beneath.
    read: i64,
    /// So many of those that pass next have been counted.
    again: usize,
    running: Running,
}

impl Stream for ChecksumInputStream {
    fn capabilities(&self) -> Capabilities {
        Capabilities::READ
    }

    fn beneath(&self) -> Option<&File> {
        Some(&self.raw)
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let count = self.raw.read_some(dst)?;
        self.read += count as i64;
        Ok(count)
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.read)
    }

    fn counts_what_passes(&self) -> bool {
        true
    }

    fn passed(&mut self, bytes: &[u8]) {
        let counted = self.again.min(bytes.len());
        self.again -= counted;
        self.running.update(&bytes[counted..]);
    }

    fn came_back(&mut self, size: usize) {
        self.again += size;
    }

    fn digest(&self) -> Option<Digest> {
        Some(self.running.digest())
    }
}
