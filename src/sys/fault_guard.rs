//! The fault guard: a SIGBUS handler, installed only when asked for, that ends a copy where memory is gone. Every other
//! SIGBUS goes where it would have gone without it.

use std::sync::atomic::{AtomicBool, Ordering::*};

/// Whether a guard lives.
static ON: AtomicBool = AtomicBool::new(false);

/// Whether there is a guard for this processor.
pub(crate) const EXISTS: bool = cfg!(target_arch = "x86_64");

/// Whether copies are guarded.
#[inline]
pub(crate) fn is_on() -> bool {
    EXISTS && ON.load(Acquire)
}

pub(crate) use handler::{add, remove};
pub(crate) use routine::copy;

#[cfg(target_arch = "x86_64")]
mod routine {
    use std::arch::{asm, naked_asm};

    /// Copies `size` bytes and gives how many were not copied: 0, or at a fault all from about there on. Ranges that overlap
    /// give wrong bytes.
    ///
    /// # Safety
    /// A guard is on. The ranges are readable and writable, but for what is gone of a mapped file.
    #[inline]
    pub(crate) unsafe fn copy(to: *mut u8, from: *const u8, size: usize) -> usize {
        if !(8..=16).contains(&size) {
            // SAFETY: the caller's promise.
            return unsafe { copy_any(to, from, size) };
        }
        // The sizes of single values, without a call: the first and the last eight bytes, which may be partly the same.
        let left;
        // SAFETY: the caller's promise. At a fault the handler goes on at 3, with what was in `left` before.
        unsafe {
            asm!(
                // Never taken: valgrind has the registers of a fault right as they were at the last branch.
                "test {left}, {left}",
                "jz 3f",
                "2: mov {first}, [{from}]",
                "mov {last}, [{from} + {left} - 8]",
                "mov [{to}], {first}",
                "mov [{to} + {left} - 8], {last}",
                "xor {left:e}, {left:e}",
                "3:",
                ".pushsection arrowio_faults, \"aR\"",
                ".long 2b - .",
                ".long 3b - .",
                ".long 3b - .",
                ".popsection",
                from = in(reg) from,
                to = in(reg) to,
                left = inout(reg) size => left,
                first = out(reg) _,
                last = out(reg) _,
                options(nostack),
            );
        }
        left
    }

    /// `copy` for any size. At every instruction that touches memory `rcx` holds what is left.
    #[unsafe(naked)]
    unsafe extern "sysv64" fn copy_any(to: *mut u8, from: *const u8, size: usize) -> usize {
        naked_asm!(
            ".hidden __start_arrowio_faults",
            ".hidden __stop_arrowio_faults",
            "mov rcx, rdx",
            "cmp rdx, 16",
            "ja 4f",
            "test edx, edx",
            "jz 9f",
            "2: movzx eax, byte ptr [rsi]",
            "mov [rdi], al",
            "inc rsi",
            "inc rdi",
            "dec rcx",
            "jnz 2b",
            "jmp 9f",
            "4: cmp rdx, {most_by_words}",
            "ja 6f",
            "5: movups xmm0, [rsi]",
            "movups [rdi], xmm0",
            "add rsi, 16",
            "add rdi, 16",
            "sub rcx, 16",
            "cmp rcx, 16",
            "ja 5b",
            // What is left, and some of what went before.
            "movups xmm0, [rsi + rcx - 16]",
            "movups [rdi + rcx - 16], xmm0",
            "xor ecx, ecx",
            "jmp 9f",
            "6: rep movsb",
            "9: mov rax, rcx",
            "ret",
            ".pushsection arrowio_faults, \"aR\"",
            ".long 2b - .",
            ".long 9b - .",
            ".long 9b - .",
            ".popsection",
            most_by_words = const 512,
        )
    }

    /// A stretch of instructions that may fault, and where to go on then; each as the distance from the field itself.
    #[repr(C)]
    struct Stretch {
        start: i32,
        end: i32,
        landing: i32,
    }

    unsafe extern "C" {
        // Made by the linker: where the entries of all copies that the compiler has put anywhere begin and end.
        static __start_arrowio_faults: Stretch;
        static __stop_arrowio_faults: Stretch;
    }

