//! What the operating system knows of a file.

use super::Capabilities;
use super::file::File;
use crate::error::{Result, error};
use crate::sys::{Descriptor, Metadata};
use crate::task::UntilClosed;
use std::ffi::CStr;
use std::os::fd::{AsRawFd, RawFd};

/// What the operating system knows of a file, asked on any thread at any time.
pub(crate) trait SystemFile: Send + Sync {
    /// As it was opened.
    fn path(&self) -> Option<&CStr>;

    /// What it is open by; `None`: it is a file of another machine.
    fn open_descriptor(&self) -> Option<&UntilClosed<Descriptor>>;

    /// Whether it is a terminal; nothing is after it is closed.
    fn is_terminal(&self) -> bool {
        let ask = |descriptor: &UntilClosed<Descriptor>| descriptor.with(|descriptor| Ok(descriptor.is_terminal()));
        self.open_descriptor().is_some_and(|descriptor| ask(descriptor).unwrap_or(false))
    }
}

impl File {
    /// The path that it, or the file of the operating system beneath it, was opened by.
    pub fn path(&self) -> Option<&CStr> {
        self.system_file()?.path()
    }

    /// Whether it is a terminal, or a layer over one.
    pub fn is_terminal(&self) -> bool {
        !self.is_closed() && self.system_file().is_some_and(|system| system.is_terminal())
    }

    /// Its descriptor, or that of the file beneath it, which stays the file's.
    pub fn descriptor(&self) -> Result<RawFd> {
        self.ask_system("give the descriptor of", |system| system.with(|descriptor| Ok(descriptor.as_raw_fd())))
    }

    /// What the system knows of it, or of the file beneath it.
    pub fn metadata(&self) -> Result<Metadata> {
        self.ask_system("give the metadata of", |system| system.call(Descriptor::metadata))
    }

    fn ask_system<T>(&self, doing: &str, ask: impl FnOnce(&UntilClosed<Descriptor>) -> Result<T>) -> Result<T> {
        self.check(doing, Capabilities::NONE)?;
        let Some(descriptor) = self.system_file().and_then(|system| system.open_descriptor()) else {
            return Err(error!(Invalid, "cannot {doing} {}: it is no file of the operating system", self.name()));
        };
        ask(descriptor).map_err(|error| self.refused(error, doing))
    }
}
