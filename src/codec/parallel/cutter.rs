//! Cuts compressed data into pieces where frames end, as far as can be told without decompressing them.

use crate::codec::Codec;
use crate::error::Result;
use crate::memory::{Buffer, BufferBuilder, Pool};

/// What the first bytes of a frame, or those behind it, say of it. They may be wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::codec) struct End {
    /// Its compressed bytes; `None`: it is not known yet.
    pub(in crate::codec) size: Option<usize>,
    /// The bytes that come out of it, as far as is known.
    pub(in crate::codec) output: u64,
}

/// Finds the end of the frame that the bytes begin with; in as many of them as the number says it was not seen before.
pub(in crate::codec) type FindEnd = fn(&[u8], usize) -> End;

/// How large pieces are.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    /// Frames are put together until there are so many bytes, or so many may come out: then it is worth waking a thread.
    pub(super) enough: (usize, u64),
    /// A frame of more bytes, or out of which more come, is not decompressed ahead.
    pub(super) most: (usize, u64),
}

impl Sizes {
    pub(super) const DEFAULT: Self = Self { enough: (256 << 10, 2 << 20), most: (8 << 20, 8 << 20) };

    /// Such that one piece at least fits into so much memory.
    pub(super) fn within(self, memory: usize) -> Self {
        let most = memory / 4;
        Self { most: (self.most.0.min(most), self.most.1.min(most as u64)), ..self }
    }
}

/// Frames that are together, by what they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frames {
    /// Their compressed bytes.
    pub(super) size: usize,
    /// The bytes that come out, as far as is known.
    pub(super) output: u64,
    /// Each of them tells what comes out.
    pub(super) is_told: bool,
}

impl Frames {
    const NONE: Self = Self { size: 0, output: 0, is_told: true };

    /// These and another one behind them.
    fn and(self, size: usize, output: u64) -> Self {
        Self {
            size: self.size.saturating_add(size),
            output: self.output.saturating_add(output),
            is_told: self.is_told && output > 0,
        }
    }

    /// Whether they are too large for a piece.
    fn is_beyond(self, sizes: Sizes) -> bool {
        self.size > sizes.most.0 || self.output > sizes.most.1
    }
}

/// Compressed bytes that were taken in, from where the last piece was cut.
pub(super) struct Cutter {
    codec: &'static Codec,
    find_end: FindEnd,
    sizes: Sizes,
    bytes: BufferBuilder,
    /// So many of them are done with.
    done: usize,
    /// Whole frames behind that.
    frames: Frames,
    /// So much of what is behind the frames was searched for the end of the next one.
    searched: usize,
}

/// What is to be done with the bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The first of them are a piece.
    Piece(Frames),
    /// More of them are needed.
    More,
    /// They cannot be cut: they are too large a frame, or none.
    None,
}

impl Cutter {
    pub(super) fn new(codec: &'static Codec, find_end: FindEnd, sizes: Sizes, pool: &Pool) -> Self {
        let bytes = BufferBuilder::new(pool.clone());
        Self { codec, find_end, sizes, bytes, done: 0, frames: Frames::NONE, searched: 0 }
    }

    /// The bytes.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes.as_slice()[self.done..]
    }

    pub(super) fn append(&mut self, input: &[u8]) -> Result<()> {
        if self.done > self.rest().len() {
            self.bytes.discard_front(self.done);
            self.done = 0;
        }
        self.bytes.append(input)
    }

    /// Puts the bytes behind those of `pieces`, of which so many are done with.
    pub(super) fn put_back<'a>(&mut self, done: usize, pieces: impl Iterator<Item = &'a [u8]> + Clone) -> Result<()> {
        let size = pieces.clone().map(<[u8]>::len).sum::<usize>() + self.rest().len();
        let mut bytes = BufferBuilder::new(self.bytes.pool().clone());
        bytes.reserve_exact(size)?;
        for piece in pieces {
            bytes.append(piece)?;
        }
        bytes.append(self.rest())?;
        self.bytes = bytes;
        self.done = done;
        self.restart();
        Ok(())
    }

    /// So many bytes are done with, up to where a frame may begin.
    pub(super) fn pass_piece(&mut self, size: usize) {
        self.done += size;
        self.restart();
    }

    /// So many bytes are done with, up to anywhere. Where none are left there is no memory either.
    pub(super) fn pass(&mut self, size: usize) {
        self.done += size;
        self.restart();
        if self.rest().is_empty() {
            self.bytes = BufferBuilder::new(self.bytes.pool().clone());
            self.done = 0;
        }
    }

    /// Nothing was looked at.
    fn restart(&mut self) {
        self.frames = Frames::NONE;
        self.searched = 0;
    }

    /// Where to cut; behind the bytes nothing comes if they are `all`.
    pub(super) fn cut(&mut self, all: bool) -> Cut {
        loop {
            let Frames { size, output, .. } = self.frames;
            let frame = &self.rest()[size..];
            let is_enough = size >= self.sizes.enough.0 || output >= self.sizes.enough.1;
            let is_end = all && frame.is_empty();
            if size > 0 && (is_enough || is_end || !self.is_for_pieces(frame)) {
                return Cut::Piece(self.frames);
            }
            if frame.is_empty() {
                return Cut::More;
            }
            if !self.is_for_pieces(frame) {
                return Cut::None;
            }
            if !all && !self.is_worth_searching(frame.len()) {
                return Cut::More;
            }
            let end = (self.find_end)(frame, self.searched);
            let more = self.frames.and(end.size.unwrap_or(frame.len()), end.output);
            match end.size {
                _ if more.is_beyond(self.sizes) && size > 0 => return Cut::Piece(self.frames),
                _ if more.is_beyond(self.sizes) => return Cut::None,
                Some(size) if size <= frame.len() => self.frames = more,
                _ if all => self.frames = self.frames.and(frame.len(), end.output),
                _ => {
                    self.searched = frame.len();
                    return Cut::More;
                }
            }
            self.searched = 0;
        }
    }

    /// Whether so many bytes of a frame are enough more than were searched. Its end may have to be looked for from its
    /// beginning each time: then it is only each time that there is twice as much.
    fn is_worth_searching(&self, size: usize) -> bool {
        size / 2 >= self.searched || self.frames.size + size > self.sizes.most.0
    }

    /// Whether a frame begins there.
    fn is_for_pieces(&self, bytes: &[u8]) -> bool {
        self.codec.signature.as_ref().is_none_or(|signature| (signature.matches)(bytes))
    }

    /// A copy of the first bytes.
    pub(super) fn copy(&self, size: usize) -> Result<Buffer> {
        Buffer::copy_of(self.bytes.pool(), &self.rest()[..size])
    }
}
