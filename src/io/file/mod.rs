//! The one type behind every file and stream, and the behaviour that all of them share.
//!
//! A class implements `Stream`; what stands in the header about closed files, wrong directions, short reads, positions,
//! threads and error messages is done here, once.

mod messages;
mod reading;
mod turn;
mod writing;

pub(crate) use messages::Over;

use super::Capabilities;
use super::memory_cursor::MemoryCursor;
use super::state::State;
use super::statistics::Counters;
use super::stream::{RandomAccess, Stream};
use super::system_file::SystemFile;
use crate::error::{Error, Result, error, try_format};
use crate::memory::{Pool, default_pool};
use crate::shared::{Shared, try_box};
use crate::task::{Cancellable, Cancellation, Exclusive, Process};
use crate::warning::warn;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::*};

/// A counted reference to an open file or stream.
#[derive(Clone)]
#[repr(transparent)]
pub struct File(pub(crate) Shared<Inner>);

pub(crate) struct Inner {
    /// For messages: a quoted path, or what the file is made of.
    name: String,
    capabilities: Capabilities,
    needs_close: bool,
    is_descriptor: bool,
    /// A child of fork() has copies of its parent's files, and finishes none of them.
    process: Process,
    steady: bool,
    closed: AtomicBool,
    /// Whether `cursor` is read without a turn: while the file is open and nothing is counted.
    is_direct: AtomicBool,
    counters: Counters,
    /// What calls on the file stop for.
    cancellable: Cancellable,
    system: Option<Shared<dyn SystemFile>>,
    random: Option<Shared<dyn RandomAccess>>,
    cursor: Option<Shared<MemoryCursor>>,
    state: Exclusive<State>,
}

impl File {
    /// A file of a class. Small reads fetch `block_size` bytes at once.
    pub(crate) fn new<S>(stream: S, name: fmt::Arguments<'_>, pool: &Pool, block_size: usize) -> Result<Self>
    where
        S: Stream + 'static,
    {
        let name = try_format(name).ok_or_else(|| Error::out_of_memory(0))?;
        let stream: Box<dyn Stream> = try_box(stream)?;
        Shared::try_new(Inner {
            name,
            capabilities: stream.capabilities(),
            needs_close: stream.needs_close(),
            is_descriptor: stream.is_descriptor(),
            process: Process::here(),
            steady: stream.is_steady(),
            closed: AtomicBool::new(false),
            is_direct: AtomicBool::new(true),
            counters: Counters::default(),
            cancellable: Cancellable::new(),
            system: stream.system_file(),
            random: stream.random_access(),
            cursor: stream.memory_cursor(),
            state: Exclusive::new(State::new(stream, pool, block_size)),
        })
        .map(Self)
    }

    /// What the file can do.
    pub fn capabilities(&self) -> Capabilities {
        self.0.capabilities
    }

    /// What the file is called in messages.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether it is discarded where it is released without being closed.
    pub(super) fn needs_close(&self) -> bool {
        self.0.needs_close
    }

    /// Whether it is nothing but a descriptor.
    pub(super) fn is_descriptor(&self) -> bool {
        self.0.is_descriptor
    }

    /// Whether what it lends without a copy stays there; see `Stream::is_steady`.
    pub(super) fn is_steady(&self) -> bool {
        self.0.steady
    }

    /// What the operating system knows of it, or of the file beneath it.
    pub(super) fn system_file(&self) -> Option<&Shared<dyn SystemFile>> {
        self.0.system.as_ref()
    }

    #[inline]
    pub(super) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// Whether `close` or `abort` was called.
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Acquire)
    }

    /// From now on calls on this file, and on those beneath it, stop for this cancellation; those that find what they read
    /// in memory may not.
    pub fn set_cancellation(&self, cancellation: Option<Cancellation>) {
        self.0.cancellable.set(cancellation);
    }

    /// Whether both refer to one file.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.0.is_same(&other.0)
    }

    /// Checks that a layer over this file can do with it what it needs.
    pub(super) fn check_base(&self, needs: Capabilities, doing: &str) -> Result<()> {
        if self.is_closed() {
            return Err(self.unable(doing));
        }
        if self.capabilities().contains(needs) {
            return Ok(());
        }
        let how = match needs {
            Capabilities::READ => "read",
            Capabilities::WRITE => "written",
            _ => "read at offsets",
        };
        Err(error!(Invalid, "cannot {doing} {}: it cannot be {how}", self.name()))
    }

    /// Where buffers come from that are read at offsets.
    pub(super) fn pool_of_reads(&self) -> Pool {
        self.0.random.as_deref().map_or_else(default_pool, |random| random.pool().clone())
    }

    /// Marks the file as closed, in whose turn everything was taken out of it.
    pub(super) fn set_closed(&self) {
        self.stop_direct_reads();
        self.0.closed.store(true, Release);
    }

    /// From now on every read takes its turn.
    pub(super) fn stop_direct_reads(&self) {
        self.0.is_direct.store(false, Release);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if *self.closed.get_mut() || !self.process.is_here() {
            return;
        }
        if self.state.is_broken() {
            // Nothing is finished from what a panic may have left half done.
            let _ = self.state.get_mut().abort();
            return;
        }
        if self.needs_close {
            // On the way out of a failure nobody closes, and half a file must not take the place of a whole one.
            let _ = self.state.get_mut().abort();
            warn(format_args!("{} was released before it was closed: what was written is discarded", self.name));
            return;
        }
        if let Err(error) = self.state.get_mut().close() {
            warn(format_args!("{} was released before it was closed, and closing it failed: {error}", self.name));
        }
    }
}
