//! Many ranges in one call: near ones are read at once, all into one piece of memory, on several threads if there are any.

use super::File;
use super::coalesce::{Coalesced, Nearness, coalesce};
use super::read_range::ReadRange;
use super::stream::RandomAccess;
use super::transfer::{Stopped, read_until_full};
use crate::error::{Error, Result, error};
use crate::memory::{Buffer, Slab};
use crate::shared::{Shared, try_box, try_vec};
use crate::sys::lock;
use crate::task::{Cancellation, Executor, Task, check, wait};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Condvar, Mutex};

/// How many ranges are read.
#[derive(Clone, Default)]
pub struct ReadManyOptions {
    /// Which of them are read at once.
    pub near: Nearness,
    /// Whose threads read with the calling one.
    pub executor: Option<Executor>,
}

/// From so many reads, or so many bytes, on it is worth to wake other threads.
const MANY_READS: usize = 16;
const MANY_BYTES: usize = 1 << 20;

impl File {
    /// A buffer for each range, fewer bytes only at the end. The position is neither used nor moved.
    pub fn read_many(&self, ranges: &[ReadRange], options: &ReadManyOptions) -> Result<Vec<Buffer>> {
        let (random, _aside) = self.begin_at()?;
        let read = || {
            let mut buffers = try_vec(ranges.len())?;
            for range in ranges {
                match random.slice_at(range.offset, range.size)? {
                    Some(slice) => buffers.push(slice),
                    None => return read_rest(random, ranges, buffers, options),
                }
            }
            Ok(buffers)
        };
        let result = read();
        let result =
            result.map_err(|error| error.context(format_args!("read of {} ranges of {}", ranges.len(), self.name())));
        result.inspect(|buffers| self.count_read(buffers.iter().map(Buffer::size).sum()))
    }
}

/// Reads what comes behind the ranges that there are buffers of.
fn read_rest(
    random: &Shared<dyn RandomAccess>,
    ranges: &[ReadRange],
    mut buffers: Vec<Buffer>,
    options: &ReadManyOptions,
) -> Result<Vec<Buffer>> {
    let ranges = &ranges[buffers.len()..];
    let Some(end) = random.size_hint() else {
        // Nobody knows how much there is, so memory is taken as it comes.
        for range in ranges {
            check()?;
            buffers.push(random.read_buffer_at(range.offset, range.size)?);
        }
        return Ok(buffers);
    };
    let mut wanted = try_vec(ranges.len())?;
    wanted.extend(ranges.iter().map(|range| range.up_to(end)));
    let Coalesced { reads, places } = coalesce(&wanted, options.near)?;
    let job = Shared::try_new(Job::new(random.clone(), reads)?)?;
    run(&job, options.executor.as_ref())?;
    for (range, place) in wanted.iter().zip(places) {
        buffers.push(job.result(*range, place)?);
    }
    Ok(buffers)
}

/// Reads to be done by any number of threads.
struct Job {
    random: Shared<dyn RandomAccess>,
    reads: Vec<ReadRange>,
    slab: Slab,
    /// Of each read how many bytes there were.
    filled: Vec<AtomicUsize>,
    failure: Mutex<Option<Error>>,
    /// Ends what the helpers are at once it has failed.
    cancellation: Cancellation,
}

impl Job {
    fn new(random: Shared<dyn RandomAccess>, reads: Vec<ReadRange>) -> Result<Self> {
        let slab = Slab::new(random.pool(), reads.iter().map(|read| read.size))?;
        let mut filled = try_vec(reads.len())?;
        filled.resize_with(reads.len(), || AtomicUsize::new(0));
        Ok(Self { random, reads, slab, filled, failure: Mutex::new(None), cancellation: Cancellation::new()? })
    }

