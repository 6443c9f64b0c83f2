//! What was decompressed, as much of it as there is room for.

use crate::error::{Error, Result};
use crate::memory::Buffer;

/// Pieces of the decompressed data, by their offsets; none overlaps another.
pub(super) struct Pieces {
    list: Vec<Piece>,
    budget: usize,
    used: usize,
    clock: u64,
}

struct Piece {
    offset: u64,
    bytes: Buffer,
    last_use: u64,
}

impl Pieces {
    pub(super) fn new(budget: usize) -> Self {
        Self { list: Vec::new(), budget, used: 0, clock: 0 }
    }

    /// The piece that has the byte at an offset, and where it is in there.
    pub(super) fn find(&mut self, offset: u64) -> Option<(Buffer, usize)> {
        let at = self.list.partition_point(|piece| piece.offset <= offset).checked_sub(1)?;
        let within = (offset - self.list[at].offset) as usize;
        if within >= self.list[at].bytes.size() {
            return None;
        }
        self.clock += 1;
        self.list[at].last_use = self.clock;
        Some((self.list[at].bytes.clone(), within))
    }

    /// Keeps a piece, and gives up those that were not used for longest where there is no room; but the last one is always
    /// kept, for small reads to come.
    pub(super) fn insert(&mut self, offset: u64, bytes: Buffer) -> Result<()> {
        let at = self.list.partition_point(|piece| piece.offset < offset);
        if bytes.size() == 0 || self.list.get(at).is_some_and(|piece| piece.offset == offset) {
            return Ok(());
        }
        self.list.try_reserve(1).map_err(|_| Error::out_of_memory(size_of::<Piece>()))?;
        self.clock += 1;
        self.used += bytes.size();
        self.list.insert(at, Piece { offset, bytes, last_use: self.clock });
        while self.used > self.budget && self.list.len() > 1 {
            self.evict();
        }
        Ok(())
    }

    fn evict(&mut self) {
        let oldest = (0..self.list.len()).min_by_key(|at| self.list[*at].last_use);
        if let Some(at) = oldest {
            self.used -= self.list.remove(at).bytes.size();
        }
    }

    /// Gives everything up.
    pub(super) fn clear(&mut self) {
        self.list = Vec::new();
        self.used = 0;
    }
}
