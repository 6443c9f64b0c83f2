//! zlib-ng.
#![allow(unsafe_code, reason = "zlib-ng")]

use super::format::Format;
use super::{LARGEST_WINDOW, window_log};
use crate::codec::state_memory::{self, StateMemory};
use crate::codec::{Checkpoint, Decoder, DecoderOptions, Encoder, EncoderOptions, Goal, Step};
use crate::error::{Error, Result, error};
use crate::memory::{Buffer, BufferBuilder, Pool};
use crate::shared::try_box;
use libz_ng_sys as zng;
use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null_mut};

/// zlib-ng's state for one direction.
struct Stream {
    /// Its state refers to its address.
    stream: NonNull<zng::z_stream>,
    end: unsafe extern "C" fn(zng::z_streamp) -> c_int,
    format: Format,
    memory: Box<StateMemory>,
}

// SAFETY: a stream belongs to whoever has it, on whatever thread; so does its memory, whose pool is for all threads.
unsafe impl Send for Stream {}

impl Stream {
    /// One that `initialize` makes ready to be used, and `end` gives back.
    fn new(
        format: Format,
        memory: Box<StateMemory>,
        initialize: impl FnOnce(zng::z_streamp) -> c_int,
        end: unsafe extern "C" fn(zng::z_streamp) -> c_int,
    ) -> Result<Self> {
        let stream = try_box(zng::z_stream {
            next_in: null_mut(),
            avail_in: 0,
            total_in: 0,
            next_out: null_mut(),
            avail_out: 0,
            total_out: 0,
            msg: null_mut(),
            state: null_mut(),
            zalloc: state_memory::allocate_items,
            zfree: state_memory::free,
            opaque: memory.opaque(),
            data_type: 0,
            adler: 0,
            reserved: 0,
        })?;
        let stream = Self { stream: NonNull::from(Box::leak(stream)), end, format, memory };
        let code = initialize(stream.stream.as_ptr());
        if code == zng::Z_OK { Ok(stream) } else { Err(stream.failure(code)) }
    }

    /// One call of `work`, with as much as its counters hold.
    fn call(
        &mut self,
        work: unsafe extern "C" fn(zng::z_streamp, c_int) -> c_int,
        flush: c_int,
        input: &[u8],
        output: &mut [MaybeUninit<u8>],
    ) -> (c_int, Step) {
        let (input_size, output_size) = (counter(input.len()), counter(output.len()));
        // SAFETY: the stream lives. Both pieces of memory are as long as they are said to be; the input is only read.
        let (code, stream) = unsafe {
            let stream = self.stream.as_mut();
            stream.next_in = input.as_ptr().cast_mut();
            stream.avail_in = input_size;
            stream.next_out = output.as_mut_ptr().cast();
            stream.avail_out = output_size;
            (work(stream, flush), stream)
        };
        let consumed = (input_size - stream.avail_in) as usize;
        let produced = (output_size - stream.avail_out) as usize;
        (code, Step { consumed, produced, ..Step::default() })
    }

