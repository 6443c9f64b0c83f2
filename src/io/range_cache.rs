//! Stretches of a file that are read before they are needed, kept within a budget.

use super::cache_entries::{Entries, EntryId, Found};
use super::coalesce::{Nearness, coalesce};
use super::file::Over;
use super::read_range::ReadRange;
use super::stream::{RandomAccess, Stream, Whence};
use super::{Capabilities, File, position};
use crate::error::{Error, Result};
use crate::memory::{Buffer, Pool};
use crate::shared::{Shared, try_box, try_vec};
use crate::sys::{lock, thread_token};
use crate::task::{Cancellation, Executor, Process, Task, check, wait};
use std::mem::MaybeUninit;
use std::sync::{Condvar, Mutex, MutexGuard};

/// How a range cache works.
pub struct RangeCacheOptions {
    /// Where its memory comes from.
    pub pool: Pool,
    /// Whose threads read ahead; without one the calling thread reads.
    pub executor: Option<Executor>,
    /// Which ranges are read at once.
    pub near: Nearness,
    /// The most bytes that it keeps.
    pub memory_limit: usize,
    /// Whether ranges are read when they are first needed.
    pub lazy: bool,
    /// Of lazy ones: how many that follow the one that is needed are then read as well, by the executor.
    pub prefetch_limit: usize,
}

impl RangeCacheOptions {
    /// What a cache keeps where nothing is said.
    pub const DEFAULT_MEMORY_LIMIT: usize = 256 << 20;
}

/// A file that reads as `raw`, and what was asked for by `will_need` from memory. Closing it closes `raw`.
pub fn range_cache(raw: &File, options: RangeCacheOptions) -> Result<File> {
    raw.check_base(Capabilities::READ_AT, "cache ranges of")?;
    let pool = options.pool.clone();
    let cache = Shared::try_new(Cache {
        raw: raw.clone(),
        entries: Mutex::new(Entries::new(options.memory_limit)),
        options,
        changed: Condvar::new(),
        cancellation: Cancellation::new()?,
        process: Process::here(),
    })?;
    let position = raw.tell()?.max(0) as usize;
    let cache = RangeCache { access: Shared::try_new(Access(cache))?, position };
    File::new(cache, format_args!("{}", Over("range cache", raw)), &pool, 0)
}

struct RangeCache {
    access: Shared<Access>,
    position: usize,
}

/// The cache as reads at offsets use it.
struct Access(Shared<Cache>);

struct Cache {
    raw: File,
    options: RangeCacheOptions,
    entries: Mutex<Entries>,
    /// A read that somebody may wait for has ended.
    changed: Condvar,
    /// Ends what the executor is at when the file is closed.
    cancellation: Cancellation,
    /// In a child of a fork the entries are what another thread may just have been changing, so it reads from `raw`.
    process: Process,
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, Entries> {
        lock(&self.entries)
    }

    /// Reads an entry that was begun; whether that went well.
    fn fill(&self, id: EntryId, range: ReadRange) -> bool {
        let mut reading = Reading { cache: self, id, read: None };
        reading.read = self.read(range).ok();
        reading.read.is_some()
    }

    /// What there is of a range, and no more than that.
    fn read(&self, range: ReadRange) -> Result<Buffer> {
        let mut buffer = Buffer::allocate(&self.options.pool, range.size)?;
        let count = self.raw.read_at(range.offset, buffer.room())?;
        if count == range.size { Ok(buffer) } else { buffer.slice(0, count) }
    }

    fn plan(&self, ranges: &[ReadRange]) -> Result<(Vec<EntryId>, u64)> {
        let end = self.raw.size_hint().unwrap_or(usize::MAX);
        let mut wanted = try_vec(ranges.len())?;
        wanted.extend(ranges.iter().map(|range| range.up_to(end)));
        let reads = coalesce(&wanted, self.options.near)?.reads;
        let mut ids = try_vec(reads.len())?;
        let mut entries = self.lock();
        let moment = entries.now();
        for read in reads {
            ids.extend(entries.plan(read)?);
        }
        Ok((ids, moment))
    }

