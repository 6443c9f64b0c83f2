//! Counted references whose allocation can fail, and boxes whose allocation can fail.
//!
//! `std::sync::Arc` aborts the process when memory is short and pays for weak references that nothing here uses. A library
//! inside somebody else's process may do neither, and a slice of a buffer costs little more than its reference.

use crate::error::{Error, Result};
use std::alloc::Layout;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

/// Counts from here up belong to objects in static memory: never counted, never freed.
const IMMORTAL: usize = 1 << (usize::BITS - 1);

/// What a `Shared` points at. Public to the crate so that a static can hold one.
#[repr(C)]
pub(crate) struct Counted<T: ?Sized> {
    references: AtomicUsize,
    value: T,
}

impl<T> Counted<T> {
    /// An object in static memory.
    pub(crate) const fn immortal(value: T) -> Self {
        Self { references: AtomicUsize::new(IMMORTAL), value }
    }

    /// The object.
    #[inline]
    pub(crate) fn value(&self) -> &T {
        &self.value
    }

    /// The object's memory, with the object forgotten.
    #[inline]
    pub(crate) fn forget(self: Box<Self>) -> Box<MaybeUninit<Self>> {
        // SAFETY: memory that need not hold anything may as well hold an object.
        unsafe { Box::from_raw(Box::into_raw(self).cast()) }
    }
}

/// A counted reference to a `T`.
#[repr(transparent)]
pub(crate) struct Shared<T: ?Sized>(NonNull<Counted<T>>);

// SAFETY: as for Arc: references on several threads share the value, and the last one, on any thread, drops it.
unsafe impl<T: ?Sized + Send + Sync> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// Moves `value` to the heap.
    pub(crate) fn try_new(value: T) -> Result<Self> {
        Self::new_if_room(value).ok_or_else(|| Error::out_of_memory(size_of::<Counted<T>>()))
    }

    /// As `try_new`, for the maker of errors.
    pub(crate) fn new_if_room(value: T) -> Option<Self> {
        Some(Self::new_in(room()?, value))
    }

    /// A reference to an object in static memory.
    pub(crate) const fn from_static(counted: &'static Counted<T>) -> Self {
        Self(NonNull::from_ref(counted))
    }

    /// Turns the reference into one to a trait object; `unsize` is the coercion `|p| p`.
    pub(crate) fn unsize<U: ?Sized>(self, unsize: fn(*mut Counted<T>) -> *mut Counted<U>) -> Shared<U> {
        let raw = unsize(self.into_raw().as_ptr());
        // SAFETY: an unsizing coercion keeps the address, which was not NULL.
        Shared(unsafe { NonNull::new_unchecked(raw) })
    }

    #[inline]
    fn into_raw(self) -> NonNull<Counted<T>> {
        let raw = self.0;
        std::mem::forget(self);
        raw
    }

    /// Drops the reference; the last one gives the object's box instead of freeing it.
    #[inline]
    pub(crate) fn into_last(self) -> Option<Box<Counted<T>>> {
        let raw = self.into_raw();
        // SAFETY: the reference that was given up is counted down once, here; the last one owns the memory from `room`.
        unsafe { count_down(&raw.as_ref().references).then(|| Box::from_raw(raw.as_ptr())) }
    }

    /// Memory for an object.
    #[inline]
    pub(crate) fn memory() -> Result<Box<MaybeUninit<Counted<T>>>> {
        room::<Counted<T>>().ok_or_else(|| Error::out_of_memory(size_of::<Counted<T>>()))
    }

    /// Puts an object into such memory. Inlined, so that it is built there and not moved there.
    #[inline(always)]
    pub(crate) fn new_in(memory: Box<MaybeUninit<Counted<T>>>, value: T) -> Self {
        Self(NonNull::from(Box::leak(Box::write(memory, Counted { references: AtomicUsize::new(1), value }))))
    }
}

impl<T: ?Sized> Shared<T> {
    /// Whether this is the only reference.
    #[inline]
    pub(crate) fn is_unique(&self) -> bool {
        self.count().load(Ordering::Acquire) == 1
    }

    /// Whether both refer to the same object.
    #[inline]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        std::ptr::addr_eq(self.0.as_ptr(), other.0.as_ptr())
    }

    #[inline]
    fn count(&self) -> &AtomicUsize {
        // SAFETY: the object lives while a reference to it does.
        unsafe { &self.0.as_ref().references }
    }

    #[inline(never)]
    fn destroy(&mut self) {
        // SAFETY: the caller held the last reference; the memory came from `room`.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl<T: ?Sized> Clone for Shared<T> {
    #[inline]
    fn clone(&self) -> Self {
        let count = self.count();
        if count.load(Ordering::Relaxed) < IMMORTAL {
            // No overflow check: half of all numbers are left above, and reaching them makes the object immortal.
            count.fetch_add(1, Ordering::Relaxed);
        }
        Self(self.0)
    }
}

impl<T: ?Sized> Drop for Shared<T> {
    #[inline]
    fn drop(&mut self) {
        if count_down(self.count()) {
            self.destroy();
        }
    }
}

/// One reference less; whether it was the last.
#[inline]
fn count_down(count: &AtomicUsize) -> bool {
    let seen = count.load(Ordering::Acquire);
    if seen >= IMMORTAL {
        return false;
    }
    // A lone reference cannot be joined by another from outside, so it needs no atomic decrement.
    if seen == 1 {
        return true;
    }
    let last = count.fetch_sub(1, Ordering::Release) == 1;
    if last {
        fence(Ordering::Acquire);
    }
    last
}

impl<T: ?Sized> Deref for Shared<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the object lives while a reference to it does.
        unsafe { &self.0.as_ref().value }
    }
}

/// `Box::new` that reports a lack of memory.
pub(crate) fn try_box<T>(value: T) -> Result<Box<T>> {
    let memory = room::<T>().ok_or_else(|| Error::out_of_memory(size_of::<T>()))?;
    Ok(Box::write(memory, value))
}

/// An empty list with room for so many, that reports a lack of memory. Never inlined: who only tries whether there is memory
/// must not have that optimised away.
#[inline(never)]
pub(crate) fn try_vec<T>(room: usize) -> Result<Vec<T>> {
    let mut list = Vec::new();
    list.try_reserve_exact(room).map_err(|_| Error::out_of_memory(room.saturating_mul(size_of::<T>())))?;
    Ok(list)
}

/// Memory for a `T`, or `None`.
#[inline]
fn room<T>() -> Option<Box<MaybeUninit<T>>> {
    if size_of::<T>() == 0 {
        // Allocates nothing.
        return Some(Box::new(MaybeUninit::uninit()));
    }
    // SAFETY: the layout is not empty; what comes of it is memory of the right layout from the allocator that Box uses.
    unsafe {
        let memory = std::alloc::alloc(Layout::new::<T>());
        (!memory.is_null()).then(|| Box::from_raw(memory.cast()))
    }
}
