//! The one type behind every file and stream, and the behaviour that all of them share.
//!
//! A class implements `Stream`; what stands in the header about closed files, wrong directions, short reads, positions,
//! threads and error messages is done here, once.

use super::Capabilities;
use super::buffer_reader::MemoryCursor;
use super::exclusive::{Exclusive, Held};
use super::lookahead::Lookahead;
use super::stream::{RandomAccess, Stream, Whence};
use crate::error::{Error, Result, error, try_format};
use crate::memory::{Buffer, BufferBuilder, Pool};
use crate::shared::{Shared, try_box};
use crate::warning::warn;
use std::fmt;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering::*};

/// How much is read at once where nobody said how much.
pub(crate) const CHUNK: usize = 64 << 10;

/// A counted reference to an open file or stream.
#[derive(Clone)]
#[repr(transparent)]
pub struct File(pub(crate) Shared<Inner>);

pub(crate) struct Inner {
    /// For messages: a quoted path, or what the file is made of.
    name: String,
    capabilities: Capabilities,
    closed: AtomicBool,
    random: Option<Shared<dyn RandomAccess>>,
    memory: Option<Shared<MemoryCursor>>,
    state: Exclusive<State>,
}

struct State {
    stream: Box<dyn Stream>,
    lookahead: Lookahead,
    /// Reads smaller than this go through the lookahead, this many bytes at once. 0: none do.
    block_size: usize,
    /// What closing failed with, to be said again.
    failure: Option<Error>,
}

