//! Pipes, sockets and terminals where something may end a wait: nothing waits but the wait itself.
//!
//! A descriptor may say that it is ready and wait all the same when somebody else takes what was there, so each transfer
//! is made in a way that never waits, where the system has one.

use super::descriptor::{Descriptor, FileKind, OpenFlags};
use super::interrupt::{pause, wait_once, wait_until_ready};
use super::path::Place;
use super::{OsResult, retry};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// How many bytes every pipe takes that says it takes something.
const PIPE_BLOCK: usize = libc::PIPE_BUF;

/// How often opening a FIFO looks for somebody at its other end, in milliseconds.
const LOOKS_FOR_OTHER_END_EVERY: libc::c_int = 5;

/// How to transfer without waiting.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Not known yet.
    Unknown,
    /// In any way: it is no stream.
    Any,
    /// By `recv` and `send`, unless it turns out to be no socket.
    Socket,
    /// By `preadv2` and `pwritev2`, unless the system cannot.
    Vector,
    /// By a status flag of the open file, which is the library's own.
    Flag,
    /// Not at all: what is said to be ready is believed to be.
    None,
}

impl Way {
    const ALL: [Self; 6] = [Self::Unknown, Self::Any, Self::Socket, Self::Vector, Self::Flag, Self::None];
}

/// What is known of transfers on a descriptor.
pub(super) struct StreamCalls {
    way: AtomicU8,
    /// Whether nobody else has the open file, so that its status flags may be changed.
    own: bool,
}

impl StreamCalls {
    pub(super) fn new(own: bool) -> Self {
        Self { way: AtomicU8::new(Way::Unknown as u8), own }
    }

    fn way(&self) -> Way {
        Way::ALL[usize::from(self.way.load(Relaxed)) % Way::ALL.len()]
    }

    fn set_way(&self, way: Way) {
        self.way.store(way as u8, Relaxed);
    }

    /// Whether a transfer may wait for ever; `kind` tells what the descriptor is, where that is not known yet.
    pub(super) fn may_wait(&self, kind: impl FnOnce() -> OsResult<FileKind>) -> OsResult<bool> {
        if self.way() == Way::Unknown {
            let is_stream = !kind()?.has_size();
            self.set_way(if is_stream { Way::Socket } else { Way::Any });
        }
        Ok(self.way() != Way::Any)
    }

    /// One read; fails with the reason of an interrupt that comes before the first byte.
    pub(super) fn read(&self, fd: RawFd, dst: &mut [MaybeUninit<u8>]) -> OsResult<usize> {
        let place = libc::iovec { iov_base: dst.as_mut_ptr().cast(), iov_len: dst.len() };
        self.transfer(fd, libc::POLLIN, place.iov_len, |way| {
            // SAFETY: `dst` takes as many bytes.
            unsafe {
                match way {
                    Way::Socket => libc::recv(fd, place.iov_base, place.iov_len, libc::MSG_DONTWAIT),
                    Way::Vector => libc::preadv2(fd, &place, 1, -1, libc::RWF_NOWAIT),
                    _ => libc::read(fd, place.iov_base, place.iov_len),
                }
            }
        })
    }

