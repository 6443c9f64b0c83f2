//! Stopping calls at once or by a deadline.

use super::arguments;
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot};
use crate::io::File;
use crate::task::Cancellation;
use std::ffi::c_void;

/// The word to stop, for any number of calls: at once, or when a deadline passes. Goes with arrowio_cancellation_release. A
/// child of fork() makes its own: those of its parent stop nothing in it but what asks whether to begin.
pub struct arrowio_cancellation {
    _private: [u8; 0],
}

/// What arrowio_cancellation_run calls; must not throw.
pub type arrowio_run_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// Makes a cancellation that stops nothing yet.
///
/// \param out_cancellation  the cancellation; NULL on failure.
/// \param out_error         optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_cancellation_new(
    out_cancellation: *mut *mut arrowio_cancellation,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe { Slot::new(out_cancellation, "out_cancellation")?.set(Cancellation::new()?) };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Stops every call that heeds the cancellation, for good: they end with ARROWIO_CANCELLED, also those that wait for a pipe,
/// socket or terminal.
///
/// \param cancellation  the cancellation, or NULL, which does nothing.
/// \return nothing.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_cancellation_cancel(cancellation: *mut arrowio_cancellation) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe {
        if let Some(cancellation) = handle::borrow_or_none::<Cancellation>(cancellation) {
            cancellation.cancel();
        }
    })
}

/// Sets when calls that heed the cancellation end with ARROWIO_TIMED_OUT, in place of the former deadline.
///
/// \param cancellation  the cancellation.
/// \param timeout_ns   from now, at least 0. -1: never.
/// \param out_error     optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a number below -1), ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_cancellation_set_timeout(
    cancellation: *mut arrowio_cancellation,
    timeout_ns: i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let cancellation = handle::borrow::<Cancellation>(cancellation, "cancellation")?;
        cancellation.set_deadline(arguments::duration(timeout_ns, "timeout_ns")?);
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Whether a cancellation stops calls now.
///
/// \param cancellation  the cancellation. NULL: 0.
/// \return 1 once it is cancelled or its deadline has passed; else 0.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_cancellation_is_cancelled(cancellation: *const arrowio_cancellation) -> i32 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { Some(handle::borrow_or_none::<Cancellation>(cancellation)?.is_cancelled().into()) })
}

/// Calls a function of the host. What that calls of the library on the same thread heeds the cancellation, also the opening
/// of a FIFO at whose other end nobody is. As ever, that is open once somebody is there, or bytes are. (To notice a writer
/// takes two descriptors during the call; where the process has none left, it is open at the first bytes.)
///
/// \param cancellation  the cancellation.
/// \param run           what to call, once, unless the call fails.
/// \param user_data     for run.
/// \param out_error     optional.
/// \return ARROWIO_OK (whatever became of the calls in run), ARROWIO_INVALID (NULL), ARROWIO_CANCELLED or ARROWIO_TIMED_OUT
///         (before run was called), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_cancellation_run(
    cancellation: *mut arrowio_cancellation,
    run: arrowio_run_fn,
    user_data: *mut c_void,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let cancellation = handle::borrow::<Cancellation>(cancellation, "cancellation")?;
        let run = run.ok_or_else(|| handle::null("run"))?;
        cancellation.while_heeded(|| run(user_data))
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Takes one more reference.
///
/// \param cancellation  the cancellation, or NULL.
/// \return its argument.
///
/// Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_cancellation_retain(
    cancellation: *mut arrowio_cancellation,
) -> *mut arrowio_cancellation {
    // SAFETY: the caller's promise.
    guard::value(cancellation, || unsafe { Some(handle::retain::<Cancellation>(cancellation)) })
}

/// Gives one reference back. What heeds the cancellation goes on heeding it.
///
/// \param cancellation  the cancellation, or NULL, which does nothing.
/// \return nothing.
///
/// Ownership: takes the caller's reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_cancellation_release(cancellation: *mut arrowio_cancellation) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe { handle::release::<Cancellation>(cancellation) })
}

/// Sets what calls on a file stop for, on it and on the files beneath it: from now on they end with ARROWIO_CANCELLED or
/// ARROWIO_TIMED_OUT when the cancellation says so, also while they wait for a pipe, socket, terminal or another thread's
/// call. Nothing that was read is lost, a write says how much went out, and the file stays usable once the cancellation
/// is taken off or replaced. Calls that wait for nothing may do their work all the same: those on memory, the getters.
/// arrowio_file_close closes in any case, but what it cannot write any more is lost; arrowio_file_abort heeds nothing.
///
/// \param file          the file.
/// \param cancellation  what to stop for; replaces the former one. NULL: nothing.
/// \param out_error     optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL for the file), ARROWIO_INTERNAL.
///
/// Ownership: the file keeps the cancellation until it is replaced. Threads: any, also while a call on the file runs, which
/// goes on as it began. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_set_cancellation(
    file: *mut arrowio_file,
    cancellation: *mut arrowio_cancellation,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        handle::borrow::<File>(file, "file")?.set_cancellation(handle::share_or_none(cancellation));
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
