//! Reading from files and streams.

use super::arguments::{self, Out};
use super::buffer::arrowio_buffer;
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot};
use crate::error::Result;
use crate::io::File;
use std::ffi::c_void;

fn set_view(view: *const [u8], out_data: Out<*const u8>, out_size: Out<i64>) -> Result<()> {
    out_data.set(view.cast())?;
    out_size.set(view.len() as i64)
}

/// Reads until `size` bytes are there or the end comes. A read at or past the end gives 0 bytes and ARROWIO_OK. After a
/// failure the position is where it was, and what was read before it is read again.
/// `dst` must not be memory that the file itself is made of, such as a slice of its map: any bytes may come of that.
///
/// \param file       the file.
/// \param dst        where the bytes go, room for `size` of them; may be NULL if size is 0.
/// \param size       bytes to read, at least 0.
/// \param out_read   bytes read, fewer than asked for only at the end. Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
///         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_read(
    file: *mut arrowio_file,
    dst: *mut c_void,
    size: i64,
    out_read: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_read, "out_read")?;
        let file = handle::borrow::<File>(file, "file")?;
        out.set(file.read(arguments::room(dst, size, "dst")?)? as i64)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Reads what one attempt brings: of a pipe or socket what is there now, waiting for the first byte.
///
/// \param file       the file.
/// \param dst        where the bytes go, room for `size` of them; may be NULL if size is 0.
/// \param size       bytes to read at most, at least 0.
/// \param out_read   bytes read, 0 only at the end (or if size is 0). Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
///         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_read_some(
    file: *mut arrowio_file,
    dst: *mut c_void,
    size: i64,
    out_read: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_read, "out_read")?;
        let file = handle::borrow::<File>(file, "file")?;
        out.set(file.read_some(arguments::room(dst, size, "dst")?)? as i64)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Reads up to `size` bytes into a buffer: of a memory map or buffer reader a slice, without a copy and a system call,
/// else new memory. Memory is taken as bytes are there, not as they are asked for.
///
/// \param file        the file.
/// \param size        bytes to read, at least 0.
/// \param out_buffer  the bytes, fewer than asked for only at the end; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
///         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference to the buffer. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_read_buffer(
    file: *mut arrowio_file,
    size: i64,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        let file = handle::borrow::<File>(file, "file")?;
        out.set(file.read_buffer(arguments::size(size, "size")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Reads everything up to the end into a buffer; see arrowio_file_read_buffer. What the system gives as the size is not
/// trusted: files under /proc and files that grow are read to their end.
///
/// \param file        the file.
/// \param out_buffer  the bytes; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with
///         errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
///         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference to the buffer. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_read_all(
    file: *mut arrowio_file,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        out.set(handle::borrow::<File>(file, "file")?.read_all()?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Reads at an offset until `size` bytes are there or the end comes. The position is neither used nor moved.
///
/// \param file       the file.
/// \param offset     where to read, in bytes, at least 0; past the end: 0 bytes.
/// \param dst        where the bytes go, room for `size` of them; may be NULL if size is 0.
/// \param size       bytes to read, at least 0.
/// \param out_read   bytes read, fewer than asked for only at the end. Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
///         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any number at once, and at the same time as any other call. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_read_at(
    file: *mut arrowio_file,
    offset: i64,
    dst: *mut c_void,
    size: i64,
    out_read: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_read, "out_read")?;
        let file = handle::borrow::<File>(file, "file")?;
        let offset = arguments::size(offset, "offset")?;
        out.set(file.read_at(offset, arguments::room(dst, size, "dst")?)? as i64)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Reads up to `size` bytes at an offset into a buffer: of a memory map or buffer reader a slice, without a copy and a
/// system call, else new memory. The position is neither used nor moved.
///
/// \param file        the file.
/// \param offset      where to read, in bytes, at least 0; past the end: 0 bytes.
/// \param size        bytes to read, at least 0.
/// \param out_buffer  the bytes, fewer than asked for only at the end; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
///         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference to the buffer. Threads: any number at once, and at the same time as any
/// other call. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_read_at_buffer(
    file: *mut arrowio_file,
    offset: i64,
    size: i64,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        let file = handle::borrow::<File>(file, "file")?;
        out.set(file.read_at_buffer(arguments::size(offset, "offset")?, arguments::size(size, "size")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Shows the bytes that come next, without moving the position.
///
/// \param file       the file.
/// \param size       bytes to show, at least 0, any number.
/// \param out_data   the bytes. Written on success only.
/// \param out_size   how many, fewer than asked for only before the end. Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
///         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the bytes are the file's, good until the next call on it. Threads: one call at a time per file, others
/// wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_peek(
    file: *mut arrowio_file,
    size: i64,
    out_data: *mut *const u8,
    out_size: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let (out_data, out_size) = (Out::new(out_data, "out_data")?, Out::new(out_size, "out_size")?);
        let file = handle::borrow::<File>(file, "file")?;
        set_view(file.peek(arguments::size(size, "size")?)?, out_data, out_size)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Moves the position ahead without giving the bytes, up to the end at most. Takes no memory for them.
///
/// \param file       the file.
/// \param size       bytes to skip, at least 0.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
///         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_advance(
    file: *mut arrowio_file,
    size: i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe { handle::borrow::<File>(file, "file")?.advance(arguments::size(size, "size")?) };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Reads a line: up to and with the next newline (0x0A), or what is left where none comes.
///
/// \param file       the file.
/// \param out_data   the line. Written on success only.
/// \param out_size   its size with the newline; 0 only at the end. Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with
///         errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
///         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the line is the file's, good until the next call on it. Threads: one call at a time per file, others
/// wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_read_line(
    file: *mut arrowio_file,
    out_data: *mut *const u8,
    out_size: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let (out_data, out_size) = (Out::new(out_data, "out_data")?, Out::new(out_size, "out_size")?);
        let file = handle::borrow::<File>(file, "file")?;
        set_view(file.read_line()?, out_data, out_size)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Reads the next lines into one buffer: of a memory map or buffer reader a slice, else new memory. As many lines as
/// out_offsets has room for and as are there without a further read: of an OS file or stream about 128 KiB of them, often fewer
/// than max_lines, at least one. A line of any length comes whole. Line i lies between
/// out_offsets[i] and out_offsets[i + 1] in the buffer, with its newline (and its carriage return, if it has one); the
/// last line of a file may have none.
///
/// \param file         the file.
/// \param max_lines    lines to read at most, at least 0.
/// \param out_buffer   the lines behind one another; NULL on failure.
/// \param out_offsets  room for max_lines + 1 offsets in bytes, of which the first is 0. What it holds after a failure is
///                     undefined.
/// \param out_count    lines read, 0 only at the end (or if max_lines is 0). Written on success only.
/// \param out_error    optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot be read), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
///         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference to the buffer. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_read_lines(
    file: *mut arrowio_file,
    max_lines: i64,
    out_buffer: *mut *mut arrowio_buffer,
    out_offsets: *mut i64,
    out_count: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let (out, out_count) = (Slot::new(out_buffer, "out_buffer")?, Out::new(out_count, "out_count")?);
        let file = handle::borrow::<File>(file, "file")?;
        let max_lines = arguments::size(max_lines, "max_lines")?;
        let offsets = arguments::numbers(out_offsets, max_lines + 1, "out_offsets")?;
        let (buffer, count) = file.read_lines(offsets)?;
        out_count.set(count as i64)?;
        out.set(buffer)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
