//! A moment to wait for by descriptor.

use super::{Descriptor, OsResult, retry};
use std::os::fd::{AsRawFd, RawFd};

/// A descriptor that is readable from a moment on, which may change.
pub(crate) struct Alarm(Descriptor);

impl Alarm {
    /// One that never goes off.
    pub(crate) fn new() -> OsResult<Self> {
        // SAFETY: no memory involved.
        let fd = retry(|| unsafe {
            libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC | libc::TFD_NONBLOCK) as isize
        })?;
        Ok(Self(Descriptor::take(fd as RawFd)))
    }

    /// Goes off at `moment` of the monotonic clock, or at once where that has passed; `None`: never.
    pub(crate) fn set(&self, moment: Option<i64>) {
        // The system understands zero as never.
        let moment = moment.map_or(0, |moment| moment.max(1));
        let it_value = libc::timespec { tv_sec: moment / 1_000_000_000, tv_nsec: moment % 1_000_000_000 };
        let time = libc::itimerspec { it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 }, it_value };
        // SAFETY: a valid time for our own descriptor, which therefore cannot be refused.
        unsafe { libc::timerfd_settime(self.0.as_raw_fd(), libc::TFD_TIMER_ABSTIME, &time, std::ptr::null_mut()) };
    }

    /// Goes off now, and has when this returns.
    pub(crate) fn go_off(&self) {
        self.set(Some(0));
        let mut entry = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid entry. A timer of the past goes off at once, be it by an interrupt.
        let _ = retry(|| unsafe { libc::poll(&mut entry, 1, -1) } as isize);
    }
}

impl AsRawFd for Alarm {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
