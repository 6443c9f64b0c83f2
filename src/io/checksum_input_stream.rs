//! What is read has its checksum taken.

use super::Capabilities;
use super::checksum::{Checksum, Digest, Running};
use super::file::{File, Over};
use super::lookahead::Lookahead;
use super::stream::Stream;
use super::transfer::CHUNK;
use crate::error::Result;
use crate::memory::{Pool, filled};
use std::mem::MaybeUninit;

/// A file that reads `raw` and takes the checksum of what is read.
pub fn checksum_input_stream(raw: &File, checksum: Checksum, pool: &Pool) -> Result<File> {
    raw.check_base(Capabilities::READ, "take the checksum of")?;
    let lookahead = Lookahead::new(pool.clone());
    let stream = ChecksumInputStream { raw: raw.clone(), lookahead, running: Running::new(checksum)? };
    File::new(stream, format_args!("{}", Over("checksum", raw)), pool, 0)
}

/// Looks ahead by itself: what is only looked at does not count.
struct ChecksumInputStream {
    raw: File,
    lookahead: Lookahead,
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
        let count = if self.lookahead.is_empty() { self.raw.read_some(dst)? } else { self.lookahead.take(dst) };
        self.running.update(filled(dst, count));
        Ok(count)
    }

    fn looks_ahead(&self) -> bool {
        true
    }

    fn peek(&mut self, size: usize) -> Result<&[u8]> {
        self.lookahead.peek(size, CHUNK, |room| self.raw.read_some(room))?;
        Ok(self.lookahead.bytes())
    }

    fn read_line(&mut self) -> Result<&[u8]> {
        let line = self.lookahead.read_line(CHUNK, |room| self.raw.read_some(room))?;
        self.running.update(line);
        Ok(line)
    }

    fn skip(&mut self, mut size: usize) -> Result<Option<()>> {
        while size > 0 {
            if self.lookahead.is_empty() && self.lookahead.fill(CHUNK, |room| self.raw.read_some(room))? == 0 {
                break;
            }
            let passed = self.lookahead.pass(size);
            self.running.update(passed);
            size -= passed.len();
        }
        Ok(Some(()))
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.running.size())
    }

    fn digest(&self) -> Option<Digest> {
        Some(self.running.digest())
    }
}
