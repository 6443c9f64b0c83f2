//! Every system call of the library, with the loops for interrupted and short transfers. Nothing else calls libc for IO.

mod alarm;
mod descriptor;
mod event;
mod interrupt;
mod mapping;
mod pages;
mod process;
mod stream;
mod thread;

pub(crate) use alarm::{Alarm, now};

pub use descriptor::Whence;
pub(crate) use descriptor::{Descriptor, FileKind, OpenFlags};
pub(crate) use event::Event;
pub(crate) use interrupt::{Interrupt, Interruptible, Link, check_interrupts, is_interruptible};
pub(crate) use mapping::{Access, Mapping};
pub(crate) use pages::{HUGE_PAGE, Pages, page_size, will_need};
pub(crate) use process::{ErrnoText, environment, find_byte, thread_token, write_line_to_stderr};
pub(crate) use thread::{Thread, process_number};

/// The calling thread's errno.
fn errno() -> i32 {
    // SAFETY: always points at the calling thread's errno.
    unsafe { *libc::__errno_location() }
}

/// Repeats a call that a signal interrupted; -1 means failure, as system calls have it.
fn retry(mut call: impl FnMut() -> isize) -> std::result::Result<usize, i32> {
    loop {
        match call() {
            -1 if errno() == libc::EINTR => continue,
            -1 => return Err(errno()),
            done => return Ok(done as usize),
        }
    }
}
