//! Zstandard, by libzstd.
#![allow(unsafe_code, reason = "libzstd")]

#[cfg(test)]
mod tests;

use super::detection::{Signature, begins, begins_skippable};
use super::options::MOST_THREADS;
use super::parallel::End;
use super::state_memory::{self, StateMemory};
use super::zstandard_seekable::{self, SeekableEncoder};
use super::{Checksum, Codec, Decoder, DecoderOptions, Encoder, EncoderOptions, Goal, Levels, Step, Streaming};
use crate::error::{Error, Result, error};
use crate::shared::try_box;
use crate::sys::without_signals;
use crate::task::Process;
use std::borrow::Cow;
use std::ffi::{CStr, c_void};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::NonNull;
use zstd::zstd_safe::zstd_sys::{
    self, ZSTD_EndDirective as Directive, ZSTD_ErrorCode as ErrorCode, ZSTD_FrameType_e, ZSTD_cParameter as CParameter,
};

pub(super) const CODEC: Codec = Codec {
    id: 3,
    name: c"zstd",
    other_names: &["zst", "zstandard"],
    suffixes: &[".zst", ".zstd"],
    signature: Some(Signature { size: 4, matches: is_frame, distinct: &[MAGIC, PZSTD_HEAD] }),
    levels: Some(Levels { least: -131072, default: 3, greatest: 22 }),
    windows: Some([10, LARGEST_WINDOW_LOG as u32]),
    checksum: Checksum::Optional,
    takes_dictionary: true,
    // As ZSTD_compressBound.
    max_compressed_size: |size| size + (size >> 8) + if size < 128 << 10 { ((128 << 10) - size) >> 11 } else { 0 } + 64,
    find_end: Some(find_end),
    streaming: Some(Streaming {
        decoder: |options| Ok(try_box(ZstdDecoder::new(options)?)?),
        encoder: |options, level| {
            let encoder = try_box(ZstdEncoder::new(options, level)?)?;
            match CODEC.frame_size(options)? {
                Some(frame_size) => Ok(try_box(SeekableEncoder::new(encoder, frame_size, &options.pool))?),
                None => Ok(encoder),
            }
        },
    }),
    seekable: Some(zstandard_seekable::SEEKABLE),
    ..Codec::BASE
};

/// The binary logarithm of the largest window.
const LARGEST_WINDOW_LOG: i32 = 31;

/// A block comes to so many bytes at most.
const BLOCK: usize = zstd_sys::ZSTD_BLOCKSIZE_MAX as usize;

const MAGIC: &[u8] = b"\x28\xb5\x2f\xfd";
/// What is to be skipped begins with letters, as other things may; but the head that pzstd writes is no text.
const PZSTD_HEAD: &[u8] = b"P*M\x18\x04\0\0\0";

/// A frame, or one that is to be skipped.
fn is_frame(head: &[u8]) -> bool {
    begins(head, MAGIC) || begins_skippable(head)
}

/// Where the frame ends that some bytes begin with, by the sizes of its blocks.
fn find_end(frame: &[u8], _searched: usize) -> End {
    // SAFETY: both read within the slice only.
    let (size, output) = unsafe {
        (
            zstd_sys::ZSTD_findFrameCompressedSize(frame.as_ptr().cast(), frame.len()),
            zstd_sys::ZSTD_getFrameContentSize(frame.as_ptr().cast(), frame.len()),
        )
    };
    let says_nothing = output >= zstd_sys::ZSTD_CONTENTSIZE_ERROR as u64;
    End { size: (!is_error(size)).then_some(size), output: if says_nothing { 0 } else { output } }
}

/// libzstd's context for one direction.
struct Context<T> {
    context: NonNull<T>,
    free: unsafe extern "C" fn(*mut T) -> usize,
    memory: Box<StateMemory>,
}

// SAFETY: a context belongs to whoever has it, on whatever thread; so does its memory, whose pool is for all threads.
unsafe impl<T> Send for Context<T> {}

