//! The process that something was made by, which a child of a fork is not.

use crate::error::{Result, error};
use crate::sys::process_number;

/// Held by what a child of a fork has only a copy of: its threads, its locks and what it finishes are the parent's.
#[derive(Clone, Copy)]
pub(crate) struct Process(i32);

impl Process {
    /// The calling one.
    #[inline]
    pub(crate) fn here() -> Self {
        Self(process_number())
    }

    /// Whether it is the calling one.
    #[inline]
    pub(crate) fn is_here(self) -> bool {
        self.0 == process_number()
    }

    /// In a child of a fork: what another process's threads do is not done here. Asked before a lock is taken, which a
    /// thread that is not there may hold.
    #[inline]
    pub(crate) fn check(self, what: &str) -> Result<()> {
        if self.is_here() {
            return Ok(());
        }
        Err(error!(
            Invalid,
            "the {what} was made by process {}; process {} was forked from it and has none of its threads",
            self.0,
            process_number()
        ))
    }
}
