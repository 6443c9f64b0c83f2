//! BGZF: gzip in members of at most 64 KiB, each of which says how long it is.

use super::Format;
use super::zlib_ng::{Deflater, crc32};
use crate::codec::seeking::{Frame, Seekable, Source, array};
use crate::codec::{Encoder, EncoderOptions, Goal, Step};
use crate::error::Result;
use crate::memory::{BufferBuilder, Pool};
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
    /// The last block, and how much of it is written.
    block: BufferBuilder,
    written: usize,
    is_ended: bool,
}

impl BgzfEncoder {
    pub(super) fn new(options: &EncoderOptions, level: i32, block_size: usize) -> Result<Self> {
        let builder = |pool: &Pool| BufferBuilder::new(pool.clone());
        Ok(Self {
            deflater: Deflater::new(Format::Deflate, options, level)?,
            block_size,
            content: builder(&options.pool),
            block: builder(&options.pool),
            written: 0,
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
        self.block.truncate(0);
        self.written = 0;
        self.block.append(&HEADER)?;
        self.block.append(&[0; 2])?;
        let start = self.block.size();
        if !self.deflate()? {
            self.block.truncate(start);
            self.store()?;
        }
        let content = self.content.as_slice();
        self.block.append(&crc32(0, content).to_le_bytes())?;
        self.block.append(&(content.len() as u32).to_le_bytes())?;
        let last = (self.block.size() - 1) as u16;
        self.block.as_mut_slice()[HEADER.len()..start].copy_from_slice(&last.to_le_bytes());
        self.content.truncate(0);
        Ok(())
    }

    /// Whether it fits when deflated.
    fn deflate(&mut self) -> Result<bool> {
        let (deflater, content) = (&mut self.deflater, self.content.as_slice());
        deflater.restart()?;
        let mut step = Step::default();
        self.block.append_with(MOST_DEFLATED, |room| {
            step = deflater.encode(content, room, Goal::Finish)?;
            Ok(step.produced)
        })?;
        Ok(step.finished)
    }

    /// As one block of deflate that is not compressed.
    fn store(&mut self) -> Result<()> {
        let size = self.content.size() as u16;
        self.block.append(&[1])?;
        self.block.append(&size.to_le_bytes())?;
        self.block.append(&(!size).to_le_bytes())?;
        self.block.append(self.content.as_slice())
    }

    /// Writes as much of the last block as there is room for; whether that is all.
    fn write(&mut self, output: &mut [MaybeUninit<u8>], step: &mut Step) -> bool {
        let rest = &self.block.as_slice()[self.written..];
        let room = &mut output[step.produced..];
        let count = rest.len().min(room.len());
        room[..count].write_copy_of_slice(&rest[..count]);
        self.written += count;
        step.produced += count;
        count == rest.len()
    }
}

impl Encoder for BgzfEncoder {
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step> {
        let mut step = Step::default();
        while self.write(output, &mut step) {
            let is_full = self.take(input, &mut step)?;
            let is_wanted = goal != Goal::Continue && self.content.size() > 0;
            if is_full || is_wanted {
                self.end_block()?;
            } else if goal == Goal::Finish && !self.is_ended {
                self.block.truncate(0);
                self.written = 0;
                self.block.append(END)?;
                self.is_ended = true;
            } else {
                step.finished = true;
                return Ok(step);
            }
        }
        Ok(step)
    }
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
