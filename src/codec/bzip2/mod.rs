//! bzip2: encoded by libbz2-rs, decoded here, so that threads can help.
#![allow(unsafe_code, reason = "libbz2-rs, which has the interface of libbz2")]

mod bits;
mod block;
mod blocks;
mod checksum;
mod cutter;
mod decoder;
mod piece;
#[cfg(test)]
mod tests;

use super::detection::{Signature, begins};
use super::parallel_encoder::ParallelEncoder;
use super::state_memory::{self, StateMemory};
use super::{Checksum, Codec, Encoder, EncoderOptions, Goal, Levels, Step, Streaming};
use crate::error::{Result, error};
use crate::shared::try_box;
use blocks::Bzip2Blocks;
use decoder::Bzip2Decoder;
use libbz2_rs_sys::{self as libbz2, bz_stream};
use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};

pub(super) const CODEC: Codec = Codec {
    id: 9,
    name: c"bz2",
    other_names: &["bzip2"],
    suffixes: &[".bz2", ".bz"],
    signature: Some(Signature { size: 10, matches: is_stream, distinct: &[b"BZh"] }),
    levels: Some(Levels { least: 1, default: 9, greatest: 9 }),
    checksum: Checksum::Always,
    // As the manual of libbz2 says, for each of the streams that threads write.
    max_compressed_size: |size| size + size / 64 + 600,
    streaming: Some(Streaming {
        decoder: |options| Ok(try_box(Bzip2Decoder::new(options)?)?),
        encoder: |options, level| {
            if options.threads > 0 {
                let blocks = Bzip2Blocks::new(options, level);
                return Ok(try_box(ParallelEncoder::new(blocks, options)?)?);
            }
            Ok(try_box(Bzip2Encoder::new(options, level)?)?)
        },
    }),
    ..Codec::BASE
};

/// What a block begins with, and what is behind the last one.
const BLOCK: u64 = 0x3141_5926_5359;
const END: u64 = 0x1772_4538_5090;
const MARK_BITS: usize = 48;
/// What is in front of the first.
const HEADER_BITS: usize = 32;

/// The header of a stream, with what comes behind it.
fn is_stream(head: &[u8]) -> bool {
    let rest = head.get(4..).unwrap_or_default();
    begins(head, b"BZh")
        && head.get(3).is_none_or(|level| (b'1'..=b'9').contains(level))
        && [BLOCK, END].iter().any(|mark| begins(rest, &mark.to_be_bytes()[2..]))
}

/// libbz2's counters have 32 bits, so it gets no more than this at once.
const MOST: usize = 1 << 30;

/// A block is readable only once its stream ended, as it ends at any bit. So a flush ends the stream, and what comes next begins
/// another one.
struct Bzip2Encoder {
    /// At an address that stays, which its state knows.
    stream: Box<bz_stream>,
    memory: Box<StateMemory>,
    level: i32,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Within,
    /// Behind a complete stream.
    Between,
}

// SAFETY: a stream belongs to whoever has it, on whatever thread; so does its memory, whose pool is for all threads.
unsafe impl Send for Bzip2Encoder {}

impl Bzip2Encoder {
    fn new(options: &EncoderOptions, level: i32) -> Result<Self> {
        let memory = StateMemory::new(&options.pool, usize::MAX)?;
        let stream = bz_stream {
            next_in: null(),
            avail_in: 0,
            total_in_lo32: 0,
            total_in_hi32: 0,
            next_out: null_mut(),
            avail_out: 0,
            total_out_lo32: 0,
            total_out_hi32: 0,
            state: null_mut(),
            bzalloc: Some(state_memory::allocate_ints),
            bzfree: Some(state_memory::free),
            opaque: memory.opaque(),
        };
        Ok(Self { stream: try_box(stream)?, memory, level, place: Place::Start })
    }

    fn begin(&mut self) -> Result<()> {
        self.end();
        // SAFETY: the stream has its allocation functions, and no state.
        let code = unsafe { libbz2::BZ2_bzCompressInit(&mut *self.stream, self.level, 0, 0) };
        if code != libbz2::BZ_OK {
            return Err(self.memory.failure(error!(OutOfMemory, "libbz2 has no memory")));
        }
        self.place = Place::Within;
        Ok(())
    }

    fn end(&mut self) {
        // SAFETY: the stream has a state, or NULL, for which nothing is done.
        unsafe { libbz2::BZ2_bzCompressEnd(&mut *self.stream) };
        self.stream.state = null_mut();
    }

    /// One call of libbz2; counts in `step`, and says whether the stream has ended.
    fn step(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], action: c_int, step: &mut Step) -> Result<bool> {
        let (input, output) = (&input[step.consumed..], &mut output[step.produced..]);
        let (size, room) = (input.len().min(MOST), output.len().min(MOST));
        let stream = &mut *self.stream;
        (stream.next_in, stream.avail_in) = (input.as_ptr().cast(), size as u32);
        (stream.next_out, stream.avail_out) = (output.as_mut_ptr().cast(), room as u32);
        // SAFETY: the stream was begun; both pieces of memory are as long as it says.
        let code = unsafe { libbz2::BZ2_bzCompress(stream, action) };
        step.consumed += size - stream.avail_in as usize;
        step.produced += room - stream.avail_out as usize;
        let failed = || error!(Internal, "the bz2 encoder failed: libbz2 says {code}");
        if code < 0 { Err(failed()) } else { Ok(code == libbz2::BZ_STREAM_END) }
    }
}

impl Encoder for Bzip2Encoder {
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step> {
        let mut step = Step::default();
        if self.place != Place::Within {
            // Something must be written, even of nothing.
            if input.is_empty() && (goal != Goal::Finish || self.place == Place::Between) {
                return Ok(Step { finished: true, ..step });
            }
            self.begin()?;
        }
        while step.consumed < input.len() {
            if step.produced == output.len() {
                return Ok(step);
            }
            self.step(input, output, libbz2::BZ_RUN, &mut step)?;
        }
        if goal == Goal::Continue {
            step.finished = true;
        } else if self.step(input, output, libbz2::BZ_FINISH, &mut step)? {
            step.finished = true;
            self.place = Place::Between;
        }
        Ok(step)
    }
}

impl Drop for Bzip2Encoder {
    fn drop(&mut self) {
        self.end();
    }
}
