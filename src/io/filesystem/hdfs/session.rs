//! The threads of a file system, what waits for them, each call with a deadline for every answer, until the host says stop, and
//! what is theirs alone.

use super::room;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::{LOOKS_EVERY, is_interruptible, without_signals};
use crate::task::{Process, check};
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::timeout;

/// How long the last reference waits for threads that are in the midst of something, such as a look-up of a name.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Session {
    runtime: ManuallyDrop<Runtime>,
    process: Process,
    timeout: Option<Duration>,
}

impl Session {
    pub(super) fn new(threads: usize, timeout: Option<Duration>) -> Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(threads).thread_name("arrowio-hdfs").on_thread_start(room::keep).enable_all();
        let runtime = without_signals(|| builder.build());
        let runtime = runtime.map_err(|error| {
            let error = Error::from_os(error.raw_os_error().unwrap_or(libc::EAGAIN));
            error.context(format_args!("start of {threads} threads"))
        })?;
        Ok(Self { runtime: ManuallyDrop::new(runtime), process: Process::here(), timeout })
    }

    pub(super) fn handle(&self) -> Handle {
        self.runtime.handle().clone()
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// In a child of a fork nothing can be waited for.
    pub(super) fn check_process(&self) -> Result<()> {
        self.process.check("file system")
    }

    /// Has some work done and waits for its end, or for the host's word to stop, which drops it. What the client panics with
    /// becomes an error.
    pub(super) fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.check_process()?;
        let run = || {
            self.runtime.block_on(async {
                let mut work = pin!(work);
                loop {
                    check()?;
                    if !is_interruptible() {
                        return work.await;
                    }
                    if let Ok(result) = timeout(LOOKS_EVERY, &mut work).await {
                        return result;
                    }
                }
            })
        };
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| Err(Error::from_panic(payload)))
    }

    /// Whatever comes of it within the deadline.
    pub(super) async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        self.within(self.timeout, work).await.ok_or_else(|| self.late())
    }

    /// Whatever comes of it within a limit, if there is one.
    pub(super) async fn within<T>(&self, limit: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
        match limit {
            Some(limit) => timeout(limit, work).await.ok(),
            None => Some(work.await),
        }
    }

    #[cold]
    pub(super) fn late(&self) -> Error {
        let limit = self.timeout.unwrap_or(Duration::MAX).as_secs_f32();
        Error::with_os_error(ErrorKind::TimedOut, libc::ETIMEDOUT, format_args!("no answer came within {limit} s"))
    }
}

/// What a child of a fork neither uses nor gives back: its connections, and the locks in it, are the parent's.
pub(super) struct Own<T> {
    value: ManuallyDrop<T>,
    process: Process,
}

impl<T> Own<T> {
    pub(super) fn new(value: T) -> Self {
        Self { value: ManuallyDrop::new(value), process: Process::here() }
    }

    pub(super) fn into_inner(mut self) -> T {
        // SAFETY: not used again: `self` is forgotten, so that it is not dropped.
        let value = unsafe { ManuallyDrop::take(&mut self.value) };
        std::mem::forget(self);
        value
    }
}

impl<T> Deref for Own<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Own<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T> Drop for Own<T> {
    fn drop(&mut self) {
        if self.process.is_here() {
            // SAFETY: not used again.
            unsafe { ManuallyDrop::drop(&mut self.value) };
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.process.is_here() {
            // None of its threads is here to be ended.
            return;
        }
        // SAFETY: not used again.
        let runtime = unsafe { ManuallyDrop::take(&mut self.runtime) };
        runtime.shutdown_timeout(PATIENCE);
    }
}
