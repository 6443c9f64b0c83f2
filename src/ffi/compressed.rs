//! Compressed streams over other files.

use super::arguments::Out;
use super::codec::{arrowio_codec, arrowio_compression_options, arrowio_decompression_options, codec};
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot};
use crate::io::{File, compressed_input_stream, compressed_output_stream};

/// Makes a file that reads another one and decompresses it. Closing it closes the other one.
///
/// \param raw        a readable file; it must not be used otherwise meanwhile.
/// \param codec      an ARROWIO_CODEC constant of a codec.
/// \param options    optional.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec, a file that cannot be read, wrong options),
///         ARROWIO_NOT_IMPLEMENTED (a codec without streams), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL. Damaged data are found
///         by the reads.
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
        let options = arrowio_decompression_options::convert(options)?;
        out.set(compressed_input_stream(&raw, self::codec(codec)?, &options)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a file that compresses what is written to it into another one. Closing it ends the compressed data and closes the
/// other one.
///
/// \param raw        a writable file; it must not be used otherwise meanwhile.
/// \param codec      an ARROWIO_CODEC constant of a codec.
/// \param options    optional.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec or level, a file that cannot be written, options that the codec
///         does not have), ARROWIO_NOT_IMPLEMENTED (a codec without streams), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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
        let options = arrowio_compression_options::convert(options)?;
        out.set(compressed_output_stream(&raw, self::codec(codec)?, &options)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Position of a compressed stream in compressed bytes: of those beneath, how many the bytes up to its position came of, or
/// came to; both sides hold some back, so it need not be where the other file stands.
///
/// \param file          a file that compresses or decompresses.
/// \param out_position  compressed bytes from where it began. Written on success only.
/// \param out_error     optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, another file), ARROWIO_CLOSED, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_file_raw_tell(
    file: *mut arrowio_file,
    out_position: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_position, "out_position")?;
        out.set(handle::borrow::<File>(file, "file")?.raw_tell()?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
