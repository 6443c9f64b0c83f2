//! Frames decompressed by several threads, given in order.

mod backoff;
mod cutter;
mod piece;

use super::frames::FrameSequence;
use super::held::Held;
use super::options::MOST_THREADS;
use super::{Codec, DecoderOptions, Decompress, Step};
use crate::error::Result;
use crate::shared::{Shared, try_vec};
use crate::task::{Executor, Job, Process};
use backoff::Backoff;
use cutter::{Cut, Cutter, Frames, Sizes};
use piece::{Decoded, Piece};
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[cfg(test)]
mod tests;

pub(super) use cutter::{End, FindEnd};

/// So much is taken in before it is looked where to cut it.
const CHUNK: usize = 64 << 10;

/// What the bytes mean is for a `FrameSequence` alone to say. Pieces are decompressed ahead as if it had come to them; where
/// one begins at the very place that it has come to and is whole and right, what came of it is passed by. All else it
/// decompresses by itself: what is too large, cut at the wrong place, damaged, or over a limit.
pub(super) struct ParallelDecoder {
    codec: &'static Codec,
    options: DecoderOptions,
    frames: FrameSequence,
    executor: Executor,
    /// What is decompressed ahead. The first piece begins where `frames` is.
    pieces: VecDeque<Shared<Job<Piece>>>,
    sizes: Sizes,
    /// So many pieces there may be.
    window: usize,
    /// The memory of all pieces that there are, also of those given up that threads are still at.
    in_flight: Shared<AtomicUsize>,
    backoff: Backoff,
    /// What came of the first piece.
    ready: Option<Ready>,
    /// What is behind the pieces.
    cutter: Cutter,
    /// What the cutter holds cannot be cut.
    is_held: bool,
    /// Up to the end of a frame `frames` goes on by itself.
    is_serial: bool,
    /// So much of the first piece is done with.
    done: usize,
    process: Process,
}

/// Whole frames that are decompressed.
struct Ready {
    output: Held,
    /// So many bytes came out, of so many compressed ones.
    size: usize,
    consumed: usize,
}

impl ParallelDecoder {
    pub(super) fn new(codec: &'static Codec, options: &DecoderOptions, find_end: FindEnd) -> Result<Self> {
        Self::with_sizes(codec, options, find_end, Sizes::DEFAULT)
    }

    fn with_sizes(codec: &'static Codec, options: &DecoderOptions, find_end: FindEnd, sizes: Sizes) -> Result<Self> {
        let threads = options.threads.min(MOST_THREADS);
        // Each thread has a piece that it is at and one that comes next.
        let window = 2 * threads;
        let sizes = sizes.within(options.memory_limit);
        Ok(Self {
            codec,
            options: options.clone(),
            frames: FrameSequence::new(codec, options)?,
            executor: Executor::new(threads)?,
            pieces: VecDeque::from(try_vec(window)?),
            sizes,
            window,
            in_flight: Shared::try_new(AtomicUsize::new(0))?,
            backoff: Backoff::new(window),
            ready: None,
            cutter: Cutter::new(codec, find_end, sizes, &options.pool),
            is_held: false,
            is_serial: false,
            done: 0,
            process: Process::here(),
        })
    }

    /// In a child of a fork a thread that is not there may be at a piece for ever.
    fn is_forked(&self) -> bool {
        !self.process.is_here()
    }

    /// Takes in and hands over as much as there is room for; gives how much it took.
    fn take_in(&mut self, input: &[u8], is_last: bool) -> usize {
        let mut taken = 0;
        while !self.is_held && self.pieces.len() < self.window {
            let rest = &input[taken..];
            let is_all = is_last && rest.is_empty();
            match self.cutter.cut(is_all) {
                // A single piece is nothing that threads could share.
                Cut::Piece(frames) if is_all && self.pieces.is_empty() && frames.size == self.cutter.rest().len() => {
                    self.is_held = true;
                }
                Cut::Piece(frames) if !self.has_room(&frames) => {
                    // Pieces that were given up may be all that there is room for.
                    self.is_held = self.pieces.is_empty();
                    break;
                }
                // Without memory for it nothing is done ahead.
                Cut::Piece(frames) => self.is_held = self.hand_over(frames).is_err(),
                Cut::None => self.is_held = true,
                Cut::More if rest.is_empty() => break,
                Cut::More => {
                    let next = &rest[..rest.len().min(CHUNK)];
                    match self.cutter.append(next) {
                        Ok(()) => taken += next.len(),
                        Err(_) => self.is_held = true,
                    }
                }
            }
        }
        taken
    }

    /// Whether there may be another piece beside those that there are.
    fn has_room(&self, frames: &Frames) -> bool {
        self.in_flight.load(Relaxed).saturating_add(frames.memory(self.sizes)) <= self.options.memory_limit
    }

