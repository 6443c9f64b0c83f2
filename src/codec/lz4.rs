//! LZ4 frames: read by liblz4, written as blocks of it that do not depend on one another. Frames of the first version of the
//! tool, which it still writes when asked to (`lz4 -l`), are read as well.
#![allow(unsafe_code, reason = "liblz4")]

use super::blocks::{BlockDecoder, BlockEncoder, Next, ReadBlocks, WriteBlocks};
use super::detection::{Signature, begins, begins_skippable};
use super::lz4_raw::{self, Lz4Compressor};
use super::state_memory::{self, StateMemory};
use super::{Checksum, Codec, Decoder, DecoderOptions, Step, Streaming};
use crate::error::{Result, error};
use crate::memory::filled;
use crate::shared::try_box;
use std::ffi::{CStr, c_uint, c_void};
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use xxhash_rust::xxh32::{Xxh32, xxh32};

pub(super) const CODEC: Codec = Codec {
    id: 6,
    name: c"lz4",
    other_names: &["lz4_frame"],
    suffixes: &[".lz4"],
    signature: Some(Signature { size: 4, matches: is_frame, distinct: &[MAGIC, LEGACY_MAGIC] }),
    levels: Some(lz4_raw::LEVELS),
    checksum: Checksum::Optional,
    max_compressed_size: |size| size + (size / BLOCK as u64 + 1) * 4 + (HEAD + TAIL) as u64,
    streaming: Some(Streaming {
        decoder: |options| Ok(try_box(Lz4Decoder::new(options)?)?),
        encoder: |options, level| {
            let compressor = Lz4Compressor::new(&options.pool, level);
            let writer = Writer { compressor, checksum: options.checksum.then(|| Xxh32::new(0)) };
            Ok(try_box(BlockEncoder::new(writer, &options.pool)?)?)
        },
    }),
    ..Codec::BASE
};

const MAGIC: &[u8] = b"\x04\x22\x4d\x18";
const LEGACY_MAGIC: &[u8] = b"\x02\x21\x4c\x18";

/// A frame, one of the first version, or one that is to be skipped, which begins with letters, as other things may.
fn is_frame(head: &[u8]) -> bool {
    begins(head, MAGIC) || begins(head, LEGACY_MAGIC) || begins_skippable(head)
}

/// Reads frames of either version.
struct Lz4Decoder {
    frames: FrameDecoder,
    legacy: BlockDecoder<Legacy>,
    /// Which version this one is of; `None`: it is not known.
    is_legacy: Option<bool>,
}

impl Lz4Decoder {
    fn new(options: &DecoderOptions) -> Result<Self> {
        let legacy = BlockDecoder::new(Legacy { is_begun: false }, &options.pool, options.memory_limit);
        Ok(Self { frames: FrameDecoder::new(options)?, legacy, is_legacy: None })
    }
}

impl Decoder for Lz4Decoder {
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        // The first input of a frame has its signature, unless it is cut off within.
        let is_legacy = *self.is_legacy.get_or_insert_with(|| input.starts_with(LEGACY_MAGIC));
        if is_legacy { self.legacy.decode(input, output, step) } else { self.frames.decode(input, output, step) }
    }

    fn restart(&mut self) -> Result<()> {
        self.is_legacy = None;
        self.frames.restart()?;
        self.legacy.restart()
    }

    fn may_end(&self, rest: &[u8]) -> bool {
        self.is_legacy == Some(true) && self.legacy.may_end(rest)
    }
}

/// LZ4F_CustomMem.
#[repr(C)]
struct Hooks {
    allocate: unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void,
    allocate_zeroed: Option<unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void>,
    free: unsafe extern "C" fn(*mut c_void, *mut c_void),
    opaque: *mut c_void,
}

unsafe extern "C" {
    fn LZ4F_createDecompressionContext_advanced(hooks: Hooks, version: c_uint) -> *mut c_void;
}

/// What liblz4 wants for the head of a frame first.
const LEAST_HEAD: usize = 7;

/// Where liblz4 fails it does not tell what it had put out in the same call. So it gets no more at once than what comes next:
/// the head of the frame, that of a block, a block, the checksum; and only when it holds nothing back.
struct FrameDecoder {
    context: NonNull<c_void>,
    memory: Box<StateMemory>,
    /// Bytes up to the end of what comes next.
    next: usize,
    /// The output was full, so there may be more of it.
    is_pending: bool,
    /// It has looked at what the frame is like.
    is_begun: bool,
    /// Of what came out, where liblz4 is to leave it to us: it takes twice as long.
    checksum: Option<Xxh32>,
    /// The last bytes that went in.
    last: u32,
}

