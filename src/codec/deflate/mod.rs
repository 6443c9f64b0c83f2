//! The formats around deflate (RFC 1951), by zlib-ng: gzip, zlib, and deflate by itself.

mod bgzf;
mod bits;
mod blocks;
mod fast;
mod format;
mod gzip;
mod huffman;
mod members;
mod tokens;
mod zlib_ng;

#[cfg(test)]
mod tests;

use super::detection::{Signature, begins};
use super::parallel_encoder::ParallelEncoder;
use super::{Checksum, Codec, Encoder, EncoderOptions, Levels, Streaming};
use crate::error::Result;
use crate::shared::try_box;
use bgzf::BgzfEncoder;
use blocks::DeflateBlocks;
use fast::FastDeflater;
use format::Format;
use gzip::GzipDecoder;
use zlib_ng::{Deflater, Inflater};

/// How a member begins; its third byte says that it is deflate.
const GZIP_MAGIC: &[u8] = b"\x1f\x8b\x08";

pub(super) const GZIP: Codec = Codec {
    id: 2,
    name: c"gzip",
    other_names: &["gz"],
    suffixes: &[".gz", ".gzip", ".bgz", ".bgzf"],
    signature: Some(Signature { size: 3, matches: |head| begins(head, GZIP_MAGIC), distinct: &[GZIP_MAGIC] }),
    levels: LEVELS,
    windows: WINDOWS,
    checksum: Checksum::Always,
    max_compressed_size,
    find_end: Some(members::find_end),
    streaming: Some(Streaming {
        decoder: |options| Ok(try_box(GzipDecoder::new(options)?)?),
        encoder: |options, level| match GZIP.frame_size(options)? {
            Some(block_size) => Ok(try_box(BgzfEncoder::new(options, level, block_size)?)?),
            None => encoder(Format::Gzip, options, level),
        },
    }),
    seekable: Some(bgzf::SEEKABLE),
    ..Codec::BASE
};

pub(super) const ZLIB: Codec = Codec {
    id: 4,
    name: c"zlib",
    suffixes: &[".zz", ".zlib"],
    signature: Some(Signature { size: 2, matches: is_zlib, distinct: &[] }),
    levels: LEVELS,
    windows: WINDOWS,
    checksum: Checksum::Always,
    max_compressed_size,
    streaming: Some(Streaming {
        decoder: |options| Ok(try_box(Inflater::new(Format::Zlib, options)?)?),
        encoder: |options, level| encoder(Format::Zlib, options, level),
    }),
    ..Codec::BASE
};

pub(super) const DEFLATE: Codec = Codec {
    id: 5,
    name: c"deflate",
    suffixes: &[".deflate"],
    levels: LEVELS,
    windows: WINDOWS,
    max_compressed_size,
    streaming: Some(Streaming {
        decoder: |options| Ok(try_box(Inflater::new(Format::Deflate, options)?)?),
        encoder: |options, level| encoder(Format::Deflate, options, level),
    }),
    ..Codec::BASE
};

const LEVELS: Option<Levels> = Some(Levels { least: 0, default: 6, greatest: 9 });
const WINDOWS: Option<[u32; 2]> = Some([9, LARGEST_WINDOW]);

/// The binary logarithm of the largest window that there is.
const LARGEST_WINDOW: u32 = 15;

/// Data that do not compress are stored in blocks with 5 bytes of their own. With a small window they may be out of reach when
/// that turns out; then they cost their symbols, with codes for 16383 of them a block, and in the last block 9 bits a byte.
fn max_compressed_size(size: u64) -> u64 {
    size + size / 32 + 2112
}

/// By several threads where some may help.
fn encoder(format: Format, options: &EncoderOptions, level: i32) -> Result<Box<dyn Encoder>> {
    if options.threads > 0 {
        let blocks = DeflateBlocks::new(format, options, level);
        return Ok(try_box(ParallelEncoder::new(blocks, options)?)?);
    }
    match level {
        1 => Ok(try_box(FastDeflater::new(format, options)?)?),
        _ => Ok(try_box(Deflater::new(format, options, level)?)?),
    }
}

/// The binary logarithm of the window that is asked for.
fn window_log(options: &EncoderOptions) -> u32 {
    if options.window_log == 0 { LARGEST_WINDOW } else { options.window_log }
}

/// The method is deflate, with a window of 32 KiB at most, and the two bytes are a multiple of 31.
fn is_zlib(head: &[u8]) -> bool {
    let is_method = |byte: u8| byte & 0x0f == 8 && byte >> 4 <= 7;
    match head {
        [] => true,
        [method] => is_method(*method),
        [method, flags, ..] => is_method(*method) && u16::from_be_bytes([*method, *flags]).is_multiple_of(31),
    }
}
