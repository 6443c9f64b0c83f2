//! Copies of memory that may be gone: what was mapped of a file that another process has cut, or whose disk is full. To
//! touch it raises SIGBUS. With a fault guard a copy ends there; without one the system copies, which gives an errno instead.

use super::fault_guard;
use super::{LARGEST_TRANSFER, OsResult, retry};
use std::mem::MaybeUninit;

/// Overlapping ranges go through memory of this size, from the end.
const BOUNCE: usize = 4096;

/// Which side of a copy may be gone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mapped {
    Source,
    Target,
}

/// Copies from memory that may be gone and gives how many bytes came before the first that is. The errno is EPERM or ENOSYS
/// where there is no fault guard and the system forbids the call that is needed then.
///
/// # Safety
/// `size` bytes at `from` are readable, but for what is gone of a mapped file, and as many writable at `to`. They do not
/// overlap, or the bytes that come are any.
#[inline]
pub(crate) unsafe fn copy_from_mapped(from: *const u8, to: *mut u8, size: usize) -> OsResult<usize> {
    // SAFETY: the caller's promise.
    unsafe { copy(from, to, size, Mapped::Source) }
}

/// Copies to memory that may be gone, and from such memory, and gives how many bytes went before the first that is.
///
/// # Safety
/// `size` bytes at `from` are readable and as many writable at `to`, but for what is gone of a mapped file.
#[inline]
pub(crate) unsafe fn copy_to_mapped(from: *const u8, to: *mut u8, size: usize) -> OsResult<usize> {
    if from.addr().abs_diff(to.addr()) < size {
        // SAFETY: the caller's promise.
        return unsafe { copy_overlapping(from, to, size) };
    }
    // SAFETY: the caller's promise.
    unsafe { copy(from, to, size, Mapped::Target) }
}

/// Whether a byte can be read; `false` if it is gone.
pub(crate) fn is_there(byte: *const u8) -> bool {
    let mut copy = MaybeUninit::<u8>::uninit();
    // SAFETY: neither way of copying minds an address at which nothing is.
    unsafe { copy_from_mapped(byte, copy.as_mut_ptr(), 1) == Ok(1) }
}

/// # Safety
/// As `copy_from_mapped`.
#[inline]
unsafe fn copy(from: *const u8, to: *mut u8, size: usize, mapped: Mapped) -> OsResult<usize> {
    if fault_guard::is_on() {
        // SAFETY: the caller's promise.
        return match unsafe { fault_guard::copy(to, from, size) } {
            0 => Ok(size),
            // SAFETY: the caller's promise.
            left => Ok(unsafe { last_copied(from, to, size - left) }),
        };
    }
    // SAFETY: the caller's promise.
    unsafe { copy_by_system(from, to, size, mapped) }
}

/// How many bytes a copy that ended after about `done` has copied: valgrind counts the one that it could not copy.
///
/// # Safety
/// As `copy_from_mapped`, with `done` for the size.
#[cold]
unsafe fn last_copied(from: *const u8, to: *mut u8, done: usize) -> usize {
    let Some(last) = done.checked_sub(1) else { return 0 };
    // SAFETY: inside the ranges.
    let left = unsafe { fault_guard::copy(to.add(last), from.add(last), 1) };
    done - left
}

/// A debugger's way into the memory of another process, here our own: what is gone is EFAULT.
///
/// # Safety
/// As `copy_from_mapped`.
#[inline(never)]
unsafe fn copy_by_system(from: *const u8, to: *mut u8, size: usize, mapped: Mapped) -> OsResult<usize> {
    let mut done = 0;
    while done < size {
        let piece = (size - done).min(LARGEST_TRANSFER);
        let iov_of = |base: *mut u8| libc::iovec { iov_base: base.wrapping_add(done).cast(), iov_len: piece };
        let (source, target) = (iov_of(from.cast_mut()), iov_of(to));
        // SAFETY: the caller's promise; the system touches nothing outside the two ranges.
        let moved = retry(|| unsafe {
            match mapped {
                Mapped::Source => libc::process_vm_readv(libc::getpid(), &target, 1, &source, 1, 0),
                Mapped::Target => libc::process_vm_writev(libc::getpid(), &source, 1, &target, 1, 0),
            }
        });
        match moved {
            Ok(0) | Err(libc::EFAULT) => break,
            Ok(moved) => done += moved,
            Err(os_error) => return Err(os_error),
        }
    }
    Ok(done)
}

/// From the end, or from the start, whichever reads every byte before it is written over. Where that is from the end, a
/// failure counts nothing as copied.
///
/// # Safety
/// As `copy_to_mapped`.
#[cold]
#[inline(never)]
unsafe fn copy_overlapping(from: *const u8, to: *mut u8, size: usize) -> OsResult<usize> {
    let mut bounce = MaybeUninit::<[u8; BOUNCE]>::uninit();
    let bounce = bounce.as_mut_ptr().cast::<u8>();
    let backwards = from.addr() < to.addr();
    let mut done = 0;
    while done < size {
        let piece = (size - done).min(BOUNCE);
        let at = if backwards { size - done - piece } else { done };
        // SAFETY: inside the ranges, and the memory between is our own.
        let moved = unsafe {
            match copy(from.add(at), bounce, piece, Mapped::Source)? {
                fetched if fetched == piece => copy(bounce, to.add(at), piece, Mapped::Target)?,
                _ => 0,
            }
        };
        if moved < piece {
            return Ok(if backwards { 0 } else { done + moved });
        }
        done += piece;
    }
    Ok(size)
}
