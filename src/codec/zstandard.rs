//! Zstandard, by libzstd.

use super::{Codec, Decoder, Encoder, Goal, Step};
use crate::error::{Error, Result, error};
use crate::shared::try_box;
use std::mem::MaybeUninit;
use zstd::zstd_safe::{self, CCtx, CParameter, DCtx, InBuffer, OutBuffer, WriteBuf};

pub(super) const CODEC: Codec = Codec {
    id: 3,
    name: "zstd",
    suffixes: &[".zst"],
    levels: [-131072, 3, 22],
    new_decoder: || {
        let context = DCtx::try_create().ok_or_else(|| Error::out_of_memory(DECODER_SIZE))?;
        Ok(try_box(ZstdDecoder(context))?)
    },
    new_encoder: |level| {
        let mut context = CCtx::try_create().ok_or_else(|| Error::out_of_memory(ENCODER_SIZE))?;
        context.set_parameter(CParameter::CompressionLevel(level)).map_err(failure)?;
        context.set_parameter(CParameter::ChecksumFlag(true)).map_err(failure)?;
        Ok(try_box(ZstdEncoder(context))?)
    },
};

/// About what libzstd takes for a context, for the message when it cannot.
const DECODER_SIZE: usize = 96 << 10;
const ENCODER_SIZE: usize = 5 << 10;

struct ZstdDecoder(DCtx<'static>);

impl Decoder for ZstdDecoder {
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<Step> {
        let mut source = InBuffer::around(input);
        let mut room = Room::new(output);
        let mut target = OutBuffer::around(&mut room);
        let hint = self.0.decompress_stream(&mut target, &mut source).map_err(failure)?;
        let produced = target.pos();
        // 0 says that a frame is decoded and written out completely.
        Ok(Step { consumed: source.pos(), produced, finished: hint == 0 })
    }
}

struct ZstdEncoder(CCtx<'static>);

impl Encoder for ZstdEncoder {
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step> {
        use zstd_safe::zstd_sys::ZSTD_EndDirective::*;
        let directive = match goal {
            Goal::Continue => ZSTD_e_continue,
            Goal::Flush => ZSTD_e_flush,
            Goal::Finish => ZSTD_e_end,
        };
        let mut source = InBuffer::around(input);
        let mut room = Room::new(output);
        let mut target = OutBuffer::around(&mut room);
        let pending = self.0.compress_stream2(&mut target, &mut source, directive).map_err(failure)?;
        let produced = target.pos();
        let consumed = source.pos();
        let finished = if goal == Goal::Continue { consumed == input.len() } else { pending == 0 };
        Ok(Step { consumed, produced, finished })
    }
}

#[cold]
fn failure(code: usize) -> Error {
    let text = zstd_safe::get_error_name(code);
    let is_memory = text == "Allocation error : not enough memory";
    if is_memory {
        error!(OutOfMemory, "libzstd: {text}")
    } else {
        error!(IoError, "the zstd data cannot be processed: {text}")
    }
}

/// The caller's memory as libzstd's wrapper wants it: memory that is written from the front.
struct Room<'a> {
    memory: &'a mut [MaybeUninit<u8>],
    filled: usize,
}

impl<'a> Room<'a> {
    fn new(memory: &'a mut [MaybeUninit<u8>]) -> Self {
        Self { memory, filled: 0 }
    }
}

#[allow(unsafe_code, reason = "the trait's contract")]
// SAFETY: gives the memory's own address and size; `as_slice` covers what libzstd reported as written.
unsafe impl WriteBuf for Room<'_> {
    fn as_slice(&self) -> &[u8] {
        // SAFETY: the first `filled` bytes were written.
        unsafe { self.memory[..self.filled].assume_init_ref() }
    }

    fn capacity(&self) -> usize {
        self.memory.len()
    }

    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.memory.as_mut_ptr().cast()
    }

    unsafe fn filled_until(&mut self, count: usize) {
        self.filled = count;
    }
}
