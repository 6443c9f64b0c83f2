//! Whole pieces of memory, compressed and decompressed by one call.

use super::options::{DecoderOptions, EncoderOptions};
use super::{Block, Codec, Goal};
use crate::error::{ErrorKind, Result, error};
use crate::memory::{Buffer, BufferBuilder};
use std::mem::MaybeUninit;

/// Compresses at a level; gives how many bytes came out.
pub(super) type Compress = fn(&EncoderOptions, i32, &[u8], &mut [MaybeUninit<u8>]) -> Result<usize>;
/// Decompresses; gives how many bytes came out. CAPACITY_ERROR where there is no room for all.
pub(super) type Decompress = fn(&DecoderOptions, &[u8], &mut [MaybeUninit<u8>]) -> Result<usize>;

/// Output whose size is not known grows from this.
const FIRST: usize = 64 << 10;

/// What was done to a piece of compressed memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decompressed {
    /// Compressed bytes done with; fewer than there are only with `Trailing::Ignore` and `Trailing::Leave`.
    pub consumed: usize,
    /// Bytes that came out.
    pub produced: usize,
}

impl Codec {
    /// Compresses all of `input` into `output`, and gives how many bytes came out.
    pub fn compress(&self, options: &EncoderOptions, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        if let Some(block) = &self.block {
            return (block.compress)(options, self.check(options)?, input, output);
        }
        let mut encoder = self.encoder(options)?;
        let (mut taken, mut size) = (0, 0);
        // Some find out that they are done only where there is room for more.
        let mut beyond = [MaybeUninit::uninit()];
        loop {
            let is_full = size == output.len();
            let room = if is_full { &mut beyond } else { &mut output[size..] };
            let step = encoder.encode(&input[taken..], room, Goal::Finish)?;
            if is_full && step.produced > 0 {
                break;
            }
            taken += step.consumed;
            size += step.produced;
            if step.finished {
                return Ok(size);
            }
        }
        Err(error!(
            CapacityError,
            "{} bytes do not fit {} when compressed by {}; {} are always enough",
            input.len(),
            output.len(),
            self.name(),
            self.max_compressed_size(input.len() as u64)
        ))
    }

    /// Compresses all of `input` into memory of the options' pool.
    pub fn compress_to_buffer(&self, options: &EncoderOptions, input: &[u8]) -> Result<Buffer> {
        let mut output = BufferBuilder::new(options.pool.clone());
        if self.block.is_some() {
            let most = usize::try_from(self.max_compressed_size(input.len() as u64)).unwrap_or(usize::MAX);
            output.append_with(most, |room| self.compress(options, input, room))?;
            return output.finish();
        }
        let mut encoder = self.encoder(options)?;
        let mut taken = 0;
        loop {
            let mut finished = false;
            output.append_with(output.size().max(FIRST), |room| {
                let step = encoder.encode(&input[taken..], room, Goal::Finish)?;
                taken += step.consumed;
                finished = step.finished;
                Ok(step.produced)
            })?;
            if finished {
                return output.finish();
            }
        }
    }

    /// Decompresses `input` into `output`, which must have room for all that comes out.
    pub fn decompress(
        &'static self,
        options: &DecoderOptions,
        input: &[u8],
        output: &mut [MaybeUninit<u8>],
    ) -> Result<Decompressed> {
        if let Some(block) = &self.block {
            let produced = (block.decompress)(options, input, output)?;
            return Ok(Decompressed { consumed: input.len(), produced });
        }
        let mut decompression = self.decompression(options)?;
        let mut done = Decompressed::default();
        let mut beyond = [MaybeUninit::uninit()];
        loop {
            let is_full = done.produced == output.len();
            let room = if is_full { &mut beyond } else { &mut output[done.produced..] };
            let step = decompression.decode(&input[done.consumed..], true, room)?;
            if is_full && step.produced > 0 {
                return Err(no_room(self.name(), output.len()));
            }
            done.consumed += step.consumed;
            done.produced += step.produced;
            if step.finished {
                return Ok(done);
            }
        }
    }

    /// Decompresses `input` into memory of the options' pool; gives also how much of it is done with.
    pub fn decompress_to_buffer(&'static self, options: &DecoderOptions, input: &[u8]) -> Result<(Buffer, usize)> {
        if let Some(block) = &self.block {
            return Ok((decompress_block(block, options, input)?, input.len()));
        }
        let mut decompression = self.decompression(options)?;
        let mut output = BufferBuilder::new(options.pool.clone());
        let (mut consumed, mut finished) = (0, false);
        while !finished {
            output.append_with(output.size().max(FIRST), |room| {
                let step = decompression.decode(&input[consumed..], true, room)?;
                consumed += step.consumed;
                finished = step.finished;
                Ok(step.produced)
            })?;
        }
        Ok((output.finish()?, consumed))
    }
}

/// Where the data do not say how much comes out, it is tried with more and more room.
fn decompress_block(block: &Block, options: &DecoderOptions, input: &[u8]) -> Result<Buffer> {
    let most = usize::try_from(options.max_output).unwrap_or(usize::MAX);
    let told = (block.decompressed_size)(input)?;
    let mut room = told.map_or(input.len().saturating_mul(4).max(FIRST), |size| size as usize).min(most);
    let mut output = BufferBuilder::new(options.pool.clone());
    loop {
        match output.append_with(room, |memory| (block.decompress)(options, input, memory)) {
            Err(error) if error.kind() == ErrorKind::CapacityError && told.is_none() && room < most => {
                room = room.saturating_mul(2).min(most);
            }
            done => {
                done?;
                return output.finish();
            }
        }
    }
}

/// There is more than the caller has room for.
#[cold]
pub(super) fn no_room(name: &str, room: usize) -> crate::error::Error {
    error!(CapacityError, "the {name} data decompress to more than the {room} bytes that there is room for")
}
