//! The threads of a file system, what is done on them and waited for, each time with a limit and until the host says stop, and
//! what is theirs alone.

use super::runtime;
use crate::error::{Error, ErrorKind, Result, error};
use crate::sys::{lock, now, without_signals};
use crate::task::{self, Process, check};
use futures::future::{AbortHandle, Abortable};
use std::fmt;
use std::io;
use std::mem::{ManuallyDrop, take};
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::oneshot;

const THREAD_NAME: &str = "arrowio-hdfs";

/// How long the last reference waits for threads that are in the midst of something, such as a look-up of a name.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Session {
    runtime: ManuallyDrop<Runtime>,
    /// Each thread that works has one like it, and the other end knows when all are gone.
    presence: ManuallyDrop<Sender<()>>,
    absence: Mutex<Receiver<()>>,
    process: Process,
    timeout: Option<Duration>,
}

impl Session {
    pub(super) fn new(threads: usize, timeout: Option<Duration>) -> Result<Self> {
        let runtime = runtime::start(threads, THREAD_NAME)
            .map_err(|reason| not_started(reason, format_args!("{threads} threads")))?;
        let (presence, absence) = channel();
        Ok(Self {
            runtime: ManuallyDrop::new(runtime),
            presence: ManuallyDrop::new(presence),
            absence: Mutex::new(absence),
            process: Process::here(),
            timeout,
        })
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

    /// Begins some work on a thread of its own: the client may call Kerberos' library in it, which waits for the centre and
    /// cannot be told to stop, and the threads of the runtime are to go on meanwhile. It is made there as well, for the
    /// client's futures are large and the caller's stack may be small.
    pub(super) fn begin<T, F>(&self, work: impl FnOnce() -> F + Send + 'static) -> Result<Work<T>>
    where
        T: Send + 'static,
        F: Future<Output = T>,
    {
        self.check_process()?;
        let (abort, aborted) = AbortHandle::new_pair();
        let (handle, presence) = (self.handle(), Sender::clone(&self.presence));
        let (ends, end) = oneshot::channel();
        let main = move || {
            // The other end is to know only when nothing of the runtime is left here.
            let (_presence, handle) = (presence, handle);
            let done =
                catch_unwind(AssertUnwindSafe(|| handle.block_on(async { Abortable::new(work(), aborted).await })));
            // Nobody may be waiting any more.
            let _ = match done {
                Ok(Ok(value)) => ends.send(Ok(value)),
                Ok(Err(aborted)) => ends.send(Err(error!(Internal, "{aborted}"))),
                Err(payload) => ends.send(Err(Error::from_panic(payload))),
            };
        };
        let started = without_signals(|| thread::Builder::new().name(THREAD_NAME.to_owned()).spawn(main));
        let thread = started.map_err(|reason| not_started(reason, format_args!("a thread")))?;
        Ok(Work { end, abort: Some(abort), thread: Some(thread) })
    }

    /// Has some work done. `None`: it was not done within the limit, and is given up. What the client panics with becomes an
    /// error.
    pub(super) fn run<T, F>(
        &self,
        limit: Option<Duration>,
        work: impl FnOnce() -> F + Send + 'static,
    ) -> Result<Option<T>>
    where
        T: Send + 'static,
        F: Future<Output = T>,
    {
        check()?;
        self.begin(work)?.wait(self, limit)
    }

    /// Waits for what is done on other threads. `None`: it did not end within the limit.
    ///
    /// The calling thread looks at the clock itself. The threads of the runtime, which could tell it as well, may all be held
    /// by Kerberos' library.
    pub(super) fn wait<T>(&self, limit: Option<Duration>, end: impl Future<Output = T>) -> Result<Option<T>> {
        self.check_process()?;
        let until = limit.map(|limit| now().saturating_add(i64::try_from(limit.as_nanos()).unwrap_or(i64::MAX)));
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(bell.clone());
        let mut end = pin!(end);
        loop {
            check()?;
            if let Poll::Ready(value) = end.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Ok(Some(value));
            }
            let mut is_rung = lock(&bell.is_rung);
            while !take(&mut *is_rung) {
                check()?;
                if until.is_some_and(|until| now() >= until) {
                    return Ok(None);
                }
                is_rung = task::wait(&bell.signal, is_rung, until);
            }
        }
    }

    #[cold]
    pub(super) fn late(&self) -> Error {
        let limit = self.timeout.unwrap_or(Duration::MAX).as_secs_f32();
        Error::with_os_error(ErrorKind::TimedOut, libc::ETIMEDOUT, format_args!("no answer came within {limit} s"))
    }
}

#[cold]
fn not_started(reason: io::Error, what: fmt::Arguments) -> Error {
    let error = Error::from_os(reason.raw_os_error().unwrap_or(libc::EAGAIN));
    error.context(format_args!("start of {what}"))
}

/// What wakes a thread that waits.
#[derive(Default)]
struct Bell {
    is_rung: Mutex<bool>,
    signal: Condvar,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *lock(&self.is_rung) = true;
        self.signal.notify_one();
    }
}

/// What is done on a thread of its own, and given up when this is dropped.
pub(super) struct Work<T> {
    end: oneshot::Receiver<Result<T>>,
    /// `None`: it goes on.
    abort: Option<AbortHandle>,
    /// Until its end has been waited for.
    thread: Option<thread::JoinHandle<()>>,
}

impl<T> Work<T> {
    /// `None`: it did not end within the limit. After that, and after the host has said stop, it can be waited for again.
    pub(super) fn wait(&mut self, session: &Session, limit: Option<Duration>) -> Result<Option<T>> {
        let Some(ended) = session.wait(limit, &mut self.end)? else { return Ok(None) };
        if let Some(thread) = self.thread.take() {
            // It has nothing more to do.
            let _ = thread.join();
        }
        match ended {
            Ok(ended) => ended.map(Some),
            Err(gone) => Err(error!(Internal, "{gone}")),
        }
    }

    /// Leaves it to itself.
    pub(super) fn go_on(mut self) {
        self.abort = None;
    }

    /// Gives it up, and waits a moment until all that it had is dropped.
    pub(super) fn stop(mut self, session: &Session) {
        self.give_up();
        if self.thread.is_some() {
            let _ = self.wait(session, Some(PATIENCE));
        }
    }

    fn give_up(&self) {
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }
}

impl<T> Drop for Work<T> {
    fn drop(&mut self) {
        self.give_up();
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
        // SAFETY: neither is used again.
        let (runtime, presence) =
            unsafe { (ManuallyDrop::take(&mut self.runtime), ManuallyDrop::take(&mut self.presence)) };
        let begin = Instant::now();
        drop(presence);
        let _ = lock(&self.absence).recv_timeout(PATIENCE);
        runtime.shutdown_timeout(PATIENCE.saturating_sub(begin.elapsed()));
    }
}