// SAFETY: a context belongs to whoever has it, on whatever thread; so does its memory, whose pool is for all threads.
unsafe impl Send for FrameDecoder {}

impl FrameDecoder {
    fn new(options: &DecoderOptions) -> Result<Self> {
        let memory = StateMemory::new(&options.pool, options.memory_limit)?;
        let hooks = Hooks {
            allocate: state_memory::allocate,
            allocate_zeroed: None,
            free: state_memory::free,
            opaque: memory.opaque(),
        };
        // SAFETY: the memory outlives the context, as both are freed together.
        let context = NonNull::new(unsafe { LZ4F_createDecompressionContext_advanced(hooks, lz4_sys::LZ4F_VERSION) });
        let context = context.ok_or_else(|| memory.failure(error!(OutOfMemory, "liblz4 has no memory")))?;
        Ok(Self { context, memory, next: LEAST_HEAD, is_pending: false, is_begun: false, checksum: None, last: 0 })
    }

    /// One call of liblz4. If the output `is_stable` it stays as it is until the next call.
    fn call(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], is_stable: bool) -> Result<(Step, usize)> {
        let (mut consumed, mut produced) = (input.len(), output.len());
        let skips_checksums = self.checksum.is_some().into();
        let options =
            lz4_sys::LZ4FDecompressOptions { stable_dst: is_stable.into(), reserved: [skips_checksums, 0, 0] };
        let context = lz4_sys::LZ4FDecompressionContext(self.context.as_ptr());
        let target = output.as_mut_ptr().cast();
        // SAFETY: the context lives; both pieces of memory are as long as they say, and only what is counted is written.
        let code = unsafe {
            lz4_sys::LZ4F_decompress(context, target, &mut produced, input.as_ptr(), &mut consumed, &options)
        };
        // SAFETY: any number may be asked about; the texts are constants.
        if unsafe { lz4_sys::LZ4F_isError(code) } == 0 {
            return Ok((Step { consumed, produced, ..Step::default() }, code));
        }
        // SAFETY: as above.
        let text = unsafe { CStr::from_ptr(lz4_sys::LZ4F_getErrorName(code)) }.to_string_lossy();
        Err(self.memory.failure(error!(IoError, "the lz4 data is damaged: {text}")))
    }

    /// Feeds it as much as comes next.
    fn step(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<Step> {
        let size = if self.is_pending { 0 } else { input.len().min(self.next) };
        let (mut step, hint) = self.call(&input[..size], output, true)?;
        self.next -= step.consumed;
        self.note(&input[..step.consumed], filled(output, step.produced));
        if self.next == 0 {
            // It asks for the head of the next block along with a block.
            self.next = if hint > BLOCK_HEAD { hint - BLOCK_HEAD } else { hint };
            step.finished = hint == 0;
        }
        if step.finished
            && let Some(checksum) = &self.checksum
            && checksum.digest() != self.last
        {
            let (found, expected) = (checksum.digest(), self.last);
            return Err(error!(
                IoError,
                "the lz4 data is damaged: the checksum is {found:08x}, it should be {expected:08x}"
            ));
        }
        self.is_pending = step.produced == output.len() && !step.finished;
        Ok(step)
    }

    /// Notes what went in and what came out.
    fn note(&mut self, input: &[u8], output: &[u8]) {
        for byte in &input[input.len().saturating_sub(size_of_val(&self.last))..] {
            self.last = self.last >> 8 | u32::from(*byte) << 24;
        }
        if let Some(checksum) = &mut self.checksum {
            checksum.update(output);
        }
    }

    /// Whatever is left to be done.
    fn steps(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
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
}

impl Decoder for FrameDecoder {
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        if !self.is_begun {
            let Some(kind) = input.get(MAGIC.len()) else {
                step.wants = MAGIC.len() + 1;
                return Ok(());
            };
            let is_ours = kind & (HAS_BLOCK_CHECKSUMS | HAS_CHECKSUM) == HAS_CHECKSUM && input.starts_with(MAGIC);
            self.checksum = is_ours.then(|| Xxh32::new(0));
            self.is_begun = true;
        }
        self.steps(input, output, step)?;
        if !step.finished && step.produced > 0 {
            // The output goes away: what later blocks refer to must be kept.
            self.call(&[], &mut output[step.produced..], false)?;
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<()> {
        // SAFETY: the context lives.
        unsafe { lz4_sys::LZ4F_resetDecompressionContext(lz4_sys::LZ4FDecompressionContext(self.context.as_ptr())) };
        (self.next, self.is_pending, self.is_begun) = (LEAST_HEAD, false, false);
        Ok(())
    }
}

impl Drop for FrameDecoder {
    fn drop(&mut self) {
        let context = lz4_sys::LZ4FDecompressionContext(self.context.as_ptr());
        // SAFETY: created by liblz4 and not used again.
        unsafe { lz4_sys::LZ4F_freeDecompressionContext(context) };
    }
}

/// Blocks of frames of the first version are so long, except the last one.
const LEGACY_BLOCK: usize = 8 << 20;

/// Frames of the first version: the size of a block, the block, and so on to the end of the data, or to what is no size.
struct Legacy {
    is_begun: bool,
}

impl ReadBlocks for Legacy {
    fn next(&mut self, input: &[u8]) -> Result<Next> {
        let Some((size, _)) = input.split_first_chunk() else { return Ok(Next::Unknown(BLOCK_HEAD)) };
        if !self.is_begun {
            self.is_begun = true;
            return Ok(Next::Skip(LEGACY_MAGIC.len()));
        }
        let size = u32::from_le_bytes(*size) as usize;
        if size == 0 || size > lz4_raw::bound(LEGACY_BLOCK) {
            return Ok(Next::End);
        }
        Ok(Next::Block { size: BLOCK_HEAD + size, room: LEGACY_BLOCK.min(size.saturating_mul(255)) })
    }

    fn decompress(&mut self, block: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let count = lz4_raw::unpack(&block[BLOCK_HEAD..], output);
        count.ok_or_else(|| error!(IoError, "the lz4 data is damaged: a block of a legacy frame"))
    }

    fn may_end(&self, rest: &[u8]) -> bool {
        self.is_begun && rest.is_empty()
    }

    fn restart(&mut self) {
        self.is_begun = false;
    }
}

/// Uncompressed bytes of a block, of which a frame has many: enough that not much is lost by their not knowing one another.
const BLOCK: usize = 256 << 10;
/// What stands for that in the head of a frame.
const BLOCK_KIND: u8 = 5 << 4;

/// The signature, what the frame is like, and a checksum of that.
const HEAD: usize = 7;
/// In what it is like.
const HAS_CHECKSUM: u8 = 1 << 2;
const HAS_BLOCK_CHECKSUMS: u8 = 1 << 4;
/// The size of a block.
const BLOCK_HEAD: usize = 4;
/// The end of the blocks, and the checksum.
const TAIL: usize = 8;

/// In the size of a block: it is not compressed.
const STORED: u32 = 1 << 31;

struct Writer {
    compressor: Lz4Compressor,
    /// `None`: there is to be none.
    checksum: Option<Xxh32>,
}

impl WriteBlocks for Writer {
    const BLOCK: usize = BLOCK;

    fn bound(&self, size: usize) -> usize {
        TAIL + size
    }

    fn begin(&mut self, output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        // Version 1, blocks that do not depend on one another.
        let kind = 0b0110_0000 | if self.checksum.is_some() { HAS_CHECKSUM } else { 0 };
        let like = [kind, BLOCK_KIND];
        let [_, checksum, ..] = xxh32(&like, 0).to_le_bytes();
        let (magic, rest) = output[..HEAD].split_at_mut(MAGIC.len());
        magic.write_copy_of_slice(MAGIC);
        rest.write_copy_of_slice(&[kind, BLOCK_KIND, checksum]);
        Ok(HEAD)
    }

    fn block(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        if let Some(checksum) = &mut self.checksum {
            checksum.update(input);
        }
        let (head, data) = output.split_at_mut(BLOCK_HEAD);
        let (size, mark) = match self.compressor.compress(input, &mut data[..input.len() - 1])? {
            Some(size) => (size, size as u32),
            None => (data[..input.len()].write_copy_of_slice(input).len(), input.len() as u32 | STORED),
        };
        head.write_copy_of_slice(&mark.to_le_bytes());
        Ok(BLOCK_HEAD + size)
    }

    fn end(&mut self, output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let (end, rest) = output[..TAIL].split_at_mut(BLOCK_HEAD);
        end.write_copy_of_slice(&[0; BLOCK_HEAD]);
        let Some(checksum) = &self.checksum else { return Ok(BLOCK_HEAD) };
        rest.write_copy_of_slice(&checksum.digest().to_le_bytes());
        Ok(TAIL)
    }
}
