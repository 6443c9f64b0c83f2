//! What calls on a file did.

use super::arguments::{Extensible, OutStruct};
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle;
use crate::io::{File, Statistics};

/// What the calls on a file did since arrowio_file_enable_statistics. Set struct_size; the rest is filled in.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_statistics {
    /// sizeof(arrowio_statistics).
    pub struct_size: usize,
    /// Calls that read and succeeded.
    pub read_calls: i64,
    /// Bytes that these gave.
    pub bytes_read: i64,
    /// Calls that wrote and succeeded.
    pub write_calls: i64,
    /// Bytes that these took.
    pub bytes_written: i64,
    /// Calls of the operating system, for this file and those beneath it, on the threads that called.
    pub system_calls: i64,
    /// Nanoseconds in these: the time waited.
    pub system_ns: i64,
}

// SAFETY: a size and numbers.
unsafe impl Extensible for arrowio_statistics {
    const NAME: &'static str = "arrowio_statistics";
}

impl From<Statistics> for arrowio_statistics {
    fn from(counted: Statistics) -> Self {
        Self {
            struct_size: size_of::<Self>(),
            read_calls: counted.read_calls as i64,
            bytes_read: counted.bytes_read as i64,
            write_calls: counted.write_calls as i64,
            bytes_written: counted.bytes_written as i64,
            system_calls: counted.system_calls as i64,
            system_ns: counted.system_nanoseconds as i64,
        }
    }
}

/// Counts from now on what calls on a file do. Without it nothing is counted, for counting takes time: where reads are
/// served from memory it multiplies that of the smallest ones.
///
/// \param file       the file; counting what is counted already changes nothing.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_enable_statistics(
    file: *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        handle::borrow::<File>(file, "file")?.enable_statistics();
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Tells what calls on a file did since they are counted, also once it is closed.
///
/// \param file            the file.
/// \param out_statistics  with struct_size set; filled in. All 0 where nothing is counted.
/// \param out_error       optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a wrong struct_size), ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any; beside a call that runs, numbers of different moments. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_statistics(
    file: *const arrowio_file,
    out_statistics: *mut arrowio_statistics,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = OutStruct::new(out_statistics, "out_statistics")?;
        out.set(handle::borrow::<File>(file, "file")?.statistics().into())
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
