//! Memory pools.

use super::arguments::{self, Out};
use super::error::{arrowio_error, arrowio_status};
use super::guard;
use super::handle::{self, Slot, null};
use crate::memory::{
    BACKENDS, CappedPool, Pool, ProxyPool, Statistics, current_default, open_backend, set_default_pool,
};
use crate::warning::warn;
use std::ffi::c_char;
use std::ptr::{self, NonNull};

/// A source of memory that counts every byte. Thread-safe: any function from any thread. From arrowio_pool_open or one of
/// the arrowio_pool_new functions, goes with arrowio_pool_release. Memory, buffers and files keep their pool alive. Where
/// a function takes a pool, NULL stands for the default pool.
pub struct arrowio_pool {
    _private: [u8; 0],
}

/// The default pool: what arrowio_pool_set_default said, else what the environment variable ARROWIO_DEFAULT_MEMORY_POOL
/// names (asked once; an unknown name gives one warning), else "mimalloc".
///
/// \return the pool, never NULL.
///
/// Ownership: borrowed; default pools live until the process ends. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn arrowio_pool_default() -> *mut arrowio_pool {
    guard::value(ptr::null_mut(), || Some(handle::address(current_default())))
}

/// Makes a pool the default for all calls from now on. What lives in the former default stays there.
///
/// \param pool       the new default.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps the pool until the process ends. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_set_default(
    pool: *mut arrowio_pool,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, || set_default_pool(&*handle::borrow::<Pool>(pool, "pool")?)) }
}

/// Opens the process-wide pool of a back end. Opened again it is the same pool with the same figures; for figures of
/// one's own put arrowio_pool_new_proxy over it.
///
/// \param backend_name  "mimalloc", "jemalloc" or "system"; see arrowio_pool_supported_backend.
/// \param out_pool      the pool; NULL on failure.
/// \param out_error     optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, or an unknown name), ARROWIO_NOT_IMPLEMENTED (not part of this build),
///         ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_open(
    backend_name: *const c_char,
    out_pool: *mut *mut arrowio_pool,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_pool, "out_pool")?;
        out.set(open_backend(arguments::string(backend_name, "backend_name")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Names the back ends, one by one; the names are known also where a build does not have the back end.
///
/// \param index  from 0 on.
/// \return the name; NULL for an index that is negative or past the last.
///
/// Ownership: static, never freed. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn arrowio_pool_supported_backend(index: i64) -> *const c_char {
    guard::value(ptr::null(), || Some(BACKENDS.get(usize::try_from(index).ok()?)?.name.as_ptr()))
}

/// Name of a pool's back end; of a wrapping pool: that of the wrapped one; of the host's: "callbacks".
///
/// \param pool  the pool. NULL: the default pool.
/// \return a NUL-terminated string.
///
/// Ownership: the pool's, good until its last release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_backend_name(pool: *const arrowio_pool) -> *const c_char {
    // SAFETY: the caller's promise; the name lives as long as the pool.
    guard::value(c"".as_ptr(), || unsafe { Some(arguments::pool(&pool.cast_mut()).inner().backend_name().as_ptr()) })
}

/// # Safety
/// `pool` is NULL or a live pool.
unsafe fn statistic(pool: *const arrowio_pool, figure: fn(&Statistics) -> i64) -> i64 {
    // SAFETY: the caller's promise.
    guard::value(0, || unsafe { Some(figure(arguments::pool(&pool.cast_mut()).statistics())) })
}

/// Bytes in use now. Exact under threads, as are the other figures.
///
/// \param pool  the pool. NULL: the default pool.
/// \return bytes.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_bytes_allocated(pool: *const arrowio_pool) -> i64 {
    // SAFETY: the caller's promise.
    unsafe { statistic(pool, Statistics::bytes_allocated) }
}

/// The most bytes that were ever in use at one instant.
///
/// \param pool  the pool. NULL: the default pool.
/// \return bytes.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_max_memory(pool: *const arrowio_pool) -> i64 {
    // SAFETY: the caller's promise.
    unsafe { statistic(pool, Statistics::max_memory) }
}

/// All bytes ever handed out. Growth counts by what it added; freeing takes nothing away.
///
/// \param pool  the pool. NULL: the default pool.
/// \return bytes.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_total_bytes_allocated(pool: *const arrowio_pool) -> i64 {
    // SAFETY: the caller's promise.
    unsafe { statistic(pool, Statistics::total_bytes_allocated) }
}

/// How often memory was handed out or grew. Blocks of size 0 do not count.
///
/// \param pool  the pool. NULL: the default pool.
/// \return a count.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_num_allocations(pool: *const arrowio_pool) -> i64 {
    // SAFETY: the caller's promise.
    unsafe { statistic(pool, Statistics::num_allocations) }
}

/// Gives memory that is kept for reuse back to the system, large blocks entirely, small ones as far as the back end can.
/// Changes no figure.
///
/// \param pool  the pool. NULL: the default pool.
/// \return nothing.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_release_unused(pool: *mut arrowio_pool) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe { arguments::pool(&pool).inner().release_unused() })
}

