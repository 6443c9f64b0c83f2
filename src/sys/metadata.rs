//! What the system knows of a file.

use super::descriptor::{Descriptor, FileKind};
use super::{OsResult, retry};
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

/// What the system knows of a file. Times are nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// What it is.
    pub kind: FileKind,
    /// Bytes.
    pub size: i64,
    /// Permission bits.
    pub permissions: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// How many names it has.
    pub links: u64,
    /// Its number on its device.
    pub inode: u64,
    /// Its device's number.
    pub device: u64,
    /// When it was last read.
    pub accessed: i64,
    /// When its content was last changed.
    pub modified: i64,
    /// When its content or what is known of it was last changed.
    pub changed: i64,
}

impl Descriptor {
    /// Of what stands behind the descriptor.
    pub(crate) fn metadata(&self) -> OsResult<Metadata> {
        // SAFETY: fstat fills the struct where it succeeds.
        unsafe { filled(|stat| libc::fstat(self.as_raw_fd(), stat)) }
    }

    /// Whether it is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        // SAFETY: asks only.
        unsafe { libc::isatty(self.as_raw_fd()) == 1 }
    }

    /// Of what is called `name` in this directory; of a symbolic link itself.
    pub(crate) fn metadata_of(&self, name: &CStr) -> OsResult<Metadata> {
        let ask = |stat| {
            // SAFETY: the name is NUL-terminated; fstatat fills the struct where it succeeds.
            unsafe { libc::fstatat(self.as_raw_fd(), name.as_ptr(), stat, libc::AT_SYMLINK_NOFOLLOW) }
        };
        // SAFETY: as above.
        unsafe { filled(ask) }
    }
}

/// # Safety
/// `ask` fills the struct unless it gives -1.
unsafe fn filled(ask: impl Fn(*mut libc::stat) -> libc::c_int) -> OsResult<Metadata> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    retry(|| ask(stat.as_mut_ptr()) as isize)?;
    // SAFETY: the caller's promise.
    Ok(Metadata::from(unsafe { stat.assume_init_ref() }))
}

impl From<&libc::stat> for Metadata {
    #[allow(clippy::unnecessary_cast, reason = "some types differ between machines")]
    fn from(stat: &libc::stat) -> Self {
        let kind = match stat.st_mode & libc::S_IFMT {
            libc::S_IFREG => FileKind::Regular,
            libc::S_IFDIR => FileKind::Directory,
            libc::S_IFBLK => FileKind::Block,
            libc::S_IFIFO => FileKind::Pipe,
            libc::S_IFSOCK => FileKind::Socket,
            libc::S_IFLNK => FileKind::Link,
            _ => FileKind::Device,
        };
        let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            kind,
            size: stat.st_size,
            permissions: stat.st_mode & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            links: stat.st_nlink as u64,
            inode: stat.st_ino,
            device: stat.st_dev,
            accessed: nanoseconds(stat.st_atime, stat.st_atime_nsec),
            modified: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
            changed: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
        }
    }
}
