//! Files that pass on, hold up or drop what goes through them.

use super::arguments::{self, Extensible};
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot};
use crate::error::Result;
use crate::io::{File, Latency, mock_output_stream, slow_input, tee_output_stream};

/// Makes a file that writes to two others what is written to it. A write goes to the first and then to the second one. Where
/// one of them fails, the error says which, and how far each one came; the next write goes on behind what both have, which
/// is the position, and brings the first file no byte twice. Flush, sync and close go to both, also where one fails, and report the first failure.
///
/// \param first      a writable file; it must not be used otherwise meanwhile.
/// \param second     another one.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be written, twice the same), ARROWIO_CLOSED,
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps both. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_tee_output_stream_new(
    first: *mut arrowio_file,
    second: *mut arrowio_file,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let first = handle::borrow::<File>(first, "first")?;
        out.set(tee_output_stream(&first, &*handle::borrow::<File>(second, "second")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a file that keeps nothing of what is written to it; its position and size tell how much it was.
///
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_mock_output_stream_new(
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe { Slot::new(out_file, "out_file")?.set(mock_output_stream()?) };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Options of slow input. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_slow_input_options {
    /// sizeof(arrowio_slow_input_options).
    pub struct_size: usize,
    /// How long a read waits before it begins, on average, in nanoseconds, at least 0.
    pub latency_ns: i64,
    /// By how much that differs, as the standard deviation of about a normal distribution, at least 0. No wait is negative.
    pub deviation_ns: i64,
    /// The same seed gives the same waits.
    pub seed: u64,
}

// SAFETY: numbers.
unsafe impl Extensible for arrowio_slow_input_options {
    const NAME: &'static str = "arrowio_slow_input_options";
}

impl arrowio_slow_input_options {
    fn latency(&self) -> Result<Latency> {
        arguments::size(self.latency_ns, "latency_ns")?;
        arguments::size(self.deviation_ns, "deviation_ns")?;
        Ok(Latency { mean: self.latency_ns, deviation: self.deviation_ns, seed: self.seed })
    }
}

/// Makes a file that reads another one and waits before each read of that, also before those at offsets, to try what reads
/// slow files. It seeks and has a size if the other one does; a cancellation ends the waits. Closing it closes the other one.
///
/// \param raw        a readable file; it must not be used otherwise meanwhile.
/// \param options    optional; without them no read waits.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read, wrong options), ARROWIO_CLOSED,
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_slow_input_new(
    raw: *mut arrowio_file,
    options: *const arrowio_slow_input_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let raw = handle::borrow::<File>(raw, "raw")?;
        out.set(slow_input(&raw, arguments::options(options)?.latency()?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
