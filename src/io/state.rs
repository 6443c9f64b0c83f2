//! What stands behind a file's calls that go one at a time: the class, and what was read ahead of the position.

use super::Capabilities;
use super::lookahead::Lookahead;
use super::stream::{Stream, Whence};
use crate::error::{Error, Result, error};
use crate::memory::{Buffer, BufferBuilder, Pool};
use std::mem::MaybeUninit;

/// How much is read at once where nobody said how much.
pub(crate) const CHUNK: usize = 64 << 10;

/// A class and its lookahead. The position of the file is the class's less what was read ahead.
pub(super) struct State {
    pub(super) stream: Box<dyn Stream>,
    lookahead: Lookahead,
    zero_copy: bool,
    seekable: bool,
    /// Reads smaller than this go through the lookahead, this many bytes at once. 0: none do.
    block_size: usize,
    /// What closing failed with, to be said again.
    pub(super) failure: Option<Error>,
}

impl State {
    pub(super) fn new(stream: Box<dyn Stream>, pool: &Pool, block_size: usize) -> Self {
        let can = stream.capabilities();
        Self {
            stream,
            lookahead: Lookahead::new(pool.clone()),
            zero_copy: can.contains(Capabilities::ZERO_COPY),
            seekable: can.contains(Capabilities::SEEK),
            block_size,
            failure: None,
        }
    }

    pub(super) fn read_buffer(&mut self, size: usize) -> Result<Buffer> {
        if self.zero_copy {
            return self.stream.read_slice(size);
        }
        if self.lookahead.is_empty()
            && let Some(slice) = self.stream.read_slice_at_hand(size)?
        {
            return Ok(slice);
        }
        self.read_to_buffer(size)
    }

    /// Forgets what was read ahead and closes without finishing.
    pub(super) fn abort(&mut self) -> Result<()> {
        // As for `close`: a descriptor that the host keeps goes on where this file stopped.
        let _ = self.settle();
        self.lookahead.clear();
        self.stream.abort()
    }

    #[inline]
    pub(super) fn read_full(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        if self.lookahead.is_empty() && dst.len() >= self.block_size {
            // Most reads end here.
            let count = self.stream.read(dst)?;
            if count == dst.len() || count == 0 {
                return Ok(count);
            }
            return self.read_rest(dst, count);
        }
        self.read_rest(dst, 0)
    }

    /// Goes on after `done` bytes until `dst` is full or the end comes.
    #[inline(never)]
    fn read_rest(&mut self, dst: &mut [MaybeUninit<u8>], done: usize) -> Result<usize> {
        match read_until_full(&mut dst[done..], |rest, _| self.read_once(rest)) {
            Ok(count) => Ok(done + count),
            Err((error, count)) => Err(self.untake(&dst[..done + count], error)),
        }
    }

    #[inline]
    pub(super) fn read_once(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        if self.lookahead.is_empty() {
            if dst.len() >= self.block_size || dst.is_empty() {
                return self.stream.read(dst);
            }
            self.lookahead.fill(&mut *self.stream, self.block_size)?;
        }
        Ok(self.lookahead.take(dst))
    }

    /// What was read before a failure is read again by the next call, so that a failed read moves nothing.
    #[cold]
    #[allow(unsafe_code, reason = "bytes that were just read")]
    fn untake(&mut self, taken: &[MaybeUninit<u8>], error: Error) -> Error {
        // SAFETY: `read` has filled what it counted.
        let taken = unsafe { taken.assume_init_ref() };
        match self.lookahead.put_back(taken) {
            Ok(()) => error,
            Err(_) => lost(error, taken.len()),
        }
    }

    fn read_to_buffer(&mut self, size: usize) -> Result<Buffer> {
        if size <= CHUNK {
            let mut buffer = Buffer::allocate_resizable(self.lookahead.pool(), size)?;
            let count = self.read_full(buffer.room())?;
            if count < size {
                // A block that cannot be made smaller will do as it is.
                buffer.resize(count, true).or_else(|_| buffer.resize(count, false))?;
            }
            return Ok(buffer);
        }
        let mut builder = BufferBuilder::new(self.lookahead.pool().clone());
        let hint = self.stream.remaining_hint().map(|hint| hint.saturating_add(self.lookahead.len()));
        let filled = read_to_end(&mut builder, size, hint, |room, _| self.read_full(room));
        filled.and_then(|()| builder.finish()).map_err(|error| {
            let size = builder.size();
            self.lookahead.take_back(builder).map_or_else(|_| lost(error.clone(), size), |()| error.clone())
        })
    }

    pub(super) fn peek(&mut self, size: usize) -> Result<&[u8]> {
        if self.zero_copy {
            let ahead = self.stream.ahead()?;
            return Ok(&ahead[..ahead.len().min(size)]);
        }
        while self.lookahead.len() < size {
            let most = (size - self.lookahead.len()).min(self.lookahead.len().max(CHUNK));
            if self.lookahead.fill(&mut *self.stream, most)? == 0 {
                break;
            }
        }
        let bytes = self.lookahead.bytes();
        Ok(&bytes[..bytes.len().min(size)])
    }

