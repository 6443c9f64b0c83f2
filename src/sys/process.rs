//! Small facts of the process: its number, its environment, its standard error, the text of an errno.

use std::ffi::CStr;
use std::fmt;

/// The number of this process, which a child of a fork has not.
pub(crate) fn process_number() -> i32 {
    // SAFETY: asks only.
    unsafe { libc::getpid() }
}

/// The value of an environment variable. Copies nothing, so it cannot run out of memory.
pub(crate) fn environment(name: &CStr) -> Option<&'static CStr> {
    // SAFETY: the environment stays readable as long as the host changes it on no other thread, as getenv(3) demands of it.
    unsafe {
        let value = libc::getenv(name.as_ptr());
        (!value.is_null()).then(|| CStr::from_ptr(value))
    }
}

/// Writes one line to standard error; what fails is let go, there is nobody left to tell. Without a signal, whoever reads
/// there or does no more.
pub(crate) fn write_line_to_stderr(line: &[u8]) {
    let pieces = [line, b"\n"].map(|piece| libc::iovec { iov_base: piece.as_ptr() as *mut _, iov_len: piece.len() });
    // SAFETY: both pieces are readable memory. One call, so that lines of several threads do not mix.
    super::without_sigpipe(|| unsafe { (libc::writev(libc::STDERR_FILENO, pieces.as_ptr(), 2), true) });
}

/// The system's text for an errno.
pub(crate) struct ErrnoText(pub i32);

impl fmt::Display for ErrnoText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; 128];
        // SAFETY: writes at most the given number of bytes, with a NUL among them.
        unsafe { libc::strerror_r(self.0, text.as_mut_ptr().cast(), text.len()) };
        let text = CStr::from_bytes_until_nul(&text).unwrap_or_default();
        out.write_str(text.to_str().unwrap_or("unknown error"))
    }
}
