//! Between C's handles and Rust's references; nothing else turns one into the other.

use crate::error::{Error, Result, error};
use crate::io::{File, FileInfo, FileSystem, Listing};
use crate::memory::{Buffer, FaultGuard, Pool};
use crate::task::{Cancellation, Executor, Operation};
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::buffer::arrowio_buffer;
use super::cancellation::arrowio_cancellation;
use super::error::arrowio_error;
use super::executor::arrowio_executor;
use super::fault_guard::arrowio_fault_guard;
use super::file::arrowio_file;
use super::file_info::{arrowio_file_info, arrowio_listing};
use super::filesystem::arrowio_filesystem;
use super::operation::arrowio_operation;
use super::pool::arrowio_pool;

/// A counted reference of the core that C knows as a pointer to `C`.
///
/// # Safety
/// The type is nothing but a non-NULL pointer, so that it and C's handle are the same bits.
pub(super) unsafe trait Handle: Sized {
    type C;

    /// Gives the reference to C.
    #[inline]
    fn into_raw(self) -> *mut Self::C {
        address::<Self>(&ManuallyDrop::new(self))
    }

    /// Takes a reference back from C.
    ///
    /// # Safety
    /// `raw` is a live handle and its reference is not used again.
    #[inline]
    unsafe fn from_raw(raw: NonNull<Self::C>) -> Self {
        const { assert!(size_of::<Self>() == size_of::<*mut Self::C>()) }
        // SAFETY: the caller's promise and the trait's.
        unsafe { std::mem::transmute_copy(&raw) }
    }
}

// SAFETY: `repr(transparent)` around a `Shared`, itself so around a `NonNull`.
unsafe impl Handle for Error {
    type C = arrowio_error;
}

// SAFETY: as above.
unsafe impl Handle for Pool {
    type C = arrowio_pool;
}

// SAFETY: as above.
unsafe impl Handle for Buffer {
    type C = arrowio_buffer;
}

// SAFETY: as above.
unsafe impl Handle for File {
    type C = arrowio_file;
}

// SAFETY: as above.
unsafe impl Handle for Cancellation {
    type C = arrowio_cancellation;
}

// SAFETY: as above.
unsafe impl Handle for Executor {
    type C = arrowio_executor;
}

// SAFETY: as above.
unsafe impl Handle for Operation {
    type C = arrowio_operation;
}

// SAFETY: as above.
unsafe impl Handle for FaultGuard {
    type C = arrowio_fault_guard;
}

// SAFETY: as above.
unsafe impl Handle for FileSystem {
    type C = arrowio_filesystem;
}

// SAFETY: as above.
unsafe impl Handle for FileInfo {
    type C = arrowio_file_info;
}

// SAFETY: as above.
unsafe impl Handle for Listing {
    type C = arrowio_listing;
}

/// A reference that stays C's.
pub(super) type Borrowed<H> = ManuallyDrop<H>;

/// What a handle refers to; `None` for NULL.
///
/// # Safety
/// `raw` is NULL or a live handle, and stays one as long as the result is used.
#[inline]
pub(super) unsafe fn borrow_or_none<H: Handle>(raw: *const H::C) -> Option<Borrowed<H>> {
    // SAFETY: the caller's promise; not dropping the result leaves the reference with C.
    NonNull::new(raw.cast_mut()).map(|raw| ManuallyDrop::new(unsafe { H::from_raw(raw) }))
}

/// What a handle refers to; NULL is an error that names the argument.
///
/// # Safety
/// As `borrow_or_none`.
#[inline]
pub(super) unsafe fn borrow<H: Handle>(raw: *const H::C, argument: &str) -> Result<Borrowed<H>> {
    // SAFETY: the caller's promise.
    unsafe { borrow_or_none(raw) }.ok_or_else(|| null(argument))
}

/// One more reference to what a handle refers to, for the library to keep; `None` for NULL.
///
/// # Safety
/// `raw` is NULL or a live handle.
pub(super) unsafe fn share_or_none<H: Handle + Clone>(raw: *const H::C) -> Option<H> {
    // SAFETY: the caller's promise.
    unsafe { borrow_or_none::<H>(raw) }.map(|handle| H::clone(&handle))
}

