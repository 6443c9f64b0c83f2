//! A compressed file that is read at any place: decompression begins at the nearest place before it where it can begin.

mod cursor;
mod index;
mod pieces;
mod saved;
mod source;
#[cfg(test)]
mod tests;

use super::file::Over;
use super::stream::{Indexed, RandomAccess, Stream, Whence};
use super::{Capabilities, File, position};
use crate::codec::{Codec, DecoderOptions, Frame, Limits, Next, Source};
use crate::error::{Error, Result};
use crate::memory::{Buffer, Pool};
use crate::shared::Shared;
use crate::sys::{lock, thread_token};
use crate::task::{Process, check, reentry, wait};
use cursor::{Cursor, Ended, Extent};
use index::{Found, Frontier, Index};
use pieces::Pieces;
use source::FileSource;
use std::mem::MaybeUninit;
use std::sync::{Condvar, Mutex, MutexGuard};

/// How a seekable file works.
pub struct SeekableOptions {
    /// How to decompress.
    pub decoder: DecoderOptions,
    /// The most decompressed bytes that it keeps; the last piece is always kept.
    pub cache_size: usize,
    /// Within a frame, places where decompression can begin are so many decompressed bytes apart, or a little more.
    pub spacing: u64,
}

impl SeekableOptions {
    /// What is kept where nothing is said.
    pub const DEFAULT_CACHE_SIZE: usize = 16 << 20;
    /// How far apart places are where nothing is said.
    pub const DEFAULT_SPACING: u64 = 1 << 20;
}

/// A file that gives what `raw` holds, decompressed, at any place. Closing it closes `raw`.
pub fn seekable_file(raw: &File, codec: &'static Codec, options: SeekableOptions) -> Result<File> {
    raw.check_base(Capabilities::READ_AT, "read at any place")?;
    // What cannot be decompressed is refused at once.
    let first = Cursor::new(codec, &options.decoder)?;
    let pool = options.decoder.pool.clone();
    let state = State {
        index: Index::new(),
        pieces: Pieces::new(options.cache_size),
        cursors: Vec::new(),
        busy: Vec::new(),
        looked_for_table: false,
    };
    let access = Shared::try_new(Access {
        raw: raw.clone(),
        raw_size: raw.size()? as u64,
        codec,
        limits: Limits::new(&options.decoder),
        options,
        state: Mutex::new(state),
        changed: Condvar::new(),
        process: Process::here(),
    })?;
    access.give_back(&mut access.lock(), first);
    File::new(Seekable { access, position: 0 }, format_args!("{}", Over(codec.name(), raw)), &pool, 0)
}

/// So many decoders are kept that nobody uses.
const MOST_IDLE: usize = 4;

struct Seekable {
    access: Shared<Access>,
    position: usize,
}

struct Access {
    raw: File,
    raw_size: u64,
    codec: &'static Codec,
    limits: Limits,
    options: SeekableOptions,
    state: Mutex<State>,
    /// Somebody is done with what others may wait for.
    changed: Condvar,
    /// In a child of a fork the state is what another thread may just have been changing.
    process: Process,
}

struct State {
    index: Index,
    pieces: Pieces,
    /// Those that nobody uses.
    cursors: Vec<Cursor>,
    /// What threads are at.
    busy: Vec<Busy>,
    looked_for_table: bool,
}

#[derive(Clone, Copy)]
struct Busy {
    work: Work,
    thread: usize,
}

/// What only one thread at a time does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Decompress the span with this number.
    Span(usize),
    /// Find out what comes behind the last span.
    Frontier,
}

/// What a thread is at, until it is dropped.
struct Working<'a> {
    access: &'a Access,
    work: Work,
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.access.lock().busy.retain(|busy| busy.work != self.work);
        self.access.changed.notify_all();
    }
}

impl Access {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The piece that has the byte at an offset, and where it is in there. `None`: it is the end.
    fn piece(&self, offset: u64) -> Result<Option<(Buffer, usize)>> {
        loop {
            let mut state = self.reach(offset)?;
            if let Some(found) = state.pieces.find(offset) {
                return Ok(Some(found));
            }
            let Found::Span(number) = state.index.find(offset) else { return Ok(None) };
            if let Some(_working) = self.begin(state, Work::Span(number))? {
                let cursor = self.cursor_for(number, offset)?;
                return self.decompress(cursor, offset).map(Some);
            }
        }
    }

