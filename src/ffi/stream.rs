//! The high-level way in: a path or memory, with compression recognised and buffering chosen.

use super::arguments::{self, Extensible};
use super::buffer::arrowio_buffer;
use super::buffered;
use super::codec::{
    ARROWIO_CODEC_DETECT, ARROWIO_CODEC_DETECT_CONTENT, ARROWIO_CODEC_NONE, arrowio_codec, arrowio_compression_options,
    arrowio_decompression_options, codec,
};
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot};
use super::os_file::arrowio_os_file_options;
use super::pool::arrowio_pool;
use crate::codec::{DecoderOptions, EncoderOptions};
use crate::error::Result;
use crate::io::{
    Compression, File, OsFileOptions, StreamOptions, input_stream, input_stream_from_buffer, input_stream_from_file,
    output_stream, output_stream_from_file,
};
use crate::memory::Buffer;
use std::ffi::c_char;

/// Options of high-level streams. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_stream_options {
    /// sizeof(arrowio_stream_options).
    pub struct_size: usize,
    /// Where all memory comes from. NULL: the default pool.
    pub pool: *mut arrowio_pool,
    /// Small reads and writes are gathered to this many bytes, at most 1 GiB. 0: 65536. Negative: not at all. With
    /// a codec at least this many compressed bytes, and never fewer than 65536, are read and written at once as well.
    pub buffer_size: i64,
    /// An ARROWIO_CODEC constant.
    pub codec: arrowio_codec,
    /// Must be 0.
    pub reserved: i32,
    /// How a path is opened, such as with ARROWIO_OPEN_ATOMIC; its pool is not used. NULL: as the defaults there.
    pub file_options: *const arrowio_os_file_options,
    /// Output only: how to compress, such as the level; its pool is not used. NULL: as the defaults there.
    pub compression: *const arrowio_compression_options,
    /// Input only: how to decompress, such as the limits; its pool is not used. NULL: as the defaults there.
    pub decompression: *const arrowio_decompression_options,
}

// SAFETY: a size, nullable pointers and numbers.
unsafe impl Extensible for arrowio_stream_options {
    const NAME: &'static str = "arrowio_stream_options";
}

impl arrowio_stream_options {
    /// # Safety
    /// As for `arguments::options`, with pools that are NULL or live.
    unsafe fn convert(given: *const Self) -> Result<StreamOptions> {
        // SAFETY: the caller's promise.
        let given = unsafe { arguments::options(given)? };
        arguments::reserved::<Self>(given.reserved.into())?;
        // SAFETY: the caller's promise.
        let (pool, file, encoder, decoder) = unsafe {
            (
                arguments::pool(&given.pool).clone(),
                arrowio_os_file_options::convert(given.file_options)?,
                arrowio_compression_options::convert(given.compression)?,
                arrowio_decompression_options::convert(given.decompression)?,
            )
        };
        let buffer_size = match given.buffer_size {
            0 => StreamOptions::DEFAULT_BUFFER_SIZE,
            ..0 => 0,
            size => buffered::buffer_size(size)?,
        };
        let compression = match given.codec {
            ARROWIO_CODEC_DETECT => Compression::Detect,
            ARROWIO_CODEC_NONE => Compression::None,
            ARROWIO_CODEC_DETECT_CONTENT => Compression::DetectContent,
            other => Compression::Codec(codec(other)?),
        };
        let file = OsFileOptions { pool: pool.clone(), ..file };
        let encoder = EncoderOptions { pool: pool.clone(), ..encoder };
        let decoder = DecoderOptions { pool: pool.clone(), ..decoder };
        Ok(StreamOptions { pool, buffer_size, compression, encoder, decoder, file })
    }
}

/// Opens a file for reading from its start to its end: decompressed as its suffix says or,
/// where that says nothing, its first bytes, with small reads gathered. Standard
/// input is "/dev/stdin", of which options->codec says how it is compressed.
///
/// \param path       a NUL-terminated path, or a URI as for arrowio_filesystem_open, whose options are then the usual ones.
/// \param options    optional.
/// \param out_file   the stream; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec, wrong options), ARROWIO_IO_ERROR (with errno),
///         ARROWIO_NOT_IMPLEMENTED (a codec that has no streams, HDFS in a build without it), ARROWIO_CAPACITY_ERROR
///         (memory_limit too small for the decoder), ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL. Damaged data is found by the reads.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_input_stream_open(
    path: *const c_char,
    options: *const arrowio_stream_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let path = arguments::string(path, "path")?;
        out.set(input_stream(path, &arrowio_stream_options::convert(options)?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Reads a buffer from its start to its end, decompressed as the options or else its first bytes say.
///
/// \param buffer     the buffer; while the stream lives it cannot be resized.
/// \param options    optional.
/// \param out_file   the stream; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec, wrong options), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps the buffer. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_input_stream_from_buffer(
    buffer: *mut arrowio_buffer,
    options: *const arrowio_stream_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let buffer = handle::borrow::<Buffer>(buffer, "buffer")?;
        out.set(input_stream_from_buffer(&buffer, &arrowio_stream_options::convert(options)?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Reads a file of any class from its position on, decompressed as the options say or, where they say nothing, the suffix of
/// the path that it was opened by or else its next bytes, with small reads gathered. Closing the stream closes the file.
///
/// \param raw        a readable file; it must not be used otherwise meanwhile.
/// \param options    optional.
/// \param out_file   the stream, which is raw itself where there is nothing to add to it; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read, an unknown codec, wrong options),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_input_stream_from_file(
    raw: *mut arrowio_file,
    options: *const arrowio_stream_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let raw = handle::borrow::<File>(raw, "raw")?;
        out.set(input_stream_from_file(&raw, &arrowio_stream_options::convert(options)?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Opens a file for writing, compressed as its suffix says, with small writes gathered. The file is created, or cut to
/// nothing. Only arrowio_file_close tells whether everything has arrived; to keep the old content until then, have
/// ARROWIO_OPEN_ATOMIC in options->file_options.
///
/// \param path       a NUL-terminated path, or a URI as for arrowio_filesystem_open, whose options are then the usual ones.
/// \param options    optional.
/// \param out_file   the stream; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec or level, wrong options), ARROWIO_ALREADY_EXISTS,
///         ARROWIO_IO_ERROR (with errno), ARROWIO_NOT_IMPLEMENTED (a codec that has no streams, HDFS in a build without it),
///         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_output_stream_open(
    path: *const c_char,
    options: *const arrowio_stream_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let path = arguments::string(path, "path")?;
        out.set(output_stream(path, &arrowio_stream_options::convert(options)?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Writes to a file of any class from its position on, compressed as the options say or, where they say nothing and it was
/// opened by a path, as that one's suffix says, with small writes gathered. Closing the stream closes the file.
///
/// \param raw        a writable file; it must not be used otherwise meanwhile.
/// \param options    optional.
/// \param out_file   the stream, which is raw itself where there is nothing to add to it; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be written, an unknown codec or level, wrong options),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_output_stream_from_file(
    raw: *mut arrowio_file,
    options: *const arrowio_stream_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let raw = handle::borrow::<File>(raw, "raw")?;
        out.set(output_stream_from_file(&raw, &arrowio_stream_options::convert(options)?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
