//! Every system call of the library, with the loops for interrupted and short transfers. Nothing else calls libc for IO.

mod alarm;
mod descriptor;
mod fault_guard;
mod guarded_copy;
mod interrupt;
mod mapping;
mod metadata;
mod meter;
mod pages;
mod path;
mod process;
mod shared_memory;
mod signal;
mod stream;
mod thread;
mod transfer;
mod walk;

pub(crate) use alarm::{Alarm, now};

pub use descriptor::FileKind;
pub use descriptor::Whence;
pub(crate) use descriptor::{Descriptor, OpenFlags};
pub use fault_guard::FaultGuard;
pub(crate) use fault_guard::{copy as guarded_copy, is_on as fault_guard_is_on};
pub(crate) use guarded_copy::{copy_from_mapped, copy_to_mapped, is_there, no_safe_copy};
pub(crate) use interrupt::{Interrupt, Interruptible, Link, check_interrupts, is_interruptible, sleep};
pub use mapping::MapMode;
pub(crate) use mapping::Mapping;
pub use metadata::Metadata;
pub(crate) use meter::Meter;
pub(crate) use pages::{HUGE_PAGE, Pages, page_size, will_need};
pub(crate) use path::{MOST_LINKS, PathText, Place, random_name};
pub(crate) use process::{ErrnoText, environment, find_byte, thread_token, write_line_to_stderr};
pub(crate) use shared_memory::SharedMemory;
pub(crate) use signal::without_sigpipe;
pub(crate) use thread::{Thread, process_number};

use meter::metered;

/// The calling thread's errno.
fn errno() -> i32 {
    // SAFETY: always points at the calling thread's errno.
    unsafe { *libc::__errno_location() }
}

/// Repeats a call that a signal interrupted; -1 means failure, as system calls have it.
fn retry(mut call: impl FnMut() -> isize) -> std::result::Result<usize, i32> {
    loop {
        match metered(&mut call) {
            -1 if errno() == libc::EINTR => continue,
            -1 => return Err(errno()),
            done => return Ok(done as usize),
        }
    }
}
