//! A file's bytes mapped into memory.

use super::Descriptor;
use memmap2::{MmapOptions, MmapRaw};
use std::os::fd::AsRawFd;
use std::ptr::NonNull;

/// What may be done with mapped memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    /// Writes reach the file.
    ReadWrite,
    /// Writes stay in this process.
    CopyOnWrite,
}

/// A mapped range of a file; unmapped when dropped.
pub(crate) struct Mapping(MmapRaw);

impl Mapping {
    /// Maps `[offset, offset + size)`, `size` at least 1. The caller has checked the range against the file's size.
    pub(crate) fn new(file: &Descriptor, access: Access, offset: i64, size: usize) -> std::result::Result<Self, i32> {
        let mut options = MmapOptions::new();
        options.offset(offset as u64).len(size);
        let fd = file.as_raw_fd();
        let mapped = match access {
            Access::Read => options.map_raw_read_only(fd),
            Access::ReadWrite => options.map_raw(fd),
            // SAFETY: its bytes are lent for the length of a call only, in which the host may not change them; what another
            // process changes meanwhile can change what is read, never where.
            Access::CopyOnWrite => unsafe { options.map_copy(fd) }.map(MmapRaw::from),
        };
        mapped.map(Self).map_err(|error| error.raw_os_error().unwrap_or(libc::EIO))
    }

    /// The first byte.
    pub(crate) fn data(&self) -> NonNull<u8> {
        NonNull::new(self.0.as_mut_ptr()).unwrap_or(NonNull::dangling())
    }
}
