//! The descriptors that every program is started with.

use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::Slot;
use super::os_file::arrowio_os_file_options;
use crate::error::{Result, error};
use crate::io::{StandardStream, standard_stream};

/// A standard stream: one of the ARROWIO_STANDARD constants, which are the descriptors' numbers.
pub type arrowio_standard_stream = u32;
/// Standard input, for reading.
pub const ARROWIO_STANDARD_INPUT: arrowio_standard_stream = 0;
/// Standard output, for writing.
pub const ARROWIO_STANDARD_OUTPUT: arrowio_standard_stream = 1;
/// Standard error, for writing.
pub const ARROWIO_STANDARD_ERROR: arrowio_standard_stream = 2;

fn stream(stream: arrowio_standard_stream) -> Result<StandardStream> {
    match stream {
        ARROWIO_STANDARD_INPUT => Ok(StandardStream::Input),
        ARROWIO_STANDARD_OUTPUT => Ok(StandardStream::Output),
        ARROWIO_STANDARD_ERROR => Ok(StandardStream::Error),
        _ => Err(error!(Invalid, "stream is {stream}, it must be ARROWIO_STANDARD_INPUT, _OUTPUT or _ERROR")),
    }
}

/// Makes a file of standard input, output or error, whatever that is: a terminal, a pipe, a file. It goes on at the
/// descriptor's position, as arrowio_os_file_open_fd does with a borrowed descriptor. It knows nothing of what stdio.h has
/// buffered: fflush(3) that before, and do not read one stream in both ways.
///
/// \param stream     ARROWIO_STANDARD_INPUT, _OUTPUT or _ERROR.
/// \param options    optional; what concerns paths and who closes has no meaning here.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown stream, one that is not open for its direction, wrong options),
///         ARROWIO_IO_ERROR (with errno; EBADF where the program was started without it), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps the pool. The descriptor stays open when the file is closed.
/// Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_standard_stream_open(
    stream: arrowio_standard_stream,
    options: *const arrowio_os_file_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        out.set(standard_stream(self::stream(stream)?, &arrowio_os_file_options::convert(options)?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
