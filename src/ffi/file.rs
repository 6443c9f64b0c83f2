//! Files and streams: what they are and can do, where they stand, how they end.

use super::arguments::{self, Out};
use super::error::{arrowio_error, arrowio_status};
use super::guard;
use super::handle;
use crate::error::{Result, error};
use crate::io::{Capabilities, File, Whence};

/// An open file or stream, of any class; arrowio_file_capabilities tells what it can do. Calls on one file go one at a time:
/// others wait; a call from within a callback of the same file is ARROWIO_INVALID. What reads at offsets (see
/// ARROWIO_CAPABILITY_READ_AT) runs on any number of threads at once, and at the same time as any other call. After
/// arrowio_file_close everything but the getters, close, abort and release is ARROWIO_CLOSED. Goes with
/// arrowio_file_release.
pub struct arrowio_file {
    _private: [u8; 0],
}

/// From where an offset counts: one of the ARROWIO_SEEK constants.
pub type arrowio_whence = u32;
/// From the start of the file.
pub const ARROWIO_SEEK_START: arrowio_whence = 0;
/// From the position.
pub const ARROWIO_SEEK_CURRENT: arrowio_whence = 1;
/// From the end of the file.
pub const ARROWIO_SEEK_END: arrowio_whence = 2;

/// arrowio_file_read, _read_some, _read_buffer, _read_all, _read_line, _read_lines, _read_async, _peek and _advance.
pub const ARROWIO_CAPABILITY_READ: u32 = 1;
/// arrowio_file_write and _write_buffer.
pub const ARROWIO_CAPABILITY_WRITE: u32 = 2;
/// arrowio_file_seek.
pub const ARROWIO_CAPABILITY_SEEK: u32 = 4;
/// arrowio_file_read_at, _read_at_buffer, _read_at_async, _read_many and _read_many_async; segments and range caches of it.
pub const ARROWIO_CAPABILITY_READ_AT: u32 = 8;
/// arrowio_file_write_at.
pub const ARROWIO_CAPABILITY_WRITE_AT: u32 = 16;
/// arrowio_file_size.
pub const ARROWIO_CAPABILITY_SIZE: u32 = 32;
/// arrowio_file_resize.
pub const ARROWIO_CAPABILITY_RESIZE: u32 = 64;
/// Buffers that are read are slices of what the file is made of: no copy.
pub const ARROWIO_CAPABILITY_ZERO_COPY: u32 = 128;

const _: () = {
    assert!(ARROWIO_CAPABILITY_READ == Capabilities::READ.0 && ARROWIO_CAPABILITY_WRITE == Capabilities::WRITE.0);
    assert!(ARROWIO_CAPABILITY_SEEK == Capabilities::SEEK.0 && ARROWIO_CAPABILITY_SIZE == Capabilities::SIZE.0);
    assert!(ARROWIO_CAPABILITY_READ_AT == Capabilities::READ_AT.0);
    assert!(ARROWIO_CAPABILITY_WRITE_AT == Capabilities::WRITE_AT.0);
    assert!(ARROWIO_CAPABILITY_RESIZE == Capabilities::RESIZE.0);
    assert!(ARROWIO_CAPABILITY_ZERO_COPY == Capabilities::ZERO_COPY.0);
};

fn whence(whence: arrowio_whence) -> Result<Whence> {
    match whence {
        ARROWIO_SEEK_START => Ok(Whence::Start),
        ARROWIO_SEEK_CURRENT => Ok(Whence::Current),
        ARROWIO_SEEK_END => Ok(Whence::End),
        _ => Err(error!(Invalid, "whence is {whence}, it must be ARROWIO_SEEK_START, _CURRENT or _END")),
    }
}

pub(super) fn from_whence(whence: Whence) -> arrowio_whence {
    match whence {
        Whence::Start => ARROWIO_SEEK_START,
        Whence::Current => ARROWIO_SEEK_CURRENT,
        Whence::End => ARROWIO_SEEK_END,
    }
}

/// Moves the position. Past the end is allowed; on failure the position stays.
///
/// \param file          the file.
/// \param offset        in bytes; may be negative from ARROWIO_SEEK_CURRENT and _END.
/// \param whence        from where it counts: ARROWIO_SEEK_START, _CURRENT or _END.
/// \param out_position  optional: the new position from the start. Written on success only.
/// \param out_error     optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown whence, a position before the start, a file that cannot seek),
///         ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_seek(
    file: *mut arrowio_file,
    offset: i64,
    whence: arrowio_whence,
    out_position: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let position = handle::borrow::<File>(file, "file")?.seek(offset, self::whence(whence)?)?;
        arguments::set_optional(out_position, position)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Position in logical bytes: of a compressed stream in uncompressed ones, of a pipe those moved since the opening.
///
/// \param file          the file.
/// \param out_position  bytes from the start. Written on success only.
/// \param out_error     optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_tell(
    file: *mut arrowio_file,
    out_position: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_position, "out_position")?;
        out.set(handle::borrow::<File>(file, "file")?.tell()?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Size of the file, asked of the system where it may change.
///
/// \param file       the file.
/// \param out_size   bytes. Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file without a size), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_size(
    file: *mut arrowio_file,
    out_size: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_size, "out_size")?;
        out.set(handle::borrow::<File>(file, "file")?.size()?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Finishes what was written (flushes, ends compressed data) and closes every layer beneath, also when that fails.
/// Calling it again gives the same result. The first failure is reported.
///
/// \param file       the file.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_IO_ERROR (with errno), ARROWIO_TIMED_OUT (no answer from a cluster),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the reference stays the caller's. Buffers that were read stay good. Threads: one call at a time per file,
/// others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_close(
    file: *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe { handle::borrow::<File>(file, "file")?.close() };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Closes every layer without finishing what was written: the file stays with what had reached it, compressed data without
/// its end. Does nothing for a file that is closed.
///
/// \param file       the file.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the reference stays the caller's. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_abort(
    file: *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe { handle::borrow::<File>(file, "file")?.abort() };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Whether a file is closed.
///
/// \param file  the file. NULL: 1.
/// \return 1 after arrowio_file_close, arrowio_file_abort or arrowio_buffer_output_stream_finish; else 0.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_is_closed(file: *const arrowio_file) -> i32 {
    // SAFETY: the caller's promise.
    guard::value(1, || unsafe { Some(handle::borrow_or_none::<File>(file)?.is_closed().into()) })
}

/// What a file can do: a sum of ARROWIO_CAPABILITY constants, which does not change, also not by closing.
///
/// \param file  the file. NULL: 0.
/// \return the capabilities.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_capabilities(file: *const arrowio_file) -> u32 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { Some(handle::borrow_or_none::<File>(file)?.capabilities().0) })
}

/// Takes one more reference.
///
/// \param file  the file, or NULL.
/// \return its argument.
///
/// Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_retain(file: *mut arrowio_file) -> *mut arrowio_file {
    // SAFETY: the caller's promise.
    guard::value(file, || unsafe { Some(handle::retain::<File>(file)) })
}

/// Gives one reference back. The last one closes a file that is still open, which finishes what was written; what fails then
/// goes to the warning handler. So close what was written before, and on the way out of a failure arrowio_file_abort it. A
/// file with ARROWIO_OPEN_ATOMIC, and a layer over one, is not finished but discarded, which is warned of as well.
///
/// \param file  the file, or NULL, which does nothing.
/// \return nothing.
///
/// Ownership: takes the caller's reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_release(file: *mut arrowio_file) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe { handle::release::<File>(file) })
}
