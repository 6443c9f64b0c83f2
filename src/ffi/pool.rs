//! Memory pools.

use super::arguments::{self, Extensible, Out};
use super::error::{arrowio_error, arrowio_status};
use super::guard;
use super::handle::{self, Slot, null};
use super::host::{HostData, arrowio_free_fn};
use crate::error::Result;
use crate::memory::{
    AccountedPool, Allocator, BACKENDS, CappedPool, LoggingPool, Pool, PoolEvent, ProxyPool, Statistics,
    current_default, open_backend, set_default_pool,
};
use crate::shared::Shared;
use crate::warning::warn;
use std::alloc::Layout;
use std::ffi::{c_char, c_void};
use std::mem::size_of;
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

/// What happened in a logging pool.
pub type arrowio_pool_event_kind = u32;
/// A block was handed out.
pub const ARROWIO_POOL_EVENT_ALLOCATE: arrowio_pool_event_kind = 1;
/// A block changed its size.
pub const ARROWIO_POOL_EVENT_REALLOCATE: arrowio_pool_event_kind = 2;
/// A block is about to be taken back.
pub const ARROWIO_POOL_EVENT_FREE: arrowio_pool_event_kind = 3;

/// One call of a logging pool. Sizes and alignment in bytes; the struct is good during the call that brings it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_pool_event {
    /// sizeof(arrowio_pool_event) of the library.
    pub struct_size: usize,
    /// ARROWIO_POOL_EVENT_ALLOCATE, _REALLOCATE or _FREE.
    pub kind: arrowio_pool_event_kind,
    /// 1 if it succeeded, 0 if there was no memory and nothing changed.
    pub succeeded: i32,
    /// The block; of a reallocation: where it is now; NULL if it failed.
    pub data: *const u8,
    /// Its size now.
    pub size: i64,
    /// Of a reallocation: where the block was.
    pub old_data: *const u8,
    /// Of a reallocation: its size before.
    pub old_size: i64,
    /// Its alignment.
    pub alignment: i64,
}

/// Receives the calls of a logging pool, on the thread that made them, several at once. Must not throw; may use any pool
/// but the one it listens to.
pub type arrowio_pool_log_fn = Option<unsafe extern "C" fn(user_data: *mut c_void, event: *const arrowio_pool_event)>;

fn to_c(event: PoolEvent) -> arrowio_pool_event {
    let address = |data: Option<NonNull<u8>>| data.map_or(ptr::null(), |data| data.as_ptr().cast_const());
    let blank = |kind, layout: Layout| arrowio_pool_event {
        struct_size: size_of::<arrowio_pool_event>(),
        kind,
        succeeded: 1,
        data: ptr::null(),
        size: layout.size() as i64,
        old_data: ptr::null(),
        old_size: 0,
        alignment: layout.align() as i64,
    };
    match event {
        PoolEvent::Allocate { data, layout } => arrowio_pool_event {
            succeeded: data.is_some().into(),
            data: address(data),
            ..blank(ARROWIO_POOL_EVENT_ALLOCATE, layout)
        },
        PoolEvent::Reallocate { old_data, old, data, new_size } => arrowio_pool_event {
            succeeded: data.is_some().into(),
            data: address(data),
            size: new_size as i64,
            old_data: address(Some(old_data)),
            old_size: old.size() as i64,
            ..blank(ARROWIO_POOL_EVENT_REALLOCATE, old)
        },
        PoolEvent::Free { data, layout } => {
            arrowio_pool_event { data: address(Some(data)), ..blank(ARROWIO_POOL_EVENT_FREE, layout) }
        }
    }
}

/// Makes a pool that passes everything on to another, counts its own share and tells a function of each call.
///
/// \param parent     the pool beneath. NULL: the default pool as it is now.
/// \param log        called after each allocation and reallocation, failed ones too, and before each free; not for sizes of 0
///                   or beyond the address space, which no pool is asked for.
/// \param user_data  passed to both functions.
/// \param free_fn    frees user_data when the pool goes; NULL: nothing to free.
/// \param out_pool   the new pool; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (log or out_pool is NULL), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps the parent and, on success, user_data. On failure free_fn is not
/// called. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_new_logging(
    parent: *mut arrowio_pool,
    log: arrowio_pool_log_fn,
    user_data: *mut c_void,
    free_fn: arrowio_free_fn,
    out_pool: *mut *mut arrowio_pool,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_pool, "out_pool")?;
        let log = log.ok_or_else(|| null("log"))?;
        let host = HostData::new(user_data, free_fn)?;
        let owned = host.clone();
        let listener = move |event| log(owned.user_data, &to_c(event));
        let pool = Pool::new(LoggingPool::new(arguments::pool(&parent).clone(), listener))?;
        host.adopt();
        out.set(pool)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// An allocator of the host's. Sizes in bytes, never 0; the alignment is a power of two. The functions are called on any
