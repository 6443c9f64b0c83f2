//! Lines, many at once.

use crate::sys::find_byte;
use std::mem::MaybeUninit;

/// Where lines end. The first offset is 0, and line i lies between offsets i and i + 1, with its newline.
pub(super) struct Lines<'a> {
    offsets: &'a mut [MaybeUninit<i64>],
    count: usize,
    size: usize,
}

impl<'a> Lines<'a> {
    /// Room for one line less than for offsets.
    pub(super) fn new(offsets: &'a mut [MaybeUninit<i64>]) -> Self {
        if let Some(first) = offsets.first_mut() {
            first.write(0);
        }
        Self { offsets, count: 0, size: 0 }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Bytes in all lines together.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Whether there is no room for another line.
    pub(super) fn is_full(&self) -> bool {
        self.count + 1 >= self.offsets.len()
    }

    /// Takes in the complete lines of `bytes`, as many as there is room for; the first `searched` bytes hold no newline.
    pub(super) fn take_from(&mut self, bytes: &[u8], searched: usize) {
        let mut from = searched;
        while !self.is_full()
            && let Some(at) = find_byte(&bytes[from..], b'\n')
        {
            from += at + 1;
            self.push(from);
        }
    }

    /// Takes in one line that ends at `end`.
    pub(super) fn push(&mut self, end: usize) {
        self.count += 1;
        self.size = end;
        self.offsets[self.count].write(end as i64);
    }
}