impl<T> Context<T> {
    fn new(
        memory: Box<StateMemory>,
        allocate: unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void,
        create: unsafe extern "C" fn(zstd_sys::ZSTD_customMem) -> *mut T,
        free: unsafe extern "C" fn(*mut T) -> usize,
    ) -> Result<Self> {
        let hooks = zstd_sys::ZSTD_customMem {
            customAlloc: Some(allocate),
            customFree: Some(state_memory::free),
            opaque: memory.opaque(),
        };
        // SAFETY: the memory outlives the context, as both are freed together.
        let context = NonNull::new(unsafe { create(hooks) });
        let context = context.ok_or_else(|| memory.failure(error!(OutOfMemory, "libzstd has no memory")))?;
        Ok(Self { context, free, memory })
    }

    fn as_ptr(&self) -> *mut T {
        self.context.as_ptr()
    }

    /// What a call came to that can fail for want of memory only.
    fn check(&self, code: usize) -> Result<usize> {
        if is_error(code) || self.memory.is_overdrawn() {
            return Err(self.memory.failure(error!(Internal, "libzstd failed: {}", error_text(code))));
        }
        Ok(code)
    }

    /// What came of loading a dictionary.
    fn check_loaded(&self, code: usize) -> Result<()> {
        if is_error(code) || self.memory.is_overdrawn() {
            return Err(self.memory.failure(error!(Invalid, "the zstd dictionary is damaged: {}", error_text(code))));
        }
        Ok(())
    }
}

fn is_error(code: usize) -> bool {
    // SAFETY: any number may be asked about.
    unsafe { zstd_sys::ZSTD_isError(code) != 0 }
}

fn error_text(code: usize) -> Cow<'static, str> {
    // SAFETY: any number may be asked about; the texts are constants.
    unsafe { CStr::from_ptr(zstd_sys::ZSTD_getErrorName(code)) }.to_string_lossy()
}

impl<T> Drop for Context<T> {
    fn drop(&mut self) {
        // SAFETY: created by the function that this one belongs to, and not used again.
        unsafe { (self.free)(self.context.as_ptr()) };
    }
}

/// In front of a block.
const BLOCK_HEAD: usize = 3;

/// So much of a frame libzstd looks at first.
const FRAME_HEAD: usize = 5;

/// Where libzstd fails it does not tell what it had put out in the same call. So it gets no more at once than what comes next,
/// a block or the checksum, and only when it holds nothing back; or else a whole frame that there is room for, and where that
/// fails it begins anew.
struct ZstdDecoder {
    context: Context<zstd_sys::ZSTD_DCtx>,
    /// The number of the dictionary that was given; 0: it has none.
    dictionary: Option<u32>,
    /// Bytes up to the end of what comes next.
    next: usize,
    /// The output was full, so there may be more of it.
    is_pending: bool,
    header: Header,
}

impl ZstdDecoder {
    fn new(options: &DecoderOptions) -> Result<Self> {
        let memory = StateMemory::new(&options.pool, options.memory_limit)?;
        let context =
            Context::new(memory, state_memory::allocate, zstd_sys::ZSTD_createDCtx_advanced, zstd_sys::ZSTD_freeDCtx)?;
        // The limit is one of memory.
        let largest = zstd_sys::ZSTD_dParameter::ZSTD_d_windowLogMax;
        // SAFETY: the context lives.
        context.check(unsafe { zstd_sys::ZSTD_DCtx_setParameter(context.as_ptr(), largest, LARGEST_WINDOW_LOG) })?;
        let mut number = None;
        if let Some(dictionary) = &options.dictionary {
            let bytes = dictionary.as_slice();
            let (data, size) = (bytes.as_ptr().cast(), bytes.len());
            // SAFETY: as above; the bytes are copied.
            context.check_loaded(unsafe { zstd_sys::ZSTD_DCtx_loadDictionary(context.as_ptr(), data, size) })?;
            // SAFETY: reads within the slice only.
            number = Some(unsafe { zstd_sys::ZSTD_getDictID_fromDict(data, size) });
        }
        Ok(Self { context, dictionary: number, next: FRAME_HEAD, is_pending: false, header: Header::default() })
    }

