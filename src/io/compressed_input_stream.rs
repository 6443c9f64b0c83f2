//! Streams that decompress on the way.

use super::Capabilities;
use super::file::{File, Over};
use super::stream::Stream;
use super::transfer::CHUNK;
use crate::codec::{Codec, DecoderOptions, Decompress, Step};
use crate::error::Result;
use std::mem::MaybeUninit;

/// A file that gives what `raw` holds, decompressed. Closing it closes `raw`.
pub fn compressed_input_stream(raw: &File, codec: &'static Codec, options: &DecoderOptions) -> Result<File> {
    input_stream_with_block_size(raw, codec, options, 0)
}

/// As `compressed_input_stream`, with small reads fetching `block_size` bytes at once, and at least so many at once of
/// `raw`.
pub(super) fn input_stream_with_block_size(
    raw: &File,
    codec: &'static Codec,
    options: &DecoderOptions,
    block_size: usize,
) -> Result<File> {
    raw.check_base(Capabilities::READ, "decompress")?;
    let stream = CompressedInputStream {
        raw: raw.clone(),
        piece: block_size.max(CHUNK),
        decompression: codec.decompression(options)?,
        wants: 0,
        produced: 0,
        is_finished: false,
    };
    File::new(stream, format_args!("{}", Over(codec.name(), raw)), &options.pool, block_size)
}

struct CompressedInputStream {
    raw: File,
    /// How much of it is read at once.
    piece: usize,
    decompression: Box<dyn Decompress>,
    /// So much of `raw` the next step is to see, unless less is left.
    wants: usize,
    /// Decompressed bytes given.
    produced: i64,
    is_finished: bool,
}

impl CompressedInputStream {
    /// One step: from what the file beneath has ready into `dst`.
    fn step(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<Step> {
        let least = self.wants.max(1);
        let mut decoded = Ok(Step::default());
        let decompression = &mut self.decompression;
        self.raw.consume_with(least, self.piece.max(least), |input| {
            decoded = decompression.decode(input, input.len() < least, dst);
            decoded.as_ref().map_or(0, |step| step.consumed)
        })?;
        decoded
    }
}

impl Stream for CompressedInputStream {
    fn capabilities(&self) -> Capabilities {
        Capabilities::READ
    }

    fn beneath(&self) -> Option<&File> {
        Some(&self.raw)
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        while !dst.is_empty() && !self.is_finished {
            let step = self.step(dst)?;
            self.wants = step.wants;
            self.is_finished = step.finished;
            if step.produced > 0 {
                self.produced += step.produced as i64;
                return Ok(step.produced);
            }
        }
        Ok(0)
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.produced)
    }

    fn raw_tell(&self) -> Option<i64> {
        Some(self.decompression.consumed() as i64)
    }
}
