//! File descriptors: open, transfer whole requests, ask, close.

use super::interrupt::{check_interrupts, is_interruptible, wait_until_ready};
use super::interruptible::StreamCalls;
use super::{LARGEST_TRANSFER, OsResult, errno, retry, without_sigpipe};
use std::ffi::{CStr, c_void};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, RawFd};

/// How to open a path.
#[derive(Clone, Copy)]
pub(crate) struct OpenFlags(pub(super) libc::c_int);

impl OpenFlags {
    pub(crate) const READ: Self = Self(libc::O_RDONLY);
    /// Without waiting for somebody to write to a FIFO.
    pub(crate) const READ_NOW: Self = Self(libc::O_RDONLY | libc::O_NONBLOCK);
    pub(crate) const WRITE: Self = Self(libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC);
    pub(crate) const APPEND: Self = Self(libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND);
    pub(crate) const READ_WRITE: Self = Self(libc::O_RDWR | libc::O_CREAT);
    pub(crate) const CREATE: Self = Self(libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC);
    /// A file that was not there before.
    pub(crate) const CREATE_NEW: Self = Self(libc::O_RDWR | libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW);
    /// A directory, to change and to sync it.
    pub(crate) const DIRECTORY: Self = Self(libc::O_RDONLY | libc::O_DIRECTORY);
    /// Whatever a name stands for, to look at it only; of a link itself.
    pub(super) const LOOK: Self = Self(libc::O_PATH | libc::O_NOFOLLOW);
    /// As `LOOK`, of what a link leads to.
    pub(super) const LOOK_FOLLOWED: Self = Self(libc::O_PATH);

    /// Fails where the file is there already.
    pub(crate) fn exclusive(self) -> Self {
        self.with(libc::O_EXCL)
    }

    /// Fails where the file is not there yet.
    pub(crate) fn existing(self) -> Self {
        Self(self.0 & !libc::O_CREAT)
    }

    /// Without a wait, be it for another end or for a line, and without an effect on the process.
    pub(crate) fn at_once(self) -> Self {
        self.with(libc::O_NONBLOCK | libc::O_NOCTTY)
    }

    /// Fails where the path names a symbolic link.
    pub(super) const fn without_links(self) -> Self {
        Self(self.0 | libc::O_NOFOLLOW)
    }

    /// Whether what is opened is only looked at.
    pub(super) fn looks(self) -> bool {
        self.0 & libc::O_PATH != 0
    }

    pub(super) fn with(self, flags: libc::c_int) -> Self {
        Self(self.0 | flags)
    }
}

/// From where an offset counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    /// From the start of the file.
    Start,
    /// From the position.
    Current,
    /// From the end of the file.
    End,
}

/// What stands behind a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A block device.
    Block,
    /// A directory.
    Directory,
    /// A pipe or FIFO.
    Pipe,
    /// A socket.
    Socket,
    /// A terminal or another character device.
    Device,
    /// A symbolic link, where none is followed.
    Link,
}

impl FileKind {
    /// Whether it has a size and a position.
    pub(crate) fn has_size(self) -> bool {
        matches!(self, Self::Regular | Self::Block | Self::Directory)
    }
}

/// An open descriptor. An owned one closes when dropped.
pub(crate) struct Descriptor {
    fd: RawFd,
    owned: bool,
    /// For transfers that may be interrupted.
    calls: StreamCalls,
}

impl Descriptor {
    /// Opens `path`, never inherited across exec.
    pub(crate) fn open(path: &CStr, flags: OpenFlags, permissions: u32) -> OsResult<Self> {
        Self::open_at(libc::AT_FDCWD, path, flags, permissions)
    }

    /// As `open`, with a relative path beginning in `directory`.
    pub(super) fn open_at(directory: RawFd, path: &CStr, flags: OpenFlags, permissions: u32) -> OsResult<Self> {
        let flags = flags.0 | libc::O_CLOEXEC;
        // SAFETY: the path is NUL-terminated.
        let fd = retry(|| unsafe { libc::openat(directory, path.as_ptr(), flags, permissions) } as isize)?;
        Ok(Self::take(fd as RawFd))
    }

    /// Takes over a descriptor that was just made.
    pub(super) fn take(fd: RawFd) -> Self {
        Self { fd, owned: true, calls: StreamCalls::new(true) }
    }

    /// Uses a descriptor that stays the host's.
    pub(crate) fn borrow(fd: RawFd) -> Self {
        Self { fd, owned: false, calls: StreamCalls::new(false) }
    }

    /// Takes over a borrowed one.
    pub(crate) fn own(&mut self) {
        self.owned = true;
    }

