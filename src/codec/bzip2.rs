//! bzip2, by libbz2-rs.
#![allow(unsafe_code, reason = "libbz2-rs, which has the interface of libbz2")]

use super::detection::{Signature, begins};
use super::state_memory::{self, StateMemory};
use super::{Checksum, Codec, Decoder, DecoderOptions, Encoder, EncoderOptions, Goal, Levels, Step, Streaming};
use crate::error::{Result, error};
use crate::shared::try_box;
use libbz2_rs_sys::{self as libbz2, bz_stream};
use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};

pub(super) const CODEC: Codec = Codec {
    id: 9,
    name: c"bz2",
    other_names: &["bzip2"],
    suffixes: &[".bz2", ".bz"],
    signature: Some(Signature { size: 10, matches: is_stream, is_distinct: true }),
    levels: Some(Levels { least: 1, default: 9, greatest: 9 }),
    checksum: Checksum::Always,
    // As the manual of libbz2 says.
    max_compressed_size: |size| size + size / 100 + 600,
    streaming: Some(Streaming {
        decoder: |options| Ok(try_box(Bzip2Decoder::new(options)?)?),
        encoder: |options, level| Ok(try_box(Bzip2Encoder::new(options, level)?)?),
    }),
    ..Codec::BASE
};

/// The header of a stream, with that of its first block or, where there is none, its end.
fn is_stream(head: &[u8]) -> bool {
    let rest = head.get(4..).unwrap_or_default();
    begins(head, b"BZh")
        && head.get(3).is_none_or(|level| (b'1'..=b'9').contains(level))
        && (begins(rest, b"\x31\x41\x59\x26\x53\x59") || begins(rest, b"\x17\x72\x45\x38\x50\x90"))
}

/// libbz2's counters have 32 bits, so it gets no more than this at once.
const MOST: usize = 1 << 30;

/// libbz2's state for one stream.
struct Stream {
    /// At an address that stays, which its state knows.
    stream: Box<bz_stream>,
    end: unsafe extern "C" fn(*mut bz_stream) -> c_int,
    memory: Box<StateMemory>,
}

// SAFETY: a stream belongs to whoever has it, on whatever thread; so does its memory, whose pool is for all threads.
unsafe impl Send for Stream {}

impl Stream {
    /// One that is to be begun.
    fn new(memory: Box<StateMemory>, end: unsafe extern "C" fn(*mut bz_stream) -> c_int) -> Result<Self> {
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
        Ok(Self { stream: try_box(stream)?, end, memory })
    }

    /// Begins another one.
    fn begin(&mut self, begin: impl FnOnce(*mut bz_stream) -> c_int) -> Result<()> {
        self.end();
        match begin(&mut *self.stream) {
            libbz2::BZ_OK => Ok(()),
            _ => Err(self.memory.failure(error!(OutOfMemory, "libbz2 has no memory"))),
        }
    }

    fn end(&mut self) {
        // SAFETY: the stream has a state, or NULL, for which nothing is done.
        unsafe { (self.end)(&mut *self.stream) };
        self.stream.state = null_mut();
    }

    /// One call of libbz2; counts in `step`.
    fn step(
        &mut self,
        input: &[u8],
        output: &mut [MaybeUninit<u8>],
        step: &mut Step,
        work: impl FnOnce(*mut bz_stream) -> c_int,
    ) -> c_int {
        let (input, output) = (&input[step.consumed..], &mut output[step.produced..]);
        let (size, room) = (input.len().min(MOST), output.len().min(MOST));
        let stream = &mut *self.stream;
        (stream.next_in, stream.avail_in) = (input.as_ptr().cast(), size as u32);
        (stream.next_out, stream.avail_out) = (output.as_mut_ptr().cast(), room as u32);
        let code = work(stream);
        step.consumed += size - stream.avail_in as usize;
        step.produced += room - stream.avail_out as usize;
        code
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.end();
    }
}

struct Bzip2Decoder(Stream);

impl Bzip2Decoder {
    fn new(options: &DecoderOptions) -> Result<Self> {
        let memory = StateMemory::new(&options.pool, options.memory_limit)?;
        let mut decoder = Self(Stream::new(memory, libbz2::BZ2_bzDecompressEnd)?);
        decoder.restart()?;
        Ok(decoder)
    }
}

impl Decoder for Bzip2Decoder {
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        loop {
            let before = *step;
            // SAFETY: the stream was begun; both pieces of memory are as long as it says.
            let code = self.0.step(input, output, step, |stream| unsafe { libbz2::BZ2_bzDecompress(stream) });
            match code {
                libbz2::BZ_OK if *step != before => {}
                libbz2::BZ_OK => return Ok(()),
                libbz2::BZ_STREAM_END => {
                    step.finished = true;
                    return Ok(());
                }
                libbz2::BZ_MEM_ERROR => {
                    return Err(self.0.memory.failure(error!(OutOfMemory, "libbz2 has no memory")));
                }
                _ => return Err(error!(IoError, "the bz2 data is damaged: libbz2 says {code}")),
            }
        }
    }

    fn restart(&mut self) -> Result<()> {
        // SAFETY: the stream has its allocation functions, and no state.
        self.0.begin(|stream| unsafe { libbz2::BZ2_bzDecompressInit(stream, 0, 0) })
    }
}

/// A block is readable only once its stream ended, as it ends at any bit. So a flush ends the stream, and what comes next begins
/// another one.
struct Bzip2Encoder {
    stream: Stream,
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

impl Bzip2Encoder {
    fn new(options: &EncoderOptions, level: i32) -> Result<Self> {
        let memory = StateMemory::new(&options.pool, usize::MAX)?;
        let stream = Stream::new(memory, libbz2::BZ2_bzCompressEnd)?;
        Ok(Self { stream, level, place: Place::Start })
    }

    fn begin(&mut self) -> Result<()> {
        let level = self.level;
        // SAFETY: the stream has its allocation functions, and no state.
        self.stream.begin(|stream| unsafe { libbz2::BZ2_bzCompressInit(stream, level, 0, 0) })?;
        self.place = Place::Within;
        Ok(())
    }

    /// One call of libbz2.
    fn step(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step, action: c_int) -> Result<c_int> {
        // SAFETY: the stream was begun; both pieces of memory are as long as it says.
        let code = self.stream.step(input, output, step, |stream| unsafe { libbz2::BZ2_bzCompress(stream, action) });
        let failed = || error!(Internal, "the bz2 encoder failed: libbz2 says {code}");
        if code < 0 { Err(failed()) } else { Ok(code) }
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
            self.step(input, output, &mut step, libbz2::BZ_RUN)?;
        }
        step.finished =
            goal == Goal::Continue || self.step(input, output, &mut step, libbz2::BZ_FINISH)? == libbz2::BZ_STREAM_END;
        if step.finished && goal != Goal::Continue {
            self.place = Place::Between;
        }
        Ok(step)
    }
}
