//! What a range cache has and is about to have, within its budget.

use super::read_range::ReadRange;
use crate::error::{Error, Result};
use crate::memory::{Buffer, round_up};

/// Stretches of a file in the order of their offsets; they may overlap.
pub(super) struct Entries {
    list: Vec<Entry>,
    /// The most memory that entries may have or be about to have, in bytes.
    budget: usize,
    used: usize,
    /// How much of that is ready.
    ready: usize,
    /// Counts everything that happens to an entry.
    clock: u64,
    /// Of all entries that ever were; how far before a range one that holds it may begin.
    largest: usize,
}

/// Names an entry for as long as it is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct EntryId {
    offset: usize,
    number: u64,
}

struct Entry {
    id: EntryId,
    range: ReadRange,
    /// The memory that it takes, or would: what comes short keeps as much as it was meant to have.
    cost: usize,
    last_use: u64,
    content: Content,
}

enum Content {
    /// To be read when it is first needed. Takes no memory.
    Planned,
    /// To be read by a thread of the executor, or by whoever needs it sooner.
    Queued,
    /// Being read by a thread; dropped afterwards if nobody wants it any more.
    Reading {
        thread: usize,
        doomed: bool,
    },
    Ready(Buffer),
}

/// What is known of a range.
pub(super) enum Found {
    /// It lies in no entry.
    Nothing,
    /// Its bytes begin at this offset of the buffer, which holds nothing but what was read.
    Ready(Buffer, usize),
    /// Somebody is to read this entry.
    ToRead(EntryId),
    /// A thread is reading it.
    BeingRead { by: usize },
}