    /// One more descriptor of the same open file, not inherited across exec.
    pub(crate) fn duplicate(&self) -> OsResult<Self> {
        // SAFETY: no memory involved. Not one of the standard streams', should these be closed.
        let fd = retry(|| unsafe { libc::fcntl(self.fd, libc::F_DUPFD_CLOEXEC, 3) } as isize)?;
        Ok(Self::take(fd as RawFd))
    }

    /// Gives it away.
    pub(super) fn into_raw_fd(mut self) -> RawFd {
        self.owned = false;
        self.fd
    }

    /// Whether every write goes to the end.
    pub(crate) fn appends(&self) -> OsResult<bool> {
        Ok(self.status_flags()? & libc::O_APPEND != 0)
    }

    /// The access mode and status flags, as `fcntl(F_GETFL)` gives them.
    pub(crate) fn status_flags(&self) -> OsResult<libc::c_int> {
        // SAFETY: asks only.
        retry(|| unsafe { libc::fcntl(self.fd, libc::F_GETFL) } as isize).map(|flags| flags as libc::c_int)
    }

    /// What stands behind it and its size in bytes.
    pub(crate) fn kind_and_size(&self) -> OsResult<(FileKind, i64)> {
        let metadata = self.metadata()?;
        let size = match metadata.kind {
            FileKind::Regular => metadata.size,
            FileKind::Block => self.block_device_size()?,
            _ => 0,
        };
        Ok((metadata.kind, size))
    }

    fn block_device_size(&self) -> OsResult<i64> {
        let position = self.seek(0, Whence::Current)?;
        let size = self.seek(0, Whence::End)?;
        self.seek(position, Whence::Start)?;
        Ok(size)
    }

    /// One read: at most `dst.len()` bytes, 0 only at the end.
    pub(crate) fn read(&self, dst: &mut [MaybeUninit<u8>]) -> OsResult<usize> {
        let size = dst.len().min(LARGEST_TRANSFER);
        if is_interruptible() && self.is_stream()? {
            return self.calls.read(self.fd, &mut dst[..size]);
        }
        // SAFETY: `dst` takes `size` bytes.
        let result = self.blocking(libc::POLLIN, || unsafe { libc::read(self.fd, dst.as_mut_ptr().cast(), size) });
        match result {
            Err(libc::EINVAL) => self.read_to_last_offset(dst),
            result => result,
        }
    }

    /// The system refuses a read that reaches past the largest offset, where `read_at` finds the end.
    #[cold]
    fn read_to_last_offset(&self, dst: &mut [MaybeUninit<u8>]) -> OsResult<usize> {
        match self.seek(0, Whence::Current) {
            Ok(position) if dst.len() > (i64::MAX - position) as usize => self.read_at(position, dst),
            _ => Err(libc::EINVAL),
        }
    }

    /// One read at an offset.
    pub(crate) fn read_at(&self, offset: i64, dst: &mut [MaybeUninit<u8>]) -> OsResult<usize> {
        // No file reaches past the largest offset; asking for more than up to there would be an error and not the end.
        let size = dst.len().min(LARGEST_TRANSFER).min((i64::MAX - offset) as usize);
        if is_interruptible() {
            check_interrupts()?;
        }
        // SAFETY: `dst` takes `size` bytes.
        retry(|| unsafe { libc::pread(self.fd, dst.as_mut_ptr().cast(), size, offset) })
    }

    /// Writes everything to what is of this kind. On failure tells how many bytes went out before; where nobody reads any
    /// more that is EPIPE, and no signal.
    pub(crate) fn write_all(&self, data: &[u8], kind: FileKind) -> std::result::Result<(), (usize, i32)> {
        match kind {
            FileKind::Socket => self.transfer(data, |rest, _| self.send(rest)),
            FileKind::Pipe => without_sigpipe(|| {
                let mut calls = 0;
                let result = self.transfer(data, |rest, _| {
                    calls += 1;
                    self.write(rest)
                });
                // A write that got a part through before the reader went away is no failure and raises it all the same.
                (result, calls > 1 || result.is_err())
            }),
            _ => self.transfer(data, |rest, _| self.write(rest)),
        }
    }

    fn write(&self, data: &[u8]) -> OsResult<usize> {
        // SAFETY: `write_by` gives readable memory.
        self.write_by(data, |bytes, size| unsafe { libc::write(self.fd, bytes, size) })
    }

    fn send(&self, data: &[u8]) -> OsResult<usize> {
        // SAFETY: as above.
        self.write_by(data, |bytes, size| unsafe { libc::send(self.fd, bytes, size, libc::MSG_NOSIGNAL) })
    }

    /// One write, by `call` where nothing may interrupt it.
    fn write_by(&self, data: &[u8], call: impl Fn(*const c_void, usize) -> isize) -> OsResult<usize> {
        let size = data.len().min(LARGEST_TRANSFER);
        if is_interruptible() && self.is_stream()? {
            return self.calls.write(self.fd, &data[..size]);
        }
        self.blocking(libc::POLLOUT, || call(data.as_ptr().cast(), size))
    }

