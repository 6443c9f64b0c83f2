//! Buffers that another process can be given, without a copy.

use super::buffer::{Buffer, Memory};
use super::round_up;
use crate::error::{Error, Result, error};
use crate::shared::{Shared, try_box};
use crate::sys::SharedMemory;
use std::os::fd::RawFd;

impl Buffer {
    /// A mutable buffer of `size` bytes, all zero, in memory that can be shared once it is filled.
    pub fn allocate_shared(size: usize) -> Result<Self> {
        let capacity = round_up(size)?;
        let room = Shared::memory()?;
        let memory = SharedMemory::new(size).map_err(|os_error| failed(os_error, size))?;
        Ok(Self::of_shared(room, try_box(memory)?, size, capacity, true))
    }

    /// Seals such a buffer, which becomes immutable at its place, and gives a descriptor for another process; more of them
    /// when called again. Nobody else may have a reference to it, or to a slice, the first time.
    pub fn share(&self) -> Result<RawFd> {
        let Memory::Shared(memory) = self.memory() else {
            return Err(error!(Invalid, "the buffer's memory is not of a kind that can be shared"));
        };
        if !memory.can_be_shared() {
            return Err(error!(Invalid, "the buffer was received from another process, which can share it"));
        }
        if self.is_mutable() {
            if !self.is_unique() {
                return Err(error!(Invalid, "others have references to the buffer or to slices of it"));
            }
            memory.seal().map_err(|os_error| match os_error {
                libc::EBUSY => error!(Invalid, "another process has the buffer's memory mapped for writing"),
                _ => Error::from_os(os_error),
            })?;
            self.make_immutable();
        }
        memory.duplicate().map_err(Error::from_os)
    }

    /// An immutable buffer of the memory behind `fd`, which stays the caller's and is not kept. Refused where anybody could
    /// still change the memory.
    pub fn map_shared(fd: RawFd) -> Result<Self> {
        let room = Shared::memory()?;
        let received = SharedMemory::receive(fd).map_err(|os_error| match os_error {
            libc::EINVAL => error!(Invalid, "descriptor {fd} is none of shared memory"),
            _ => Error::from_os(os_error).context(format_args!("map of the shared memory of descriptor {fd}")),
        })?;
        let (memory, size) = received.map_err(|missing| {
            error!(Invalid, "the memory of descriptor {fd} is not sealed with {missing}: it could change at any time")
        })?;
        Ok(Self::of_shared(room, try_box(memory)?, size, round_up(size)?, false))
    }
}

/// Where there is no memory the system has several names for that.
fn failed(os_error: i32, size: usize) -> Error {
    match os_error {
        libc::ENOMEM | libc::EFBIG | libc::EINVAL => Error::out_of_memory(size),
        _ => Error::from_os(os_error).context(format_args!("shared memory of {size} bytes")),
    }
}
