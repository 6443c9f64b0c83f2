//! Opening files and streams.

use super::arguments::{self, Extensible};
use super::buffer::arrowio_buffer;
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::guard;
use super::handle::{self, Slot};
use super::pool::arrowio_pool;
use crate::codec::Codec;
use crate::error::{Result, error};
use crate::io::{
    Compression, File, MapMode, Mode, OsFileOptions, StreamOptions, buffer_output_stream, buffer_reader,
    compressed_input_stream, compressed_output_stream, fixed_size_buffer_writer, input_stream,
    input_stream_from_buffer, memory_map, memory_map_create, os_file, os_file_from_fd, output_stream,
};
use crate::memory::Buffer;
use std::ffi::{c_char, c_int};

/// What a file is opened for: one of the ARROWIO_MODE constants.
pub type arrowio_mode = u32;
/// Reading; the file must exist.
pub const ARROWIO_MODE_READ: arrowio_mode = 1;
/// Writing; the file is created, or cut to nothing.
pub const ARROWIO_MODE_WRITE: arrowio_mode = 2;
/// Writing at the end; the file is created where it does not exist.
pub const ARROWIO_MODE_APPEND: arrowio_mode = 3;
/// Reading and writing from the start; the file is created where it does not exist and never cut.
pub const ARROWIO_MODE_READ_WRITE: arrowio_mode = 4;
/// Memory maps only: reading and writing in this process's memory; the file stays as it is.
pub const ARROWIO_MODE_PRIVATE: arrowio_mode = 5;

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

/// Options of operating system files. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_os_file_options {
    /// sizeof(arrowio_os_file_options).
    pub struct_size: usize,
    /// Where buffers that are read come from. NULL: the default pool.
    pub pool: *mut arrowio_pool,
    /// Permission bits of a new file before the process's umask, such as 0600. 0: 0666.
    pub permissions: u32,
    /// Not 0: a descriptor stays the caller's and is not closed with the file.
    pub borrow_descriptor: i32,
}

// SAFETY: a size, a nullable pointer and numbers.
unsafe impl Extensible for arrowio_os_file_options {
    const NAME: &'static str = "arrowio_os_file_options";
}

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

/// Options of high-level streams. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_stream_options {
    /// sizeof(arrowio_stream_options).
    pub struct_size: usize,
    /// Where buffers that are read and memory on the way come from; a codec's own state does not. NULL: the default pool.
    pub pool: *mut arrowio_pool,
    /// Small reads and writes are gathered to this many bytes, at most 1 GiB. 0: 65536. Negative: not at all.
    pub buffer_size: i64,
    /// An ARROWIO_CODEC constant.
    pub codec: arrowio_codec,
    /// Output only: the level; gzip 1 to 9, zstd -131072 to 22. 0: the codec's default (gzip 6, zstd 3).
    pub compression_level: i32,
}

// SAFETY: a size, a nullable pointer and numbers.
unsafe impl Extensible for arrowio_stream_options {
    const NAME: &'static str = "arrowio_stream_options";
}

/// The largest buffer that a stream gathers small reads and writes in, 1 GiB.
const MOST_GATHERED: i64 = 1 << 30;

fn os_mode(mode: arrowio_mode) -> Result<Mode> {
    match mode {
        ARROWIO_MODE_READ => Ok(Mode::Read),
        ARROWIO_MODE_WRITE => Ok(Mode::Write),
        ARROWIO_MODE_APPEND => Ok(Mode::Append),
        ARROWIO_MODE_READ_WRITE => Ok(Mode::ReadWrite),
        ARROWIO_MODE_PRIVATE => Err(error!(Invalid, "mode is ARROWIO_MODE_PRIVATE, which is for memory maps only")),
        _ => Err(error!(Invalid, "mode is {mode}, which is no ARROWIO_MODE constant")),
    }
}

fn map_mode(mode: arrowio_mode) -> Result<MapMode> {
    match mode {
        ARROWIO_MODE_READ => Ok(MapMode::Read),
        ARROWIO_MODE_READ_WRITE => Ok(MapMode::ReadWrite),
        ARROWIO_MODE_PRIVATE => Ok(MapMode::Private),
        _ => Err(error!(Invalid, "mode is {mode}, a memory map needs ARROWIO_MODE_READ, _READ_WRITE or _PRIVATE")),
    }
}

const _: () = {
    assert!(crate::codec::CODECS[0].id == ARROWIO_CODEC_GZIP && crate::codec::CODECS[1].id == ARROWIO_CODEC_ZSTD);
};

fn codec(codec: arrowio_codec) -> Result<&'static Codec> {
    Codec::by_id(codec).ok_or_else(|| match codec {
        ARROWIO_CODEC_DETECT | ARROWIO_CODEC_NONE => {
            error!(Invalid, "codec is {codec}, a compressed stream needs ARROWIO_CODEC_GZIP or ARROWIO_CODEC_ZSTD")
        }
        _ => error!(Invalid, "codec is {codec}, which is no ARROWIO_CODEC constant"),
    })
}

