//! Whole pieces of memory, compressed and decompressed by one call.

use super::options::{DecoderOptions, EncoderOptions};
use super::{Block, Codec, Goal};
use crate::error::{Error, ErrorKind, Result, error};
use crate::memory::{Buffer, BufferBuilder};
use std::mem::MaybeUninit;

/// Compresses at a level; gives how many bytes came out. `None`: there is no room for all.
pub(super) type Compress = fn(&EncoderOptions, i32, &[u8], &mut [MaybeUninit<u8>]) -> Result<Option<usize>>;
/// Decompresses; gives how many bytes came out. CAPACITY_ERROR where there is no room for all.
pub(super) type Decompress = fn(&DecoderOptions, &[u8], &mut [MaybeUninit<u8>]) -> Result<usize>;

/// Output whose size is not known grows from this.
const FIRST: usize = 64 << 10;

/// In so many bytes a frame tells its size, if it does.
const FRAME_HEADER: usize = 18;
/// A frame is believed to decompress to so many times its size.
const MOST_RATIO: u64 = 1 << 10;

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
            let room = output.len();
            let size = (block.compress)(options, self.check(options)?, input, output)?;
            return size.ok_or_else(|| self.does_not_fit(input.len(), room));
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
        Err(self.does_not_fit(input.len(), output.len()))
    }

    #[cold]
    fn does_not_fit(&self, size: usize, room: usize) -> Error {
        error!(
            CapacityError,
            "{size} bytes do not fit {room} when compressed by {}; {} are always enough",
            self.name(),
            self.max_compressed_size(size as u64)
        )
    }

    /// Compresses all of `input` into memory of the options' pool.
    pub fn compress_to_buffer(&self, options: &EncoderOptions, input: &[u8]) -> Result<Buffer> {
        let mut output = BufferBuilder::new(options.pool.clone());
        let most = usize::try_from(self.max_compressed_size(input.len() as u64)).unwrap_or(usize::MAX);
        if self.block.is_some() {
            output.append_with(most, |room| self.compress(options, input, room))?;
            return output.finish();
        }
        // With room for all, it need not be put together elsewhere first.
        let _ = output.reserve_exact(most);
        let mut encoder = self.encoder(options)?;
        let mut taken = 0;
        loop {
            let mut finished = false;
            output.append_with(room_for_more(&output), |room| {
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
        if let Some(other) = self.instead.and_then(|instead| instead(input)) {
            return other.decompress(options, input, output);
        }
        if let Some(block) = &self.block {
            let produced = (block.decompress)(options, input, output)?;
            return Ok(Decompressed { consumed: input.len(), produced });
        }
        let mut decompression = self.decompression(options)?;
        let mut done = Decompressed::default();
        let mut taken = 0;
        let mut beyond = [MaybeUninit::uninit()];
        loop {
            let is_full = done.produced == output.len();
            let room = if is_full { &mut beyond } else { &mut output[done.produced..] };
            let step = decompression.decode(&input[taken..], true, room)?;
            if is_full && step.produced > 0 {
                return Err(no_room(self.name(), output.len()));
            }
            taken += step.consumed;
            done.produced += step.produced;
            if step.finished {
                done.consumed = decompression.consumed() as usize;
                return Ok(done);
            }
        }
    }

    /// Decompresses `input` into memory of the options' pool; gives also how much of it is done with.
    pub fn decompress_to_buffer(&'static self, options: &DecoderOptions, input: &[u8]) -> Result<(Buffer, usize)> {
        if let Some(other) = self.instead.and_then(|instead| instead(input)) {
            return other.decompress_to_buffer(options, input);
        }
        if let Some(block) = &self.block {
            return Ok((decompress_block(block, options, input)?, input.len()));
        }
        let mut decompression = self.decompression(options)?;
        let mut output = BufferBuilder::new(options.pool.clone());
        let _ = output.reserve_exact(self.expected_size(options, input));
        let (mut consumed, mut finished) = (0, false);
        while !finished {
            output.append_with(room_for_more(&output), |room| {
                let step = decompression.decode(&input[consumed..], true, room)?;
                consumed += step.consumed;
                finished = step.finished;
                Ok(step.produced)
            })?;
        }
        Ok((output.finish()?, decompression.consumed() as usize))
    }

    /// How much may come out, by what the beginning says. No data are believed to grow beyond all measure.
    fn expected_size(&self, options: &DecoderOptions, input: &[u8]) -> usize {
        let head = &input[..input.len().min(FRAME_HEADER)];
        let told = self.find_end.map_or(0, |find_end| find_end(head, 0).output);
        let most = (input.len() as u64).saturating_mul(MOST_RATIO.min(options.max_ratio)).min(options.max_output);
        told.min(most) as usize
    }
}

/// What there is, or else as much again.
fn room_for_more(output: &BufferBuilder) -> usize {
    match output.capacity() - output.size() {
        0 => output.size().max(FIRST),
        room => room,
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
pub(super) fn no_room(name: &str, room: usize) -> Error {
    error!(CapacityError, "the {name} data decompress to more than the {room} bytes that there is room for")
}