    /// One write; fails with the reason of an interrupt that comes before the first byte is out.
    pub(super) fn write(&self, fd: RawFd, data: &[u8]) -> OsResult<usize> {
        let place = libc::iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() };
        self.transfer(fd, libc::POLLOUT, place.iov_len, |way| {
            // SAFETY: `data` is readable.
            unsafe {
                match way {
                    Way::Socket => {
                        libc::send(fd, place.iov_base, place.iov_len, libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL)
                    }
                    Way::Vector => libc::pwritev2(fd, &place, 1, -1, libc::RWF_NOWAIT),
                    Way::Flag => libc::write(fd, place.iov_base, place.iov_len),
                    _ => libc::write(fd, place.iov_base, place.iov_len.min(PIPE_BLOCK)),
                }
            }
        })
    }

    fn transfer(
        &self,
        fd: RawFd,
        event: libc::c_short,
        size: usize,
        mut call: impl FnMut(Way) -> isize,
    ) -> OsResult<usize> {
        if size == 0 {
            return Ok(0);
        }
        loop {
            wait_until_ready(fd, event)?;
            let way = self.way();
            match retry(|| call(way)) {
                Err(libc::EAGAIN) => continue,
                Err(libc::ENOTSOCK) if way == Way::Socket => self.set_way(Way::Vector),
                Err(libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL) if way == Way::Vector => {
                    self.set_way(if self.own && set_flags(fd, |flags| flags | libc::O_NONBLOCK).is_ok() {
                        Way::Flag
                    } else {
                        Way::None
                    });
                }
                done => return done,
            }
        }
    }
}

impl Place<'_> {
    /// Opens what may be a FIFO at whose other end nobody may ever come. As without an interrupt, it is open once somebody has
    /// come there, if only to go again.
    #[cold]
    pub(super) fn open_interruptibly(&self, flags: OpenFlags, permissions: u32) -> OsResult<Descriptor> {
        if flags.0 & libc::O_NONBLOCK != 0 || self.kind() != Ok(FileKind::Pipe) {
            return self.open_once(flags, permissions);
        }
        let descriptor = loop {
            match self.open_once(flags.at_once(), permissions) {
                Err(libc::ENXIO) => pause(LOOKS_FOR_OTHER_END_EVERY)?,
                opened => break opened?,
            }
        };
        if flags.0 & libc::O_ACCMODE == libc::O_RDONLY {
            wait_for_writer(descriptor.as_raw_fd())?;
        }
        descriptor.wait_from_now_on()?;
        Ok(descriptor)
    }
}

impl Descriptor {
    /// Takes the flag off that it was opened with so as not to wait.
    pub(crate) fn wait_from_now_on(&self) -> OsResult<()> {
        set_flags(self.as_raw_fd(), |flags| flags & !libc::O_NONBLOCK)
    }
}

/// Waits until bytes are in a FIFO, or until a writer is there or has been.
fn wait_for_writer(fd: RawFd) -> OsResult<()> {
    // Without a descriptor to spare the first bytes say it.
    let probe = pipe().ok();
    let has_writer = || probe.as_ref().is_some_and(|(_, probe)| has_writer(fd, probe.as_raw_fd()));
    while !has_writer() && !wait_once(fd, libc::POLLIN, LOOKS_FOR_OTHER_END_EVERY)? {}
    Ok(())
}

/// Whether somebody has the FIFO open to write to. `poll` does not tell, but who asks for bytes without waiting is told that
/// there are none yet, or that nobody is there; `tee` leaves those that are there where they are.
fn has_writer(fd: RawFd, probe: RawFd) -> bool {
    // SAFETY: no memory involved.
    match retry(|| unsafe { libc::tee(fd, probe, 1, libc::SPLICE_F_NONBLOCK) }) {
        Ok(count) => count > 0,
        Err(os_error) => os_error == libc::EAGAIN,
    }
}

/// The end to read from, and the one to write to.
fn pipe() -> OsResult<(Descriptor, Descriptor)> {
    let mut ends = [-1; 2];
    // SAFETY: room for two.
    retry(|| unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } as isize)?;
    Ok((Descriptor::take(ends[0]), Descriptor::take(ends[1])))
}

fn set_flags(fd: RawFd, change: impl FnOnce(libc::c_int) -> libc::c_int) -> OsResult<()> {
    // SAFETY: no memory involved.
    let flags = retry(|| unsafe { libc::fcntl(fd, libc::F_GETFL) } as isize)? as libc::c_int;
    let flags = change(flags);
    // SAFETY: as above.
    retry(|| unsafe { libc::fcntl(fd, libc::F_SETFL, flags) } as isize).map(drop)
}