    /// What a code that is no success stands for.
    #[cold]
    fn failure(&self, code: c_int) -> Error {
        let name = self.format.name();
        // SAFETY: the stream lives; its message is NULL or a constant.
        let text = unsafe {
            let text = self.stream.as_ref().msg;
            if text.is_null() { c"no reason given" } else { CStr::from_ptr(text) }
        };
        match code {
            zng::Z_MEM_ERROR => self.memory.failure(Error::out_of_memory(0)),
            zng::Z_NEED_DICT => error!(IoError, "the {name} data need a dictionary, which {name} is not given"),
            zng::Z_DATA_ERROR => error!(IoError, "the {name} data is damaged: {}", text.to_string_lossy()),
            _ => error!(Internal, "zlib-ng failed with {code}: {}", text.to_string_lossy()),
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: the stream and its state, if it came to one, are not used again.
        unsafe {
            (self.end)(self.stream.as_ptr());
            drop(Box::from_raw(self.stream.as_ptr()));
        }
    }
}

/// As much of a size as zlib-ng counts.
fn counter(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// The window's size and the format, as zlib-ng wants to be told.
fn window_bits(format: Format, window_log: u32) -> c_int {
    match format {
        Format::Gzip => window_log as c_int + 16,
        Format::Zlib => window_log as c_int,
        Format::Deflate => -(window_log as c_int),
    }
}

unsafe extern "C" {
    /// The window so far. The crate has it as a comment only.
    fn zng_inflateGetDictionary(stream: zng::z_streamp, dictionary: *mut u8, size: *mut u32) -> c_int;
}

/// Decompresses.
pub(super) struct Inflater(Stream);

impl Inflater {
    pub(super) fn new(format: Format, options: &DecoderOptions) -> Result<Self> {
        let memory = StateMemory::new(&options.pool, options.memory_limit)?;
        let bits = window_bits(format, LARGEST_WINDOW);
        // SAFETY: the stream has all that is to be set.
        let initialize = |stream| unsafe { zng::zng_inflateInit2(stream, bits) };
        Ok(Self(Stream::new(format, memory, initialize, zng::inflateEnd)?))
    }

    fn check(&self, code: c_int) -> Result<()> {
        if code == zng::Z_OK { Ok(()) } else { Err(self.0.failure(code)) }
    }

    /// Begins with a format, whatever came before.
    pub(super) fn begin(&mut self, format: Format) -> Result<()> {
        // SAFETY: the stream lives.
        self.check(unsafe { zng::inflateReset2(self.0.stream.as_ptr(), window_bits(format, LARGEST_WINDOW)) })
    }

    /// Begins in the midst of deflated data, behind a block.
    pub(super) fn begin_within(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        self.begin(Format::Deflate)?;
        let (stream, bits) = (self.0.stream.as_ptr(), checkpoint.bits);
        let window = checkpoint.window.as_slice();
        // SAFETY: the stream lives, and the window is as long as it is said to be.
        let (primed, set) = unsafe {
            let upper = if bits == 0 { 0 } else { checkpoint.byte >> (8 - bits) };
            let primed = zng::inflatePrime(stream, bits.into(), upper.into());
            (primed, zng::inflateSetDictionary(stream, window.as_ptr(), counter(window.len())))
        };
        self.check(primed)?;
        self.check(set)
    }

    /// As `decode` does it, but it also stops behind every block.
    pub(super) fn decode_block(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        let (code, one) = self.0.call(zng::inflate, zng::Z_BLOCK, input, output);
        *step = Step { finished: code == zng::Z_STREAM_END, ..one };
        if step.finished || code == zng::Z_BUF_ERROR { Ok(()) } else { self.check(code) }
    }

    /// How many bits of the last byte that was taken are still to be decoded, where it stopped behind a block that is not the
    /// last one.
    pub(super) fn bits_behind_block(&self) -> Option<u8> {
        // SAFETY: the stream lives.
        let state = unsafe { self.0.stream.as_ref().data_type };
        let (bits, is_last, is_behind) = (state & 0x3f, state & 0x40 != 0, state & 0x80 != 0);
        (is_behind && !is_last && bits < 8).then_some(bits as u8)
    }

    /// What was decompressed last, as far back as it can be referred to.
    pub(super) fn window(&self, pool: &Pool) -> Result<Buffer> {
        let mut window = BufferBuilder::new(pool.clone());
        window.append_with(1 << LARGEST_WINDOW, |room| {
            let mut size = 0;
            // SAFETY: the stream lives, and there is room for the largest window.
            let code = unsafe { zng_inflateGetDictionary(self.0.stream.as_ptr(), room.as_mut_ptr().cast(), &mut size) };
            self.check(code).map(|()| size as usize)
        })?;
        window.finish()
    }
}

impl Decoder for Inflater {
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        loop {
            let (rest, room) = (&input[step.consumed..], &mut output[step.produced..]);
            let (code, one) = self.0.call(zng::inflate, zng::Z_NO_FLUSH, rest, room);
            step.consumed += one.consumed;
            step.produced += one.produced;
            match code {
                zng::Z_STREAM_END => {
                    step.finished = true;
                    return Ok(());
                }
                // It could do nothing.
                zng::Z_BUF_ERROR => return Ok(()),
                zng::Z_OK if step.consumed == input.len() || step.produced == output.len() => return Ok(()),
                zng::Z_OK => {}
                _ => return Err(self.0.failure(code)),
            }
        }
    }

    fn restart(&mut self) -> Result<()> {
        // SAFETY: the stream lives.
        self.check(unsafe { zng::inflateReset(self.0.stream.as_ptr()) })
    }
}

/// Compresses.
pub(super) struct Deflater(Stream);

/// How much memory there is for what is not written yet, as zlib has it by itself.
const MEMORY_LEVEL: c_int = 8;

impl Deflater {
    pub(super) fn new(format: Format, options: &EncoderOptions, level: i32) -> Result<Self> {
        let memory = StateMemory::new(&options.pool, usize::MAX)?;
        let bits = window_bits(format, window_log(options));
        let level_of_zlib_ng = match level {
            // Its level 1 takes up to 9 bits a byte; level 2 is nearer to that of zlib.
            1 => 2,
            // Its level 9 gives more than its level 8, which gives about what zlib's level 9 does.
            9 => 8,
            _ => level,
        };
        let (method, strategy) = (zng::Z_DEFLATED, zng::Z_DEFAULT_STRATEGY);
        // SAFETY: the stream has all that is to be set.
        let initialize =
            |stream| unsafe { zng::zng_deflateInit2(stream, level_of_zlib_ng, method, bits, MEMORY_LEVEL, strategy) };
        Ok(Self(Stream::new(format, memory, initialize, zng::deflateEnd)?))
    }

