//! Cuts a stream where its blocks begin, at whatever bit. They begin with a mark that is hardly anything else.

use super::bits::Bits;
use super::{BLOCK, END, MARK_BITS};
use crate::error::Result;
use crate::memory::{BufferBuilder, Pool};
use std::ops::Range;

/// So much is taken in before it is looked for marks.
const CHUNK: usize = 64 << 10;
/// Behind the last mark there is the checksum of the stream.
const END_BITS: usize = MARK_BITS + 32;

/// What was taken in of a stream, from where something is not done with, and what is known of it. Places are those of bits,
/// from the beginning of the stream.
pub(super) struct Cutter {
    bytes: BufferBuilder,
    /// Bytes of the stream before these.
    before: usize,
    /// So many bytes of the stream were looked at; the last of them.
    searched: usize,
    recent: u64,
    /// Where the next mark may be, at the earliest. Where no block is open it must be there.
    least: usize,
    /// Where a block begins whose end was not seen.
    pub(super) open: Option<usize>,
    /// The last mark.
    end: Option<usize>,
    /// There is no mark where one must be.
    is_lost: bool,
}

/// What is known of what comes next.
pub(super) enum Cut {
    /// A block seems to be there.
    Block(Range<usize>),
    /// The last mark is at a place, and all behind it is there.
    End(usize),
    /// At most so many bytes more are needed.
    More(usize),
    /// There is no mark where one must be.
    Lost,
}

impl Cutter {
    pub(super) fn new(pool: &Pool) -> Self {
        let bytes = BufferBuilder::new(pool.clone());
        Self { bytes, before: 0, searched: 0, recent: 0, least: 0, open: None, end: None, is_lost: false }
    }

    /// The bytes of the stream that are still there, all together.
    fn taken(&self) -> usize {
        self.before + self.bytes.size()
    }

    /// The place behind all that was taken in.
    pub(super) fn taken_bits(&self) -> usize {
        self.taken() * 8
    }

    /// Takes in at most `most` bytes; gives how many.
    pub(super) fn take_in(&mut self, input: &[u8], most: usize) -> Result<usize> {
        let bytes = &input[..input.len().min(most)];
        self.bytes.append(bytes)?;
        Ok(bytes.len())
    }

    /// Gives back what was not looked at, at most `most` bytes; gives how many.
    pub(super) fn give_back(&mut self, most: usize) -> usize {
        let seen = self.end.map_or(self.searched, |end| (end + END_BITS).div_ceil(8));
        let unseen = self.taken().saturating_sub(seen).min(most);
        self.bytes.truncate(self.bytes.size() - unseen);
        unseen
    }

    /// The first bytes of the stream; before anything is done with.
    pub(super) fn header(&self) -> Option<[u8; 4]> {
        self.bytes.as_slice().first_chunk().copied()
    }

    /// The bits between two places.
    pub(super) fn bits(&self, range: &Range<usize>) -> Bits<'_> {
        let before = self.before * 8;
        Bits::new(self.bytes.as_slice(), range.start - before, range.end - before)
    }

    /// The bytes that have the bits between two places.
    pub(super) fn bytes(&self, range: &Range<usize>) -> &[u8] {
        &self.bytes.as_slice()[range.start / 8 - self.before..range.end.div_ceil(8) - self.before]
    }

    /// The bytes of the mark of the block whose end was not seen, and at which bit of them it begins; while no more than the
    /// mark was taken in.
    pub(super) fn open_mark(&self) -> Option<(u8, &[u8])> {
        let start = self.open?;
        let is_all = self.taken() == (start + MARK_BITS).div_ceil(8);
        is_all.then(|| ((start % 8) as u8, self.bytes(&(start..start + MARK_BITS))))
    }

    /// What is before a place is done with.
    pub(super) fn pass(&mut self, at: usize) {
        let done = at / 8 - self.before;
        // Moved seldom, when there is little left.
        if done > self.bytes.size() / 2 {
            self.bytes.discard_front(done);
            self.before += done;
        }
    }

    /// The next mark is at this place, or there is none.
    pub(super) fn expect(&mut self, at: usize) {
        (self.open, self.end) = (None, None);
        self.look_from(at);
    }

    /// The block with these bits ends later.
    pub(super) fn extend(&mut self, block: &Range<usize>) {
        (self.open, self.end) = (Some(block.start), None);
        self.look_from(block.end + 1);
    }

    fn look_from(&mut self, at: usize) {
        (self.least, self.searched, self.recent, self.is_lost) = (at, at / 8, 0, false);
    }

    /// Where to cut blocks of at most `most` bits.
    pub(super) fn cut(&mut self, most: usize) -> Cut {
        if let Some(end) = self.end {
            return self.cut_end(end);
        }
        while self.searched < self.taken() && !self.is_lost {
            let byte = self.bytes.as_slice()[self.searched - self.before];
            self.recent = self.recent << 8 | u64::from(byte);
            self.searched += 1;
            let Some((at, is_end)) = self.mark() else { continue };
            if self.open.is_none() && at > self.least {
                self.is_lost = true;
                return Cut::Lost;
            }
            self.least = at + MARK_BITS;
            self.end = is_end.then_some(at);
            match std::mem::replace(&mut self.open, (!is_end).then_some(at)) {
                Some(start) => return Cut::Block(start..at),
                None if is_end => return self.cut_end(at),
                None => {}
            }
        }
        let seen = self.searched * 8;
        self.is_lost |= self.open.is_none() && seen >= self.least + MARK_BITS + 8;
        match self.open {
            None if self.is_lost => Cut::Lost,
            Some(start) if seen > start + most => {
                self.expect(seen);
                Cut::Block(start..seen)
            }
            _ => Cut::More(CHUNK),
        }
    }

    fn cut_end(&self, end: usize) -> Cut {
        match (end + END_BITS).div_ceil(8).saturating_sub(self.taken()) {
            0 => Cut::End(end),
            more => Cut::More(more),
        }
    }

    /// The mark that ends within the last byte looked at, if there is one not before it may be; whether it is the last.
    fn mark(&self) -> Option<(usize, bool)> {
        if !MAY_END[(self.recent >> 8 & 0xff) as usize] {
            return None;
        }
        (0..8).rev().find_map(|behind| {
            let mark = self.recent >> behind & ((1 << MARK_BITS) - 1);
            let at = (self.searched * 8).checked_sub(MARK_BITS + behind)?;
            ((mark == BLOCK || mark == END) && at >= self.least).then_some((at, mark == END))
        })
    }
}

/// Whether a mark may have this byte before that in which it ends.
static MAY_END: [bool; 256] = {
    let mut may_end = [false; 256];
    let mut behind = 0;
    while behind < 8 {
        may_end[(BLOCK << behind >> 8 & 0xff) as usize] = true;
        may_end[(END << behind >> 8 & 0xff) as usize] = true;
        behind += 1;
    }
    may_end
};
