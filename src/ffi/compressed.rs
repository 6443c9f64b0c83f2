//! Compressed streams over other files.

use super::arguments::{self, Extensible};
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot};
use super::pool::arrowio_pool;
use crate::codec::Codec;
use crate::error::{Result, error};
use crate::io::{File, compressed_input_stream, compressed_output_stream};

/// How data is compressed: one of the ARROWIO_CODEC constants.
pub type arrowio_codec = u32;
/// As the path's suffix says, in any case: ".gz", ".zst"; not at all for other paths and for memory.
pub const ARROWIO_CODEC_DETECT: arrowio_codec = 0;
/// Not at all.
pub const ARROWIO_CODEC_NONE: arrowio_codec = 1;
/// gzip (RFC 1952), also of several members.
pub const ARROWIO_CODEC_GZIP: arrowio_codec = 2;
/// Zstandard (RFC 8878), also of several frames.
pub const ARROWIO_CODEC_ZSTD: arrowio_codec = 3;

const _: () = {
    assert!(crate::codec::CODECS[0].id == ARROWIO_CODEC_GZIP && crate::codec::CODECS[1].id == ARROWIO_CODEC_ZSTD);
};

/// Options of compressed input. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_decompression_options {
    /// sizeof(arrowio_decompression_options).
    pub struct_size: usize,
    /// Where buffers that are read come from; the codec's own state does not. NULL: the default pool.
    pub pool: *mut arrowio_pool,
}

// SAFETY: a size and a nullable pointer.
unsafe impl Extensible for arrowio_decompression_options {
    const NAME: &'static str = "arrowio_decompression_options";
}

/// Options of compressed output. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_compression_options {
    /// sizeof(arrowio_compression_options).
    pub struct_size: usize,
    /// Where memory on the way comes from; the codec's own state does not. NULL: the default pool.
    pub pool: *mut arrowio_pool,
    /// The level: gzip 1 to 9, zstd -131072 to 22. 0: the codec's default (gzip 6, zstd 3).
    pub compression_level: i32,
    /// Must be 0.
    pub reserved: i32,
}

// SAFETY: a size, a nullable pointer and numbers.
unsafe impl Extensible for arrowio_compression_options {
    const NAME: &'static str = "arrowio_compression_options";
}

pub(super) fn codec(codec: arrowio_codec) -> Result<&'static Codec> {
    Codec::by_id(codec).ok_or_else(|| match codec {
        ARROWIO_CODEC_DETECT | ARROWIO_CODEC_NONE => {
            error!(Invalid, "codec is {codec}, a compressed stream needs ARROWIO_CODEC_GZIP or ARROWIO_CODEC_ZSTD")
        }
        _ => error!(Invalid, "codec is {codec}, which is no ARROWIO_CODEC constant"),
    })
}

/// Makes a file that reads another one and decompresses it. Closing it closes the other one.
///
/// \param raw        a readable file; it must not be used otherwise meanwhile.
/// \param codec      ARROWIO_CODEC_GZIP or ARROWIO_CODEC_ZSTD.
/// \param options    optional.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec, a file that cannot be read, wrong options),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_compressed_input_stream_new(
    raw: *mut arrowio_file,
    codec: arrowio_codec,
    options: *const arrowio_decompression_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let raw = handle::borrow::<File>(raw, "raw")?;
        let options = arguments::options(options)?;
        let pool = arguments::pool(&options.pool);
        out.set(compressed_input_stream(&raw, self::codec(codec)?, pool)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a file that compresses what is written to it into another one. Closing it ends the compressed data and closes the
/// other one.
///
/// \param raw        a writable file; it must not be used otherwise meanwhile.
/// \param codec      ARROWIO_CODEC_GZIP or ARROWIO_CODEC_ZSTD.
/// \param options    optional.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec or level, a file that cannot be written, wrong options),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_compressed_output_stream_new(
    raw: *mut arrowio_file,
    codec: arrowio_codec,
    options: *const arrowio_compression_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let raw = handle::borrow::<File>(raw, "raw")?;
        let options = arguments::options(options)?;
        if options.reserved != 0 {
            return Err(error!(Invalid, "arrowio_compression_options.reserved is {}, it must be 0", options.reserved));
        }
        let pool = arguments::pool(&options.pool);
        out.set(compressed_output_stream(&raw, self::codec(codec)?, options.compression_level, pool)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
