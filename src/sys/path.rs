//! Paths: where they begin, how far they may lead, and what is done to the names in a directory.

use super::descriptor::{Descriptor, FileKind, OpenFlags};
use super::interrupt::is_interruptible;
use super::{OsResult, retry, walk};
use std::ffi::CStr;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsRawFd, RawFd};

/// As many symbolic links as Linux follows for one path.
pub(crate) const MOST_LINKS: usize = 40;

/// How often the kernel is asked again where a rename anywhere disturbed it.
const DISTURBED_ATTEMPTS: usize = 32;

/// A path and how it is to be followed.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) path: &'a CStr,
    /// The open directory that a relative path begins in; `None`: the current one.
    pub(crate) directory: Option<RawFd>,
    /// It must not lead out of the directory that it begins in.
    pub(crate) beneath: bool,
    /// What it names must not be a symbolic link.
    pub(crate) no_follow: bool,
}

impl Place<'_> {
    /// Opens what is there, or creates it.
    pub(crate) fn open(&self, flags: OpenFlags, permissions: u32) -> OsResult<Descriptor> {
        if is_interruptible() {
            return self.open_interruptibly(flags, permissions);
        }
        self.open_once(flags, permissions)
    }

    /// What is there, which is not opened; `Link` only where links are not followed.
    pub(crate) fn kind(&self) -> OsResult<FileKind> {
        Ok(self.open_once(OpenFlags::LOOK_FOLLOWED, 0)?.metadata()?.kind)
    }

    /// As `open`, without an end to its waits.
    pub(super) fn open_once(&self, flags: OpenFlags, permissions: u32) -> OsResult<Descriptor> {
        let flags = if self.no_follow { flags.with(libc::O_NOFOLLOW) } else { flags };
        let directory = self.directory.unwrap_or(libc::AT_FDCWD);
        if !self.beneath {
            return Descriptor::open_at(directory, self.path, flags, permissions);
        }
        match open_beneath(directory, self.path, flags, permissions) {
            // An old kernel, a filter of system calls, or a disk on which things are moved about all the time. Where the
            // path itself was refused the walk comes to the same.
            Err(libc::ENOSYS | libc::EPERM | libc::EAGAIN) => {
                walk::open_beneath(directory, self.path, flags, permissions, self.no_follow)
            }
            opened => opened,
        }
    }
}

/// By openat2(2).
fn open_beneath(directory: RawFd, path: &CStr, flags: OpenFlags, permissions: u32) -> OsResult<Descriptor> {
    // SAFETY: a struct of numbers.
    let mut how: libc::open_how = unsafe { MaybeUninit::zeroed().assume_init() };
    how.flags = flags.with(libc::O_CLOEXEC).0 as u64;
    how.mode = if flags.0 & libc::O_CREAT != 0 { permissions.into() } else { 0 };
    how.resolve = libc::RESOLVE_BENEATH | libc::RESOLVE_NO_MAGICLINKS;
    // SAFETY: the path is NUL-terminated, the struct as large as it is said to be.
    let open = || unsafe {
        libc::syscall(libc::SYS_openat2, directory, path.as_ptr(), &how, size_of::<libc::open_how>()) as isize
    };
    let mut opened = Err(libc::EAGAIN);
    for _ in 0..DISTURBED_ATTEMPTS {
        opened = retry(open);
        if opened != Err(libc::EAGAIN) {
            break;
        }
    }
    opened.map(|fd| Descriptor::take(fd as RawFd))
}

impl Descriptor {
    /// Opens what is called `name` in this directory.
    pub(crate) fn open_in(&self, name: &CStr, flags: OpenFlags, permissions: u32) -> OsResult<Self> {
        Self::open_at(self.as_raw_fd(), name, flags, permissions)
    }

