//! Blocks of LZ4 and of Snappy as Hadoop frames them: the size of what comes out, then the size of a block and the block,
//! and more blocks until so many bytes came out. Sizes are big-endian. There are no checksums and there is no end, except
//! that Hadoop may write a size of 0 last.

use super::blocks::{BlockDecoder, BlockEncoder, Next, ReadBlocks, WriteBlocks};
use super::detection::Signature;
use super::lz4_raw::{self, Lz4Compressor};
use super::snappy::{self, SnappyCompressor};
use super::{Codec, Decoder, DecoderOptions, Encoder, EncoderOptions, Streaming};
use crate::error::{Result, error};
use crate::shared::try_box;
use std::mem::MaybeUninit;

pub(super) const LZ4: Codec = Codec {
    id: 8,
    name: c"lz4_hadoop",
    max_compressed_size: |size| size + size / 255 + blocks(size) * (HEAD as u64 + 16),
    streaming: Some(Streaming {
        decoder: |options| decoder(options, Reader::new(lz4_raw::unpack, 255)),
        encoder: |options, _| encoder(options, Lz4Compressor::new(&options.pool, lz4_raw::LEVELS.default)),
    }),
    // Older writers of Parquet have one block in no frame. Where it has contents, it begins with literals, which half a byte
    // counts; that is 0 at the beginning of every frame of a size that is read.
    instead: Some(|input| input.first().is_some_and(|first| *first >= 0x10).then_some(&lz4_raw::CODEC)),
    ..HADOOP
};

pub(super) const SNAPPY: Codec = Codec {
    id: 13,
    name: c"snappy_hadoop",
    suffixes: &[".snappy"],
    max_compressed_size: |size| size + size / 6 + blocks(size) * (HEAD as u64 + 32),
    streaming: Some(Streaming {
        decoder: |options| decoder(options, Reader::new(snappy::unpack, 22)),
        encoder: |options, _| encoder(options, SnappyCompressor::new()?),
    }),
    ..HADOOP
};

/// What is the same for both.
const HADOOP: Codec = Codec {
    id: 0,
    name: c"",
    signature: Some(Signature { size: HEAD, matches: is_head, distinct: &[] }),
    has_end: false,
    max_compressed_size: |size| size,
    ..Codec::BASE
};

/// Both sizes.
const HEAD: usize = 8;
const SIZE: usize = 4;

/// Larger sizes are not believed.
const MOST: usize = 64 << 20;

/// What is written has so many bytes in each frame, in one block, so that the buffers of all readers have room for it.
const BLOCK: usize = 128 << 10;

/// No contents, as a frame of one block. Hadoop stops at the first size.
const EMPTY: [u8; 9] = [0, 0, 0, 0, 0, 0, 0, 1, 0];

/// So many frames of `size` bytes at most.
fn blocks(size: u64) -> u64 {
    size / BLOCK as u64 + 1
}

/// The size at the beginning of some bytes; where they are too few, the least that it can be.
fn size(bytes: &[u8]) -> usize {
    let byte = |at| bytes.get(at).copied().unwrap_or(0);
    u32::from_be_bytes(std::array::from_fn(byte)) as usize
}

fn is_head(head: &[u8]) -> bool {
    size(head) <= MOST && size(head.get(SIZE..).unwrap_or_default()) <= MOST
}

fn decoder(options: &DecoderOptions, reader: Reader) -> Result<Box<dyn Decoder>> {
    Ok(try_box(BlockDecoder::new(reader, &options.pool, options.memory_limit))?)
}

fn encoder(options: &EncoderOptions, compressor: impl Compressor + 'static) -> Result<Box<dyn Encoder>> {
    Ok(try_box(BlockEncoder::new(Writer { compressor, is_empty: true }, &options.pool)?)?)
}

