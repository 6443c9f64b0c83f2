//! Memory that another process can be given, once nobody can change it any more.

use super::descriptor::Descriptor;
use super::{OsResult, retry};
use std::ffi::c_int;
use std::os::fd::{AsRawFd, RawFd};
use std::ptr::{self, NonNull};

/// What is forbidden to everybody once memory is sealed.
const ALL_SEALS: c_int = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_WRITE | libc::F_SEAL_SEAL;

/// Without these, what is mapped may change, and go away under its reader.
const NEEDED_SEALS: [(c_int, &str); 2] = [(libc::F_SEAL_WRITE, "F_SEAL_WRITE"), (libc::F_SEAL_SHRINK, "F_SEAL_SHRINK")];

/// Memory of a file that is nowhere but in memory, mapped; unmapped when dropped.
pub(crate) struct SharedMemory {
    address: NonNull<u8>,
    /// At least a byte, so that there is an address.
    mapped: usize,
    /// To hand over; `None` where the memory was received.
    file: Option<Descriptor>,
}

// SAFETY: an address of memory that is ours and a descriptor; neither belongs to a thread.
unsafe impl Send for SharedMemory {}
// SAFETY: as above; nothing here is changed through a shared reference but the protection, and that only once.
unsafe impl Sync for SharedMemory {}

impl SharedMemory {
    /// New memory of `size` bytes, all zero, for reading and writing.
    pub(crate) fn new(size: usize) -> OsResult<Self> {
        let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
        // SAFETY: the name is NUL-terminated.
        let fd = retry(|| unsafe { libc::memfd_create(c"arrowio".as_ptr(), flags) } as isize)?;
        let file = Descriptor::take(fd as RawFd);
        file.truncate(i64::try_from(size).map_err(|_| libc::ENOMEM)?)?;
        let mapped = size.max(1);
        let address =
            map(ptr::null_mut(), mapped, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, file.as_raw_fd())?;
        Ok(Self { address, mapped, file: Some(file) })
    }

    /// The memory behind `fd`, which is not kept, for reading, and its size. The seals that it lacks are told, if any.
    pub(crate) fn receive(fd: RawFd) -> OsResult<std::result::Result<(Self, usize), &'static str>> {
        let file = Descriptor::borrow(fd);
        // SAFETY: asks only.
        let seals = retry(|| unsafe { libc::fcntl(fd, libc::F_GET_SEALS) } as isize)? as c_int;
        if let Some((_, missing)) = NEEDED_SEALS.iter().find(|(seal, _)| seals & seal == 0) {
            return Ok(Err(missing));
        }
        let size = file.metadata()?.size as usize;
        let mapped = size.max(1);
        let address = map(ptr::null_mut(), mapped, libc::PROT_READ, libc::MAP_PRIVATE, fd)?;
        Ok(Ok((Self { address, mapped, file: None }, size)))
    }

    /// The first byte.
    pub(crate) fn data(&self) -> NonNull<u8> {
        self.address
    }

    /// Makes the memory, at its place, such that nobody can write to it any more, in this process or another. Where that
    /// fails it is as before; EBUSY: somebody else has mapped it for writing.
    pub(crate) fn seal(&self) -> OsResult<()> {
        let file = self.file()?;
        let protect = |protection, flags| {
            let flags = flags | libc::MAP_FIXED;
            map(self.address.as_ptr().cast(), self.mapped, protection, flags, file.as_raw_fd()).map(drop)
        };
        // A private map of it can be no reason not to seal, and shows the same pages.
        protect(libc::PROT_READ, libc::MAP_PRIVATE)?;
        // SAFETY: no memory involved.
        let sealed = retry(|| unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, ALL_SEALS) } as isize);
        sealed.map(drop).inspect_err(|_| {
            // Nothing was unmapped that would have to be found again; this needs no more than there was.
            let _ = protect(libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        })
    }

    /// One more descriptor, the caller's, not inherited across exec.
    pub(crate) fn duplicate(&self) -> OsResult<RawFd> {
        let fd = self.file()?.as_raw_fd();
        // SAFETY: no memory involved. Not one of the standard streams', should these be closed.
        retry(|| unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3) } as isize).map(|fd| fd as RawFd)
    }

    /// Whether it was made here.
    pub(crate) fn can_be_shared(&self) -> bool {
        self.file.is_some()
    }

    fn file(&self) -> OsResult<&Descriptor> {
        self.file.as_ref().ok_or(libc::EBADF)
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: mapped by this type, and nobody uses it any more.
        unsafe { libc::munmap(self.address.as_ptr().cast(), self.mapped) };
    }
}

fn map(place: *mut libc::c_void, size: usize, protection: c_int, flags: c_int, fd: RawFd) -> OsResult<NonNull<u8>> {
    // SAFETY: a place of the system's choice, or one that the caller has mapped and whose bytes stay the same.
    let address = unsafe { libc::mmap(place, size, protection, flags, fd, 0) };
    if address == libc::MAP_FAILED {
        return Err(super::errno());
    }
    NonNull::new(address.cast()).ok_or(libc::ENOMEM)
}