    /// Gives everything up. What is being read goes when it has been.
    fn give_up(&self) {
        self.cancellation.cancel();
        if self.process.is_here() {
            let mut entries = self.lock();
            entries.evict_before(usize::MAX);
            self.let_go(&entries);
        }
    }

    /// Gives back what waiting took, once the file is closed and the last read has ended.
    fn let_go(&self, entries: &Entries) {
        if self.cancellation.is_cancelled() && !entries.is_reading() {
            self.cancellation.let_go();
        }
    }
}

impl Access {
    /// The bytes of a range if it lies in one entry, which is read first if need be, and where they begin.
    fn find(&self, range: ReadRange) -> Result<Option<(Buffer, usize)>> {
        if !self.0.process.is_here() {
            return Ok(None);
        }
        let mut entries = self.0.lock();
        loop {
            match entries.find(range) {
                Found::Nothing => return Ok(None),
                Found::Ready(buffer, start) => return Ok(Some((buffer, start))),
                Found::BeingRead { by } if by == thread_token() => return Ok(None),
                Found::BeingRead { .. } => {
                    check()?;
                    entries = wait(&self.0.changed, entries, None);
                }
                Found::ToRead(id) => {
                    let moment = entries.now();
                    entries.queue(id, moment);
                    let Some(wanted) = entries.begin(id, thread_token()) else { return Ok(None) };
                    drop(entries);
                    self.prefetch_behind(wanted);
                    if !self.0.fill(id, wanted) {
                        // The range is read by itself, which may succeed, and tells why if it does not.
                        return Ok(None);
                    }
                    entries = self.0.lock();
                }
            }
        }
    }

    /// Has the executor read the entries that follow, as far as there is room.
    fn prefetch_behind(&self, range: ReadRange) {
        let Some(executor) = self.0.options.executor.as_ref().filter(|_| self.0.options.lazy) else { return };
        let mut offset = range.offset;
        for _ in 0..self.0.options.prefetch_limit {
            let mut entries = self.0.lock();
            let Some((id, start)) = entries.next_planned(offset) else { return };
            offset = start + 1;
            // What is kept is not given up for what may never be needed.
            let is_queued = entries.queue(id, 0);
            drop(entries);
            if is_queued && self.submit(executor, id).is_err() {
                return;
            }
        }
    }

    /// Has the executor read an entry that memory is set aside for.
    fn submit(&self, executor: &Executor, id: EntryId) -> Result<()> {
        let task = try_box(Prefetch { cache: self.0.clone(), id });
        let submitted = task.and_then(|task| executor.submit(task));
        submitted.inspect_err(|_| self.0.lock().unqueue(id))
    }

    /// Reads everything that was planned, those of this call at the cost of older ones only.
    fn read_now(&self, ids: &[EntryId], moment: u64) -> Result<()> {
        for id in ids {
            check()?;
            let mut entries = self.0.lock();
            if !entries.queue(*id, moment) {
                entries.forget(*id);
                continue;
            }
            if let Some(executor) = &self.0.options.executor {
                drop(entries);
                self.submit(executor, *id)?;
            } else if let Some(range) = entries.begin(*id, thread_token()) {
                drop(entries);
                // Who needs it tries again and is told what fails.
                self.0.fill(*id, range);
            }
        }
        Ok(())
    }
}

/// An entry that is being read; it ends in any case, for others wait for it.
struct Reading<'a> {
    cache: &'a Cache,
    id: EntryId,
    read: Option<Buffer>,
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let read = self.read.take();
        let mut entries = self.cache.lock();
        entries.end(self.id, read);
        self.cache.let_go(&entries);
        drop(entries);
        self.cache.changed.notify_all();
    }
}

