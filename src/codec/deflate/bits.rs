//! Bits, from the lowest one of each byte on.

use std::mem::MaybeUninit;

/// Bits that make no byte yet.
#[derive(Clone, Copy, Default)]
pub(super) struct Rest {
    bits: u64,
    count: u32,
}

/// Puts bits into memory that has room for them, and for `SLACK` bytes more.
pub(super) struct BitWriter<'a> {
    room: &'a mut [MaybeUninit<u8>],
    size: usize,
    rest: Rest,
}

impl<'a> BitWriter<'a> {
    /// It always writes so many bytes; what is not bits yet is written again.
    pub(super) const SLACK: usize = 8;

    /// Goes on behind `rest`.
    pub(super) fn new(room: &'a mut [MaybeUninit<u8>], rest: Rest) -> Self {
        Self { room, size: 0, rest }
    }

    /// Puts up to 56 bits.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        let Rest { bits: rest, count: before } = self.rest;
        let (bits, count) = (rest | bits << before, before + count);
        self.room[self.size..self.size + Self::SLACK].write_copy_of_slice(&bits.to_le_bytes());
        self.size += (count / 8) as usize;
        self.rest = Rest { bits: bits >> (count & !7), count: count % 8 };
    }

    /// Goes on with a whole byte.
    pub(super) fn align(&mut self) {
        self.put(0, self.rest.count.wrapping_neg() % 8);
    }

    /// Puts bytes, where it is at a whole one.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.room[self.size..self.size + bytes.len()].write_copy_of_slice(bytes);
        self.size += bytes.len();
    }

    /// How many bytes there are now, and what makes none yet.
    pub(super) fn finish(self) -> (usize, Rest) {
        (self.size, self.rest)
    }
}
