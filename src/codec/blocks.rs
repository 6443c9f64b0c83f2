//! Formats of whole blocks: what the codecs of such formats have in common, where a block is compressed or decompressed by
//! one call, from memory in one piece into memory in one piece.

use super::held::Held;
use super::limits::too_much_memory;
use super::{Decoder, Encoder, Goal, Step};
use crate::error::Result;
use crate::memory::{BufferBuilder, Pool};
use std::mem::MaybeUninit;

/// What comes next in a frame of blocks.
pub(super) enum Next {
    /// Unknown as long as there are fewer bytes than this.
    Unknown(usize),
    /// So many bytes that nothing comes out of.
    Skip(usize),
    /// A block.
    Block {
        /// So long with its head.
        size: usize,
        /// At most so many bytes come out of it; where memory for them has to be got, no more than it can give.
        room: usize,
    },
    /// Nothing more of this frame.
    End,
}

/// How to read a format of blocks.
pub(super) trait ReadBlocks: Send {
    /// What `input` begins with.
    fn next(&mut self, input: &[u8]) -> Result<Next>;

    /// Decompresses a block, which comes with its head, into memory with room for it.
    fn decompress(&mut self, block: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<usize>;

    /// As `Decoder::may_end`, behind a block.
    fn may_end(&self, rest: &[u8]) -> bool;

    /// Another frame begins.
    fn restart(&mut self) {}
}

/// Decompresses block by block, into the caller's memory wherever the whole block has room there.
pub(super) struct BlockDecoder<F> {
    format: F,
    /// What had no room.
    held: Held,
    /// Bytes that are passed over.
    skip: usize,
    memory_limit: usize,
}

impl<F: ReadBlocks> BlockDecoder<F> {
    pub(super) fn new(format: F, pool: &Pool, memory_limit: usize) -> Self {
        Self { format, held: Held::new(pool), skip: 0, memory_limit }
    }

    fn decompress(&mut self, block: &[u8], room: usize, output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        if output.len() >= room {
            return self.format.decompress(block, &mut output[..room]);
        }
        if room > self.memory_limit {
            return Err(too_much_memory(room, self.memory_limit));
        }
        let format = &mut self.format;
        self.held.renew().append_with(room, |memory| format.decompress(block, memory))?;
        Ok(0)
    }
}

impl<F: ReadBlocks> Decoder for BlockDecoder<F> {
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        loop {
            step.produced += self.held.give(&mut output[step.produced..]);
            if !self.held.is_empty() {
                return Ok(());
            }
            let skipped = self.skip.min(input.len() - step.consumed);
            step.consumed += skipped;
            self.skip -= skipped;
            if self.skip > 0 {
                return Ok(());
            }
            let rest = &input[step.consumed..];
            match self.format.next(rest)? {
                Next::End => {
                    step.finished = true;
                    return Ok(());
                }
                Next::Unknown(wants) => {
                    step.wants = if step.consumed + step.produced == 0 { wants } else { 0 };
                    return Ok(());
                }
                Next::Skip(size) => self.skip = size,
                Next::Block { .. } if step.produced == output.len() => return Ok(()),
                Next::Block { size, .. } if rest.len() < size => {
                    step.wants = if step.consumed + step.produced == 0 { size } else { 0 };
                    return Ok(());
                }
                Next::Block { size, room } => {
                    step.produced += self.decompress(&rest[..size], room, &mut output[step.produced..])?;
                    step.consumed += size;
                }
            }
        }
    }

    fn restart(&mut self) -> Result<()> {
        self.held.renew();
        self.skip = 0;
        self.format.restart();
        Ok(())
    }

    fn may_end(&self, rest: &[u8]) -> bool {
        self.skip == 0 && self.held.is_empty() && self.format.may_end(rest)
    }
}

/// How to write a format of blocks.
pub(super) trait WriteBlocks: Send {
    /// Blocks are at most so long, and so long unless they are flushed.
    const BLOCK: usize;

    /// At most so many bytes come of each call below, with `size` bytes of input.
    fn bound(&self, size: usize) -> usize;

    /// What the frame begins with.
    fn begin(&mut self, output: &mut [MaybeUninit<u8>]) -> Result<usize>;

    /// One block.
    fn block(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<usize>;

    /// What the frame ends with.
    fn end(&mut self, output: &mut [MaybeUninit<u8>]) -> Result<usize>;
}

/// Compresses block by block, from the caller's memory into the caller's memory wherever a whole block has room there.
pub(super) struct BlockEncoder<F> {
    format: F,
    /// The beginning of a block.
    gathered: BufferBuilder,
    /// What had no room.
    held: Held,
    /// What it has come to since the last input.
    reached: Goal,
}

impl<F: WriteBlocks> BlockEncoder<F> {
    pub(super) fn new(mut format: F, pool: &Pool) -> Result<Self> {
        let mut held = Held::new(pool);
        held.renew().append_with(format.bound(0), |memory| format.begin(memory))?;
        Ok(Self { format, gathered: BufferBuilder::new(pool.clone()), held, reached: Goal::Continue })
    }

    /// Gathers a block, or compresses one; gives how much of `input` was taken.
    fn take(&mut self, input: &[u8], goal: Goal, output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        self.reached = Goal::Continue;
        let taken = input.len().min(F::BLOCK - self.gathered.size());
        if self.gathered.size() == 0 && (taken == F::BLOCK || goal != Goal::Continue) {
            step.produced += self.put(output, taken, |format, room| format.block(&input[..taken], room))?;
        } else {
            self.gathered.append(&input[..taken])?;
            if self.gathered.size() == F::BLOCK {
                step.produced += self.put_gathered(output)?;
            }
        }
        step.consumed += taken;
        Ok(())
    }

    /// Works towards the goal; all input has been taken.
    fn come_to(&mut self, goal: Goal, output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        if self.gathered.size() > 0 {
            return self.put_gathered(output);
        }
        self.reached = goal;
        if goal == Goal::Finish { self.put(output, 0, F::end) } else { Ok(0) }
    }

    fn put_gathered(&mut self, output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let mut gathered = std::mem::replace(&mut self.gathered, BufferBuilder::new(self.held.pool().clone()));
        let block = gathered.as_slice();
        let result = self.put(output, block.len(), |format, room| format.block(block, room));
        gathered.truncate(0);
        self.gathered = gathered;
        result
    }

    /// Has `write` put out what comes of `size` bytes.
    fn put(
        &mut self,
        output: &mut [MaybeUninit<u8>],
        size: usize,
        write: impl FnOnce(&mut F, &mut [MaybeUninit<u8>]) -> Result<usize>,
    ) -> Result<usize> {
        let bound = self.format.bound(size);
        if output.len() >= bound {
            return write(&mut self.format, &mut output[..bound]);
        }
        let format = &mut self.format;
        self.held.renew().append_with(bound, |memory| write(format, memory))?;
        Ok(0)
    }
}

impl<F: WriteBlocks> Encoder for BlockEncoder<F> {
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step> {
        let mut step = Step::default();
        loop {
            step.produced += self.held.give(&mut output[step.produced..]);
            if !self.held.is_empty() {
                return Ok(step);
            }
            let (rest, room) = (&input[step.consumed..], step.produced);
            if !rest.is_empty() {
                self.take(rest, goal, &mut output[room..], &mut step)?;
            } else if self.reached < goal {
                step.produced += self.come_to(goal, &mut output[room..])?;
            } else {
                step.finished = true;
                return Ok(step);
            }
        }
    }
}
