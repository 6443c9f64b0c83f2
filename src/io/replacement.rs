//! New files that take the place of others when they are complete, and not before.

use super::os_file_options::{OsFileOptions, is_link};
use super::temporary::create_in;
use crate::error::{Error, Result, error};
use crate::sys::{Descriptor, FileKind, MOST_LINKS, Metadata, OpenFlags, PathText, Place};
use crate::task::Process;
use std::ffi::CStr;

/// What the name of a file begins with that is not complete.
const PREFIX: &CStr = c".arrowio-";

/// A file under a temporary name beside its target. Dropped before `commit` it goes and the target stays as it was.
pub(super) struct Replacement {
    target: Target,
    temporary: PathText,
    /// Whether there must be nothing in its place.
    exclusive: bool,
    committed: bool,
    /// Whose it is: a child of fork leaves its parent's alone.
    process: Process,
}

/// A name in an open directory.
struct Target {
    directory: Descriptor,
    name: PathText,
}

impl Replacement {
    /// Creates the new file, for writing.
    pub(super) fn begin(path: &CStr, options: &OsFileOptions) -> Result<(Descriptor, Self)> {
        let target = Target::find(&options.place(path), options)?;
        let old = target.metadata()?;
        if options.exclusive && old.is_some() {
            return Err(Error::from_os(libc::EEXIST));
        }
        // As any new file, unless its bits are set below; until then what it holds is nobody else's business.
        let permissions = match (options.permissions, &old) {
            (Some(permissions), _) => permissions,
            (None, None) => OsFileOptions::DEFAULT_PERMISSIONS,
            (None, Some(_)) => 0o600,
        };
        let (descriptor, temporary) = create_in(&target.directory, PREFIX, permissions)?;
        let replacement =
            Self { target, temporary, exclusive: options.exclusive, committed: false, process: Process::here() };
        if let (None, Some(old)) = (options.permissions, old) {
            inherit(&descriptor, &old).map_err(Error::from_os)?;
        }
        Ok((descriptor, replacement))
    }

    /// Puts the file, which is closed and on the disk, in its place.
    pub(super) fn commit(mut self) -> Result<()> {
        let Target { directory, name } = &self.target;
        let renamed = directory.rename(self.temporary.as_c_str(), name.as_c_str(), !self.exclusive);
        renamed.map_err(Error::from_os)?;
        self.committed = true;
        match directory.sync() {
            // A disk on which directories need no syncing.
            Ok(()) | Err(libc::EINVAL) => Ok(()),
            Err(os_error) => {
                Err(Error::from_os(os_error).context(format_args!("it was replaced, but its directory was not synced")))
            }
        }
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.committed && self.process.is_here() {
            // There is nobody to tell; at worst the file stays under a name that says what it is.
            let _ = self.target.directory.unlink(self.temporary.as_c_str());
        }
    }
}

impl Target {
    /// Where a path leads: its directory and the last name, which is no symbolic link.
    fn find(place: &Place<'_>, options: &OsFileOptions) -> Result<Self> {
        let mut path = PathText::join(&[place.path.to_bytes()]).map_err(Error::from_os)?;
        for _ in 0..MOST_LINKS {
            let (parent, name) = split(path.bytes());
            if name.is_empty() || name == b"." || name == b".." {
                let os_error = if path.bytes().is_empty() { libc::ENOENT } else { libc::EISDIR };
                return Err(Error::from_os(os_error));
            }
            let parent = PathText::join(&[parent]).map_err(Error::from_os)?;
            let name = PathText::join(&[name]).map_err(Error::from_os)?;
            let directory = options.open_followed(parent.as_c_str(), OpenFlags::DIRECTORY)?;
            match directory.read_link(name.as_c_str()) {
                Err(libc::EINVAL | libc::ENOENT) => return Ok(Self { directory, name }),
                Err(os_error) => return Err(Error::from_os(os_error)),
                Ok(_) if options.exclusive => return Err(Error::from_os(libc::EEXIST)),
                Ok(_) if place.no_follow => return Err(is_link(libc::ELOOP)),
                Ok(text) if text.bytes().starts_with(b"/") => path = text,
                // From where it begins once more, so that it is confined as before.
                Ok(text) => path = PathText::join(&[parent.bytes(), b"/", text.bytes()]).map_err(Error::from_os)?,
            }
        }
        Err(Error::from_os(libc::ELOOP))
    }

    /// Of what is to be replaced, if there is anything.
    fn metadata(&self) -> Result<Option<Metadata>> {
        match self.directory.metadata_of(self.name.as_c_str()) {
            Err(libc::ENOENT) => Ok(None),
            Err(os_error) => Err(Error::from_os(os_error)),
            Ok(found) => match found.kind {
                FileKind::Regular => Ok(Some(found)),
                FileKind::Directory => Err(Error::from_os(libc::EISDIR)),
                _ => Err(error!(Invalid, "only a regular file can be replaced")),
            },
        }
    }
}

/// The part of a path before its last name, never empty, and that name.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        None => (b".", path),
        Some(0) => (b"/", &path[1..]),
        Some(at) => (&path[..at], &path[at + 1..]),
    }
}

/// Gives a new file the permission bits of the old one, and its owner and group where the system lets it.
fn inherit(new: &Descriptor, old: &Metadata) -> std::result::Result<(), i32> {
    let is_kept = new.set_owner(old.uid, old.gid).is_ok();
    // In another's name a program must not run.
    let bits = if is_kept { old.permissions } else { old.permissions & 0o777 };
    new.set_permissions(bits)
}