    pub(super) fn read_line(&mut self) -> Result<&[u8]> {
        if self.zero_copy {
            return self.stream.read_line();
        }
        let end_in = |bytes: &[u8]| crate::sys::find_byte(bytes, b'\n').map(|at| at + 1);
        let mut searched = 0;
        let size = loop {
            match end_in(&self.lookahead.bytes()[searched..]) {
                Some(end) => break searched + end,
                None => searched = self.lookahead.len(),
            }
            // Long lines: in steps that grow with what there is, so that the bytes move only a few times.
            if self.lookahead.fill(&mut *self.stream, CHUNK.max(searched))? == 0 {
                break searched;
            }
        };
        Ok(self.lookahead.pass(size))
    }

    /// Sees to it that a byte lies ahead unless this is the end.
    pub(super) fn fetch(&mut self, most: usize) -> Result<()> {
        if self.lookahead.is_empty() && !self.zero_copy {
            self.lookahead.fill(&mut *self.stream, most)?;
        }
        Ok(())
    }

    pub(super) fn ahead(&self) -> Result<&[u8]> {
        if self.zero_copy { self.stream.ahead() } else { Ok(self.lookahead.bytes()) }
    }

    pub(super) fn move_on(&mut self, size: usize) -> Result<()> {
        if self.zero_copy {
            return self.stream.skip(size).map(drop);
        }
        self.lookahead.pass(size);
        Ok(())
    }

    pub(super) fn advance(&mut self, size: usize) -> Result<()> {
        let mut left = size - self.lookahead.pass(size).len();
        if left == 0 || self.stream.skip(left)?.is_some() {
            return Ok(());
        }
        while left > 0 && self.lookahead.fill(&mut *self.stream, left.min(CHUNK))? > 0 {
            left -= self.lookahead.pass(left).len();
        }
        Ok(())
    }

    pub(super) fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        let ahead = if whence == Whence::Current { self.lookahead.len() as i64 } else { 0 };
        let offset = offset.checked_sub(ahead).ok_or_else(|| error!(Invalid, "offset {offset} is no position"))?;
        let position = self.stream.seek(offset, whence)?;
        self.lookahead.clear();
        Ok(position)
    }

    pub(super) fn tell(&self) -> Result<i64> {
        Ok(self.stream.tell()? - self.lookahead.len() as i64)
    }

    /// Brings the class's position to the file's, before something is written there. What cannot seek, such as a socket, has
    /// no common position for both directions.
    #[inline]
    pub(super) fn settle(&mut self) -> Result<()> {
        if self.lookahead.is_empty() || !self.seekable { Ok(()) } else { self.seek(0, Whence::Current).map(drop) }
    }

    pub(super) fn close(&mut self) -> Result<()> {
        // A descriptor that the host keeps goes on where this file stopped, as far as it can be moved back.
        let _ = self.settle();
        self.stream.close()
    }
}

#[cold]
fn lost(error: Error, size: usize) -> Error {
    error.context(format_args!("{size} bytes read before it are lost for lack of memory"))
}

/// Reads until `dst` is full or the end comes. On failure also tells how many bytes came before.
#[inline]
pub(super) fn read_until_full(
    dst: &mut [MaybeUninit<u8>],
    mut read: impl FnMut(&mut [MaybeUninit<u8>], usize) -> Result<usize>,
) -> std::result::Result<usize, (Error, usize)> {
    let mut done = 0;
    while done < dst.len() {
        crate::task::check().map_err(|error| (error, done))?;
        match read(&mut dst[done..], done) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) => return Err((error, done)),
        }
    }
    Ok(done)
}

/// Reads up to `limit` bytes. Memory for a chunk, or for as many as `hint` says are there, is taken at once, for more as
/// they come: neither an absurd request nor a wrong size costs memory. `read` fills its room unless the end comes first.
pub(super) fn read_to_end(
    builder: &mut BufferBuilder,
    limit: usize,
    hint: Option<usize>,
    mut read: impl FnMut(&mut [MaybeUninit<u8>], usize) -> Result<usize>,
) -> Result<()> {
    // One byte more than there should be, so that the end is seen without a second round.
    let expected = hint.map_or(CHUNK, |hint| hint.saturating_add(1));
    let mut room = expected.clamp(CHUNK.min(limit), limit);
    builder.reserve_exact(room)?;
    loop {
        let done = builder.size();
        let count = builder.append_with(room, |dst| read(dst, done))?;
        if count < room || builder.size() == limit {
            return Ok(());
        }
        room = builder.size().max(CHUNK).min(limit - builder.size());
    }
}
