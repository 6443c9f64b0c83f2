//! Something that happens once, to wait for by descriptor.

use super::{Descriptor, OsResult, retry};
use std::os::fd::{AsRawFd, RawFd};

/// A descriptor that is readable once the event has happened.
pub(crate) struct Event(Descriptor);

impl Event {
    pub(crate) fn new(happened: bool) -> OsResult<Self> {
        // SAFETY: no memory involved.
        let fd = retry(|| unsafe { libc::eventfd(happened.into(), libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) } as isize)?;
        Ok(Self(Descriptor::take(fd as RawFd)))
    }

    /// Makes it readable, for good: nobody reads it.
    pub(crate) fn happen(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: eight readable bytes. A counter of ours that nobody adds to elsewhere takes a one, and at once.
        let _ = retry(|| unsafe { libc::write(self.0.as_raw_fd(), one.as_ptr().cast(), one.len()) });
    }
}

impl AsRawFd for Event {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
