//! Checksums of what passes through a file.

use super::arguments::{self, Out};
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot};
use super::pool::arrowio_pool;
use crate::error::{Result, error};
use crate::io::{Checksum, File, checksum_input_stream, checksum_output_stream};

/// How a checksum is computed: one of the ARROWIO_CHECKSUM constants.
pub type arrowio_checksum = u32;
/// CRC-32C (Castagnoli), as of iSCSI; 32 bits.
pub const ARROWIO_CHECKSUM_CRC32C: arrowio_checksum = 1;
/// XXH3 of 64 bits, without a seed.
pub const ARROWIO_CHECKSUM_XXH3_64: arrowio_checksum = 2;

fn checksum(checksum: arrowio_checksum) -> Result<Checksum> {
    match checksum {
        ARROWIO_CHECKSUM_CRC32C => Ok(Checksum::Crc32c),
        ARROWIO_CHECKSUM_XXH3_64 => Ok(Checksum::Xxh3),
        _ => Err(error!(Invalid, "checksum is {checksum}, which is no ARROWIO_CHECKSUM constant")),
    }
}

/// Makes a file that reads another one and takes the checksum of what is read. Closing it closes the other one.
///
/// \param raw        a readable file; it must not be used otherwise meanwhile.
/// \param checksum   an ARROWIO_CHECKSUM constant.
/// \param pool       where buffers come from that are read, and what is read ahead. NULL: the default pool.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown checksum, a file that cannot be read), ARROWIO_CLOSED,
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_checksum_input_stream_new(
    raw: *mut arrowio_file,
    checksum: arrowio_checksum,
    pool: *mut arrowio_pool,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let raw = handle::borrow::<File>(raw, "raw")?;
        out.set(checksum_input_stream(&raw, self::checksum(checksum)?, arguments::pool(&pool))?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a file that writes to another one and takes the checksum of what is written. Closing it closes the other one.
///
/// \param raw        a writable file; it must not be used otherwise meanwhile.
/// \param checksum   an ARROWIO_CHECKSUM constant.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown checksum, a file that cannot be written), ARROWIO_CLOSED,
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_checksum_output_stream_new(
    raw: *mut arrowio_file,
    checksum: arrowio_checksum,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let raw = handle::borrow::<File>(raw, "raw")?;
        out.set(checksum_output_stream(&raw, self::checksum(checksum)?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// The checksum of what was read or written so far, at any time, also when the file is closed. What was only peeked does not
/// count; of a failed write what got through does.
///
/// \param file        a file from arrowio_checksum_input_stream_new or _output_stream_new.
/// \param out_digest  the checksum; one of 32 bits in the lower half. Written on success only.
/// \param out_size    how many bytes it is of: as arrowio_file_tell says, but that after a failed read the bytes which it
///                    brought, and which are read again, have counted already. Written on success only.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file of another class), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_checksum_stream_digest(
    file: *mut arrowio_file,
    out_digest: *mut u64,
    out_size: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let (out_digest, out_size) = (Out::new(out_digest, "out_digest")?, Out::new(out_size, "out_size")?);
        let digest = handle::borrow::<File>(file, "file")?.digest()?;
        out_digest.set(digest.value)?;
        out_size.set(digest.size)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
