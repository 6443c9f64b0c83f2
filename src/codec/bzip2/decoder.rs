//! A stream of bzip2, decompressed block by block: those that lie ahead by threads, if there are any.

use super::block::{Block, Stop, damaged};
use super::cutter::{Cut, Cutter};
use super::piece::{Decoded, Piece};
use super::{HEADER_BITS, MARK_BITS};
use crate::codec::held::Held;
use crate::codec::options::MOST_THREADS;
use crate::codec::{Checkpoint, Decoder, DecoderOptions, Step};
use crate::error::Result;
use crate::memory::BufferBuilder;
use crate::shared::{Shared, try_vec};
use crate::sys::uninterrupted;
use crate::task::{Executor, Job, Process};
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::ops::Range;

/// So often what looks like a mark within a block may be none. By chance that happens once in the lifetime of nobody; data
/// that are made so would take for ever.
const MOST_FALSE_MARKS: usize = 64;

pub(super) struct Bzip2Decoder {
    options: DecoderOptions,
    /// Threads, of this process only.
    executor: Option<Executor>,
    process: Process,
    /// So many blocks may lie ahead.
    window: usize,
    cutter: Cutter,
    /// The blocks that lie ahead, as far as can be told.
    pieces: VecDeque<(Range<usize>, Option<Ahead>)>,
    /// What is given next.
    current: Current,
    /// Memory for a block, of a level.
    block: Option<(usize, Block)>,
    /// That of the stream; 0: it is not known yet.
    level: usize,
    /// The checksum of the blocks so far.
    checksum: u32,
    false_marks: usize,
    /// Whether it stops behind blocks. Then none is cut before the one in front of it is given.
    stops: bool,
}

enum Current {
    Nothing,
    /// What a thread has decompressed, and its checksum.
    Decoded(Held, u32),
    /// The block itself.
    Block,
}

/// A block that may be decompressed ahead.
type Ahead = Shared<Job<Piece>>;

/// What comes next.
enum Next {
    /// It can be gone on.
    Ahead,
    End,
    /// More input is needed to tell.
    Unknown,
}

impl Bzip2Decoder {
    pub(super) fn new(options: &DecoderOptions) -> Result<Self> {
        let threads = options.threads.min(MOST_THREADS);
        // Each thread has a block that it is at and one that comes next.
        let window = (2 * threads).max(1);
        Ok(Self {
            options: options.clone(),
            executor: if threads == 0 { None } else { Some(Executor::new(threads)?) },
            process: Process::here(),
            window,
            cutter: new_cutter(options),
            pieces: VecDeque::from(try_vec(window)?),
            current: Current::Nothing,
            block: None,
            level: 0,
            checksum: 0,
            false_marks: 0,
            stops: false,
        })
    }

    /// Takes in as much as there is room for, and looks where its blocks are; gives how much.
    fn take_in(&mut self, input: &[u8]) -> Result<usize> {
        let mut taken = 0;
        let window = if self.stops { 1 } else { self.window };
        while self.pieces.len() < window {
            self.read_header()?;
            match self.cutter.cut(self.most_bits()) {
                Cut::Block(bits) => self.add(bits),
                Cut::More(most) if taken < input.len() => taken += self.cutter.take_in(&input[taken..], most)?,
                Cut::More(_) | Cut::End(_) | Cut::Lost => break,
            }
        }
        // What is behind the stream is not for us.
        Ok(taken - self.cutter.give_back(taken))
    }

    /// More bits than this no block has: for each symbol the longest code, and as much as there can be in front.
    fn most_bits(&self) -> usize {
        self.level * 100_000 * 20 + (64 << 13)
    }

    /// Reads the header, once it is there.
    fn read_header(&mut self) -> Result<()> {
        if self.level > 0 {
            return Ok(());
        }
        match self.cutter.header() {
            Some([b'B', b'Z', b'h', level @ b'1'..=b'9']) => self.level = usize::from(level - b'0'),
            Some(_) => return Err(damaged("it has no header")),
            None => {}
        }
        Ok(())
    }

