//! How files of the operating system are opened.

use crate::error::{Error, ErrorKind, Result, error};
use crate::memory::Pool;
use crate::sys::{Descriptor, ErrnoText, FileKind, OpenFlags, Place};
use std::ffi::CStr;
use std::fmt;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// For reading; it must exist.
    Read,
    /// For writing; created, or cut to nothing.
    Write,
    /// For writing at its end; created where it does not exist.
    Append,
    /// For both, at its start; created where it does not exist, never cut.
    ReadWrite,
}

impl Mode {
    pub(super) fn flags(self) -> OpenFlags {
        match self {
            Mode::Read => OpenFlags::READ,
            Mode::Write => OpenFlags::WRITE,
            Mode::Append => OpenFlags::APPEND,
            Mode::ReadWrite => OpenFlags::READ_WRITE,
        }
    }

    pub(super) fn reads(self) -> bool {
        matches!(self, Mode::Read | Mode::ReadWrite)
    }

    pub(super) fn writes(self) -> bool {
        self != Mode::Read
    }

    /// Whether a descriptor with these status flags allows it.
    pub(super) fn allowed_by(self, status_flags: i32) -> bool {
        if status_flags & libc::O_PATH != 0 {
            return false;
        }
        match status_flags & libc::O_ACCMODE {
            libc::O_RDONLY => !self.writes(),
            libc::O_WRONLY => !self.reads(),
            _ => true,
        }
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Mode::Read => "for reading",
            Mode::Write => "for writing",
            Mode::Append => "for appending",
            Mode::ReadWrite => "for reading and writing",
        })
    }
}

/// What else to say when opening a file.
pub struct OsFileOptions {
    /// Where buffers for what is read come from.
    pub pool: Pool,
    /// Permission bits of a new file, before the process's umask. `None`: 0666, or those of a file that is replaced.
    pub permissions: Option<u32>,
    /// Whether a descriptor stays the caller's.
    pub borrow: bool,
    /// The open directory that a relative path begins in. `None`: the current one.
    pub directory: Option<i32>,
    /// Whether the path must not lead out of the directory that it begins in.
    pub beneath: bool,
    /// Whether what the path names must not be a symbolic link.
    pub no_follow: bool,
    /// Whether it must be a regular file, which is known without a wait.
    pub regular: bool,
    /// Whether the file must not be there already.
    pub exclusive: bool,
    /// Whether the file must be there already.
    pub existing: bool,
    /// Whether what is written takes the file's place on `close`, all at once.
    pub atomic: bool,
}

impl OsFileOptions {
    /// What is used where nothing is said: everybody may read and write, as far as the umask lets them.
    pub const DEFAULT_PERMISSIONS: u32 = 0o666;

    /// What is used where nothing is said, with this pool.
    pub fn new(pool: Pool) -> Self {
        let (permissions, directory) = (None, None);
        Self {
            pool,
            permissions,
            borrow: false,
            directory,
            beneath: false,
            no_follow: false,
            regular: false,
            exclusive: false,
            existing: false,
            atomic: false,
        }
    }

    /// Opens the file at a path as these options say.
    pub(super) fn open_file(&self, path: &CStr, flags: OpenFlags, permissions: u32) -> Result<Descriptor> {
        if !self.regular {
            return self.open(path, flags, permissions);
        }
        // Already the opening of a device may do something. What is there is nothing to open where the file must be new.
        if !self.exclusive
            && let Ok(kind) = self.place(path).kind()
        {
            check_regular(kind)?;
        }
        let descriptor = self.open(path, flags.at_once(), permissions)?;
        // It may be another one by now.
        check_regular(descriptor.metadata().map_err(Error::from_os)?.kind)?;
        descriptor.wait_from_now_on().map_err(Error::from_os)?;
        Ok(descriptor)
    }

    /// Opens a path as these options say, whatever is there.
    pub(super) fn open(&self, path: &CStr, flags: OpenFlags, permissions: u32) -> Result<Descriptor> {
        self.open_place(&self.place(path), flags, permissions)
    }

