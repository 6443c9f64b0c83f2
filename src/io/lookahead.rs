//! Bytes that were read before they were asked for.

use super::transfer::CHUNK;
use crate::error::Result;
use crate::memory::{Buffer, BufferBuilder, Pool};
use crate::sys::find_byte;
use std::mem::MaybeUninit;

/// So much memory is kept where nothing is ahead.
const KEPT: usize = 4 * CHUNK;

/// What lies between a file's position and that of the class beneath it.
pub(crate) struct Lookahead {
    bytes: BufferBuilder,
    start: usize,
}

impl Lookahead {
    pub(crate) fn new(pool: Pool) -> Self {
        Self { bytes: BufferBuilder::new(pool), start: 0 }
    }

    pub(crate) fn pool(&self) -> &Pool {
        self.bytes.pool()
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.size() - self.start
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes.as_slice()[self.start..]
    }

    /// Moves as many bytes as there are, and fit, to `dst`.
    #[inline]
    pub(crate) fn take(&mut self, dst: &mut [MaybeUninit<u8>]) -> usize {
        let count = self.len().min(dst.len());
        dst[..count].write_copy_of_slice(self.pass(count));
        count
    }

    /// Moves past up to `count` bytes and gives them.
    #[inline]
    pub(crate) fn pass(&mut self, count: usize) -> &[u8] {
        let start = self.start;
        self.start += count.min(self.len());
        &self.bytes.as_slice()[start..self.start]
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.bytes.truncate(0);
        self.start = 0;
        self.let_go(0);
    }

    /// Gives memory back that had to grow beyond what pieces of `piece` bytes take, once nothing is ahead.
    #[inline]
    pub(crate) fn let_go(&mut self, piece: usize) {
        if self.bytes.capacity() > KEPT && self.bytes.capacity() / 2 > piece && self.is_empty() {
            self.forget_memory();
        }
    }

    #[cold]
    fn forget_memory(&mut self) {
        *self = Self::new(self.bytes.pool().clone());
    }

    /// One attempt to read up to `most` further bytes; gives how many came, 0 only at the end.
    pub(crate) fn fill(
        &mut self,
        most: usize,
        read: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<usize>,
    ) -> Result<usize> {
        self.let_go(most);
        self.make_room(most);
        self.bytes.append_with(most, read)
    }

    /// The next bytes, read as far as they are not there: up to `size`, fewer only at the end. At least `piece` bytes are
    /// asked for at once.
    pub(crate) fn peek(
        &mut self,
        size: usize,
        piece: usize,
        mut read: impl FnMut(&mut [MaybeUninit<u8>]) -> Result<usize>,
    ) -> Result<&[u8]> {
        while self.len() < size {
            // In steps that grow with what there is: an absurd size costs no more than what comes.
            let most = (size - self.len()).min(self.len().max(CHUNK)).max(piece);
            if self.fill(most, &mut read)? == 0 {
                break;
            }
        }
        let bytes = self.bytes();
        Ok(&bytes[..bytes.len().min(size)])
    }

    /// Moves past the next line, read `piece` bytes at once as far as it is not there, and gives it with its newline; at the
    /// end what is left.
    pub(crate) fn read_line(
        &mut self,
        piece: usize,
        mut read: impl FnMut(&mut [MaybeUninit<u8>]) -> Result<usize>,
    ) -> Result<&[u8]> {
        let mut searched = 0;
        loop {
            if let Some(at) = find_byte(&self.bytes()[searched..], b'\n') {
                return Ok(self.pass(searched + at + 1));
            }
            searched = self.len();
            // Long lines in steps that grow with what there is, so that the bytes move only a few times.
            if self.fill(piece.max(searched), &mut read)? == 0 {
                return Ok(self.pass(searched));
            }
        }
    }

    /// Everything that is there, in a buffer. On failure it still is.
    pub(crate) fn take_all(&mut self) -> Result<Buffer> {
        self.bytes.discard_front(self.start);
        self.start = 0;
        self.bytes.finish()
    }

    /// Takes over bytes that were taken and are to be read again. Needs no memory where nothing else is ahead, or where all
    /// of them come from here.
    pub(crate) fn adopt(&mut self, taken: &mut BufferBuilder) -> Result<()> {
        if !self.is_empty() {
            return self.put_back(taken.as_slice());
        }
        std::mem::swap(&mut self.bytes, taken);
        self.start = 0;
        Ok(())
    }

    /// Puts bytes back in front: they were taken, and what was to come with them failed. Needs no memory where they fit in
    /// before what is ahead.
    pub(crate) fn put_back(&mut self, taken: &[u8]) -> Result<()> {
        if self.is_empty() {
            self.bytes.truncate(0);
            self.start = 0;
            return self.bytes.append(taken);
        }
        if let Some(start) = self.start.checked_sub(taken.len()) {
            self.bytes.as_mut_slice()[start..self.start].copy_from_slice(taken);
            self.start = start;
            return Ok(());
        }
        let mut whole = BufferBuilder::new(self.bytes.pool().clone());
        whole.append(taken)?;
        whole.append(self.bytes())?;
        (self.bytes, self.start) = (whole, 0);
        Ok(())
    }

    /// Where there is no room behind the bytes they move to the front, over what was taken.
    fn make_room(&mut self, most: usize) {
        if self.start > 0 && self.bytes.capacity() - self.bytes.size() < most {
            self.bytes.discard_front(self.start);
            self.start = 0;
        }
    }
}
