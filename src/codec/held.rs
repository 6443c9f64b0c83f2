//! What comes out of a codec before there is room for it.

use crate::memory::{BufferBuilder, Pool};
use std::mem::MaybeUninit;

/// Bytes that are handed over as room comes.
pub(super) struct Held {
    bytes: BufferBuilder,
    given: usize,
}

impl Held {
    pub(super) fn new(pool: &Pool) -> Self {
        Self::from(BufferBuilder::new(pool.clone()))
    }

    pub(super) fn pool(&self) -> &Pool {
        self.bytes.pool()
    }

    /// Whether all were given.
    pub(super) fn is_empty(&self) -> bool {
        self.given == self.bytes.size()
    }

    /// Gives as many bytes as have room.
    pub(super) fn give(&mut self, output: &mut [MaybeUninit<u8>]) -> usize {
        let rest = &self.bytes.as_slice()[self.given..];
        let count = rest.len().min(output.len());
        output[..count].write_copy_of_slice(&rest[..count]);
        self.given += count;
        count
    }

    /// Forgets what there is; gives the memory for what comes next.
    pub(super) fn renew(&mut self) -> &mut BufferBuilder {
        self.bytes.truncate(0);
        self.given = 0;
        &mut self.bytes
    }
}

impl From<BufferBuilder> for Held {
    fn from(bytes: BufferBuilder) -> Self {
        Self { bytes, given: 0 }
    }
}
