//! BGZF: gzip in members of at most 64 KiB, each of which says how long it is.

use super::Format;
use super::zlib_ng::{Deflater, crc32};
use crate::codec::held::Held;
use crate::codec::seeking::{Frame, Seekable, Source, array};
use crate::codec::{Encoder, EncoderOptions, Goal, Step};
use crate::error::Result;
use crate::memory::BufferBuilder;
use std::mem::MaybeUninit;

pub(super) const SEEKABLE: Seekable =
    Seekable { usual_frame_size: MOST_CONTENT, greatest_frame_size: MOST_CONTENT, measure, table: |_, _| Ok(None) };

/// What goes into a block, as bgzip has it: also when it has to be stored the block is not too long.
const MOST_CONTENT: usize = 0xff00;
/// A block has at most so many bytes, and its content as well.
const MOST: u64 = 1 << 16;
const TRAILER: usize = 8;
/// A member's header with one extra field of 6 bytes, up to the block's size.
const HEADER: [u8; 16] = *b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0";
/// The block of no bytes that is the last one.
const END: &[u8; 28] = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0";
/// So much room there is for deflated data.
const MOST_DEFLATED: usize = MOST as usize - HEADER.len() - 2 - TRAILER;

pub(super) struct BgzfEncoder {
    deflater: Deflater,
    block_size: usize,
    /// What is to go into the next block.
    content: BufferBuilder,
    /// The last block.
    block: Held,
    is_ended: bool,
}

impl BgzfEncoder {
    pub(super) fn new(options: &EncoderOptions, level: i32, block_size: usize) -> Result<Self> {
        Ok(Self {
            deflater: Deflater::new(Format::Deflate, options, level)?,
            block_size,
            content: BufferBuilder::new(options.pool.clone()),
            block: Held::new(&options.pool),
            is_ended: false,
        })
    }

    /// Takes as much of `input` as goes into the next block; whether that is full then.
    fn take(&mut self, input: &[u8], step: &mut Step) -> Result<bool> {
        let rest = &input[step.consumed..];
        let count = rest.len().min(self.block_size - self.content.size());
        self.content.append(&rest[..count])?;
        step.consumed += count;
        Ok(self.content.size() == self.block_size)
    }

    /// Makes a block of what was taken.
    fn end_block(&mut self) -> Result<()> {
        let (block, content) = (self.block.renew(), self.content.as_slice());
        block.append(&HEADER)?;
        block.append(&[0; 2])?;
        let start = block.size();
        if !deflate(&mut self.deflater, content, block)? {
            block.truncate(start);
            store(content, block)?;
        }
        block.append(&crc32(0, content).to_le_bytes())?;
        block.append(&(content.len() as u32).to_le_bytes())?;
        let last = (block.size() - 1) as u16;
        block.as_mut_slice()[HEADER.len()..start].copy_from_slice(&last.to_le_bytes());
        self.content.truncate(0);
        Ok(())
    }
}

/// Whether it fits when deflated.
fn deflate(deflater: &mut Deflater, content: &[u8], block: &mut BufferBuilder) -> Result<bool> {
    deflater.restart()?;
    let mut step = Step::default();
    block.append_with(MOST_DEFLATED, |room| {
        step = deflater.encode(content, room, Goal::Finish)?;
        Ok(step.produced)
    })?;
    Ok(step.finished)
}

/// As one block of deflate that is not compressed.
fn store(content: &[u8], block: &mut BufferBuilder) -> Result<()> {
    let size = content.len() as u16;
    block.append(&[1])?;
    block.append(&size.to_le_bytes())?;
    block.append(&(!size).to_le_bytes())?;
    block.append(content)
}

impl Encoder for BgzfEncoder {
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step> {
        let mut step = Step::default();
        loop {
            step.produced += self.block.give(&mut output[step.produced..]);
            if !self.block.is_empty() {
                return Ok(step);
            }
            let is_full = self.take(input, &mut step)?;
            let is_wanted = goal != Goal::Continue && self.content.size() > 0;
            if is_full || is_wanted {
                self.end_block()?;
            } else if goal == Goal::Finish && !self.is_ended {
                self.block.renew().append(END)?;
                self.is_ended = true;
            } else {
                step.finished = true;
                return Ok(step);
            }
        }
    }
}

/// What a block with the usual header says that its size is; `None`: it has another one.
pub(super) fn block_size(member: &[u8]) -> Option<usize> {
    const EXTRA: u8 = 4;
    let header = member.first_chunk::<18>()?;
    let is_usual = header[3] & EXTRA != 0 && header[10..16] == HEADER[10..];
    is_usual.then(|| usize::from(u16::from_le_bytes([header[16], header[17]])) + 1)
}

/// A block by what it says of itself, and by its trailer.
fn measure(source: &mut dyn Source, offset: u64) -> Result<Option<Frame>> {
    let Some([0x1f, 0x8b, 8, flags, .., low, high]) = array::<12>(source, offset)? else { return Ok(None) };
    if flags & 4 == 0 {
        return Ok(None);
    }
    let start = offset + 12;
    let end = start + u64::from(u16::from_le_bytes([low, high]));
    let Some(last) = block_size_field(source, start, end)? else { return Ok(None) };
    let compressed = u64::from(last) + 1;
    if compressed < end - offset + TRAILER as u64 {
        return Ok(None);
    }
    // Where the trailer is not there the frame is longer than the data, which the caller says.
    let content = array(source, offset + compressed - 4)?.map(u32::from_le_bytes);
    // A block of nothing is never decompressed; a longer one might hide others that give something.
    if content == Some(0) && compressed > end - offset + (2 + TRAILER) as u64 {
        return Ok(None);
    }
    let decompressed = u64::from(content.unwrap_or(0));
    Ok((decompressed <= MOST).then_some(Frame { compressed, decompressed, xxh64: None }))
}

/// The block's size less one, among the extra fields.
fn block_size_field(source: &mut dyn Source, start: u64, end: u64) -> Result<Option<u16>> {
    let mut at = start;
    while at + 4 <= end {
        let Some([first, second, low, high]) = array(source, at)? else { return Ok(None) };
        let size = u16::from_le_bytes([low, high]);
        if (first, second, size) == (b'B', b'C', 2) && at + 6 <= end {
            return Ok(array(source, at + 4)?.map(u16::from_le_bytes));
        }
        at += 4 + u64::from(size);
    }
    Ok(None)
}