    /// Sees to it that the index goes beyond an offset or to the end.
    fn reach(&self, offset: u64) -> Result<MutexGuard<'_, State>> {
        self.process.check("seekable file")?;
        loop {
            let state = self.lock();
            if state.index.find(offset) != Found::Beyond {
                return Ok(state);
            }
            if let Some(_working) = self.begin(state, Work::Frontier)? {
                self.extend(offset)?;
            }
        }
    }

    /// Extends the index towards an offset.
    fn extend(&self, wanted: u64) -> Result<()> {
        let state = self.lock();
        let (frontier, last) = (state.index.frontier, state.index.spans.len().wrapping_sub(1));
        let is_first = !state.looked_for_table;
        drop(state);
        match frontier {
            Frontier::Between { .. } if is_first => self.look_for_table(),
            Frontier::Between { .. } => self.measure(wanted),
            Frontier::Within { offset } => self.decompress_beyond(self.cursor_for(last, offset)?, wanted),
            Frontier::End { .. } => Ok(()),
        }
    }

    fn look_for_table(&self) -> Result<()> {
        let mut source = FileSource::new(&self.raw, self.raw_size);
        let frames = self.codec.table(&mut source, &self.options.decoder)?;
        let index = frames.as_deref().map(Index::of_frames).transpose()?;
        if let Some(Index { frontier: Frontier::End { offset }, .. }) = index {
            self.check_limits(self.raw_size, offset)?;
        }
        let mut state = self.lock();
        state.index = index.unwrap_or(Index::new());
        state.looked_for_table = true;
        Ok(())
    }

    /// Measures frames without decompressing them, up to an offset or to one that cannot be measured.
    fn measure(&self, wanted: u64) -> Result<()> {
        let mut source = FileSource::new(&self.raw, self.raw_size);
        loop {
            check()?;
            let state = self.lock();
            let Frontier::Between { compressed, offset } = state.index.frontier else { return Ok(()) };
            if offset > wanted {
                return Ok(());
            }
            drop(state);
            let next = self.look_at(&mut source, compressed)?;
            let frame =
                if matches!(next, Next::Frame) { self.measured(&mut source, compressed, offset)? } else { None };
            let mut state = self.lock();
            match (next, frame) {
                (Next::Frame, Some(frame)) => state.index.add_frame(compressed, offset, frame)?,
                (Next::Frame, None) => state.index.begin(compressed, offset, None)?,
                (Next::Padding(size), _) => {
                    state.index.frontier = Frontier::Between { compressed: compressed + size as u64, offset };
                }
                (Next::End, _) => state.index.frontier = Frontier::End { offset },
                (Next::Unknown(_), _) => return Err(self.codec.truncated(self.raw_size)),
            }
        }
    }

    fn look_at(&self, source: &mut FileSource<'_>, compressed: u64) -> Result<Next> {
        let mut head = [0; 64];
        let count = source.read(compressed, &mut head)?;
        let is_last = compressed + count as u64 >= self.raw_size;
        let before = (compressed > 0).then_some(compressed);
        self.codec.look_at(self.options.decoder.trailing, before, &head[..count], is_last)
    }

    fn measured(&self, source: &mut FileSource<'_>, compressed: u64, offset: u64) -> Result<Option<Frame>> {
        let Some(frame) = self.codec.measure(source, compressed)? else { return Ok(None) };
        let end = compressed + frame.compressed;
        if end > self.raw_size {
            return Err(self.codec.truncated(self.raw_size));
        }
        self.check_limits(end, offset.saturating_add(frame.decompressed))?;
        Ok(Some(frame))
    }

    /// Fails where so many decompressed bytes are more than may come of so many compressed ones.
    fn check_limits(&self, taken: u64, produced: u64) -> Result<()> {
        let Some(before_last) = produced.checked_sub(1) else { return Ok(()) };
        if self.limits.room(taken, before_last) > 0 {
            return Ok(());
        }
        let most = before_last.min(self.options.decoder.max_output);
        Err(self.limits.refusal(self.codec.name(), taken, most))
    }

    /// Begins with what no other thread is at, and lets go of the lock. `None`: another one was, for which it was waited.
    fn begin(&self, mut state: MutexGuard<'_, State>, work: Work) -> Result<Option<Working<'_>>> {
        if let Some(busy) = state.busy.iter().find(|busy| busy.work == work) {
            if busy.thread == thread_token() {
                return Err(reentry());
            }
            check()?;
            drop(wait(&self.changed, state, None));
            return Ok(None);
        }
        state.busy.try_reserve(1).map_err(|_| Error::out_of_memory(size_of::<Busy>()))?;
        state.busy.push(Busy { work, thread: thread_token() });
        Ok(Some(Working { access: self, work }))
    }

    /// A cursor in a span, as near before an offset as there is one.
    fn cursor_for(&self, number: usize, offset: u64) -> Result<Cursor> {
        let mut state = self.lock();
        let is_before = |cursor: &Cursor| cursor.span == number && cursor.offset <= offset;
        let nearest = (0..state.cursors.len())
            .filter(|at| is_before(&state.cursors[*at]))
            .max_by_key(|at| state.cursors[*at].offset);
        if let Some(nearest) = nearest {
            return Ok(state.cursors.remove(nearest));
        }
        let (span, extent) = (state.index.spans[number].clone(), self.extent(&state, number));
        let unused = if state.cursors.len() < MOST_IDLE { None } else { Some(state.cursors.remove(0)) };
        let unused = unused.or_else(|| {
            let at = state.cursors.iter().position(|cursor| cursor.span == usize::MAX)?;
            Some(state.cursors.remove(at))
        });
        drop(state);
        let mut cursor = match unused {
            Some(cursor) => cursor,
            None => Cursor::new(self.codec, &self.options.decoder)?,
        };
        cursor.begin(number, &span, &extent)?;
        Ok(cursor)
    }

    /// Decompresses a span, or as much of it as is known, from where a cursor is to the piece with an offset, which it gives.
    /// On failure the cursor is gone, and whoever tries again begins at the start of the span.
    fn decompress(&self, mut cursor: Cursor, offset: u64) -> Result<(Buffer, usize)> {
        let extent = self.extent(&self.lock(), cursor.span);
        loop {
            let start = cursor.offset;
            let (piece, _) = cursor.next_piece(&self.raw, &extent, self.options.spacing)?;
            let mut state = self.lock();
            state.pieces.insert(start, piece.clone())?;
            if offset < cursor.offset {
                self.give_back(&mut state, cursor);
                return Ok((piece, (offset - start) as usize));
            }
        }
    }

    /// Decompresses what is not known yet, frame by frame, up to behind an offset or to a frame that is measured.
    fn decompress_beyond(&self, mut cursor: Cursor, offset: u64) -> Result<()> {
        let mut extent = self.extent(&self.lock(), cursor.span);
        loop {
            let start = cursor.offset;
            let (piece, ended) = cursor.next_piece(&self.raw, &extent, self.options.spacing)?;
            self.check_limits(cursor.compressed, cursor.offset)?;
            let mut state = self.lock();
            state.pieces.insert(start, piece)?;
            match ended {
                None => state.index.advance(cursor.offset),
                Some(Ended { expected, checkpoint: None }) => {
                    state.index.end_frame(cursor.compressed, cursor.offset, expected);
                    cursor.span = usize::MAX;
                }
                Some(Ended { expected, checkpoint }) => {
                    state.index.end_span(cursor.offset, expected);
                    state.index.begin(cursor.compressed, cursor.offset, checkpoint)?;
                    let last = state.index.spans.len() - 1;
                    extent = self.extent(&state, last);
                    cursor.go_on(last, &extent);
                }
            }
            if offset < cursor.offset {
                self.give_back(&mut state, cursor);
                return Ok(());
            }
            drop(state);
            if cursor.span != usize::MAX {
                continue;
            }
            self.measure(offset)?;
            let mut state = self.lock();
            if !matches!(state.index.frontier, Frontier::Within { .. }) {
                self.give_back(&mut state, cursor);
                return Ok(());
            }
            let last = state.index.spans.len() - 1;
            let span = state.index.spans[last].clone();
            extent = self.extent(&state, last);
            drop(state);
            cursor.begin(last, &span, &extent)?;
        }
    }

    fn extent(&self, state: &State, number: usize) -> Extent {
        Extent::new(&state.index, number, self.raw_size)
    }

    /// Keeps a cursor for the next one who needs one.
    fn give_back(&self, state: &mut State, mut cursor: Cursor) {
        if state.index.spans.get(cursor.span).is_none() || state.index.end_of(cursor.span) == Some(cursor.offset) {
            cursor.span = usize::MAX;
        }
        if state.cursors.try_reserve(1).is_ok() {
            state.cursors.push(cursor);
        }
        if state.cursors.len() > MOST_IDLE {
            state.cursors.remove(0);
        }
    }
}