impl arrowio_os_file_options {
    /// # Safety
    /// As for `arguments::options`, with a pool that is NULL or live.
    unsafe fn convert(given: *const Self) -> Result<OsFileOptions> {
        // SAFETY: the caller's promise.
        let (given, pool) = unsafe {
            let given = arguments::options(given)?;
            (given, arguments::pool(&given.pool).clone())
        };
        let permissions = match given.permissions {
            0 => OsFileOptions::DEFAULT_PERMISSIONS,
            bits if bits & !0o7777 == 0 => bits,
            bits => return Err(error!(Invalid, "permissions are 0{bits:o}, there are none beyond 07777")),
        };
        Ok(OsFileOptions { pool, permissions, borrow: given.borrow_descriptor != 0 })
    }
}

impl arrowio_stream_options {
    /// # Safety
    /// As for `arguments::options`, with a pool that is NULL or live.
    unsafe fn convert(given: *const Self) -> Result<StreamOptions> {
        // SAFETY: the caller's promise.
        let (given, pool) = unsafe {
            let given = arguments::options(given)?;
            (given, arguments::pool(&given.pool).clone())
        };
        let buffer_size = match given.buffer_size {
            0 => StreamOptions::DEFAULT_BUFFER_SIZE,
            size if size > MOST_GATHERED => {
                return Err(error!(Invalid, "buffer_size is {size}, it must not be above {MOST_GATHERED}"));
            }
            size => usize::try_from(size).unwrap_or(0),
        };
        let compression = match given.codec {
            ARROWIO_CODEC_DETECT => Compression::Detect,
            ARROWIO_CODEC_NONE => Compression::None,
            other => Compression::Codec(codec(other)?),
        };
        Ok(StreamOptions { pool, buffer_size, compression, level: given.compression_level })
    }
}

