//! Where decompression can begin.

use crate::codec::{Checkpoint, Frame};
use crate::error::{Error, Result, error};

/// The places where decompression can begin, as far as they are known, in the order of the data.
pub(super) struct Index {
    pub(super) spans: Vec<Span>,
    pub(super) frontier: Frontier,
}

/// A stretch of the data that is decompressed from its start on, up to where the next one begins.
#[derive(Clone)]
pub(super) struct Span {
    /// Where it begins, in compressed bytes.
    pub(super) compressed: u64,
    /// Where it begins, in decompressed bytes.
    pub(super) offset: u64,
    /// Where its frame ends, in compressed bytes. Of one that goes on, or is not known to its end, it says nothing.
    pub(super) frame_end: u64,
    /// What is known of its contents beyond what its frame says.
    pub(super) expected: Expected,
    /// `None`: a frame begins.
    pub(super) checkpoint: Option<Checkpoint>,
}

/// What the contents of a span must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Anything,
    /// The CRC-32C, taken when they were first decompressed.
    Crc32c(u32),
    /// The lower half of the XXH64, as a table has it.
    Xxh64(u32),
}

/// How far the data are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frontier {
    /// Up to here, where a frame may begin.
    Between { compressed: u64, offset: u64 },
    /// The last span is known up to this decompressed offset.
    Within { offset: u64 },
    /// To the end.
    End { offset: u64 },
}

/// What is known of an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is in the span with this number.
    Span(usize),
    Beyond,
    /// There are no more bytes.
    End,
}

impl Index {
    pub(super) fn new() -> Self {
        Self { spans: Vec::new(), frontier: Frontier::Between { compressed: 0, offset: 0 } }
    }

    /// The index of data that consist of these frames.
    pub(super) fn of_frames(frames: &[Frame]) -> Result<Self> {
        let mut index = Self::new();
        index.reserve(frames.len())?;
        let (mut compressed, mut offset) = (0, 0);
        for frame in frames {
            index.add_frame(compressed, offset, *frame)?;
            (compressed, offset) = (compressed + frame.compressed, offset + frame.decompressed);
        }
        index.frontier = Frontier::End { offset };
        Ok(index)
    }

    /// Makes room for so many spans.
    pub(super) fn reserve(&mut self, count: usize) -> Result<()> {
        self.spans.try_reserve_exact(count).map_err(|_| out_of_memory(count))
    }

    /// The next frame is this one.
    pub(super) fn add_frame(&mut self, compressed: u64, offset: u64, frame: Frame) -> Result<()> {
        let frame_end = compressed + frame.compressed;
        if frame.decompressed > 0 {
            let expected = frame.xxh64.map_or(Expected::Anything, Expected::Xxh64);
            self.push(Span { compressed, offset, frame_end, expected, checkpoint: None })?;
        }
        let end = offset.checked_add(frame.decompressed).filter(|end| *end <= i64::MAX as u64);
        let offset = end.ok_or_else(|| {
            error!(
                CapacityError,
                "the frame at compressed offset {compressed} ends at a decompressed offset beyond 2^63"
            )
        })?;
        self.frontier = Frontier::Between { compressed: frame_end, offset };
        Ok(())
    }

    /// A frame begins, or goes on, that is not known yet.
    pub(super) fn begin(&mut self, compressed: u64, offset: u64, checkpoint: Option<Checkpoint>) -> Result<()> {
        self.push(Span { compressed, offset, frame_end: 0, expected: Expected::Anything, checkpoint })?;
        self.frontier = Frontier::Within { offset };
        Ok(())
    }

    /// The last span is known up to a decompressed offset.
    pub(super) fn advance(&mut self, offset: u64) {
        let known = if let Frontier::Within { offset } = self.frontier { offset } else { 0 };
        self.frontier = Frontier::Within { offset: known.max(offset) };
    }

    /// The last span ends before these offsets, where a frame may begin.
    pub(super) fn end_frame(&mut self, compressed: u64, offset: u64, expected: Expected) {
        if let Some(span) = self.spans.last_mut() {
            span.frame_end = compressed;
        }
        self.end_span(offset, expected);
        self.frontier = Frontier::Between { compressed, offset };
    }

    /// The last span ends at a decompressed offset. One of no bytes is not kept.
    pub(super) fn end_span(&mut self, offset: u64, expected: Expected) {
        match self.spans.last_mut() {
            Some(span) if span.offset < offset => span.expected = expected,
            _ => drop(self.spans.pop()),
        }
    }

    fn push(&mut self, span: Span) -> Result<()> {
        self.spans.try_reserve(1).map_err(|_| out_of_memory(self.spans.len()))?;
        self.spans.push(span);
        Ok(())
    }

    /// Where an offset is.
    pub(super) fn find(&self, offset: u64) -> Found {
        match self.frontier {
            Frontier::End { offset: end } if offset >= end => Found::End,
            Frontier::Between { offset: end, .. } | Frontier::Within { offset: end } if offset >= end => Found::Beyond,
            _ => Found::Span(self.spans.partition_point(|span| span.offset <= offset) - 1),
        }
    }

    /// Where a span ends, in decompressed bytes. `None`: that is not known.
    pub(super) fn end_of(&self, number: usize) -> Option<u64> {
        match (self.spans.get(number + 1), self.frontier) {
            (Some(next), _) => Some(next.offset),
            (None, Frontier::Within { .. }) => None,
            (None, Frontier::Between { offset, .. } | Frontier::End { offset }) => Some(offset),
        }
    }

    /// Before which compressed offset all of a span lies, of `size` bytes that there are.
    pub(super) fn compressed_end_of(&self, number: usize, size: u64) -> u64 {
        match (self.spans.get(number + 1), self.frontier) {
            (Some(next), _) => next.compressed,
            (None, Frontier::Between { compressed, .. }) => compressed,
            (None, _) => size,
        }
    }

    /// Where the frame that ends with a span does, in compressed bytes. `None`: it goes on.
    pub(super) fn frame_end_of(&self, number: usize) -> Option<u64> {
        let goes_on = self.spans.get(number + 1).is_some_and(|next| next.checkpoint.is_some());
        (!goes_on).then_some(self.spans[number].frame_end)
    }
}

#[cold]
fn out_of_memory(spans: usize) -> Error {
    Error::out_of_memory(spans.saturating_mul(size_of::<Span>()))
}