impl RandomAccess for Access {
    fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        if dst.is_empty() {
            return Ok(0);
        }
        let piece = self.piece(offset as u64)?;
        Ok(piece.map_or(0, |(bytes, at)| bytes.copy_to(at, dst)))
    }

    fn size_hint(&self) -> Option<usize> {
        self.process.check("seekable file").ok()?;
        match self.lock().index.frontier {
            Frontier::End { offset } => Some(offset as usize),
            _ => None,
        }
    }

    fn pool(&self) -> &Pool {
        &self.options.decoder.pool
    }

    fn indexed(&self) -> Option<&dyn Indexed> {
        Some(self)
    }
}

impl Access {
    /// How many decompressed bytes there are up to `most`.
    fn size_up_to(&self, most: u64) -> Result<u64> {
        Ok(match self.reach(most)?.index.frontier {
            Frontier::End { offset } => offset.min(most),
            _ => most,
        })
    }

    /// Works with another index from now on, once nobody is at anything.
    fn replace_index(&self, index: Index) -> Result<()> {
        self.process.check("seekable file")?;
        let mut state = self.lock();
        while let Some(busy) = state.busy.first() {
            if busy.thread == thread_token() {
                return Err(reentry());
            }
            check()?;
            state = wait(&self.changed, state, None);
        }
        (state.index, state.looked_for_table) = (index, true);
        state.pieces.clear();
        state.cursors.iter_mut().for_each(|cursor| cursor.span = usize::MAX);
        Ok(())
    }

