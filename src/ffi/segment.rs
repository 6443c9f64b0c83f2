//! Parts of files.

use super::arguments;
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot};
use crate::io::{File, segment};

/// Makes a file that reads a part of another one, from 0 on, at a position of its own. Any number of them may be used at
/// the same time on any threads. Where the other file gives buffers without a copy, this one does so too. Closing it leaves the
/// other one open; once that is closed, reads are ARROWIO_CLOSED.
///
/// \param raw        a file with ARROWIO_CAPABILITY_READ_AT.
/// \param offset     where the part begins, in bytes, at least 0.
/// \param size       bytes, at least 0. -1: to the end, wherever that is. What lies past the end of the other file is not there, until that grows.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot be read at offsets),
///         ARROWIO_CLOSED, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps raw until its last release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_segment_new(
    raw: *mut arrowio_file,
    offset: i64,
    size: i64,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let raw = handle::borrow::<File>(raw, "raw")?;
        out.set(segment(&raw, arguments::size(offset, "offset")?, arguments::size_or_rest(size, "size")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
