//! xz, by liblzma.
#![allow(unsafe_code, reason = "liblzma")]

use super::detection::{Signature, begins};
use super::options::MOST_THREADS;
use super::state_memory::{self, StateMemory};
use super::{Checksum, Codec, Decoder, DecoderOptions, Encoder, EncoderOptions, Goal, Levels, Step, Streaming};
use crate::error::{Error, Result, error};
use crate::shared::try_box;
use crate::task::Process;
use liblzma_sys as liblzma;
use std::mem::{ManuallyDrop, MaybeUninit};

const MAGIC: &[u8] = b"\xfd7zXZ\0";

pub(super) const CODEC: Codec = Codec {
    id: 14,
    name: c"xz",
    suffixes: &[".xz"],
    signature: Some(Signature { size: 6, matches: |head| begins(head, MAGIC), distinct: &[MAGIC] }),
    padding: 4,
    levels: Some(Levels { least: 0, default: 6, greatest: 9 }),
    checksum: Checksum::Optional,
    // What cannot be compressed is stored in pieces of 64 KiB, with 3 bytes each; a block has less than 100 bytes of headers,
    // and those of several threads are 256 KiB or more.
    max_compressed_size: |size| size + (size >> 10) + 256,
    streaming: Some(Streaming {
        decoder: |options| Ok(try_box(XzDecoder::open(options)?)?),
        encoder: |options, level| Ok(try_box(XzEncoder::open(options, level)?)?),
    }),
    ..Codec::BASE
};

/// liblzma's stream in one direction.
struct Stream {
    stream: Box<liblzma::lzma_stream>,
    memory: ManuallyDrop<Box<StateMemory>>,
    /// What the stream refers to.
    _hooks: Box<liblzma::lzma_allocator>,
    /// The process that has the stream's threads; `None`: it has none.
    process: Option<Process>,
}

// SAFETY: a stream belongs to whoever has it, on whatever thread; so does its memory, whose pool is for all threads.
unsafe impl Send for Stream {}

impl Stream {
    /// One that is to be begun.
    fn new(memory: Box<StateMemory>, threads: usize) -> Result<Self> {
        let hooks = try_box(liblzma::lzma_allocator {
            alloc: Some(state_memory::allocate_sizes),
            free: Some(state_memory::free),
            opaque: memory.opaque(),
        })?;
        // SAFETY: all zero is how a stream is to be made, as LZMA_STREAM_INIT does.
        let mut stream: Box<liblzma::lzma_stream> = try_box(unsafe { MaybeUninit::zeroed().assume_init() })?;
        stream.allocator = &*hooks;
        let process = (threads > 0).then(Process::here);
        Ok(Self { stream, memory: ManuallyDrop::new(memory), _hooks: hooks, process })
    }

    /// Options for so many threads; 0 for the rest.
    fn threads(threads: usize) -> liblzma::lzma_mt {
        // SAFETY: numbers and pointers, all of which may be 0.
        let mut options: liblzma::lzma_mt = unsafe { MaybeUninit::zeroed().assume_init() };
        options.threads = threads.min(MOST_THREADS) as u32;
        options
    }

    /// One call of liblzma; counts in `step`.
    fn step(
        &mut self,
        input: &[u8],
        output: &mut [MaybeUninit<u8>],
        action: liblzma::lzma_action,
        step: &mut Step,
    ) -> Result<liblzma::lzma_ret> {
        if let Some(process) = self.process {
            process.check("xz stream with threads")?;
        }
        let (input, output) = (&input[step.consumed..], &mut output[step.produced..]);
        let stream = &mut *self.stream;
        (stream.next_in, stream.avail_in) = (input.as_ptr(), input.len());
        (stream.next_out, stream.avail_out) = (output.as_mut_ptr().cast(), output.len());
        // SAFETY: the stream was begun; both pieces of memory are as long as it says.
        let code = unsafe { liblzma::lzma_code(stream, action) };
        step.consumed += input.len() - stream.avail_in;
        step.produced += output.len() - stream.avail_out;
        self.check(code)
    }

    /// What a call came to.
    fn check(&self, code: liblzma::lzma_ret) -> Result<liblzma::lzma_ret> {
        match code {
            // BUF_ERROR says that there was nothing to do.
            liblzma::LZMA_OK | liblzma::LZMA_STREAM_END | liblzma::LZMA_BUF_ERROR => Ok(code),
            _ => Err(self.failure(code)),
        }
    }

