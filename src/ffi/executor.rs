//! Threads that work for the host.

use super::arguments::{self, Out};
use super::error::{arrowio_error, arrowio_status};
use super::guard;
use super::handle::{self, Slot};
use crate::error::Result;
use crate::task::Executor;

/// Threads that do what they are given in the order in which it comes. They start when they are first needed, with all
/// signals blocked but those of faults (SIGSEGV, SIGBUS and the like). A child of fork() has none of them: there, what needs them is ARROWIO_INVALID. Goes with
/// arrowio_executor_release.
pub struct arrowio_executor {
    _private: [u8; 0],
}

fn threads(threads: i32) -> Result<usize> {
    arguments::size(threads.into(), "threads")
}

/// Makes an executor. It starts no thread yet.
///
/// \param threads       the most threads that it may have, at least 1.
/// \param out_executor  the executor; NULL on failure.
/// \param out_error     optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, fewer than 1 thread), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_executor_new(
    threads: i32,
    out_executor: *mut *mut arrowio_executor,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_executor, "out_executor")?;
        out.set(Executor::new(self::threads(threads)?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Changes the most threads that an executor may have. New ones start when they are needed, surplus ones end when they have
/// done what they are at.
///
/// \param executor   the executor.
/// \param threads    at least 1.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, fewer than 1 thread, in a child of fork()), ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_executor_resize(
    executor: *mut arrowio_executor,
    threads: i32,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe { handle::borrow::<Executor>(executor, "executor")?.resize(self::threads(threads)?) };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// The most threads that an executor may have.
///
/// \param executor     the executor.
/// \param out_threads  how many. Written on success only.
/// \param out_error    optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, in a child of fork()), ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_executor_threads(
    executor: *mut arrowio_executor,
    out_threads: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_threads, "out_threads")?;
        out.set(handle::borrow::<Executor>(executor, "executor")?.threads()? as i64)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Stops an executor for good: operations that have not begun end with ARROWIO_CANCELLED, on this thread; those that run go
/// on to their end. Then waits for its threads. Before the program unloads the library it waits for all of them.
///
/// \param executor     the executor, stopped already or not.
/// \param timeout_ns  how long to wait for its threads to end, at least 0. -1: as long as it takes.
/// \param out_error    optional.
/// \return ARROWIO_OK (all threads have ended, or timeout_ns is 0), ARROWIO_TIMED_OUT, ARROWIO_INVALID (NULL, a number
///         below -1, waiting on one of its own threads, in a child of fork()), ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_executor_stop(
    executor: *mut arrowio_executor,
    timeout_ns: i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let executor = handle::borrow::<Executor>(executor, "executor")?;
        let timeout = arguments::duration(timeout_ns, "timeout_ns")?;
        executor.stop()?;
        if timeout == Some(0) { Ok(()) } else { executor.wait(timeout) }
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Takes one more reference.
///
/// \param executor  the executor, or NULL.
/// \return its argument.
///
/// Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_executor_retain(executor: *mut arrowio_executor) -> *mut arrowio_executor {
    // SAFETY: the caller's promise.
    guard::value(executor, || unsafe { Some(handle::retain::<Executor>(executor)) })
}

/// Gives one reference back. The last one, also of the files that use the executor, stops it without waiting: its threads
/// finish what they are at and end by themselves.
///
/// \param executor  the executor, or NULL, which does nothing.
/// \return nothing.
///
/// Ownership: takes the caller's reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_executor_release(executor: *mut arrowio_executor) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe { handle::release::<Executor>(executor) })
}
