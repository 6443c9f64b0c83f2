//! Files of the host's functions.

use super::arguments::{self, Extensible};
use super::error::{arrowio_error, arrowio_status};
use super::file::{arrowio_file, arrowio_whence};
use super::guard;
use super::handle::Slot;
use super::host::{HostData, arrowio_free_fn, outcome};
use crate::error::{Error, Result, error};
use crate::io::{Callback, Host, NOT_GIVEN, Whence, callback_file};
use crate::shared::Shared;
use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;
use std::ptr;

/// The functions of a callback file; all are optional, but read or write must be there. Set struct_size, and what there is
/// not to NULL.
///
/// They are called on the thread of whoever calls the file and on no other: read_at on any number of threads at once, the
/// others one at a time. They may use other files; a call of the same file is ARROWIO_INVALID there. They must not throw,
/// jump or call what waits for another call of the same file. A host with a global lock gives it up around the calls of
/// this library and takes it in these functions.
///
/// Each returns ARROWIO_OK, or a failure with, if it can, an error from arrowio_error_new in *out_error, which is never NULL
/// and holds NULL at first; what it says becomes part of the message of the call. Numbers are checked: what is negative, not
/// set, or more than was asked for is an ARROWIO_IO_ERROR that names the function.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_file_callbacks {
    /// sizeof(arrowio_file_callbacks).
    pub struct_size: usize,
    /// What the file is called in messages; copied. NULL: "a callback file".
    pub name: *const c_char,
    /// Reads up to `size` bytes, at least 1, from the position on and moves it behind them. 0 bytes: the end. Every byte that it
    /// counts in *out_read it has written to `dst`: the library reads as many there.
    pub read: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            dst: *mut c_void,
            size: i64,
            out_read: *mut i64,
            out_error: *mut *mut arrowio_error,
        ) -> arrowio_status,
    >,
    /// Reads up to `size` bytes, at least 1, from `offset` on; the position stays. 0 bytes: the end. It has written every byte
    /// that it counts, as `read` has. NULL: done by seek, read and seek, if they are there.
    pub read_at: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            offset: i64,
            dst: *mut c_void,
            size: i64,
            out_read: *mut i64,
            out_error: *mut *mut arrowio_error,
        ) -> arrowio_status,
    >,
    /// Writes up to `size` bytes, at least 1, at the position and moves it behind them. It is called again for what it leaves;
    /// 0 bytes are a failure.
    pub write: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            data: *const c_void,
            size: i64,
            out_written: *mut i64,
            out_error: *mut *mut arrowio_error,
        ) -> arrowio_status,
    >,
    /// As write, at an offset; the position stays. NULL: the file cannot do it.
    pub write_at: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            offset: i64,
            data: *const c_void,
            size: i64,
            out_written: *mut i64,
            out_error: *mut *mut arrowio_error,
        ) -> arrowio_status,
    >,
    /// Moves the position to `offset` from ARROWIO_SEEK_START, or to the end: offset 0 from ARROWIO_SEEK_END. NULL: the file
    /// cannot seek.
    pub seek: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            offset: i64,
            whence: arrowio_whence,
            out_position: *mut i64,
            out_error: *mut *mut arrowio_error,
        ) -> arrowio_status,
    >,
    /// Gives the position. NULL: it is counted, from 0 on.
    pub tell: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            out_position: *mut i64,
            out_error: *mut *mut arrowio_error,
        ) -> arrowio_status,
    >,
    /// Gives the size in bytes. NULL: done by seek, to the end and back, if it is there.
    pub size: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            out_size: *mut i64,
            out_error: *mut *mut arrowio_error,
        ) -> arrowio_status,
    >,
    /// Cuts or extends the file; the position stays. NULL: the file cannot do it.
    pub resize: Option<
        unsafe extern "C" fn(user_data: *mut c_void, size: i64, out_error: *mut *mut arrowio_error) -> arrowio_status,
    >,
    /// Passes what was written on to the operating system. NULL: nothing to do. Also called before close, if there is a write.
    pub flush:
        Option<unsafe extern "C" fn(user_data: *mut c_void, out_error: *mut *mut arrowio_error) -> arrowio_status>,
    /// Waits until what was written is on the disk. NULL: flush has to do.
    pub sync:
        Option<unsafe extern "C" fn(user_data: *mut c_void, out_error: *mut *mut arrowio_error) -> arrowio_status>,
    /// Called once, when the file is closed; nothing else but free_fn comes after it. NULL: nothing to do.
    pub close:
        Option<unsafe extern "C" fn(user_data: *mut c_void, out_error: *mut *mut arrowio_error) -> arrowio_status>,
    /// Called in place of close when the file is closed without finishing what was written. NULL: close has to do.
    pub abort:
        Option<unsafe extern "C" fn(user_data: *mut c_void, out_error: *mut *mut arrowio_error) -> arrowio_status>,
    /// Frees user_data when the last reference to the file has gone. NULL: nothing to free.
    pub free_fn: arrowio_free_fn,
}

// SAFETY: a size and nullable pointers.
unsafe impl Extensible for arrowio_file_callbacks {
    const NAME: &'static str = "arrowio_file_callbacks";
}

/// The host's functions behind the core's trait.
struct HostFile {
    /// Without the name, which is the caller's.
    callbacks: arrowio_file_callbacks,
    host: Shared<HostData>,
}

// SAFETY: functions; the name is NULL.
unsafe impl Send for HostFile {}
// SAFETY: as above.
unsafe impl Sync for HostFile {}

