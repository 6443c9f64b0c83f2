//! Reads that go on while the host does something else.

use super::arguments::{self, Extensible, Out};
use super::buffer::arrowio_buffer;
use super::error::{arrowio_error, arrowio_status};
use super::executor::arrowio_executor;
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot, Slots};
use super::host::{HostData, arrowio_free_fn};
use crate::error::Result;
use crate::io::File;
use crate::shared::{Shared, try_box};
use crate::task::{Completion, Executor, Operation, OperationOptions};
use std::ffi::{c_int, c_void};

/// A read that an executor does. Wait for it by arrowio_operation_wait, by the descriptor, or by the callback; then take what
/// it gave. It keeps its file alive until it is done, and goes on without references. Goes with arrowio_operation_release.
pub struct arrowio_operation {
    _private: [u8; 0],
}

/// Is told that an operation is done: everything may be asked of it. Called exactly once, by the thread that completes it:
/// one of the executor, or, before it has begun, whoever cancels the operation, stops the executor, or asks after an operation
/// whose time is over. The operation is the library's; must not throw.
pub type arrowio_operation_fn = Option<unsafe extern "C" fn(user_data: *mut c_void, operation: *mut arrowio_operation)>;

/// Options of operations. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_operation_options {
    /// sizeof(arrowio_operation_options).
    pub struct_size: usize,
    /// Called when the operation is done. Optional.
    pub callback: arrowio_operation_fn,
    /// For the callback.
    pub user_data: *mut c_void,
    /// Called with user_data exactly once, when the library is done with it, unless the start fails. Optional.
    pub free_fn: arrowio_free_fn,
    /// The operation ends with ARROWIO_TIMED_OUT when it is not done so many nanoseconds after its start; one that waits for
    /// a thread as soon as somebody asks after it or waits for it (its descriptor is readable from then on), else when a
    /// thread comes to it. 0: never.
    pub timeout_ns: i64,
}

// SAFETY: a size, nullable pointers and a number.
unsafe impl Extensible for arrowio_operation_options {
    const NAME: &'static str = "arrowio_operation_options";
}

struct HostCompletion {
    call: unsafe extern "C" fn(*mut c_void, *mut arrowio_operation),
    data: Shared<HostData>,
}

impl Completion for HostCompletion {
    fn complete(&mut self, operation: &Operation) {
        // SAFETY: the host's function with the host's pointer, once, and a live handle.
        unsafe { (self.call)(self.data.user_data, handle::address(operation)) };
    }
}

/// Starts an operation by `start` with the host's options, whose user_data is taken over if that succeeds.
///
/// # Safety
/// `options` is NULL or as `arguments::options` wants it.
pub(super) unsafe fn start(
    options: *const arrowio_operation_options,
    start: impl FnOnce(OperationOptions) -> Result<Operation>,
) -> Result<Operation> {
    // SAFETY: the caller's promise.
    let options = unsafe { arguments::options(options)? };
    let data = HostData::new(options.user_data, options.free_fn)?;
    let timeout = Some(arguments::size(options.timeout_ns, "timeout_ns")? as i64).filter(|timeout| *timeout > 0);
    let completion = match options.callback {
        Some(call) => Some(try_box(HostCompletion { call, data: data.clone() })? as Box<dyn Completion>),
        None => None,
    };
    let operation = start(OperationOptions { timeout, completion })?;
    data.adopt();
    Ok(operation)
}

