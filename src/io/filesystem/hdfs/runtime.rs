//! A runtime with all of its threads, or none.
//!
//! Where the system refuses a thread tokio panics, waits for ever for those that it has started, and keeps its memory and its
//! descriptors. So it is tried first whether there are so many to be had; and where one was taken in between, those that have
//! started end by themselves, and only the memory and the descriptors are lost.

use crate::sys::{lock, without_signals};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

pub(super) fn start(threads: usize, name: &str) -> io::Result<Runtime> {
    without_signals(|| {
        try_threads(threads)?;
        let launch = Arc::new(Launch::default());
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(threads).thread_name(name).enable_all();
        builder.on_thread_start({
            let launch = launch.clone();
            move || launch.wait()
        });
        let built = catch_unwind(AssertUnwindSafe(|| builder.build()));
        let runtime = built.unwrap_or_else(|_panic| Err(refused()))?;
        if launch.is_complete() { Ok(runtime) } else { Err(refused()) }
    })
}

fn refused() -> io::Error {
    io::Error::from_raw_os_error(libc::EAGAIN)
}

/// Starts so many threads at once and ends them.
fn try_threads(count: usize) -> io::Result<()> {
    let gate = Arc::new(Mutex::new(()));
    let closed = lock(&gate);
    let start = || {
        let gate = gate.clone();
        thread::Builder::new().spawn(move || drop(lock(&gate)))
    };
    let (started, refused): (Vec<_>, Vec<_>) = (0..count).map(|_| start()).partition(io::Result::is_ok);
    drop(closed);
    // They have nothing to say.
    started.into_iter().flatten().for_each(|thread| drop(thread.join()));
    // The system counts them for a moment longer.
    thread::sleep(Duration::from_millis(1));
    refused.into_iter().flat_map(io::Result::err).next().map_or(Ok(()), Err)
}

/// What the threads of a runtime wait for: that all of them have started.
#[derive(Default)]
struct Launch {
    /// `None`: it is not known yet.
    is_complete: Mutex<Option<bool>>,
    signal: Condvar,
}

impl Launch {
    /// How long threads may take to start, be the process stopped meanwhile.
    const LIMIT: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });

    fn wait(&self) {
        let is_open = |is_complete: &mut Option<bool>| is_complete.is_none();
        let waited = self.signal.wait_timeout_while(lock(&self.is_complete), Self::LIMIT, is_open);
        let mut is_complete = waited.unwrap_or_else(PoisonError::into_inner).0;
        if !*is_complete.get_or_insert(false) {
            drop(is_complete);
            resume_unwind(Box::new("the threads did not start"));
        }
    }

    /// All have started, unless one of them has given up waiting.
    fn is_complete(&self) -> bool {
        let is_complete = *lock(&self.is_complete).get_or_insert(true);
        self.signal.notify_all();
        is_complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_in_vain_ends() {
        let launch = Launch::default();
        assert!(catch_unwind(AssertUnwindSafe(|| launch.wait())).is_err());
        assert!(!launch.is_complete());
    }

    #[test]
    fn who_waits_goes_on_once_all_are_there() {
        let launch = Launch::default();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| launch.wait());
            assert!(launch.is_complete());
            waiting.join().unwrap();
        });
        launch.wait();
    }
}
