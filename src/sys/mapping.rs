//! A file's bytes mapped into memory.

use super::{Descriptor, OsResult};
use memmap2::{MmapOptions, MmapRaw};
use std::os::fd::AsRawFd;
use std::ptr::NonNull;

/// What a map is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapMode {
    /// Reading.
    Read,
    /// Reading and writing; writes reach the file.
    ReadWrite,
    /// Reading and writing in this process only; the file stays as it is.
    Private,
}

/// A mapped range of a file; unmapped when dropped. It is known by its address alone and never as a `&[u8]` of its own:
/// other processes may change its bytes, and take them away, whenever they like.
pub(crate) struct Mapping(MmapRaw);

impl Mapping {
    /// Maps `[offset, offset + size)`, `size` at least 1. The caller has checked the range against the file's size.
    pub(crate) fn new(file: &Descriptor, mode: MapMode, offset: i64, size: usize) -> OsResult<Self> {
        let mut options = MmapOptions::new();
        options.offset(offset as u64).len(size);
        let fd = file.as_raw_fd();
        let mapped = match mode {
            MapMode::Read => options.map_raw_read_only(fd),
            MapMode::ReadWrite => options.map_raw(fd),
            // SAFETY: what makes this call unsafe is the slice that memmap2's type lends. It becomes one that lends none
            // before anybody can ask for it.
            MapMode::Private => unsafe { options.map_copy(fd) }.map(MmapRaw::from),
        };
        mapped.map(Self).map_err(|error| error.raw_os_error().unwrap_or(libc::EIO))
    }

    /// The first byte.
    pub(crate) fn data(&self) -> NonNull<u8> {
        NonNull::new(self.0.as_mut_ptr()).unwrap_or(NonNull::dangling())
    }
}
