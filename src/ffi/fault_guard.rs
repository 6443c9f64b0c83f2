//! The fault guard.

use super::error::{arrowio_error, arrowio_status};
use super::guard;
use super::handle::{self, Slot};
use crate::memory::FaultGuard;

/// While one lives, the process has a SIGBUS handler of this library, and copies from and to memory maps need no system
/// call: where a map's memory is gone, because another process has cut the file or the disk is full or broken, the handler
/// ends the copy and the call fails with ARROWIO_IO_ERROR. Without a guard the same calls fail in the same way; they then let
/// the system copy, which takes them about half a microsecond more, and touch no mapped memory. Every SIGBUS that is not from
/// such a copy goes to what the process had set for it before, as if there were no guard. A guard does not cover the
/// program's own touching of a map's bytes. It does not work on a thread that blocks SIGBUS, nor where a handler that is
/// installed later does not pass on what is not its own. Goes with arrowio_fault_guard_release.
pub struct arrowio_fault_guard {
    _private: [u8; 0],
}

/// Installs the SIGBUS handler, unless another guard has.
///
/// \param out_fault_guard  the guard; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_NOT_IMPLEMENTED (a processor other than x86-64),
///         ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. With the last reference to the last guard the former handler comes back; if the
/// process has installed another one since, ours stays beneath it and passes everything on. Threads: any; the guard is for
/// all of them. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_fault_guard_new(
    out_fault_guard: *mut *mut arrowio_fault_guard,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe { Slot::new(out_fault_guard, "out_fault_guard")?.set(FaultGuard::new()?) };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Takes one more reference.
///
/// \param fault_guard  the guard, or NULL.
/// \return its argument.
///
/// Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_fault_guard_retain(fault_guard: *mut arrowio_fault_guard) -> *mut arrowio_fault_guard {
    // SAFETY: the caller's promise.
    guard::value(fault_guard, || unsafe { Some(handle::retain::<FaultGuard>(fault_guard)) })
}

/// Gives one reference back. The last one of all guards must not go while another thread is in a call on a memory map.
///
/// \param fault_guard  the guard, or NULL, which does nothing.
/// \return nothing.
///
/// Ownership: takes the caller's reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_fault_guard_release(fault_guard: *mut arrowio_fault_guard) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe { handle::release::<FaultGuard>(fault_guard) })
}
