//! The host's word to stop: at once, or by a deadline.

use super::Process;
use crate::error::{Error, Result};
use crate::shared::Shared;
use crate::sys::{Alarm, Interrupt, lock, now};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::*};

/// A counted reference to a cancellation, which any number of calls may heed.
#[derive(Clone)]
#[repr(transparent)]
pub struct Cancellation(pub(crate) Shared<Inner>);

pub(crate) struct Inner {
    cancelled: AtomicBool,
    /// A moment of the monotonic clock in nanoseconds, or `NEVER`.
    deadline: AtomicI64,
    /// Made when somebody first waits: most cancellations never need a descriptor.
    alarm: Mutex<Option<Alarm>>,
    /// A child of a fork shares the alarm with its parent and leaves it alone.
    process: Process,
}

const NEVER: i64 = i64::MAX;

impl Cancellation {
    /// One that stops nothing yet.
    pub fn new() -> Result<Self> {
        Shared::try_new(Inner {
            cancelled: AtomicBool::new(false),
            deadline: AtomicI64::new(NEVER),
            alarm: Mutex::new(None),
            process: Process::here(),
        })
        .map(Self)
    }

    /// Stops what heeds it, for good.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Release);
        self.0.set_alarm();
    }

    /// Stops what heeds it in `nanoseconds` from now, instead of when it was said before; `None`: not by itself.
    pub fn set_deadline(&self, nanoseconds: Option<i64>) {
        let deadline = nanoseconds.map_or(NEVER, |nanoseconds| now().saturating_add(nanoseconds));
        self.0.deadline.store(deadline, Release);
        self.0.set_alarm();
    }

    /// The deadline on the monotonic clock.
    pub(crate) fn deadline(&self) -> Option<i64> {
        Some(self.0.deadline.load(Acquire)).filter(|deadline| *deadline != NEVER)
    }

    /// Gives back what waiting took. Called when nobody waits for it any more.
    pub(crate) fn let_go(&self) {
        if self.0.process.is_here() {
            *lock(&self.0.alarm) = None;
        }
    }

    /// Whether it stops what heeds it now, also by its deadline.
    pub fn is_cancelled(&self) -> bool {
        self.0.reason().is_some()
    }

    /// Fails once it stops what heeds it.
    #[inline]
    pub fn check(&self) -> Result<()> {
        self.0.reason().map_or(Ok(()), |reason| Err(Error::from_os(reason)))
    }
}

impl Inner {
    /// What waits end with: an errno that no transfer has.
    #[inline]
    fn reason(&self) -> Option<i32> {
        if self.cancelled.load(Acquire) {
            return Some(libc::ECANCELED);
        }
        let deadline = self.deadline.load(Acquire);
        (deadline != NEVER && now() >= deadline).then_some(libc::ETIME)
    }

    /// Has the alarm, if there is one, go off when this is to stop.
    fn set_alarm(&self) {
        if !self.process.is_here() {
            return;
        }
        let alarm = lock(&self.alarm);
        if let Some(alarm) = &*alarm {
            alarm.set(self.moment());
        }
    }

    fn moment(&self) -> Option<i64> {
        if self.cancelled.load(Acquire) {
            return Some(0);
        }
        Some(self.deadline.load(Acquire)).filter(|deadline| *deadline != NEVER)
    }
}

impl Interrupt for Cancellation {
    fn reason(&self) -> Option<i32> {
        self.0.reason()
    }

    fn descriptor(&self) -> Option<RawFd> {
        if !self.0.process.is_here() {
            return None;
        }
        let mut alarm = lock(&self.0.alarm);
        if alarm.is_none() {
            let fresh = Alarm::new().ok()?;
            fresh.set(self.0.moment());
            *alarm = Some(fresh);
        }
        alarm.as_ref().map(AsRawFd::as_raw_fd)
    }
}
