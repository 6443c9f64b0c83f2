//! From C's numbers, memory, strings and structs to Rust's, with an error that names the argument.

use super::handle::{self, null};
use super::pool::arrowio_pool;
use crate::error::{Error, Result, error};
use crate::memory::{Pool, current_default};
use std::ffi::{CStr, c_char, c_void};
use std::mem::{MaybeUninit, size_of};
use std::ptr::{self, NonNull};

/// A size or offset.
#[inline]
pub(super) fn size(value: i64, argument: &str) -> Result<usize> {
    if value < 0 {
        return Err(negative(value, argument));
    }
    Ok(value as usize)
}

#[cold]
#[inline(never)]
fn negative(value: i64, argument: &str) -> Error {
    error!(Invalid, "{argument} is {value}, it must not be negative")
}

/// A size where -1 stands for all there is.
pub(super) fn size_or_rest(value: i64, argument: &str) -> Result<usize> {
    if value == -1 { Ok(usize::MAX) } else { size(value, argument) }
}

/// A size up to `most`; 0 stands for `default`.
pub(super) fn size_or(value: i64, argument: &str, default: usize, most: usize) -> Result<usize> {
    match size(value, argument)? {
        0 => Ok(default),
        size if size <= most => Ok(size),
        _ => Err(error!(Invalid, "{argument} is {value}, it must be at most {most}")),
    }
}

/// A limit; 0 stands for `default`, and what is negative for a limit of 0.
pub(super) fn limit_or(value: i64, default: usize) -> usize {
    if value == 0 { default } else { value.max(0) as usize }
}

/// A field that later versions may give a meaning.
pub(super) fn reserved<T: Extensible>(value: i64) -> Result<()> {
    if value == 0 { Ok(()) } else { Err(error!(Invalid, "{}.reserved is {value}, it must be 0", T::NAME)) }
}

/// A length of time in nanoseconds; -1 stands for all time.
pub(super) fn duration(value: i64, argument: &str) -> Result<Option<i64>> {
    match value {
        -1 => Ok(None),
        0.. => Ok(Some(value)),
        _ => Err(error!(Invalid, "{argument} is {value}, it must be -1 or at least 0")),
    }
}

/// Memory to read from.
///
/// # Safety
/// `data` is NULL or `length` bytes at it are readable as long as the result is used.
#[inline]
pub(super) unsafe fn bytes<'a>(data: *const c_void, length: i64, argument: &str) -> Result<&'a [u8]> {
    let length = size(length, "size")?;
    if length == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(null(argument));
    }
    // SAFETY: the caller's promise; an i64's worth of bytes is never more than a slice may have.
    Ok(unsafe { std::slice::from_raw_parts(data.cast(), length) })
}

/// Memory to write to.
///
/// # Safety
/// `data` is NULL or `length` bytes at it are writable as long as the result is used.
#[inline]
pub(super) unsafe fn room<'a>(data: *mut c_void, length: i64, argument: &str) -> Result<&'a mut [MaybeUninit<u8>]> {
    let length = size(length, "size")?;
    if length == 0 {
        return Ok(&mut []);
    }
    if data.is_null() {
        return Err(null(argument));
    }
    // SAFETY: as above.
    Ok(unsafe { std::slice::from_raw_parts_mut(data.cast(), length) })
}

/// Room for numbers.
///
/// # Safety
/// `numbers` is NULL or has room for `count` numbers as long as the result is used.
pub(super) unsafe fn numbers<'a>(
    numbers: *mut i64,
    count: usize,
    argument: &str,
) -> Result<&'a mut [MaybeUninit<i64>]> {
    if numbers.is_null() {
        return Err(null(argument));
    }
    // There is no memory for more than this, whatever the caller says.
    let count = count.min(isize::MAX as usize / size_of::<i64>());
    // SAFETY: the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts_mut(numbers.cast(), count) })
}

/// Where a result goes.
pub(super) struct Out<T>(NonNull<T>);

impl<T> Out<T> {
    /// # Safety
    /// `out` is NULL or writable.
    #[inline]
    pub(super) unsafe fn new(out: *mut T, argument: &str) -> Result<Self> {
        NonNull::new(out).map(Self).ok_or_else(|| null(argument))
    }

    #[inline]
    pub(super) fn set(self, value: T) -> Result<()> {
        // SAFETY: as promised to `new`.
        unsafe { self.0.write(value) };
        Ok(())
    }
}

/// Writes a result where the caller wants it.
///
/// # Safety
/// `out` is NULL or writable.
pub(super) unsafe fn set_optional<T>(out: *mut T, value: T) -> Result<()> {
    if !out.is_null() {
        // SAFETY: the caller's promise.
        unsafe { out.write(value) };
    }
    Ok(())
}

