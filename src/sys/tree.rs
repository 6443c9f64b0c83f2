//! Directories, and names in them by their paths.

use super::descriptor::{Descriptor, FileKind, OpenFlags};
use super::metadata::Metadata;
use super::path::{PathText, rename_at, unlink_at};
use super::{OsResult, errno, retry};
use std::ffi::{CStr, c_char, c_int};
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};

/// A directory, to see what is in it; of a symbolic link not what it leads to.
const LISTED: OpenFlags = OpenFlags::DIRECTORY.without_links();

/// What is known of what a path leads to.
pub(crate) fn metadata(path: &CStr) -> OsResult<Metadata> {
    Descriptor::open(path, OpenFlags::LOOK_FOLLOWED, 0)?.metadata()
}

/// What is known of what a path names, which may be a symbolic link.
fn metadata_of_name(path: &CStr) -> OsResult<Metadata> {
    Descriptor::open(path, OpenFlags::LOOK, 0)?.metadata()
}

/// Makes a directory; with `parents` also those on the way, and it may be there.
pub(crate) fn make_directory(path: &CStr, parents: bool) -> OsResult<()> {
    if !parents {
        return make_one(path);
    }
    match make_or_find(path) {
        Err(libc::ENOENT) => make_each(path),
        made => made,
    }
}

/// Makes each directory on the way, the outermost first.
fn make_each(path: &CStr) -> OsResult<()> {
    let path = path.to_bytes();
    let ends = (1..path.len()).filter(|at| path[*at] == b'/' && path[at - 1] != b'/').chain([path.len()]);
    for end in ends {
        make_or_find(PathText::join(&[&path[..end]])?.as_c_str())?;
    }
    Ok(())
}

fn make_or_find(path: &CStr) -> OsResult<()> {
    let made = make_one(path);
    match made {
        Ok(()) | Err(libc::ENOENT) => made,
        // Who may not make it says so even if it is there.
        Err(_) => match metadata(path) {
            Ok(found) if found.kind == FileKind::Directory => Ok(()),
            _ => made,
        },
    }
}

fn make_one(path: &CStr) -> OsResult<()> {
    // SAFETY: the path is NUL-terminated.
    retry(|| unsafe { libc::mkdir(path.as_ptr(), 0o777) } as isize).map(drop)
}

/// Removes what a path names: a directory only if there is nothing in it, or with `recursive` all of that; links are not
/// followed.
pub(crate) fn remove(path: &CStr, recursive: bool) -> OsResult<()> {
    // With a slash behind it the system would follow a link.
    let end = path.to_bytes().iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    let plain = PathText::join(&[&path.to_bytes()[..end]])?;
    let plain = plain.as_c_str();
    if metadata_of_name(plain)?.kind != FileKind::Directory {
        return unlink_at(libc::AT_FDCWD, path, 0);
    }
    if recursive {
        empty(Descriptor::open(plain, LISTED, 0)?)?;
    }
    unlink_at(libc::AT_FDCWD, plain, libc::AT_REMOVEDIR)
}

/// A directory that is left for one in it.
struct Outer {
    device: u64,
    inode: u64,
    /// What the inner one is called there.
    inner: PathText,
}

/// Removes all that is in a directory. Of the directories on the way down only one is open at a time, so their depth has no
/// limit.
fn empty(directory: Descriptor) -> OsResult<()> {
    let mut here = directory;
    let mut outer: Vec<Outer> = Vec::new();
    loop {
        if let Some(inner) = remove_up_to_directory(&here)? {
            let Metadata { device, inode, .. } = here.metadata()?;
            let next = match here.open_in(inner.as_c_str(), LISTED, 0) {
                // Another one has removed it meanwhile.
                Err(libc::ENOENT) => continue,
                next => next?,
            };
            outer.try_reserve(1).map_err(|_| libc::ENOMEM)?;
            outer.push(Outer { device, inode, inner });
            here = next;
            continue;
        }
        let Some(last) = outer.pop() else { return Ok(()) };
        here = here.open_in(c"..", LISTED, 0)?;
        let found = here.metadata()?;
        if (found.device, found.inode) != (last.device, last.inode) {
            // Somebody has moved it elsewhere.
            return Err(libc::EBUSY);
        }
        ignore_missing(unlink_at(here.as_raw_fd(), last.inner.as_c_str(), libc::AT_REMOVEDIR))?;
    }
}

/// Removes what is in a directory until a directory comes; `None`: there is nothing left.
fn remove_up_to_directory(here: &Descriptor) -> OsResult<Option<PathText>> {
    let mut names = Names::new(here.open_in(c".", LISTED, 0)?)?;
    while let Some(name) = names.next()? {
        match unlink_at(here.as_raw_fd(), name.as_c_str(), 0) {
            Err(libc::EISDIR) => return Ok(Some(name)),
            removed => ignore_missing(removed)?,
        }
    }
    Ok(None)
}

/// What another one has removed meanwhile is removed.
fn ignore_missing(removed: OsResult<()>) -> OsResult<()> {
    if removed == Err(libc::ENOENT) { Ok(()) } else { removed }
}

/// Gives what is called `from` the name `to`, in one step.
pub(crate) fn rename(from: &CStr, to: &CStr, replace: bool) -> OsResult<()> {
    rename_at(libc::AT_FDCWD, from, to, replace)
}

