//! The seekable format of Zstandard: frames of a size, and behind them a table of them in a frame that readers skip.

use super::held::Held;
use super::seeking::{Frame, Seekable, Source, array};
use super::zstandard::frame_header;
use super::{DecoderOptions, Encoder, Goal, Step};
use crate::error::{Result, error};
use crate::memory::{BufferBuilder, Pool};
use crate::shared::try_vec;
use std::mem::MaybeUninit;

pub(super) const SEEKABLE: Seekable =
    Seekable { usual_frame_size: 1 << 20, greatest_frame_size: 1 << 30, measure, table: seek_table };

/// A frame that says nothing; the table is in one.
const SKIPPABLE: u32 = 0x184d_2a5e;
/// What such frames have in common.
const SKIPPABLE_GROUP: u32 = SKIPPABLE >> 4;
/// The last bytes of a table.
const TABLE: u32 = 0x8f92_eab1;
/// In front of a skippable frame.
const SKIPPABLE_HEADER: u64 = 8;
/// Behind the entries of a table.
const FOOTER: u64 = 9;
/// The most frames that a table has.
const MOST_FRAMES: usize = 0x0800_0000;
/// The largest block of a frame.
const MOST_IN_BLOCK: u32 = 128 << 10;
/// A larger frame is not worth measuring, since there is nothing to be found inside it.
const MOST_MEASURED: u64 = 64 << 20;

/// Ends frames where they are full, and writes the table in the end.
pub(super) struct SeekableEncoder {
    encoder: Box<dyn Encoder>,
    frame_size: usize,
    /// What went into the frame, and what came of it.
    taken: usize,
    made: usize,
    frames: usize,
    /// The skippable frame as it will be.
    table: BufferBuilder,
    /// That frame, once it is complete.
    complete: Option<Held>,
}

impl SeekableEncoder {
    /// `encoder` begins another frame by itself behind one that it finished.
    pub(super) fn new(encoder: Box<dyn Encoder>, frame_size: usize, pool: &Pool) -> Self {
        let table = BufferBuilder::new(pool.clone());
        Self { encoder, frame_size, taken: 0, made: 0, frames: 0, table, complete: None }
    }

    fn add(&mut self, number: u32) -> Result<()> {
        self.table.append(&number.to_le_bytes())
    }

    /// Leaves room for the header, which says how long the table is.
    fn begin_table(&mut self) -> Result<()> {
        self.table.append(&[0; SKIPPABLE_HEADER as usize])
    }

    fn end_frame(&mut self) -> Result<()> {
        if self.frames == 0 {
            self.begin_table()?;
        }
        if self.frames == MOST_FRAMES {
            return Err(error!(CapacityError, "the seekable format of zstd has room for {MOST_FRAMES} frames"));
        }
        self.frames += 1;
        // Neither is more than a little over a GiB.
        self.add(self.made as u32)?;
        self.add(self.taken as u32)?;
        (self.taken, self.made) = (0, 0);
        Ok(())
    }

    fn end_table(&mut self) -> Result<()> {
        if self.frames == 0 {
            self.begin_table()?;
        }
        self.add(self.frames as u32)?;
        self.table.append(&[0])?;
        self.add(TABLE)?;
        let size = self.table.size() - SKIPPABLE_HEADER as usize;
        let header = self.table.as_mut_slice();
        header[..4].copy_from_slice(&SKIPPABLE.to_le_bytes());
        header[4..8].copy_from_slice(&(size as u32).to_le_bytes());
        let next = BufferBuilder::new(self.table.pool().clone());
        self.complete = Some(Held::from(std::mem::replace(&mut self.table, next)));
        Ok(())
    }
}

impl Encoder for SeekableEncoder {
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step> {
        let mut step = Step::default();
        while step.produced < output.len() {
            let room = &mut output[step.produced..];
            if let Some(table) = &mut self.complete {
                step.produced += table.give(room);
                step.finished = table.is_empty();
                return Ok(step);
            }
            let rest = &input[step.consumed..];
            let is_between = rest.is_empty() && self.taken == 0;
            if is_between && goal == Goal::Finish {
                self.end_table()?;
                continue;
            }
            if is_between {
                step.finished = true;
                return Ok(step);
            }
            let piece = &rest[..rest.len().min(self.frame_size - self.taken)];
            let is_full = self.taken + piece.len() == self.frame_size;
            let aim = if is_full { Goal::Finish } else { goal };
            let one = self.encoder.encode(piece, room, aim)?;
            step.consumed += one.consumed;
            step.produced += one.produced;
            self.taken += one.consumed;
            self.made += one.produced;
            if one.finished && aim == Goal::Finish {
                self.end_frame()?;
            } else if one.finished {
                step.finished = true;
                return Ok(step);
            }
        }
        Ok(step)
    }
}

