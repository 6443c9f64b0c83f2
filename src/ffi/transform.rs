//! Files that are changed on the way.

use super::arguments::{self, Extensible};
use super::buffer::arrowio_buffer;
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Handle, Slot, null};
use super::host::{HostData, arrowio_free_fn, outcome};
use super::pool::arrowio_pool;
use crate::error::{Result, error};
use crate::io::{File, Made, OnMalformed, Transform, transcoding_input_stream, transform_input_stream};
use crate::memory::Buffer;
use crate::shared::Shared;
use std::ffi::{c_char, c_void};
use std::ptr::{self, NonNull};

/// Gives what is to be read in place of a chunk: *out_buffer is set to a buffer of any size, whose reference is passed on, or
/// left NULL for nothing yet. It may be the chunk, with one more reference, or a slice of it. After the last chunk comes one
/// of size 0, for what was held back, and then none. On failure, with an error from arrowio_error_new, the next read
/// comes with the same chunk again. Called on the thread of the read, within it; must not throw.
///
/// The chunk is borrowed and cannot be changed.
pub type arrowio_transform_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        chunk: *mut arrowio_buffer,
        out_buffer: *mut *mut arrowio_buffer,
        out_error: *mut *mut arrowio_error,
    ) -> arrowio_status,
>;

struct HostTransform {
    function: unsafe extern "C" fn(
        *mut c_void,
        *mut arrowio_buffer,
        *mut *mut arrowio_buffer,
        *mut *mut arrowio_error,
    ) -> arrowio_status,
    host: Shared<HostData>,
}

impl Transform for HostTransform {
    fn transform(&mut self, chunk: &Buffer) -> Result<Made> {
        let (mut made, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the host's function with the host's pointer, a live buffer and places for results, which it passes on.
        let (result, bytes) = unsafe {
            let status = (self.function)(self.host.user_data, handle::address(chunk), &mut made, &mut error);
            (outcome(status, error), NonNull::new(made).map(|made| Buffer::from_raw(made)))
        };
        result.map_err(|error| error.context(format_args!("its transform callback")))?;
        Ok(Made { bytes, damage: None })
    }
}

/// Makes a file that reads another one and gives what a function of the host's makes of it, in chunks of up to 65536 bytes.
/// Closing it closes the other one.
///
/// \param raw        a readable file; it must not be used otherwise meanwhile.
/// \param transform  the function.
/// \param user_data  passed to it.
/// \param free_fn    frees user_data when the last reference to the file has gone. NULL: nothing to free.
/// \param pool       where chunks and buffers that are read come from. NULL: the default pool.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read), ARROWIO_CLOSED, ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps raw and, on success, user_data; on failure free_fn is not called.
/// Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_transform_input_stream_new(
    raw: *mut arrowio_file,
    transform: arrowio_transform_fn,
    user_data: *mut c_void,
    free_fn: arrowio_free_fn,
    pool: *mut arrowio_pool,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let raw = handle::borrow::<File>(raw, "raw")?;
        let function = transform.ok_or_else(|| null("transform"))?;
        let host = HostData::new(user_data, free_fn)?;
        let transform = HostTransform { function, host: host.clone() };
        let file = transform_input_stream(&raw, transform, "transform", arguments::pool(&pool))?;
        host.adopt();
        out.set(file)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// What is done about data that is wrong: one of the ARROWIO_ON_ERROR constants.
pub type arrowio_on_error = u32;
/// The call fails.
pub const ARROWIO_ON_ERROR_FAIL: arrowio_on_error = 0;
/// A replacement is put in its place: U+FFFD, in text.
pub const ARROWIO_ON_ERROR_REPLACE: arrowio_on_error = 1;

/// Options of transcoding streams. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_transcoding_options {
    /// sizeof(arrowio_transcoding_options).
    pub struct_size: usize,
    /// Where buffers that are read and memory on the way come from. NULL: the default pool.
    pub pool: *mut arrowio_pool,
    /// What is done about bytes that are no character, and about a last one that is not complete.
    pub on_error: arrowio_on_error,
    /// Must be 0.
    pub reserved: u32,
}

// SAFETY: a size, a nullable pointer and numbers.
unsafe impl Extensible for arrowio_transcoding_options {
    const NAME: &'static str = "arrowio_transcoding_options";
}

impl arrowio_transcoding_options {
    fn on_malformed(&self) -> Result<OnMalformed> {
        arguments::reserved::<Self>(self.reserved.into())?;
        match self.on_error {
            ARROWIO_ON_ERROR_FAIL => Ok(OnMalformed::Fail),
            ARROWIO_ON_ERROR_REPLACE => Ok(OnMalformed::Replace),
            other => Err(error!(Invalid, "on_error is {other}, which is no ARROWIO_ON_ERROR constant")),
        }
    }
}

/// Makes a file that reads text from another one, of any encoding, and gives it in UTF-8. Positions count bytes of UTF-8. Text
/// that is wrong is an ARROWIO_IO_ERROR behind all that came before it, which names its byte offset in the other file
/// from where that was. Closing it closes the other one.
///
/// \param raw        a readable file; it must not be used otherwise meanwhile.
/// \param encoding   a name as Python knows it, in any case, with or without hyphens and underscores: "utf-8" (which
///                   checks), "utf-8-sig", "utf-16" (by its byte order mark, else in the machine's order), "utf-16-le",
///                   "utf-16-be", "latin-1", "ascii", "iso-8859-2" to "-16", "cp1250" to "cp1258", "cp866", "cp874",
///                   "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic": all as Python decodes them; "gb18030", "gbk", "big5",
///                   "shift-jis", "euc-jp", "euc-kr", "iso-2022-jp": as the web does (encoding.spec.whatwg.org).
/// \param options    optional.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown encoding, a file that cannot be read, wrong options),
///         ARROWIO_CLOSED, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_transcoding_input_stream_new(
    raw: *mut arrowio_file,
    encoding: *const c_char,
    options: *const arrowio_transcoding_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let raw = handle::borrow::<File>(raw, "raw")?;
        let encoding = arguments::string(encoding, "encoding")?.to_bytes();
        let options = arguments::options(options)?;
        out.set(transcoding_input_stream(&raw, encoding, options.on_malformed()?, arguments::pool(&options.pool))?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
