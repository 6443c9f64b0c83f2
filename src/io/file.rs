//! The one type behind every file and stream, and the behaviour that all of them share.
//!
//! A class implements `Stream`; what stands in the header about closed files, wrong directions, short reads, positions,
//! threads and error messages is done here, once.

use super::Capabilities;
use super::exclusive::{Exclusive, Held};
use super::memory_cursor::MemoryCursor;
use super::state::{Sent, State};
use super::statistics::{Counters, Counting, Statistics};
use super::stream::{RandomAccess, Stream, SystemFile, Whence};
use super::transfer::{Stopped, Transfer, lost, read_until_full};
use crate::error::{Error, Result, error, try_format};
use crate::memory::{Buffer, Pool, default_pool};
use crate::shared::{Shared, try_box};
use crate::sys::{Metadata, process_number, uninterrupted};
use crate::task::{Cancellable, Cancellation, Scope};
use crate::warning::warn;
use std::ffi::CStr;
use std::fmt;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, Ordering::*};

/// A counted reference to an open file or stream.
#[derive(Clone)]
#[repr(transparent)]
pub struct File(pub(crate) Shared<Inner>);

pub(crate) struct Inner {
    /// For messages: a quoted path, or what the file is made of.
    name: String,
    capabilities: Capabilities,
    needs_close: bool,
    is_descriptor: bool,
    /// A child of fork() has copies of its parent's files, and finishes none of them.
    process: i32,
    steady: bool,
    closed: AtomicBool,
    /// Whether `memory` is read without a turn: while the file is open and nothing is counted.
    lane: AtomicBool,
    counters: Counters,
    /// What calls on the file stop for.
    cancellable: Cancellable,
    system: Option<Shared<dyn SystemFile>>,
    random: Option<Shared<dyn RandomAccess>>,
    memory: Option<Shared<MemoryCursor>>,
    state: Exclusive<State>,
}

