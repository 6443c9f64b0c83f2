//! What the calling thread's work stops for.

use super::Cancellation;
use crate::error::{Error, Result};
use crate::shared::try_box;
use crate::sys::{Interruptible, LOOKS_EVERY, Link, check_interrupts, is_interruptible, lock, now, wait_for};
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// While it lives, the calling thread's work stops for a cancellation, and for those that it stopped for before.
pub(crate) struct Scope(#[allow(dead_code, reason = "held to be dropped")] Interruptible);

impl Scope {
    pub(crate) fn enter(cancellation: &Cancellation) -> Result<Self> {
        Ok(Self(Interruptible::new(try_box(Link::new(cancellation.clone()))?)))
    }
}

impl Cancellation {
    /// Calls `run`; what it does on this thread stops for this cancellation. Fails where that is to stop before it begins.
    pub fn while_heeded<T>(&self, run: impl FnOnce() -> T) -> Result<T> {
        let _scope = Scope::enter(self)?;
        check()?;
        Ok(run())
    }
}

/// Fails once the calling thread's work is to stop. For loops that may take long.
#[inline]
pub(crate) fn check() -> Result<()> {
    if is_interruptible() { check_interrupts().map_err(Error::from_os) } else { Ok(()) }
}

/// Waits for a signal; also ends when the monotonic clock reaches `until`, and, where the calling thread's work may have to
/// stop, when it is time to `check` again. So it stands in a loop that looks for itself.
pub(crate) fn wait<'a, T>(signal: &Condvar, guard: MutexGuard<'a, T>, until: Option<i64>) -> MutexGuard<'a, T> {
    let rest = until.map(|until| Duration::from_nanos(until.saturating_sub(now()).max(0) as u64));
    let most = if is_interruptible() { Some(rest.map_or(LOOKS_EVERY, |rest| rest.min(LOOKS_EVERY))) } else { rest };
    wait_for(signal, guard, most)
}

/// Where an object keeps the cancellation that its calls heed.
pub(crate) struct Cancellable {
    is_set: AtomicBool,
    cancellation: Mutex<Option<Cancellation>>,
}

impl Cancellable {
    pub(crate) const fn new() -> Self {
        Self { is_set: AtomicBool::new(false), cancellation: Mutex::new(None) }
    }

    /// Calls that begin from now on heed this one instead of the former.
    pub(crate) fn set(&self, cancellation: Option<Cancellation>) {
        let mut current = lock(&self.cancellation);
        self.is_set.store(cancellation.is_some(), Relaxed);
        *current = cancellation;
    }

    /// The scope of a call; fails where it is to stop before it has begun.
    #[inline]
    pub(crate) fn begin(&self) -> Result<Option<Scope>> {
        if !self.is_set.load(Relaxed) {
            return Ok(None);
        }
        let scope = self.enter()?;
        check()?;
        Ok(scope)
    }

    /// The scope of a call that always does a part of its work.
    #[cold]
    #[inline(never)]
    pub(crate) fn enter(&self) -> Result<Option<Scope>> {
        let current = lock(&self.cancellation).clone();
        current.as_ref().map(Scope::enter).transpose()
    }
}