/// The handles of an array, none of them NULL.
///
/// # Safety
/// `raw` is NULL or points at `count` handles that are NULL or live, and stay so as long as the result is used.
pub(super) unsafe fn borrow_all<'a, H: Handle>(
    raw: *const *mut H::C,
    count: usize,
    argument: &str,
) -> Result<&'a [Borrowed<H>]> {
    const { assert!(size_of::<Borrowed<H>>() == size_of::<*mut H::C>()) }
    if count == 0 {
        return Ok(&[]);
    }
    if raw.is_null() {
        return Err(null(argument));
    }
    // SAFETY: the caller's promise.
    let raw = unsafe { std::slice::from_raw_parts(raw, count) };
    if let Some(at) = raw.iter().position(|handle| handle.is_null()) {
        return Err(error!(Invalid, "{argument}[{at}] is NULL"));
    }
    // SAFETY: a handle is the pointer that C knows it by, and none is NULL.
    Ok(unsafe { std::slice::from_raw_parts(raw.as_ptr().cast(), count) })
}

/// A handle in C's memory as the reference that it is.
///
/// # Safety
/// `raw` is a live handle, and stays one as long as the result is used.
#[inline]
pub(super) unsafe fn as_reference<H: Handle>(raw: &*mut H::C) -> &H {
    const { assert!(size_of::<H>() == size_of::<*mut H::C>()) }
    // SAFETY: the caller's promise; a handle is the pointer that C knows it by.
    unsafe { &*std::ptr::from_ref(raw).cast() }
}

/// The address that C knows a reference by, without giving the reference away.
#[inline]
pub(super) fn address<H: Handle>(handle: &H) -> *mut H::C {
    const { assert!(size_of::<H>() == size_of::<*mut H::C>()) }
    // SAFETY: a handle is the pointer that C knows it by.
    unsafe { std::mem::transmute_copy(handle) }
}

/// One more reference for C.
///
/// # Safety
/// `raw` is NULL or a live handle.
#[inline]
pub(super) unsafe fn retain<H: Handle + Clone>(raw: *mut H::C) -> *mut H::C {
    // SAFETY: the caller's promise.
    if let Some(handle) = unsafe { borrow_or_none::<H>(raw) } {
        std::mem::forget(H::clone(&handle));
    }
    raw
}

/// One reference less.
///
/// # Safety
/// `raw` is NULL or a live handle whose reference is the caller's to give up.
#[inline]
pub(super) unsafe fn release<H: Handle>(raw: *mut H::C) {
    if let Some(raw) = NonNull::new(raw) {
        // SAFETY: the caller's promise.
        drop(unsafe { H::from_raw(raw) });
    }
}

/// Where a new handle goes.
pub(super) struct Slot<H: Handle>(NonNull<*mut H::C>);

impl<H: Handle> Slot<H> {
    /// Sets the handle to NULL, which it stays if the call fails.
    ///
    /// # Safety
    /// `slot` is NULL or writable.
    #[inline]
    pub(super) unsafe fn new(slot: *mut *mut H::C, argument: &str) -> Result<Self> {
        let slot = NonNull::new(slot).ok_or_else(|| null(argument))?;
        // SAFETY: the caller's promise.
        unsafe { slot.write(std::ptr::null_mut()) };
        Ok(Self(slot))
    }

    #[inline]
    pub(super) fn set(self, handle: H) -> Result<()> {
        // SAFETY: as promised to `new`.
        unsafe { self.0.write(handle.into_raw()) };
        Ok(())
    }
}

/// Where a number of new handles go.
pub(super) struct Slots<H: Handle> {
    first: *mut *mut H::C,
    count: usize,
}

impl<H: Handle> Slots<H> {
    /// Sets the handles to NULL, which they stay if the call fails.
    ///
    /// # Safety
    /// `slots` is NULL or there are `count` writable ones.
    pub(super) unsafe fn new(slots: *mut *mut H::C, count: usize, argument: &str) -> Result<Self> {
        if slots.is_null() && count > 0 {
            return Err(null(argument));
        }
        // SAFETY: the caller's promise.
        (0..count).for_each(|at| unsafe { slots.add(at).write(std::ptr::null_mut()) });
        Ok(Self { first: slots, count })
    }

    /// As many handles as there are slots.
    pub(super) fn set(self, handles: Vec<H>) -> Result<()> {
        assert_eq!(handles.len(), self.count);
        for (at, handle) in handles.into_iter().enumerate() {
            // SAFETY: as promised to `new`.
            unsafe { self.first.add(at).write(handle.into_raw()) };
        }
        Ok(())
    }
}

#[cold]
#[inline(never)]
pub(super) fn null(argument: &str) -> Error {
    error!(Invalid, "{argument} is NULL")
}
