//! What the host gives: pointers of its own and functions to call with them.

use super::error::{ARROWIO_OK, arrowio_error, arrowio_status};
use super::handle::Handle;
use crate::error::{Error, ErrorKind, Result, error};
use crate::memory::Owner;
use crate::shared::Shared;
use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Frees what `user_data` refers to. Called exactly once, on whatever thread lets go last; must not throw.
pub type arrowio_free_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// What became of a call of the host's function, which was given a place for an error.
///
/// # Safety
/// `said` is NULL or an error whose reference the host has passed on.
pub(super) unsafe fn outcome(status: arrowio_status, said: *mut arrowio_error) -> Result<()> {
    // SAFETY: the caller's promise.
    let said = NonNull::new(said).map(|said| unsafe { Error::from_raw(said) });
    match (ErrorKind::from_number(status), said) {
        _ if status == ARROWIO_OK => Ok(()),
        (Some(_), Some(error)) => Err(error),
        (Some(kind), None) => {
            let name = kind.name().to_str().unwrap_or_default();
            Err(Error::new(kind, format_args!("failed with {name} and did not say why")))
        }
        (None, Some(error)) => Err(error.context(format_args!("failed with the unknown status {status}"))),
        (None, None) => Err(error!(IoError, "failed with the unknown status {status} and did not say why")),
    }
}

/// The host's pointer, and how it is let go of once the library is done with it.
pub(super) struct HostData {
    pub(super) user_data: *mut c_void,
    free: arrowio_free_fn,
    /// Set when the constructor has succeeded; until then the pointer is the host's to free.
    adopted: AtomicBool,
}

// SAFETY: the header demands of the host that its functions may be called with the pointer on any thread.
unsafe impl Send for HostData {}
// SAFETY: as above.
unsafe impl Sync for HostData {}

impl HostData {
    pub(super) fn new(user_data: *mut c_void, free: arrowio_free_fn) -> Result<Shared<Self>> {
        Shared::try_new(Self { user_data, free, adopted: AtomicBool::new(false) })
    }

    /// Takes over: `free` runs when the last reference goes.
    pub(super) fn adopt(&self) {
        self.adopted.store(true, Relaxed);
    }
}

impl Drop for HostData {
    fn drop(&mut self) {
        if let (true, Some(free)) = (*self.adopted.get_mut(), self.free) {
            // SAFETY: the host's function with the host's pointer, once.
            unsafe { free(self.user_data) };
        }
    }
}

impl Owner for Shared<HostData> {}
