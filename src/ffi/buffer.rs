//! Buffers.

use super::arguments::{self, Out};
use super::error::{arrowio_error, arrowio_status};
use super::guard;
use super::handle::{self, Slot, null};
use super::host::{HostData, arrowio_free_fn};
use super::pool::arrowio_pool;
use crate::error::Result;
use crate::memory::{Buffer, Pool};
use std::ffi::c_void;
use std::ptr::{self, NonNull};

/// Bytes with one owner and any number of references and slices. Getters, slicing, copying, retain and release may be
/// called from any threads at once; resizing and writing to the bytes only while nobody else uses them. Allocated memory
/// begins at a multiple of 64 bytes. Goes with arrowio_buffer_release.
pub struct arrowio_buffer {
    _private: [u8; 0],
}

/// Allocates a mutable buffer of fixed size. Its contents are undefined; the padding up to the next multiple of 64 bytes
/// is zero.
///
/// \param pool        where the memory comes from. NULL: the default pool.
/// \param size        bytes, at least 0.
/// \param out_buffer  the buffer; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps the pool. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_allocate(
    pool: *mut arrowio_pool,
    size: i64,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        out.set(Buffer::allocate(arguments::pool(&pool), arguments::size(size, "size")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Allocates a mutable buffer whose size may change. Its contents are undefined; the padding up to the next multiple of 64
/// bytes is zero.
///
/// \param pool        where the memory comes from. NULL: the default pool.
/// \param size        bytes, at least 0.
/// \param out_buffer  the buffer; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps the pool. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_allocate_resizable(
    pool: *mut arrowio_pool,
    size: i64,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        out.set(Buffer::allocate_resizable(arguments::pool(&pool), arguments::size(size, "size")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// # Safety
/// `size` bytes at `data` may be used as `mutable` says until `free_fn` is called.
unsafe fn wrap(
    data: *mut c_void,
    size: i64,
    mutable: bool,
    user_data: *mut c_void,
    free_fn: arrowio_free_fn,
) -> Result<Buffer> {
    let size = arguments::size(size, "size")?;
    let data = match NonNull::new(data) {
        Some(data) => data.cast(),
        None if size == 0 => Pool::zero_size_area(),
        None => return Err(null("data")),
    };
    let host = HostData::new(user_data, free_fn)?;
    // SAFETY: the caller's promise.
    let buffer = unsafe { Buffer::from_owner(data, size, mutable, host.clone()) }?;
    host.adopt();
    Ok(buffer)
}

/// Makes an immutable buffer of memory that the host owns, without a copy.
///
/// \param data        the bytes, which must stay as they are until free_fn is called; may be NULL if size is 0.
/// \param size        bytes, at least 0.
/// \param user_data   passed to free_fn.
/// \param free_fn     called exactly once, after the last slice is gone, on the thread that lets go; NULL: nothing to free.
/// \param out_buffer  the buffer; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. The memory stays the host's until free_fn is called; on failure free_fn is not
/// called. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_wrap(
    data: *const c_void,
    size: i64,
    user_data: *mut c_void,
    free_fn: arrowio_free_fn,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        out.set(wrap(data.cast_mut(), size, false, user_data, free_fn)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a mutable buffer of memory that the host owns, without a copy.
///
/// \param data        the bytes; may be NULL if size is 0.
/// \param size        bytes, at least 0.
/// \param user_data   passed to free_fn.
/// \param free_fn     called exactly once, after the last slice is gone, on the thread that lets go; NULL: nothing to free.
/// \param out_buffer  the buffer; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. The memory stays the host's until free_fn is called; on failure free_fn is not
/// called. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_wrap_mutable(
    data: *mut c_void,
    size: i64,
    user_data: *mut c_void,
    free_fn: arrowio_free_fn,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        out.set(wrap(data, size, true, user_data, free_fn)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Copies bytes into a new mutable buffer.
///
/// \param pool        where the memory comes from. NULL: the default pool.
/// \param data        the bytes; may be NULL if size is 0.
/// \param size        bytes, at least 0.
/// \param out_buffer  the buffer; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps the pool, not data. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_copy_bytes(
    pool: *mut arrowio_pool,
    data: *const c_void,
    size: i64,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        out.set(Buffer::copy_of(arguments::pool(&pool), arguments::bytes(data, size, "data")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes an immutable view of a part of a buffer, without a copy. A slice of a slice refers to the same root, so there are
/// no chains. While a slice lives, the root cannot be resized.
///
/// \param buffer      the buffer.
/// \param offset      where the slice begins, in bytes.
/// \param size        bytes, at least 0; offset + size is at most the buffer's size.
/// \param out_buffer  the slice; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, the buffer is being resized), ARROWIO_INDEX_ERROR (not
///         inside the buffer), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps the root. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_slice(
    buffer: *mut arrowio_buffer,
    offset: i64,
    size: i64,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        let buffer = handle::borrow::<Buffer>(buffer, "buffer")?;
        out.set(buffer.slice(arguments::size(offset, "offset")?, arguments::size(size, "size")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// As arrowio_buffer_slice, for writing; only of a mutable buffer.
///
/// \param buffer      the buffer.
/// \param offset      where the slice begins, in bytes.
/// \param size        bytes, at least 0; offset + size is at most the buffer's size.
/// \param out_buffer  the slice; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, the buffer is immutable or being resized),
///         ARROWIO_INDEX_ERROR (not inside the buffer), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps the root. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_slice_mutable(
    buffer: *mut arrowio_buffer,
    offset: i64,
    size: i64,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        let buffer = handle::borrow::<Buffer>(buffer, "buffer")?;
        out.set(buffer.slice_mutable(arguments::size(offset, "offset")?, arguments::size(size, "size")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Copies a part of a buffer into a new mutable buffer.
///
/// \param buffer      the buffer.
/// \param offset      where the part begins, in bytes.
/// \param size        bytes, at least 0; offset + size is at most the buffer's size.
/// \param pool        where the memory comes from. NULL: the default pool.
/// \param out_buffer  the copy; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number), ARROWIO_INDEX_ERROR (not inside the buffer),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps the pool, not the buffer. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_copy(
    buffer: *mut arrowio_buffer,
    offset: i64,
    size: i64,
    pool: *mut arrowio_pool,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        let buffer = handle::borrow::<Buffer>(buffer, "buffer")?;
        let (offset, size) = (arguments::size(offset, "offset")?, arguments::size(size, "size")?);
        out.set(buffer.copy(offset, size, arguments::pool(&pool))?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Copies bytes of a buffer into memory of the caller. Of a buffer that is mapped from a file (a slice that was read from a
/// memory map), or that wraps memory of the host, this is the way to its bytes that is safe from what other processes do to
/// the file: where they are gone the call fails and no signal is raised. It takes a system call then, unless there is an
/// arrowio_fault_guard.
///
/// \param buffer     the buffer.
/// \param offset     where to begin, in bytes, at least 0; past the end: 0 bytes.
/// \param dst        where the bytes go, room for `size` of them; may be NULL if size is 0.
/// \param size       bytes to copy, at least 0.
/// \param out_read   bytes copied, fewer than asked for only at the end. Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number), ARROWIO_IO_ERROR (bytes that are gone; with errno where the
///         system forbids to copy safely), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any, while no other thread resizes the buffer or writes to it. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_read(
    buffer: *const arrowio_buffer,
    offset: i64,
    dst: *mut c_void,
    size: i64,
    out_read: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_read, "out_read")?;
        let buffer = handle::borrow::<Buffer>(buffer, "buffer")?;
        let offset = arguments::size(offset, "offset")?;
        out.set(buffer.read(offset, arguments::room(dst, size, "dst")?)? as i64)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Copies the bytes of several buffers, one behind the other, into a new mutable buffer.
///
/// \param buffers     the buffers, none of them NULL; may be NULL if count is 0.
/// \param count       how many, at least 0.
/// \param pool        where the memory comes from. NULL: the default pool.
/// \param out_buffer  the whole; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative count), ARROWIO_CAPACITY_ERROR (together too long),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps the pool, not the buffers. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_concatenate(
    buffers: *const *mut arrowio_buffer,
    count: i64,
    pool: *mut arrowio_pool,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        let buffers = handle::borrow_all::<Buffer>(buffers, arguments::size(count, "count")?, "buffers")?;
        out.set(Buffer::concatenate(arguments::pool(&pool), buffers)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Changes the size of a resizable buffer. Contents are kept up to the smaller size; what is new is undefined, the padding
/// up to the next multiple of 64 bytes is zero. The address may change. On failure nothing has changed.
///
/// \param buffer         a buffer from arrowio_buffer_allocate_resizable, or one that was read or finished into memory.
/// \param size           bytes, at least 0.
/// \param shrink_to_fit  not 0: the capacity becomes the least that holds the size. 0: it never becomes less.
/// \param out_error      optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size, not resizable, slices of it live), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: only while no other thread uses the buffer. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_resize(
    buffer: *mut arrowio_buffer,
    size: i64,
    shrink_to_fit: i32,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let buffer = handle::borrow::<Buffer>(buffer, "buffer")?;
        buffer.resize(arguments::size(size, "size")?, shrink_to_fit != 0)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes the capacity of a resizable buffer at least as large as asked for, so that its size can grow that far without
/// moving. The size stays. On failure nothing has changed.
///
/// \param buffer     a buffer from arrowio_buffer_allocate_resizable, or one that was read or finished into memory.
/// \param capacity   bytes, at least 0.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative capacity, not resizable, slices of it live),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: only while no other thread uses the buffer. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_reserve(
    buffer: *mut arrowio_buffer,
    capacity: i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let buffer = handle::borrow::<Buffer>(buffer, "buffer")?;
        buffer.reserve(arguments::size(capacity, "capacity")?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Zeroes the bytes between a buffer's size and the next multiple of 64, as far as its capacity goes. Does nothing for an
/// immutable buffer.
///
/// \param buffer  the buffer, or NULL, which does nothing.
/// \return nothing.
///
/// Ownership: keeps nothing. Threads: only while no other thread writes to the buffer. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_zero_padding(buffer: *mut arrowio_buffer) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe {
        if let Some(buffer) = handle::borrow_or_none::<Buffer>(buffer) {
            buffer.zero_padding();
        }
    })
}

/// Address of a buffer's bytes.
///
/// \param buffer  the buffer. NULL: NULL.
/// \return the address, not NULL; of a buffer of size 0 it must not be read from.
///
/// Ownership: the buffer's, good until its last release or its next resize. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_data(buffer: *const arrowio_buffer) -> *const u8 {
    // SAFETY: the caller's promise.
    guard::value(ptr::null(), || unsafe {
        Some(handle::borrow_or_none::<Buffer>(buffer)?.data().as_ptr().cast_const())
    })
}

/// Address of a buffer's bytes, to write to.
///
/// \param buffer  the buffer. NULL: NULL.
/// \return the address; NULL for an immutable buffer.
///
/// Ownership: the buffer's, good until its last release or its next resize. Threads: any; writing only while nobody else
/// uses the bytes. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_mutable_data(buffer: *mut arrowio_buffer) -> *mut u8 {
    // SAFETY: the caller's promise.
    guard::value(ptr::null_mut(), || unsafe {
        let buffer = handle::borrow_or_none::<Buffer>(buffer)?;
        buffer.is_mutable().then(|| buffer.data().as_ptr())
    })
}

/// Size of a buffer.
///
/// \param buffer  the buffer. NULL: 0.
/// \return bytes.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_size(buffer: *const arrowio_buffer) -> i64 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { Some(handle::borrow_or_none::<Buffer>(buffer)?.size() as i64) })
}

/// Capacity of a buffer: the bytes that it has memory for, at least its size; of allocated buffers a multiple of 64.
///
/// \param buffer  the buffer. NULL: 0.
/// \return bytes.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_capacity(buffer: *const arrowio_buffer) -> i64 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { Some(handle::borrow_or_none::<Buffer>(buffer)?.capacity() as i64) })
}

/// Whether a buffer's bytes may be written to.
///
/// \param buffer  the buffer. NULL: 0.
/// \return 1 or 0.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_is_mutable(buffer: *const arrowio_buffer) -> i32 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { Some(handle::borrow_or_none::<Buffer>(buffer)?.is_mutable().into()) })
}

/// The root that a slice is a part of.
///
/// \param buffer  the buffer. NULL: NULL.
/// \return the root; NULL if the buffer is no slice.
///
/// Ownership: borrowed from the buffer, good until its last release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_parent(buffer: *const arrowio_buffer) -> *mut arrowio_buffer {
    // SAFETY: the caller's promise.
    guard::value(ptr::null_mut(), || unsafe { handle::borrow_or_none::<Buffer>(buffer)?.parent().map(handle::address) })
}

/// Whether two buffers hold the same bytes.
///
/// \param buffer  a buffer, or NULL.
/// \param other   a buffer, or NULL.
/// \return 1 if both have the same size and bytes, or both are NULL; else 0.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_equals(buffer: *const arrowio_buffer, other: *const arrowio_buffer) -> i32 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe {
        match (handle::borrow_or_none::<Buffer>(buffer), handle::borrow_or_none::<Buffer>(other)) {
            (Some(buffer), Some(other)) => Some(buffer.equals(&other).into()),
            (None, None) => Some(1),
            _ => None,
        }
    })
}

/// Takes one more reference.
///
/// \param buffer  the buffer, or NULL.
/// \return its argument.
///
/// Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_retain(buffer: *mut arrowio_buffer) -> *mut arrowio_buffer {
    // SAFETY: the caller's promise.
    guard::value(buffer, || unsafe { Some(handle::retain::<Buffer>(buffer)) })
}

/// Gives one reference back; the last one, with the last slice, frees the memory.
///
/// \param buffer  the buffer, or NULL, which does nothing.
/// \return nothing.
///
/// Ownership: takes the caller's reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_release(buffer: *mut arrowio_buffer) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe { handle::release::<Buffer>(buffer) })
}