    /// Gives up what takes memory.
    fn give_up(&self) {
        if self.process.is_here() {
            let mut state = self.lock();
            state.pieces.clear();
            state.cursors = Vec::new();
        }
    }
}

impl Stream for Seekable {
    fn capabilities(&self) -> Capabilities {
        use Capabilities as Can;
        Can::READ | Can::SEEK | Can::READ_AT | Can::SIZE
    }

    fn beneath(&self) -> Option<&File> {
        Some(&self.access.raw)
    }

    fn random_access(&self) -> Option<Shared<dyn RandomAccess>> {
        Some(self.access.clone().unsize(|p| p as *mut _))
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let count = self.access.read_at(self.position, dst)?;
        self.position += count;
        Ok(count)
    }

    fn skip(&mut self, size: usize) -> Result<Option<()>> {
        let target = (self.position as u64).saturating_add(size as u64).min(i64::MAX as u64);
        let end = self.access.size_up_to(target)? as usize;
        self.position = self.position.max(end);
        Ok(Some(()))
    }

    fn remaining_hint(&self) -> Option<usize> {
        self.access.size_hint().map(|size| size.saturating_sub(self.position))
    }

    fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        let size = if whence == Whence::End { self.size()? as usize } else { 0 };
        self.position = position::seek(self.position, size, offset, whence)?;
        self.tell()
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.position as i64)
    }

    fn size(&self) -> Result<i64> {
        self.access.size_up_to(i64::MAX as u64).map(|size| size as i64)
    }

    fn close(&mut self) -> Result<()> {
        self.access.give_up();
        self.access.raw.close()
    }

    fn abort(&mut self) -> Result<()> {
        self.access.give_up();
        self.access.raw.abort()
    }
}
