//! The compressed file as codecs look at it.

use crate::codec::Source;
use crate::error::Result;
use crate::io::File;
use crate::memory::{Buffer, filled};
use std::mem::MaybeUninit;

/// How much is read at once where little is wanted: what is behind it is often wanted next.
const PIECE: usize = 256;

/// Reads here and there, with what was read last at hand.
pub(super) struct FileSource<'a> {
    file: &'a File,
    size: u64,
    last: [MaybeUninit<u8>; PIECE],
    last_offset: u64,
    last_size: usize,
}

impl<'a> FileSource<'a> {
    pub(super) fn new(file: &'a File, size: u64) -> Self {
        Self { file, size, last: [MaybeUninit::uninit(); PIECE], last_offset: 0, last_size: 0 }
    }

    /// Up to `size` bytes, fewer only at the end.
    pub(super) fn buffer(&self, offset: u64, size: usize) -> Result<Buffer> {
        self.file.read_at_buffer(offset as usize, size)
    }

    fn at_hand(&self, offset: u64, size: usize) -> Option<&[u8]> {
        let start = usize::try_from(offset.checked_sub(self.last_offset)?).ok()?;
        filled(&self.last, self.last_size).get(start..start.checked_add(size)?)
    }
}

impl Source for FileSource<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read(&mut self, offset: u64, dst: &mut [u8]) -> Result<usize> {
        if self.at_hand(offset, dst.len()).is_none() && dst.len() <= PIECE {
            (self.last_offset, self.last_size) = (offset, 0);
            self.last_size = self.file.read_at(offset as usize, &mut self.last)?;
        }
        let size = dst.len().min(self.size.saturating_sub(offset) as usize);
        if let Some(bytes) = self.at_hand(offset, size) {
            dst[..size].copy_from_slice(bytes);
            return Ok(size);
        }
        let bytes = self.buffer(offset, dst.len())?;
        let bytes = bytes.as_slice();
        dst[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }
}
