//! Files of the operating system, by the descriptor.

use super::arguments::{self, Extensible};
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::Slot;
use super::pool::arrowio_pool;
use crate::error::{Result, error};
use crate::io::{Mode, OsFileOptions, check_permissions, os_file, os_file_from_fd, temporary_file};
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
    /// Permission bits of a new file before the process's umask, such as 0600. 0: 0666, of a temporary file 0600; with
    /// ARROWIO_OPEN_ATOMIC those of the file that is replaced.
    pub permissions: u32,
    /// Not 0: a descriptor stays the caller's and is not closed with the file.
    pub borrow_descriptor: i32,
    /// How a path is opened: a sum of ARROWIO_OPEN constants. 0: as open(2) does, from the current directory.
    pub flags: u32,
    /// With ARROWIO_OPEN_AT: the open directory that a relative path begins in; it stays the caller's, and may be closed as
    /// soon as the call is over.
    pub directory_fd: i32,
}

/// A relative path begins in the directory that arrowio_os_file_options.directory_fd is open for.
pub const ARROWIO_OPEN_AT: u32 = 1;
/// The path must not lead out of the directory that it begins in, be it by "..", as an absolute one or by symbolic links,
/// nor through the links of /proc that stand for open files: ARROWIO_IO_ERROR with EXDEV or ELOOP. Links that stay beneath
/// it are followed. It holds whatever others rename meanwhile.
pub const ARROWIO_OPEN_BENEATH: u32 = 2;
/// What the path names must not be a symbolic link: ARROWIO_IO_ERROR with ELOOP.
pub const ARROWIO_OPEN_NO_FOLLOW: u32 = 4;
/// The file must not be there already: ARROWIO_ALREADY_EXISTS. Not with ARROWIO_MODE_READ.
pub const ARROWIO_OPEN_EXCLUSIVE: u32 = 8;
/// With ARROWIO_MODE_WRITE only: what is written goes to a new file beside the target, ".arrowio-" and random letters, that
/// takes the target's place when it is closed; at any moment there is either the old content or all of the new. See
/// arrowio_os_file_open.
pub const ARROWIO_OPEN_ATOMIC: u32 = 16;
/// What the path names must be a regular file, or not be there yet: for all else, such as a FIFO or a device, ARROWIO_IO_ERROR
/// that says what it is, at once and with nothing done to it. The call never waits for somebody else (EAGAIN where it would:
/// another process holds a lease of the file).
pub const ARROWIO_OPEN_REGULAR: u32 = 32;

// SAFETY: a size, a nullable pointer and numbers.
unsafe impl Extensible for arrowio_os_file_options {
    const NAME: &'static str = "arrowio_os_file_options";
}

const KNOWN_FLAGS: u32 = ARROWIO_OPEN_AT
    | ARROWIO_OPEN_BENEATH
    | ARROWIO_OPEN_NO_FOLLOW
    | ARROWIO_OPEN_EXCLUSIVE
    | ARROWIO_OPEN_ATOMIC
    | ARROWIO_OPEN_REGULAR;

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
            0 => None,
            bits => Some(check_permissions(bits)?),
        };
        let has = |flag| given.flags & flag != 0;
        if has(!KNOWN_FLAGS) {
            return Err(error!(
                Invalid,
                "flags are 0x{:x}, a sum of ARROWIO_OPEN constants is at most 0x{KNOWN_FLAGS:x}", given.flags
            ));
        }
        if given.directory_fd != 0 && !has(ARROWIO_OPEN_AT) {
            return Err(error!(
                Invalid,
                "directory_fd is {} but flags are without ARROWIO_OPEN_AT", given.directory_fd
            ));
        }
        Ok(OsFileOptions {
            pool,
            permissions,
            borrow: given.borrow_descriptor != 0,
            directory: has(ARROWIO_OPEN_AT).then_some(given.directory_fd),
            beneath: has(ARROWIO_OPEN_BENEATH),
            no_follow: has(ARROWIO_OPEN_NO_FOLLOW),
            regular: has(ARROWIO_OPEN_REGULAR),
            exclusive: has(ARROWIO_OPEN_EXCLUSIVE),
            existing: false,
            atomic: has(ARROWIO_OPEN_ATOMIC),
        })
    }
}

/// Opens a file of the operating system: a regular file, a FIFO, a device, one under /proc. It is not inherited across exec.
///
/// With ARROWIO_OPEN_ATOMIC the target stays as it is until arrowio_file_close, which syncs the new file to the disk, gives
/// it the target's name and syncs the directory. After arrowio_file_abort, where closing fails, and where anything was not
/// written although that was told before, the old content stays and the new file is gone; so it is where the file is released
/// without being closed, which is said as a warning. (Only where nothing but the syncing of the directory fails is the new
/// content there already.) All of this holds for a layer over the file, such as a compressed stream, as well. Without
/// permissions in the options the target's permission bits are kept, and its owner and group where the system lets it. Where
/// the target is a symbolic link, the file that it leads to is replaced and the link stays. The target must be a regular file
/// or not there; with ARROWIO_OPEN_EXCLUSIVE it must not be there when the file is closed either. A process that is killed
/// leaves the new file behind. What a child of fork() does not close it leaves to its parent, the new file included.
///
/// \param path       a NUL-terminated path.
/// \param mode       ARROWIO_MODE_READ, _WRITE, _APPEND or _READ_WRITE.
/// \param options    optional.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown mode, wrong options), ARROWIO_IO_ERROR (with errno; EISDIR for a
///         directory), ARROWIO_ALREADY_EXISTS (with ARROWIO_OPEN_EXCLUSIVE), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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

/// Creates a file for reading and writing under a name that nobody can foresee. It is new for certain and, unless the options
/// have permissions, nobody else's to read. It stays until somebody removes it, as by unlink(arrowio_file_path(file)). That
/// path begins as directory does: with ARROWIO_OPEN_AT a relative one means something only from options->directory_fd, and
/// unlinkat(directory_fd, arrowio_file_path(file), 0) removes the file, for which the caller keeps that descriptor open.
///
/// \param directory  a NUL-terminated path, from which on options->flags and options->directory_fd hold. NULL: the environment
///                   variable TMPDIR, or "/tmp".
/// \param prefix     what the name begins with, without a slash; 16 random letters and digits follow. NULL: "arrowio-".
/// \param options    optional; without ARROWIO_OPEN_EXCLUSIVE, which it is anyway, and ARROWIO_OPEN_ATOMIC.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a prefix with a slash, wrong options), ARROWIO_IO_ERROR (with errno),
///         ARROWIO_ALREADY_EXISTS (no free name in many attempts), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference, and the file on the disk. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_temporary_file_open(
    directory: *const c_char,
    prefix: *const c_char,
    options: *const arrowio_os_file_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let options = arrowio_os_file_options::convert(options)?;
        let (directory, prefix) = (arguments::optional_string(directory), arguments::optional_string(prefix));
        out.set(temporary_file(directory, prefix.unwrap_or(c"arrowio-"), &options)?)
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
/// \param out_error  optional.
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
