//! Working with files and streams.

use super::arguments::{self, Out};
use super::buffer::arrowio_buffer;
use super::error::{arrowio_error, arrowio_status};
use super::guard;
use super::handle::{self, Slot};
use crate::error::{Result, error};
use crate::io::{Capabilities, File, Whence};
use crate::memory::Buffer;
use std::ffi::c_void;

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
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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
///         errno, or damaged data), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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
///         errno, or damaged data), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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

/// Writes all bytes, or fails. To a pipe or socket that nobody reads any more that is an error with EPIPE and no SIGPIPE,
/// whatever the host has set for that signal.
///
/// \param file       the file.
/// \param data       the bytes; may be NULL if size is 0.
/// \param size       bytes, at least 0.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno; ENOSPC where they do not fit), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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
///         errno; ENOSPC where they do not fit), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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
///         ARROWIO_IO_ERROR (with errno; ENOSPC where they do not fit), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
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
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
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

/// Finishes what was written (flushes, ends compressed data) and closes every layer beneath, also when that fails.
/// Calling it again gives the same result. The first failure is reported.
///
/// \param file       the file.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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