/// More bytes than there can be.
const ALL: usize = isize::MAX as usize;

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
            needs_close: stream.needs_close(),
            is_descriptor: stream.is_descriptor(),
            process: process_number(),
            steady: stream.is_steady(),
            closed: AtomicBool::new(false),
            lane: AtomicBool::new(true),
            counters: Counters::default(),
            cancellable: Cancellable::new(),
            system: stream.system_file(),
            random: stream.random_access(),
            memory: stream.fixed_memory(),
            state: Exclusive::new(State::new(stream, pool, block_size)),
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

    /// Whether it is discarded where it is released without being closed.
    pub(super) fn needs_close(&self) -> bool {
        self.0.needs_close
    }

    /// Whether what it lends without a copy stays there; see `Stream::is_steady`.
    pub(super) fn is_steady(&self) -> bool {
        self.0.steady
    }

    pub(super) fn system_file(&self) -> Option<Shared<dyn SystemFile>> {
        self.0.system.clone()
    }

    /// The path that it, or the file of the operating system beneath it, was opened by.
    pub fn path(&self) -> Option<&CStr> {
        self.0.system.as_deref()?.path()
    }

    /// Whether it is a terminal, or a layer over one.
    pub fn is_terminal(&self) -> bool {
        !self.is_closed() && self.0.system.as_deref().is_some_and(|system| system.is_terminal())
    }

    /// Its descriptor, or that of the file beneath it, which stays the file's.
    pub fn descriptor(&self) -> Result<RawFd> {
        self.ask_system("give the descriptor of", |system| system.descriptor())
    }

    /// What the system knows of it, or of the file beneath it.
    pub fn metadata(&self) -> Result<Metadata> {
        self.ask_system("give the metadata of", |system| system.metadata())
    }

    fn ask_system<T>(&self, doing: &str, ask: impl FnOnce(&dyn SystemFile) -> Result<T>) -> Result<T> {
        self.check(doing, Capabilities::NONE)?;
        let Some(system) = self.0.system.as_deref() else {
            return Err(error!(Invalid, "cannot {doing} {}: it is no file of the operating system", self.name()));
        };
        ask(system).map_err(|error| self.refused(error, doing))
    }

    /// Whether `close` or `abort` was called.
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Acquire)
    }

    /// From now on calls on this file, and on those beneath it, stop for this cancellation; those that find what they read
    /// in memory may not.
    pub fn set_cancellation(&self, cancellation: Option<Cancellation>) {
        self.0.cancellable.set(cancellation);
    }

    /// Fills `dst` unless the end comes first, and gives the number of bytes.
    #[inline]
    pub fn read(&self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        if let Some(memory) = self.open_memory() {
            return memory.read(dst).map_or_else(|| self.read_mapped(memory, dst), Ok);
        }
        self.read_in_turn(dst)
    }

    #[inline(never)]
    fn read_mapped(&self, memory: &MemoryCursor, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        memory.read_mapped(dst).map_err(|error| self.failed_at(error, "read", memory.position(), dst.len()))
    }

    #[inline(never)]
    fn read_mapped_at(&self, memory: &MemoryCursor, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        memory.read_mapped_at(offset, dst).map_err(|error| self.failed_at(error, "read", offset, dst.len()))
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
        if let Some(memory) = self.open_memory() {
            return memory.read_slice(size).map_err(|error| self.failed_at(error, "read", memory.position(), size));
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
        if let Some(memory) = self.open_memory() {
            return memory.read_at(offset, dst).map_or_else(|| self.read_mapped_at(memory, offset, dst), Ok);
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
        if let Some(memory) = self.open_memory() {
            return memory.read_slice_at(offset, size).map_err(|error| self.failed_at(error, "read", offset, size));
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
        if let Some(memory) = self.open_memory() {
            return Ok(memory.read_line());
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

    /// Lets `take` have bytes that lie ahead, `most` at most and at least one unless at the end; it gives how many of them
    /// are done with. Gives how many bytes there were.
    pub(crate) fn consume_with(&self, most: usize, take: impl FnOnce(&[u8]) -> Result<usize>) -> Result<usize> {
        let mut state = self.begin_read()?;
        let calls = usize::from(!state.has_ahead());
        let (count, consumed) = match state.some_ahead(most) {
            Ok(ahead) => (ahead.len(), take(ahead)?),
            Err(error) => return Err(self.failed(&state, error, "read", Some(most))),
        };
        state.move_on(consumed)?;
        self.0.counters.count_reads(calls, consumed);
        Ok(count)
    }

    /// Takes back the last bytes that were read, for `error` kept them from where they should go.
    pub(super) fn take_back(&self, bytes: &[u8], error: Error) -> Error {
        // Also where the file's work is to stop: that may be what the error is.
        let result = uninterrupted(|| self.turn("read from").and_then(|mut state| state.put_back(bytes)));
        result.map_or_else(|why| lost(error.clone(), bytes.len(), &why), |()| error.clone())
    }

    /// One attempt to move up to `size` bytes to `target` within the operating system.
    pub(super) fn send_to(&self, target: &Self, size: usize) -> Result<Sent> {
        if !(self.0.is_descriptor && target.0.is_descriptor) {
            return Ok(Sent::Never);
        }
        let begin_source = || self.begin_read();
        let begin_target = || target.begin("write to", Capabilities::WRITE);
        // In one order everywhere, so that two threads that copy to and fro do not wait for each other for ever. Nothing but
        // a bare descriptor may be one of two turns: whoever has a layer's turn waits for that of the file beneath.
        let (mut from, mut to);
        if self.address() < target.address() {
            from = begin_source()?;
            to = begin_target()?;
        } else {
            to = begin_target()?;
            from = begin_source()?;
        }
        let sent = from.send_to(&mut to, size)?;
        if let Sent::Bytes(count) = sent {
            self.count_read(count);
            target.0.counters.count_write(count);
        }
        Ok(sent)
    }

    /// Whether both refer to one file.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.0.is_same(&other.0)
    }

    fn address(&self) -> *const Inner {
        &raw const *self.0
    }

    /// Moves the position and gives the new one; on failure it stays.
    pub fn seek(&self, offset: i64, whence: Whence) -> Result<i64> {
        let mut state = self.begin("seek in", Capabilities::SEEK)?;
        state.seek(offset, whence).map_err(|error| self.failed(&state, error, "seek", None))
    }

    /// The position in logical bytes.
    pub fn tell(&self) -> Result<i64> {
        let state = self.begin_question("tell the position of", Capabilities::NONE)?;
        state.tell().map_err(|error| self.failed(&state, error, "tell", None))
    }

    /// The size in logical bytes, asked of the system where it may change.
    pub fn size(&self) -> Result<i64> {
        let state = self.begin_question("tell the size of", Capabilities::SIZE)?;
        state.stream.size().map_err(|error| self.failed(&state, error, "size", None))
    }

    /// Writes everything.
    #[inline]
    pub fn write(&self, data: &[u8]) -> Result<()> {
        self.write_or_stop(data).map_err(|stopped| stopped.error)
    }

    /// As `write`, and where it fails tells how many bytes got through before.
    #[inline]
    pub(super) fn write_or_stop(&self, data: &[u8]) -> Transfer {
        let mut state = self.begin("write to", Capabilities::WRITE)?;
        let result = state.writing(|stream| stream.write(data));
        let result = result.map_err(|stopped| self.stopped(&state, stopped, "write", data.len()));
        result.inspect(|()| self.0.counters.count_write(data.len()))
    }

    /// Writes everything at an offset; the position stays.
    pub fn write_at(&self, offset: usize, data: &[u8]) -> Result<()> {
        let mut state = self.begin("write to", Capabilities::WRITE_AT)?;
        let result = state.writing(|stream| stream.write_at(offset, data));
        let result = result.map_err(|stopped| {
            let (after, size) = (stopped.after, data.len());
            self.failed_at(short(stopped.error, after, size), "write", offset, size)
        });
        result.inspect(|()| self.0.counters.count_write(data.len()))
    }

    /// Cuts or extends the file; what is new reads as zeros.
    pub fn resize(&self, size: usize) -> Result<()> {
        let mut state = self.begin("resize", Capabilities::RESIZE)?;
        let result = state.writing(|stream| stream.resize(size));
        result.map_err(|error| error.context(format_args!("resize of {} to {size} bytes", self.name())))
    }

    /// Passes everything written on to the operating system, through every layer.
    pub fn flush(&self) -> Result<()> {
        let mut state = self.begin("flush", Capabilities::NONE)?;
        let result = state.flushing(|stream| stream.flush());
        result.map_err(|error| self.failed(&state, error, "flush", None))
    }

    /// Waits until everything written is on the disk, through every layer.
    pub fn sync(&self) -> Result<()> {
        let mut state = self.begin("sync", Capabilities::NONE)?;
        let result = state.flushing(|stream| stream.sync());
        result.map_err(|error| self.failed(&state, error, "sync", None))
    }

    /// Finishes and closes every layer, and repeats its first failure when called again.
    pub fn close(&self) -> Result<()> {
        let mut state = self.end("close")?;
        // It closes also where there is no memory for a scope.
        let _scope = self.0.cancellable.enter().ok();
        let _counting = self.0.counters.begin();
        if !self.is_closed() {
            self.set_closed();
            let result = state.close();
            state.failure = result.map_err(|error| error.context(format_args!("close of {}", self.name()))).err();
        }
        state.failure.clone().map_or(Ok(()), Err)
    }

    /// Closes every layer without finishing. Nothing happens when it is closed already.
    pub fn abort(&self) -> Result<()> {
        let mut state = self.end("abort")?;
        if self.is_closed() {
            return Ok(());
        }
        self.set_closed();
        state.abort().map_err(|error| error.context(format_args!("abort of {}", self.name())))
    }

    /// Closes a file that keeps what was written, and gives that.
    pub fn finish(&self) -> Result<Buffer> {
        let mut state = self.end("finish")?;
        let buffer = state.stream.take_buffer();
        let buffer = buffer.map_err(|error| error.context(format_args!("finish of {}", self.name())))?;
        self.set_closed();
        Ok(buffer)
    }

    /// Checks that a layer over this file can do with it what it needs.
    pub(super) fn check_base(&self, needs: Capabilities, doing: &str) -> Result<()> {
        if self.is_closed() {
            return Err(self.unable(doing));
        }
        if self.capabilities().contains(needs) {
            return Ok(());
        }
        let how = match needs {
            Capabilities::READ => "read",
            Capabilities::WRITE => "written",
            _ => "read at offsets",
        };
        Err(error!(Invalid, "cannot {doing} {}: it cannot be {how}", self.name()))
    }

    /// Where buffers come from that are read at offsets.
    pub(super) fn pool_of_reads(&self) -> Pool {
        self.0.random.as_deref().map_or_else(default_pool, |random| random.pool().clone())
    }

    /// Marks the file as closed, in whose turn everything was taken out of it.
    pub(super) fn set_closed(&self) {
        self.0.lane.store(false, Release);
        self.0.closed.store(true, Release);
    }

    /// Counts from now on what calls on this file do.
    pub fn enable_statistics(&self) {
        self.0.counters.enable();
        self.0.lane.store(false, Release);
    }

    /// What calls on this file did since they are counted.
    pub fn statistics(&self) -> Statistics {
        self.0.counters.so_far()
    }

    /// The turn of a call that transfers nothing, and therefore does not stop for a cancellation of the file.
    fn begin_question(&self, doing: &str, needs: Capabilities) -> Result<Held<'_, State>> {
        let held = self.turn(doing)?;
        self.check(doing, needs)?;
        Ok(held)
    }

    /// What calls on the file stop for, for a work of several calls.
    pub(super) fn scope(&self, doing: &str) -> Result<Option<Scope>> {
        self.0.cancellable.begin().map_err(|error| self.refused(error, doing))
    }

    /// The turn of a question that can be asked of a closed file too.
    pub(super) fn turn(&self, doing: &str) -> Result<Held<'_, State>> {
        self.0.state.hold().map_err(|error| self.refused(error, doing))
    }

    /// Waits for every call that is under way, before the file is closed.
    fn end(&self, doing: &str) -> Result<Held<'_, State>> {
        let wait = || {
            self.0.state.check_entry()?;
            self.0.random.as_deref().map_or(Ok(()), RandomAccess::end)?;
            let state = self.0.state.hold()?;
            if !self.is_closed() {
                state.stream.check_close()?;
            }
            Ok(state)
        };
        // Whatever the thread's work is to stop for: half closed is no state to be in.
        uninterrupted(wait).map_err(|error| self.refused(error, doing))
    }

    /// Whether the calling thread may close this file with one above it: not from within a call on it, or on one that it
    /// closes in turn. Waits for nobody; what another thread is at now is not looked into.
    pub(super) fn check_close(&self) -> Result<()> {
        let check = || {
            self.0.state.check_entry()?;
            self.0.random.as_deref().map_or(Ok(()), RandomAccess::check_entry)?;
            self.0.state.try_hold().filter(|_| !self.is_closed()).map_or(Ok(()), |state| state.stream.check_close())
        };
        check().map_err(|error| self.refused(error, "close"))
    }

    #[inline]
    pub(super) fn count_read(&self, size: usize) {
        self.0.counters.count_read(size);
    }

    #[inline]
    fn begin_read(&self) -> Result<Turn<'_>> {
        self.begin("read from", Capabilities::READ)
    }

    #[inline]
    fn open_memory(&self) -> Option<&MemoryCursor> {
        self.0.memory.as_deref().filter(|_| self.0.lane.load(Acquire))
    }

    #[inline]
    pub(super) fn begin(&self, doing: &str, needs: Capabilities) -> Result<Turn<'_>> {
        let scope = match self.0.cancellable.begin() {
            Ok(scope) => scope,
            Err(error) => return Err(self.refused(error, doing)),
        };
        let held = match self.0.state.hold() {
            Ok(held) => held,
            Err(error) => return Err(self.refused(error, doing)),
        };
        self.check(doing, needs)?;
        Ok(Turn { held, _scope: scope, _counting: self.0.counters.begin() })
    }

    #[inline]
    pub(super) fn begin_at(&self) -> Result<(&Shared<dyn RandomAccess>, Aside<'_>)> {
        const DOING: &str = "read at an offset of";
        let scope = match self.0.cancellable.begin() {
            Ok(scope) => scope,
            Err(error) => return Err(self.refused(error, DOING)),
        };
        self.check(DOING, Capabilities::READ_AT)?;
        let aside = (scope, self.0.counters.begin());
        self.0.random.as_ref().map(|random| (random, aside)).ok_or_else(|| self.unable(DOING))
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
    pub(super) fn refused(&self, error: Error, doing: &str) -> Error {
        error.context(format_args!("cannot {doing} {}", self.name()))
    }

    #[cold]
    #[inline(never)]
    fn failed(&self, state: &State, error: Error, doing: &str, size: Option<usize>) -> Error {
        let name = self.name();
        match (size, state.tell()) {
            (Some(ALL), Ok(at)) => error.context(format_args!("{doing} of everything from offset {at} on of {name}")),
            (Some(size), Ok(at)) => error.context(format_args!("{doing} of {size} bytes at offset {at} of {name}")),
            (Some(size), Err(_)) => error.context(format_args!("{doing} of {size} bytes of {name}")),
            (None, Ok(at)) => error.context(format_args!("{doing} at offset {at} of {name}")),
            (None, Err(_)) => error.context(format_args!("{doing} of {name}")),
        }
    }

    /// What is said of a transfer, whose position is now behind what got through.
    #[cold]
    #[inline(never)]
    fn stopped(&self, state: &State, stopped: Stopped, doing: &str, size: usize) -> Stopped {
        let Stopped { error, after } = stopped;
        let (error, name) = (short(error, after, size), self.name());
        let error = match state.tell() {
            Ok(at) => error.context(format_args!("{doing} of {size} bytes at offset {} of {name}", at - after as i64)),
            Err(_) => error.context(format_args!("{doing} of {size} bytes of {name}")),
        };
        Stopped { error, after }
    }

    #[cold]
    #[inline(never)]
    fn failed_at(&self, error: Error, doing: &str, offset: usize, size: usize) -> Error {
        error.context(format_args!("{doing} of {size} bytes at offset {offset} of {}", self.name()))
    }
}

