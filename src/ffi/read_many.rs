//! Many ranges of a file in one call.

use super::arguments::{self, Extensible};
use super::buffer::arrowio_buffer;
use super::error::{arrowio_error, arrowio_status};
use super::executor::arrowio_executor;
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot, Slots};
use super::operation::{self, arrowio_operation, arrowio_operation_options};
use crate::error::{Result, error};
use crate::io::{File, Nearness, ReadManyOptions, ReadRange};
use crate::shared::try_vec;
use crate::task::Executor;

/// Bytes of a file.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_range {
    /// The first one, at least 0.
    pub offset: i64,
    /// How many, at least 0.
    pub size: i64,
}

/// Options of reading many ranges. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_read_many_options {
    /// sizeof(arrowio_read_many_options).
    pub struct_size: usize,
    /// Whose threads read together with the calling one, as far as they have time. NULL: none.
    pub executor: *mut arrowio_executor,
    /// Ranges with at most so many bytes between them are read at once. 0: 8192. Negative: none between them.
    pub hole_size_limit: i64,
    /// Ranges are not put together to reads of more bytes than this. 0: 32 MiB. Negative: none are put together but those
    /// inside others.
    pub range_size_limit: i64,
}

// SAFETY: a size, a nullable pointer and numbers.
unsafe impl Extensible for arrowio_read_many_options {
    const NAME: &'static str = "arrowio_read_many_options";
}

/// Which ranges are near each other, as options say it.
pub(super) fn nearness(hole_size_limit: i64, range_size_limit: i64) -> Nearness {
    let default = Nearness::default();
    Nearness {
        hole_size_limit: arguments::limit_or(hole_size_limit, default.hole_size_limit),
        range_size_limit: arguments::limit_or(range_size_limit, default.range_size_limit),
    }
}

/// # Safety
/// `options` is NULL or as `arguments::options` wants it, with a live executor in it or none.
unsafe fn convert(options: *const arrowio_read_many_options) -> Result<ReadManyOptions> {
    // SAFETY: the caller's promise.
    unsafe {
        let options = arguments::options(options)?;
        Ok(ReadManyOptions {
            near: nearness(options.hole_size_limit, options.range_size_limit),
            executor: handle::share_or_none(options.executor),
        })
    }
}

/// # Safety
/// `ranges` is NULL or there are `count` readable ones.
pub(super) unsafe fn ranges(ranges: *const arrowio_range, count: i64) -> Result<Vec<ReadRange>> {
    let count = arguments::size(count, "count")?;
    if count == 0 {
        return Ok(Vec::new());
    }
    if ranges.is_null() {
        return Err(handle::null("ranges"));
    }
    let mut list = try_vec(count)?;
    for at in 0..count {
        // SAFETY: the caller's promise.
        let arrowio_range { offset, size } = unsafe { ranges.add(at).read() };
        if offset < 0 || size < 0 {
            return Err(error!(Invalid, "ranges[{at}] is {size} bytes at offset {offset}, neither may be negative"));
        }
        list.push(ReadRange { offset: offset as usize, size: size as usize });
    }
    Ok(list)
}

/// Reads many ranges, in any order; they may overlap, be the same, be empty and lie past the end. Near ones are read at once,
/// and all buffers are slices of one piece of memory (of a memory map or buffer reader, of that; where the file does not
/// know its size, of their own), which lives until the last of them is gone. The position is neither used nor moved.
///
/// \param file         the file.
/// \param ranges       what to read, `count` ranges; may be NULL if count is 0.
/// \param count        how many, at least 0.
/// \param options      optional.
/// \param out_buffers  room for `count` buffers, one for each range, with fewer bytes only at the end; all NULL on failure.
///                     May be NULL if count is 0.
/// \param out_error    optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it, wrong options), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference to each buffer. Threads: any number at once, and at the same time as any other
/// call; also on a thread of the executor. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_read_many(
    file: *mut arrowio_file,
    ranges: *const arrowio_range,
    count: i64,
    options: *const arrowio_read_many_options,
    out_buffers: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slots::new(out_buffers, arguments::size(count, "count")?, "out_buffers")?;
        let file = handle::borrow::<File>(file, "file")?;
        out.set(file.read_many(&self::ranges(ranges, count)?, &convert(options)?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Starts arrowio_file_read_many on an executor.
///
/// \param file               the file.
/// \param executor           whose threads do it.
/// \param ranges             what to read, `count` ranges, which are copied; may be NULL if count is 0.
/// \param count              how many, at least 0.
/// \param options            optional; its executor may be the same one.
/// \param operation_options  optional.
/// \param out_operation      the operation, which gives `count` buffers; NULL on failure.
/// \param out_error          optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, wrong options, in a child of fork()), ARROWIO_CANCELLED (the
///         executor was stopped), ARROWIO_IO_ERROR (no thread can be started, with errno), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL. What the reads fail with the operation tells.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_read_many_async(
    file: *mut arrowio_file,
    executor: *mut arrowio_executor,
    ranges: *const arrowio_range,
    count: i64,
    options: *const arrowio_read_many_options,
    operation_options: *const arrowio_operation_options,
    out_operation: *mut *mut arrowio_operation,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_operation, "out_operation")?;
        let file = handle::borrow::<File>(file, "file")?;
        let executor = handle::borrow::<Executor>(executor, "executor")?;
        let (ranges, how) = (self::ranges(ranges, count)?, convert(options)?);
        let start = |options| file.read_many_async(&executor, ranges, how, options);
        out.set(operation::start(operation_options, start)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
