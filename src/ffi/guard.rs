//! What stands around every exported function: no panic leaves the library, every failure becomes a status.

use super::error::{ARROWIO_OK, arrowio_error, arrowio_status};
use super::handle::Handle;
use crate::error::{Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a fallible body; its error goes to `out_error`, if there is one, and its status is returned.
///
/// # Safety
/// `out_error` is NULL or writable.
#[inline]
pub(super) unsafe fn call(out_error: *mut *mut arrowio_error, body: impl FnOnce() -> Result<()>) -> arrowio_status {
    silence_panics();
    let error = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => {
            if !out_error.is_null() {
                // SAFETY: the caller's promise.
                unsafe { out_error.write(std::ptr::null_mut()) };
            }
            return ARROWIO_OK;
        }
        Ok(Err(error)) => error,
        Err(payload) => Error::from_panic(payload),
    };
    // SAFETY: the caller's promise.
    unsafe { fail(out_error, error) }
}

/// # Safety
/// As `call`.
#[cold]
#[inline(never)]
unsafe fn fail(out_error: *mut *mut arrowio_error, error: Error) -> arrowio_status {
    let status = error.kind() as arrowio_status;
    if !out_error.is_null() {
        // SAFETY: the caller's promise.
        unsafe { out_error.write(error.into_raw()) };
    }
    status
}

/// Runs a body that cannot fail in a way that the caller would be told of; `otherwise` where it has no value.
#[inline]
pub(super) fn value<T>(otherwise: T, body: impl FnOnce() -> Option<T>) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Some(value)) => value,
        Ok(None) => otherwise,
        Err(payload) => {
            crate::warning::warn(format_args!("{}", Error::from_panic(payload)));
            otherwise
        }
    }
}

/// Runs a body that cannot fail and has no value.
#[inline]
pub(super) fn run(body: impl FnOnce()) {
    value((), || {
        body();
        Some(())
    });
}

/// Keeps a panic from being printed: its message is in the error or warning that it becomes. Only where the library has a
/// copy of Rust's runtime to itself, as every C library has; a Rust program's own panics are not ours to silence.
#[inline]
fn silence_panics() {
    #[cfg(feature = "c-library")]
    {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    }
}
