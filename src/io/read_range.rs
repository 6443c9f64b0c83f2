//! Which bytes of a file are to be read.

/// Bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadRange {
    /// The first one.
    pub offset: usize,
    /// How many.
    pub size: usize,
}

impl ReadRange {
    /// Behind the last one, as far as numbers go.
    pub(crate) fn end(self) -> usize {
        self.offset.saturating_add(self.size)
    }

    /// Whether all of `other` is in here.
    pub(crate) fn contains(self, other: Self) -> bool {
        self.offset <= other.offset && other.end() <= self.end()
    }

    /// The part before `end`.
    pub(crate) fn up_to(self, end: usize) -> Self {
        Self { offset: self.offset, size: self.size.min(end.saturating_sub(self.offset)) }
    }
}
