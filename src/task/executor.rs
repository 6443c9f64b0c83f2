//! Threads that the host asked for, and the tasks that wait for them.

use super::Process;
use super::scope::{check, wait};
use crate::error::{Error, Result, error};
use crate::shared::{Shared, try_box};
use crate::sys::{Thread, lock, now, wait_for};
use crate::warning::warn;
use std::cell::Cell;
use std::collections::VecDeque;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard};

/// What an executor runs.
pub(crate) trait Task: Send {
    /// Does the work, on a thread of the executor.
    fn run(self: Box<Self>);

    /// Is told that nobody will do the work: the executor was stopped.
    fn refuse(self: Box<Self>, why: Error);
}

/// A counted reference to an executor. When the last one goes it stops, and nobody waits for its threads: they finish what
/// they are at and end by themselves.
#[derive(Clone)]
#[repr(transparent)]
pub struct Executor(pub(crate) Shared<Owner>);

/// What the references refer to; the threads have `Core`, so that they do not keep themselves going.
pub(crate) struct Owner(Shared<Core>);

struct Core {
    /// The threads are this process's; a child of a fork has none of them.
    process: Process,
    queue: Mutex<Queue>,
    /// Something changed that an idle thread may have to see.
    changed: Condvar,
    /// A thread has ended.
    ended: Condvar,
}

struct Queue {
    tasks: VecDeque<Box<dyn Task>>,
    /// The most threads that there may be.
    limit: usize,
    /// Those that there are.
    threads: usize,
    /// Those of them that wait for a task.
    idle: usize,
    stopped: bool,
    /// Threads at their very end, to be joined by whoever waits for them. Has room for all.
    ended: Vec<Thread>,
    /// Nobody can wait any more: threads end by themselves.
    released: bool,
}

thread_local! {
    /// On a thread of an executor: which one.
    static WORKS_FOR: Cell<*const Core> = const { Cell::new(std::ptr::null()) };
}

impl Executor {
    /// One of up to `threads` threads, which start when they are first needed.
    pub fn new(threads: usize) -> Result<Self> {
        check_limit(threads)?;
        let queue = Queue {
            tasks: VecDeque::new(),
            limit: threads,
            threads: 0,
            idle: 0,
            stopped: false,
            ended: Vec::new(),
            released: false,
        };
        let core =
            Core { process: Process::here(), queue: Mutex::new(queue), changed: Condvar::new(), ended: Condvar::new() };
        Shared::try_new(Owner(Shared::try_new(core)?)).map(Self)
    }

    /// The most threads that it has.
    pub fn threads(&self) -> Result<usize> {
        self.core().check_process()?;
        Ok(self.core().lock().limit)
    }

    /// Changes the most threads that it has. Surplus ones end when they have done what they are at.
    pub fn resize(&self, threads: usize) -> Result<()> {
        check_limit(threads)?;
        self.core().check_process()?;
        let mut queue = self.core().lock();
        queue.limit = threads;
        // Where none can be started those that there are go on.
        while queue.wants_thread() && start_thread(self.core(), &mut queue).is_ok() {}
        self.core().changed.notify_all();
        Ok(())
    }

    /// Queues a task behind those that are there.
    pub(crate) fn submit(&self, task: Box<dyn Task>) -> Result<()> {
        self.core().check_process()?;
        let mut queue = self.core().lock();
        if queue.stopped {
            return Err(stopped());
        }
        queue.tasks.try_reserve(1).map_err(|_| Error::out_of_memory(size_of::<Box<dyn Task>>()))?;
        queue.tasks.push_back(task);
        if queue.wants_thread() {
            let started = start_thread(self.core(), &mut queue);
            if queue.threads == 0 {
                let task = queue.tasks.pop_back();
                drop(queue);
                drop(task);
                return started;
            }
        }
        self.core().changed.notify_one();
        Ok(())
    }

    /// Refuses every task that has not begun, and all that come.
    pub fn stop(&self) -> Result<()> {
        self.core().check_process()?;
        self.core().stop();
        Ok(())
    }

