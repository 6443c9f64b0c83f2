//! Files in memory.

use super::arguments;
use super::buffer::arrowio_buffer;
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot};
use super::pool::arrowio_pool;
use crate::io::{File, buffer_output_stream, buffer_reader, fixed_size_buffer_writer};
use crate::memory::Buffer;

/// Makes a file that reads a buffer. Buffers that are read from it are slices: no copy.
///
/// \param buffer     the buffer; while the file lives it cannot be resized.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; the file keeps the buffer until its last release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_reader_new(
    buffer: *mut arrowio_buffer,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        out.set(buffer_reader(&*handle::borrow::<Buffer>(buffer, "buffer")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a file that writes to memory, which grows as needed. arrowio_buffer_output_stream_finish gives what was written.
///
/// \param pool              where the memory comes from. NULL: the default pool.
/// \param initial_capacity  bytes to have room for at first, at least 0.
/// \param out_file          the file; NULL on failure.
/// \param out_error         optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative capacity), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps the pool. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_output_stream_new(
    pool: *mut arrowio_pool,
    initial_capacity: i64,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let capacity = arguments::size(initial_capacity, "initial_capacity")?;
        out.set(buffer_output_stream(arguments::pool(&pool), capacity)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Closes a buffer output stream, if it is open, and gives what was written to it, once.
///
/// \param file        a file from arrowio_buffer_output_stream_new, open or closed.
/// \param out_buffer  the bytes, in a mutable and resizable buffer; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file of another class), ARROWIO_CLOSED (finished or aborted before),
///         ARROWIO_OUT_OF_MEMORY (it can be tried again), ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference to the buffer. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_output_stream_finish(
    file: *mut arrowio_file,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        out.set(handle::borrow::<File>(file, "file")?.finish()?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a file that writes over the bytes of a buffer, which stays as large as it is. A write that does not fit writes
/// nothing and fails with ARROWIO_IO_ERROR and ENOSPC.
///
/// \param buffer     a mutable buffer; while the file lives it cannot be resized.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an immutable buffer), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; the file keeps the buffer until its last release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_fixed_size_buffer_writer_new(
    buffer: *mut arrowio_buffer,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        out.set(fixed_size_buffer_writer(&*handle::borrow::<Buffer>(buffer, "buffer")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