    /// Writes everything at an offset. On failure tells how many bytes went out before.
    pub(crate) fn write_all_at(&self, offset: i64, data: &[u8]) -> std::result::Result<(), (usize, i32)> {
        self.transfer(data, |rest, done| {
            let size = rest.len().min(LARGEST_TRANSFER);
            // SAFETY: `rest` is readable.
            retry(|| unsafe { libc::pwrite(self.fd, rest.as_ptr().cast(), size, offset.saturating_add(done as i64)) })
        })
    }

    fn transfer(
        &self,
        data: &[u8],
        mut write_some: impl FnMut(&[u8], usize) -> OsResult<usize>,
    ) -> std::result::Result<(), (usize, i32)> {
        let mut done = 0;
        while done < data.len() {
            match write_some(&data[done..], done) {
                Ok(0) => return Err((done, libc::EIO)),
                Ok(written) => done += written,
                Err(os_error) => return Err((done, os_error)),
            }
        }
        Ok(())
    }

    /// Waits for a non-blocking descriptor instead of failing with EAGAIN.
    fn blocking(&self, event: libc::c_short, mut call: impl FnMut() -> isize) -> OsResult<usize> {
        loop {
            match retry(&mut call) {
                Err(libc::EAGAIN) => wait_until_ready(self.fd, event)?,
                done => return done,
            }
        }
    }

    /// Whether a transfer may wait for ever. Called where one may be interrupted, and ends it then.
    #[cold]
    fn is_stream(&self) -> OsResult<bool> {
        check_interrupts()?;
        self.calls.may_wait(|| self.kind_and_size().map(|(kind, _)| kind))
    }

    /// Moves the position and tells the new one.
    pub(crate) fn seek(&self, offset: i64, whence: Whence) -> OsResult<i64> {
        let whence = match whence {
            Whence::Start => libc::SEEK_SET,
            Whence::Current => libc::SEEK_CUR,
            Whence::End => libc::SEEK_END,
        };
        // SAFETY: no memory involved.
        retry(|| unsafe { libc::lseek(self.fd, offset, whence) } as isize).map(|position| position as i64)
    }

    /// Cuts or extends the file; what is new reads as zeros.
    pub(crate) fn truncate(&self, size: i64) -> OsResult<()> {
        // SAFETY: no memory involved.
        retry(|| unsafe { libc::ftruncate(self.fd, size) } as isize).map(drop)
    }

    /// Extends the file with its blocks allocated, so that a full disk is found here and not by a later fault. On failure the
    /// file is as long as it was.
    pub(crate) fn allocate(&self, size: i64) -> OsResult<()> {
        if size == 0 {
            return Ok(());
        }
        let (_, before) = self.kind_and_size()?;
        loop {
            // SAFETY: no memory involved. Gives the error number back instead of setting errno.
            match unsafe { libc::posix_fallocate(self.fd, 0, size) } {
                0 => return Ok(()),
                libc::EINTR => continue,
                os_error => {
                    // Some file systems extend the file by what they find room for.
                    let longer = self.kind_and_size().is_ok_and(|(_, after)| after > before);
                    let _ = if longer { self.truncate(before) } else { Ok(()) };
                    return Err(os_error);
                }
            }
        }
    }

    /// Has the system read these bytes ahead. Only a hint.
    pub(crate) fn will_need(&self, offset: usize, size: usize) {
        let (offset, size) = (offset as i64, (size as i64).min(i64::MAX - offset as i64));
        // SAFETY: no memory involved. What is no file of a disk refuses, and nothing is lost.
        unsafe { libc::posix_fadvise(self.fd, offset, size, libc::POSIX_FADV_WILLNEED) };
    }

    /// Waits until everything is on the disk.
    pub(crate) fn sync(&self) -> OsResult<()> {
        // SAFETY: no memory involved.
        retry(|| unsafe { libc::fsync(self.fd) } as isize).map(drop)
    }

    /// Closes an owned descriptor; a borrowed one stays open. It is gone even where the system reports a failure.
    pub(crate) fn close(&mut self) -> OsResult<()> {
        if !std::mem::take(&mut self.owned) {
            return Ok(());
        }
        // SAFETY: owned, and not used again. Not repeated on EINTR: Linux has let the descriptor go by then.
        match unsafe { libc::close(self.fd) } {
            -1 if errno() != libc::EINTR => Err(errno()),
            _ => Ok(()),
        }
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        if self.owned {
            // SAFETY: owned, and not used again.
            unsafe { libc::close(self.fd) };
        }
    }
}

impl AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.fd
    }
}
