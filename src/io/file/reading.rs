//! Reads of every kind, at the position and at offsets.
//!
//! Memory that nobody changes is read without a turn, as long as `open_cursor` gives it.

use super::File;
use crate::error::{Error, Result};
use crate::io::Capabilities;
use crate::io::memory_cursor::MemoryCursor;
use crate::io::stream::RandomAccess;
use crate::io::transfer::{lost, read_until_full};
use crate::memory::Buffer;
use crate::sys::uninterrupted;
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering::Acquire;

/// More bytes than there can be.
pub(super) const ALL: usize = isize::MAX as usize;

impl File {
    /// Fills `dst` unless the end comes first, and gives the number of bytes.
    #[inline]
    pub fn read(&self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        if let Some(cursor) = self.open_cursor() {
            return cursor.read(dst).map_or_else(|| self.read_mapped(cursor, dst), Ok);
        }
        self.read_in_turn(dst)
    }

    #[inline(never)]
    fn read_mapped(&self, cursor: &MemoryCursor, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        cursor.read_mapped(dst).map_err(|error| self.failed_at(error, "read", cursor.position(), dst.len()))
    }

    #[inline(never)]
    fn read_mapped_at(&self, cursor: &MemoryCursor, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        cursor.read_mapped_at(offset, dst).map_err(|error| self.failed_at(error, "read", offset, dst.len()))
    }

    #[inline(never)]
    fn read_in_turn(&self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let mut state = self.begin_read()?;
        let size = dst.len();
        let result = state.read_full(dst).map_err(|error| self.failed(&state, error, "read", Some(size)));
        result.inspect(|count| self.count_read(*count))
    }

    /// Gives what one attempt brings, at least a byte unless at the end.
    pub fn read_some(&self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let mut state = self.begin_read()?;
        let size = dst.len();
        let result = state.read_once(dst).map_err(|error| self.failed(&state, error, "read", Some(size)));
        result.inspect(|count| self.count_read(*count))
    }

    /// Up to `size` bytes in a buffer, fewer only at the end; without a copy where the class can.
    #[inline]
    pub fn read_buffer(&self, size: usize) -> Result<Buffer> {
        if let Some(cursor) = self.open_cursor() {
            return cursor.read_slice(size).map_err(|error| self.failed_at(error, "read", cursor.position(), size));
        }
        self.read_buffer_in_turn(size)
    }

    #[inline(never)]
    fn read_buffer_in_turn(&self, size: usize) -> Result<Buffer> {
        let mut state = self.begin_read()?;
        let result = state.read_buffer(size).map_err(|error| self.failed(&state, error, "read", Some(size)));
        result.inspect(|buffer| self.count_read(buffer.size()))
    }

    /// Everything up to the end.
    pub fn read_all(&self) -> Result<Buffer> {
        self.read_buffer(ALL)
    }

