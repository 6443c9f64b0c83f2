//! Buffered streams over other files.

use super::arguments::{self, Extensible, Out};
use super::buffer::arrowio_buffer;
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot};
use super::pool::arrowio_pool;
use crate::error::{Result, error};
use crate::io::{File, MOST_GATHERED, StreamOptions, buffered_input_stream, buffered_output_stream};
use crate::memory::Pool;

/// Options of buffered streams. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_buffered_stream_options {
    /// sizeof(arrowio_buffered_stream_options).
    pub struct_size: usize,
    /// Where the buffer comes from, and buffers that are read. NULL: the default pool.
    pub pool: *mut arrowio_pool,
    /// Small reads and writes are gathered to this many bytes, at most 1 GiB. 0: 65536.
    pub buffer_size: i64,
    /// Input only: how many bytes may be taken from the other file, which is the end then. 0: as many as there are.
    pub read_bound: i64,
}

// SAFETY: a size, a nullable pointer and numbers.
unsafe impl Extensible for arrowio_buffered_stream_options {
    const NAME: &'static str = "arrowio_buffered_stream_options";
}

struct Options {
    pool: Pool,
    buffer_size: usize,
    read_bound: Option<usize>,
}

impl Options {
    /// # Safety
    /// As for `arguments::options`, with a pool that is NULL or live.
    unsafe fn convert(given: *const arrowio_buffered_stream_options) -> Result<Self> {
        // SAFETY: the caller's promise.
        let (given, pool) = unsafe {
            let given = arguments::options(given)?;
            (given, arguments::pool(&given.pool).clone())
        };
        let default = StreamOptions::DEFAULT_BUFFER_SIZE;
        let buffer_size = arguments::size_or(given.buffer_size, "buffer_size", default, MOST_GATHERED)?;
        let bound = arguments::size(given.read_bound, "read_bound")?;
        Ok(Self { pool, buffer_size, read_bound: (bound > 0).then_some(bound) })
    }
}

/// How many bytes to gather.
pub(super) fn buffer_size(size: i64) -> Result<usize> {
    match usize::try_from(size) {
        Ok(size @ 1..=MOST_GATHERED) => Ok(size),
        _ => Err(error!(Invalid, "buffer_size is {size}, it must be from 1 to {MOST_GATHERED}")),
    }
}

/// Makes a file that reads another one in pieces of a buffer's size, to serve small reads from. Reads of at least that size
/// pass through. Closing it closes the other one.
///
/// \param raw        a readable file; it must not be used otherwise meanwhile.
/// \param options    optional.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read, wrong options), ARROWIO_CLOSED,
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffered_input_stream_new(
    raw: *mut arrowio_file,
    options: *const arrowio_buffered_stream_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let raw = handle::borrow::<File>(raw, "raw")?;
        let options = Options::convert(options)?;
        out.set(buffered_input_stream(&raw, options.buffer_size, options.read_bound, &options.pool)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a file that gathers small writes before it passes them to another one. Writes of at least the buffer's size pass
/// through. Closing it writes what is gathered and closes the other one.
///
/// \param raw        a writable file; it must not be used otherwise meanwhile.
/// \param options    optional; without read_bound.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be written, wrong options), ARROWIO_CLOSED,
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffered_output_stream_new(
    raw: *mut arrowio_file,
    options: *const arrowio_buffered_stream_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let raw = handle::borrow::<File>(raw, "raw")?;
        let options = Options::convert(options)?;
        if let Some(bound) = options.read_bound {
            return Err(error!(Invalid, "read_bound is {bound}, it must be 0 for a stream that writes"));
        }
        out.set(buffered_output_stream(&raw, options.buffer_size, &options.pool)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Sets how many bytes a buffered stream gathers from now on. What it has gathered is kept, or written.
///
/// \param file       a file from arrowio_buffered_input_stream_new or _output_stream_new.
/// \param size       bytes, from 1 to 1 GiB.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file of another class, a size out of bounds), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno: what was gathered could not be written), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffered_stream_set_buffer_size(
    file: *mut arrowio_file,
    size: i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe { handle::borrow::<File>(file, "file")?.set_buffer_size(buffer_size(size)?) };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// How many bytes a buffered stream gathers.
///
/// \param file       a file from arrowio_buffered_input_stream_new or _output_stream_new.
/// \param out_size   bytes. Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file of another class), ARROWIO_CLOSED, ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffered_stream_buffer_size(
    file: *mut arrowio_file,
    out_size: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_size, "out_size")?;
        out.set(handle::borrow::<File>(file, "file")?.buffer_size()? as i64)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Closes a buffered stream and gives the file beneath it back, which stays open. What was gathered for writing is written
/// first; what was read ahead comes in a buffer: it and then the file give all that the stream would have given. On failure
/// nothing is closed and nothing is lost.
///
/// \param file       a file from arrowio_buffered_input_stream_new or _output_stream_new.
/// \param out_raw    the file beneath; NULL on failure.
/// \param out_ahead  what was read ahead, often empty, and always so of a stream that writes; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file of another class), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno: what
///         was gathered could not be written), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference to the file and one to the buffer. Threads: one call at a time per file, others
/// wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffered_stream_detach(
    file: *mut arrowio_file,
    out_raw: *mut *mut arrowio_file,
    out_ahead: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let (out_raw, out_ahead) = (Slot::new(out_raw, "out_raw"), Slot::new(out_ahead, "out_ahead"));
        let (out_raw, out_ahead) = (out_raw?, out_ahead?);
        let (raw, ahead) = handle::borrow::<File>(file, "file")?.detach()?;
        out_raw.set(raw)?;
        out_ahead.set(ahead)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
