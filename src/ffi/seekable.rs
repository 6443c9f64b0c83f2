//! Compressed files that are read at any place.

use super::arguments::{self, Extensible};
use super::codec::{arrowio_codec, arrowio_decompression_options, codec};
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot};
use crate::error::Result;
use crate::io::{File, SeekableOptions, seekable_file};

/// Options of seekable files. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_seekable_options {
    /// sizeof(arrowio_seekable_options).
    pub struct_size: usize,
    /// How to decompress, such as the limits; its pool is where all memory comes from. Of max_ratio all that was
    /// decompressed so far is taken together; threads are not used. NULL: as the defaults there.
    pub decompression: *const arrowio_decompression_options,
    /// The most decompressed bytes that are kept; what was not used for longest goes first. What was decompressed last, at
    /// most 2 MiB, is always kept. 0: 16 MiB.
    pub cache_size: i64,
    /// gzip that is not BGZF, and bzip2: reading can begin at places that are so many decompressed bytes apart, or a little
    /// more, of bzip2 up to a block more. In gzip each of them takes up to 32 KiB of memory, about a third of that of text; in
    /// bzip2 next to nothing. 0: 1 MiB.
    pub index_spacing: i64,
}

// SAFETY: a size, a nullable pointer and numbers.
unsafe impl Extensible for arrowio_seekable_options {
    const NAME: &'static str = "arrowio_seekable_options";
}

impl arrowio_seekable_options {
    /// # Safety
    /// As for `arguments::options`, with decompression options that are NULL or as they are to be.
    unsafe fn convert(given: *const Self) -> Result<SeekableOptions> {
        // SAFETY: the caller's promise.
        unsafe {
            let given = arguments::options(given)?;
            let cache_size =
                arguments::size_or(given.cache_size, "cache_size", SeekableOptions::DEFAULT_CACHE_SIZE, usize::MAX)?;
            let spacing = SeekableOptions::DEFAULT_SPACING as usize;
            let spacing = arguments::size_or(given.index_spacing, "index_spacing", spacing, usize::MAX)? as u64;
            let decoder = arrowio_decompression_options::convert(given.decompression)?;
            Ok(SeekableOptions { decoder, cache_size, spacing })
        }
    }
}

/// Makes a file that reads a compressed one at any place, from any number of threads at once. Where decompression can begin
/// is found out as far as reads go: in zstd's seekable format by its table at the end, in BGZF and in frames of zstd that
/// tell their size without decompressing them; gzip and bzip2 are decompressed once up to where the first read is, after
/// which it can begin at places about index_spacing apart, in bzip2 where blocks begin. All of this is the index, which
/// arrowio_seekable_file_save_index keeps for the next time. Of other codecs, and of frames that do not tell their size,
/// reading can begin at each frame, once it was found by decompressing what is before it; within a frame what is before is
/// decompressed again.
///
/// The index takes 60 to 120 bytes for each frame that is not empty, and for each place within a frame of gzip
/// also the 32 KiB before it, compressed; only the latter come from the pool, and neither counts towards cache_size.
///
/// Its size is known once the end was found: arrowio_file_size, and seeking from the end, go on to it. What is given has been
/// checked as far as the format and the index allow: pieces of up to 2 MiB between two such places as a whole, longer ones
/// once their end is reached. What is passed over without being decompressed, in zstd's seekable format, in frames of zstd that
/// tell their size, and in BGZF, is taken for as long as it says, for nothing there has a checksum: where such a size is damaged,
/// what lies behind is found at other places, until all before it is read, which is an error. Closing it closes the other one.
///
/// \param raw        a file that can be read at offsets and knows its size; it is read from its beginning, and must not
///                   change.
/// \param codec      an ARROWIO_CODEC constant of a codec.
/// \param options    optional.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec, a file that cannot be read at offsets, wrong options),
///         ARROWIO_NOT_IMPLEMENTED (a codec without streams), ARROWIO_CAPACITY_ERROR (memory_limit is too small),
///         ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL. Damaged data are found by
///         the reads. In a child of fork() reads are ARROWIO_INVALID.
///
/// Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_seekable_file_new(
    raw: *mut arrowio_file,
    codec: arrowio_codec,
    options: *const arrowio_seekable_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let raw = handle::borrow::<File>(raw, "raw")?;
        let options = arrowio_seekable_options::convert(options)?;
        out.set(seekable_file(&raw, self::codec(codec)?, options)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Writes the index of a seekable file, which is completed first. It is of these compressed data only, and good for as long as
/// they do not change, on any machine and with any later version of the library; it takes 28 bytes for each place and what
/// index_spacing says.
///
/// \param file       a file from arrowio_seekable_file_new.
/// \param target     a file that can be written; it stays open.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file of another class, a target that cannot be written), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (also when the data are damaged), ARROWIO_CAPACITY_ERROR (a limit of the options is passed),
///         ARROWIO_CANCELLED, ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any number at once, and at the same time as any other call on file. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_seekable_file_save_index(
    file: *mut arrowio_file,
    target: *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let file = handle::borrow::<File>(file, "file")?;
        file.save_index(&*handle::borrow::<File>(target, "target")?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Has a seekable file use an index that was saved, instead of finding out for itself. An index that is damaged, or of data of
/// another size or another beginning, is refused, and the file goes on as before. Where the data differ otherwise, reads fail
/// where the difference is found by a checksum: before a byte is given within 2 MiB of content, behind them of what is longer.
///
/// \param file       a file from arrowio_seekable_file_new.
/// \param source     a file that can be read, from its position to its end; it stays open.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file of another class, a source that cannot be read), ARROWIO_CLOSED,
///         ARROWIO_IO_ERROR (no index, a damaged one, one of other data), ARROWIO_CAPACITY_ERROR (the data are larger than a
///         limit of the options), ARROWIO_CANCELLED, ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any number at once, and at the same time as any other call on file. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_seekable_file_load_index(
    file: *mut arrowio_file,
    source: *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let file = handle::borrow::<File>(file, "file")?;
        file.load_index(&*handle::borrow::<File>(source, "source")?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