    /// Fills `dst` from `offset` on unless the end comes first. The position stays. From any number of threads at once.
    #[inline]
    pub fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        if let Some(cursor) = self.open_cursor() {
            return cursor.read_at(offset, dst).map_or_else(|| self.read_mapped_at(cursor, offset, dst), Ok);
        }
        self.read_at_by_class(offset, dst)
    }

    #[inline(never)]
    fn read_at_by_class(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let (random, _aside) = self.begin_at()?;
        let result = match random.read_at(offset, dst) {
            // Most reads end here.
            Ok(count) if count == dst.len() || count == 0 => Ok(count),
            first => self.read_at_rest(&**random, offset, dst, first),
        };
        result.inspect(|count| self.count_read(*count))
    }

    #[inline(never)]
    fn read_at_rest(
        &self,
        random: &dyn RandomAccess,
        offset: usize,
        dst: &mut [MaybeUninit<u8>],
        first: Result<usize>,
    ) -> Result<usize> {
        let size = dst.len();
        let read = |done| {
            read_until_full(&mut dst[done..], |rest, more| random.read_at(offset + done + more, rest))
                .map(|more| done + more)
                .map_err(|stopped| stopped.error)
        };
        first.and_then(read).map_err(|error| self.failed_at(error, "read", offset, size))
    }

    /// Up to `size` bytes from `offset` on in a buffer; without a copy where the class can.
    #[inline]
    pub fn read_at_buffer(&self, offset: usize, size: usize) -> Result<Buffer> {
        if let Some(cursor) = self.open_cursor() {
            return cursor.read_slice_at(offset, size).map_err(|error| self.failed_at(error, "read", offset, size));
        }
        self.read_at_buffer_by_class(offset, size)
    }

    #[inline(never)]
    fn read_at_buffer_by_class(&self, offset: usize, size: usize) -> Result<Buffer> {
        let (random, _aside) = self.begin_at()?;
        let result = random.read_buffer_at(offset, size);
        let result = result.map_err(|error| self.failed_at(error, "read", offset, size));
        result.inspect(|buffer| self.count_read(buffer.size()))
    }

    /// The next bytes, up to `size` and fewer only at the end, without moving. Good until the next call on this file.
    pub fn peek(&self, size: usize) -> Result<*const [u8]> {
        let mut state = self.begin("peek into", Capabilities::READ)?;
        let result = state.peek(size).map(std::ptr::from_ref);
        result.map_err(|error| self.failed(&state, error, "peek", Some(size)))
    }

    /// The next line with its newline, or what is left without one; empty at the end. Good until the next call on this
    /// file.
    #[inline]
    pub fn read_line(&self) -> Result<*const [u8]> {
        if let Some(cursor) = self.open_cursor() {
            return Ok(cursor.read_line());
        }
        self.read_line_in_turn()
    }

    #[inline(never)]
    fn read_line_in_turn(&self) -> Result<*const [u8]> {
        let mut state = self.begin_read()?;
        let result = state.read_line().map(std::ptr::from_ref);
        let result = result.map_err(|error| self.failed(&state, error, "read of a line", None));
        result.inspect(|line| self.count_read(line.len()))
    }

    /// The next lines in one buffer, and how many: at least one unless at the end, at most one less than there are
    /// `offsets`. Line i lies between `offsets[i]` and `offsets[i + 1]`.
    pub fn read_lines(&self, offsets: &mut [MaybeUninit<i64>]) -> Result<(Buffer, usize)> {
        let mut state = self.begin_read()?;
        let result = state.read_lines(offsets);
        let result = result.map_err(|error| self.failed(&state, error, "read of lines", None));
        result.inspect(|(lines, _)| self.count_read(lines.size()))
    }

    /// Moves on by up to `size` bytes, fewer only at the end.
    pub fn advance(&self, size: usize) -> Result<()> {
        let mut state = self.begin("advance in", Capabilities::READ)?;
        state.advance(size).map_err(|stopped| self.stopped(&state, stopped, "advance", size).error)
    }

    /// Lets `take` have bytes that lie ahead, `most` at most and fewer than `least` only at the end; it gives how many of
    /// them are done with.
    pub(crate) fn consume_with(&self, least: usize, most: usize, take: impl FnOnce(&[u8]) -> usize) -> Result<()> {
        let mut state = self.begin_read()?;
        let calls = usize::from(!state.has_ahead());
        let consumed = match state.some_ahead(least, most) {
            Ok(ahead) => take(ahead),
            Err(error) => return Err(self.failed(&state, error, "read", Some(most))),
        };
        state.move_on(consumed)?;
        self.counters().count_reads(calls, consumed);
        Ok(())
    }

    /// Puts the last bytes that were read back, for `error` kept them from where they should go.
    pub(in crate::io) fn put_back(&self, bytes: &[u8], error: Error) -> Error {
        // Also where the file's work is to stop: that may be what the error is.
        let result = uninterrupted(|| self.turn("read from").and_then(|mut state| state.put_back(bytes)));
        result.map_or_else(|why| lost(error.clone(), bytes.len(), &why), |()| error.clone())
    }

    #[inline]
    fn open_cursor(&self) -> Option<&MemoryCursor> {
        self.0.cursor.as_deref().filter(|_| self.0.is_direct.load(Acquire))
    }
}
