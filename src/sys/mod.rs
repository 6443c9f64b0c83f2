//! Every system call of the library, with the loops for interrupted and short transfers. Nothing else calls libc for IO.

mod alarm;
mod clock;
mod descriptor;
mod fault_guard;
mod guarded_copy;
mod interrupt;
mod interruptible;
mod lock;
mod mapping;
mod metadata;
mod meter;
mod pages;
mod path;
mod process;
mod search;
mod send;
mod shared_memory;
mod signal;
mod thread;
pub(crate) mod tree;
mod walk;

pub(crate) use alarm::Alarm;
pub(crate) use clock::now;
pub use descriptor::FileKind;
pub use descriptor::Whence;
pub(crate) use descriptor::{Descriptor, OpenFlags};
pub(crate) use fault_guard::{
    EXISTS as FAULT_GUARD_EXISTS, add as add_fault_guard, copy as guarded_copy, is_on as fault_guard_is_on,
    remove as remove_fault_guard,
};
pub(crate) use guarded_copy::{copy_from_mapped, copy_to_mapped, is_there};
pub(crate) use interrupt::{
    Interrupt, Interruptible, LOOKS_EVERY, Link, check_interrupts, is_interruptible, sleep, uninterrupted,
};
pub(crate) use lock::{lock, read_lock, wait_for, write_lock};
pub use mapping::MapMode;
pub(crate) use mapping::Mapping;
pub use metadata::Metadata;
pub(crate) use meter::Meter;
pub(crate) use pages::{HUGE_PAGE, Pages, page_size, will_need};
pub(crate) use path::{MOST_LINKS, PathText, Place, random_name};
pub(crate) use process::{ErrnoText, environment, process_number, write_line_to_stderr};
pub(crate) use search::find_byte;
pub(crate) use shared_memory::SharedMemory;
pub(crate) use signal::without_sigpipe;
pub(crate) use thread::{Thread, thread_token, without_signals};

use meter::metered;

/// The most that Linux transfers in one call; asking for more only hides that.
const LARGEST_TRANSFER: usize = 0x7fff_f000;

/// The failure of a system call: its errno.
pub(crate) type OsResult<T> = std::result::Result<T, i32>;

/// The calling thread's errno.
fn errno() -> i32 {
    // SAFETY: always points at the calling thread's errno.
    unsafe { *libc::__errno_location() }
}

/// Repeats a call that a signal interrupted; -1 means failure, as system calls have it.
fn retry(mut call: impl FnMut() -> isize) -> OsResult<usize> {
    loop {
        match metered(&mut call) {
            -1 if errno() == libc::EINTR => continue,
            -1 => return Err(errno()),
            done => return Ok(done as usize),
        }
    }
}
