//! What is said of a call that was refused or failed: the file's name, the place and the numbers.

use super::File;
use super::reading::ALL;
use crate::error::{Error, error};
use crate::io::Capabilities;
use crate::io::state::State;
use crate::io::transfer::Stopped;
use std::fmt;

impl File {
    #[cold]
    #[inline(never)]
    pub(super) fn unable(&self, doing: &str) -> Error {
        if self.is_closed() {
            return error!(Closed, "cannot {doing} {}: it is closed", self.name());
        }
        let can = self.0.capabilities;
        let mode = match (can.contains(Capabilities::READ), can.contains(Capabilities::WRITE)) {
            (true, true) => "reading and writing",
            (true, false) => "reading only",
            _ => "writing only",
        };
        let seekable = if can.contains(Capabilities::SEEK) { "" } else { ", without seeking" };
        error!(Invalid, "cannot {doing} {}: it is open for {mode}{seekable}", self.name())
    }

    #[cold]
    #[inline(never)]
    pub(in crate::io) fn refused(&self, error: Error, doing: &str) -> Error {
        error.context(format_args!("cannot {doing} {}", self.name()))
    }

    #[cold]
    #[inline(never)]
    pub(super) fn failed(&self, state: &State, error: Error, doing: &str, size: Option<usize>) -> Error {
        let name = self.name();
        match (size, state.tell()) {
            (Some(ALL), Ok(at)) => error.context(format_args!("{doing} of everything from offset {at} on of {name}")),
            (Some(size), Ok(at)) => error.context(format_args!("{doing} of {size} bytes at offset {at} of {name}")),
            (Some(size), Err(_)) => error.context(format_args!("{doing} of {size} bytes of {name}")),
            (None, Ok(at)) => error.context(format_args!("{doing} at offset {at} of {name}")),
            (None, Err(_)) => error.context(format_args!("{doing} of {name}")),
        }
    }

    /// What is said of a transfer, whose position is now behind what got through.
    #[cold]
    #[inline(never)]
    pub(super) fn stopped(&self, state: &State, stopped: Stopped, doing: &str, size: usize) -> Stopped {
        let Stopped { error, after } = stopped;
        let (error, name) = (short(error, after, size), self.name());
        let error = match state.tell() {
            Ok(at) => error.context(format_args!("{doing} of {size} bytes at offset {} of {name}", at - after as i64)),
            Err(_) => error.context(format_args!("{doing} of {size} bytes of {name}")),
        };
        Stopped { error, after }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn failed_at(&self, error: Error, doing: &str, offset: usize, size: usize) -> Error {
        error.context(format_args!("{doing} of {size} bytes at offset {offset} of {}", self.name()))
    }
}

pub(super) fn short(error: Error, after: usize, size: usize) -> Error {
    if after == 0 { error } else { error.context(format_args!("after {after} of {size} bytes")) }
}

/// What a layer over another file is called in messages.
pub(crate) struct Over<'a>(pub &'a str, pub &'a File);

impl fmt::Display for Over<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the {} stream over {}", self.0, self.1.name())
    }
}