    fn hand_over(&mut self, frames: Frames) -> Result<()> {
        let before: usize = self.pieces.iter().map(|piece| piece.work.input.size()).sum();
        let room = self.frames.room(before + frames.size);
        let input = self.cutter.copy(frames.size)?;
        let piece = Piece::new(self.codec, &self.options, input, frames, self.sizes, room, &self.in_flight);
        self.pieces.push_back(Job::submit(piece, &self.executor)?);
        self.cutter.pass_piece(frames.size);
        Ok(())
    }

    /// Looks what came of the first piece, and waits for it if it may.
    fn look_at_first(&mut self, may_wait: bool) -> Result<()> {
        loop {
            let Some(first) = self.pieces.front() else { return Ok(()) };
            if let Some(decoded) = first.take() {
                self.accept(decoded);
                return Ok(());
            }
            if !may_wait {
                return Ok(());
            }
            if !first.run_unless_begun() {
                first.wait()?;
            }
        }
    }

    /// What came of the first piece is given if the limits allow all of it.
    fn accept(&mut self, decoded: Option<Decoded>) {
        match decoded {
            Some(Decoded { output, consumed })
                if consumed > 0 && output.size() as u64 <= self.frames.room(consumed) =>
            {
                self.ready = Some(Ready { size: output.size(), output: Held::from(output), consumed });
            }
            _ => self.fail(),
        }
    }

    /// What was done ahead is of no use.
    fn fail(&mut self) {
        self.is_serial = true;
        self.backoff.failed();
    }

    /// Gives of what is ready.
    fn give(&mut self, output: &mut [MaybeUninit<u8>]) -> usize {
        let Some(ready) = &mut self.ready else { return 0 };
        let count = ready.output.give(output);
        if ready.output.is_empty() {
            self.frames.pass(ready.consumed, ready.size);
            self.done = ready.consumed;
            self.ready = None;
            match self.pieces.front() {
                Some(first) if self.done < first.work.input.size() => self.fail(),
                _ => {
                    self.backoff.succeeded();
                    self.pieces.pop_front();
                    self.done = 0;
                }
            }
        }
        count
    }

    /// Gives back to the cutter what was handed over.
    fn take_back(&mut self) -> Result<()> {
        if self.pieces.is_empty() {
            return Ok(());
        }
        if !self.is_forked() {
            self.pieces.iter().for_each(|piece| {
                piece.give_up();
                drop(piece.take());
            });
        }
        self.cutter.put_back(self.done, self.pieces.iter().map(|piece| piece.work.input.as_slice()))?;
        self.pieces.clear();
        self.done = 0;
        Ok(())
    }

    /// Goes on without help, first with what was taken in.
    fn decode_serially(&mut self, input: &[u8], is_last: bool, output: &mut [MaybeUninit<u8>]) -> Result<Step> {
        self.take_back()?;
        let rest = self.cutter.rest();
        let was_between = self.frames.is_between();
        let mut step = if rest.is_empty() {
            self.frames.decode(input, is_last, output)?
        } else {
            self.frames.decode(rest, is_last && input.is_empty(), output)?
        };
        let is_behind_frame = self.frames.is_between() && (!was_between || step.consumed > 0);
        if is_behind_frame && self.backoff.is_over() {
            (self.is_serial, self.is_held) = (false, false);
        }
        if rest.is_empty() {
            return Ok(step);
        }
        if step.wants > rest.len() {
            let more = &input[..input.len().min(step.wants - rest.len())];
            self.cutter.append(more)?;
            return Ok(Step { consumed: more.len(), ..Step::default() });
        }
        self.cutter.pass(std::mem::take(&mut step.consumed));
        step.wants = 0;
        Ok(step)
    }
}

impl Decompress for ParallelDecoder {
    /// In one call it either takes something in or waits, so that what fails has taken nothing.
    fn decode(&mut self, input: &[u8], is_last: bool, output: &mut [MaybeUninit<u8>]) -> Result<Step> {
        if self.ready.is_none() && self.is_forked() {
            self.is_serial = true;
        }
        if self.ready.is_none() && self.is_serial {
            return self.decode_serially(input, is_last, output);
        }
        let is_ahead = !self.is_serial && !self.is_forked();
        let consumed = if is_ahead { self.take_in(input, is_last) } else { 0 };
        if self.ready.is_none() {
            self.is_serial = consumed == 0 && self.pieces.is_empty();
            self.look_at_first(consumed == 0)?;
        }
        let produced = self.give(output);
        Ok(Step { consumed, produced, ..Step::default() })
    }

    fn consumed(&self) -> u64 {
        self.frames.consumed()
    }
}

impl Drop for ParallelDecoder {
    fn drop(&mut self) {
        self.executor.shut_down();
    }
}