    /// Waits until the threads of a stopped executor have ended, `nanoseconds` at most; `None`: as long as it takes.
    pub fn wait(&self, nanoseconds: Option<i64>) -> Result<()> {
        self.core().check_process()?;
        if WORKS_FOR.get() == std::ptr::from_ref(self.core()) {
            return Err(error!(Invalid, "a thread of an executor cannot wait for its own end"));
        }
        let until = nanoseconds.map(|nanoseconds| now().saturating_add(nanoseconds));
        let mut queue = self.core().lock();
        while queue.threads > 0 {
            check()?;
            if until.is_some_and(|until| now() >= until) {
                return Err(error!(TimedOut, "{} threads of the executor are still at work", queue.threads));
            }
            queue = wait(&self.core().ended, queue, until);
        }
        let ended = std::mem::take(&mut queue.ended);
        drop(queue);
        for thread in ended {
            // SAFETY: taken from the list, so nobody else joins or detaches it; its last act was to put itself there.
            unsafe { thread.join() };
        }
        Ok(())
    }

    /// Stops, and waits for the threads to finish what they are at. Where they cannot be waited for they do that by themselves.
    pub(crate) fn shut_down(&self) {
        let _ = self.stop().and_then(|()| self.wait(None));
    }

    fn core(&self) -> &Shared<Core> {
        &self.0.0
    }
}

fn check_limit(threads: usize) -> Result<()> {
    if threads == 0 { Err(error!(Invalid, "an executor needs at least one thread")) } else { Ok(()) }
}

#[cold]
fn stopped() -> Error {
    error!(Cancelled, "the executor was stopped")
}

impl Queue {
    fn wants_thread(&self) -> bool {
        self.threads < self.limit && self.idle < self.tasks.len()
    }
}

impl Core {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }

    fn check_process(&self) -> Result<()> {
        self.process.check("executor")
    }

    fn stop(&self) {
        let mut queue = self.lock();
        queue.stopped = true;
        let tasks = std::mem::take(&mut queue.tasks);
        drop(queue);
        self.changed.notify_all();
        tasks.into_iter().for_each(|task| task.refuse(stopped()));
    }

    /// What a thread does.
    fn work(&self) {
        let mut queue = self.lock();
        while queue.threads <= queue.limit {
            if let Some(task) = queue.tasks.pop_front() {
                drop(queue);
                if let Err(payload) = catch_unwind(AssertUnwindSafe(|| task.run())) {
                    warn(format_args!("{}", Error::from_panic(payload)));
                }
                queue = self.lock();
            } else if queue.stopped {
                break;
            } else {
                queue.idle += 1;
                queue = wait_for(&self.changed, queue, None);
                queue.idle -= 1;
            }
        }
        queue.threads -= 1;
        if queue.released {
            // SAFETY: not in the list of those to be joined.
            unsafe { Thread::current().detach() };
        } else {
            queue.ended.push(Thread::current());
        }
        drop(queue);
        // The signal that woke this thread may have been meant for one that stays.
        self.changed.notify_one();
        self.ended.notify_all();
    }
}

/// With the queue locked.
fn start_thread(core: &Shared<Core>, queue: &mut Queue) -> Result<()> {
    for thread in queue.ended.drain(..) {
        // SAFETY: taken from the list, so nobody else joins or detaches it.
        unsafe { thread.detach() };
    }
    let room = queue.threads + 1;
    queue.ended.try_reserve(room).map_err(|_| Error::out_of_memory(room * size_of::<Thread>()))?;
    let argument = Box::into_raw(try_box(core.clone())?);
    // SAFETY: `thread_main` takes over the box, which may be used on any thread.
    if let Err(os_error) = unsafe { Thread::start(thread_main, argument.cast()) } {
        // SAFETY: no thread has taken it over.
        drop(unsafe { Box::from_raw(argument) });
        return Err(Error::from_os(os_error).context(format_args!("start of an executor's thread")));
    }
    queue.threads += 1;
    Ok(())
}

extern "C" fn thread_main(argument: *mut c_void) -> *mut c_void {
    // SAFETY: the box that `start_thread` gave away.
    let core = unsafe { Box::from_raw(argument.cast::<Shared<Core>>()) };
    WORKS_FOR.set(std::ptr::from_ref(&**core));
    core.work();
    std::ptr::null_mut()
}

impl Drop for Owner {
    fn drop(&mut self) {
        if !self.0.process.is_here() {
            return;
        }
        self.0.stop();
        let mut queue = self.0.lock();
        queue.released = true;
        for thread in queue.ended.drain(..) {
            // SAFETY: taken from the list, so nobody else joins or detaches it.
            unsafe { thread.detach() };
        }
    }
}
