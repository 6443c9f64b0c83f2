//! Statuses, errors and warnings.

use super::arguments;
use super::guard;
use super::handle;
use super::host::{HostData, arrowio_free_fn};
use crate::error::{Error, ErrorKind, OneLine, error};
use crate::shared::Shared;
use crate::warning::WarningHandler;
use std::ffi::{CStr, c_char, c_void};
use std::ptr;

/// What became of a call: ARROWIO_OK or one of the failures below. The numbers are those of Arrow's StatusCode; from 100
/// they are this library's own. New ones may appear: treat an unknown number as a failure.
pub type arrowio_status = i32;

/// Done.
pub const ARROWIO_OK: arrowio_status = 0;
/// No memory, or a pool at its limit.
pub const ARROWIO_OUT_OF_MEMORY: arrowio_status = 1;
/// An argument or a state that makes no sense: NULL, a negative size, an unknown constant, a wrong direction.
pub const ARROWIO_INVALID: arrowio_status = 4;
/// The system failed (see arrowio_error_os_error) or data is damaged.
pub const ARROWIO_IO_ERROR: arrowio_status = 5;
/// A size that does not fit its type.
pub const ARROWIO_CAPACITY_ERROR: arrowio_status = 6;
/// An offset or size outside its object.
pub const ARROWIO_INDEX_ERROR: arrowio_status = 7;
/// Cancelled by the host.
pub const ARROWIO_CANCELLED: arrowio_status = 8;
/// Not part of this build, or not possible for this class.
pub const ARROWIO_NOT_IMPLEMENTED: arrowio_status = 10;
/// What was to be created is there already.
pub const ARROWIO_ALREADY_EXISTS: arrowio_status = 45;
/// A defect of the library, caught before it could do harm; the object it happened in can only be released.
pub const ARROWIO_INTERNAL: arrowio_status = 100;
/// The file was closed before.
pub const ARROWIO_CLOSED: arrowio_status = 101;
/// A deadline passed.
pub const ARROWIO_TIMED_OUT: arrowio_status = 102;

const _: () = {
    assert!(ARROWIO_OUT_OF_MEMORY == ErrorKind::OutOfMemory as i32 && ARROWIO_INVALID == ErrorKind::Invalid as i32);
    assert!(ARROWIO_IO_ERROR == ErrorKind::IoError as i32 && ARROWIO_INDEX_ERROR == ErrorKind::IndexError as i32);
    assert!(ARROWIO_CAPACITY_ERROR == ErrorKind::CapacityError as i32);
    assert!(ARROWIO_CANCELLED == ErrorKind::Cancelled as i32 && ARROWIO_CLOSED == ErrorKind::Closed as i32);
    assert!(ARROWIO_NOT_IMPLEMENTED == ErrorKind::NotImplemented as i32);
    assert!(ARROWIO_ALREADY_EXISTS == ErrorKind::AlreadyExists as i32);
    assert!(ARROWIO_INTERNAL == ErrorKind::Internal as i32 && ARROWIO_TIMED_OUT == ErrorKind::TimedOut as i32);
};

/// Why a call failed. Immutable; shared between threads. Comes from a call's out_error, goes with arrowio_error_release.
pub struct arrowio_error {
    _private: [u8; 0],
}

/// Name of a status, such as "IO_ERROR".
///
/// \param status  any number.
/// \return a NUL-terminated string; "UNKNOWN" for a number that this version does not know.
///
/// Ownership: static, never freed. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn arrowio_status_name(status: arrowio_status) -> *const c_char {
    guard::value(ptr::null(), || {
        let name = if status == ARROWIO_OK { Some(c"OK") } else { ErrorKind::from_number(status).map(ErrorKind::name) };
        Some(name.unwrap_or(c"UNKNOWN").as_ptr())
    })
}

