//! Large blocks: whole pages from the system that grow at their place and are kept for reuse when freed.
//!
//! The first growth moves a block into a wide reservation of addresses (by moving page tables, not bytes); from then on
//! growing means to commit more of it. A freed block keeps its memory, because handing pages to the system and faulting
//! them in again costs hundreds of times more than any allocator does.

use crate::sys::{HUGE_PAGE, Pages, page_size};
use std::alloc::Layout;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard};

/// Blocks of at least this many bytes are large.
pub(crate) const LARGE: usize = 1 << 20;

/// How many freed blocks are kept at most.
const MOST_KEPT: usize = 32;

/// Addresses reserved for a block that grows, where the system has as many; memory is taken only as it is used.
const RESERVATION: usize = 16 << 30;

/// Up to this size a block is copied into its reservation: cheaper than the system call that would move its pages.
const COPY_LIMIT: usize = 8 << 20;

/// The large blocks of one pool. Each has its `Pages` written right before its first byte.
pub(crate) struct LargeBlocks {
    state: Mutex<State>,
}

impl LargeBlocks {
    pub(crate) const fn new() -> Self {
        Self { state: Mutex::new(State::new()) }
    }

    pub(crate) fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        let offset = data_offset(layout.align());
        let needed = layout.size().checked_add(offset)?;
        let kept = self.state().take_fitting(needed, layout.align());
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
        let before = pages.committed;
        if pages.commit(commit_size(needed, pages.reserved)) {
            self.state().grew(pages.committed - before);
            return Some(data);
        }
        let mut source = *pages;
        let mut target = self.reservation(needed, old.align())?;
        if old.size() > COPY_LIMIT && is_huge(&source) && target.take_pages(&mut source) {
            self.state().live -= before;
            source.unmap();
        } else {
            // SAFETY: the target is committed for more than the old size; the ranges are apart.
            unsafe { data.copy_to_nonoverlapping(target.base.add(offset), old.size()) };
            self.retire(source);
        }
        Some(hand_out(target, offset))
    }

    pub(crate) fn release_unused(&self) {
        let kept = self.state().take_all();
        kept.into_iter().flatten().for_each(Pages::unmap);
    }

    /// Room to grow: a kept reservation, or a fresh one as wide as the system allows.
    fn reservation(&self, needed: usize, alignment: usize) -> Option<Pages> {
        let kept = self.state().take_reservation(needed, alignment);
        if let Some(mut pages) = kept {
            let before = pages.committed;
            if pages.commit(commit_size(needed, pages.reserved)) {
                self.state().grew(pages.committed - before);
                return Some(pages);
            }
            self.state().live -= before;
            pages.unmap();
        }
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
        self.state().grew(pages.committed);
        Some(pages)
    }

    fn retire(&self, pages: Pages) {
        // What has to go goes back to the system with the lock open.
        while let Some(evicted) = self.state().keep(pages) {
            evicted.unmap();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held; a poisoned one is as good as any.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
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

/// Whether pages lie on the boundaries of huge pages and can be moved whole.
fn is_huge(pages: &Pages) -> bool {
    pages.base.addr().get().is_multiple_of(HUGE_PAGE) && pages.committed.is_multiple_of(HUGE_PAGE)
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

struct State {
    /// Freed blocks, the oldest first.
    kept: [Option<Pages>; MOST_KEPT],
    count: usize,
    kept_bytes: usize,
    live: usize,
    /// The most bytes live at once: what the program has shown to need is what may be kept for it.
    peak: usize,
}

impl State {
    const fn new() -> Self {
        Self { kept: [None; MOST_KEPT], count: 0, kept_bytes: 0, live: 0, peak: 0 }
    }

    fn grew(&mut self, bytes: usize) {
        self.live += bytes;
        self.peak = self.peak.max(self.live);
    }

    /// Keeps a freed block; or, as long as there is no room for it, gives back the oldest one and is to be called again.
    fn keep(&mut self, pages: Pages) -> Option<Pages> {
        if self.count == MOST_KEPT || (self.count > 0 && self.kept_bytes + pages.committed > self.peak) {
            return Some(self.remove(0));
        }
        self.live -= pages.committed;
        self.kept[self.count] = Some(pages);
        self.count += 1;
        self.kept_bytes += pages.committed;
        None
    }

    /// The smallest kept block that holds `needed` bytes and wastes no more than as many again.
    fn take_fitting(&mut self, needed: usize, alignment: usize) -> Option<Pages> {
        self.take_best(|pages| {
            let fits = pages.committed >= needed && pages.committed / 2 <= needed.max(LARGE);
            (fits && is_aligned(pages, alignment)).then(|| usize::MAX - pages.committed)
        })
    }

    /// The kept reservation with the most memory behind it.
    fn take_reservation(&mut self, needed: usize, alignment: usize) -> Option<Pages> {
        self.take_best(|pages| {
            let fits = pages.reserved >= needed.max(RESERVATION);
            (fits && is_aligned(pages, alignment)).then_some(pages.committed)
        })
    }

    /// The kept block of the highest rank, which is live again.
    fn take_best(&mut self, rank: impl Fn(&Pages) -> Option<usize>) -> Option<Pages> {
        let ranked = self.kept[..self.count].iter().enumerate();
        let best = ranked.filter_map(|(at, pages)| Some((rank(pages.as_ref()?)?, at))).max()?;
        let pages = self.remove(best.1);
        self.grew(pages.committed);
        Some(pages)
    }

    fn take_all(&mut self) -> [Option<Pages>; MOST_KEPT] {
        self.count = 0;
        self.kept_bytes = 0;
        std::mem::replace(&mut self.kept, [None; MOST_KEPT])
    }

    fn remove(&mut self, at: usize) -> Pages {
        let Some(pages) = self.kept[at] else { unreachable!("the first `count` slots are filled") };
        self.kept.copy_within(at + 1..self.count, at);
        self.count -= 1;
        self.kept[self.count] = None;
        self.kept_bytes -= pages.committed;
        pages
    }
}

fn is_aligned(pages: &Pages, alignment: usize) -> bool {
    pages.base.addr().get().is_multiple_of(alignment)
}
