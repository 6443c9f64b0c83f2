//! Whole pieces of memory, compressed and decompressed by one call.

use super::limits::Limits;
use super::options::{DecoderOptions, EncoderOptions};
use super::{Block, Codec, Goal};
use crate::error::{Error, Result, error};
use crate::memory::{Buffer, BufferBuilder};
use std::mem::MaybeUninit;

/// Compresses at a level; gives how many bytes came out. `None`: there is no room for all.
pub(super) type Compress = fn(&EncoderOptions, i32, &[u8], &mut [MaybeUninit<u8>]) -> Result<Option<usize>>;
/// Decompresses; gives how many bytes came out. CAPACITY_ERROR where there is no room for all.
pub(super) type Decompress = fn(&[u8], &mut [MaybeUninit<u8>]) -> Result<usize>;
/// What some data are decompressed by instead.
pub(super) type Instead = fn(&[u8]) -> Option<&'static Codec>;

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
            return size.ok_or_else(|| self.does_not_fit(options, input.len(), room));
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
        Err(self.does_not_fit(options, input.len(), output.len()))
    }

    #[cold]
    fn does_not_fit(&self, options: &EncoderOptions, size: usize, room: usize) -> Error {
        error!(
            CapacityError,
            "{size} bytes do not fit {room} when compressed by {}; {} are always enough",
            self.name(),
            self.most_of(options, size as u64)
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
            output.append_with(room_for_more(&output, usize::MAX), |room| {
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
            self.check_piece(block, options, input)?;
            let produced = (block.decompress)(input, output)?;
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
        let mut output = BufferBuilder::new(options.pool.clone());
        if let Some(block) = &self.block {
            self.check_piece(block, options, input)?;
            let size = usize::try_from((block.decompressed_size)(input)?).unwrap_or(usize::MAX);
            output.append_with(size, |memory| (block.decompress)(input, memory))?;
            return Ok((output.finish()?, input.len()));
        }
        let mut decompression = self.decompression(options)?;
        let most = usize::try_from(Limits::new(options).room(input.len() as u64, 0)).unwrap_or(usize::MAX);
        let _ = output.reserve_exact(self.expected_size(input).min(most));
        let (mut consumed, mut finished) = (0, false);
        while !finished {
            output.append_with(room_for_more(&output, most), |room| {
                let step = decompression.decode(&input[consumed..], true, room)?;
                consumed += step.consumed;
                finished = step.finished;
                Ok(step.produced)
            })?;
        }
        Ok((output.finish()?, decompression.consumed() as usize))
    }

    /// How much may come out, by what the beginning says. No data are believed to grow beyond all measure.
    fn expected_size(&self, input: &[u8]) -> usize {
        let head = &input[..input.len().min(FRAME_HEADER)];
        let told = self.find_end.map_or(0, |find_end| find_end(head, 0).output);
        told.min((input.len() as u64).saturating_mul(MOST_RATIO)) as usize
    }

    /// Refuses options that the codec does not have, and a piece of which more would come than they allow.
    fn check_piece(&self, block: &Block, options: &DecoderOptions, input: &[u8]) -> Result<()> {
        self.check_dictionary(options.dictionary.is_some())?;
        let (limits, taken) = (Limits::new(options), input.len() as u64);
        let room = limits.room(taken, 0);
        let fits = room == u64::MAX || (block.decompressed_size)(input)? <= room;
        fits.then_some(()).ok_or_else(|| limits.refusal(self.name(), taken, room))
    }
}

/// What there is, or else as much again; one byte beyond the most that may come out tells that there is more.
fn room_for_more(output: &BufferBuilder, most: usize) -> usize {
    match output.capacity() - output.size() {
        0 => output.size().max(FIRST).min(most.saturating_sub(output.size())).max(1),
        room => room,
    }
}

/// There is more than the caller has room for.
#[cold]
pub(super) fn no_room(name: &str, room: usize) -> Error {
    error!(CapacityError, "the {name} data decompress to more than the {room} bytes that there is room for")
}
