//! Zstandard, by libzstd.
#![allow(unsafe_code, reason = "libzstd")]

use super::detection::{Signature, begins};
use super::parallel::End;
use super::state_memory::{self, StateMemory};
use super::{Checksum, Codec, Decoder, DecoderOptions, Encoder, EncoderOptions, Goal, Levels, Step, Streaming};
use crate::error::{Result, error};
use crate::shared::try_box;
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use zstd::zstd_safe::zstd_sys::{self, ZSTD_EndDirective as Directive, ZSTD_cParameter as CParameter};

pub(super) const CODEC: Codec = Codec {
    id: 3,
    name: c"zstd",
    other_names: &["zst", "zstandard"],
    suffixes: &[".zst", ".zstd"],
    signature: Some(Signature { size: 4, matches: is_frame, is_distinct: true }),
    padding: 0,
    levels: Some(Levels { least: -131072, default: 3, greatest: 22 }),
    windows: Some([10, 31]),
    checksum: Checksum::Optional,
    takes_dictionary: true,
    // As ZSTD_compressBound.
    max_compressed_size: |size| size + (size >> 8) + if size < 128 << 10 { ((128 << 10) - size) >> 11 } else { 0 } + 64,
    find_end: Some(find_end),
    streaming: Some(Streaming {
        decoder: |options| Ok(try_box(ZstdDecoder::new(options)?)?),
        encoder: |options, level| Ok(try_box(ZstdEncoder::new(options, level)?)?),
    }),
    block: None,
};

/// A frame, or one that is to be skipped.
fn is_frame(head: &[u8]) -> bool {
    begins(head, b"\x28\xb5\x2f\xfd")
        || (head.first().is_none_or(|byte| byte & 0xf0 == 0x50)
            && begins(head.get(1..).unwrap_or_default(), b"\x2a\x4d\x18"))
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
    // SAFETY: any number may be asked about.
    let is_known = unsafe { zstd_sys::ZSTD_isError(size) } == 0;
    let says_nothing = output >= zstd_sys::ZSTD_CONTENTSIZE_ERROR as u64;
    End { size: is_known.then_some(size), output: if says_nothing { 0 } else { output } }
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
        create: unsafe extern "C" fn(zstd_sys::ZSTD_customMem) -> *mut T,
        free: unsafe extern "C" fn(*mut T) -> usize,
    ) -> Result<Self> {
        let hooks = zstd_sys::ZSTD_customMem {
            customAlloc: Some(state_memory::allocate),
            customFree: Some(state_memory::free),
            opaque: memory.opaque(),
        };
        // SAFETY: the memory outlives the context, as both are freed together.
        let context = NonNull::new(unsafe { create(hooks) });
        let context = context.ok_or_else(|| memory.failure(error!(OutOfMemory, "libzstd has no memory")))?;
        Ok(Self { context, free, memory })
    }

    /// What a call came to.
    fn check(&self, code: usize) -> Result<usize> {
        // SAFETY: any number may be asked about; the texts are constants.
        if unsafe { zstd_sys::ZSTD_isError(code) } == 0 {
            return Ok(code);
        }
        // SAFETY: as above.
        let text = unsafe { CStr::from_ptr(zstd_sys::ZSTD_getErrorName(code)) }.to_string_lossy();
        Err(self.memory.failure(error!(IoError, "the zstd data is damaged: {text}")))
    }
}

impl<T> Drop for Context<T> {
    fn drop(&mut self) {
        // SAFETY: created by the function that this one belongs to, and not used again.
        unsafe { (self.free)(self.context.as_ptr()) };
    }
}

/// So much of a frame libzstd looks at first.
const FRAME_HEAD: usize = 5;

/// Where libzstd fails it does not tell what it had put out in the same call. So it gets no more at once than what comes next,
/// a block or the checksum, and only when it holds nothing back.
struct ZstdDecoder {
    context: Context<zstd_sys::ZSTD_DCtx>,
    /// Bytes up to the end of what comes next.
    next: usize,
    /// The output was full, so there may be more of it.
    is_pending: bool,
}

