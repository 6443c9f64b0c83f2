//! One buffer that several threads fill, part by part.

use super::{Buffer, Pool, round_up};
use crate::error::{Result, error};
use crate::shared::try_vec;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A buffer in parts, each of which goes to whoever claims it, once.
pub(crate) struct Slab {
    buffer: Buffer,
    parts: Vec<Part>,
    /// The next part to be claimed.
    next: AtomicUsize,
}

/// Aligned as a buffer is, and apart from all others.
struct Part {
    start: usize,
    size: usize,
}

impl Slab {
    /// Memory for parts of these sizes, contents undefined.
    pub(crate) fn new(pool: &Pool, sizes: impl ExactSizeIterator<Item = usize>) -> Result<Self> {
        let mut parts = try_vec(sizes.len())?;
        let mut end = 0usize;
        for size in sizes {
            parts.push(Part { start: end, size });
            let next = end.checked_add(round_up(size)?);
            end = next.ok_or_else(|| error!(OutOfMemory, "{size} bytes behind {end} do not fit the address space"))?;
        }
        Ok(Self { buffer: Buffer::allocate(pool, end)?, parts, next: AtomicUsize::new(0) })
    }

    /// The number and the memory of a part that nobody has claimed yet.
    #[allow(clippy::mut_from_ref, reason = "each part is given once")]
    pub(crate) fn claim(&self) -> Option<(usize, &mut [MaybeUninit<u8>])> {
        let number = self.next.fetch_add(1, Relaxed);
        let part = self.parts.get(number)?;
        // SAFETY: inside the buffer, apart from all other parts, and of each number there is one claim.
        let room =
            unsafe { std::slice::from_raw_parts_mut(self.buffer.data().as_ptr().add(part.start).cast(), part.size) };
        Some((number, room))
    }

    /// Leaves what is not claimed yet unclaimed.
    pub(crate) fn end_claims(&self) {
        self.next.store(self.parts.len(), Relaxed);
    }

    /// `size` bytes at `offset` in a part, without a copy. Called when nobody fills it any more.
    pub(crate) fn slice(&self, number: usize, offset: usize, size: usize) -> Result<Buffer> {
        self.buffer.slice(self.parts[number].start + offset, size)
    }

    /// No bytes.
    pub(crate) fn nothing(&self) -> Result<Buffer> {
        self.buffer.slice(0, 0)
    }
}
