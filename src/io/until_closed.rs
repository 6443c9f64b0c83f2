//! What several threads use at once until one of them closes it.

use crate::error::{Error, Result, error};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

/// A value that any number of threads use until it is taken away. Taking it away waits for those that use it.
pub(crate) struct UntilClosed<T>(RwLock<Option<T>>);

impl<T> UntilClosed<T> {
    pub(super) fn new(value: T) -> Self {
        Self(RwLock::new(Some(value)))
    }

    /// Uses the value.
    #[inline]
    pub(super) fn with<R>(&self, call: impl FnOnce(&T) -> Result<R>) -> Result<R> {
        let value = self.0.read().unwrap_or_else(PoisonError::into_inner);
        value.as_ref().map_or_else(|| Err(closed()), call)
    }

    /// The value for one thread alone, which may take or replace it.
    pub(super) fn exclusively(&self) -> RwLockWriteGuard<'_, Option<T>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Said to a call that comes while another thread closes the file.
#[cold]
pub(super) fn closed() -> Error {
    error!(Closed, "it was closed meanwhile")
}
