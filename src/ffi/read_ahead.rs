//! Reading streams ahead.

use super::arguments::{self, Extensible};
use super::error::{arrowio_error, arrowio_status};
use super::executor::arrowio_executor;
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot};
use super::pool::arrowio_pool;
use crate::error::Result;
use crate::io::{File, ReadAheadOptions, read_ahead};
use crate::task::Executor;

/// Options of read-ahead streams. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_read_ahead_options {
    /// sizeof(arrowio_read_ahead_options).
    pub struct_size: usize,
    /// Where the memory comes from. NULL: the default pool.
    pub pool: *mut arrowio_pool,
    /// Bytes to read at once. 0: 1 MiB.
    pub block_size: i64,
    /// How many such blocks are read ahead at most. 0: 4.
    pub blocks: i64,
}

// SAFETY: a size, a nullable pointer and numbers.
unsafe impl Extensible for arrowio_read_ahead_options {
    const NAME: &'static str = "arrowio_read_ahead_options";
}

/// # Safety
/// `options` is NULL or as `arguments::options` wants it, with a live pool in it or none.
unsafe fn convert(options: *const arrowio_read_ahead_options) -> Result<ReadAheadOptions> {
    let or = |given, name, default| arguments::size_or(given, name, default, usize::MAX);
    // SAFETY: the caller's promise.
    let options = unsafe { arguments::options(options)? };
    Ok(ReadAheadOptions {
        // SAFETY: as above.
        pool: unsafe { arguments::pool(&options.pool) }.clone(),
        block_size: or(options.block_size, "block_size", ReadAheadOptions::DEFAULT_BLOCK_SIZE)?,
        blocks: or(options.blocks, "blocks", ReadAheadOptions::DEFAULT_BLOCKS)?,
    })
}

/// Makes a file that reads another one from its position on, which a thread of an executor reads ahead: at once, until so
/// much is there as the options say. A failure comes where it happened, and the next read tries again. Where no thread of
/// the executor has time, the calling one reads. Closing it ends the read that the executor is at, and
/// closes the other one.
///
/// \param raw        a readable file; it must not be used otherwise meanwhile.
/// \param executor   whose thread reads ahead.
/// \param options    optional.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read, wrong options, in a child of fork()),
///         ARROWIO_CLOSED, ARROWIO_CANCELLED (the executor was stopped), ARROWIO_IO_ERROR (no thread can be started, with
///         errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps raw and the executor. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_read_ahead_input_stream_new(
    raw: *mut arrowio_file,
    executor: *mut arrowio_executor,
    options: *const arrowio_read_ahead_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let raw = handle::borrow::<File>(raw, "raw")?;
        let executor = handle::borrow::<Executor>(executor, "executor")?;
        out.set(read_ahead(&raw, &executor, convert(options)?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
