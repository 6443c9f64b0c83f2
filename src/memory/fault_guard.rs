//! The fault guard as its owners have it.

use crate::error::{Error, Result, error};
use crate::shared::Shared;
use crate::sys;

/// A reference to the process's fault guard; with the last one it is gone.
#[derive(Clone)]
#[repr(transparent)]
pub struct FaultGuard(#[allow(dead_code, reason = "held to be dropped")] pub(crate) Shared<Share>);

/// One of those who want the guard.
pub(crate) struct Share(());

impl FaultGuard {
    /// Installs the handler, unless it is there.
    pub fn new() -> Result<Self> {
        if !sys::FAULT_GUARD_EXISTS {
            return Err(error!(NotImplemented, "there is no fault guard for {} processors", std::env::consts::ARCH));
        }
        let memory = Shared::memory()?;
        sys::add_fault_guard().map_err(Error::from_os)?;
        Ok(Self(Shared::new_in(memory, Share(()))))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        sys::remove_fault_guard();
    }
}
