//! Locks and signals, also those that a panic has let go of: what must not be used after that says so itself, as a file does.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

/// Takes a lock.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a lock together with others who read.
#[inline]
pub(crate) fn read_lock<T: ?Sized>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a lock alone.
pub(crate) fn write_lock<T: ?Sized>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a signal, `most` at most; may also end for no reason.
pub(crate) fn wait_for<'a, T>(signal: &Condvar, guard: MutexGuard<'a, T>, most: Option<Duration>) -> MutexGuard<'a, T> {
    match most {
        Some(most) => signal.wait_timeout(guard, most).unwrap_or_else(PoisonError::into_inner).0,
        None => signal.wait(guard).unwrap_or_else(PoisonError::into_inner),
    }
}
