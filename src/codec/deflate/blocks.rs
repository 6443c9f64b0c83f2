//! Blocks that several threads deflate: each refers to the one before it, which is at hand, and ends at a whole byte. Together
//! they are one stream.

use super::format::{Format, Sum};
use super::zlib_ng::Deflater;
use super::{LARGEST_WINDOW, window_log};
use crate::codec::parallel_encoder::{Block, BlockEncoder};
use crate::codec::{Encoder, EncoderOptions, Goal};
use crate::error::Result;
use crate::memory::BufferBuilder;

pub(super) struct DeflateBlocks {
    format: Format,
    level: i32,
    options: EncoderOptions,
}

/// What the end of a block takes at most.
const END: usize = 16;

impl DeflateBlocks {
    pub(super) fn new(format: Format, options: &EncoderOptions, level: i32) -> Self {
        Self { format, level, options: options.clone() }
    }
}

impl BlockEncoder for DeflateBlocks {
    type Sum = Sum;
    const SIZE: usize = 256 << 10;
    const HISTORY: usize = 1 << LARGEST_WINDOW;

    fn compress(&self, block: &Block, output: &mut BufferBuilder) -> Result<Sum> {
        let data = block.data();
        let mut deflater = Deflater::new(Format::Deflate, &self.options, self.level)?;
        deflater.set_history(block.history())?;
        if block.is_first {
            output.append(self.format.header(self.level, window_log(&self.options)).as_slice())?;
        }
        let goal = if block.is_last { Goal::Finish } else { Goal::Flush };
        let (mut taken, mut finished) = (0, false);
        while !finished {
            output.append_with(data.len() / 2 - taken / 2 + END, |room| {
                let step = deflater.encode(&data[taken..], room, goal)?;
                (taken, finished) = (taken + step.consumed, step.finished);
                Ok(step.produced)
            })?;
        }
        Ok(self.format.sum(data))
    }

    fn join(&self, sum: &mut Sum, next: Sum, block: &Block, output: &mut BufferBuilder) -> Result<()> {
        *sum = self.format.join(*sum, next);
        if block.is_last { output.append(self.format.trailer(*sum).as_slice()) } else { Ok(()) }
    }
}
