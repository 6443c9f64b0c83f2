//! Copying from one file to another.

use super::arguments::{self, Extensible};
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle;
use super::pool::arrowio_pool;
use crate::error::{Result, error};
use crate::io::{CopyOptions, File, MOST_GATHERED, copy};
use std::ffi::c_void;

/// Told how far something is, in bytes. 0: go on; anything else ends it with ARROWIO_CANCELLED. Called on the calling
/// thread; must not throw.
pub type arrowio_progress_fn = Option<unsafe extern "C" fn(user_data: *mut c_void, bytes_done: i64) -> i32>;

/// Options of copying. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_copy_options {
    /// sizeof(arrowio_copy_options).
    pub struct_size: usize,
    /// Where memory on the way comes from. NULL: the default pool.
    pub pool: *mut arrowio_pool,
    /// Bytes in one step, at most 1 GiB. 0: 1 MiB. Where the operating system moves them by itself, steps are larger unless
    /// there is a `progress`.
    pub chunk_size: i64,
    /// Called after each step with the bytes copied so far. NULL: nobody is told.
    pub progress: arrowio_progress_fn,
    /// Given to `progress`.
    pub user_data: *mut c_void,
}

// SAFETY: a size, nullable pointers and a number.
unsafe impl Extensible for arrowio_copy_options {
    const NAME: &'static str = "arrowio_copy_options";
}

impl arrowio_copy_options {
    fn chunk_size(&self) -> Result<usize> {
        arguments::size_or(self.chunk_size, "chunk_size", CopyOptions::DEFAULT_CHUNK_SIZE, MOST_GATHERED)
    }
}

/// Copies from the position of one file to the position of another, whatever classes they are of: from a map to a
/// compressed stream, from a pipe to a file. Between files of the operating system the kernel moves the bytes by itself
/// where it can. It stops for the cancellation of either file. Both files stay open; nothing is flushed. After a failure the source stands behind what has arrived, and
/// the message says how much that is.
///
/// \param source      a readable file.
/// \param target      a writable file, another one.
/// \param size        bytes to copy at most; -1: up to the end of the source.
/// \param options     optional.
/// \param out_copied  optional; bytes copied, fewer than asked for only at the end. Written on success only.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a size below -1, a file that cannot be read or written, a file and itself,
///         wrong options), ARROWIO_CLOSED, ARROWIO_CANCELLED (by `progress`), ARROWIO_IO_ERROR (with errno, or damaged
///         data), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any; other calls on the two files come before, after and in between. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_copy(
    source: *mut arrowio_file,
    target: *mut arrowio_file,
    size: i64,
    options: *const arrowio_copy_options,
    out_copied: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let (source, target) = (handle::borrow::<File>(source, "source")?, handle::borrow::<File>(target, "target")?);
        let limit = arguments::size_or_rest(size, "size")?;
        let given = arguments::options(options)?;
        let mut tell = |done: usize| match given.progress.map(|progress| progress(given.user_data, done as i64)) {
            None | Some(0) => Ok(()),
            Some(answer) => Err(error!(Cancelled, "the progress function gave {answer}")),
        };
        let progress = given.progress.is_some().then_some(&mut tell as &mut dyn FnMut(usize) -> Result<()>);
        let (pool, chunk_size) = (arguments::pool(&given.pool).clone(), given.chunk_size()?);
        let copied = copy(&source, &target, limit, &mut CopyOptions { pool, chunk_size, progress })?;
        arguments::set_optional(out_copied, copied as i64)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