/// thread, several at once, and must not throw.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_pool_callbacks {
    /// sizeof(arrowio_pool_callbacks).
    pub struct_size: usize,
    /// Gives a block, or NULL when there is no memory. Required.
    pub allocate: Option<unsafe extern "C" fn(user_data: *mut c_void, size: i64, alignment: i64) -> *mut u8>,
    /// Resizes a block, at its place or elsewhere, keeping its contents; or gives NULL and leaves it as it is. NULL: done by
    /// allocate, a copy and free.
    pub reallocate: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            data: *mut u8,
            old_size: i64,
            new_size: i64,
            alignment: i64,
        ) -> *mut u8,
    >,
    /// Takes a block back. Required.
    pub free: Option<unsafe extern "C" fn(user_data: *mut c_void, data: *mut u8, size: i64, alignment: i64)>,
    /// Gives memory kept for reuse back to the system. NULL: nothing to do.
    pub release_unused: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// Frees user_data when the pool goes. NULL: nothing to free.
    pub free_fn: arrowio_free_fn,
}

// SAFETY: a size and nullable functions.
unsafe impl Extensible for arrowio_pool_callbacks {
    const NAME: &'static str = "arrowio_pool_callbacks";
}

/// The host's allocator behind the core's trait.
struct HostAllocator {
    callbacks: arrowio_pool_callbacks,
    allocate: unsafe extern "C" fn(*mut c_void, i64, i64) -> *mut u8,
    free: unsafe extern "C" fn(*mut c_void, *mut u8, i64, i64),
    host: Shared<HostData>,
}

impl HostAllocator {
    fn new(callbacks: arrowio_pool_callbacks, user_data: *mut c_void) -> Result<Self> {
        let allocate = callbacks.allocate.ok_or_else(|| null("callbacks.allocate"))?;
        let free = callbacks.free.ok_or_else(|| null("callbacks.free"))?;
        let host = HostData::new(user_data, callbacks.free_fn)?;
        Ok(Self { callbacks, allocate, free, host })
    }
}

impl Allocator for HostAllocator {
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: the host's function with the host's pointer.
        let data = unsafe { (self.allocate)(self.host.user_data, layout.size() as i64, layout.align() as i64) };
        NonNull::new(data)
    }

    unsafe fn reallocate(&self, data: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        let Some(reallocate) = self.callbacks.reallocate else {
            let new = Layout::from_size_align(new_size, old.align()).ok()?;
            // SAFETY: the caller's promise.
            return unsafe { crate::memory::move_block(self, data, old, new) };
        };
        let (old_size, new_size, alignment) = (old.size() as i64, new_size as i64, old.align() as i64);
        // SAFETY: the host's function with the host's pointer and a block of its own.
        NonNull::new(unsafe { reallocate(self.host.user_data, data.as_ptr(), old_size, new_size, alignment) })
    }

    unsafe fn free(&self, data: NonNull<u8>, layout: Layout) {
        // SAFETY: as above.
        unsafe { (self.free)(self.host.user_data, data.as_ptr(), layout.size() as i64, layout.align() as i64) };
    }

    fn release_unused(&self) {
        if let Some(release_unused) = self.callbacks.release_unused {
            // SAFETY: as above.
            unsafe { release_unused(self.host.user_data) };
        }
    }
}

/// Makes a pool over an allocator of the host's.
///
/// \param callbacks  the allocator's functions; copied.
/// \param user_data  passed to each of them.
/// \param out_pool   the new pool; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a required function missing, a wrong struct_size), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; on success it keeps user_data, on failure free_fn is not called.
/// Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_pool_new_callbacks(
    callbacks: *const arrowio_pool_callbacks,
    user_data: *mut c_void,
    out_pool: *mut *mut arrowio_pool,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_pool, "out_pool")?;
        let allocator = HostAllocator::new(arguments::required_options(callbacks, "callbacks")?, user_data)?;
        let host = allocator.host.clone();
        let pool = Pool::new(AccountedPool::host(c"callbacks", allocator))?;
        host.adopt();
        out.set(pool)
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