    /// A whole frame at once, straight into the output, where it is all there, tells its size and there is room.
    fn decode_whole(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Option<Step> {
        let header = frame_header(input).filter(|header| header.frameType == ZSTD_FrameType_e::ZSTD_frame)?;
        let (window, content) = (header.windowSize, header.frameContentSize);
        if content > output.len() as u64 {
            return None;
        }
        // SAFETY: reads within the slice only.
        let size = unsafe { zstd_sys::ZSTD_findFrameCompressedSize(input.as_ptr().cast(), input.len()) };
        // SAFETY: calculates only.
        let buffer = unsafe { zstd_sys::ZSTD_decodingBufferSize_min(window, content) };
        // Whether a frame is refused for its window is not to depend on how much of it is there.
        if is_error(size) || !self.context.memory.has_room(buffer.saturating_add(BLOCK)) {
            return None;
        }
        let (source, target) = (input.as_ptr().cast(), output.as_mut_ptr().cast());
        // SAFETY: the context lives; both pieces of memory are as long as they say.
        let produced =
            unsafe { zstd_sys::ZSTD_decompressDCtx(self.context.as_ptr(), target, output.len(), source, size) };
        let is_right = !is_error(produced);
        is_right.then_some(Step { consumed: size, produced, finished: true, wants: 0 })
    }

    /// One call of libzstd.
    fn step(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<Step> {
        let size = if self.is_pending { 0 } else { input.len().min(self.next) };
        let mut source = zstd_sys::ZSTD_inBuffer { src: input.as_ptr().cast(), size, pos: 0 };
        let mut target = zstd_sys::ZSTD_outBuffer { dst: output.as_mut_ptr().cast(), size: output.len(), pos: 0 };
        self.header.take_in(&input[..size]);
        // SAFETY: the context lives; both pieces of memory are as long as they say, and only what is said to be is written.
        let code = unsafe { zstd_sys::ZSTD_decompressStream(self.context.as_ptr(), &mut target, &mut source) };
        if is_error(code) {
            return Err(self.refusal(code));
        }
        // It asks for the head of the next block along with a block.
        self.next = if code > BLOCK_HEAD { code - BLOCK_HEAD } else { code };
        self.is_pending = target.pos == target.size && self.next > 0;
        // 0 says that a frame is decoded and written out completely.
        Ok(Step { consumed: source.pos, produced: target.pos, finished: self.next == 0, wants: 0 })
    }

    #[cold]
    fn refusal(&self, code: usize) -> Error {
        let header = frame_header(&self.header.bytes[..self.header.size]);
        // SAFETY: any number may be asked about.
        let why = match (unsafe { zstd_sys::ZSTD_getErrorCode(code) }, header) {
            (ErrorCode::ZSTD_error_dictionary_wrong, Some(header)) => match self.dictionary {
                None => error!(IoError, "the zstd data need dictionary {}, and none is given", header.dictID),
                Some(0) => error!(IoError, "the zstd data need dictionary {}, that given has no number", header.dictID),
                Some(other) => error!(IoError, "the zstd data need dictionary {}, given is {other}", header.dictID),
            },
            (ErrorCode::ZSTD_error_frameParameter_windowTooLarge, _) => {
                let largest = 1u64 << LARGEST_WINDOW_LOG;
                error!(IoError, "the zstd data need a window of more than {largest} bytes, the most that there may be")
            }
            _ => error!(IoError, "the zstd data is damaged: {}", error_text(code)),
        };
        self.context.memory.failure(why)
    }
}

impl Decoder for ZstdDecoder {
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        if self.header.size == 0 {
            if let Some(whole) = self.decode_whole(input, output) {
                *step = whole;
                return Ok(());
            }
            self.restart()?;
        }
        loop {
            let was_pending = self.is_pending;
            let one = self.step(&input[step.consumed..], &mut output[step.produced..])?;
            step.consumed += one.consumed;
            step.produced += one.produced;
            step.finished = one.finished;
            let is_stuck = one.consumed + one.produced == 0 && !was_pending;
            if step.finished || is_stuck || step.produced == output.len() || step.consumed == input.len() {
                return Ok(());
            }
        }
    }

    fn restart(&mut self) -> Result<()> {
        let session = zstd_sys::ZSTD_ResetDirective::ZSTD_reset_session_only;
        // SAFETY: the context lives.
        self.context.check(unsafe { zstd_sys::ZSTD_DCtx_reset(self.context.as_ptr(), session) })?;
        (self.next, self.is_pending) = (FRAME_HEAD, false);
        self.header = Header::default();
        Ok(())
    }
}

/// The first bytes of a frame.
#[derive(Default)]
struct Header {
    bytes: [u8; zstd_sys::ZSTD_FRAMEHEADERSIZE_MAX as usize],
    size: usize,
}

impl Header {
    fn take_in(&mut self, input: &[u8]) {
        let room = &mut self.bytes[self.size..];
        let count = room.len().min(input.len());
        room[..count].copy_from_slice(&input[..count]);
        self.size += count;
    }
}

/// What the header says that a frame begins with, if it is all there.
pub(super) fn frame_header(frame: &[u8]) -> Option<zstd_sys::ZSTD_FrameHeader> {
    let mut header = MaybeUninit::uninit();
    // SAFETY: reads within the slice only, and has filled the header where it gives 0.
    unsafe {
        let code = zstd_sys::ZSTD_getFrameHeader(header.as_mut_ptr(), frame.as_ptr().cast(), frame.len());
        (code == 0).then(|| header.assume_init())
    }
}

struct ZstdEncoder {
    context: ManuallyDrop<Context<zstd_sys::ZSTD_CCtx>>,
    /// Where libzstd has threads: the process that they are in.
    process: Option<Process>,
}

impl ZstdEncoder {
    fn new(options: &EncoderOptions, level: i32) -> Result<Self> {
        let memory = StateMemory::new(&options.pool, usize::MAX)?;
        let allocate = if options.threads > 0 { state_memory::allocate_for_threads } else { state_memory::allocate };
        let context = Context::new(memory, allocate, zstd_sys::ZSTD_createCCtx_advanced, zstd_sys::ZSTD_freeCCtx)?;
        let parameters = [
            (CParameter::ZSTD_c_compressionLevel, level),
            (CParameter::ZSTD_c_windowLog, options.window_log as i32),
            (CParameter::ZSTD_c_checksumFlag, i32::from(options.checksum)),
            (CParameter::ZSTD_c_nbWorkers, options.threads.min(MOST_THREADS) as i32),
        ];
        for (parameter, value) in parameters {
            // SAFETY: the context lives.
            context.check(unsafe { zstd_sys::ZSTD_CCtx_setParameter(context.as_ptr(), parameter, value) })?;
        }
        if let Some(dictionary) = &options.dictionary {
            let bytes = dictionary.as_slice();
            let (data, size) = (bytes.as_ptr().cast(), bytes.len());
            // SAFETY: as above; the bytes are copied.
            context.check_loaded(unsafe { zstd_sys::ZSTD_CCtx_loadDictionary(context.as_ptr(), data, size) })?;
        }
        let process = (options.threads > 0).then(Process::here);
        Ok(Self { context: ManuallyDrop::new(context), process })
    }