/// A frame's size by its headers and those of its blocks, where they tell how much comes out.
fn measure(source: &mut dyn Source, offset: u64) -> Result<Option<Frame>> {
    let mut head = [0; 18];
    let count = source.read(offset, &mut head)?;
    let Some(magic) = number(&head[..count], 0, 4) else { return Ok(None) };
    if magic >> 4 == u64::from(SKIPPABLE_GROUP) {
        let size = number(&head[..count], 4, 4);
        return Ok(size.map(|size| Frame { compressed: SKIPPABLE_HEADER + size, decompressed: 0, xxh64: None }));
    }
    let Some(header) = frame_header(&head[..count]).filter(|header| header.frameContentSize <= MOST_MEASURED) else {
        return Ok(None);
    };
    let mut at = offset + u64::from(header.headerSize);
    // Each block but the last gives at least a byte, or wastes three.
    loop {
        crate::task::check()?;
        let Some([low, middle, high]) = array(source, at)? else { return Ok(None) };
        let block = u32::from_le_bytes([low, middle, high, 0]);
        let (is_last, kind, size) = (block & 1 == 1, block >> 1 & 3, block >> 3);
        if kind == 3 || size > MOST_IN_BLOCK {
            return Ok(None);
        }
        at += 3 + if kind == 1 { 1 } else { u64::from(size) };
        if is_last {
            let end = at + if header.checksumFlag == 1 { 4 } else { 0 };
            return Ok(Some(Frame { compressed: end - offset, decompressed: header.frameContentSize, xxh64: None }));
        }
    }
}

/// `size` bytes as a number, the lowest first.
fn number(bytes: &[u8], at: usize, size: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + size)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The frames as the table at the end has them. A table that does not describe all there is, such as that of the last of
/// several files which were put one behind the other, is as good as none.
fn seek_table(source: &mut dyn Source, options: &DecoderOptions) -> Result<Option<Vec<Frame>>> {
    let end = source.size();
    let Some(footer_at) = end.checked_sub(FOOTER) else { return Ok(None) };
    let Some(footer) = array::<{ FOOTER as usize }>(source, footer_at)? else { return Ok(None) };
    let [count, magic] =
        [0, 5].map(|at| u32::from_le_bytes([footer[at], footer[at + 1], footer[at + 2], footer[at + 3]]));
    let (has_checksums, is_reserved) = (footer[4] & 0x80 != 0, footer[4] & 0x7c != 0);
    if magic != TABLE || is_reserved {
        return Ok(None);
    }
    let entry = if has_checksums { 12 } else { 8 };
    let content = u64::from(count) * entry + FOOTER;
    let Some(start) = end.checked_sub(content + SKIPPABLE_HEADER) else { return Ok(None) };
    let Some(header) = array::<{ SKIPPABLE_HEADER as usize }>(source, start)? else { return Ok(None) };
    if number(&header, 0, 4) != Some(SKIPPABLE.into()) || number(&header, 4, 4) != Some(content) {
        return Ok(None);
    }
    let memory = (count as usize).saturating_mul(size_of::<Frame>());
    if memory > options.memory_limit {
        let limit = options.memory_limit;
        return Err(error!(
            CapacityError,
            "the seek table of {count} frames takes {memory} bytes, memory_limit is {limit}"
        ));
    }
    let frames = entries(source, start + SKIPPABLE_HEADER, count as usize, entry as usize)?;
    let described: u64 = frames.iter().map(|frame| frame.compressed).sum();
    Ok((described == start && hides_nothing(source, &frames)?).then_some(frames))
}

/// Whether the frames of nothing, which are never decompressed, are what the table says.
fn hides_nothing(source: &mut dyn Source, frames: &[Frame]) -> Result<bool> {
    let mut at = 0;
    for frame in frames {
        let is_empty = frame.decompressed == 0 && frame.compressed > 0;
        if is_empty
            && measure(source, at)?.is_none_or(|found| (found.compressed, found.decompressed) != (frame.compressed, 0))
        {
            return Ok(false);
        }
        at += frame.compressed;
    }
    Ok(true)
}

fn entries(source: &mut dyn Source, at: u64, count: usize, size: usize) -> Result<Vec<Frame>> {
    /// A multiple of both sizes of entries.
    const PIECE: usize = 24 << 7;
    let mut frames = try_vec(count)?;
    let (mut piece, mut offset) = ([0; PIECE], at);
    while frames.len() < count {
        crate::task::check()?;
        let wanted = PIECE.min((count - frames.len()) * size);
        if source.read(offset, &mut piece[..wanted])? < wanted {
            return Err(error!(IoError, "the seek table is gone: the data end before compressed offset {offset}"));
        }
        offset += wanted as u64;
        frames.extend(piece[..wanted].chunks_exact(size).map(|entry| Frame {
            compressed: number(entry, 0, 4).unwrap_or_default(),
            decompressed: number(entry, 4, 4).unwrap_or_default(),
            xxh64: number(entry, 8, 4).map(|half| half as u32),
        }));
    }
    Ok(frames)
}