    /// Begins again.
    pub(super) fn restart(&mut self) -> Result<()> {
        // SAFETY: the stream lives.
        let code = unsafe { zng::deflateReset(self.0.stream.as_ptr()) };
        if code == zng::Z_OK { Ok(()) } else { Err(self.0.failure(code)) }
    }

    /// Lets a stream without a header refer to these bytes, which are before its own.
    pub(super) fn set_history(&mut self, history: &[u8]) -> Result<()> {
        if history.is_empty() {
            return Ok(());
        }
        // SAFETY: the stream lives; the bytes are copied.
        let code =
            unsafe { zng::deflateSetDictionary(self.0.stream.as_ptr(), history.as_ptr(), counter(history.len())) };
        if code == zng::Z_OK { Ok(()) } else { Err(self.0.failure(code)) }
    }
}

impl Encoder for Deflater {
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step> {
        let flush = match goal {
            // Where not all of the input is given to zlib-ng at once there is no end of it yet.
            _ if input.len() > counter(input.len()) as usize => zng::Z_NO_FLUSH,
            Goal::Continue => zng::Z_NO_FLUSH,
            Goal::Flush => zng::Z_SYNC_FLUSH,
            Goal::Finish => zng::Z_FINISH,
        };
        let (code, step) = self.0.call(zng::deflate, flush, input, output);
        if !matches!(code, zng::Z_OK | zng::Z_STREAM_END | zng::Z_BUF_ERROR) {
            return Err(self.0.failure(code));
        }
        let finished = match goal {
            Goal::Continue => step.consumed == input.len(),
            // A flush is complete once it left room in the output.
            Goal::Flush => step.consumed == input.len() && step.produced < output.len(),
            Goal::Finish => code == zng::Z_STREAM_END,
        };
        Ok(Step { finished, ..step })
    }
}

/// The checksum of gzip, of bytes behind others of which it is `before`; 0 behind nothing.
pub(super) fn crc32(before: u32, data: &[u8]) -> u32 {
    checksum(data, before, zng::crc32)
}

/// The checksum of zlib.
pub(super) fn adler32(data: &[u8]) -> u32 {
    // SAFETY: without any bytes it gives what one begins with.
    checksum(data, unsafe { zng::adler32(0, std::ptr::null(), 0) }, zng::adler32)
}

fn checksum(data: &[u8], start: u32, add: unsafe extern "C" fn(u32, *const u8, u32) -> u32) -> u32 {
    // In pieces that its counter holds. SAFETY: the bytes are as many as it is told.
    data.chunks(u32::MAX as usize).fold(start, |sum, data| unsafe { add(sum, data.as_ptr(), counter(data.len())) })
}

/// The checksum of two pieces, from theirs and the size of the second.
pub(super) fn crc32_combine(first: u32, second: u32, size: u64) -> u32 {
    // SAFETY: it gets numbers.
    unsafe { zng::crc32_combine(first, second, size as libc::off_t) }
}

/// As `crc32_combine`.
pub(super) fn adler32_combine(first: u32, second: u32, size: u64) -> u32 {
    // SAFETY: it gets numbers.
    unsafe { zng::adler32_combine(first, second, size as libc::off_t) }
}