    /// Where there is no memory for it, or no thread, it is decompressed when it is come to.
    fn add(&mut self, bits: Range<usize>) {
        let executor = self.executor.as_ref().filter(|_| self.process.is_here());
        let piece = executor.and_then(|executor| {
            let piece = Piece::new(&self.options, self.level, &self.cutter, &bits).ok()?;
            Job::submit(piece, executor).ok()
        });
        self.pieces.push_back((bits, piece));
    }

    /// Comes to the next block, which may be waited for.
    fn advance(&mut self, may_wait: bool) -> Result<Next> {
        let Some((bits, piece)) = self.pieces.front() else { return self.advance_behind_pieces(may_wait) };
        let (bits, piece) = (bits.clone(), piece.clone());
        if let Some(piece) = piece.filter(|_| self.process.is_here()) {
            let decoded = if may_wait { Some(self.wait_for(&piece)?) } else { piece.take() };
            let Some(decoded) = decoded else { return Ok(Next::Unknown) };
            if let Some(Decoded { output, checksum }) = decoded.flatten() {
                self.current = Current::Decoded(Held::from(output), checksum);
                self.pass(bits.end);
                return Ok(Next::Ahead);
            }
        }
        match self.read(&bits)? {
            Some(end) if end == bits.end => self.pass(end),
            Some(end) => self.cut_again(|cutter| cutter.expect(end)),
            None => {
                self.false_marks += 1;
                if self.false_marks > MOST_FALSE_MARKS || bits.len() > self.most_bits() {
                    return Err(damaged("a block does not end"));
                }
                self.cut_again(|cutter| cutter.extend(&bits));
                return Ok(Next::Ahead);
            }
        }
        self.current = Current::Block;
        Ok(Next::Ahead)
    }

    /// What comes of a piece; helps with others while a thread is at it. Where none is, nothing: the block is to be
    /// decompressed to where it belongs. The wait takes as long as a block does, so it is not interrupted.
    fn wait_for(&self, piece: &Job<Piece>) -> Result<Option<Option<Decoded>>> {
        piece.give_up();
        loop {
            if let Some(decoded) = piece.take() {
                return Ok(decoded);
            }
            uninterrupted(|| piece.wait())?;
        }
    }

    /// The first piece is done with.
    fn pass(&mut self, end: usize) {
        self.pieces.pop_front();
        self.cutter.pass(end);
        self.false_marks = 0;
    }

    /// What was cut was cut at wrong places.
    fn cut_again(&mut self, cut: impl FnOnce(&mut Cutter)) {
        self.drop_pieces();
        cut(&mut self.cutter);
    }

    fn drop_pieces(&mut self) {
        // A thread that is not there in a child of a fork may be at one.
        if self.process.is_here() {
            self.pieces.iter().filter_map(|(_, piece)| piece.as_ref()).for_each(|piece| piece.give_up());
        }
        self.pieces.clear();
    }