/// Starts arrowio_file_read_buffer on an executor. Reads of one file that are started one after the other are done so where
/// the executor has one thread.
///
/// \param file           the file.
/// \param executor       whose threads do it.
/// \param size           bytes to read, at least 0.
/// \param options        optional.
/// \param out_operation  the operation, which gives one buffer; NULL on failure.
/// \param out_error      optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, wrong options, in a child of fork()), ARROWIO_CANCELLED (the
///         executor was stopped), ARROWIO_IO_ERROR (no thread can be started, with errno), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL. What the read fails with the operation tells.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_read_async(
    file: *mut arrowio_file,
    executor: *mut arrowio_executor,
    size: i64,
    options: *const arrowio_operation_options,
    out_operation: *mut *mut arrowio_operation,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_operation, "out_operation")?;
        let file = handle::borrow::<File>(file, "file")?;
        let executor = handle::borrow::<Executor>(executor, "executor")?;
        let size = arguments::size(size, "size")?;
        out.set(start(options, |options| file.read_async(&executor, size, options))?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Starts arrowio_file_read_at_buffer on an executor.
///
/// \param file           the file.
/// \param executor       whose threads do it.
/// \param offset         where to read, in bytes, at least 0; past the end: 0 bytes.
/// \param size           bytes to read, at least 0.
/// \param options        optional.
/// \param out_operation  the operation, which gives one buffer; NULL on failure.
/// \param out_error      optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, wrong options, in a child of fork()), ARROWIO_CANCELLED (the
///         executor was stopped), ARROWIO_IO_ERROR (no thread can be started, with errno), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL. What the read fails with the operation tells.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_read_at_async(
    file: *mut arrowio_file,
    executor: *mut arrowio_executor,
    offset: i64,
    size: i64,
    options: *const arrowio_operation_options,
    out_operation: *mut *mut arrowio_operation,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_operation, "out_operation")?;
        let file = handle::borrow::<File>(file, "file")?;
        let executor = handle::borrow::<Executor>(executor, "executor")?;
        let (offset, size) = (arguments::size(offset, "offset")?, arguments::size(size, "size")?);
        out.set(start(options, |options| file.read_at_async(&executor, offset, size, options))?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Waits until an operation is done, well or not. The callback may still be running then.
///
/// \param operation    the operation.
/// \param timeout_ns  how long to wait at most, at least 0. -1: as long as it takes.
/// \param out_error    optional.
/// \return ARROWIO_OK (it is done; arrowio_operation_result tells how it ended), ARROWIO_TIMED_OUT (it goes on),
///         ARROWIO_CANCELLED (this call's own cancellation), ARROWIO_INVALID (NULL, a number below -1, in a child of fork()
///         unless it was done before), ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any, but the only thread of the executor would wait for itself. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_operation_wait(
    operation: *mut arrowio_operation,
    timeout_ns: i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let operation = handle::borrow::<Operation>(operation, "operation")?;
        operation.wait(arguments::duration(timeout_ns, "timeout_ns")?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Whether an operation is done, well or not. One that no thread has come to in time ends here, with ARROWIO_TIMED_OUT.
///
/// \param operation  the operation. NULL: 0.
/// \return 1 if it is done; else 0.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_operation_is_done(operation: *const arrowio_operation) -> i32 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { Some(handle::borrow_or_none::<Operation>(operation)?.is_done().into()) })
}

/// Cancels an operation: one that has not begun ends here and now, one that runs ends as soon as it can. Does nothing to one
/// that is done.
///
/// \param operation  the operation, or NULL, which does nothing.
/// \return nothing.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_operation_cancel(operation: *mut arrowio_operation) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe {
        if let Some(operation) = handle::borrow_or_none::<Operation>(operation) {
            operation.cancel();
        }
    })
}

/// A descriptor for poll(2) and its like, readable once the operation is done, and when the time of one is over that no thread
/// has come to: that ends when it is asked after. It is made by the first call.
///
/// \param operation       the operation.
/// \param out_fd  the descriptor. Written on success only.
/// \param out_error       optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, in a child of fork()), ARROWIO_IO_ERROR (no descriptor is left, with errno),
///         ARROWIO_INTERNAL.
///
/// Ownership: the descriptor is the operation's, to be waited for but not read or closed. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_operation_descriptor(
    operation: *mut arrowio_operation,
    out_fd: *mut c_int,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_fd, "out_fd")?;
        out.set(handle::borrow::<Operation>(operation, "operation")?.descriptor()?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// How an operation ended.
///
/// \param operation  the operation.
/// \param out_error  optional.
/// \return what the read gave, with its error: ARROWIO_OK, ARROWIO_CANCELLED, ARROWIO_TIMED_OUT, ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL and others; ARROWIO_INVALID also for NULL and for an
///         operation that is not done.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_operation_result(
    operation: *mut arrowio_operation,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe { handle::borrow::<Operation>(operation, "operation")?.result() };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// How many buffers an operation has to give.
///
/// \param operation  the operation. NULL: 0.
/// \return how many; 0 for one that is not done, failed, or has given them.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_operation_buffer_count(operation: *const arrowio_operation) -> i64 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { Some(handle::borrow_or_none::<Operation>(operation)?.buffers() as i64) })
}

/// Gives the buffers that were read, once.
///
/// \param operation    an operation that is done.
/// \param out_buffers  where the buffers go, room for `count` of them; all NULL on failure. May be NULL if count is 0.
/// \param count        how many there are: arrowio_operation_buffer_count.
/// \param out_error    optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, another count, not done, taken before), or what the read
///         failed with, as arrowio_operation_result gives it: ARROWIO_CANCELLED, ARROWIO_TIMED_OUT, ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL and others.
///
/// Ownership: the caller has one reference to each buffer. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_operation_take_buffers(
    operation: *mut arrowio_operation,
    out_buffers: *mut *mut arrowio_buffer,
    count: i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slots::new(out_buffers, arguments::size(count, "count")?, "out_buffers")?;
        out.set(handle::borrow::<Operation>(operation, "operation")?.take_buffers(count as usize)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Takes one more reference.
///
/// \param operation  the operation, or NULL.
/// \return its argument.
///
/// Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_operation_retain(operation: *mut arrowio_operation) -> *mut arrowio_operation {
    // SAFETY: the caller's promise.
    guard::value(operation, || unsafe { Some(handle::retain::<Operation>(operation)) })
}

/// Gives one reference back. The operation goes on all the same; what it reads is let go of.
///
/// \param operation  the operation, or NULL, which does nothing.
/// \return nothing.
///
/// Ownership: takes the caller's reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_operation_release(operation: *mut arrowio_operation) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe { handle::release::<Operation>(operation) })
}