/// Sets the permission bits.
pub(crate) fn set_permissions(path: &CStr, bits: u32) -> OsResult<()> {
    // SAFETY: the path is NUL-terminated.
    retry(|| unsafe { libc::chmod(path.as_ptr(), bits) } as isize).map(drop)
}

/// The names in a directory, but for "." and "..", one after another.
pub(crate) struct Names(NonNull<libc::DIR>);

// SAFETY: libc's stream belongs to no thread; all use of it is by `&mut self` or only reads its descriptor.
unsafe impl Send for Names {}

impl Names {
    /// Of the directory that a path leads to.
    pub(crate) fn of(path: &CStr) -> OsResult<Self> {
        Self::new(Descriptor::open(path, OpenFlags::DIRECTORY, 0)?)
    }

    /// Of the directory that a path names, which must not be a symbolic link.
    pub(crate) fn of_directory_itself(path: &CStr) -> OsResult<Self> {
        Self::new(Descriptor::open(path, LISTED, 0)?)
    }

    fn new(directory: Descriptor) -> OsResult<Self> {
        // SAFETY: the descriptor is open; where the call fails it stays ours.
        let stream = unsafe { libc::fdopendir(directory.as_raw_fd()) };
        let stream = NonNull::new(stream).ok_or_else(errno)?;
        // It is the stream's now.
        directory.into_raw_fd();
        Ok(Self(stream))
    }

    /// The next one; `None`: that was all.
    pub(crate) fn next(&mut self) -> OsResult<Option<PathText>> {
        loop {
            // SAFETY: errno is the calling thread's; the stream is open, and the entry good until the next call.
            let name = unsafe {
                *libc::__errno_location() = 0;
                match libc::readdir64(self.0.as_ptr()).as_ref() {
                    Some(entry) => CStr::from_ptr(entry.d_name.as_ptr()),
                    None if errno() == 0 => return Ok(None),
                    None => return Err(errno()),
                }
            };
            if name != c"." && name != c".." {
                return PathText::join(&[name.to_bytes()]).map(Some);
            }
        }
    }

    /// What is known of what has this name; of a symbolic link itself.
    pub(crate) fn metadata_of(&self, name: &CStr) -> OsResult<Metadata> {
        // SAFETY: the stream is open.
        Descriptor::borrow(unsafe { libc::dirfd(self.0.as_ptr()) }).metadata_of(name)
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        // SAFETY: the stream is open, and not used again.
        unsafe { libc::closedir(self.0.as_ptr()) };
    }
}

/// What a user is called; its number where it has no name.
pub(crate) fn user_name(uid: u32) -> OsResult<PathText> {
    name_of(uid, |room, size, name| {
        let mut record = MaybeUninit::<libc::passwd>::uninit();
        let mut found = ptr::null_mut();
        // SAFETY: the room is as large as is said; the record is filled where `found` leads to it, with text in the room.
        unsafe {
            let failed = libc::getpwuid_r(uid, record.as_mut_ptr(), room, size, &mut found);
            *name = found.as_ref().map_or(ptr::null(), |record| record.pw_name);
            failed
        }
    })
}

/// What the user is called whose rights this process has.
#[cfg(feature = "hdfs")]
pub(crate) fn process_user_name() -> OsResult<PathText> {
    // SAFETY: asks only.
    user_name(unsafe { libc::geteuid() })
}

/// What a group is called; its number where it has no name.
pub(crate) fn group_name(gid: u32) -> OsResult<PathText> {
    name_of(gid, |room, size, name| {
        let mut record = MaybeUninit::<libc::group>::uninit();
        let mut found = ptr::null_mut();
        // SAFETY: as for a user.
        unsafe {
            let failed = libc::getgrgid_r(gid, record.as_mut_ptr(), room, size, &mut found);
            *name = found.as_ref().map_or(ptr::null(), |record| record.gr_name);
            failed
        }
    })
}

/// `ask` gets room for text and its size, sets the name, which is in it, and gives an errno.
fn name_of(number: u32, ask: impl Fn(*mut c_char, usize, &mut *const c_char) -> c_int) -> OsResult<PathText> {
    /// A group's record has its members as well.
    const LEAST: usize = 4 << 10;
    const MOST: usize = 4 << 20;
    let mut room: Vec<c_char> = Vec::new();
    let mut size = LEAST;
    while size <= MOST {
        room.try_reserve_exact(size).map_err(|_| libc::ENOMEM)?;
        let mut name = ptr::null();
        match ask(room.as_mut_ptr(), size, &mut name) {
            libc::ENOMEM => return Err(libc::ENOMEM),
            libc::ERANGE => size *= 4,
            libc::EINTR => {}
            _ if name.is_null() => break,
            // SAFETY: a string in the room.
            _ => return PathText::join(&[unsafe { CStr::from_ptr(name) }.to_bytes()]),
        }
    }
    PathText::join(&[digits(number, &mut [0; 10])])
}

/// A number's decimal digits, at the end of the room.
fn digits(mut number: u32, room: &mut [u8; 10]) -> &[u8] {
    let mut at = room.len();
    loop {
        at -= 1;
        room[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &room[at..];
        }
    }
}