    /// Reads a block; gives where it ends, if within these bits.
    fn read(&mut self, bits: &Range<usize>) -> Result<Option<usize>> {
        if !matches!(&self.block, Some((level, _)) if *level == self.level) {
            self.block = None;
            let block = Block::new(&self.options.pool, self.options.memory_limit, self.level)?;
            self.block = Some((self.level, block));
        }
        let Some((_, block)) = &mut self.block else { return Ok(None) };
        let mut reader = self.cutter.bits(bits);
        let before = reader.at();
        match block.read(&mut reader) {
            Ok(()) => Ok(Some(bits.start + reader.at() - before)),
            Err(Stop::Short) => Ok(None),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// Where no block is known to be complete.
    fn advance_behind_pieces(&mut self, is_all: bool) -> Result<Next> {
        match self.cutter.cut(self.most_bits()) {
            Cut::Lost => Err(damaged("behind a block comes neither another one nor the end")),
            Cut::End(at) => self.check_end(at),
            Cut::Block(bits) => {
                self.add(bits);
                Ok(Next::Ahead)
            }
            Cut::More(_) => match self.cutter.open {
                // The last block of data that are cut off may be there, though nothing says so.
                Some(start) if is_all && self.level > 0 => self.advance_at_cut(start),
                _ => Ok(Next::Unknown),
            },
        }
    }

    fn advance_at_cut(&mut self, start: usize) -> Result<Next> {
        let bits = start..self.cutter.taken_bits();
        let Some(end) = self.read(&bits)? else { return Ok(Next::Unknown) };
        self.cutter.expect(end);
        self.current = Current::Block;
        Ok(Next::Ahead)
    }

    fn check_end(&mut self, at: usize) -> Result<Next> {
        let place = at + MARK_BITS;
        let expected = self.cutter.bits(&(place..place + 32)).take(32);
        if expected == self.checksum {
            return Ok(Next::End);
        }
        Err(damaged(format_args!("the stream has checksum {:#x}, not {expected:#x}", self.checksum)))
    }

    /// Gives of what is decompressed.
    fn give(&mut self, output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        let room = &mut output[step.produced..];
        let checksum = match (&mut self.current, &mut self.block) {
            (Current::Decoded(output, checksum), _) => {
                step.produced += output.give(room);
                if !output.is_empty() {
                    return Ok(());
                }
                *checksum
            }
            (Current::Block, Some((_, block))) => {
                step.produced += block.write(room);
                if !block.is_written() {
                    return Ok(());
                }
                block.checksum()?
            }
            _ => return Ok(()),
        };
        self.checksum = self.checksum.rotate_left(1) ^ checksum;
        self.current = Current::Nothing;
        Ok(())
    }
}

/// One that looks for the first mark, which is behind the header.
fn new_cutter(options: &DecoderOptions) -> Cutter {
    let mut cutter = Cutter::new(&options.pool);
    cutter.expect(HEADER_BITS);
    cutter
}

impl Decoder for Bzip2Decoder {
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        loop {
            self.give(output, step)?;
            let is_behind_block = step.produced > 0 && matches!(self.current, Current::Nothing);
            if step.produced == output.len() || self.stops && is_behind_block {
                return Ok(());
            }
            step.consumed += self.take_in(&input[step.consumed..])?;
            let may_wait = step.consumed == 0 || step.consumed < input.len();
            match self.advance(may_wait)? {
                Next::Ahead => {}
                Next::Unknown => return Ok(()),
                Next::End => {
                    step.finished = true;
                    return Ok(());
                }
            }
        }
    }

    fn restart(&mut self) -> Result<()> {
        self.drop_pieces();
        self.cutter = new_cutter(&self.options);
        self.current = Current::Nothing;
        (self.level, self.checksum, self.false_marks) = (0, 0, 0);
        Ok(())
    }

    fn stop_at_checkpoints(&mut self, stop: bool) {
        self.stops = stop;
    }

    /// Its window is what is known of the stream: the level, at which bit the mark of the next block begins, the checksum so
    /// far, and the bytes of that mark.
    fn checkpoint(&mut self) -> Result<Option<Checkpoint>> {
        if !matches!(self.current, Current::Nothing) || !self.pieces.is_empty() {
            return Ok(None);
        }
        let Some((bit, mark)) = self.cutter.open_mark() else { return Ok(None) };
        let mut window = BufferBuilder::new(self.options.pool.clone());
        window.append(&[self.level as u8, bit])?;
        window.append(&self.checksum.to_le_bytes())?;
        window.append(mark)?;
        Ok(Some(Checkpoint { bits: 0, byte: 0, window: window.finish()?, checksum: 0, size: 0 }))
    }

    fn resume(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        self.restart()?;
        let &[level @ 1..=9, bit @ 0..=7, a, b, c, d, ref mark @ ..] = checkpoint.window.as_slice() else {
            return Err(damaged("the index has no checkpoint of it"));
        };
        self.cutter.take_in(mark, mark.len())?;
        self.cutter.expect(bit.into());
        (self.level, self.checksum) = (level.into(), u32::from_le_bytes([a, b, c, d]));
        Ok(())
    }
}

impl Drop for Bzip2Decoder {
    fn drop(&mut self) {
        self.drop_pieces();
        if let Some(executor) = &self.executor {
            executor.shut_down();
        }
    }
}
