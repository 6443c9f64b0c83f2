//! Copies of bytes that lie ahead in a file whose memory may be gone when somebody touches it.

use super::stream::RandomAccess;
use crate::error::Result;
use crate::memory::BufferBuilder;
use crate::shared::Shared;

/// A copy of some of a file's bytes. Apart from `Lookahead`, which holds what the class has given away and stands before its
/// position: these bytes the class still has ahead, nothing moves in it, and to forget them loses none.
pub(super) struct SafeView {
    source: Shared<dyn RandomAccess>,
    bytes: BufferBuilder,
    start: usize,
}

impl SafeView {
    pub(super) fn new(source: Shared<dyn RandomAccess>) -> Self {
        let bytes = BufferBuilder::new(source.pool().clone());
        Self { source, bytes, start: 0 }
    }

    /// The bytes from `position` on that are there, fewer than `least` only at the end; new ones up to `most` at once.
    pub(super) fn at(&mut self, position: usize, least: usize, most: usize) -> Result<&[u8]> {
        let end = self.start + self.bytes.size();
        if !(self.start..=end).contains(&position) || end - position < least {
            self.clear();
            self.start = position;
            let mut more = true;
            while more && self.bytes.size() < least {
                let at = position + self.bytes.size();
                more = self.bytes.append_with(most, |room| self.source.read_at(at, room))? > 0;
            }
        }
        Ok(&self.bytes.as_slice()[position - self.start..])
    }

    /// Forgets what the file may have become different from.
    pub(super) fn clear(&mut self) {
        self.bytes.truncate(0);
    }
}
