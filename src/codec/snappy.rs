//! Snappy in its raw form, by snap.
#![allow(unsafe_code, reason = "memory that snap fills")]

use super::one_shot::no_room;
use super::{Block, Codec};
use crate::error::{Error, Result, error};
use crate::memory::{BufferBuilder, Pool};
use crate::shared::{try_box, try_vec};
use snap::raw;
use std::fmt;
use std::mem::MaybeUninit;

pub(super) const CODEC: Codec = Codec {
    id: 11,
    name: c"snappy",
    other_names: &["snappy_raw"],
    max_compressed_size: |size| bound(size as usize) as u64,
    block: Some(Block {
        compress: |options, _, input, output| compress(&options.pool, input, output),
        decompress,
        decompressed_size,
    }),
    ..Codec::BASE
};

/// At most so many bytes come of `size`, as snap has it.
pub(super) fn bound(size: usize) -> usize {
    size.saturating_add(size / 6 + 32)
}

/// What snap allocates when it compresses; asked for beforehand, as it would not survive a refusal.
const STATE_SIZE: usize = 32 << 10;

/// Compresses blocks.
pub(super) struct SnappyCompressor(Box<raw::Encoder>);

impl SnappyCompressor {
    pub(super) fn new() -> Result<Self> {
        drop(try_vec::<u8>(STATE_SIZE)?);
        Ok(Self(try_box(raw::Encoder::new())?))
    }

    /// Compresses one block into memory with room for `bound` of it.
    pub(super) fn compress(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.0.compress(input, writable(output)).map_err(|error| match error {
            snap::Error::TooBig { given, .. } => error!(CapacityError, "{given} bytes are too many for snappy"),
            error => error!(Internal, "the snappy encoder failed: {error}"),
        })
    }
}

/// Memory that snap writes to. It never reads what it has not written there.
fn writable(output: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    // SAFETY: what is read of it has been written.
    unsafe { output.assume_init_mut() }
}

fn compress(pool: &Pool, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<Option<usize>> {
    let mut compressor = SnappyCompressor::new()?;
    let bound = bound(input.len());
    if output.len() >= bound {
        return compressor.compress(input, &mut output[..bound]).map(Some);
    }
    // It may come to less.
    let mut whole = BufferBuilder::new(pool.clone());
    let size = whole.append_with(bound, |memory| compressor.compress(input, memory))?;
    Ok(output.get_mut(..size).map(|output| output.write_copy_of_slice(whole.as_slice()).len()))
}

/// Decompresses one block. `None`: it is damaged, or more comes out than there is room for.
pub(super) fn unpack(input: &[u8], output: &mut [MaybeUninit<u8>]) -> Option<usize> {
    raw::Decoder::new().decompress(input, writable(output)).ok()
}

fn decompress(input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<usize> {
    raw::Decoder::new().decompress(input, writable(output)).map_err(|error| match error {
        // Unless it cannot be that much.
        snap::Error::BufferTooSmall { .. } => {
            decompressed_size(input).err().unwrap_or_else(|| no_room("snappy", output.len()))
        }
        error => damaged(error),
    })
}

/// What a block says of the size of its contents, which is no more than it can come to.
pub(super) fn decompressed_size(input: &[u8]) -> Result<u64> {
    let size = raw::decompress_len(input).map_err(damaged)?;
    // 64 bytes come of 3 at most.
    let most = input.len().saturating_mul(22);
    if size > most {
        return Err(damaged(format_args!("{} bytes cannot come to {size}, as they say", input.len())));
    }
    Ok(size as u64)
}

#[cold]
fn damaged(why: impl fmt::Display) -> Error {
    error!(IoError, "the snappy data is damaged: {why}")
}
