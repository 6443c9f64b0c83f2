//! What stands behind a file's calls that go one at a time: the class, and what was read ahead of the position.

use super::Capabilities;
use super::buffered::{Buffered, Detached, not_buffered};
use super::file::File;
use super::lines::Lines;
use super::lookahead::Lookahead;
use super::safe_view::SafeView;
use super::stream::{Stream, Whence};
use super::transfer::{CHUNK, Cause, Stopped, Transfer, lost, read_to_end, read_until_full};
use crate::error::{Error, ErrorKind, Result, error};
use crate::memory::{Buffer, BufferBuilder, Pool, filled};
use crate::shared::try_box;
use std::mem::MaybeUninit;

/// How much is read at once where lines are wanted.
const LINES_CHUNK: usize = 128 << 10;

/// What came of an attempt to move bytes within the operating system.
pub(super) enum Sent {
    /// So many were moved.
    Bytes(usize),
    /// What was read ahead comes first, or there is nothing to move at this moment.
    NotNow,
    /// These two have no such way.
    Never,
}

/// Bytes that were read and are to be read again.
enum Taken<'a> {
    /// In memory that is somebody else's.
    Elsewhere(&'a [u8]),
    /// In memory that the lookahead may keep.
    Here(&'a mut BufferBuilder),
}

impl Taken<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Elsewhere(bytes) => bytes,
            Self::Here(builder) => builder.as_slice(),
        }
    }
}

/// A class and its lookahead. The position of the file is the class's less what was read ahead.
pub(super) struct State {
    pub(super) stream: Box<dyn Stream>,
    lookahead: Lookahead,
    zero_copy: bool,
    class_looks_ahead: bool,
    /// Whether the class is told what passes.
    counts: bool,
    /// In place of the class's own bytes, where others could take those away.
    safe_view: Option<SafeView>,
    seekable: bool,
    /// Reads smaller than this go through the lookahead, this many bytes at once. 0: none do.
    block_size: usize,
    /// Where only closing makes the file complete: what kept it from ever being so.
    unwritten: Option<Error>,
    /// What closing failed with, to be said again.
    pub(super) failure: Option<Error>,
}

impl State {
    pub(super) fn new(stream: Box<dyn Stream>, pool: &Pool, block_size: usize) -> Self {
        let (can, class_looks_ahead) = (stream.capabilities(), stream.looks_ahead());
        let counts = stream.counts_what_passes();
        let unsteady = if stream.is_steady() { None } else { stream.random_access() };
        Self {
            stream,
            lookahead: Lookahead::new(pool.clone()),
            zero_copy: can.contains(Capabilities::ZERO_COPY),
            class_looks_ahead,
            counts,
            safe_view: unsteady.map(SafeView::new),
            seekable: can.contains(Capabilities::SEEK),
            block_size,
            unwritten: None,
            failure: None,
        }
    }

    /// Whether the class looks ahead by itself. Not while bytes are here that were put back.
    #[inline]
    fn looks_ahead(&self) -> bool {
        self.class_looks_ahead && self.lookahead.is_empty()
    }

    pub(super) fn read_buffer(&mut self, size: usize) -> Result<Buffer> {
        if !self.lookahead.is_empty() {
            return self.read_to_buffer(size);
        }
        if self.zero_copy {
            return self.stream.read_slice(size);
        }
        match self.stream.read_slice_at_hand(size)? {
            Some(slice) => Ok(slice),
            None => self.read_to_buffer(size),
        }
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
        let count = self.fill(dst)?;
        self.passed(filled(dst, count));
        Ok(count)
    }

    /// Tells the class of bytes that were read.
    #[inline]
    fn passed(&mut self, bytes: &[u8]) {
        if self.counts {
            self.stream.passed(bytes);
        }
    }

    /// Moves past up to `size` bytes of those read ahead; gives how many.
    fn pass(&mut self, size: usize) -> usize {
        let bytes = self.lookahead.pass(size);
        if self.counts {
            self.stream.passed(bytes);
        }
        bytes.len()
    }

    #[inline]
    fn fill(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.lookahead.let_go(self.block_size);
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
        match read_until_full(&mut dst[done..], |rest, _| self.attempt(rest, rest.len())) {
            Ok(count) => Ok(done + count),
            Err(Stopped { error, after }) => {
                let size = done + after;
                Err(self.unread(Taken::Elsewhere(filled(dst, size)), error))
            }
        }
    }

    #[inline]
    pub(super) fn read_once(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let count = self.attempt(dst, dst.len())?;
        self.passed(filled(dst, count));
        Ok(count)
    }

