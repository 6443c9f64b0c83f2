//! Bytes moved from one descriptor to another by the kernel.

use super::descriptor::{Descriptor, FileKind};
use super::{LARGEST_TRANSFER, OsResult, retry, without_sigpipe};
use std::os::fd::{AsRawFd, RawFd};

/// A way of moving at most so many bytes.
type Way = fn(RawFd, RawFd, usize) -> isize;

/// From the one that moves least to the one that fits most: what one refuses the next may take.
const WAYS: [Way; 3] = [copy_file_range, sendfile, splice];

/// What goes to a socket at once.
const SOCKET_PIECE: usize = 16 << 10;

impl Descriptor {
    /// One attempt to move up to `size` bytes to `target`, which is of this kind, both at their positions. `None` where the
    /// kernel has no way for these two, or sees the end, of which only reading is sure; 0 where there is nothing to move at
    /// this moment.
    pub(crate) fn send_to(&self, target: &Self, kind: FileKind, size: usize) -> OsResult<Option<usize>> {
        match kind {
            // These ways wait for room and cannot be told to stop, nor can anybody use the source meanwhile.
            FileKind::Pipe | FileKind::Socket if !target.has_room()? => Ok(Some(0)),
            // What has room takes this much at once; a pipe takes what fits.
            FileKind::Socket => without_sigpipe(|| (self.send_by_any_way(target, size.min(SOCKET_PIECE)), true)),
            FileKind::Pipe => without_sigpipe(|| (self.send_by_any_way(target, size), true)),
            FileKind::Device => Ok(None),
            _ => self.send_by_any_way(target, size),
        }
    }

    fn has_room(&self) -> OsResult<bool> {
        let mut poll = libc::pollfd { fd: self.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
        // SAFETY: one valid entry.
        retry(|| unsafe { libc::poll(&mut poll, 1, 0) } as isize).map(|ready| ready > 0)
    }

    fn send_by_any_way(&self, target: &Self, size: usize) -> OsResult<Option<usize>> {
        let size = size.min(LARGEST_TRANSFER);
        for way in WAYS {
            match retry(|| way(self.as_raw_fd(), target.as_raw_fd(), size)) {
                // Under /proc and the like none is not the end.
                Ok(0) => continue,
                Ok(sent) => return Ok(Some(sent)),
                Err(libc::EAGAIN) => return Ok(Some(0)),
                Err(os_error @ (libc::EPIPE | libc::ENOSPC)) => return Err(os_error),
                // Any other failure is this way's: reading and writing will meet it again if it is more.
                Err(_) => continue,
            }
        }
        Ok(None)
    }
}

fn copy_file_range(from: RawFd, to: RawFd, size: usize) -> isize {
    // SAFETY: no memory involved.
    unsafe { libc::copy_file_range(from, std::ptr::null_mut(), to, std::ptr::null_mut(), size, 0) }
}

fn sendfile(from: RawFd, to: RawFd, size: usize) -> isize {
    // SAFETY: no memory involved.
    unsafe { libc::sendfile(to, from, std::ptr::null_mut(), size) }
}

/// Does not wait: with nothing to move it fails, and reading waits as it can be told to.
fn splice(from: RawFd, to: RawFd, size: usize) -> isize {
    let flags = libc::SPLICE_F_MOVE | libc::SPLICE_F_NONBLOCK;
    // SAFETY: no memory involved.
    unsafe { libc::splice(from, std::ptr::null_mut(), to, std::ptr::null_mut(), size, flags) }
}