/// Status that the failed call returned.
///
/// \param error  the error. NULL: ARROWIO_OK.
/// \return the status.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_error_status(error: *const arrowio_error) -> arrowio_status {
    // SAFETY: the caller's promise.
    guard::value(ARROWIO_OK, || unsafe { Some(handle::borrow_or_none::<Error>(error)?.kind() as arrowio_status) })
}

/// What failed, on what, and why, with the numbers; one line of UTF-8.
///
/// \param error  the error. NULL: an empty string.
/// \return a NUL-terminated string.
///
/// Ownership: the error's, good until its last release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_error_message(error: *const arrowio_error) -> *const c_char {
    // SAFETY: the caller's promise; the message lives as long as the caller's reference.
    guard::value(c"".as_ptr(), || unsafe { Some(handle::borrow_or_none::<Error>(error)?.message().as_ptr()) })
}

/// The system's errno behind the failure.
///
/// \param error  the error. NULL: 0.
/// \return the errno, or 0 where the system was not involved.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_error_os_error(error: *const arrowio_error) -> i32 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { Some(handle::borrow_or_none::<Error>(error)?.os_error()) })
}

/// Makes an error, for the host's functions that the library calls: they end by
/// `return arrowio_error_new(status, errno, "what failed", out_error);`.
///
/// \param status     what it is: one of the failures above.
/// \param os_error   the system's errno behind it, or 0.
/// \param message    what failed, on what, and why; NUL-terminated UTF-8. It is copied.
/// \param out_error  optional: the error, for whoever called the host's function to release.
/// \return the status, never ARROWIO_OK; ARROWIO_INVALID (NULL, or a status that is no known failure; the error then says
///         so), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference, to be passed on. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_error_new(
    status: arrowio_status,
    os_error: i32,
    message: *const c_char,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let message = arguments::string(message, "message")?;
        let kind = ErrorKind::from_number(status);
        let kind = kind.ok_or_else(|| error!(Invalid, "status is {status}, which is no failure"))?;
        Err(Error::with_os_error(kind, os_error, format_args!("{}", OneLine(message.to_bytes()))))
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Takes one more reference.
///
/// \param error  the error, or NULL.
/// \return its argument.
///
/// Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_error_retain(error: *mut arrowio_error) -> *mut arrowio_error {
    // SAFETY: the caller's promise.
    guard::value(error, || unsafe { Some(handle::retain::<Error>(error)) })
}

/// Gives one reference back; the last one frees the error.
///
/// \param error  the error, or NULL, which does nothing.
/// \return nothing.
///
/// Ownership: takes the caller's reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_error_release(error: *mut arrowio_error) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe { handle::release::<Error>(error) })
}

/// Receives a warning: one line of UTF-8 without a newline, good during the call. Called on any thread; must not throw.
pub type arrowio_warning_fn = Option<unsafe extern "C" fn(user_data: *mut c_void, message: *const c_char)>;

struct HostHandler {
    warn: unsafe extern "C" fn(*mut c_void, *const c_char),
    host: Shared<HostData>,
}

impl WarningHandler for HostHandler {
    fn warn(&self, message: &CStr) {
        // SAFETY: the host's function with the host's pointer.
        unsafe { (self.warn)(self.host.user_data, message.as_ptr()) };
    }
}

/// Sends warnings, which the library gives where no caller can be told of a failure, to a function of the host's. At
/// first they are lines on standard error. Nothing else is ever printed.
///
/// \param warn       called with each warning. NULL: back to standard error.
/// \param user_data  passed to both functions.
/// \param free_fn    frees user_data once another handler has taken over; NULL: nothing to free.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps user_data on success; on failure free_fn is not called. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_set_warning_handler(
    warn: arrowio_warning_fn,
    user_data: *mut c_void,
    free_fn: arrowio_free_fn,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    let body = || {
        let host = HostData::new(user_data, free_fn)?;
        let handler = match warn {
            Some(warn) => Some(Shared::try_new(HostHandler { warn, host: host.clone() })?.unsize(|p| p as *mut _)),
            None => None,
        };
        host.adopt();
        crate::warning::set_handler(handler);
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