    /// One attempt at a part of a read of `whole` bytes.
    #[inline]
    fn attempt(&mut self, dst: &mut [MaybeUninit<u8>], whole: usize) -> Result<usize> {
        if self.lookahead.is_empty() {
            if whole >= self.block_size || dst.is_empty() {
                return self.stream.read(dst);
            }
            self.lookahead.fill(self.block_size, |room| self.stream.read(room))?;
        }
        Ok(self.lookahead.take(dst))
    }

    /// Puts the last bytes that were read back: the next call reads them again.
    pub(super) fn put_back(&mut self, bytes: &[u8]) -> Result<()> {
        self.go_back(&mut Taken::Elsewhere(bytes))?;
        self.stream.came_back(bytes.len());
        Ok(())
    }

    /// What was read before a failure is read again by the next call, so that a failed read moves nothing.
    #[cold]
    fn unread(&mut self, mut taken: Taken<'_>, error: Error) -> Error {
        if taken.bytes().is_empty() {
            return error;
        }
        match self.go_back(&mut taken) {
            Ok(()) => error,
            Err(why) => {
                // They have passed, though to nobody.
                self.passed(taken.bytes());
                lost(error, taken.bytes().len(), &why)
            }
        }
    }

    /// Moves the position back over bytes that were taken. A seek needs no memory; without one they lie ahead again.
    fn go_back(&mut self, taken: &mut Taken<'_>) -> Result<()> {
        if self.seekable {
            let moved = self.seek(-(taken.bytes().len() as i64), Whence::Current).map(drop);
            // A class that looks ahead by itself gives its bytes past this lookahead as well.
            if moved.is_ok() || self.class_looks_ahead {
                return moved;
            }
        }
        match taken {
            Taken::Elsewhere(bytes) => self.lookahead.put_back(bytes),
            Taken::Here(builder) => self.lookahead.adopt(builder),
        }
    }

    /// One attempt to move up to `size` bytes to `target` within the operating system.
    pub(super) fn send_to(&mut self, target: &mut Self, size: usize) -> Result<Sent> {
        if !self.lookahead.is_empty() {
            return Ok(Sent::NotNow);
        }
        target.settle()?;
        let sent = self.stream.send_to(&mut *target.stream, size);
        Ok(match target.noted(sent)? {
            None => Sent::Never,
            Some(0) => Sent::NotNow,
            Some(count) => Sent::Bytes(count),
        })
    }

    fn read_to_buffer(&mut self, size: usize) -> Result<Buffer> {
        self.lookahead.let_go(self.block_size);
        let mut builder = BufferBuilder::new(self.lookahead.pool().clone());
        let at_once = size <= CHUNK || size < self.block_size;
        let hint = if at_once { Some(size) } else { self.stream.remaining_hint() };
        let hint = hint.map(|hint| hint.saturating_add(self.lookahead.len()));
        let filled =
            read_to_end(&mut builder, size, hint, |room, _| read_until_full(room, |rest, _| self.attempt(rest, size)));
        match filled.and_then(|()| builder.finish()) {
            Ok(buffer) => {
                self.passed(buffer.as_slice());
                Ok(buffer)
            }
            Err(error) => Err(self.unread(Taken::Here(&mut builder), error)),
        }
    }

    pub(super) fn peek(&mut self, size: usize) -> Result<&[u8]> {
        if self.looks_ahead() {
            let ahead = self.stream.peek(size)?;
            return Ok(&ahead[..ahead.len().min(size)]);
        }
        self.lookahead.peek(size, self.block_size, |room| self.stream.read(room))
    }

    pub(super) fn read_line(&mut self) -> Result<&[u8]> {
        if self.looks_ahead() {
            return self.stream.read_line();
        }
        let piece = if self.block_size == 0 { LINES_CHUNK } else { self.block_size };
        let line = self.lookahead.read_line(piece, |room| self.stream.read(room))?;
        if self.counts {
            self.stream.passed(line);
        }
        Ok(line)
    }

    /// The next lines in one buffer, as many as there is room for and as are there without a further read; at least one
    /// unless at the end. Gives how many.
    pub(super) fn read_lines(&mut self, offsets: &mut [MaybeUninit<i64>]) -> Result<(Buffer, usize)> {
        let mut lines = Lines::new(offsets);
        let mut searched = 0;
        while lines.count() == 0 && !lines.is_full() {
            let ahead = self.ahead_beyond(searched)?;
            lines.take_from(ahead, searched);
            if lines.count() == 0 && ahead.len() == searched {
                if searched > 0 {
                    lines.push(searched);
                }
                break;
            }
            searched = ahead.len();
        }
        let (size, count) = (lines.size(), lines.count());
        if self.looks_ahead() {
            return Ok((self.read_buffer(size)?, count));
        }
        let bytes = Buffer::copy_of(self.lookahead.pool(), &self.lookahead.bytes()[..size])?;
        self.pass(size);
        Ok((bytes, count))
    }