/// Opens a file of the operating system: a regular file, a FIFO, a device, one under /proc. It is not inherited across exec.
///
/// \param path       a NUL-terminated path.
/// \param mode       ARROWIO_MODE_READ, _WRITE, _APPEND or _READ_WRITE.
/// \param options    optional.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional; NULL on success, else an error for the caller to release.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown mode, wrong options), ARROWIO_IO_ERROR (with errno; EISDIR for a
///         directory), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_os_file_open(
    path: *const c_char,
    mode: arrowio_mode,
    options: *const arrowio_os_file_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let options = arrowio_os_file_options::convert(options)?;
        out.set(os_file(arguments::string(path, "path")?, os_mode(mode)?, &options)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a file of an open descriptor: of a regular file, a pipe, a socket, a terminal. It goes on at the descriptor's
/// position, which moves with it; ARROWIO_MODE_APPEND goes to the end first. arrowio_file_read_line and _peek read ahead, by
/// 65536 bytes or more: until the file is closed the descriptor then stands further on than arrowio_file_tell says. Closing
/// puts a regular file's descriptor back; what was read ahead of a pipe, socket or terminal is lost to its other users.
///
/// \param fd         the descriptor, open for what the mode needs.
/// \param mode       ARROWIO_MODE_READ, _WRITE, _APPEND or _READ_WRITE.
/// \param options    optional; with borrow_descriptor the descriptor stays the caller's.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional; NULL on success, else an error for the caller to release.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown mode, a descriptor that is not open for it, wrong options),
///         ARROWIO_IO_ERROR (with errno; EBADF for no descriptor, EISDIR for a directory), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. On success the descriptor is closed with the file, unless borrowed; on failure
/// it stays the caller's. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_os_file_open_fd(
    fd: c_int,
    mode: arrowio_mode,
    options: *const arrowio_os_file_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        out.set(os_file_from_fd(fd, os_mode(mode)?, &arrowio_os_file_options::convert(options)?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Maps a file into memory. Buffers that are read from it are slices of the map: no copy and no system call; they stay
/// good after the file is closed, for the memory is mapped until the last reference to the file and its slices is gone. If another process cuts the file, touching what is gone raises SIGBUS.
///
/// \param path       a NUL-terminated path.
/// \param mode       ARROWIO_MODE_READ, _READ_WRITE (creates a missing file) or _PRIVATE.
/// \param offset     where the map begins in the file, in bytes; any number up to the file's size.
/// \param size       bytes; offset + size is at most the file's size. -1: to the end.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional; NULL on success, else an error for the caller to release.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown mode, a range outside the file), ARROWIO_IO_ERROR (with errno;
///         EISDIR for a directory, ENODEV for what cannot be mapped), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_memory_map_open(
    path: *const c_char,
    mode: arrowio_mode,
    offset: i64,
    size: i64,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let path = arguments::string(path, "path")?;
        arguments::size(offset, "offset")?;
        let size = if size == -1 { None } else { Some(arguments::size(size, "size")?) };
        out.set(memory_map(path, map_mode(mode)?, offset, size)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Creates a file of zeros, with its room on the disk taken, and maps it for reading and writing. A file that is there is
/// replaced; where the new one does not fit, the old content is gone all the same.
///
/// \param path       a NUL-terminated path.
/// \param size       bytes, at least 0.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional; NULL on success, else an error for the caller to release.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_IO_ERROR (with errno; ENOSPC for a full disk),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_memory_map_create(
    path: *const c_char,
    size: i64,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        out.set(memory_map_create(arguments::string(path, "path")?, arguments::size(size, "size")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a file that reads a buffer. Buffers that are read from it are slices: no copy.
///
/// \param buffer     the buffer; while the file lives it cannot be resized.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional; NULL on success, else an error for the caller to release.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; the file keeps the buffer until its last release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_reader_new(
    buffer: *mut arrowio_buffer,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        out.set(buffer_reader(&*handle::borrow::<Buffer>(buffer, "buffer")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a file that writes to memory, which grows as needed. arrowio_buffer_output_stream_finish gives what was written.
///
/// \param pool              where the memory comes from. NULL: the default pool.
/// \param initial_capacity  bytes to have room for at first, at least 0.
/// \param out_file          the file; NULL on failure.
/// \param out_error         optional; NULL on success, else an error for the caller to release.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative capacity), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; it keeps the pool. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_output_stream_new(
    pool: *mut arrowio_pool,
    initial_capacity: i64,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let capacity = arguments::size(initial_capacity, "initial_capacity")?;
        out.set(buffer_output_stream(arguments::pool(&pool), capacity)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Closes a buffer output stream, if it is open, and gives what was written to it, once.
///
/// \param file        a file from arrowio_buffer_output_stream_new, open or closed.
/// \param out_buffer  the bytes, in a mutable and resizable buffer; NULL on failure.
/// \param out_error   optional; NULL on success, else an error for the caller to release.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file of another class), ARROWIO_CLOSED (finished or aborted before),
///         ARROWIO_OUT_OF_MEMORY (it can be tried again), ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference to the buffer. Threads: one call at a time per file, others wait. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_buffer_output_stream_finish(
    file: *mut arrowio_file,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        out.set(handle::borrow::<File>(file, "file")?.finish()?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a file that writes over the bytes of a buffer, which stays as large as it is. A write that does not fit writes
/// nothing and fails with ARROWIO_IO_ERROR and ENOSPC.
///
/// \param buffer     a mutable buffer; while the file lives it cannot be resized.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional; NULL on success, else an error for the caller to release.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an immutable buffer), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; the file keeps the buffer until its last release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_fixed_size_buffer_writer_new(
    buffer: *mut arrowio_buffer,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        out.set(fixed_size_buffer_writer(&*handle::borrow::<Buffer>(buffer, "buffer")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a file that reads another one and decompresses it. Closing it closes the other one.
///
/// \param raw        a readable file; it must not be used otherwise meanwhile.
/// \param codec      ARROWIO_CODEC_GZIP or ARROWIO_CODEC_ZSTD.
/// \param options    optional.
/// \param out_file   the file; NULL on failure.
/// \param out_error  optional; NULL on success, else an error for the caller to release.
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
/// \param out_error  optional; NULL on success, else an error for the caller to release.
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

/// Opens a file for reading from its start to its end: decompressed as its suffix says, with small reads gathered. Standard
/// input is "/dev/stdin", of which options->codec says how it is compressed.
///
/// \param path       a NUL-terminated path.
/// \param options    optional.
/// \param out_file   the stream; NULL on failure.
/// \param out_error  optional; NULL on success, else an error for the caller to release.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec, wrong options), ARROWIO_IO_ERROR (with errno),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL. Damaged data is found by the reads.
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

/// Reads a buffer from its start to its end, decompressed if the options say how it is compressed.
///
/// \param buffer     the buffer; while the stream lives it cannot be resized.
/// \param options    optional.
/// \param out_file   the stream; NULL on failure.
/// \param out_error  optional; NULL on success, else an error for the caller to release.
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

/// Opens a file for writing, compressed as its suffix says, with small writes gathered. The file is created, or cut to
/// nothing. Only arrowio_file_close tells whether everything has arrived; to keep the old content until then, write to another
/// name and rename it after closing.
///
/// \param path       a NUL-terminated path.
/// \param options    optional.
/// \param out_file   the stream; NULL on failure.
/// \param out_error  optional; NULL on success, else an error for the caller to release.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec or level, wrong options), ARROWIO_IO_ERROR (with errno),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
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
