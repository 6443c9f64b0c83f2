//! A block that is decompressed ahead, on whatever thread comes first.

use super::bits::Bits;
use super::block::Block;
use super::cutter::Cutter;
use crate::codec::DecoderOptions;
use crate::error::{Error, Result};
use crate::memory::{Buffer, BufferBuilder};
use crate::shared::Shared;
use crate::sys::lock;
use crate::task::Task;
use std::ops::Range;
use std::sync::{Condvar, Mutex, PoisonError};

/// A block out of which more bytes come is not decompressed ahead. Most give less than a MiB, the largest 46.
const MOST: usize = 4 << 20;

/// One block, as far as could be told.
pub(super) struct Piece {
    options: DecoderOptions,
    level: usize,
    bytes: Buffer,
    /// The block's bits among them.
    bits: Range<usize>,
    state: Mutex<State>,
    done: Condvar,
}

enum State {
    /// Nobody is at it.
    Waiting,
    /// A thread is, or the decoder itself.
    Taken,
    Done(Option<Decoded>),
}

/// What came of a block that is right and where it was thought to be.
pub(super) struct Decoded {
    pub(super) output: BufferBuilder,
    pub(super) checksum: u32,
}

/// What there is of a piece.
pub(super) enum Found {
    Decoded(Decoded),
    /// Whoever asks is to decompress it.
    Nothing,
    /// A thread is at it.
    Later,
}

impl Piece {
    pub(super) fn new(
        options: &DecoderOptions,
        level: usize,
        cutter: &Cutter,
        bits: &Range<usize>,
    ) -> Result<Shared<Self>> {
        let bytes = Buffer::copy_of(&options.pool, cutter.bytes(bits))?;
        let first = bits.start % 8;
        Shared::try_new(Self {
            options: options.clone(),
            level,
            bytes,
            bits: first..first + bits.len(),
            state: Mutex::new(State::Waiting),
            done: Condvar::new(),
        })
    }

    /// Decompresses it on this thread, unless somebody has taken it.
    pub(super) fn decode_unless_taken(&self) -> bool {
        let mut state = lock(&self.state);
        if !matches!(*state, State::Waiting) {
            return false;
        }
        *state = State::Taken;
        drop(state);
        let mut working = Working { piece: self, decoded: None };
        working.decoded = self.decode();
        true
    }

    /// Whatever is wrong shows where it is come to without haste.
    fn decode(&self) -> Option<Decoded> {
        let mut bits = Bits::new(self.bytes.as_slice(), self.bits.start, self.bits.end);
        let mut block = Block::new(&self.options.pool, self.options.memory_limit, self.level).ok()?;
        block.read(&mut bits).ok()?;
        let mut output = BufferBuilder::new(self.options.pool.clone());
        output.reserve_exact(self.level * 100_000).ok()?;
        while !block.is_written() {
            let room = (output.capacity() - output.size()).max(64 << 10);
            output.append_with(room, |room| Ok(block.write(room))).ok()?;
            if output.size() > MOST {
                return None;
            }
        }
        let checksum = block.checksum().ok()?;
        (bits.at() == self.bits.end).then_some(Decoded { output, checksum })
    }

    /// What came of it; where nobody is at it, and it is `wanted`, it is taken.
    pub(super) fn find(&self, wanted: bool) -> Found {
        let mut state = lock(&self.state);
        match std::mem::replace(&mut *state, State::Taken) {
            State::Done(decoded) => decoded.map_or(Found::Nothing, Found::Decoded),
            State::Waiting if wanted => Found::Nothing,
            other => {
                *state = other;
                Found::Later
            }
        }
    }

    /// Waits until nobody is at it: as long as a block takes, so it is not interrupted.
    pub(super) fn wait(&self) {
        let mut state = lock(&self.state);
        while matches!(*state, State::Taken) {
            state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nobody needs it: whoever comes has nothing to do.
    pub(super) fn give_up(&self) {
        let mut state = lock(&self.state);
        if matches!(*state, State::Waiting) {
            *state = State::Done(None);
        }
    }
}

/// While a thread is at it, which comes to an end in any case, for others wait for it.
struct Working<'a> {
    piece: &'a Piece,
    decoded: Option<Decoded>,
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        *lock(&self.piece.state) = State::Done(self.decoded.take());
        self.piece.done.notify_all();
    }
}

/// What the executor is to do.
pub(super) struct DecodePiece(pub(super) Shared<Piece>);

impl Task for DecodePiece {
    fn run(self: Box<Self>) {
        self.0.decode_unless_taken();
    }

    fn refuse(self: Box<Self>, _why: Error) {}
}