    #[cold]
    fn failure(&self, code: liblzma::lzma_ret) -> Error {
        let text = match code {
            liblzma::LZMA_MEM_ERROR => return self.memory.failure(error!(OutOfMemory, "liblzma has no memory")),
            liblzma::LZMA_FORMAT_ERROR => "no stream begins here",
            liblzma::LZMA_OPTIONS_ERROR => "it has options that liblzma does not know",
            liblzma::LZMA_DATA_ERROR => "its contents are not what its headers and checksums say",
            _ => return error!(Internal, "liblzma failed with number {code}"),
        };
        error!(IoError, "the xz data is damaged: {text}")
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // In a child of a fork there is nobody who ends the threads, which would be waited for; and one of them may have had
        // the lock of the memory.
        if self.process.is_none_or(Process::is_here) {
            // SAFETY: neither is used again.
            unsafe {
                liblzma::lzma_end(&mut *self.stream);
                ManuallyDrop::drop(&mut self.memory);
            }
        }
    }
}

struct XzDecoder {
    stream: Stream,
    threads: usize,
    memory_limit: u64,
}

impl XzDecoder {
    fn open(options: &DecoderOptions) -> Result<Self> {
        let memory = StateMemory::new(&options.pool, options.memory_limit)?;
        let stream = Stream::new(memory, options.threads)?;
        let mut decoder = Self { stream, threads: options.threads, memory_limit: options.memory_limit as u64 };
        decoder.restart()?;
        Ok(decoder)
    }
}

impl Decoder for XzDecoder {
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        loop {
            let before = *step;
            let code = self.stream.step(input, output, liblzma::LZMA_RUN, step)?;
            step.finished = code == liblzma::LZMA_STREAM_END;
            if step.finished || *step == before || step.produced == output.len() {
                return Ok(());
            }
        }
    }

    fn restart(&mut self) -> Result<()> {
        // The limit is one of memory that is really taken.
        let code = if self.threads == 0 {
            // SAFETY: the stream may be begun again at any time.
            unsafe { liblzma::lzma_stream_decoder(&mut *self.stream.stream, u64::MAX, 0) }
        } else {
            let mut options = Stream::threads(self.threads);
            // Beyond this fewer threads help. Half is left for what liblzma does not count.
            options.memlimit_threading = self.memory_limit / 2;
            options.memlimit_stop = u64::MAX;
            // SAFETY: as above.
            unsafe { liblzma::lzma_stream_decoder_mt(&mut *self.stream.stream, &options) }
        };
        self.stream.check(code).map(drop)
    }
}

struct XzEncoder {
    stream: Stream,
    /// What makes everything so far readable.
    flush: liblzma::lzma_action,
}

impl XzEncoder {
    fn open(options: &EncoderOptions, level: i32) -> Result<Self> {
        let memory = StateMemory::new(&options.pool, usize::MAX)?;
        let mut stream = Stream::new(memory, options.threads)?;
        let check = if options.checksum { liblzma::LZMA_CHECK_CRC64 } else { liblzma::LZMA_CHECK_NONE };
        let preset = level.unsigned_abs();
        let (code, flush) = if options.threads == 0 {
            // SAFETY: the stream is one that may be begun.
            let code = unsafe { liblzma::lzma_easy_encoder(&mut *stream.stream, preset, check) };
            (code, liblzma::LZMA_SYNC_FLUSH)
        } else {
            let mut threads = Stream::threads(options.threads);
            (threads.preset, threads.check) = (preset, check);
            // SAFETY: as above.
            let code = unsafe { liblzma::lzma_stream_encoder_mt(&mut *stream.stream, &threads) };
            // Threads have whole blocks.
            (code, liblzma::LZMA_FULL_FLUSH)
        };
        stream.check(code)?;
        Ok(Self { stream, flush })
    }
}

impl Encoder for XzEncoder {
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step> {
        let mut step = Step::default();
        while step.consumed < input.len() {
            if step.produced == output.len() {
                return Ok(step);
            }
            self.stream.step(input, output, liblzma::LZMA_RUN, &mut step)?;
        }
        let action = match goal {
            Goal::Continue => {
                step.finished = true;
                return Ok(step);
            }
            Goal::Flush => self.flush,
            Goal::Finish => liblzma::LZMA_FINISH,
        };
        step.finished = self.stream.step(input, output, action, &mut step)? == liblzma::LZMA_STREAM_END;
        Ok(step)
    }
}
