//! Large blocks: whole pages from the system that grow at their place and are kept for reuse when freed.
//!
//! The first growth copies a block into a wide reservation of addresses, or into one that is kept; from then on growing means
//! to commit more of it. (To move its pages instead is no way: where the system refuses half way, some of them are gone.)
//! A freed block keeps its memory, because handing pages to the system and faulting them in again costs hundreds of times
//! more than any allocator does.

use crate::sys::{HUGE_PAGE, Pages, page_size};
use std::alloc::Layout;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::*};

/// Blocks of at least this many bytes are large.
pub(crate) const LARGE: usize = 1 << 20;

/// How many freed blocks are kept at most.
const MOST_KEPT: usize = 32;

/// Addresses reserved for a block that grows, where the system has as many; memory is taken only as it is used.
const RESERVATION: usize = 16 << 30;

/// Up to this size a growing block is copied to memory that is kept; a larger one grows where it is.
const MOST_COPIED: usize = 64 << 20;

/// How many times the memory that it needs a growing block may take over.
const MOST_EXCESS: usize = 20;

/// The large blocks of one pool. Each has its `Pages` written right before its first byte.
///
/// There is no lock: in a child of a fork nobody would be left to open it.
pub(crate) struct LargeBlocks {
    /// Freed blocks, in the order of a ring: the next one takes the place of the oldest.
    kept: [Slot; MOST_KEPT],
    next: AtomicUsize,
    kept_bytes: AtomicUsize,
    live_bytes: AtomicUsize,
    /// The most bytes live at once, which is what the program has shown to need.
    peak_bytes: AtomicUsize,
}

/// A place for a freed block. Whoever swaps its address out owns it; the sizes are for choosing and may be another block's.
struct Slot {
    pages: AtomicPtr<Pages>,
    committed: AtomicUsize,
    reserved: AtomicUsize,
}

impl LargeBlocks {
    pub(crate) const fn new() -> Self {
        Self {
            kept: [const { Slot::empty() }; MOST_KEPT],
            next: AtomicUsize::new(0),
            kept_bytes: AtomicUsize::new(0),
            live_bytes: AtomicUsize::new(0),
            peak_bytes: AtomicUsize::new(0),
        }
    }

