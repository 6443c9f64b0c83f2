//! What several threads use at once until one of them closes it.

use crate::error::{Error, Result, error};
use crate::sys::{Descriptor, read_lock, write_lock};
use std::sync::{RwLock, RwLockWriteGuard};

/// A value that any number of threads use until it is taken away. Taking it away waits for those that use it.
pub(crate) struct UntilClosed<T>(RwLock<Option<T>>);

impl<T> UntilClosed<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(RwLock::new(Some(value)))
    }

    /// Uses the value.
    #[inline]
    pub(crate) fn with<R>(&self, call: impl FnOnce(&T) -> Result<R>) -> Result<R> {
        let value = read_lock(&self.0);
        value.as_ref().map_or_else(|| Err(closed()), call)
    }

    /// The value for one thread alone, which may take or replace it.
    pub(crate) fn exclusively(&self) -> RwLockWriteGuard<'_, Option<T>> {
        write_lock(&self.0)
    }
}

impl UntilClosed<Descriptor> {
    /// Uses the descriptor; what the system refuses with becomes an error.
    #[inline]
    pub(crate) fn call<T>(&self, call: impl FnOnce(&Descriptor) -> std::result::Result<T, i32>) -> Result<T> {
        self.with(|descriptor| call(descriptor).map_err(Error::from_os))
    }

    /// Waits for those that use the descriptor, then closes it.
    pub(crate) fn close(&self) -> Result<()> {
        let descriptor = self.exclusively().take();
        descriptor.map_or(Ok(()), |mut descriptor| descriptor.close()).map_err(Error::from_os)
    }
}

/// Said to a call that comes while another thread closes the file.
#[cold]
pub(crate) fn closed() -> Error {
    error!(Closed, "it was closed meanwhile")
}