    /// Where the symbolic link `name` in this directory leads; an empty name: this link. EINVAL: it is none.
    pub(crate) fn read_link(&self, name: &CStr) -> OsResult<PathText> {
        let mut text = Vec::new();
        text.try_reserve_exact(libc::PATH_MAX as usize).map_err(|_| libc::ENOMEM)?;
        let (room, size) = (text.as_mut_ptr(), text.capacity());
        // SAFETY: the name is NUL-terminated, the room as large as is said.
        let read = || unsafe { libc::readlinkat(self.as_raw_fd(), name.as_ptr(), room as *mut _, size) };
        let count = retry(read)?;
        if count == size {
            return Err(libc::ENAMETOOLONG);
        }
        // SAFETY: as many bytes were filled.
        unsafe { text.set_len(count) };
        text.push(0);
        Ok(PathText(text))
    }

    /// Gives what is called `from` in this directory the name `to`, in one step. `replace`: what was called so is gone.
    pub(crate) fn rename(&self, from: &CStr, to: &CStr, replace: bool) -> OsResult<()> {
        rename_at(self.as_raw_fd(), from, to, replace)
    }

    /// Takes a name out of this directory.
    pub(crate) fn unlink(&self, name: &CStr) -> OsResult<()> {
        unlink_at(self.as_raw_fd(), name, 0)
    }

    /// Sets the permission bits, whatever the umask.
    pub(crate) fn set_permissions(&self, bits: u32) -> OsResult<()> {
        // SAFETY: no memory involved.
        retry(|| unsafe { libc::fchmod(self.as_raw_fd(), bits) } as isize).map(drop)
    }

    /// Gives the file to an owner and a group.
    pub(crate) fn set_owner(&self, uid: u32, gid: u32) -> OsResult<()> {
        // SAFETY: no memory involved.
        retry(|| unsafe { libc::fchown(self.as_raw_fd(), uid, gid) } as isize).map(drop)
    }
}

/// Gives what is called `from` the name `to`, both seen from a directory, in one step. `replace`: what was called so is gone.
pub(super) fn rename_at(directory: RawFd, from: &CStr, to: &CStr, replace: bool) -> OsResult<()> {
    let flags = if replace { 0 } else { libc::RENAME_NOREPLACE };
    // SAFETY: both names are NUL-terminated.
    retry(|| unsafe { libc::renameat2(directory, from.as_ptr(), directory, to.as_ptr(), flags) } as isize).map(drop)
}

/// Takes a name, seen from a directory, out of the directory that it is in.
pub(super) fn unlink_at(directory: RawFd, name: &CStr, flags: libc::c_int) -> OsResult<()> {
    // SAFETY: the name is NUL-terminated.
    retry(|| unsafe { libc::unlinkat(directory, name.as_ptr(), flags) } as isize).map(drop)
}

/// A path of our own, made of memory that can run out.
pub(crate) struct PathText(Vec<u8>);

impl PathText {
    /// All pieces, none of which has a NUL in it, behind one another.
    pub(crate) fn join(pieces: &[&[u8]]) -> OsResult<Self> {
        let size = pieces.iter().map(|piece| piece.len()).sum::<usize>() + 1;
        let mut text = Vec::new();
        text.try_reserve_exact(size).map_err(|_| libc::ENOMEM)?;
        pieces.iter().for_each(|piece| text.extend_from_slice(piece));
        text.push(0);
        Ok(Self(text))
    }

    /// As the system wants it.
    pub(crate) fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.0).unwrap_or_default()
    }

    /// Without the NUL.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.as_c_str().to_bytes()
    }
}

/// A piece of a name that nobody can foresee.
pub(crate) fn random_name() -> OsResult<[u8; 16]> {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut random = [0u8; 16];
    // SAFETY: the room is as large as is said; so few bytes come at once.
    retry(|| unsafe { libc::getrandom(random.as_mut_ptr().cast(), random.len(), 0) })?;
    Ok(random.map(|byte| LETTERS[usize::from(byte % 32)]))
}
