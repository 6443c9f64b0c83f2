//! What file systems tell of files.

use super::error::{arrowio_error, arrowio_status};
use super::guard;
use super::handle::{self, Slot};
use super::system_file::{arrowio_kind, kind};
use crate::io::{FileInfo, Listing};
use std::ffi::c_char;
use std::ptr;

/// What was known of a path when it was asked for. Immutable; shared between threads. Goes with arrowio_file_info_release.
pub struct arrowio_file_info {
    _private: [u8; 0],
}

/// What is in a directory, given one after another. Goes with arrowio_listing_release.
pub struct arrowio_listing {
    _private: [u8; 0],
}

/// The path, as it was asked for, on a cluster without empty names, "." and ".."; in a listing that of the directory listed with
/// what was found in it.
///
/// \param info  what is known. NULL: NULL.
/// \return the path, without a scheme.
///
/// Ownership: the info's, good until its last release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_info_path(info: *const arrowio_file_info) -> *const c_char {
    // SAFETY: the caller's promise.
    guard::value(ptr::null(), || unsafe { handle::borrow_or_none::<FileInfo>(info).map(|info| info.path().as_ptr()) })
}

/// What it is.
///
/// \param info  what is known. NULL: 0.
/// \return an ARROWIO_KIND constant.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_info_kind(info: *const arrowio_file_info) -> arrowio_kind {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { handle::borrow_or_none::<FileInfo>(info).map(|info| kind(info.kind())) })
}

/// How long a file is.
///
/// \param info  what is known. NULL: 0.
/// \return bytes; of what is no file as the file system says.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_info_size(info: *const arrowio_file_info) -> i64 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { handle::borrow_or_none::<FileInfo>(info).map(|info| info.size()) })
}

/// Who may do what.
///
/// \param info  what is known. NULL: 0.
/// \return the permission bits, 07777 at most.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_info_permissions(info: *const arrowio_file_info) -> u32 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { handle::borrow_or_none::<FileInfo>(info).map(|info| info.0.permissions) })
}

/// Whose it is.
///
/// \param info  what is known. NULL: NULL.
/// \return the owner's name; of this machine's users without one the number.
///
/// Ownership: the info's, good until its last release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_info_owner(info: *const arrowio_file_info) -> *const c_char {
    // SAFETY: the caller's promise.
    guard::value(ptr::null(), || unsafe {
        handle::borrow_or_none::<FileInfo>(info).map(|info| info.0.owner.as_c_str().as_ptr())
    })
}

/// What group it belongs to.
///
/// \param info  what is known. NULL: NULL.
/// \return the group's name; of this machine's groups without one the number.
///
/// Ownership: the info's, good until its last release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_info_group(info: *const arrowio_file_info) -> *const c_char {
    // SAFETY: the caller's promise.
    guard::value(ptr::null(), || unsafe {
        handle::borrow_or_none::<FileInfo>(info).map(|info| info.0.group.as_c_str().as_ptr())
    })
}

/// When its content was last changed.
///
/// \param info  what is known. NULL: 0.
/// \return nanoseconds since 1970 UTC; a cluster knows milliseconds.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_info_modified_ns(info: *const arrowio_file_info) -> i64 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { handle::borrow_or_none::<FileInfo>(info).map(|info| info.0.modified) })
}

/// When it was last read.
///
/// \param info  what is known. NULL: 0.
/// \return nanoseconds since 1970 UTC; a cluster notes it once an hour or not at all, which is 0.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_info_accessed_ns(info: *const arrowio_file_info) -> i64 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { handle::borrow_or_none::<FileInfo>(info).map(|info| info.0.accessed) })
}

/// How many copies of it a cluster has.
///
/// \param info  what is known. NULL: 0.
/// \return how many; 1 on this machine, 0 of directories of a cluster.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_info_replication(info: *const arrowio_file_info) -> i32 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { handle::borrow_or_none::<FileInfo>(info).map(|info| info.0.replication as i32) })
}

/// In blocks of what size a cluster has it.
///
/// \param info  what is known. NULL: 0.
/// \return bytes; 0 where there are none.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_info_block_size(info: *const arrowio_file_info) -> i64 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { handle::borrow_or_none::<FileInfo>(info).map(|info| info.0.block_size) })
}

/// Takes one more reference.
///
/// \param info  the info, or NULL.
/// \return its argument.
///
/// Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_info_retain(info: *mut arrowio_file_info) -> *mut arrowio_file_info {
    // SAFETY: the caller's promise.
    guard::value(info, || unsafe { Some(handle::retain::<FileInfo>(info)) })
}

/// Gives one reference back.
///
/// \param info  the info, or NULL, which does nothing.
/// \return nothing.
///
/// Ownership: the reference is gone. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_info_release(info: *mut arrowio_file_info) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe { handle::release::<FileInfo>(info) });
}

/// The next one.
///
/// \param listing    the listing.
/// \param out_info   what is known of it; NULL at the end, and on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, in a child of fork()), ARROWIO_IO_ERROR (with errno: ENOENT, ENOTDIR, EACCES; again
///         with each further call), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_listing_next(
    listing: *mut arrowio_listing,
    out_info: *mut *mut arrowio_file_info,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_info, "out_info")?;
        match handle::borrow::<Listing>(listing, "listing")?.next()? {
            Some(info) => out.set(info),
            None => Ok(()),
        }
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Takes one more reference.
///
/// \param listing  the listing, or NULL.
/// \return its argument.
///
/// Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_listing_retain(listing: *mut arrowio_listing) -> *mut arrowio_listing {
    // SAFETY: the caller's promise.
    guard::value(listing, || unsafe { Some(handle::retain::<Listing>(listing)) })
}

/// Gives one reference back.
///
/// \param listing  the listing, or NULL, which does nothing.
/// \return nothing.
///
/// Ownership: the reference is gone. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_listing_release(listing: *mut arrowio_listing) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe { handle::release::<Listing>(listing) });
}
