//! A block that is decompressed ahead.

use super::bits::Bits;
use super::block::Block;
use super::cutter::Cutter;
use crate::codec::DecoderOptions;
use crate::error::Result;
use crate::memory::{Buffer, BufferBuilder};
use crate::task::Work;
use std::ops::Range;

/// A block out of which more bytes come is not decompressed ahead. Most give less than a MiB, the largest 46.
const MOST: usize = 4 << 20;

/// One block, as far as could be told.
pub(super) struct Piece {
    options: DecoderOptions,
    level: usize,
    bytes: Buffer,
    /// The block's bits among them.
    bits: Range<usize>,
}

/// What came of a block that is right and where it was thought to be.
pub(super) struct Decoded {
    pub(super) output: BufferBuilder,
    pub(super) checksum: u32,
}

impl Piece {
    pub(super) fn new(options: &DecoderOptions, level: usize, cutter: &Cutter, bits: &Range<usize>) -> Result<Self> {
        let bytes = Buffer::copy_of(&options.pool, cutter.bytes(bits))?;
        let first = bits.start % 8;
        Ok(Self { options: options.clone(), level, bytes, bits: first..first + bits.len() })
    }
}

impl Work for Piece {
    type Output = Option<Decoded>;

    /// Whatever is wrong shows where it is come to without haste.
    fn run(&self) -> Option<Decoded> {
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
}
