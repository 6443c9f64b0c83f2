//! Blocks of LZ4, by liblz4, and the codec of a block alone.
#![allow(unsafe_code, reason = "liblz4")]

use super::one_shot::no_room;
use super::{Block, Codec, Levels};
use crate::error::{Error, Result, error};
use crate::memory::{BufferBuilder, Pool};
use std::ffi::{c_char, c_int, c_void};
use std::mem::MaybeUninit;

pub(super) const CODEC: Codec = Codec {
    id: 7,
    name: c"lz4_raw",
    other_names: &["lz4_block"],
    levels: Some(LEVELS),
    max_compressed_size: |size| bound(size as usize) as u64,
    block: Some(Block {
        compress: |options, level, input, output| Lz4Compressor::new(&options.pool, level).compress(input, output),
        decompress,
        decompressed_size: |input| decompressed_size(input).ok_or_else(damaged),
    }),
    ..Codec::BASE
};

pub(super) const LEVELS: Levels = Levels { least: 1, default: 1, greatest: 12 };

/// From this level on liblz4 looks for matches more thoroughly.
const LEAST_THOROUGH_LEVEL: i32 = 2;

/// The most bytes of one block, uncompressed.
const MOST: usize = 0x7e00_0000;

unsafe extern "C" {
    fn LZ4_sizeofState() -> c_int;
    fn LZ4_sizeofStateHC() -> c_int;
    fn LZ4_compress_fast_extState(
        state: *mut c_void,
        source: *const c_char,
        target: *mut c_char,
        size: c_int,
        room: c_int,
        acceleration: c_int,
    ) -> c_int;
    fn LZ4_compress_HC_extStateHC(
        state: *mut c_void,
        source: *const c_char,
        target: *mut c_char,
        size: c_int,
        room: c_int,
        level: c_int,
    ) -> c_int;
}

/// At most so many bytes come of `size`, as LZ4_compressBound has it.
pub(super) fn bound(size: usize) -> usize {
    size.saturating_add(size / 255 + 16)
}

/// Compresses blocks.
pub(super) struct Lz4Compressor {
    /// Memory for the state, none of which lasts from block to block.
    state: BufferBuilder,
    level: i32,
}

impl Lz4Compressor {
    pub(super) fn new(pool: &Pool, level: i32) -> Self {
        Self { state: BufferBuilder::new(pool.clone()), level }
    }

    /// Compresses one block. `None`: it has no room.
    pub(super) fn compress(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<Option<usize>> {
        if input.len() > MOST {
            return Err(error!(CapacityError, "{} bytes are too many for a block of lz4, {MOST} fit", input.len()));
        }
        // liblz4 looks in front of the input, and the address of nothing may be so small that it ends up behind.
        if input.is_empty() {
            return Ok(output.first_mut().map(|token| token.write(0)).map(|_| 1));
        }
        let is_thorough = self.level >= LEAST_THOROUGH_LEVEL;
        // SAFETY: constants.
        let size = unsafe { if is_thorough { LZ4_sizeofStateHC() } else { LZ4_sizeofState() } };
        let (source, target) = (input.as_ptr().cast(), output.as_mut_ptr().cast());
        let (length, room) = (input.len() as c_int, to_int(output.len()));
        let mut written = 0;
        self.state.append_with(size.unsigned_abs() as usize, |state| {
            let state = state.as_mut_ptr().cast();
            // SAFETY: the state is as large as it must be, and aligned; the lengths are those of the memory.
            written = unsafe {
                match is_thorough {
                    true => LZ4_compress_HC_extStateHC(state, source, target, length, room, self.level),
                    false => LZ4_compress_fast_extState(state, source, target, length, room, 1),
                }
            };
            Ok(0)
        })?;
        match usize::try_from(written) {
            Ok(written) if written > 0 => Ok(Some(written)),
            // At the highest levels it takes some memory in the midst of its work.
            _ if output.len() >= bound(input.len()) => Err(Error::out_of_memory(size.unsigned_abs() as usize)),
            _ => Ok(None),
        }
    }
}

fn to_int(size: usize) -> c_int {
    c_int::try_from(size).unwrap_or(c_int::MAX)
}

/// Decompresses one block. `None`: it is damaged, or more comes out than there is room for.
pub(super) fn unpack(input: &[u8], output: &mut [MaybeUninit<u8>]) -> Option<usize> {
    let length = c_int::try_from(input.len()).ok()?;
    let (source, target) = (input.as_ptr().cast(), output.as_mut_ptr().cast());
    // SAFETY: the lengths are those of the memory; only what is counted has been written for sure.
    let count = unsafe { lz4_sys::LZ4_decompress_safe(source, target, length, to_int(output.len())) };
    usize::try_from(count).ok()
}

fn decompress(input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<usize> {
    if c_int::try_from(input.len()).is_err() {
        return Err(error!(CapacityError, "{} bytes are too many for a block of lz4", input.len()));
    }
    unpack(input, output).ok_or_else(|| match decompressed_size(input) {
        Some(size) if size > output.len() as u64 => no_room("lz4_raw", output.len()),
        Some(size) if c_int::try_from(size).is_err() => {
            error!(CapacityError, "the lz4_raw data decompress to {size} bytes, liblz4 gives at most {}", c_int::MAX)
        }
        _ => damaged(),
    })
}

#[cold]
fn damaged() -> Error {
    error!(IoError, "the lz4_raw data is damaged")
}

/// How many bytes come out of a block, found by going through it. `None`: it is damaged.
fn decompressed_size(block: &[u8]) -> Option<u64> {
    let (mut rest, mut size) = (block, 0);
    loop {
        let (token, behind) = rest.split_first()?;
        rest = behind;
        let literals = length(token >> 4, &mut rest)?;
        rest = rest.get(usize::try_from(literals).ok()?..)?;
        size += literals;
        if rest.is_empty() {
            return Some(size);
        }
        // How far back the match is.
        rest = rest.get(2..)?;
        size += length(token & 0xf, &mut rest)? + 4;
    }
}

/// A length that is given by half a token and, if that is full, the bytes behind it, the last of which is not.
fn length(half: u8, rest: &mut &[u8]) -> Option<u64> {
    let mut length = u64::from(half);
    let mut last = if half == 0xf { u8::MAX } else { 0 };
    while last == u8::MAX {
        (last, *rest) = rest.split_first().map(|(first, behind)| (*first, behind))?;
        length += u64::from(last);
    }
    Some(length)
}