    /// Where to go on after a fault at the instruction at `address`; `None` if it is not one of a copy.
    pub(super) fn landing_of(address: usize) -> Option<usize> {
        let target = |field: &i32| std::ptr::from_ref(field).addr().wrapping_add_signed(*field as isize);
        let mut next = &raw const __start_arrowio_faults;
        while next < &raw const __stop_arrowio_faults {
            // SAFETY: an entry, for the end has not come.
            let stretch = unsafe { &*next };
            if (target(&stretch.start)..target(&stretch.end)).contains(&address) {
                return Some(target(&stretch.landing));
            }
            next = next.wrapping_add(1);
        }
        None
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod routine {
    /// Never called: there is no guard here.
    ///
    /// # Safety
    /// None.
    pub(crate) unsafe fn copy(_to: *mut u8, _from: *const u8, size: usize) -> usize {
        size
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod handler {
    use crate::sys::OsResult;

    /// Never called: there is no guard here.
    pub(crate) fn add() -> OsResult<()> {
        Err(libc::ENOSYS)
    }

    /// As above.
    pub(crate) fn remove() {}
}

#[cfg(target_arch = "x86_64")]
mod handler {
    use super::{ON, routine};
    use crate::sys::{OsResult, errno};
    use libc::{c_int, c_void, sigaction, siginfo_t, ucontext_t};
    use std::mem::MaybeUninit;
    use std::ptr;
    use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering::*};
    use std::sync::{Mutex, PoisonError};

    /// What the host had set for SIGBUS, for the handler: what it may read must be atomic.
    static PREVIOUS: AtomicUsize = AtomicUsize::new(libc::SIG_DFL);
    static PREVIOUS_FLAGS: AtomicI32 = AtomicI32::new(0);

    /// Who wants the guard, and what was there before it.
    static OWNERS: Mutex<Owners> = Mutex::new(Owners { count: 0, before: None });

    struct Owners {
        count: usize,
        /// Set while our handler is somewhere in the chain of handlers.
        before: Option<sigaction>,
    }

    /// One more who wants the guard; installs the handler for the first.
    pub(crate) fn add() -> OsResult<()> {
        let mut owners = OWNERS.lock().unwrap_or_else(PoisonError::into_inner);
        if owners.count == 0 {
            install(&mut owners)?;
            ON.store(true, SeqCst);
        }
        owners.count += 1;
        Ok(())
    }

    /// One less; with the last one the handler goes.
    pub(crate) fn remove() {
        let mut owners = OWNERS.lock().unwrap_or_else(PoisonError::into_inner);
        owners.count -= 1;
        if owners.count == 0 {
            ON.store(false, SeqCst);
            restore(&mut owners);
        }
    }

    fn install(owners: &mut Owners) -> OsResult<()> {
        let before = current()?;
        let is_a_function = before.sa_sigaction != libc::SIG_DFL && before.sa_sigaction != libc::SIG_IGN;
        if is_ours(&before) || (owners.before.is_some() && is_a_function) {
            // Ours is installed, or the one that came over it still passes on to it. Over that one it would be in the chain
            // twice, and a signal would go round for ever.
            return Ok(());
        }
        PREVIOUS.store(before.sa_sigaction, SeqCst);
        PREVIOUS_FLAGS.store(before.sa_flags, SeqCst);
        let mut ours = before;
        ours.sa_sigaction = our_address();
        // The system then blocks for the host's handler what it would block without ours, and restarts the same calls.
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | (before.sa_flags & (libc::SA_NODEFER | libc::SA_RESTART));
        set(&ours)?;
        owners.before = Some(before);
        Ok(())
    }

    /// Where another handler came over ours, ours stays, for that one may pass on to it.
    fn restore(owners: &mut Owners) {
        if !current().is_ok_and(|current| is_ours(&current)) {
            return;
        }
        if let Some(mut before) = owners.before.take() {
            // It may have been one for a single time.
            before.sa_sigaction = PREVIOUS.load(SeqCst);
            // What the system gave it takes back.
            let _ = set(&before);
        }
    }

    fn our_address() -> usize {
        on_sigbus as *const () as usize
    }

    fn is_ours(action: &sigaction) -> bool {
        action.sa_sigaction == our_address()
    }

    fn current() -> OsResult<sigaction> {
        let mut current = MaybeUninit::<sigaction>::zeroed();
        // SAFETY: asks only; all-zero bytes are a valid struct.
        match unsafe { (sigaction(libc::SIGBUS, ptr::null(), current.as_mut_ptr()), current.assume_init()) } {
            (0, current) => Ok(current),
            _ => Err(errno()),
        }
    }

    fn set(action: &sigaction) -> OsResult<()> {
        // SAFETY: a handler that was installed before, a constant, or ours, which may run at any moment.
        match unsafe { sigaction(libc::SIGBUS, action, ptr::null_mut()) } {
            0 => Ok(()),
            _ => Err(errno()),
        }
    }

    /// Runs at any moment on any thread: atomics, `sigaction` and `raise`, which may be called here, and nothing else.
    extern "C" fn on_sigbus(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        // SAFETY: the system gives both for a handler with SA_SIGINFO.
        let (is_fault, counter) = unsafe {
            let registers = &mut (*context.cast::<ucontext_t>()).uc_mcontext.gregs;
            (is_fault(&*info), &mut registers[libc::REG_RIP as usize])
        };
        match routine::landing_of(*counter as usize) {
            Some(landing) if is_fault => *counter = landing as i64,
            _ => pass_on(signal, info, context, is_fault),
        }
    }

    /// Whether an instruction of this thread caused the signal; else it was sent, or tells of memory that nobody touched yet.
    fn is_fault(info: &siginfo_t) -> bool {
        info.si_code > 0 && info.si_code != libc::BUS_MCEERR_AO
    }

    /// Does what would have been done without us.
    fn pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void, is_fault: bool) {
        let flags = PREVIOUS_FLAGS.load(SeqCst);
        let once = flags & libc::SA_RESETHAND != 0;
        let previous = if once { PREVIOUS.swap(libc::SIG_DFL, SeqCst) } else { PREVIOUS.load(SeqCst) };
        match previous {
            libc::SIG_IGN if !is_fault => {}
            // A fault cannot be ignored.
            libc::SIG_DFL | libc::SIG_IGN => die_of(signal, is_fault),
            // SAFETY: the function that the host has set, called as its flags say.
            handler => unsafe {
                if flags & libc::SA_SIGINFO != 0 {
                    let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = std::mem::transmute(handler);
                    handler(signal, info, context);
                } else {
                    let handler: extern "C" fn(c_int) = std::mem::transmute(handler);
                    handler(signal);
                }
            },
        }
    }

    /// Leaves the process to the system's default: a fault repeats when its instruction does, a signal is sent again.
    fn die_of(signal: c_int, is_fault: bool) {
        // SAFETY: the default action; all-zero bytes are a valid struct. Both calls may be made in a handler, and `errno` is
        // put back as it was.
        unsafe {
            let before = errno();
            let mut default = MaybeUninit::<sigaction>::zeroed().assume_init();
            default.sa_sigaction = libc::SIG_DFL;
            let _ = set(&default);
            if !is_fault {
                libc::raise(signal);
            }
            *libc::__errno_location() = before;
        }
    }
}