impl ZstdDecoder {
    fn new(options: &DecoderOptions) -> Result<Self> {
        let memory = StateMemory::new(&options.pool, options.memory_limit)?;
        let context = Context::new(memory, zstd_sys::ZSTD_createDCtx_advanced, zstd_sys::ZSTD_freeDCtx)?;
        // The limit is one of memory.
        let largest = zstd_sys::ZSTD_dParameter::ZSTD_d_windowLogMax;
        // SAFETY: the context lives.
        context.check(unsafe { zstd_sys::ZSTD_DCtx_setParameter(context.context.as_ptr(), largest, 31) })?;
        if let Some(dictionary) = &options.dictionary {
            let bytes = dictionary.as_slice();
            // SAFETY: as above; the bytes are copied.
            let code = unsafe {
                zstd_sys::ZSTD_DCtx_loadDictionary(context.context.as_ptr(), bytes.as_ptr().cast(), bytes.len())
            };
            context.check(code)?;
        }
        Ok(Self { context, next: FRAME_HEAD, is_pending: false })
    }

    /// One call of libzstd.
    fn step(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<Step> {
        let size = if self.is_pending { 0 } else { input.len().min(self.next) };
        let mut source = zstd_sys::ZSTD_inBuffer { src: input.as_ptr().cast(), size, pos: 0 };
        let mut target = zstd_sys::ZSTD_outBuffer { dst: output.as_mut_ptr().cast(), size: output.len(), pos: 0 };
        // SAFETY: the context lives; both pieces of memory are as long as they say, and only what is said to be is written.
        let code = unsafe { zstd_sys::ZSTD_decompressStream(self.context.context.as_ptr(), &mut target, &mut source) };
        self.next = self.context.check(code)?;
        self.is_pending = target.pos == target.size && self.next > 0;
        // 0 says that a frame is decoded and written out completely.
        Ok(Step { consumed: source.pos, produced: target.pos, finished: self.next == 0, wants: 0 })
    }
}

impl Decoder for ZstdDecoder {
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
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
        self.next = FRAME_HEAD;
        Ok(())
    }
}

struct ZstdEncoder(Context<zstd_sys::ZSTD_CCtx>);

impl ZstdEncoder {
    fn new(options: &EncoderOptions, level: i32) -> Result<Self> {
        let memory = StateMemory::new(&options.pool, usize::MAX)?;
        let context = Context::new(memory, zstd_sys::ZSTD_createCCtx_advanced, zstd_sys::ZSTD_freeCCtx)?;
        let parameters = [
            (CParameter::ZSTD_c_compressionLevel, level),
            (CParameter::ZSTD_c_windowLog, options.window_log as i32),
            (CParameter::ZSTD_c_checksumFlag, i32::from(options.checksum)),
            (CParameter::ZSTD_c_nbWorkers, options.threads.min(256) as i32),
        ];
        for (parameter, value) in parameters {
            // SAFETY: the context lives.
            context.check(unsafe { zstd_sys::ZSTD_CCtx_setParameter(context.context.as_ptr(), parameter, value) })?;
        }
        if let Some(dictionary) = &options.dictionary {
            let bytes = dictionary.as_slice();
            // SAFETY: as above; the bytes are copied.
            let code = unsafe {
                zstd_sys::ZSTD_CCtx_loadDictionary(context.context.as_ptr(), bytes.as_ptr().cast(), bytes.len())
            };
            context.check(code)?;
        }
        Ok(Self(context))
    }
}

impl Encoder for ZstdEncoder {
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step> {
        let directive = match goal {
            Goal::Continue => Directive::ZSTD_e_continue,
            Goal::Flush => Directive::ZSTD_e_flush,
            Goal::Finish => Directive::ZSTD_e_end,
        };
        let mut source = zstd_sys::ZSTD_inBuffer { src: input.as_ptr().cast(), size: input.len(), pos: 0 };
        let mut target = zstd_sys::ZSTD_outBuffer { dst: output.as_mut_ptr().cast(), size: output.len(), pos: 0 };
        // SAFETY: the context lives; both pieces of memory are as long as they say, and only what is said to be is written.
        let code =
            unsafe { zstd_sys::ZSTD_compressStream2(self.0.context.as_ptr(), &mut target, &mut source, directive) };
        let pending = self.0.check(code)?;
        let finished = if goal == Goal::Continue { source.pos == input.len() } else { pending == 0 };
        Ok(Step { consumed: source.pos, produced: target.pos, finished, wants: 0 })
    }
}
