//! Files of the operating system as memory maps.

use super::arguments;
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::Slot;
use super::os_file::{ARROWIO_MODE_PRIVATE, ARROWIO_MODE_READ, ARROWIO_MODE_READ_WRITE, arrowio_mode};
use crate::error::{Result, error};
use crate::io::{MapMode, memory_map, memory_map_create, memory_map_of_fd};
use std::ffi::{c_char, c_int};

fn map_mode(mode: arrowio_mode) -> Result<MapMode> {
    match mode {
        ARROWIO_MODE_READ => Ok(MapMode::Read),
        ARROWIO_MODE_READ_WRITE => Ok(MapMode::ReadWrite),
        ARROWIO_MODE_PRIVATE => Ok(MapMode::Private),
        _ => Err(error!(Invalid, "mode is {mode}, a memory map needs ARROWIO_MODE_READ, _READ_WRITE or _PRIVATE")),
    }
}

/// What of a file is mapped; without a size to its end.
fn region(offset: i64, size: i64) -> Result<(i64, Option<usize>)> {
    arguments::size(offset, "offset")?;
    let size = if size == -1 { None } else { Some(arguments::size(size, "size")?) };
    Ok((offset, size))
}

/// Maps a file into memory. Buffers that are read from it are slices of the map: no copy and no system call; they stay
/// good after the file is closed, for the memory is mapped until the last reference to the file and its slices is gone.
///
/// If another process cuts the file, or the disk is full under a sparse one, memory of the map is gone. arrowio_file_read,
/// _read_some, _read_at, _write and _write_at then fail with ARROWIO_IO_ERROR, and so does a compressed stream over the map;
/// what is left of the file can still be read, and a write never extends it. They let the system copy for that, which takes
/// a call, unless there is an arrowio_fault_guard: then bytes behind the new end, up to the end of its page, are zeros to
/// read and nothing to write. What arrowio_file_read_buffer, _read_at_buffer, _read_all and _peek give is the map's own
/// memory: to touch what is gone of it raises SIGBUS, also by a function that such bytes are given to, such as
/// arrowio_buffer_copy, and by arrowio_file_read_line and _read_lines, which search it; arrowio_buffer_read copies safely.
///
/// \param path       a NUL-terminated path.
/// \param mode       ARROWIO_MODE_READ, _READ_WRITE (creates a missing file) or _PRIVATE.
/// \param offset     where the map begins in the file, in bytes; any number up to the file's size.
/// \param size       bytes; offset + size is at most the file's size. -1: to the end.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown mode, a range outside the file), ARROWIO_IO_ERROR (with errno;
///         EISDIR for a directory, ENODEV for what cannot be mapped), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_memory_map_open(
    path: *const c_char,
    mode: arrowio_mode,
    offset: i64,
    size: i64,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let path = arguments::string(path, "path")?;
        let (offset, size) = region(offset, size)?;
        out.set(memory_map(path, map_mode(mode)?, offset, size)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// As arrowio_memory_map_open, of what an open descriptor stands for: of a file that was opened safely, a temporary one, or
/// memory by memfd_create. Its position is of no matter. The library works on a duplicate, so the descriptor may be closed as
/// soon as the call is over; who needs one of the map asks arrowio_file_descriptor.
///
/// \param fd         the descriptor, open for reading; for ARROWIO_MODE_READ_WRITE also for writing.
/// \param mode       ARROWIO_MODE_READ, _READ_WRITE or _PRIVATE.
/// \param offset     where the map begins in the file, in bytes; any number up to the file's size.
/// \param size       bytes; offset + size is at most the file's size. -1: to the end.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown mode, a descriptor that is not open for it, a range outside the file),
///         ARROWIO_IO_ERROR (with errno; EBADF for no descriptor, EISDIR for a directory, ENODEV for what cannot be mapped),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; the descriptor stays the caller's. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_memory_map_open_fd(
    fd: c_int,
    mode: arrowio_mode,
    offset: i64,
    size: i64,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let (offset, size) = region(offset, size)?;
        out.set(memory_map_of_fd(fd, map_mode(mode)?, offset, size)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Creates a file of zeros, with its room on the disk taken, and maps it for reading and writing. A file that is there is
/// replaced; where the new one does not fit, the old content is gone all the same.
///
/// \param path       a NUL-terminated path.
/// \param size       bytes, at least 0.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_IO_ERROR (with errno; ENOSPC for a full disk),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_memory_map_create(
    path: *const c_char,
    size: i64,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        out.set(memory_map_create(arguments::string(path, "path")?, arguments::size(size, "size")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