    pub(crate) fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        let offset = data_offset(layout.align());
        let needed = layout.size().checked_add(offset)?;
        let kept = self.take_fitting(needed, layout.align());
        let pages = kept.or_else(|| self.map(needed, needed, layout.align()))?;
        Some(hand_out(pages, offset))
    }

    /// # Safety
    /// `data` is a live large block of this pool and is not used again.
    pub(crate) unsafe fn free(&self, data: NonNull<u8>) {
        // SAFETY: every large block has its pages written before it.
        self.retire(unsafe { pages_of(data).read() });
    }

    /// # Safety
    /// `data` is a live large block of this pool with layout `old`; `new_size` is large as well.
    pub(crate) unsafe fn reallocate(&self, data: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        let offset = data_offset(old.align());
        let needed = new_size.checked_add(offset)?;
        // SAFETY: every large block has its pages written before it, and the block is the caller's alone.
        let pages = unsafe { pages_of(data).as_mut() };
        if needed <= pages.committed {
            if new_size < old.size() {
                self.give_back_excess(pages, needed);
            }
            return Some(data);
        }
        if let Some(target) = self.take_reservation(old.size(), needed, old.align()) {
            // SAFETY: the target is committed for more than the old size; the ranges are apart.
            return Some(unsafe { self.copy_to(target, data, old.size(), offset) });
        }
        let before = pages.committed;
        if pages.commit(commit_size(needed, pages.reserved)) {
            self.grew(pages.committed - before);
            return Some(data);
        }
        let target = self.reserve(needed, old.align())?;
        // SAFETY: as above.
        Some(unsafe { self.copy_to(target, data, old.size(), offset) })
    }

    /// # Safety
    /// `data` is a live large block of `size` bytes, and `target` is committed for as many at `offset`.
    unsafe fn copy_to(&self, target: Pages, data: NonNull<u8>, size: usize, offset: usize) -> NonNull<u8> {
        // SAFETY: the caller's promise; every large block has its pages written before it.
        unsafe {
            data.copy_to_nonoverlapping(target.base.add(offset), size);
            self.free(data);
        }
        hand_out(target, offset)
    }

    /// Where a block that shrinks has more than twice the memory that it needs, the rest goes back to the system.
    fn give_back_excess(&self, pages: &mut Pages, needed: usize) {
        let before = pages.committed;
        if before / 2 > needed {
            pages.decommit(commit_size(needed, pages.reserved));
            self.live_bytes.fetch_sub(before - pages.committed, Relaxed);
        }
    }

    pub(crate) fn release_unused(&self) {
        self.kept.iter().for_each(|slot| self.evict(slot));
    }

    /// Room to grow: as many addresses as the system allows.
    fn reserve(&self, needed: usize, alignment: usize) -> Option<Pages> {
        let mut reserved = needed.saturating_mul(4).max(RESERVATION);
        while reserved > needed {
            if let Some(pages) = self.map(needed, reserved, alignment) {
                return Some(pages);
            }
            reserved /= 2;
        }
        self.map(needed, needed, alignment)
    }

    /// Fresh pages; what is kept is given up for them if need be.
    fn map(&self, needed: usize, reserved: usize, alignment: usize) -> Option<Pages> {
        let pages = map_pages(needed, reserved, alignment).or_else(|| {
            self.release_unused();
            map_pages(needed, reserved, alignment)
        })?;
        self.grew(pages.committed);
        Some(pages)
    }

    /// Keeps a freed block, and gives the oldest ones back to the system as long as there is more kept and live than twice
    /// what the program has shown to need.
    fn retire(&self, pages: Pages) {
        self.live_bytes.fetch_sub(pages.committed, Relaxed);
        self.kept_bytes.fetch_add(pages.committed, Relaxed);
        let place = self.next.fetch_add(1, Relaxed);
        self.put(&self.kept[place % MOST_KEPT], pages);
        let limit = self.peak_bytes.load(Relaxed).saturating_mul(2);
        for oldest in 1..MOST_KEPT {
            if self.kept_bytes.load(Relaxed) + self.live_bytes.load(Relaxed) <= limit {
                break;
            }
            self.evict(&self.kept[(place + oldest) % MOST_KEPT]);
        }
    }

    fn put(&self, slot: &Slot, pages: Pages) {
        slot.committed.store(pages.committed, Relaxed);
        slot.reserved.store(pages.reserved, Relaxed);
        let described = pages.base.cast::<Pages>();
        // SAFETY: the block is nobody's, and its first bytes are committed.
        unsafe { described.write(pages) };
        self.give_back(slot.pages.swap(described.as_ptr(), AcqRel));
    }

    fn evict(&self, slot: &Slot) {
        self.give_back(slot.pages.swap(ptr::null_mut(), AcqRel));
    }

    /// Gives what was in a slot back to the system.
    fn give_back(&self, former: *mut Pages) {
        if let Some(pages) = self.taken(former) {
            pages.unmap();
        }
    }

    /// What was in a slot, by its swapped-out address.
    fn taken(&self, former: *mut Pages) -> Option<Pages> {
        // SAFETY: NULL or what `put` wrote, and now ours alone.
        let pages = unsafe { NonNull::new(former)?.read() };
        self.kept_bytes.fetch_sub(pages.committed, Relaxed);
        Some(pages)
    }

    /// The smallest kept block that holds `needed` bytes and wastes no more than as many again.
    fn take_fitting(&self, needed: usize, alignment: usize) -> Option<Pages> {
        self.take_best(alignment, |committed, _| {
            (committed >= needed && committed / 2 <= needed.max(LARGE)).then(|| usize::MAX - committed)
        })
    }

    /// For a block that grows: the kept reservation with the most memory, where that saves faulting pages in, costs little
    /// copying and does not tie up far more than is needed.
    fn take_reservation(&self, size: usize, needed: usize, alignment: usize) -> Option<Pages> {
        if size > MOST_COPIED {
            return None;
        }
        self.take_best(alignment, |committed, reserved| {
            let suits = reserved >= RESERVATION && committed >= needed && committed / MOST_EXCESS <= needed;
            suits.then_some(committed)
        })
    }

    /// The kept block of the highest rank by its committed and reserved sizes. It counts as live again.
    fn take_best(&self, alignment: usize, rank: impl Fn(usize, usize) -> Option<usize>) -> Option<Pages> {
        let ranked = self.kept.iter().filter_map(|slot| {
            let address = slot.pages.load(Relaxed).addr();
            let suits = address != 0 && address.is_multiple_of(alignment);
            let rank = suits.then(|| rank(slot.committed.load(Relaxed), slot.reserved.load(Relaxed)))??;
            Some((rank, slot))
        });
        let (_, slot) = ranked.max_by_key(|(rank, _)| *rank)?;
        let pages = self.taken(slot.pages.swap(ptr::null_mut(), AcqRel))?;
        self.grew(pages.committed);
        if pages.base.addr().get().is_multiple_of(alignment) && rank(pages.committed, pages.reserved).is_some() {
            return Some(pages);
        }
        // Another thread has put another block there meanwhile.
        self.retire(pages);
        None
    }

    fn grew(&self, bytes: usize) {
        let live = self.live_bytes.fetch_add(bytes, Relaxed) + bytes;
        if live > self.peak_bytes.load(Relaxed) {
            self.peak_bytes.fetch_max(live, Relaxed);
        }
    }
}

impl Slot {
    const fn empty() -> Self {
        Self { pages: AtomicPtr::new(ptr::null_mut()), committed: AtomicUsize::new(0), reserved: AtomicUsize::new(0) }
    }
}

/// Where a block's first byte lies behind its first page's; aligned as asked and with room for its `Pages`.
fn data_offset(alignment: usize) -> usize {
    alignment.max(super::ALIGNMENT)
}

/// Makes a block of pages: describes them before its first byte.
fn hand_out(pages: Pages, offset: usize) -> NonNull<u8> {
    // SAFETY: `offset` has room for the description and is inside what is committed.
    unsafe {
        let data = pages.base.add(offset);
        pages_of(data).write(pages);
        data
    }
}

/// Where a block's pages are described.
///
/// # Safety
/// `data` is the first byte of a large block.
unsafe fn pages_of(data: NonNull<u8>) -> NonNull<Pages> {
    const { assert!(size_of::<Pages>() <= super::ALIGNMENT) }
    // SAFETY: `data_offset` left room.
    unsafe { data.sub(size_of::<Pages>()).cast() }
}

/// How much to commit for a need: by huge pages where the reservation has room for them.
fn commit_size(needed: usize, reserved: usize) -> usize {
    let rounded = needed.saturating_add(HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    if rounded <= reserved { rounded } else { needed }
}

fn map_pages(needed: usize, reserved: usize, alignment: usize) -> Option<Pages> {
    let unit = if reserved < HUGE_PAGE { page_size() } else { HUGE_PAGE };
    let reserved = reserved.checked_next_multiple_of(unit)?;
    let mut pages = Pages::reserve(reserved, alignment.max(unit))?;
    if pages.commit(commit_size(needed, reserved)) {
        return Some(pages);
    }
    pages.unmap();
    None
}
