//! Reading ahead of the host on a thread of an executor.

use super::file::Over;
use super::stream::Stream;
use super::{Capabilities, File};
use crate::error::{Error, Result};
use crate::memory::{Buffer, Pool};
use crate::shared::{Shared, try_box, try_vec};
use crate::sys::{lock, thread_token};
use crate::task::{Cancellation, Executor, Process, Task, check, wait};
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::sync::{Condvar, Mutex, MutexGuard};

/// How far to read ahead.
pub struct ReadAheadOptions {
    /// Where the memory comes from.
    pub pool: Pool,
    /// How much is read at once.
    pub block_size: usize,
    /// How many such blocks are there at most.
    pub blocks: usize,
}

impl ReadAheadOptions {
    /// Where nothing is said.
    pub const DEFAULT_BLOCK_SIZE: usize = 1 << 20;
    /// Where nothing is said.
    pub const DEFAULT_BLOCKS: usize = 4;
}

/// Of what comes in small pieces, as from a pipe, so many are kept at most.
const MOST_PIECES: usize = 1024;

/// A file that gives what `raw` holds from its position on, which a thread of `executor` reads ahead. Closing it closes
/// `raw`.
pub fn read_ahead(raw: &File, executor: &Executor, options: ReadAheadOptions) -> Result<File> {
    raw.check_base(Capabilities::READ, "read ahead in")?;
    let pool = options.pool.clone();
    let pieces = VecDeque::from(try_vec(MOST_PIECES)?);
    let ahead = Shared::try_new(Ahead {
        raw: raw.clone(),
        executor: executor.clone(),
        options,
        state: Mutex::new(State { pieces, size: 0, reader: Reader::None, end: None, is_open: false }),
        changed: Condvar::new(),
        cancellation: Cancellation::new()?,
        process: Process::here(),
    })?;
    let stream = ReadAhead { position: raw.tell()?, piece: None, ahead: ahead.clone() };
    // Whether the executor takes the work shows before anything is read.
    submit(&ahead)?;
    let file = File::new(stream, format_args!("{}", Over("read-ahead", raw)), &pool, 0)?;
    ahead.lock().is_open = true;
    read_on(&ahead);
    Ok(file)
}

/// Has the executor read on, unless somebody does or there is nothing to be done.
fn read_on(ahead: &Shared<Ahead>) {
    let mut state = ahead.lock();
    if state.reader != Reader::None || !ahead.wants_more(&state) {
        return;
    }
    state.reader = Reader::Queued;
    drop(state);
    if submit(ahead).is_err() {
        // Without a thread to read ahead, for whatever reason, the calling one reads when it must.
        ahead.unqueue();
    }
}

fn submit(ahead: &Shared<Ahead>) -> Result<()> {
    ahead.executor.submit(try_box(ReadOn(ahead.clone()))?)
}

struct ReadAhead {
    ahead: Shared<Ahead>,
    /// What is being given, and how much of it was.
    piece: Option<(Buffer, usize)>,
    position: i64,
}

struct Ahead {
    raw: File,
    executor: Executor,
    options: ReadAheadOptions,
    state: Mutex<State>,
    /// There is a piece more, or nobody reads any more.
    changed: Condvar,
    /// Ends what the executor is at when the file is closed.
    cancellation: Cancellation,
    process: Process,
}

struct State {
    pieces: VecDeque<Buffer>,
    /// Bytes in the pieces.
    size: usize,
    reader: Reader,
    /// What comes behind the pieces where it is known: the end or a failure. The one who is told may try again.
    end: Option<Result<()>>,
    /// From when the file is made until it is closed.
    is_open: bool,
}

/// Who reads from the file beneath.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    None,
    /// A thread of the executor, as soon as it has time.
    Queued,
    /// This thread.
    Thread(usize),
}

impl Ahead {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// What one attempt brings; `None` at the end.
    fn read_piece(&self) -> Result<Option<Buffer>> {
        let mut piece = Buffer::allocate_resizable(&self.options.pool, self.options.block_size)?;
        let count = self.raw.read_some(piece.room())?;
        // A block that cannot be made smaller will do as it is.
        piece.resize(count, true).or_else(|_| piece.resize(count, false))?;
        Ok(Some(piece).filter(|piece| piece.size() > 0))
    }

