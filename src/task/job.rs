//! Work that is done by whoever comes first: a thread of an executor, or one that needs what comes of it.

use super::executor::{Executor, Task};
use super::scope::{check, wait};
use crate::error::{Error, Result};
use crate::shared::{Shared, try_box};
use crate::sys::lock;
use std::sync::{Condvar, Mutex};

/// What is to be done.
pub(crate) trait Work: Send + Sync + 'static {
    type Output: Send;

    /// Does it, on any thread.
    fn run(&self) -> Self::Output;
}

/// Some work, which is done once.
pub(crate) struct Job<W: Work> {
    pub(crate) work: W,
    state: Mutex<State<W::Output>>,
    done: Condvar,
}

enum State<T> {
    /// Nobody is at it.
    Waiting,
    /// Somebody is.
    Running,
    /// `None`: nobody does it any more, or a panic ended it.
    Done(Option<T>),
    /// Somebody has what came of it.
    Taken,
}

impl<W: Work> Job<W> {
    /// Leaves it to the threads of an executor. Where none of them takes it whoever needs it will do it.
    pub(crate) fn submit(work: W, executor: &Executor) -> Result<Shared<Self>> {
        let job = Shared::try_new(Self { work, state: Mutex::new(State::Waiting), done: Condvar::new() })?;
        let _ = try_box(RunJob(job.clone())).and_then(|task| executor.submit(task));
        Ok(job)
    }

    /// Does it on this thread, unless somebody has begun.
    pub(crate) fn run_unless_begun(&self) -> bool {
        let mut state = lock(&self.state);
        if !matches!(*state, State::Waiting) {
            return false;
        }
        *state = State::Running;
        drop(state);
        let mut running = Running { job: self, output: None };
        running.output = Some(self.work.run());
        true
    }

    /// What came of it, once that is known: nothing where it was given up or ended in a panic.
    pub(crate) fn take(&self) -> Option<Option<W::Output>> {
        let mut state = lock(&self.state);
        match std::mem::replace(&mut *state, State::Taken) {
            State::Done(output) => Some(output),
            other => {
                *state = other;
                None
            }
        }
    }

    /// Waits until nobody is at it.
    pub(crate) fn wait(&self) -> Result<()> {
        let mut state = lock(&self.state);
        while matches!(*state, State::Running) {
            check()?;
            state = wait(&self.done, state, None);
        }
        Ok(())
    }

    /// Unless somebody has begun, nobody is to do it.
    pub(crate) fn give_up(&self) {
        let mut state = lock(&self.state);
        if matches!(*state, State::Waiting) {
            *state = State::Done(None);
        }
    }
}

/// While somebody is at it, which comes to an end in any case, for others wait for it.
struct Running<'a, W: Work> {
    job: &'a Job<W>,
    output: Option<W::Output>,
}

impl<W: Work> Drop for Running<'_, W> {
    fn drop(&mut self) {
        *lock(&self.job.state) = State::Done(self.output.take());
        self.job.done.notify_all();
    }
}

/// What the executor is to do.
struct RunJob<W: Work>(Shared<Job<W>>);

impl<W: Work> Task for RunJob<W> {
    fn run(self: Box<Self>) {
        self.0.run_unless_begun();
    }

    fn refuse(self: Box<Self>, _why: Error) {}
}