    /// As `open`, through a last symbolic link as well.
    pub(super) fn open_followed(&self, path: &CStr, flags: OpenFlags) -> Result<Descriptor> {
        self.open_place(&Place { no_follow: false, ..self.place(path) }, flags, 0)
    }

    fn open_place(&self, place: &Place<'_>, flags: OpenFlags, permissions: u32) -> Result<Descriptor> {
        place.open(flags, permissions).map_err(|os_error| refused(place, os_error))
    }

    /// How a file is opened that is there or is made at its own place.
    pub(super) fn flags(&self, mode: Mode) -> OpenFlags {
        let flags = mode.flags();
        let flags = if self.exclusive { flags.exclusive() } else { flags };
        if self.existing { flags.existing() } else { flags }
    }

    pub(super) fn place<'a>(&self, path: &'a CStr) -> Place<'a> {
        Place { path, directory: self.directory, beneath: self.beneath, no_follow: self.no_follow }
    }

    pub(super) fn check_for(&self, mode: Mode) -> Result<()> {
        if self.exclusive && mode == Mode::Read {
            return Err(error!(Invalid, "a file that must be new cannot be opened {mode}"));
        }
        if self.atomic && mode != Mode::Write {
            return Err(error!(Invalid, "a file that is replaced on close cannot be opened {mode}"));
        }
        Ok(())
    }

    /// What a cluster cannot do is refused; links and devices, which may be forbidden, it does not have.
    pub(super) fn check_for_cluster(&self, mode: Mode) -> Result<()> {
        if self.beneath || self.directory.is_some() || self.atomic {
            return Err(error!(
                Invalid,
                "on a cluster a file is neither looked for in a directory of this machine nor replaced on close"
            ));
        }
        self.check_for(mode)
    }

    /// What concerns paths has no meaning where there is none.
    pub(super) fn check_for_descriptor(&self) -> Result<()> {
        if self.directory.is_some() || self.beneath || self.no_follow || self.regular || self.exclusive || self.atomic {
            return Err(error!(Invalid, "the options say how a path is opened, and there is none"));
        }
        Ok(())
    }
}

/// Permission bits are 07777 at most.
pub fn check_permissions(bits: u32) -> Result<u32> {
    match bits & !0o7777 {
        0 => Ok(bits),
        _ => Err(error!(Invalid, "permissions are 0{bits:o}, there are none beyond 07777")),
    }
}

/// Why a place cannot be opened, where its errno alone does not tell.
#[cold]
fn refused(place: &Place<'_>, os_error: i32) -> Error {
    let because = |message: fmt::Arguments<'_>| Error::with_os_error(ErrorKind::IoError, os_error, message);
    match (os_error, place.directory) {
        (libc::EXDEV, _) if place.beneath => {
            because(format_args!("the path leads out of the directory that it is confined to"))
        }
        (libc::ELOOP | libc::ENOTDIR, _) if place.no_follow && place.kind() == Ok(FileKind::Link) => is_link(os_error),
        (libc::EBADF, Some(fd)) => because(format_args!("directory_fd {fd}: {}", ErrnoText(os_error))),
        (libc::ENOTDIR, Some(fd)) if !is_directory(fd) => because(format_args!("directory_fd {fd} is no directory")),
        _ => Error::from_os(os_error),
    }
}

/// Where no link may be.
#[cold]
pub(super) fn is_link(os_error: i32) -> Error {
    Error::with_os_error(ErrorKind::IoError, os_error, format_args!("it is a symbolic link"))
}

fn is_directory(fd: i32) -> bool {
    Descriptor::borrow(fd).metadata().is_ok_and(|metadata| metadata.kind == FileKind::Directory)
}

fn check_regular(kind: FileKind) -> Result<()> {
    let what = match kind {
        FileKind::Regular => return Ok(()),
        FileKind::Directory => return Err(Error::from_os(libc::EISDIR)),
        FileKind::Link => return Err(is_link(libc::ELOOP)),
        FileKind::Block => "a block device",
        FileKind::Pipe => "a FIFO",
        FileKind::Socket => "a socket",
        FileKind::Device => "a character device",
    };
    Err(error!(IoError, "it is {what}, and must be a regular file"))
}
