//! Writing to what may have no reader any more: EPIPE is reported, SIGPIPE reaches nobody.

use super::retry;
use std::mem::MaybeUninit;
use std::ptr;

/// Runs `write` with SIGPIPE held back in this thread. `write` also tells whether it may have raised one; that one is taken
/// away, so that it is not delivered later. The signal's disposition, which belongs to the host, is neither used nor
/// changed; a SIGPIPE that was already waiting for the host goes on waiting.
pub(crate) fn without_sigpipe<T>(write: impl FnOnce() -> (T, bool)) -> T {
    let held = Held::new();
    let (result, may_be_raised) = write();
    if may_be_raised {
        held.take_away();
    }
    result
}

/// SIGPIPE is blocked in this thread as long as this lives.
struct Held {
    sigpipe: libc::sigset_t,
    former: libc::sigset_t,
    was_blocked: bool,
    was_pending: bool,
}

impl Held {
    fn new() -> Self {
        let (mut sigpipe, mut former) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: the sets are filled before they are used; none of the calls can fail with these arguments.
        unsafe {
            libc::sigemptyset(sigpipe.as_mut_ptr());
            libc::sigaddset(sigpipe.as_mut_ptr(), libc::SIGPIPE);
            libc::pthread_sigmask(libc::SIG_BLOCK, sigpipe.as_ptr(), former.as_mut_ptr());
            let (sigpipe, former) = (sigpipe.assume_init(), former.assume_init());
            // What was not blocked cannot wait for this thread.
            let was_blocked = libc::sigismember(&former, libc::SIGPIPE) == 1;
            Self { sigpipe, former, was_blocked, was_pending: was_blocked && is_pending() }
        }
    }

    fn take_away(&self) {
        if self.was_pending {
            return;
        }
        let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: a valid set; returns at once. There may be none to take.
        let _ = retry(|| unsafe { libc::sigtimedwait(&self.sigpipe, ptr::null_mut(), &now) } as isize);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.was_blocked {
            // SAFETY: the mask that this thread had before.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.former, ptr::null_mut()) };
        }
    }
}

fn is_pending() -> bool {
    let mut pending = MaybeUninit::uninit();
    // SAFETY: sigpending fills the set.
    unsafe {
        libc::sigpending(pending.as_mut_ptr());
        libc::sigismember(pending.as_ptr(), libc::SIGPIPE) == 1
    }
}
