//! Reads at offsets that call the host: any number at once, until the file is closed.

use super::exclusive::reentry;
use super::until_closed::closed;
use crate::error::{Error, Result};
use crate::sys::{lock, thread_token};
use std::sync::{Condvar, Mutex, MutexGuard};

/// The threads that are in a read. Unlike `UntilClosed` it holds no lock meanwhile and knows the threads, so that a host
/// that comes back out of its function is told so instead of waiting for itself.
pub(crate) struct Readers {
    threads: Mutex<Threads>,
    left: Condvar,
}

struct Threads {
    inside: Vec<usize>,
    ended: bool,
}

/// A thread that is in a read.
pub(crate) struct Reader<'a>(&'a Readers);

impl Readers {
    pub(crate) fn new() -> Self {
        Self { threads: Mutex::new(Threads { inside: Vec::new(), ended: false }), left: Condvar::new() }
    }

    fn threads(&self) -> MutexGuard<'_, Threads> {
        lock(&self.threads)
    }

    /// Begins a read.
    pub(crate) fn enter(&self) -> Result<Reader<'_>> {
        let mut threads = self.threads();
        threads.check_entry()?;
        if threads.ended {
            return Err(closed());
        }
        threads.inside.try_reserve(1).map_err(|_| Error::out_of_memory(size_of::<usize>()))?;
        threads.inside.push(thread_token());
        Ok(Reader(self))
    }

    /// Refuses a call from within a read.
    pub(crate) fn check_entry(&self) -> Result<()> {
        self.threads().check_entry()
    }

    /// Waits for the reads that are under way, whatever the thread's work is to stop for, and lets no further one begin; where
    /// `check_entry` fails nothing has changed.
    pub(crate) fn end_reads(&self) -> Result<()> {
        let mut threads = self.threads();
        threads.check_entry()?;
        threads.ended = true;
        while !threads.inside.is_empty() {
            threads = super::wait(&self.left, threads, None);
        }
        Ok(())
    }
}

impl Threads {
    fn check_entry(&self) -> Result<()> {
        if self.inside.contains(&thread_token()) { Err(reentry()) } else { Ok(()) }
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let mut threads = self.0.threads();
        let me = thread_token();
        threads.inside.retain(|thread| *thread != me);
        if threads.inside.is_empty() {
            self.0.left.notify_all();
        }
    }
}