    /// Whether there is something to be read ahead, and room for it.
    fn wants_more(&self, state: &State) -> bool {
        let limit = self.options.block_size.saturating_mul(self.options.blocks);
        let has_room = state.size <= limit - self.options.block_size && state.pieces.len() < MOST_PIECES;
        has_room && state.end.is_none() && state.is_open
    }

    /// No thread of the executor comes.
    fn unqueue(&self) {
        let mut state = self.lock();
        if state.reader == Reader::Queued {
            state.reader = Reader::None;
        }
    }

    /// Reads ahead as far as there is room.
    fn run(&self) {
        let mut state = self.lock();
        if state.reader != Reader::Queued {
            return;
        }
        state.reader = Reader::Thread(thread_token());
        let reading = Reading(self);
        while self.wants_more(&state) {
            drop(state);
            let read = self.cancellation.while_heeded(|| self.read_piece()).and_then(|read| read);
            state = self.lock();
            match read {
                Ok(Some(piece)) => {
                    state.size += piece.size();
                    state.pieces.push_back(piece);
                }
                Ok(None) => state.end = Some(Ok(())),
                Err(error) => state.end = Some(Err(error)),
            }
            self.changed.notify_all();
        }
        drop(state);
        drop(reading);
    }
}

/// While a thread reads; it ends in any case, for others wait for it.
struct Reading<'a>(&'a Ahead);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.lock().reader = Reader::None;
        self.0.changed.notify_all();
    }
}

/// What the executor is to do.
struct ReadOn(Shared<Ahead>);

impl Task for ReadOn {
    fn run(self: Box<Self>) {
        self.0.run();
    }

    fn refuse(self: Box<Self>, _why: Error) {
        self.0.unqueue();
    }
}

impl ReadAhead {
    /// The next piece; `None` at the end.
    fn next_piece(&self) -> Result<Option<Buffer>> {
        self.ahead.process.check("read-ahead stream")?;
        let piece = self.take_piece()?;
        read_on(&self.ahead);
        Ok(piece)
    }

    fn take_piece(&self) -> Result<Option<Buffer>> {
        let mut state = self.ahead.lock();
        loop {
            if let Some(piece) = state.pieces.pop_front() {
                state.size -= piece.size();
                return Ok(Some(piece));
            }
            if let Some(end) = state.end.take() {
                return end.map(|()| None);
            }
            if !matches!(state.reader, Reader::Thread(_)) {
                state.reader = Reader::Thread(thread_token());
                drop(state);
                let _reading = Reading(&self.ahead);
                return self.ahead.read_piece();
            }
            check()?;
            state = wait(&self.ahead.changed, state, None);
        }
    }

    /// Ends the reading ahead, so that the file beneath is free.
    fn stop(&mut self) {
        self.piece = None;
        self.ahead.cancellation.cancel();
        let mut state = self.ahead.lock();
        state.is_open = false;
        state.pieces.clear();
        let is_other = |reader| matches!(reader, Reader::Thread(thread) if thread != thread_token());
        while is_other(state.reader) {
            state = wait(&self.ahead.changed, state, None);
        }
        drop(state);
        self.ahead.cancellation.let_go();
    }
}

impl Stream for ReadAhead {
    fn capabilities(&self) -> Capabilities {
        Capabilities::READ
    }

    fn beneath(&self) -> Option<&File> {
        Some(&self.ahead.raw)
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        if dst.is_empty() {
            return Ok(0);
        }
        if self.piece.is_none() {
            self.piece = self.next_piece()?.map(|piece| (piece, 0));
        }
        let Some((piece, done)) = &mut self.piece else { return Ok(0) };
        let count = piece.copy_to(*done, dst);
        *done += count;
        self.position += count as i64;
        if *done == piece.size() {
            self.piece = None;
        }
        Ok(count)
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.position)
    }

    fn close(&mut self) -> Result<()> {
        if !self.ahead.process.is_here() {
            // A thread that is not there may be in the midst of anything; the last reference closes the file.
            return Ok(());
        }
        self.stop();
        self.ahead.raw.close()
    }

    fn abort(&mut self) -> Result<()> {
        if !self.ahead.process.is_here() {
            return Ok(());
        }
        self.stop();
        self.ahead.raw.abort()
    }
}