    fn check_process(&self) -> Result<()> {
        self.process.map_or(Ok(()), |process| process.check("zstd encoder"))
    }
}

impl Encoder for ZstdEncoder {
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step> {
        self.check_process()?;
        self.context.check(0)?;
        let directive = match goal {
            Goal::Continue => Directive::ZSTD_e_continue,
            Goal::Flush => Directive::ZSTD_e_flush,
            Goal::Finish => Directive::ZSTD_e_end,
        };
        let mut source = zstd_sys::ZSTD_inBuffer { src: input.as_ptr().cast(), size: input.len(), pos: 0 };
        let mut target = zstd_sys::ZSTD_outBuffer { dst: output.as_mut_ptr().cast(), size: output.len(), pos: 0 };
        // SAFETY: the context lives; both pieces of memory are as long as they say, and only what is said to be is written.
        let mut compress =
            || unsafe { zstd_sys::ZSTD_compressStream2(self.context.as_ptr(), &mut target, &mut source, directive) };
        // Any call may be the one that starts the threads.
        let code = if self.process.is_some() { without_signals(compress) } else { compress() };
        let pending = self.context.check(code)?;
        let finished = if goal == Goal::Continue { source.pos == input.len() } else { pending == 0 };
        Ok(Step { consumed: source.pos, produced: target.pos, finished, wants: 0 })
    }
}

impl Drop for ZstdEncoder {
    fn drop(&mut self) {
        // In a child of a fork the threads are not there, and would be waited for.
        if self.check_process().is_ok() {
            // SAFETY: it is not used again.
            unsafe { ManuallyDrop::drop(&mut self.context) };
        }
    }
}