    /// Does reads until none is left, or one fails.
    fn work(&self) {
        while let Some((number, room)) = self.slab.claim() {
            let offset = self.reads[number].offset;
            let read = read_until_full(room, |rest, done| self.random.read_at(offset + done, rest));
            match read {
                Ok(count) => self.filled[number].store(count, Relaxed),
                Err(Stopped { error, .. }) => return self.fail(error.context(format_args!("at offset {offset}"))),
            }
        }
    }

    fn fail(&self, error: Error) {
        self.slab.end_claims();
        lock(&self.failure).get_or_insert(error);
        self.cancellation.cancel();
    }

    fn bytes(&self) -> usize {
        self.reads.iter().fold(0, |sum, read| sum.saturating_add(read.size))
    }

    /// What was read of a range.
    fn result(&self, range: ReadRange, place: usize) -> Result<Buffer> {
        if place == Coalesced::NONE {
            return self.slab.nothing();
        }
        let start = range.offset - self.reads[place].offset;
        let there = self.filled[place].load(Relaxed).saturating_sub(start);
        if there == 0 { self.slab.nothing() } else { self.slab.slice(place, start, range.size.min(there)) }
    }
}

/// Has the job done by the calling thread and, where it is worth it, by those of the executor that have time.
fn run(job: &Shared<Job>, executor: Option<&Executor>) -> Result<()> {
    let is_worth_it = job.reads.len() >= MANY_READS || (job.reads.len() > 1 && job.bytes() >= MANY_BYTES);
    match executor {
        Some(executor) if is_worth_it => run_with(job, executor)?,
        _ => job.work(),
    }
    lock(&job.failure).take().map_or(Ok(()), Err)
}

fn run_with(job: &Shared<Job>, executor: &Executor) -> Result<()> {
    let crew = Shared::try_new(Crew {
        at_work: Mutex::new(AtWork { job: Some(job.clone()), helpers: 0 }),
        left: Condvar::new(),
    })?;
    // Without helpers, for lack of threads, because the executor was stopped or in a child of its process, this thread does
    // it all.
    let helpers = executor.threads().unwrap_or(0).min(job.reads.len() - 1);
    for _ in 0..helpers {
        if executor.submit(try_box(Helper(crew.clone()))?).is_err() {
            break;
        }
    }
    job.work();
    crew.dismiss(job);
    Ok(())
}

/// The threads that help. They may come late, when there is nothing left to do and nobody waits for them.
struct Crew {
    at_work: Mutex<AtWork>,
    left: Condvar,
}

struct AtWork {
    /// Until the calling thread is done.
    job: Option<Shared<Job>>,
    helpers: usize,
}

impl Crew {
    fn join(&self) -> Option<Shared<Job>> {
        let mut at_work = lock(&self.at_work);
        let job = at_work.job.clone()?;
        at_work.helpers += 1;
        Some(job)
    }

    fn leave(&self) {
        lock(&self.at_work).helpers -= 1;
        self.left.notify_all();
    }

    /// Nobody joins any more; waits for those that have. They are at memory of the job, so that to stop is to have them stop.
    fn dismiss(&self, job: &Job) {
        let mut at_work = lock(&self.at_work);
        at_work.job = None;
        while at_work.helpers > 0 {
            if let Err(stopped) = check() {
                job.fail(stopped);
            }
            at_work = wait(&self.left, at_work, None);
        }
    }
}

struct Helper(Shared<Crew>);

impl Task for Helper {
    fn run(self: Box<Self>) {
        let Some(job) = self.0.join() else { return };
        let _leaves = Leaves(&self.0, &job);
        // Where it is to stop before it begins the calling thread is told by whoever failed.
        let _ = job.cancellation.while_heeded(|| job.work());
    }

    fn refuse(self: Box<Self>, _why: Error) {}
}

/// Leaves the crew, also when a panic ends the work: what it was at would look like a read at the end.
struct Leaves<'a>(&'a Crew, &'a Job);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.1.fail(error!(Internal, "a read on another thread ended in a panic"));
        }
        self.0.leave();
    }
}
