//! One caller at a time: others wait, and whoever comes back out of a callback into the same file is told so.

use super::Process;
use crate::error::{Error, Result, error};
use crate::sys::{lock, thread_token};
use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::*};
use std::sync::{Condvar, Mutex};

/// A value that one thread at a time may use. Unlike a mutex it knows by whom it is held, so that a second entry by the
/// same thread is an error and not a deadlock, and it refuses a value that a panic may have left half changed.
pub(crate) struct Exclusive<T> {
    /// The holder's thread token, or 0.
    holder: AtomicUsize,
    waiting: AtomicU32,
    /// Where it was made: a child of a fork would wait for ever for a thread that is not there.
    process: Process,
    broken: AtomicBool,
    queue: Mutex<()>,
    freed: Condvar,
    value: UnsafeCell<T>,
}

// SAFETY: hands the value to one thread at a time.
unsafe impl<T: Send> Sync for Exclusive<T> {}

/// The right to use the value.
pub(crate) struct Held<'a, T>(&'a Exclusive<T>);

impl<T> Exclusive<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            holder: AtomicUsize::new(0),
            waiting: AtomicU32::new(0),
            process: Process::here(),
            broken: AtomicBool::new(false),
            queue: Mutex::new(()),
            freed: Condvar::new(),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits for its turn.
    #[inline]
    pub(crate) fn hold(&self) -> Result<Held<'_, T>> {
        let me = thread_token();
        if self.holder.compare_exchange(0, me, Acquire, Relaxed).is_err() {
            self.wait(me)?;
        }
        let held = Held(self);
        if self.broken.load(Relaxed) {
            return Err(broken());
        }
        Ok(held)
    }

    /// The turn, where nobody has it.
    pub(crate) fn try_hold(&self) -> Option<Held<'_, T>> {
        self.holder.compare_exchange(0, thread_token(), Acquire, Relaxed).ok()?;
        let held = Held(self);
        (!self.broken.load(Relaxed)).then_some(held)
    }

    /// Whether this thread may wait for its turn: not from within a call on the same file.
    pub(crate) fn check_entry(&self) -> Result<()> {
        if self.holder.load(Relaxed) == thread_token() { Err(reentry()) } else { Ok(()) }
    }

    #[cold]
    #[inline(never)]
    fn wait(&self, me: usize) -> Result<()> {
        self.check_entry()?;
        self.process.check("file in use")?;
        // Whoever lets go either sees this count or lets go before the attempt below; see `Held::drop`.
        self.waiting.fetch_add(1, SeqCst);
        let mut turn = lock(&self.queue);
        while self.holder.compare_exchange(0, me, SeqCst, SeqCst).is_err() {
            if let Err(stopped) = super::check() {
                self.waiting.fetch_sub(1, SeqCst);
                return Err(stopped);
            }
            turn = super::wait(&self.freed, turn, None);
        }
        drop(turn);
        self.waiting.fetch_sub(1, SeqCst);
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn wake(&self) {
        // Taken so that nobody is between a failed attempt and the wait for the signal.
        drop(lock(&self.queue));
        self.freed.notify_one();
    }

    /// Whether a panic may have left the value half changed.
    pub(crate) fn is_broken(&mut self) -> bool {
        *self.broken.get_mut()
    }

    /// The value, where nobody else can have it.
    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

/// Said to a call out of a callback into the file that called it.
#[cold]
pub(crate) fn reentry() -> Error {
    error!(Invalid, "called from within a call on the same file or listing")
}

#[cold]
#[inline(never)]
fn broken() -> Error {
    error!(Invalid, "an earlier call on it failed inside the library; it can only be released")
}

impl<T> Drop for Held<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.broken.store(true, Relaxed);
        }
        self.0.holder.swap(0, SeqCst);
        if self.0.waiting.load(SeqCst) > 0 {
            self.0.wake();
        }
    }
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: only the holder has a `Held`, and lends from it by Rust's rules.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Held<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.0.value.get() }
    }
}