/// Where a struct goes that begins with `struct_size`, of which the caller may know less or more than this version.
pub(super) struct OutStruct<T: Extensible> {
    place: NonNull<T>,
    size: usize,
}

impl<T: Extensible> OutStruct<T> {
    /// # Safety
    /// `out` is NULL or as many bytes at it are writable as its `struct_size` says.
    pub(super) unsafe fn new(out: *mut T, argument: &str) -> Result<Self> {
        let place = NonNull::new(out).ok_or_else(|| null(argument))?;
        // SAFETY: the caller's promise.
        Ok(Self { place, size: unsafe { struct_size(out)? } })
    }

    /// Writes everything but `struct_size`; what this version does not know is zero.
    pub(super) fn set(self, value: T) -> Result<()> {
        let (head, known) = (size_of::<usize>(), self.size.min(size_of::<T>()));
        let to = self.place.as_ptr().cast::<u8>();
        // SAFETY: as promised to `new`; both begin with `struct_size`.
        unsafe {
            ptr::from_ref(&value).cast::<u8>().add(head).copy_to_nonoverlapping(to.add(head), known - head);
            to.add(known).write_bytes(0, self.size - known);
        }
        Ok(())
    }
}

/// The size that a caller gives a struct.
///
/// # Safety
/// The struct's first field is readable.
unsafe fn struct_size<T: Extensible>(given: *const T) -> Result<usize> {
    // SAFETY: the caller's promise; the struct begins with its size.
    let struct_size = unsafe { given.cast::<usize>().read_unaligned() };
    if struct_size < size_of::<usize>() { Err(wrong_size::<T>(struct_size)) } else { Ok(struct_size) }
}

#[cold]
fn wrong_size<T: Extensible>(struct_size: usize) -> Error {
    error!(Invalid, "{}.struct_size is {struct_size}, it must be set to sizeof({0})", T::NAME)
}

/// A path or a name.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string that stays as long as the result is used.
pub(super) unsafe fn string<'a>(text: *const c_char, argument: &str) -> Result<&'a CStr> {
    if text.is_null() {
        return Err(null(argument));
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { CStr::from_ptr(text) })
}

/// A path or a name, or none.
///
/// # Safety
/// As `string`.
pub(super) unsafe fn optional_string<'a>(text: *const c_char) -> Option<&'a CStr> {
    // SAFETY: the caller's promise.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) })
}

/// A pool; NULL stands for the default one.
///
/// # Safety
/// `pool` is NULL or a live handle, and stays one as long as the result is used.
#[inline]
pub(super) unsafe fn pool(pool: &*mut arrowio_pool) -> &Pool {
    if pool.is_null() {
        return current_default();
    }
    // SAFETY: the caller's promise; a handle is the pointer that C knows it by.
    unsafe { handle::as_reference(pool) }
}

/// A struct of the C interface that begins with `struct_size` and may grow: a caller built against an older header gives
/// less of it (the rest is zero), one built against a newer header gives more (which must be zero).
///
/// # Safety
/// All-zero bytes are a valid value of the type, as is whatever C puts into its fields.
pub(super) unsafe trait Extensible: Copy {
    /// What it is called in messages.
    const NAME: &'static str;
}

/// A copy of an extensible struct that must be given.
///
/// # Safety
/// As `options`.
pub(super) unsafe fn required_options<T: Extensible>(given: *const T, argument: &str) -> Result<T> {
    if given.is_null() {
        return Err(null(argument));
    }
    // SAFETY: the caller's promise.
    unsafe { options(given) }
}

/// A copy of an extensible struct; all zero for NULL.
///
/// # Safety
/// `given` is NULL or as many bytes at it are readable as its `struct_size` says.
pub(super) unsafe fn options<T: Extensible>(given: *const T) -> Result<T> {
    let mut copy = MaybeUninit::<T>::zeroed();
    if !given.is_null() {
        // SAFETY: the caller's promise.
        let struct_size = unsafe { struct_size(given)? };
        // That of no version: of a pointer that it cuts half would be the caller's.
        if !struct_size.is_multiple_of(align_of::<T>()) {
            return Err(wrong_size::<T>(struct_size));
        }
        let known = struct_size.min(size_of::<T>());
        // SAFETY: the caller's promise.
        let unknown = unsafe {
            given.cast::<u8>().copy_to_nonoverlapping(copy.as_mut_ptr().cast(), known);
            std::slice::from_raw_parts(given.cast::<u8>().add(known), struct_size - known)
        };
        if unknown.iter().any(|byte| *byte != 0) {
            return Err(error!(
                Invalid,
                "{} of {struct_size} bytes sets fields that this version does not know; it knows {} bytes",
                T::NAME,
                size_of::<T>()
            ));
        }
    }
    // SAFETY: `Extensible` promises that zeros and C's values are valid.
    Ok(unsafe { copy.assume_init() })
}
