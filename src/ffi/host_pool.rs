//! Pools with functions of the host's: those that allocate, and those that are told.

use super::arguments::{self, Extensible};
use super::error::{arrowio_error, arrowio_status};
use super::guard;
use super::handle::{Slot, null};
use super::host::{HostData, arrowio_free_fn};
use super::pool::arrowio_pool;
use crate::error::Result;
use crate::memory::{AccountedPool, Allocator, LoggingPool, Pool, PoolEvent};
use crate::shared::Shared;
use std::alloc::Layout;
use std::ffi::c_void;
use std::mem::size_of;
use std::ptr::{self, NonNull};

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

/// The host's allocator behind the core's trait, with the functions that must be there.
struct HostAllocator {
    allocate: unsafe extern "C" fn(*mut c_void, i64, i64) -> *mut u8,
    reallocate: Option<unsafe extern "C" fn(*mut c_void, *mut u8, i64, i64, i64) -> *mut u8>,
    free: unsafe extern "C" fn(*mut c_void, *mut u8, i64, i64),
    release_unused: Option<unsafe extern "C" fn(*mut c_void)>,
    host: Shared<HostData>,
}

impl HostAllocator {
    fn new(callbacks: arrowio_pool_callbacks, user_data: *mut c_void) -> Result<Self> {
        Ok(Self {
            allocate: callbacks.allocate.ok_or_else(|| null("callbacks.allocate"))?,
            reallocate: callbacks.reallocate,
            free: callbacks.free.ok_or_else(|| null("callbacks.free"))?,
            release_unused: callbacks.release_unused,
            host: HostData::new(user_data, callbacks.free_fn)?,
        })
    }
}

impl Allocator for HostAllocator {
    fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: the host's function with the host's pointer.
        let data = unsafe { (self.allocate)(self.host.user_data, layout.size() as i64, layout.align() as i64) };
        NonNull::new(data)
    }

    unsafe fn reallocate(&self, data: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        let Some(reallocate) = self.reallocate else {
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
        if let Some(release_unused) = self.release_unused {
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
