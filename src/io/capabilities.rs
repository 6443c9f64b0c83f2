//! What a file can do.

use std::ops::BitOr;

/// A set of things that a file can do; the bits are those of the C interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities(pub u32);

impl Capabilities {
    /// `read`, `read_some`, `read_buffer`, `read_all`, `read_line`, `peek`, `advance`.
    pub const READ: Self = Self(1);
    /// `write`, `write_buffer`.
    pub const WRITE: Self = Self(2);
    /// `seek`.
    pub const SEEK: Self = Self(4);
    /// `read_at`, `read_at_buffer`, on any number of threads at once.
    pub const READ_AT: Self = Self(8);
    /// `write_at`.
    pub const WRITE_AT: Self = Self(16);
    /// `size`.
    pub const SIZE: Self = Self(32);
    /// `resize`.
    pub const RESIZE: Self = Self(64);
    /// Buffers that are read are slices of what the file is made of: no copy.
    pub const ZERO_COPY: Self = Self(128);

    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Whether everything in `other` is in here.
    #[inline]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// `self` if `condition` holds, else nothing.
    pub const fn when(self, condition: bool) -> Self {
        if condition { self } else { Self::NONE }
    }
}

impl BitOr for Capabilities {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
