//! Pieces that several threads compress, each to a stream of its own.

use super::Bzip2Encoder;
use crate::codec::parallel_encoder::{Block, BlockEncoder};
use crate::codec::{Encoder, EncoderOptions, Goal};
use crate::error::Result;
use crate::memory::BufferBuilder;

pub(super) struct Bzip2Blocks {
    options: EncoderOptions,
    level: i32,
}

/// What a stream takes beside what comes of its bytes.
const FRAME: usize = 64;

impl Bzip2Blocks {
    pub(super) fn new(options: &EncoderOptions, level: i32) -> Self {
        Self { options: options.clone(), level }
    }
}

impl BlockEncoder for Bzip2Blocks {
    type Sum = ();
    /// A little less than the largest block, in which four equal bytes become five.
    const SIZE: usize = 890_000;
    const HISTORY: usize = 0;

    fn compress(&self, block: &Block, output: &mut BufferBuilder) -> Result<()> {
        let data = block.data();
        if data.is_empty() && !block.is_first {
            return Ok(());
        }
        let mut encoder = Bzip2Encoder::new(&self.options, self.level)?;
        let (mut taken, mut finished) = (0, false);
        while !finished {
            output.append_with(data.len() / 4 + FRAME, |room| {
                let step = encoder.encode(&data[taken..], room, Goal::Finish)?;
                (taken, finished) = (taken + step.consumed, step.finished);
                Ok(step.produced)
            })?;
        }
        Ok(())
    }

    fn join(&self, (): &mut (), (): (), _: &Block, _: &mut BufferBuilder) -> Result<()> {
        Ok(())
    }
}
