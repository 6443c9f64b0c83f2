//! What ends the calling thread's waits before their time.

use super::{OsResult, now, retry};
use std::cell::Cell;
use std::marker::PhantomData;
use std::os::fd::RawFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// The most descriptors that one wait watches.
const MOST_WATCHED: usize = 16;

/// How often a wait looks at an interrupt that nothing wakes it for.
pub(crate) const LOOKS_EVERY: Duration = Duration::from_millis(20);

/// Something that may end a wait.
pub(crate) trait Interrupt {
    /// The errno that waits end with; `None`: they go on.
    fn reason(&self) -> Option<i32>;

    /// Becomes readable when there is a reason; `None` where the system has no descriptor for it.
    fn descriptor(&self) -> Option<RawFd>;
}

/// An interrupt in the calling thread's list.
pub(crate) struct Link<I: Interrupt + ?Sized = dyn Interrupt> {
    outer: Cell<Option<NonNull<Link>>>,
    interrupt: I,
}

/// How many `Interruptible`s there are on all threads: without any, nobody needs to look for the calling thread's.
static LIVING: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The innermost link of the calling thread. Without a destructor: nothing is to be done when the thread ends.
    static INNERMOST: Cell<Option<NonNull<Link>>> = const { Cell::new(None) };
}

impl<I: Interrupt> Link<I> {
    pub(crate) fn new(interrupt: I) -> Self {
        Self { outer: Cell::new(None), interrupt }
    }
}

/// While it lives, the calling thread's waits end by its interrupt, and by all that were there before.
pub(crate) struct Interruptible {
    link: NonNull<Link>,
    of_one_thread: PhantomData<*const ()>,
}

impl Interruptible {
    pub(crate) fn new(link: Box<Link>) -> Self {
        LIVING.fetch_add(1, Relaxed);
        let link = NonNull::from(Box::leak(link));
        // SAFETY: leaked just now.
        unsafe { link.as_ref() }.outer.set(INNERMOST.replace(Some(link)));
        Self { link, of_one_thread: PhantomData }
    }
}

impl Drop for Interruptible {
    fn drop(&mut self) {
        // SAFETY: ours until it is freed below; links of the list are those of living `Interruptible`s of this thread.
        unsafe {
            let outer = self.link.as_ref().outer.get();
            match links().find(|link| link.outer.get() == Some(self.link)) {
                Some(inner) => inner.outer.set(outer),
                None => INNERMOST.set(outer),
            }
            drop(Box::from_raw(self.link.as_ptr()));
        }
        LIVING.fetch_sub(1, Relaxed);
    }
}

/// Calls something whose waits nothing ends, on the calling thread.
pub(crate) fn uninterrupted<T>(call: impl FnOnce() -> T) -> T {
    struct Restored(Option<NonNull<Link>>);
    impl Drop for Restored {
        fn drop(&mut self) {
            INNERMOST.set(self.0);
        }
    }
    let _restored = Restored(INNERMOST.take());
    call()
}

/// Whether anything may end the calling thread's waits.
#[inline]
pub(crate) fn is_interruptible() -> bool {
    LIVING.load(Relaxed) > 0 && INNERMOST.get().is_some()
}

/// The reason to end a wait, if there is one.
pub(crate) fn check_interrupts() -> OsResult<()> {
    links().find_map(|link| link.interrupt.reason()).map_or(Ok(()), Err)
}

/// From the innermost link outwards.
fn links<'a>() -> impl Iterator<Item = &'a Link> {
    // SAFETY: links of the list are those of living `Interruptible`s of this thread; nobody drops one while iterating.
    let follow = |link: NonNull<Link>| unsafe { link.as_ref() };
    std::iter::successors(INNERMOST.get().map(follow), move |link| link.outer.get().map(follow))
}

/// Waits until `fd` is ready for `event`, and fails with the reason of an interrupt that comes first.
pub(crate) fn wait_until_ready(fd: RawFd, event: libc::c_short) -> OsResult<()> {
    while !wait_once(fd, event, -1)? {}
    Ok(())
}

/// Waits for some milliseconds, and fails with the reason of an interrupt that comes first.
pub(crate) fn pause(milliseconds: libc::c_int) -> OsResult<()> {
    wait_once(-1, 0, milliseconds).map(drop)
}

/// Waits for so many nanoseconds, not less, and fails with the reason of an interrupt that comes first.
pub(crate) fn sleep(nanoseconds: i64) -> OsResult<()> {
    const MILLISECOND: i64 = 1_000_000;
    let end = now().saturating_add(nanoseconds);
    while is_interruptible() && end - now() >= MILLISECOND {
        pause(libc::c_int::try_from((end - now()) / MILLISECOND).unwrap_or(libc::c_int::MAX).max(0))?;
    }
    let end = libc::timespec { tv_sec: end / 1_000_000_000, tv_nsec: end % 1_000_000_000 };
    // SAFETY: a valid moment; nothing is written.
    let wait =
        || unsafe { libc::clock_nanosleep(libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, &end, std::ptr::null_mut()) };
    while wait() == libc::EINTR {}
    Ok(())
}

/// Whether `fd` is ready after a wait of `most` milliseconds at most, perhaps less; -1: any time.
pub(super) fn wait_once(fd: RawFd, event: libc::c_short, most: libc::c_int) -> OsResult<bool> {
    check_interrupts()?;
    let watch = |fd, events| libc::pollfd { fd, events, revents: 0 };
    let mut watched = [watch(-1, 0); MOST_WATCHED];
    watched[0] = watch(fd, event);
    let look = LOOKS_EVERY.as_millis() as libc::c_int;
    let (mut count, mut timeout) = (1, most);
    for link in links() {
        match link.interrupt.descriptor() {
            Some(descriptor) if count < MOST_WATCHED => {
                watched[count] = watch(descriptor, libc::POLLIN);
                count += 1;
            }
            _ => timeout = if most < 0 { look } else { most.min(look) },
        }
    }
    // SAFETY: `count` valid entries.
    retry(|| unsafe { libc::poll(watched.as_mut_ptr(), count as libc::nfds_t, timeout) } as isize)?;
    check_interrupts()?;
    Ok(watched[0].revents != 0)
}