/// Makes a pool that passes everything on to another and counts its own share.
///
/// \param parent     the pool beneath. NULL: the default pool as it is now.
/// \param out_pool   the new pool; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (out_pool is NULL), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps the parent. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_new_proxy(
    parent: *mut arrowio_pool,
    out_pool: *mut *mut arrowio_pool,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_pool, "out_pool")?;
        out.set(Pool::new(ProxyPool::new(arguments::pool(&parent).clone()))?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a pool that never hands out more than a limit at a time, at no instant and from no number of threads. Only its
/// own bytes count, not what others take from the same parent. What would exceed it fails with ARROWIO_OUT_OF_MEMORY. A
/// parent that moves a block to resize it has both for a moment, which is not counted.
///
/// \param parent     the pool beneath. NULL: the default pool as it is now.
/// \param limit      bytes, at least 0.
/// \param out_pool   the new pool; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (out_pool is NULL, limit is negative), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps the parent. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_new_capped(
    parent: *mut arrowio_pool,
    limit: i64,
    out_pool: *mut *mut arrowio_pool,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_pool, "out_pool")?;
        out.set(Pool::new(CappedPool::new(arguments::pool(&parent).clone(), arguments::size(limit, "limit")?))?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Hands out a block of memory, contents undefined.
///
/// \param pool       the pool. NULL: the default pool.
/// \param size       bytes, at least 0. A block of size 0 has an address too, which must not be written to.
/// \param alignment  a power of two, in bytes.
/// \param out_data   the block. Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size, a wrong alignment), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the block is the caller's to give to arrowio_pool_free. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_allocate(
    pool: *mut arrowio_pool,
    size: i64,
    alignment: i64,
    out_data: *mut *mut u8,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_data, "out_data")?;
        let (size, alignment) = (arguments::size(size, "size")?, arguments::size(alignment, "alignment")?);
        out.set(arguments::pool(&pool).allocate(size, alignment)?.as_ptr())
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Changes the size of a block, at its place or elsewhere; contents are kept up to the smaller size. On failure the block
/// stays as it was.
///
/// \param pool        the pool that the block is from. NULL: the default pool.
/// \param old_size    the block's size in bytes.
/// \param new_size    bytes, at least 0.
/// \param alignment   the block's alignment in bytes.
/// \param inout_data  the block; where it is now on success, unchanged on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size, a wrong alignment), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the new block replaces the old one. Threads: any, one at a time for the same block. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_reallocate(
    pool: *mut arrowio_pool,
    old_size: i64,
    new_size: i64,
    alignment: i64,
    inout_data: *mut *mut u8,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let (old_size, new_size) = (arguments::size(old_size, "old_size")?, arguments::size(new_size, "new_size")?);
        let alignment = arguments::size(alignment, "alignment")?;
        let out = Out::new(inout_data, "inout_data")?;
        let data = NonNull::new(inout_data.read()).ok_or_else(|| null("*inout_data"))?;
        out.set(arguments::pool(&pool).reallocate(data, old_size, new_size, alignment)?.as_ptr())
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Takes a block back.
///
/// \param pool       the pool that the block is from. NULL: the default pool.
/// \param data       the block, or NULL, which does nothing.
/// \param size       its size in bytes, as it was last given.
/// \param alignment  its alignment in bytes.
/// \return nothing. A negative size or a wrong alignment gives a warning and frees nothing.
///
/// Ownership: takes the block. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_free(pool: *mut arrowio_pool, data: *mut u8, size: i64, alignment: i64) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe {
        let Some(data) = NonNull::new(data) else { return };
        if size < 0 || alignment <= 0 || !(alignment as usize).is_power_of_two() {
            return warn_of_free(size, alignment);
        }
        arguments::pool(&pool).free(data, size as usize, alignment as usize);
    });
}

#[cold]
#[inline(never)]
fn warn_of_free(size: i64, alignment: i64) {
    warn(format_args!(
        "arrowio_pool_free of a block of size {size} and alignment {alignment}, which no block has: it is not freed"
    ));
}

/// Bytes in use in the default pool, as pyarrow's total_allocated_bytes().
///
/// \return bytes.
///
/// Ownership: none. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn arrowio_total_allocated_bytes() -> i64 {
    // SAFETY: NULL is the default pool.
    unsafe { statistic(ptr::null(), Statistics::bytes_allocated) }
}

/// Takes one more reference.
///
/// \param pool  the pool, or NULL.
/// \return its argument.
///
/// Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_retain(pool: *mut arrowio_pool) -> *mut arrowio_pool {
    // SAFETY: the caller's promise.
    guard::value(pool, || unsafe { Some(handle::retain::<Pool>(pool)) })
}

/// Gives one reference back; the last one, with the last memory from the pool, ends the pool.
///
/// \param pool  the pool, or NULL, which does nothing.
/// \return nothing.
///
/// Ownership: takes the caller's reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_release(pool: *mut arrowio_pool) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe { handle::release::<Pool>(pool) })
}