/// An entry that the executor is to read.
struct Prefetch {
    cache: Shared<Cache>,
    id: EntryId,
}

impl Task for Prefetch {
    fn run(self: Box<Self>) {
        let read = || {
            let range = self.cache.lock().begin(self.id, thread_token());
            // Who needs it tries again and is told what fails.
            range.is_some_and(|range| self.cache.fill(self.id, range))
        };
        if self.cache.cancellation.while_heeded(read).is_err() {
            self.cache.lock().unqueue(self.id);
        }
    }

    fn refuse(self: Box<Self>, _why: Error) {
        self.cache.lock().unqueue(self.id);
    }
}

impl RandomAccess for Access {
    fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        if dst.is_empty() {
            return Ok(0);
        }
        let whole = self.find(ReadRange { offset, size: dst.len() })?;
        let found = if whole.is_none() { self.find(ReadRange { offset, size: 1 })? } else { whole };
        match found {
            Some((buffer, start)) => Ok(buffer.copy_to(start, dst)),
            None => self.0.raw.read_at(offset, dst),
        }
    }

    fn slice_at(&self, offset: usize, size: usize) -> Result<Option<Buffer>> {
        if size > 0
            && let Some((buffer, start)) = self.find(ReadRange { offset, size })?
        {
            return buffer.slice(start, size).map(Some);
        }
        self.0.raw.slice_at(offset, size)
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.raw.size_hint()
    }

    fn pool(&self) -> &Pool {
        &self.0.options.pool
    }

    fn will_need(&self, ranges: &[ReadRange]) -> Result<()> {
        self.0.process.check("range cache")?;
        let (ids, moment) = self.0.plan(ranges)?;
        if self.0.options.lazy { self.0.raw.will_need(ranges) } else { self.read_now(&ids, moment) }
    }

    fn evict_before(&self, offset: usize) -> bool {
        // In a child of a fork nothing is kept.
        if self.0.process.is_here() {
            self.0.lock().evict_before(offset);
        }
        true
    }
}

impl RangeCache {
    fn raw(&self) -> &File {
        &self.access.0.raw
    }
}

impl Stream for RangeCache {
    fn capabilities(&self) -> Capabilities {
        use Capabilities as Can;
        let raw = self.raw().capabilities();
        Can::READ | Can::READ_AT | Can::SEEK.when(raw.contains(Can::SEEK)) | Can::SIZE.when(raw.contains(Can::SIZE))
    }

    fn beneath(&self) -> Option<&File> {
        Some(self.raw())
    }

    fn random_access(&self) -> Option<Shared<dyn RandomAccess>> {
        Some(self.access.clone().unsize(|p| p as *mut _))
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let count = self.access.read_at(self.position, dst)?;
        self.position += count;
        Ok(count)
    }

    fn read_slice_at_hand(&mut self, size: usize) -> Result<Option<Buffer>> {
        let slice = self.access.slice_at(self.position, size)?;
        self.position += slice.as_ref().map_or(0, Buffer::size);
        Ok(slice)
    }

    fn skip(&mut self, size: usize) -> Result<Option<()>> {
        let Some(remaining) = self.remaining_hint() else { return Ok(None) };
        self.position += size.min(remaining);
        Ok(Some(()))
    }

    fn remaining_hint(&self) -> Option<usize> {
        self.raw().size_hint().map(|size| size.saturating_sub(self.position))
    }

    fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        let size = if whence == Whence::End { self.size()? as usize } else { 0 };
        self.position = position::seek(self.position, size, offset, whence)?;
        self.tell()
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.position as i64)
    }

    fn size(&self) -> Result<i64> {
        self.raw().size()
    }

    fn close(&mut self) -> Result<()> {
        self.access.0.give_up();
        self.raw().close()
    }

    fn abort(&mut self) -> Result<()> {
        self.access.0.give_up();
        self.raw().abort()
    }
}
