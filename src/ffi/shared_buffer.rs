//! Buffers that another process is given.

use super::arguments::{self, Out};
use super::buffer::arrowio_buffer;
use super::error::{arrowio_error, arrowio_status};
use super::guard;
use super::handle::{self, Slot};
use crate::memory::Buffer;
use std::ffi::c_int;

/// Makes a mutable buffer whose memory, once filled, arrowio_buffer_share can hand to another process without a copy. Its
/// memory comes from the system and is counted by no pool. Its size does not change.
///
/// \param size        bytes, at least 0; all are zero.
/// \param out_buffer  the buffer; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_CAPACITY_ERROR (more than there are addresses),
///         ARROWIO_IO_ERROR (with errno; EMFILE without a free descriptor), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. The buffer has one descriptor. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_allocate_shared(
    size: i64,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        out.set(Buffer::allocate_shared(arguments::size(size, "size")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Seals a buffer from arrowio_buffer_allocate_shared and gives a descriptor of its memory to hand to another process, by
/// SCM_RIGHTS or fork(2), which maps it with arrowio_buffer_map_shared. The memory stays at its address and can be read there
/// all the time; nobody can write to it or change its size any more, in any process: the buffer is immutable, and writing to
/// an address of it that was kept is a fault (SIGSEGV). When it is shared already this gives one more descriptor.
///
/// \param buffer     the buffer. The first time the caller has the only reference, and there is no slice of it.
/// \param out_fd     the descriptor, not inherited across exec. Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, another kind of buffer, other references, a forked child that still has the
///         memory), ARROWIO_IO_ERROR (with errno; EMFILE without a free descriptor), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL. On failure the buffer is as mutable as before, unless only the descriptor was not to be had.
///
/// Ownership: the descriptor is the caller's to close; the memory lives as long as any buffer, descriptor or process has it.
/// Threads: the first time only while no other thread writes to the buffer or takes references. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_share(
    buffer: *mut arrowio_buffer,
    out_fd: *mut c_int,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_fd, "out_fd")?;
        out.set(handle::borrow::<Buffer>(buffer, "buffer")?.share()?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes an immutable buffer of the memory behind a descriptor from arrowio_buffer_share, or of any memfd that is sealed
/// against writing and shrinking, without a copy. What the sender does afterwards, or that it ends, changes nothing.
///
/// \param fd          the descriptor.
/// \param out_buffer  the buffer, as large as the memory is; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, no descriptor of shared memory, one that lacks F_SEAL_WRITE or F_SEAL_SHRINK,
///         so that the memory could change), ARROWIO_IO_ERROR (with errno; EBADF for no descriptor), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it does not keep the descriptor, which stays the caller's. Threads: any.
/// Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_map_shared(
    fd: c_int,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        out.set(Buffer::map_shared(fd)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
