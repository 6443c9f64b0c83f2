//! Reading ranges before they are needed.

use super::arguments::{self, Extensible};
use super::error::{arrowio_error, arrowio_status};
use super::executor::arrowio_executor;
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot};
use super::pool::arrowio_pool;
use super::read_many::{arrowio_range, nearness, ranges};
use crate::error::Result;
use crate::io::{File, RangeCacheOptions, range_cache};

/// Options of range caches. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_range_cache_options {
    /// sizeof(arrowio_range_cache_options).
    pub struct_size: usize,
    /// Where its memory comes from. NULL: the default pool.
    pub pool: *mut arrowio_pool,
    /// Whose threads read ahead. NULL: whoever calls arrowio_file_will_need waits until all is read.
    pub executor: *mut arrowio_executor,
    /// Ranges with at most so many bytes between them are read at once. 0: 8192. Negative: none between them.
    pub hole_size_limit: i64,
    /// Ranges are not put together to reads of more bytes than this. 0: 32 MiB. Negative: none are put together but those
    /// inside others.
    pub range_size_limit: i64,
    /// The most bytes that are kept or about to be; what was not used for longest goes for what is wanted now. 0: 256 MiB.
    pub memory_limit: i64,
    /// Lazy only: when a range is read for the first time, so many of those behind it are read by the executor. 0: none.
    pub prefetch_limit: i64,
    /// Not 0: ranges are read when they are first needed and not before.
    pub lazy: i32,
    /// Must be 0.
    pub reserved: i32,
}

// SAFETY: a size, nullable pointers and numbers.
unsafe impl Extensible for arrowio_range_cache_options {
    const NAME: &'static str = "arrowio_range_cache_options";
}

impl arrowio_range_cache_options {
    /// # Safety
    /// `options` is NULL or as `arguments::options` wants it, with live handles in it or none.
    unsafe fn convert(options: *const Self) -> Result<RangeCacheOptions> {
        // SAFETY: the caller's promise.
        unsafe {
            let options = arguments::options(options)?;
            arguments::reserved::<Self>(options.reserved.into())?;
            let default = RangeCacheOptions::DEFAULT_MEMORY_LIMIT;
            Ok(RangeCacheOptions {
                pool: arguments::pool(&options.pool).clone(),
                executor: handle::share_or_none(options.executor),
                near: nearness(options.hole_size_limit, options.range_size_limit),
                memory_limit: arguments::size_or(options.memory_limit, "memory_limit", default, usize::MAX)?,
                lazy: options.lazy != 0,
                prefetch_limit: arguments::size(options.prefetch_limit, "prefetch_limit")?,
            })
        }
    }
}

/// Makes a file that reads as another one does, and keeps what arrowio_file_will_need asks for: buffers that lie in one
/// such range (or in several that were read at once) are slices of it, without a copy, and cannot be changed. What cannot be
/// kept, or fails to be read ahead, is read when it is needed, and fails there. Where the file beneath is written meanwhile,
/// what is kept goes on giving the bytes that were there when it was read, and everything else gives the new ones; where it is
/// cut, what is kept outlives its end until it is evicted, and where it grows, the new bytes are read. Closing it closes the
/// other one.
///
/// \param raw        a file that can be read at offsets; the cache reads from its position on.
/// \param options    optional.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read at offsets, wrong options), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps raw and the executor. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_range_cache_new(
    raw: *mut arrowio_file,
    options: *const arrowio_range_cache_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let raw = handle::borrow::<File>(raw, "raw")?;
        out.set(range_cache(&raw, arrowio_range_cache_options::convert(options)?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Says what will be read soon: a range cache reads it ahead, the system is told to get it for OS files and memory maps,
/// others do nothing. What fails is found by the reads.
///
/// \param file       the file.
/// \param ranges     in any order, `count` ranges; may be NULL if count is 0.
/// \param count      how many, at least 0.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, in a child of fork()), ARROWIO_CLOSED, ARROWIO_CANCELLED
///         (also when the executor was stopped), ARROWIO_IO_ERROR (no thread can be started, with errno),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any number at once, and at the same time as any other call. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_will_need(
    file: *mut arrowio_file,
    ranges: *const arrowio_range,
    count: i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe { handle::borrow::<File>(file, "file")?.will_need(&self::ranges(ranges, count)?) };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Has a range cache forget what ends before an offset, or there. Buffers that were read stay good.
///
/// \param file       a file from arrowio_range_cache_new.
/// \param offset     in bytes, at least 0.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file of another class), ARROWIO_CLOSED, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any number at once, and at the same time as any other call. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_range_cache_evict_before(
    file: *mut arrowio_file,
    offset: i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe { handle::borrow::<File>(file, "file")?.evict_before(arguments::size(offset, "offset")?) };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