struct Reader {
    /// Decompresses a block; `None`: it is damaged, or has no room.
    unpack: fn(&[u8], &mut [MaybeUninit<u8>]) -> Option<usize>,
    /// At most so many bytes come of each one.
    most: usize,
    /// Bytes that are still to come out of the frame.
    left: usize,
    /// The frame has nothing more.
    is_done: bool,
}

impl Reader {
    fn new(unpack: fn(&[u8], &mut [MaybeUninit<u8>]) -> Option<usize>, most: usize) -> Self {
        Self { unpack, most, left: 0, is_done: false }
    }

    /// At the beginning of a frame.
    fn begin(&mut self, input: &[u8]) -> Result<Next> {
        if input.len() < HEAD {
            return Ok(Next::Unknown(HEAD));
        }
        match size(input) {
            0 if input.len() < EMPTY.len() => return Ok(Next::Unknown(EMPTY.len())),
            0 => self.is_done = true,
            left if left > MOST => {
                return Err(error!(IoError, "a frame is said to have {left} bytes, at most {MOST} are believed"));
            }
            left => self.left = left,
        }
        Ok(Next::Skip(if input.starts_with(&EMPTY) { EMPTY.len() } else { SIZE }))
    }
}

impl ReadBlocks for Reader {
    fn next(&mut self, input: &[u8]) -> Result<Next> {
        if self.is_done {
            return Ok(Next::End);
        }
        if self.left == 0 {
            return self.begin(input);
        }
        if input.len() < SIZE {
            return Ok(Next::Unknown(SIZE));
        }
        match size(input) {
            size if size > MOST => {
                Err(error!(IoError, "a block is said to have {size} bytes, at most {MOST} are believed"))
            }
            size => Ok(Next::Block { size: SIZE + size, room: size.saturating_mul(self.most).min(self.left) }),
        }
    }

    fn decompress(&mut self, block: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let (count, left) = ((self.unpack)(&block[SIZE..], output), self.left);
        let count =
            count.ok_or_else(|| error!(IoError, "a block is damaged, or has more than the {left} bytes left to it"))?;
        self.left -= count;
        self.is_done = self.left == 0;
        Ok(count)
    }

    fn may_end(&self, rest: &[u8]) -> bool {
        let is_zeros = rest.iter().all(|byte| *byte == 0) && [SIZE, HEAD].contains(&rest.len());
        self.left == 0 && !self.is_done && is_zeros
    }

    fn restart(&mut self) {
        (self.left, self.is_done) = (0, false);
    }
}

/// What compresses a block.
trait Compressor: Send {
    fn bound(size: usize) -> usize;
    fn compress(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<usize>;
}

impl Compressor for Lz4Compressor {
    fn bound(size: usize) -> usize {
        lz4_raw::bound(size)
    }

    fn compress(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.compress(input, output)?.ok_or_else(|| error!(Internal, "a block of lz4 is larger than it can be"))
    }
}

impl Compressor for SnappyCompressor {
    fn bound(size: usize) -> usize {
        snappy::bound(size)
    }

    fn compress(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.compress(input, output)
    }
}

struct Writer<C> {
    compressor: C,
    is_empty: bool,
}

impl<C: Compressor> WriteBlocks for Writer<C> {
    const BLOCK: usize = BLOCK;

    fn bound(&self, size: usize) -> usize {
        HEAD + C::bound(size)
    }

    fn begin(&mut self, _: &mut [MaybeUninit<u8>]) -> Result<usize> {
        Ok(0)
    }

    fn block(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.is_empty = false;
        let (head, data) = output.split_at_mut(HEAD);
        let size = self.compressor.compress(input, data)?;
        head[..SIZE].write_copy_of_slice(&(input.len() as u32).to_be_bytes());
        head[SIZE..].write_copy_of_slice(&(size as u32).to_be_bytes());
        Ok(HEAD + size)
    }

    fn end(&mut self, output: &mut [MaybeUninit<u8>]) -> Result<usize> {
        Ok(if self.is_empty { output[..EMPTY.len()].write_copy_of_slice(&EMPTY).len() } else { 0 })
    }
}
