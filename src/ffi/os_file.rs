//! Files of the operating system, by the descriptor and as memory maps.

use super::arguments::{self, Extensible};
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::Slot;
use super::pool::arrowio_pool;
use crate::error::{Result, error};
use crate::io::{MapMode, Mode, OsFileOptions, memory_map, memory_map_create, os_file, os_file_from_fd};
use std::ffi::{c_char, c_int};

/// What a file is opened for: one of the ARROWIO_MODE constants.
pub type arrowio_mode = u32;
/// Reading; the file must exist.
pub const ARROWIO_MODE_READ: arrowio_mode = 1;
/// Writing; the file is created, or cut to nothing.
pub const ARROWIO_MODE_WRITE: arrowio_mode = 2;
/// Writing at the end; the file is created where it does not exist.
pub const ARROWIO_MODE_APPEND: arrowio_mode = 3;
/// Reading and writing from the start; the file is created where it does not exist and never cut.
pub const ARROWIO_MODE_READ_WRITE: arrowio_mode = 4;
/// Memory maps only: reading and writing in this process's memory; the file stays as it is.
pub const ARROWIO_MODE_PRIVATE: arrowio_mode = 5;

/// Options of operating system files. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_os_file_options {
    /// sizeof(arrowio_os_file_options).
    pub struct_size: usize,
    /// Where buffers that are read come from. NULL: the default pool.
    pub pool: *mut arrowio_pool,
    /// Permission bits of a new file before the process's umask, such as 0600. 0: 0666.
    pub permissions: u32,
    /// Not 0: a descriptor stays the caller's and is not closed with the file.
    pub borrow_descriptor: i32,
}

// SAFETY: a size, a nullable pointer and numbers.
unsafe impl Extensible for arrowio_os_file_options {
    const NAME: &'static str = "arrowio_os_file_options";
}

fn os_mode(mode: arrowio_mode) -> Result<Mode> {
    match mode {
        ARROWIO_MODE_READ => Ok(Mode::Read),
        ARROWIO_MODE_WRITE => Ok(Mode::Write),
        ARROWIO_MODE_APPEND => Ok(Mode::Append),
        ARROWIO_MODE_READ_WRITE => Ok(Mode::ReadWrite),
        ARROWIO_MODE_PRIVATE => Err(error!(Invalid, "mode is ARROWIO_MODE_PRIVATE, which is for memory maps only")),
        _ => Err(error!(Invalid, "mode is {mode}, which is no ARROWIO_MODE constant")),
    }
}

fn map_mode(mode: arrowio_mode) -> Result<MapMode> {
    match mode {
        ARROWIO_MODE_READ => Ok(MapMode::Read),
        ARROWIO_MODE_READ_WRITE => Ok(MapMode::ReadWrite),
        ARROWIO_MODE_PRIVATE => Ok(MapMode::Private),
        _ => Err(error!(Invalid, "mode is {mode}, a memory map needs ARROWIO_MODE_READ, _READ_WRITE or _PRIVATE")),
    }
}

impl arrowio_os_file_options {
    /// # Safety
    /// As for `arguments::options`, with a pool that is NULL or live.
    pub(super) unsafe fn convert(given: *const Self) -> Result<OsFileOptions> {
        // SAFETY: the caller's promise.
        let (given, pool) = unsafe {
            let given = arguments::options(given)?;
            (given, arguments::pool(&given.pool).clone())
        };
        let permissions = match given.permissions {
            0 => OsFileOptions::DEFAULT_PERMISSIONS,
            bits if bits & !0o7777 == 0 => bits,
            bits => return Err(error!(Invalid, "permissions are 0{bits:o}, there are none beyond 07777")),
        };
        Ok(OsFileOptions { pool, permissions, borrow: given.borrow_descriptor != 0 })
    }
}

/// Opens a file of the operating system: a regular file, a FIFO, a device, one under /proc. It is not inherited across exec.
///
/// \param path       a NUL-terminated path.
/// \param mode       ARROWIO_MODE_READ, _WRITE, _APPEND or _READ_WRITE.
/// \param options    optional.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional; NULL on success, else an error for the caller to release.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown mode, wrong options), ARROWIO_IO_ERROR (with errno; EISDIR for a
///         directory), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_os_file_open(
    path: *const c_char,
    mode: arrowio_mode,
    options: *const arrowio_os_file_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let options = arrowio_os_file_options::convert(options)?;
        out.set(os_file(arguments::string(path, "path")?, os_mode(mode)?, &options)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a file of an open descriptor: of a regular file, a pipe, a socket, a terminal. It goes on at the descriptor's
/// position, which moves with it; ARROWIO_MODE_APPEND goes to the end first. arrowio_file_read_line and _peek read ahead, by
/// 65536 bytes or more: until the file is closed the descriptor then stands further on than arrowio_file_tell says. Closing
/// puts a regular file's descriptor back; what was read ahead of a pipe, socket or terminal is lost to its other users.
///
/// \param fd         the descriptor, open for what the mode needs.
/// \param mode       ARROWIO_MODE_READ, _WRITE, _APPEND or _READ_WRITE.
/// \param options    optional; with borrow_descriptor the descriptor stays the caller's.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional; NULL on success, else an error for the caller to release.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown mode, a descriptor that is not open for it, wrong options),
///         ARROWIO_IO_ERROR (with errno; EBADF for no descriptor, EISDIR for a directory), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. On success the descriptor is closed with the file, unless borrowed; on failure
/// it stays the caller's. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_os_file_open_fd(
    fd: c_int,
    mode: arrowio_mode,
    options: *const arrowio_os_file_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        out.set(os_file_from_fd(fd, os_mode(mode)?, &arrowio_os_file_options::convert(options)?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Maps a file into memory. Buffers that are read from it are slices of the map: no copy and no system call; they stay
/// good after the file is closed, for the memory is mapped until the last reference to the file and its slices is gone. If another process cuts the file, touching what is gone raises SIGBUS.
///
/// \param path       a NUL-terminated path.
/// \param mode       ARROWIO_MODE_READ, _READ_WRITE (creates a missing file) or _PRIVATE.
/// \param offset     where the map begins in the file, in bytes; any number up to the file's size.
/// \param size       bytes; offset + size is at most the file's size. -1: to the end.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional; NULL on success, else an error for the caller to release.
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
        arguments::size(offset, "offset")?;
        let size = if size == -1 { None } else { Some(arguments::size(size, "size")?) };
        out.set(memory_map(path, map_mode(mode)?, offset, size)?)
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
/// \param out_error  optional; NULL on success, else an error for the caller to release.
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
