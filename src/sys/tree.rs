//! Directories, and names in them by their paths.

use super::descriptor::{Descriptor, OpenFlags};
use super::metadata::Metadata;
use super::path::PathText;
use super::{OsResult, retry};
use std::ffi::{CStr, OsStr};
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

fn path(path: &CStr) -> &Path {
    Path::new(OsStr::from_bytes(path.to_bytes()))
}

fn os_result<T>(result: io::Result<T>) -> OsResult<T> {
    result.map_err(|error| error.raw_os_error().unwrap_or(libc::EIO))
}

/// What is known of a path; with `follow` of what a symbolic link leads to.
pub(crate) fn metadata(path: &CStr, follow: bool) -> OsResult<Metadata> {
    Descriptor::open(path, if follow { OpenFlags::LOOK_FOLLOWED } else { OpenFlags::LOOK }, 0)?.metadata()
}

/// Makes a directory; with `parents` also those on the way, and it may be there.
pub(crate) fn make_directory(at: &CStr, parents: bool) -> OsResult<()> {
    os_result(fs::DirBuilder::new().mode(0o777).recursive(parents).create(path(at)))
}

/// Removes a directory with nothing in it.
pub(crate) fn remove_directory(at: &CStr) -> OsResult<()> {
    os_result(fs::remove_dir(path(at)))
}

/// Removes a directory with all that is in it; links are not followed.
pub(crate) fn remove_tree(at: &CStr) -> OsResult<()> {
    os_result(fs::remove_dir_all(path(at)))
}

/// Takes a name of what is no directory away.
pub(crate) fn remove_name(at: &CStr) -> OsResult<()> {
    os_result(fs::remove_file(path(at)))
}

/// Gives what is called `from` the name `to`, in one step.
pub(crate) fn rename(from: &CStr, to: &CStr, replace: bool) -> OsResult<()> {
    let (here, flags) = (libc::AT_FDCWD, if replace { 0 } else { libc::RENAME_NOREPLACE });
    // SAFETY: both paths are NUL-terminated.
    retry(|| unsafe { libc::renameat2(here, from.as_ptr(), here, to.as_ptr(), flags) } as isize).map(drop)
}

/// Sets the permission bits.
pub(crate) fn set_permissions(at: &CStr, bits: u32) -> OsResult<()> {
    os_result(fs::set_permissions(path(at), fs::Permissions::from_mode(bits)))
}

/// The names in a directory, but for "." and "..".
pub(crate) struct Names(fs::ReadDir);

impl Names {
    pub(crate) fn of(at: &CStr) -> OsResult<Self> {
        os_result(fs::read_dir(path(at))).map(Self)
    }

    pub(crate) fn next(&mut self) -> OsResult<Option<PathText>> {
        let Some(entry) = self.0.next() else { return Ok(None) };
        PathText::join(&[os_result(entry)?.file_name().as_bytes()]).map(Some)
    }
}

/// What a user is called; its number where it has no name.
pub(crate) fn user_name(uid: u32) -> OsResult<PathText> {
    let mut room = [0; 1024];
    let mut record = MaybeUninit::<libc::passwd>::uninit();
    let mut found = std::ptr::null_mut();
    // SAFETY: the room is as long as is said; the record is filled where `found` leads to it, with text in the room.
    let name = unsafe {
        libc::getpwuid_r(uid, record.as_mut_ptr(), room.as_mut_ptr(), room.len(), &mut found);
        found.as_ref().map(|record| CStr::from_ptr(record.pw_name))
    };
    name_or_number(name, uid)
}

/// What a group is called; its number where it has no name.
pub(crate) fn group_name(gid: u32) -> OsResult<PathText> {
    // A group's record has its members as well.
    let mut room = [0; 16 << 10];
    let mut record = MaybeUninit::<libc::group>::uninit();
    let mut found = std::ptr::null_mut();
    // SAFETY: as for a user.
    let name = unsafe {
        libc::getgrgid_r(gid, record.as_mut_ptr(), room.as_mut_ptr(), room.len(), &mut found);
        found.as_ref().map(|record| CStr::from_ptr(record.gr_name))
    };
    name_or_number(name, gid)
}

fn name_or_number(name: Option<&CStr>, number: u32) -> OsResult<PathText> {
    match name {
        Some(name) => PathText::join(&[name.to_bytes()]),
        None => PathText::join(&[number.to_string().as_bytes()]),
    }
}
