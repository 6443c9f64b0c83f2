//! What the operating system knows of a file.

use super::arguments::{self, Extensible, Out};
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle;
use crate::io::{File, FileKind, Metadata};
use std::ffi::{CStr, c_char, c_int};
use std::ptr;

/// What a file is: one of the ARROWIO_KIND constants.
pub type arrowio_kind = u32;
/// A regular file.
pub const ARROWIO_KIND_REGULAR: arrowio_kind = 1;
/// A directory.
pub const ARROWIO_KIND_DIRECTORY: arrowio_kind = 2;
/// A symbolic link.
pub const ARROWIO_KIND_LINK: arrowio_kind = 3;
/// A pipe or FIFO.
pub const ARROWIO_KIND_PIPE: arrowio_kind = 4;
/// A socket.
pub const ARROWIO_KIND_SOCKET: arrowio_kind = 5;
/// A terminal or another character device.
pub const ARROWIO_KIND_CHARACTER_DEVICE: arrowio_kind = 6;
/// A block device.
pub const ARROWIO_KIND_BLOCK_DEVICE: arrowio_kind = 7;

/// What the system knows of a file. Set struct_size; everything else is written by arrowio_file_metadata.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_metadata {
    /// sizeof(arrowio_metadata).
    pub struct_size: usize,
    /// An ARROWIO_KIND constant.
    pub kind: arrowio_kind,
    /// Permission bits, 07777 at most.
    pub permissions: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes, as the system says: of files under /proc and of devices it says 0. Compressed ones, where they are compressed.
    pub size: i64,
    /// How many names it has; 0: it has been removed.
    pub links: u64,
    /// Its number on its device.
    pub inode: u64,
    /// The number of its device.
    pub device: u64,
    /// When it was last read, in nanoseconds since 1970 UTC, as are the others.
    pub accessed_ns: i64,
    /// When its content was last changed.
    pub modified_ns: i64,
    /// When its content or what is known of it was last changed.
    pub changed_ns: i64,
}

// SAFETY: numbers.
unsafe impl Extensible for arrowio_metadata {
    const NAME: &'static str = "arrowio_metadata";
}

pub(super) fn kind(found: FileKind) -> arrowio_kind {
    match found {
        FileKind::Regular => ARROWIO_KIND_REGULAR,
        FileKind::Directory => ARROWIO_KIND_DIRECTORY,
        FileKind::Link => ARROWIO_KIND_LINK,
        FileKind::Pipe => ARROWIO_KIND_PIPE,
        FileKind::Socket => ARROWIO_KIND_SOCKET,
        FileKind::Device => ARROWIO_KIND_CHARACTER_DEVICE,
        FileKind::Block => ARROWIO_KIND_BLOCK_DEVICE,
    }
}

impl From<Metadata> for arrowio_metadata {
    fn from(found: Metadata) -> Self {
        Self {
            struct_size: 0,
            kind: kind(found.kind),
            permissions: found.permissions,
            uid: found.uid,
            gid: found.gid,
            size: found.size,
            links: found.links,
            inode: found.inode,
            device: found.device,
            accessed_ns: found.accessed,
            modified_ns: found.modified,
            changed_ns: found.changed,
        }
    }
}

/// The path that a file was opened by, as it was given, on a cluster without what names the cluster, empty names, "." and "..";
/// of a temporary file the one it was created by. A layer over one other file, such as a compressed stream, gives that one's, as
/// do the other functions here.
///
/// \param file  the file. NULL: NULL.
/// \return the path; NULL where there is none, as for descriptors and memory.
///
/// Ownership: the file's, good until its last release, also after closing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_path(file: *const arrowio_file) -> *const c_char {
    // SAFETY: the caller's promise.
    guard::value(ptr::null(), || unsafe { handle::borrow_or_none::<File>(file)?.path().map(CStr::as_ptr) })
}

/// Whether a file is a terminal.
///
/// \param file  the file. NULL: 0.
/// \return 1 or 0; 0 for a closed file.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_is_terminal(file: *const arrowio_file) -> i32 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { Some(handle::borrow_or_none::<File>(file)?.is_terminal().into()) })
}

/// Descriptor of a file, for poll(2), fcntl(2) and the like. Its position, and what was read ahead or is not yet written, are
/// the file's business.
///
/// \param file       the file.
/// \param out_fd     the descriptor. Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that has none), ARROWIO_CLOSED, ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
///
/// Ownership: the file's, good until it is closed. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_descriptor(
    file: *mut arrowio_file,
    out_fd: *mut c_int,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_fd, "out_fd")?;
        out.set(handle::borrow::<File>(file, "file")?.descriptor()?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// What the system knows of a file at this moment.
///
/// \param file          the file.
/// \param out_metadata  where it goes; struct_size says how much of it there is. Written on success only.
/// \param out_error     optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, no struct_size, a file that is none of the system's), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_metadata(
    file: *mut arrowio_file,
    out_metadata: *mut arrowio_metadata,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = arguments::OutStruct::new(out_metadata, "out_metadata")?;
        out.set(handle::borrow::<File>(file, "file")?.metadata()?.into())
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
