//! Threads: the calling one, and those that the library starts because it was asked to.

use super::OsResult;
use std::ffi::c_void;
use std::mem::MaybeUninit;

/// What a new thread runs.
pub(crate) type ThreadMain = extern "C" fn(*mut c_void) -> *mut c_void;

/// Whoever raises these while they are blocked ends the process, whatever the handlers for them.
const RAISED_BY_WHAT_IT_DOES: [libc::c_int; 7] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS, libc::SIGABRT];

/// Does what starts threads: they get no signals, for those are the host's, but those that they raise by what they do.
pub(crate) fn without_signals<T>(start: impl FnOnce() -> T) -> T {
    let (mut all, mut former) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    // SAFETY: the masks are filled before they are used.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        for signal in RAISED_BY_WHAT_IT_DOES {
            libc::sigdelset(all.as_mut_ptr(), signal);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), former.as_mut_ptr());
    }
    // SAFETY: filled above.
    let _restored = Restored(unsafe { former.assume_init() });
    start()
}

/// Signals that are blocked again as they were.
struct Restored(libc::sigset_t);

impl Drop for Restored {
    fn drop(&mut self) {
        // SAFETY: a valid set; nothing is written.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut()) };
    }
}

/// A thread that is to be joined or detached.
#[derive(Clone, Copy)]
pub(crate) struct Thread(libc::pthread_t);

impl Thread {
    /// Starts a thread, without signals.
    ///
    /// # Safety
    /// `main` may be called with `argument` on another thread.
    pub(crate) unsafe fn start(main: ThreadMain, argument: *mut c_void) -> OsResult<Self> {
        let mut thread = MaybeUninit::uninit();
        // SAFETY: the thread's promise is the caller's.
        let result =
            without_signals(|| unsafe { libc::pthread_create(thread.as_mut_ptr(), std::ptr::null(), main, argument) });
        // SAFETY: filled where the call succeeds.
        if result == 0 { Ok(Self(unsafe { thread.assume_init() })) } else { Err(result) }
    }

    /// The calling thread.
    pub(crate) fn current() -> Self {
        // SAFETY: cannot fail.
        Self(unsafe { libc::pthread_self() })
    }

    /// Waits until it has ended.
    ///
    /// # Safety
    /// It is not joined or detached otherwise, and is not the calling one.
    pub(crate) unsafe fn join(self) {
        // SAFETY: the caller's promise.
        unsafe { libc::pthread_join(self.0, std::ptr::null_mut()) };
    }

    /// Lets it end by itself.
    ///
    /// # Safety
    /// It is not joined or detached otherwise.
    pub(crate) unsafe fn detach(self) {
        // SAFETY: the caller's promise.
        unsafe { libc::pthread_detach(self.0) };
    }
}

/// A number that no other living thread has; never 0.
#[inline]
pub(crate) fn thread_token() -> usize {
    // The address of the thread's control block, which is what pthread_self() gives as well, by a call.
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    {
        let token: usize;
        // SAFETY: by the ABI of Linux on x86-64 the thread pointer's first word holds its own address.
        unsafe { std::arch::asm!("mov {}, fs:0", out(reg) token, options(pure, readonly, nostack, preserves_flags)) };
        token
    }
    #[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
    // SAFETY: cannot fail.
    unsafe {
        libc::pthread_self() as usize
    }
}