impl Entries {
    pub(super) fn new(budget: usize) -> Self {
        Self { list: Vec::new(), budget, used: 0, ready: 0, clock: 0, largest: 0 }
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// A moment that later uses of entries are after.
    pub(super) fn now(&mut self) -> u64 {
        self.tick()
    }

    fn position(&self, id: EntryId) -> Option<usize> {
        let start = self.list.partition_point(|entry| entry.range.offset < id.offset);
        let there = self.list[start..].iter().take_while(|entry| entry.range.offset == id.offset);
        there.into_iter().position(|entry| entry.id == id).map(|at| start + at)
    }

    /// Adds an entry, unless the range lies in one that is there, which is then used.
    pub(super) fn plan(&mut self, range: ReadRange) -> Result<Option<EntryId>> {
        if range.size == 0 {
            return Ok(None);
        }
        if let Some(at) = self.holder(range) {
            self.list[at].last_use = self.tick();
            return Ok(None);
        }
        self.list.try_reserve(1).map_err(|_| Error::out_of_memory(size_of::<Entry>()))?;
        let at = self.list.partition_point(|entry| entry.range.offset <= range.offset);
        let last_use = self.tick();
        let id = EntryId { offset: range.offset, number: last_use };
        // What does not fit the address space fits no budget.
        let cost = round_up(range.size).unwrap_or(usize::MAX);
        self.list.insert(at, Entry { id, range, cost, last_use, content: Content::Planned });
        self.largest = self.largest.max(range.size);
        Ok(Some(id))
    }

    /// An entry that holds the range, one that is ready if there is one.
    fn holder(&self, range: ReadRange) -> Option<usize> {
        let end = self.list.partition_point(|entry| entry.range.offset <= range.offset);
        let near = |at: &usize| range.offset - self.list[*at].range.offset < self.largest;
        let holds = |at: &usize| self.list[*at].range.contains(range);
        let mut holders = (0..end).rev().take_while(near).filter(holds);
        let first = holders.next()?;
        let is_ready = |at: &usize| matches!(self.list[*at].content, Content::Ready(_));
        std::iter::once(first).chain(holders).find(is_ready).or(Some(first))
    }

    /// What is known of a range, which counts as a use of it.
    pub(super) fn find(&mut self, range: ReadRange) -> Found {
        let Some(at) = self.holder(range) else { return Found::Nothing };
        let now = self.tick();
        let entry = &mut self.list[at];
        entry.last_use = now;
        match &entry.content {
            Content::Ready(buffer) => Found::Ready(buffer.clone(), range.offset - entry.range.offset),
            Content::Reading { thread, .. } => Found::BeingRead { by: *thread },
            Content::Planned | Content::Queued => Found::ToRead(entry.id),
        }
    }

    /// Sets memory aside for a planned entry; if need be others go that are ready and were not used since `moment`, those
    /// first that were not used for longest. Whether that was possible.
    pub(super) fn queue(&mut self, id: EntryId, moment: u64) -> bool {
        let Some(at) = self.position(id) else { return false };
        if !matches!(self.list[at].content, Content::Planned) {
            return false;
        }
        let cost = self.list[at].cost;
        if !self.make_room(cost, moment) {
            return false;
        }
        self.used += cost;
        if let Some(at) = self.position(id) {
            self.list[at].content = Content::Queued;
        }
        true
    }

    fn make_room(&mut self, cost: usize, moment: u64) -> bool {
        let Some(limit) = self.budget.checked_sub(cost) else { return false };
        if self.used <= limit {
            return true;
        }
        // Of what is not ready nothing can go.
        if self.used - self.ready > limit {
            return false;
        }
        let may_go = |entry: &Entry| matches!(entry.content, Content::Ready(_)) && entry.last_use < moment;
        let costs = self.list.iter().filter(|entry| may_go(entry)).map(|entry| entry.cost);
        if self.used - costs.sum::<usize>() > limit {
            return false;
        }
        while self.used > limit {
            let candidates = self.list.iter().enumerate().filter(|(_, entry)| may_go(entry));
            match candidates.min_by_key(|(_, entry)| entry.last_use).map(|(at, _)| at) {
                Some(oldest) => self.remove(oldest),
                None => return false,
            }
        }
        true
    }

    /// Gives an entry to a thread to be read: what to read, or nothing if somebody else was sooner.
    pub(super) fn begin(&mut self, id: EntryId, thread: usize) -> Option<ReadRange> {
        let at = self.position(id)?;
        if !matches!(self.list[at].content, Content::Queued) {
            return None;
        }
        self.list[at].content = Content::Reading { thread, doomed: false };
        Some(self.list[at].range)
    }

    /// Takes what a thread has read; an entry that could not be read is planned again.
    pub(super) fn end(&mut self, id: EntryId, read: Option<Buffer>) {
        let Some(at) = self.position(id) else { return };
        if matches!(self.list[at].content, Content::Reading { doomed: true, .. }) {
            return self.remove(at);
        }
        match read {
            Some(buffer) if buffer.size() == 0 => self.remove(at),
            Some(buffer) => {
                let entry = &mut self.list[at];
                entry.range.size = buffer.size();
                entry.content = Content::Ready(buffer);
                self.ready += entry.cost;
            }
            None => {
                self.used -= self.list[at].cost;
                self.list[at].content = Content::Planned;
            }
        }
    }

    /// Takes memory that was set aside back.
    pub(super) fn unqueue(&mut self, id: EntryId) {
        if let Some(at) = self.position(id).filter(|at| matches!(self.list[*at].content, Content::Queued)) {
            self.used -= self.list[at].cost;
            self.list[at].content = Content::Planned;
        }
    }

    /// Forgets an entry that is planned.
    pub(super) fn forget(&mut self, id: EntryId) {
        if let Some(at) = self.position(id).filter(|at| matches!(self.list[*at].content, Content::Planned)) {
            self.remove(at);
        }
    }

    /// The next planned entry from `offset` on.
    pub(super) fn next_planned(&self, offset: usize) -> Option<(EntryId, usize)> {
        let start = self.list.partition_point(|entry| entry.range.offset < offset);
        let planned = self.list[start..].iter().find(|entry| matches!(entry.content, Content::Planned))?;
        Some((planned.id, planned.range.offset))
    }

    /// Forgets every entry that ends at `offset` or before; what is being read goes when it has been.
    pub(super) fn evict_before(&mut self, offset: usize) {
        for at in (0..self.list.len()).rev() {
            if self.list[at].range.end() > offset {
                continue;
            }
            match &mut self.list[at].content {
                Content::Reading { doomed, .. } => *doomed = true,
                _ => self.remove(at),
            }
        }
    }

    fn remove(&mut self, at: usize) {
        let entry = self.list.remove(at);
        if !matches!(entry.content, Content::Planned) {
            self.used -= entry.cost;
        }
        if matches!(entry.content, Content::Ready(_)) {
            self.ready -= entry.cost;
        }
    }

    /// Whether a thread is reading an entry.
    pub(super) fn is_reading(&self) -> bool {
        self.list.iter().any(|entry| matches!(entry.content, Content::Reading { .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::default_pool;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Plan(usize, usize),
        Queue(usize, bool),
        Begin(usize),
        /// What was read, in percent of what was to be; `None`: nothing but a failure.
        End(usize, Option<usize>),
        Unqueue(usize),
        Forget(usize),
        Find(usize, usize),
        EvictBefore(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (0usize..3000, 0usize..700).prop_map(|(offset, size)| Step::Plan(offset, size)),
            4 => (0usize..20, any::<bool>()).prop_map(|(which, all)| Step::Queue(which, all)),
            3 => (0usize..20).prop_map(Step::Begin),
            3 => (0usize..20, prop::option::of(prop_oneof![Just(100usize), 0usize..100])).prop_map(|(which, part)| Step::End(which, part)),
            1 => (0usize..20).prop_map(Step::Unqueue),
            1 => (0usize..20).prop_map(Step::Forget),
            4 => (0usize..3000, 1usize..200).prop_map(|(offset, size)| Step::Find(offset, size)),
            1 => (0usize..3000).prop_map(Step::EvictBefore),
        ];
        prop::collection::vec(step, 0..200)
    }

    fn check(entries: &Entries) {
        let has_memory = |entry: &&Entry| !matches!(entry.content, Content::Planned);
        let used: usize = entries.list.iter().filter(has_memory).map(|entry| entry.cost).sum();
        assert_eq!(used, entries.used);
        let is_ready = |entry: &&Entry| matches!(entry.content, Content::Ready(_));
        let ready: usize = entries.list.iter().filter(is_ready).map(|entry| entry.cost).sum();
        assert_eq!(ready, entries.ready);
        assert!(entries.used <= entries.budget);
        assert!(entries.list.is_sorted_by_key(|entry| entry.range.offset));
    }

    /// What the first `size` bytes of a range hold, in memory for all of it.
    fn buffer_for(range: ReadRange, size: usize) -> Buffer {
        let buffer = Buffer::allocate(&default_pool(), range.size).unwrap();
        let bytes: Vec<u8> = (range.offset..range.offset + size).map(|at| (at % 251) as u8).collect();
        buffer.fill_with(&bytes, 0);
        buffer.slice(0, size).unwrap()
    }

    proptest! {
        #[test]
        fn the_budget_is_kept(budget in 0usize..3000, steps in steps()) {
            let mut entries = Entries::new(budget);
            let mut ids: Vec<EntryId> = Vec::new();
            for step in steps {
                let id = |which: usize| ids.get(which % ids.len().max(1)).copied().unwrap_or(EntryId { offset: 0, number: 0 });
                match step {
                    Step::Plan(offset, size) => ids.extend(entries.plan(ReadRange { offset, size }).unwrap()),
                    Step::Queue(which, all) => {
                        let moment = if all { entries.now() } else { 0 };
                        let before = entries.list.len();
                        entries.queue(id(which), moment);
                        prop_assert!(all || entries.list.len() == before);
                    }
                    Step::Begin(which) => drop(entries.begin(id(which), 1)),
                    Step::End(which, part) => {
                        let at = entries.position(id(which));
                        let is_read = |at: &usize| matches!(entries.list[*at].content, Content::Reading { .. });
                        if let Some(at) = at.filter(is_read) {
                            let range = entries.list[at].range;
                            entries.end(id(which), part.map(|part| buffer_for(range, range.size * part / 100)));
                        }
                    }
                    Step::Unqueue(which) => entries.unqueue(id(which)),
                    Step::Forget(which) => entries.forget(id(which)),
                    Step::Find(offset, size) => {
                        let held = entries.list.iter().any(|entry| entry.range.contains(ReadRange { offset, size }));
                        match entries.find(ReadRange { offset, size }) {
                            Found::Nothing => prop_assert!(!held),
                            Found::Ready(buffer, start) => {
                                let within = entries.list.iter().map(|entry| entry.range);
                                let end = within.filter(|range| range.contains(ReadRange { offset, size })).map(|range| range.end());
                                prop_assert!(end.max().is_some_and(|end| offset - start + buffer.size() <= end));
                                let bytes = &buffer.as_slice()[start..start + size];
                                prop_assert!(bytes.iter().zip(offset..).all(|(byte, at)| *byte == (at % 251) as u8));
                            }
                            _ => prop_assert!(held),
                        }
                    }
                    Step::EvictBefore(offset) => {
                        entries.evict_before(offset);
                        let stays = |entry: &Entry| {
                            entry.range.end() > offset || matches!(entry.content, Content::Reading { doomed: true, .. })
                        };
                        prop_assert!(entries.list.iter().all(stays));
                    }
                }
                check(&entries);
            }
        }
    }
}
