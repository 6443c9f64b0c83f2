//! Frames that are decompressed ahead, on whatever thread comes first.

use super::cutter::{Frames, Sizes};
use crate::codec::frames::FrameSequence;
use crate::codec::{Codec, DecoderOptions, Decompress, Trailing};
use crate::error::{Error, Result};
use crate::memory::{Buffer, BufferBuilder};
use crate::shared::Shared;
use crate::sys::lock;
use crate::task::{Task, check, wait};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard};

/// Some whole frames, as far as could be told.
pub(super) struct Piece {
    codec: &'static Codec,
    options: DecoderOptions,
    /// The compressed bytes.
    pub(super) input: Buffer,
    /// About so many bytes come out.
    expected: usize,
    /// So much of what is `in_flight` is its own.
    memory: usize,
    in_flight: Shared<AtomicUsize>,
    state: Mutex<State>,
    decoded: Condvar,
}

enum State {
    /// Nobody is at it.
    Waiting,
    /// A thread is.
    Taken,
    /// Nobody will be any more.
    Done(Decoded),
}

/// What came of a piece: of those of its frames that are whole and right, up to the first that is not.
pub(super) struct Decoded {
    pub(super) output: BufferBuilder,
    /// The compressed bytes that it came of.
    pub(super) consumed: usize,
}

/// Where as much comes out as was expected there is room left, for decoders that have it to find out that this is all.
const SLACK: usize = 64;

impl Frames {
    /// The most bytes that may come out of a piece of them.
    fn most(&self, sizes: Sizes) -> u64 {
        if self.is_told { self.output.saturating_add(SLACK as u64) } else { sizes.most.1 }
    }

    /// The most memory for a piece of them. While memory grows there may be twice as much of it.
    pub(super) fn memory(&self, sizes: Sizes) -> usize {
        let growth = if self.is_told { 1 } else { 2 };
        let output = usize::try_from(self.most(sizes)).unwrap_or(usize::MAX);
        self.size.saturating_add(output.saturating_mul(growth))
    }
}

impl Piece {
    /// A piece of some frames, out of which no more than the limits leave `room` for may come.
    pub(super) fn new(
        codec: &'static Codec,
        options: &DecoderOptions,
        input: Buffer,
        frames: Frames,
        sizes: Sizes,
        room: u64,
        in_flight: &Shared<AtomicUsize>,
    ) -> Self {
        let most = frames.most(sizes).min(room);
        let options = DecoderOptions {
            threads: 0,
            trailing: Trailing::Error,
            max_output: most,
            max_ratio: u64::MAX,
            ..options.clone()
        };
        let memory = frames.memory(sizes);
        in_flight.fetch_add(memory, Relaxed);
        Self {
            codec,
            options,
            input,
            expected: frames.output.min(most) as usize,
            memory,
            in_flight: in_flight.clone(),
            state: Mutex::new(State::Waiting),
            decoded: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn nothing(&self) -> Decoded {
        Decoded { output: BufferBuilder::new(self.options.pool.clone()), consumed: 0 }
    }

    /// Decompresses it on this thread, unless somebody has taken it.
    pub(super) fn decode_unless_taken(&self) -> bool {
        let mut state = self.lock();
        if !matches!(*state, State::Waiting) {
            return false;
        }
        *state = State::Taken;
        drop(state);
        let mut working = Working { piece: self, decoded: self.nothing() };
        // Whatever is wrong behind the whole frames shows where it is come to without haste.
        let _ = self.decode(&mut working.decoded);
        true
    }

    fn decode(&self, decoded: &mut Decoded) -> Result<()> {
        let mut frames = FrameSequence::new(self.codec, &self.options)?;
        let mut output = BufferBuilder::new(self.options.pool.clone());
        output.reserve_exact(self.expected + SLACK)?;
        std::mem::swap(&mut output, &mut decoded.output);
        let (input, mut taken, mut size) = (self.input.as_slice(), 0, 0);
        let mut result = Ok(());
        while decoded.consumed < input.len() && result.is_ok() {
            let output = &mut decoded.output;
            let room = (output.capacity() - output.size()).max(1);
            result = output
                .append_with(room, |room| {
                    let step = frames.decode(&input[taken..], true, room)?;
                    taken += step.consumed;
                    Ok(step.produced)
                })
                .map(drop);
            if frames.is_between() {
                (decoded.consumed, size) = (taken, decoded.output.size());
            }
        }
        decoded.output.truncate(size);
        result
    }

    /// What came of it, once that is there.
    pub(super) fn take_decoded(&self) -> Option<Decoded> {
        let mut state = self.lock();
        match std::mem::replace(&mut *state, State::Taken) {
            State::Done(decoded) => Some(decoded),
            other => {
                *state = other;
                None
            }
        }
    }

    /// Waits until nobody is at it.
    pub(super) fn wait(&self) -> Result<()> {
        let mut state = self.lock();
        while matches!(*state, State::Taken) {
            check()?;
            state = wait(&self.decoded, state, None);
        }
        Ok(())
    }

    /// Nobody needs it: whoever comes has nothing to do, and what came of it is let go.
    pub(super) fn give_up(&self) {
        let mut state = self.lock();
        if !matches!(*state, State::Taken) {
            *state = State::Done(self.nothing());
        }
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.in_flight.fetch_sub(self.memory, Relaxed);
    }
}

/// While a thread is at it, which comes to an end in any case, for others wait for it.
struct Working<'a> {
    piece: &'a Piece,
    decoded: Decoded,
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        let mut decoded = self.piece.nothing();
        if !std::thread::panicking() {
            std::mem::swap(&mut decoded, &mut self.decoded);
        }
        *self.piece.lock() = State::Done(decoded);
        self.piece.decoded.notify_all();
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