impl File {
    /// A file of a class. Small reads fetch `block_size` bytes at once.
    pub(crate) fn new<S>(stream: S, name: fmt::Arguments<'_>, pool: &Pool, block_size: usize) -> Result<Self>
    where
        S: Stream + 'static,
    {
        let name = try_format(name).ok_or_else(|| Error::out_of_memory(0))?;
        let stream: Box<dyn Stream> = try_box(stream)?;
        Shared::try_new(Inner {
            name,
            capabilities: stream.capabilities(),
            closed: AtomicBool::new(false),
            random: stream.random_access(),
            memory: stream.constant_memory(),
            state: Exclusive::new(State { stream, lookahead: Lookahead::new(pool.clone()), block_size, failure: None }),
        })
        .map(Self)
    }

    /// What the file can do.
    pub fn capabilities(&self) -> Capabilities {
        self.0.capabilities
    }

    /// What the file is called in messages.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether `close` or `abort` was called.
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Acquire)
    }

    /// Fills `dst` unless the end comes first, and gives the number of bytes.
    #[inline]
    pub fn read(&self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        if let Some(memory) = self.open_memory() {
            return Ok(memory.read(dst));
        }
        let mut state = self.begin("read from", Capabilities::READ)?;
        let size = dst.len();
        state.read_full(dst).map_err(|error| self.failed(&state, error, "read", Some(size)))
    }

    /// Gives what one attempt brings, at least a byte unless at the end.
    pub fn read_some(&self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let mut state = self.begin("read from", Capabilities::READ)?;
        let size = dst.len();
        state.read_once(dst).map_err(|error| self.failed(&state, error, "read", Some(size)))
    }

    /// Up to `size` bytes in a buffer, fewer only at the end; without a copy where the class can.
    #[inline]
    pub fn read_buffer(&self, size: usize) -> Result<Buffer> {
        if let Some(memory) = self.open_memory() {
            return memory.read_slice(size);
        }
        let mut state = self.begin("read from", Capabilities::READ)?;
        let result = if self.0.capabilities.contains(Capabilities::ZERO_COPY) {
            state.stream.read_slice(size)
        } else {
            state.read_to_buffer(size)
        };
        result.map_err(|error| self.failed(&state, error, "read", Some(size)))
    }

    /// Everything up to the end.
    pub fn read_all(&self) -> Result<Buffer> {
        self.read_buffer(isize::MAX as usize)
    }

    /// Fills `dst` from `offset` on unless the end comes first. The position stays. From any number of threads at once.
    #[inline]
    pub fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let random = self.begin_at()?;
        match random.read_at(offset, dst) {
            // Most reads end here.
            Ok(count) if count == dst.len() || count == 0 => Ok(count),
            first => self.read_at_rest(random, offset, dst, first),
        }
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
                .map_err(|(error, _)| error)
        };
        first.and_then(read).map_err(|error| self.failed_at(error, "read", offset, size))
    }

    /// Up to `size` bytes from `offset` on in a buffer; without a copy where the class can.
    #[inline]
    pub fn read_at_buffer(&self, offset: usize, size: usize) -> Result<Buffer> {
        let random = self.begin_at()?;
        self.slice_or_read_at(random, offset, size).map_err(|error| self.failed_at(error, "read", offset, size))
    }

    fn slice_or_read_at(&self, random: &dyn RandomAccess, offset: usize, size: usize) -> Result<Buffer> {
        if let Some(slice) = random.slice_at(offset, size)? {
            return Ok(slice);
        }
        let hint = if size > CHUNK { random.size_hint() } else { None };
        let hint = hint.map(|end| end.saturating_sub(offset));
        let mut builder = BufferBuilder::new(random.pool().clone());
        read_to_end(&mut builder, size, hint, |room, done| {
            read_until_full(room, |rest, filled| random.read_at(offset + done + filled, rest))
                .map_err(|(error, _)| error)
        })?;
        builder.finish()
    }

    /// The next bytes, up to `size` and fewer only at the end, without moving. Good until the next call on this file.
    pub fn peek(&self, size: usize) -> Result<*const [u8]> {
        let mut state = self.begin("peek into", Capabilities::READ)?;
        let result = state.peek(size, self.0.capabilities).map(std::ptr::from_ref);
        result.map_err(|error| self.failed(&state, error, "peek", Some(size)))
    }

    /// The next line with its newline, or what is left without one; empty at the end. Good until the next call on this
    /// file.
    pub fn read_line(&self) -> Result<*const [u8]> {
        let mut state = self.begin("read from", Capabilities::READ)?;
        let result = state.read_line(self.0.capabilities).map(std::ptr::from_ref);
        result.map_err(|error| self.failed(&state, error, "read of a line", None))
    }

    /// Moves on by up to `size` bytes, fewer only at the end.
    pub fn advance(&self, size: usize) -> Result<()> {
        let mut state = self.begin("advance in", Capabilities::READ)?;
        state.advance(size).map_err(|error| self.failed(&state, error, "advance", Some(size)))
    }

    /// Lets `take` have bytes that lie ahead, `most` at most and at least one unless at the end; it gives how many of them
    /// are done with. Gives how many bytes there were.
    pub(crate) fn consume_with(&self, most: usize, take: impl FnOnce(&[u8]) -> Result<usize>) -> Result<usize> {
        let mut state = self.begin("read from", Capabilities::READ)?;
        let can = self.0.capabilities;
        if let Err(error) = state.fetch(most, can) {
            return Err(self.failed(&state, error, "read", Some(most)));
        }
        let ahead = state.ahead(can)?;
        let count = ahead.len().min(most);
        let consumed = take(&ahead[..count])?;
        state.move_on(consumed, can)?;
        Ok(count)
    }

    /// Moves the position and gives the new one; on failure it stays.
    pub fn seek(&self, offset: i64, whence: Whence) -> Result<i64> {
        let mut state = self.begin("seek in", Capabilities::SEEK)?;
        state.seek(offset, whence).map_err(|error| self.failed(&state, error, "seek", None))
    }

    /// The position in logical bytes.
    pub fn tell(&self) -> Result<i64> {
        let state = self.begin("tell the position of", Capabilities::NONE)?;
        state.tell().map_err(|error| self.failed(&state, error, "tell", None))
    }

    /// The size in logical bytes, asked of the system where it may change.
    pub fn size(&self) -> Result<i64> {
        let state = self.begin("tell the size of", Capabilities::SIZE)?;
        state.stream.size().map_err(|error| self.failed(&state, error, "size", None))
    }

    /// Writes everything.
    #[inline]
    pub fn write(&self, data: &[u8]) -> Result<()> {
        let mut state = self.begin("write to", Capabilities::WRITE)?;
        let result = state.settle().and_then(|()| state.stream.write(data));
        result.map_err(|error| self.failed(&state, error, "write", Some(data.len())))
    }

    /// Writes everything at an offset; the position stays.
    pub fn write_at(&self, offset: usize, data: &[u8]) -> Result<()> {
        let mut state = self.begin("write to", Capabilities::WRITE_AT)?;
        let result = state.settle().and_then(|()| state.stream.write_at(offset, data));
        result.map_err(|error| self.failed_at(error, "write", offset, data.len()))
    }

    /// Cuts or extends the file; what is new reads as zeros.
    pub fn resize(&self, size: usize) -> Result<()> {
        let mut state = self.begin("resize", Capabilities::RESIZE)?;
        let result = state.settle().and_then(|()| state.stream.resize(size));
        result.map_err(|error| error.context(format_args!("resize of {} to {size} bytes", self.name())))
    }

    /// Passes everything written on to the operating system, through every layer.
    pub fn flush(&self) -> Result<()> {
        let mut state = self.begin("flush", Capabilities::NONE)?;
        state.stream.flush().map_err(|error| self.failed(&state, error, "flush", None))
    }

    /// Waits until everything written is on the disk, through every layer.
    pub fn sync(&self) -> Result<()> {
        let mut state = self.begin("sync", Capabilities::NONE)?;
        state.stream.sync().map_err(|error| self.failed(&state, error, "sync", None))
    }

    /// Finishes and closes every layer, and repeats its first failure when called again.
    pub fn close(&self) -> Result<()> {
        let mut state = self.0.state.hold()?;
        if !self.is_closed() {
            self.0.closed.store(true, Release);
            let result = state.close();
            state.failure = result.map_err(|error| error.context(format_args!("close of {}", self.name()))).err();
        }
        state.failure.clone().map_or(Ok(()), Err)
    }

    /// Closes every layer without finishing. Nothing happens when it is closed already.
    pub fn abort(&self) -> Result<()> {
        let mut state = self.0.state.hold()?;
        if self.is_closed() {
            return Ok(());
        }
        self.0.closed.store(true, Release);
        state.lookahead.clear();
        state.stream.abort().map_err(|error| error.context(format_args!("abort of {}", self.name())))
    }

    /// Closes a file that keeps what was written, and gives that.
    pub fn finish(&self) -> Result<Buffer> {
        let mut state = self.0.state.hold()?;
        let buffer = state.stream.take_buffer();
        let buffer = buffer.map_err(|error| error.context(format_args!("finish of {}", self.name())))?;
        self.0.closed.store(true, Release);
        Ok(buffer)
    }

    #[inline]
    fn open_memory(&self) -> Option<&MemoryCursor> {
        self.0.memory.as_deref().filter(|_| !self.0.closed.load(Acquire))
    }

    #[inline]
    fn begin(&self, doing: &str, needs: Capabilities) -> Result<Held<'_, State>> {
        let held = match self.0.state.hold() {
            Ok(held) => held,
            Err(error) => return Err(self.refused(error, doing)),
        };
        self.check(doing, needs)?;
        Ok(held)
    }

    #[inline]
    fn begin_at(&self) -> Result<&dyn RandomAccess> {
        const DOING: &str = "read at an offset of";
        self.check(DOING, Capabilities::READ_AT)?;
        self.0.random.as_deref().ok_or_else(|| self.unable(DOING))
    }

    #[inline]
    fn check(&self, doing: &str, needs: Capabilities) -> Result<()> {
        if self.0.closed.load(Acquire) || !self.0.capabilities.contains(needs) {
            return Err(self.unable(doing));
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn unable(&self, doing: &str) -> Error {
        if self.is_closed() {
            return error!(Closed, "cannot {doing} {}: it is closed", self.name());
        }
        let can = self.0.capabilities;
        let mode = match (can.contains(Capabilities::READ), can.contains(Capabilities::WRITE)) {
            (true, true) => "reading and writing",
            (true, false) => "reading only",
            _ => "writing only",
        };
        let seekable = if can.contains(Capabilities::SEEK) { "" } else { ", without seeking" };
        error!(Invalid, "cannot {doing} {}: it is open for {mode}{seekable}", self.name())
    }

    #[cold]
    #[inline(never)]
    fn refused(&self, error: Error, doing: &str) -> Error {
        error.context(format_args!("cannot {doing} {}", self.name()))
    }

    #[cold]
    #[inline(never)]
    fn failed(&self, state: &State, error: Error, doing: &str, size: Option<usize>) -> Error {
        let name = self.name();
        match (size, state.tell()) {
            (Some(size), Ok(at)) => error.context(format_args!("{doing} of {size} bytes at offset {at} of {name}")),
            (Some(size), Err(_)) => error.context(format_args!("{doing} of {size} bytes of {name}")),
            (None, Ok(at)) => error.context(format_args!("{doing} at offset {at} of {name}")),
            (None, Err(_)) => error.context(format_args!("{doing} of {name}")),
        }
    }

    #[cold]
    #[inline(never)]
    fn failed_at(&self, error: Error, doing: &str, offset: usize, size: usize) -> Error {
        error.context(format_args!("{doing} of {size} bytes at offset {offset} of {}", self.name()))
    }
}

/// What a layer over `raw` is called in messages.
pub(crate) fn name_over(layer: &str, raw: &File) -> Result<String> {
    let name = try_format(format_args!("the {layer} stream over {}", raw.name()));
    name.ok_or_else(|| Error::out_of_memory(layer.len() + raw.name().len()))
}

impl Drop for Inner {
    fn drop(&mut self) {
        if *self.closed.get_mut() {
            return;
        }
        if let Err(error) = self.state.get_mut().close() {
            warn(format_args!("{} was released before it was closed, and closing it failed: {error}", self.name));
        }
    }
}

impl State {
    #[inline]
    fn read_full(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
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
    fn read_once(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        if self.lookahead.is_empty() {
            if dst.len() >= self.block_size {
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
            Err(_) => error.context(format_args!("{} bytes read before it are lost for lack of memory", taken.len())),
        }
    }

    fn read_to_buffer(&mut self, size: usize) -> Result<Buffer> {
        if size <= CHUNK {
            let mut buffer = Buffer::allocate_resizable(self.lookahead.pool(), size)?;
            let count = self.read_full(buffer.room())?;
            if count < size {
                buffer.resize(count, true)?;
            }
            return Ok(buffer);
        }
        let mut builder = BufferBuilder::new(self.lookahead.pool().clone());
        let hint = self.stream.remaining_hint().map(|hint| hint.saturating_add(self.lookahead.len()));
        match read_to_end(&mut builder, size, hint, |room, _| self.read_full(room)) {
            Ok(()) => builder.finish(),
            Err(error) => {
                self.lookahead.put_back(builder.as_slice())?;
                Err(error)
            }
        }
    }

    fn peek(&mut self, size: usize, can: Capabilities) -> Result<&[u8]> {
        if can.contains(Capabilities::ZERO_COPY) {
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

    fn read_line(&mut self, can: Capabilities) -> Result<&[u8]> {
        let end_in = |bytes: &[u8]| crate::sys::find_byte(bytes, b'\n').map(|at| at + 1);
        if can.contains(Capabilities::ZERO_COPY) {
            let ahead = self.stream.ahead()?;
            let size = end_in(ahead).unwrap_or(ahead.len());
            let line = std::ptr::from_ref(&ahead[..size]);
            self.stream.skip(size)?;
            #[allow(unsafe_code, reason = "moving ahead leaves the memory where it is")]
            // SAFETY: what a zero-copy class shows stays as long as the class and is not changed by `skip`.
            return Ok(unsafe { &*line });
        }
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
    fn fetch(&mut self, most: usize, can: Capabilities) -> Result<()> {
        if self.lookahead.is_empty() && !can.contains(Capabilities::ZERO_COPY) {
            self.lookahead.fill(&mut *self.stream, most)?;
        }
        Ok(())
    }

    fn ahead(&self, can: Capabilities) -> Result<&[u8]> {
        if can.contains(Capabilities::ZERO_COPY) { self.stream.ahead() } else { Ok(self.lookahead.bytes()) }
    }

    fn move_on(&mut self, size: usize, can: Capabilities) -> Result<()> {
        if can.contains(Capabilities::ZERO_COPY) {
            return self.stream.skip(size).map(drop);
        }
        self.lookahead.pass(size);
        Ok(())
    }

    fn advance(&mut self, size: usize) -> Result<()> {
        let mut left = size - self.lookahead.pass(size).len();
        if left == 0 || self.stream.skip(left)?.is_some() {
            return Ok(());
        }
        while left > 0 && self.lookahead.fill(&mut *self.stream, left.min(CHUNK))? > 0 {
            left -= self.lookahead.pass(left).len();
        }
        Ok(())
    }

    fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        let ahead = if whence == Whence::Current { self.lookahead.len() as i64 } else { 0 };
        let offset = offset.checked_sub(ahead).ok_or_else(|| error!(Invalid, "offset {offset} is no position"))?;
        let position = self.stream.seek(offset, whence)?;
        self.lookahead.clear();
        Ok(position)
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.stream.tell()? - self.lookahead.len() as i64)
    }

    /// Brings the class's position to the file's, before something is written there.
    #[inline]
    fn settle(&mut self) -> Result<()> {
        if self.lookahead.is_empty() { Ok(()) } else { self.seek(0, Whence::Current).map(drop) }
    }

    fn close(&mut self) -> Result<()> {
        // A descriptor that the host keeps goes on where this file stopped, as far as it can be moved back.
        if self.stream.capabilities().contains(Capabilities::SEEK) {
            let _ = self.settle();
        }
        self.stream.close()
    }
}

/// Reads until `dst` is full or the end comes. On failure also tells how many bytes came before.
#[inline]
fn read_until_full(
    dst: &mut [MaybeUninit<u8>],
    mut read: impl FnMut(&mut [MaybeUninit<u8>], usize) -> Result<usize>,
) -> std::result::Result<usize, (Error, usize)> {
    let mut done = 0;
    while done < dst.len() {
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
fn read_to_end(
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
