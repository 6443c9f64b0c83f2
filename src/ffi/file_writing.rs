//! Writing to files and streams.

use super::arguments;
use super::buffer::arrowio_buffer;
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle;
use crate::io::File;
use crate::memory::Buffer;
use std::ffi::c_void;

/// Writes all bytes, or fails. To a pipe or socket that nobody reads any more that is an error with EPIPE and no SIGPIPE,
/// whatever the host has set for that signal.
///
/// \param file       the file.
/// \param data       the bytes; may be NULL if size is 0.
/// \param size       bytes, at least 0.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno; ENOSPC where they do not fit), ARROWIO_TIMED_OUT (no answer from a cluster),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_write(
    file: *mut arrowio_file,
    data: *const c_void,
    size: i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let file = handle::borrow::<File>(file, "file")?;
        file.write(arguments::bytes(data, size, "data")?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Writes all bytes of a buffer, or fails.
///
/// \param file       the file.
/// \param buffer     the buffer.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be written), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with
///         errno; ENOSPC where they do not fit), ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_write_buffer(
    file: *mut arrowio_file,
    buffer: *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let file = handle::borrow::<File>(file, "file")?;
        file.write(handle::borrow::<Buffer>(buffer, "buffer")?.as_slice())
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Writes all bytes at an offset, or fails. The position is neither used nor moved.
///
/// \param file       the file.
/// \param offset     where to write, in bytes, at least 0.
/// \param data       the bytes; may be NULL if size is 0.
/// \param size       bytes, at least 0.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno; ENOSPC where they do not fit), ARROWIO_TIMED_OUT (no answer from a cluster),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_write_at(
    file: *mut arrowio_file,
    offset: i64,
    data: *const c_void,
    size: i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let file = handle::borrow::<File>(file, "file")?;
        file.write_at(arguments::size(offset, "offset")?, arguments::bytes(data, size, "data")?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Passes everything written on to the operating system, through every layer. Does nothing for a file that is only
/// read.
///
/// \param file       the file.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno),
///         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_flush(
    file: *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe { handle::borrow::<File>(file, "file")?.flush() };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Waits until everything written is on the disk, through every layer.
///
/// \param file       the file.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno),
///         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_sync(
    file: *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe { handle::borrow::<File>(file, "file")?.sync() };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Cuts or extends the file. What is new reads as zeros; a position beyond the new end stays, but for a memory map,
/// where it moves to the end. A memory map cannot be resized while buffers that were read from it live.
///
/// \param file       the file.
/// \param size       bytes, at least 0.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_resize(
    file: *mut arrowio_file,
    size: i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe { handle::borrow::<File>(file, "file")?.resize(arguments::size(size, "size")?) };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
