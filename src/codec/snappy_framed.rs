//! Snappy in its framing format: chunks with checksums, of blocks by snap.

use super::blocks::{BlockDecoder, BlockEncoder, Next, ReadBlocks, WriteBlocks};
use super::detection::{Signature, begins};
use super::snappy::{self, SnappyCompressor};
use super::{Checksum, Codec, Streaming, crc32c};
use crate::error::{Result, error};
use crate::memory::filled;
use crate::shared::try_box;
use std::mem::MaybeUninit;

pub(super) const CODEC: Codec = Codec {
    id: 12,
    name: c"snappy_framed",
    other_names: &["snappy_frame"],
    suffixes: &[".sz"],
    signature: Some(Signature {
        size: IDENTIFIER.len(),
        matches: |head| begins(head, IDENTIFIER),
        distinct: &[IDENTIFIER],
    }),
    checksum: Checksum::OfBlocks,
    has_end: false,
    max_compressed_size: |size| size + (size / BLOCK as u64 + 1) * 8 + IDENTIFIER.len() as u64,
    streaming: Some(Streaming {
        decoder: |options| Ok(try_box(BlockDecoder::new(Reader, &options.pool, options.memory_limit))?),
        encoder: |options, _| Ok(try_box(BlockEncoder::new(Writer(SnappyCompressor::new()?), &options.pool)?)?),
    }),
    ..Codec::BASE
};

/// The first chunk of a stream.
const IDENTIFIER: &[u8] = b"\xff\x06\0\0sNaPpY";

/// At most so many bytes come out of a chunk.
const BLOCK: usize = 64 << 10;

/// The kind of a chunk and its size.
const HEAD: usize = 4;
const CHECKSUM: usize = 4;

const COMPRESSED: u8 = 0;
const STORED: u8 = 1;

/// The checksum as the format has it: of a CRC-32C that covers others, the bits are moved.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    crc32c(0, bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

struct Reader;

impl ReadBlocks for Reader {
    fn next(&mut self, input: &[u8]) -> Result<Next> {
        let &[kind, low, middle, high, ..] = input else {
            // What cannot be skipped and is of no known kind is something else.
            let is_other = input.first().is_some_and(|kind| (STORED + 1..0x80).contains(kind));
            return Ok(if is_other { Next::End } else { Next::Unknown(HEAD) });
        };
        let size = u32::from_le_bytes([low, middle, high, 0]) as usize;
        let whole = HEAD + size;
        Ok(match kind {
            COMPRESSED if (CHECKSUM + 1..=CHECKSUM + snappy::bound(BLOCK)).contains(&size) => {
                if input.len() < whole {
                    return Ok(Next::Unknown(whole));
                }
                match snappy::decompressed_size(&input[HEAD + CHECKSUM..whole])? as usize {
                    room if room <= BLOCK => Next::Block { size: whole, room },
                    room => {
                        return Err(error!(IoError, "a chunk of snappy says that it has {room} bytes, {BLOCK} may be"));
                    }
                }
            }
            STORED if (CHECKSUM..=CHECKSUM + BLOCK).contains(&size) => {
                Next::Block { size: whole, room: size - CHECKSUM }
            }
            // Between streams that were put together.
            0xff if input.len() < IDENTIFIER.len() => Next::Unknown(IDENTIFIER.len()),
            0xff if begins(input, IDENTIFIER) => Next::Skip(IDENTIFIER.len()),
            0x80..=0xfe => Next::Skip(whole),
            _ => Next::End,
        })
    }

    fn decompress(&mut self, chunk: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let (expected, data) = chunk[HEAD..].split_at(CHECKSUM);
        let count = match chunk[0] {
            STORED => output[..data.len()].write_copy_of_slice(data).len(),
            _ => snappy::unpack(data, output).ok_or_else(|| error!(IoError, "the snappy_framed data is damaged"))?,
        };
        let found = checksum(filled(output, count));
        if found != expected {
            return Err(error!(
                IoError,
                "the snappy_framed data is damaged: a checksum is {found:02x?}, it should be {expected:02x?}"
            ));
        }
        Ok(count)
    }

    fn may_end(&self, rest: &[u8]) -> bool {
        rest.is_empty()
    }
}

struct Writer(SnappyCompressor);

impl WriteBlocks for Writer {
    const BLOCK: usize = BLOCK;

    fn bound(&self, size: usize) -> usize {
        IDENTIFIER.len().max(HEAD + CHECKSUM + snappy::bound(size))
    }

    fn begin(&mut self, output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        Ok(output[..IDENTIFIER.len()].write_copy_of_slice(IDENTIFIER).len())
    }

    fn block(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let (head, data) = output.split_at_mut(HEAD + CHECKSUM);
        let mut size = self.0.compress(input, data)?;
        let mut kind = COMPRESSED;
        // What does not become an eighth smaller is not worth decompressing.
        if size >= input.len() - input.len() / 8 {
            size = data[..input.len()].write_copy_of_slice(input).len();
            kind = STORED;
        }
        let [low, middle, high, _] = (size as u32 + CHECKSUM as u32).to_le_bytes();
        head[..HEAD].write_copy_of_slice(&[kind, low, middle, high]);
        head[HEAD..].write_copy_of_slice(&checksum(input));
        Ok(head.len() + size)
    }

    fn end(&mut self, _: &mut [MaybeUninit<u8>]) -> Result<usize> {
        Ok(0)
    }
}
