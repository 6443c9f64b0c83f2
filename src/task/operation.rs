//! Work that an executor does while the host goes on.

use super::executor::{Executor, Task};
use super::scope::{check, wait};
use super::{Cancellation, Process};
use crate::error::{Error, Result, error};
use crate::memory::Buffer;
use crate::shared::{Shared, try_box};
use crate::sys::{Alarm, lock, now};
use std::os::fd::{AsRawFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::{Condvar, Mutex, MutexGuard};

/// What is told that an operation is done.
pub(crate) trait Completion: Send {
    /// Called once, on the thread that completes the operation.
    fn complete(&mut self, operation: &Operation);
}

/// How an operation is started.
#[derive(Default)]
pub struct OperationOptions {
    /// When it ends at the latest, in nanoseconds from its start.
    pub timeout: Option<i64>,
    pub(crate) completion: Option<Box<dyn Completion>>,
}

/// A counted reference to work that is waiting, running or done. It goes on without references.
#[derive(Clone)]
#[repr(transparent)]
pub struct Operation(pub(crate) Shared<Inner>);

pub(crate) struct Inner {
    process: Process,
    cancellation: Cancellation,
    is_done: AtomicBool,
    state: Mutex<State>,
    done: Condvar,
}

/// What it does.
type Work = Box<dyn FnOnce() -> Result<Vec<Buffer>> + Send>;

struct State {
    /// Until it begins; whoever takes it completes the operation.
    work: Option<Work>,
    completion: Option<Box<dyn Completion>>,
    /// Once it is done: what it gave, until that is taken.
    outcome: Option<Result<Option<Vec<Buffer>>>>,
    /// Goes off when it is done, and at the deadline of one that no thread has come to. Made when first asked for.
    alarm: Option<Alarm>,
}

impl Operation {
    /// Has a thread of `executor` do the work.
    pub(crate) fn start(
        executor: &Executor,
        options: OperationOptions,
        work: impl FnOnce() -> Result<Vec<Buffer>> + Send + 'static,
    ) -> Result<Self> {
        let cancellation = Cancellation::new()?;
        cancellation.set_deadline(options.timeout);
        let state = State { work: Some(try_box(work)?), completion: options.completion, outcome: None, alarm: None };
        let operation = Self(Shared::try_new(Inner {
            process: Process::here(),
            cancellation,
            is_done: AtomicBool::new(false),
            state: Mutex::new(state),
            done: Condvar::new(),
        })?);
        executor.submit(try_box(operation.clone())?)?;
        Ok(operation)
    }

    /// Whether it is done, well or not. One that no thread has come to in time ends here.
    pub fn is_done(&self) -> bool {
        if !self.has_ended() && self.0.process.is_here() {
            self.end_if_stopped();
        }
        self.has_ended()
    }

    fn has_ended(&self) -> bool {
        self.0.is_done.load(Acquire)
    }

    /// Ends it: at once where it has not begun, soon where it waits for something that can be given up.
    pub fn cancel(&self) {
        self.0.cancellation.cancel();
        if self.0.process.is_here() {
            self.end_if_stopped();
        }
    }

    /// Waits until it is done, `nanoseconds` at most; `None`: as long as it takes.
    pub fn wait(&self, nanoseconds: Option<i64>) -> Result<()> {
        let until = nanoseconds.map(|nanoseconds| now().saturating_add(nanoseconds));
        // One that no thread has come to yet has nobody else to see that its time is over.
        while !self.is_done() {
            self.check_process()?;
            let state = self.lock();
            if self.has_ended() {
                break;
            }
            check()?;
            if until.is_some_and(|until| now() >= until) {
                return Err(error!(TimedOut, "the operation is not done yet"));
            }
            let deadline = self.0.cancellation.deadline().filter(|_| state.work.is_some());
            let until = until.into_iter().chain(deadline).min();
            drop(wait(&self.0.done, state, until));
        }
        Ok(())
    }

    /// What became of it.
    pub fn result(&self) -> Result<()> {
        match &self.ended()?.outcome {
            Some(Err(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// How many buffers there are to be taken.
    pub fn buffers(&self) -> usize {
        let Ok(state) = self.ended() else { return 0 };
        match &state.outcome {
            Some(Ok(Some(buffers))) => buffers.len(),
            _ => 0,
        }
    }

    /// The buffers that it gave, `count` of them, once.
    pub fn take_buffers(&self, count: usize) -> Result<Vec<Buffer>> {
        let mut state = self.ended()?;
        let outcome = state.outcome.as_mut().ok_or_else(not_done)?;
        let buffers = outcome.as_mut().map_err(|error| error.clone())?;
        if let Some(taken) = buffers.take_if(|buffers| buffers.len() == count) {
            return Ok(taken);
        }
        Err(match buffers {
            Some(buffers) => error!(Invalid, "count is {count}, the operation has {} buffers", buffers.len()),
            None => error!(Invalid, "the operation's buffers were taken before"),
        })
    }

    /// A descriptor that is readable once the operation is done, or would be if somebody asked. It stays the operation's.
    pub fn descriptor(&self) -> Result<RawFd> {
        if !self.is_done() {
            self.check_process()?;
        }
        let mut state = self.lock();
        if let Some(alarm) = &state.alarm {
            return Ok(alarm.as_raw_fd());
        }
        let alarm = Alarm::new().map_err(Error::from_os)?;
        if self.has_ended() {
            alarm.go_off();
        } else if state.work.is_some() {
            alarm.set(self.0.cancellation.deadline());
        }
        Ok(state.alarm.insert(alarm).as_raw_fd())
    }

    fn check_process(&self) -> Result<()> {
        self.0.process.check("operation")
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }

    fn ended(&self) -> Result<MutexGuard<'_, State>> {
        if !self.is_done() {
            return Err(not_done());
        }
        Ok(self.lock())
    }

    /// Completes it with the reason to stop, if there is one and no thread has come to it.
    fn end_if_stopped(&self) {
        if let Err(stopped) = self.0.cancellation.check() {
            self.end_unless_begun(stopped);
        }
    }

    fn end_unless_begun(&self, why: Error) {
        if let Some(work) = self.take_work() {
            drop(work);
            self.complete(Err(why.context(format_args!("the operation has not begun"))));
        }
    }

    fn take_work(&self) -> Option<Work> {
        let mut state = self.lock();
        let work = state.work.take()?;
        if let Some(alarm) = &state.alarm {
            // From here on somebody is there to see that its time is over.
            alarm.set(None);
        }
        Some(work)
    }

    /// For whoever has taken the work.
    fn complete(&self, outcome: Result<Vec<Buffer>>) {
        self.0.cancellation.let_go();
        let mut state = self.lock();
        state.outcome = Some(outcome.map(Some));
        self.0.is_done.store(true, Release);
        if let Some(alarm) = &state.alarm {
            alarm.go_off();
        }
        let completion = state.completion.take();
        drop(state);
        self.0.done.notify_all();
        if let Some(mut completion) = completion {
            completion.complete(self);
        }
    }
}

impl Task for Operation {
    fn run(self: Box<Self>) {
        let Some(work) = self.take_work() else { return };
        let work = || self.0.cancellation.while_heeded(work).and_then(|result| result);
        let outcome = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(Error::from_panic(payload)));
        self.complete(outcome);
    }

    fn refuse(self: Box<Self>, why: Error) {
        self.end_unless_begun(why);
    }
}

#[cold]
fn not_done() -> Error {
    error!(Invalid, "the operation is not done yet")
}