fn short(error: Error, after: usize, size: usize) -> Error {
    if after == 0 { error } else { error.context(format_args!("after {after} of {size} bytes")) }
}

/// What a layer over another file is called in messages.
pub(crate) struct Over<'a>(pub &'a str, pub &'a File);

impl fmt::Display for Over<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the {} stream over {}", self.0, self.1.name())
    }
}

/// What stands by a call that needs no turn: what it stops for, and what is counted of it.
pub(super) type Aside<'a> = (Option<Scope>, Option<Counting<'a>>);

/// A call's turn on the file's state, and what it stops for.
pub(super) struct Turn<'a> {
    held: Held<'a, State>,
    _scope: Option<Scope>,
    _counting: Option<Counting<'a>>,
}

impl Deref for Turn<'_> {
    type Target = State;

    #[inline]
    fn deref(&self) -> &State {
        &self.held
    }
}

impl DerefMut for Turn<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut State {
        &mut self.held
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if *self.closed.get_mut() || self.process != process_number() {
            return;
        }
        if self.state.is_broken() {
            // Nothing is finished from what a panic may have left half done.
            let _ = self.state.get_mut().abort();
            return;
        }
        if self.needs_close {
            // On the way out of a failure nobody closes, and half a file must not take the place of a whole one.
            let _ = self.state.get_mut().abort();
            warn(format_args!("{} was released before it was closed: what was written is discarded", self.name));
            return;
        }
        if let Err(error) = self.state.get_mut().close() {
            warn(format_args!("{} was released before it was closed, and closing it failed: {error}", self.name));
        }
    }
}
