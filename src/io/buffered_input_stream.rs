//! Small reads served from large ones.

use super::Capabilities;
use super::buffered::Buffered;
use super::file::{File, Over};
use super::stream::Stream;
use crate::error::Result;
use crate::memory::Pool;
use std::mem::MaybeUninit;

/// A file that reads `raw` by `buffer_size` bytes at a time, at most `bound` of them in all; larger reads pass through.
pub fn buffered_input_stream(raw: &File, buffer_size: usize, bound: Option<usize>, pool: &Pool) -> Result<File> {
    raw.check_base(Capabilities::READ, "buffer")?;
    let stream = BufferedInputStream { raw: raw.clone(), left: bound };
    File::new(stream, format_args!("{}", Over("buffered", raw)), pool, buffer_size)
}

/// What it has read ahead `File` keeps.
struct BufferedInputStream {
    raw: File,
    /// What may still be read of the file beneath, where there is a bound.
    left: Option<usize>,
}

impl BufferedInputStream {
    fn within_bound(&self, size: usize) -> usize {
        size.min(self.left.unwrap_or(usize::MAX))
    }

    fn moved(&mut self, count: usize) {
        self.left = self.left.map(|left| left.saturating_sub(count));
    }
}

impl Stream for BufferedInputStream {
    fn capabilities(&self) -> Capabilities {
        Capabilities::READ
    }

    fn beneath(&self) -> Option<&File> {
        Some(&self.raw)
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let most = self.within_bound(dst.len());
        if most == 0 {
            return Ok(0);
        }
        let count = self.raw.read_some(&mut dst[..most])?;
        self.moved(count);
        Ok(count)
    }

    fn skip(&mut self, size: usize) -> Result<Option<()>> {
        let before = self.raw.tell()?;
        let result = self.raw.advance(self.within_bound(size));
        self.moved((self.raw.tell()? - before).max(0) as usize);
        result.map(Some)
    }

    fn tell(&self) -> Result<i64> {
        self.raw.tell()
    }

    fn buffered(&mut self) -> Option<&mut dyn Buffered> {
        Some(self)
    }
}

impl Buffered for BufferedInputStream {
    fn set_buffer_size(&mut self, _size: usize) -> Result<()> {
        Ok(())
    }

    fn detach(&mut self) -> Result<File> {
        Ok(self.raw.clone())
    }
}