    /// The bytes ahead, more than `searched` of them unless at the end.
    fn ahead_beyond(&mut self, searched: usize) -> Result<&[u8]> {
        let more = LINES_CHUNK.max(searched);
        if self.looks_ahead() {
            return self.stream.peek(searched + more);
        }
        if self.lookahead.len() <= searched {
            self.lookahead.fill(more, |room| self.stream.read(room))?;
        }
        Ok(self.lookahead.bytes())
    }

    /// Whether bytes lie ahead that were read before.
    pub(super) fn has_ahead(&self) -> bool {
        !self.lookahead.is_empty()
    }

    /// Up to `most` of the bytes ahead, fewer than `least` only at the end.
    pub(super) fn some_ahead(&mut self, least: usize, most: usize) -> Result<&[u8]> {
        let looks_ahead = self.looks_ahead();
        let ahead = if let Some(view) = self.safe_view.as_mut().filter(|_| looks_ahead) {
            view.at(self.stream.tell()? as usize, least, most)?
        } else if looks_ahead {
            self.stream.peek(least)?
        } else {
            if self.lookahead.len() < least {
                self.lookahead.peek(least, most.max(self.block_size), |room| self.stream.read(room))?;
            }
            self.lookahead.bytes()
        };
        Ok(&ahead[..ahead.len().min(most)])
    }

    /// Moves past bytes that were seen ahead.
    pub(super) fn move_on(&mut self, size: usize) -> Result<()> {
        if self.looks_ahead() {
            return self.stream.skip(size).map(drop);
        }
        self.pass(size);
        Ok(())
    }

    pub(super) fn advance(&mut self, size: usize) -> Transfer {
        let mut done = self.pass(size);
        if done == size || self.stream.skip(size - done).map_err(|error| Stopped { error, after: done })?.is_some() {
            return Ok(());
        }
        while done < size {
            let filled = self.lookahead.fill((size - done).min(CHUNK), |room| self.stream.read(room));
            if filled.map_err(|error| Stopped { error, after: done })? == 0 {
                break;
            }
            done += self.pass(size - done);
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
        if let Some(view) = &mut self.safe_view {
            view.clear();
        }
        if self.lookahead.is_empty() || !self.seekable { Ok(()) } else { self.seek(0, Whence::Current).map(drop) }
    }

    /// A call that writes, at the file's position.
    #[inline]
    pub(super) fn writing<E: From<Error> + Cause>(
        &mut self,
        write: impl FnOnce(&mut dyn Stream) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        self.settle()?;
        self.flushing(write)
    }

    /// A call that passes on what was written.
    #[inline]
    pub(super) fn flushing<E: Cause>(
        &mut self,
        flush: impl FnOnce(&mut dyn Stream) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let result = flush(&mut *self.stream);
        self.noted(result)
    }

    #[inline]
    fn noted<T, E: Cause>(&mut self, result: std::result::Result<T, E>) -> std::result::Result<T, E> {
        result.inspect_err(|failure| self.note(failure.cause()))
    }

    #[cold]
    fn note(&mut self, error: &Error) {
        // What was refused or told to stop can be done again; anything else may be lost.
        let can_be_repeated = matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::TimedOut | ErrorKind::Invalid);
        if self.stream.needs_close() && !can_be_repeated {
            self.unwritten.get_or_insert_with(|| error.clone());
        }
    }

    pub(super) fn buffered(&mut self) -> Result<&mut dyn Buffered> {
        self.stream.buffered().ok_or_else(not_buffered)
    }

    pub(super) fn block_size(&self) -> usize {
        self.block_size
    }

    /// Of a buffered stream. What is there already is given before more is read.
    pub(super) fn set_block_size(&mut self, size: usize) -> Result<()> {
        self.buffered()?.set_buffer_size(size)?;
        self.block_size = size;
        Ok(())
    }

    /// Of a buffered stream: lets go of the file beneath and gives it with what was read ahead.
    pub(super) fn detach(&mut self) -> Result<(File, Buffer)> {
        let raw = self.buffered()?.detach()?;
        let ahead = self.lookahead.take_all()?;
        self.stream = try_box(Detached)?;
        Ok((raw, ahead))
    }

    pub(super) fn close(&mut self) -> Result<()> {
        if let Some(unwritten) = self.unwritten.take() {
            // What this may fail with comes of that.
            let _ = self.abort();
            return Err(unwritten.context(format_args!("not everything was written, so that it stays as it was")));
        }
        // A descriptor that the host keeps goes on where this file stopped, as far as it can be moved back.
        let _ = self.settle();
        self.stream.close()
    }
}