impl HostFile {
    fn call(&self, function: impl FnOnce(*mut c_void, *mut *mut arrowio_error) -> arrowio_status) -> Result<()> {
        let mut error = ptr::null_mut();
        let status = function(self.host.user_data, &mut error);
        // SAFETY: the host leaves NULL there or passes an error on.
        unsafe { outcome(status, error) }
    }

    fn number(
        &self,
        function: impl FnOnce(*mut c_void, *mut i64, *mut *mut arrowio_error) -> arrowio_status,
    ) -> Result<i64> {
        let mut number = NOT_GIVEN;
        self.call(|user_data, error| function(user_data, &mut number, error))?;
        Ok(number)
    }
}

/// Only what `has` says is there is called.
fn given<F>(function: Option<F>) -> Result<F> {
    function.ok_or_else(not_given)
}

#[cold]
fn not_given() -> Error {
    error!(Internal, "a callback was called that is not there")
}

// In all of these, SAFETY: the host's function with the host's pointer, memory of the stated size and places for results.
impl Host for HostFile {
    fn has(&self, callback: Callback) -> bool {
        match callback {
            Callback::Read => self.callbacks.read.is_some(),
            Callback::ReadAt => self.callbacks.read_at.is_some(),
            Callback::Write => self.callbacks.write.is_some(),
            Callback::WriteAt => self.callbacks.write_at.is_some(),
            Callback::Seek => self.callbacks.seek.is_some(),
            Callback::Tell => self.callbacks.tell.is_some(),
            Callback::Size => self.callbacks.size.is_some(),
            Callback::Resize => self.callbacks.resize.is_some(),
            Callback::Flush => self.callbacks.flush.is_some(),
            Callback::Sync => self.callbacks.sync.is_some(),
            Callback::Close => self.callbacks.close.is_some(),
            Callback::Abort => self.callbacks.abort.is_some(),
        }
    }

    fn read(&self, dst: &mut [MaybeUninit<u8>]) -> Result<i64> {
        let (read, dst, size) = (given(self.callbacks.read)?, dst.as_mut_ptr().cast(), dst.len() as i64);
        // SAFETY: as above.
        self.number(|user_data, out, error| unsafe { read(user_data, dst, size, out, error) })
    }

    fn read_at(&self, offset: i64, dst: &mut [MaybeUninit<u8>]) -> Result<i64> {
        let (read_at, dst, size) = (given(self.callbacks.read_at)?, dst.as_mut_ptr().cast(), dst.len() as i64);
        // SAFETY: as above.
        self.number(|user_data, out, error| unsafe { read_at(user_data, offset, dst, size, out, error) })
    }

    fn write(&self, data: &[u8]) -> Result<i64> {
        let (write, data, size) = (given(self.callbacks.write)?, data.as_ptr().cast(), data.len() as i64);
        // SAFETY: as above.
        self.number(|user_data, out, error| unsafe { write(user_data, data, size, out, error) })
    }

    fn write_at(&self, offset: i64, data: &[u8]) -> Result<i64> {
        let (write_at, data, size) = (given(self.callbacks.write_at)?, data.as_ptr().cast(), data.len() as i64);
        // SAFETY: as above.
        self.number(|user_data, out, error| unsafe { write_at(user_data, offset, data, size, out, error) })
    }

    fn seek(&self, offset: i64, whence: Whence) -> Result<i64> {
        let (seek, whence) = (given(self.callbacks.seek)?, super::file::from_whence(whence));
        // SAFETY: as above.
        self.number(|user_data, out, error| unsafe { seek(user_data, offset, whence, out, error) })
    }

    fn tell(&self) -> Result<i64> {
        let tell = given(self.callbacks.tell)?;
        // SAFETY: as above.
        self.number(|user_data, out, error| unsafe { tell(user_data, out, error) })
    }

    fn size(&self) -> Result<i64> {
        let size = given(self.callbacks.size)?;
        // SAFETY: as above.
        self.number(|user_data, out, error| unsafe { size(user_data, out, error) })
    }

    fn resize(&self, size: i64) -> Result<()> {
        let resize = given(self.callbacks.resize)?;
        // SAFETY: as above.
        self.call(|user_data, error| unsafe { resize(user_data, size, error) })
    }

    fn simple(&self, callback: Callback) -> Result<()> {
        let function = given(match callback {
            Callback::Flush => self.callbacks.flush,
            Callback::Sync => self.callbacks.sync,
            Callback::Close => self.callbacks.close,
            Callback::Abort => self.callbacks.abort,
            _ => None,
        })?;
        // SAFETY: as above.
        self.call(|user_data, error| unsafe { function(user_data, error) })
    }
}

/// Makes a file of the host's functions. What it can do follows from which there are; positions and sizes begin at what they
/// say. Small reads and writes are not gathered: lay a buffered stream over it.
///
/// \param callbacks  the functions; copied.
/// \param user_data  passed to each of them.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, neither read nor write, read_at without read, write_at or resize without write,
///         a wrong struct_size), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; on success the file keeps user_data until its last release, on failure free_fn is
/// not called. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_callback_file_new(
    callbacks: *const arrowio_file_callbacks,
    user_data: *mut c_void,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let mut callbacks = arguments::required_options(callbacks, "callbacks")?;
        let name = arguments::string(std::mem::replace(&mut callbacks.name, ptr::null()), "name").ok();
        let host = HostData::new(user_data, callbacks.free_fn)?;
        let file = callback_file(HostFile { callbacks, host: host.clone() }, name.map(|name| name.to_bytes()))?;
        host.adopt();
        out.set(file)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
