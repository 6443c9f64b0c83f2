//! What file systems tell of files.

use crate::error::{Error, ErrorKind, Quoted, Result};
use crate::shared::Shared;
use crate::sys::{FileKind, PathText};
use crate::task::{Exclusive, Process};
use std::ffi::CStr;

/// A counted reference to what was known of a path when it was asked for. Never changes.
#[derive(Clone)]
#[repr(transparent)]
pub struct FileInfo(pub(crate) Shared<Details>);

/// What is known of a path. Times are nanoseconds since 1970.
pub(crate) struct Details {
    pub(crate) path: PathText,
    pub(crate) kind: FileKind,
    pub(crate) size: i64,
    pub(crate) permissions: u32,
    pub(crate) owner: PathText,
    pub(crate) group: PathText,
    pub(crate) modified: i64,
    pub(crate) accessed: i64,
    /// How many copies of it there are.
    pub(crate) replication: u32,
    pub(crate) block_size: i64,
}

impl FileInfo {
    pub(super) fn new(details: Details) -> Result<Self> {
        Shared::try_new(details).map(Self)
    }

    /// As it was asked for, or as it was found in the directory asked for.
    pub fn path(&self) -> &CStr {
        self.0.path.as_c_str()
    }

    /// What it is.
    pub fn kind(&self) -> FileKind {
        self.0.kind
    }

    /// Bytes.
    pub fn size(&self) -> i64 {
        self.0.size
    }
}

/// What is in a directory, one after another.
pub(crate) trait Entries: Send {
    /// `None`: that was all.
    fn next(&mut self) -> Result<Option<FileInfo>>;
}

/// A counted reference to what is in a directory, given bit by bit.
#[derive(Clone)]
#[repr(transparent)]
pub struct Listing(pub(crate) Shared<Progress>);

pub(crate) struct Progress {
    process: Process,
    state: Exclusive<State>,
}

pub(crate) struct State {
    entries: Box<dyn Entries>,
    /// Of the directory, in messages.
    name: PathText,
    end: Option<Result<()>>,
}

impl Listing {
    pub(super) fn new(entries: Box<dyn Entries>, name: PathText) -> Result<Self> {
        let state = Exclusive::new(State { entries, name, end: None });
        Shared::try_new(Progress { process: Process::here(), state }).map(Self)
    }

    /// The next one; `None`: that was all. After an error it gives that again, unless it was cancelled or timed out.
    pub fn next(&self) -> Result<Option<FileInfo>> {
        self.0.process.check("listing")?;
        let mut state = self.0.state.hold()?;
        if let Some(end) = &state.end {
            return end.clone().map(|()| None);
        }
        let next = state.entries.next();
        let next = next.map_err(|error| error.context(format_args!("cannot list {}", Quoted(state.name.bytes()))));
        match &next {
            Ok(Some(_)) => {}
            Ok(None) => state.end = Some(Ok(())),
            Err(error) if matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::TimedOut) => {}
            Err(error) => state.end = Some(Err(Error::clone(error))),
        }
        next
    }
}
