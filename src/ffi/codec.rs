//! Codecs: what there is, and whole pieces of memory compressed and decompressed by one call.

use super::arguments::{self, Extensible, Out, OutStruct};
use super::buffer::arrowio_buffer;
use super::error::{arrowio_error, arrowio_status};
use super::guard;
use super::handle::Slot;
use super::pool::arrowio_pool;
use crate::codec::{CODECS, Codec, DecoderOptions, Detected, EncoderOptions, FrameSize, Level, Trailing};
use crate::error::{Error, Result, error};
use crate::memory::{Buffer, Pool};
use std::ffi::{c_char, c_void};
use std::fmt;

/// How data are compressed: one of the ARROWIO_CODEC constants.
pub type arrowio_codec = u32;
/// As the path's suffix says, in any case (".gz"); where it says nothing, and for memory, as the first bytes to be read say,
/// unless they would have to be waited for: those of a pipe, a socket or another file that cannot seek are not looked at.
pub const ARROWIO_CODEC_DETECT: arrowio_codec = 0;
/// Not at all.
pub const ARROWIO_CODEC_NONE: arrowio_codec = 1;
/// gzip (RFC 1952), also of several members. Suffixes ".gz", ".gzip", ".bgz", ".bgzf". Levels 0 to 9, by default 6. window_log
/// 9 to 15. Has a checksum.
pub const ARROWIO_CODEC_GZIP: arrowio_codec = 2;
/// Zstandard (RFC 8878), also of several frames. Suffixes ".zst", ".zstd". Levels -131072 to 22, by default 3. window_log 10
/// to 31. Has a checksum that can be left out; takes a dictionary.
pub const ARROWIO_CODEC_ZSTD: arrowio_codec = 3;
/// zlib (RFC 1950), also several one behind the other. Suffixes ".zz", ".zlib". Levels 0 to 9, by default 6. window_log 9 to
/// 15. Has a checksum.
pub const ARROWIO_CODEC_ZLIB: arrowio_codec = 4;
/// deflate by itself (RFC 1951), also several one behind the other. Suffix ".deflate". Levels 0 to 9, by default 6. window_log
/// 9 to 15. Has no checksum.
pub const ARROWIO_CODEC_DEFLATE: arrowio_codec = 5;
/// LZ4 frames, also several of them; those of `lz4 -l` are read. Suffix ".lz4". Levels 1 to 12, by default 1. Has a checksum
/// that can be left out.
pub const ARROWIO_CODEC_LZ4: arrowio_codec = 6;
/// One block of LZ4, as in Parquet: whole pieces of memory only, up to 2113929216 bytes. No suffix. Levels 1 to 12, by default
/// 1. No checksum.
pub const ARROWIO_CODEC_LZ4_RAW: arrowio_codec = 7;
/// LZ4 blocks as Hadoop frames them, also in older Parquet files. No suffix, no levels, no checksum, and no mark at the end:
/// data that are cut off between frames look complete. Sizes of more than 64 MiB are not believed. A whole piece of memory
/// that is one block in no frame, as some writers of Parquet have it, is decompressed as LZ4_RAW.
pub const ARROWIO_CODEC_LZ4_HADOOP: arrowio_codec = 8;
/// bzip2, also of several streams. Suffixes ".bz2", ".bz". Levels 1 to 9, by default 9. Has a checksum. A flush ends the
/// stream, and what is written next begins another one; threads write a stream for every 890000 bytes, and read any.
/// Randomised blocks, which only versions of bzip2 before 1.0 wrote, are taken for damage.
pub const ARROWIO_CODEC_BZIP2: arrowio_codec = 9;
/// Brotli (RFC 7932), also of several streams. Suffix ".br". Levels 0 to 11, by default 8. window_log 10 to 24. Has neither a
/// checksum nor a signature: what is damaged may decompress to something else, and the content does not tell it.
pub const ARROWIO_CODEC_BROTLI: arrowio_codec = 10;
/// One block of Snappy, as in Parquet: whole pieces of memory only, of which up to 4294967295 bytes may come. No suffix, no
/// levels, no checksum.
pub const ARROWIO_CODEC_SNAPPY: arrowio_codec = 11;
/// Snappy in its framing format, also several streams of it. Suffix ".sz". No levels. Each chunk has a checksum, but there is
/// no mark at the end: data that are cut off between chunks look complete.
pub const ARROWIO_CODEC_SNAPPY_FRAMED: arrowio_codec = 12;
/// Snappy blocks as Hadoop frames them. Suffix ".snappy". No levels, no checksum, and no mark at the end: data that are cut off
/// between frames look complete. Sizes of more than 64 MiB are not believed.
pub const ARROWIO_CODEC_SNAPPY_HADOOP: arrowio_codec = 13;
/// xz, also of several streams, with padding between them. Suffix ".xz". Levels 0 to 9, by default 6. Has a checksum (CRC-64)
/// that can be left out. Of threads, the data written are in blocks, which threads can read again.
pub const ARROWIO_CODEC_XZ: arrowio_codec = 14;
/// As the first bytes to be read say, whatever the suffix; they are waited for. What is written is not compressed.
pub const ARROWIO_CODEC_DETECT_CONTENT: arrowio_codec = 1000;

const _: () = {
    let constants = [
        ARROWIO_CODEC_GZIP,
        ARROWIO_CODEC_ZSTD,
        ARROWIO_CODEC_ZLIB,
        ARROWIO_CODEC_DEFLATE,
        ARROWIO_CODEC_LZ4,
        ARROWIO_CODEC_LZ4_RAW,
        ARROWIO_CODEC_LZ4_HADOOP,
        ARROWIO_CODEC_BZIP2,
        ARROWIO_CODEC_BROTLI,
        ARROWIO_CODEC_SNAPPY,
        ARROWIO_CODEC_SNAPPY_FRAMED,
        ARROWIO_CODEC_SNAPPY_HADOOP,
        ARROWIO_CODEC_XZ,
    ];
    assert!(constants.len() == CODECS.len());
    let mut at = 0;
    while at < CODECS.len() {
        assert!(CODECS[at].id == constants[at], "CODECS is in the order of the constants");
        at += 1;
    }
};

/// What to do about bytes behind the last frame (gzip: member) that do not begin another one: one of the ARROWIO_TRAILING
/// constants. Of formats without a signature, brotli and deflate, any byte may begin another one: with IGNORE and LEAVE they
/// end behind the first.
pub type arrowio_trailing = u32;
/// They are an error, zero bytes as well; behind xz streams, though, zero bytes in multiples of 4 are padding, whatever
/// the constant is.
pub const ARROWIO_TRAILING_ERROR: arrowio_trailing = 0;
/// They are not looked at: the data end there.
pub const ARROWIO_TRAILING_IGNORE: arrowio_trailing = 1;
/// The data end there, and so does the position of the file that they are read from: whoever reads on from it gets the rest.
/// No threads help then, since they would read ahead.
pub const ARROWIO_TRAILING_LEAVE: arrowio_trailing = 2;

/// A level for arrowio_compression_options.compression_level that stands for 0, of codecs that have a level 0.
pub const ARROWIO_COMPRESSION_LEVEL_ZERO: i32 = i32::MIN;

/// Options of decompression. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_decompression_options {
    /// sizeof(arrowio_decompression_options).
    pub struct_size: usize,
    /// Where memory comes from, the decoder's own as well. NULL: the default pool.
    pub pool: *mut arrowio_pool,
    /// The dictionary that the data were compressed with, of codecs that take one; it is copied. NULL: none.
    pub dictionary: *const c_void,
    /// Bytes of it.
    pub dictionary_size: i64,
    /// The most bytes that may come out; more are ARROWIO_CAPACITY_ERROR. 0: any number.
    pub max_output_size: i64,
    /// The most bytes that may come out of each compressed one, beyond the first 65536; more are ARROWIO_CAPACITY_ERROR. What
    /// has been read counts, not only what has been used. 0: any number.
    pub max_ratio: i64,
    /// The most bytes of memory for the decoder itself, of which the data ask for a window or a dictionary; more are
    /// ARROWIO_CAPACITY_ERROR. 0: 268435456 (256 MiB).
    pub memory_limit: i64,
    /// How many threads may help, where a codec has work for them: zstd and gzip (BGZF as well) where there are several frames,
    /// of which each thread decompresses one at a time, or as many small ones as are worth it. They read
    /// ahead, so what is sent by somebody who waits for an answer is no matter for them. What comes out, limits and errors
    /// are as without threads, but that max_ratio takes what is read ahead for compressed bytes as well. Frames of more than 8 MiB, or out of which more than 8 MiB come (a quarter of memory_limit if
    /// that is less), are decompressed by the calling thread alone, as is what no thread has begun. For each thread
    /// there are up to two frames or groups in memory, with what comes out of them, all within memory_limit, and a decoder with
    /// its own memory_limit. At most 256 are used. 0: none.
    pub threads: i32,
    /// An ARROWIO_TRAILING constant.
    pub trailing: arrowio_trailing,
}

// SAFETY: sizes, nullable pointers and numbers.
unsafe impl Extensible for arrowio_decompression_options {
    const NAME: &'static str = "arrowio_decompression_options";
}

impl arrowio_decompression_options {
    /// # Safety
    /// As for `arguments::options`, with a pool that is NULL or live and a dictionary that is NULL or readable.
    pub(super) unsafe fn convert(given: *const Self) -> Result<DecoderOptions> {
        // SAFETY: the caller's promise.
        let given = unsafe { arguments::options(given)? };
        // SAFETY: the caller's promise.
        let pool = unsafe { arguments::pool(&given.pool) }.clone();
        let trailing = match given.trailing {
            ARROWIO_TRAILING_ERROR => Trailing::Error,
            ARROWIO_TRAILING_IGNORE => Trailing::Ignore,
            ARROWIO_TRAILING_LEAVE => Trailing::Leave,
            other => return Err(error!(Invalid, "trailing is {other}, which is no ARROWIO_TRAILING constant")),
        };
        // SAFETY: the caller's promise.
        let dictionary = unsafe { dictionary(&pool, given.dictionary, given.dictionary_size)? };
        Ok(DecoderOptions {
            pool,
            dictionary,
            threads: threads(given.threads)?,
            trailing,
            max_output: limit(given.max_output_size, "max_output_size", u64::MAX)?,
            max_ratio: limit(given.max_ratio, "max_ratio", u64::MAX)?,
            memory_limit: limit(given.memory_limit, "memory_limit", DecoderOptions::DEFAULT_MEMORY_LIMIT as u64)?
                as usize,
        })
    }
}

/// Options of compression. Set struct_size, and everything else to 0 for the defaults. What a codec does not have is refused.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_compression_options {
    /// sizeof(arrowio_compression_options).
    pub struct_size: usize,
    /// Where memory comes from, the encoder's own as well. NULL: the default pool.
    pub pool: *mut arrowio_pool,
    /// A dictionary, of codecs that take one; it is copied. NULL: none.
    pub dictionary: *const c_void,
    /// Bytes of it.
    pub dictionary_size: i64,
    /// The level, as the ARROWIO_CODEC constant says. 0: the codec's default; ARROWIO_COMPRESSION_LEVEL_ZERO: level 0.
    pub compression_level: i32,
    /// The binary logarithm of the window, of codecs where it can be chosen. 0: as the level has it.
    pub window_log: i32,
    /// How many threads may help, where a codec has work for them; 0: none.
    pub threads: i32,
    /// Whether the checksum is left out, of formats that can do without: 0 or 1.
    pub without_checksum: i32,
    /// Frames of so many uncompressed bytes at most, which arrowio_seekable_file_new finds without decompressing what is
    /// before them: gzip in the form of BGZF (1 to 65280), zstd in its seekable format (1 to 1073741824), each of which any
    /// reader of the format reads. 0: one frame as long as it takes. -1: what is usual, 65280 for gzip and 1 MiB for zstd.
    /// Small frames compress less.
    pub frame_size: i64,
}

// SAFETY: sizes, nullable pointers and numbers.
unsafe impl Extensible for arrowio_compression_options {
    const NAME: &'static str = "arrowio_compression_options";
}

impl arrowio_compression_options {
    /// # Safety
    /// As for `arguments::options`, with a pool that is NULL or live and a dictionary that is NULL or readable.
    pub(super) unsafe fn convert(given: *const Self) -> Result<EncoderOptions> {
        // SAFETY: the caller's promise.
        let given = unsafe { arguments::options(given)? };
        // SAFETY: the caller's promise.
        let pool = unsafe { arguments::pool(&given.pool) }.clone();
        let window_log = given.window_log;
        let window_log = u32::try_from(window_log)
            .map_err(|_| error!(Invalid, "window_log is {window_log}, it must not be negative"))?;
        let checksum = match given.without_checksum {
            0 => true,
            1 => false,
            other => return Err(error!(Invalid, "without_checksum is {other}, it must be 0 or 1")),
        };
        // SAFETY: the caller's promise.
        let dictionary = unsafe { dictionary(&pool, given.dictionary, given.dictionary_size)? };
        let level = level(given.compression_level);
        Ok(EncoderOptions {
            pool,
            level,
            window_log,
            checksum,
            dictionary,
            threads: threads(given.threads)?,
            frame_size: frame_size(given.frame_size)?,
        })
    }
}

fn level(given: i32) -> Level {
    match given {
        0 => Level::Default,
        ARROWIO_COMPRESSION_LEVEL_ZERO => Level::Number(0),
        level => Level::Number(level),
    }
}

fn frame_size(given: i64) -> Result<FrameSize> {
    match given {
        0 => Ok(FrameSize::Endless),
        -1 => Ok(FrameSize::Usual),
        size => usize::try_from(size)
            .map(FrameSize::Bytes)
            .map_err(|_| error!(Invalid, "frame_size is {size}, the least that means anything is -1")),
    }
}

fn threads(given: i32) -> Result<usize> {
    usize::try_from(given).map_err(|_| error!(Invalid, "threads is {given}, it must not be negative"))
}

fn limit(given: i64, name: &str, default: u64) -> Result<u64> {
    match arguments::size(given, name)? {
        0 => Ok(default),
        limit => Ok(limit as u64),
    }
}

/// # Safety
/// `data` is NULL or readable for `size` bytes.
unsafe fn dictionary(pool: &Pool, data: *const c_void, size: i64) -> Result<Option<Buffer>> {
    if data.is_null() && size == 0 {
        return Ok(None);
    }
    arguments::size(size, "dictionary_size")?;
    // SAFETY: the caller's promise.
    Buffer::copy_of(pool, unsafe { arguments::bytes(data, size, "dictionary")? }).map(Some)
}

/// What a codec is like. Set struct_size before it is filled.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_codec_info {
    /// sizeof(arrowio_codec_info).
    pub struct_size: usize,
    /// Its name, such as "gzip"; a constant.
    pub name: *const c_char,
    /// The least level, which is the fastest; 0 without levels.
    pub least_level: i32,
    /// The level by default; 0 without levels.
    pub default_level: i32,
    /// The greatest level; 0 without levels.
    pub greatest_level: i32,
    /// Whether it has levels: 0 or 1.
    pub has_levels: i32,
    /// Whether files can be compressed and decompressed by it: 0 or 1. If not, whole pieces of memory can.
    pub has_streams: i32,
    /// Whether damage is found by a checksum: 0 or 1.
    pub has_checksum: i32,
}

// SAFETY: numbers and a nullable pointer.
unsafe impl Extensible for arrowio_codec_info {
    const NAME: &'static str = "arrowio_codec_info";
}

impl From<&'static Codec> for arrowio_codec_info {
    fn from(codec: &'static Codec) -> Self {
        let levels = codec.levels;
        Self {
            struct_size: size_of::<Self>(),
            name: codec.name.as_ptr(),
            least_level: levels.map_or(0, |levels| levels.least),
            default_level: levels.map_or(0, |levels| levels.default),
            greatest_level: levels.map_or(0, |levels| levels.greatest),
            has_levels: levels.is_some().into(),
            has_streams: codec.has_streams().into(),
            has_checksum: codec.has_checksum().into(),
        }
    }
}

/// The codec that a constant stands for.
pub(super) fn codec(codec: arrowio_codec) -> Result<&'static Codec> {
    Codec::by_id(codec).ok_or_else(|| match codec {
        ARROWIO_CODEC_DETECT | ARROWIO_CODEC_NONE | ARROWIO_CODEC_DETECT_CONTENT => {
            error!(Invalid, "codec is {codec}, what is needed here is one of {Names}")
        }
        _ => error!(Invalid, "codec is {codec}, which is no ARROWIO_CODEC constant"),
    })
}

/// The names of all codecs.
struct Names;

impl fmt::Display for Names {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, codec) in CODECS.iter().enumerate() {
            write!(out, "{}{}", if at == 0 { "" } else { ", " }, codec.name())?;
        }
        Ok(())
    }
}

/// The codec of a name, in any case: "gzip", "zstd" and so on, as arrowio_codec_describe tells them, and what else they are
/// known by, such as "gz".
///
/// \param name       a NUL-terminated name.
/// \param out_codec  the codec. Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL; a name that is not known, with those that are in the message),
///         ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_codec_from_name(
    name: *const c_char,
    out_codec: *mut arrowio_codec,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_codec, "out_codec")?;
        let name = arguments::string(name, "name")?;
        let unknown = || error!(Invalid, "no codec is called {name:?}; there are {Names}");
        out.set(Codec::by_name(name.to_bytes()).ok_or_else(unknown)?.id)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// The codec that a path's suffix stands for, in any case.
///
/// \param path       a NUL-terminated path; the file need not be there.
/// \param out_codec  the codec; ARROWIO_CODEC_NONE where the suffix says nothing. Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_codec_from_path(
    path: *const c_char,
    out_codec: *mut arrowio_codec,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_codec, "out_codec")?;
        let path = arguments::string(path, "path")?;
        out.set(Codec::by_suffix(path.to_bytes()).map_or(ARROWIO_CODEC_NONE, |codec| codec.id))
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// The codec of some data, by their first bytes. brotli, deflate, zlib and the raw forms cannot be told, nor can zstd and
/// lz4 where the first frame is one to be skipped, except that of pzstd.
///
/// \param data       the first bytes of the data; 16 are enough.
/// \param size       bytes of them.
/// \param out_codec  the codec; ARROWIO_CODEC_NONE where nothing is recognised. Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_codec_detect(
    data: *const c_void,
    size: i64,
    out_codec: *mut arrowio_codec,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_codec, "out_codec")?;
        out.set(match Codec::detect(arguments::bytes(data, size, "data")?) {
            Detected::Codec(codec) => codec.id,
            Detected::None | Detected::Unclear => ARROWIO_CODEC_NONE,
        })
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// What a codec is like.
///
/// \param codec      an ARROWIO_CODEC constant of a codec.
/// \param out_info   with struct_size set; the rest is written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, no codec, a struct_size of 0), ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_codec_describe(
    codec: arrowio_codec,
    out_info: *mut arrowio_codec_info,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = OutStruct::new(out_info, "out_info")?;
        out.set(self::codec(codec)?.into())
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// The most bytes that come of compressing some by one call, at any level, as one frame.
///
/// \param codec      an ARROWIO_CODEC constant of a codec.
/// \param size       how many bytes are compressed.
/// \param out_size   how many may come out. Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, no codec, a negative size), ARROWIO_CAPACITY_ERROR (more than an int64_t holds),
///         ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_codec_max_compressed_size(
    codec: arrowio_codec,
    size: i64,
    out_size: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_size, "out_size")?;
        let most = self::codec(codec)?.max_compressed_size(arguments::size(size, "size")? as u64);
        let too_large = |_| -> Error { error!(CapacityError, "{size} bytes may come to {most} compressed ones") };
        out.set(i64::try_from(most).map_err(too_large)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Compresses a piece of memory into another one.
///
/// \param codec      an ARROWIO_CODEC constant of a codec.
/// \param data       what to compress.
/// \param size       bytes of it.
/// \param options    optional.
/// \param out        where the compressed data go; must not overlap data.
/// \param capacity   bytes there; arrowio_codec_max_compressed_size of them are always enough without a frame_size.
/// \param out_size   how many bytes came out. Written on success only.
/// \param out_error  optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, negative sizes, no codec, options that it does not have),
///         ARROWIO_CAPACITY_ERROR (they do not fit; what is in out then is nothing to use), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_codec_compress(
    codec: arrowio_codec,
    data: *const c_void,
    size: i64,
    options: *const arrowio_compression_options,
    out: *mut c_void,
    capacity: i64,
    out_size: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let result = Out::new(out_size, "out_size")?;
        arguments::size(capacity, "capacity")?;
        let (data, room) = (arguments::bytes(data, size, "data")?, arguments::room(out, capacity, "out")?);
        let options = arrowio_compression_options::convert(options)?;
        result.set(self::codec(codec)?.compress(&options, data, room)? as i64)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Compresses a piece of memory into a buffer.
///
/// \param codec       an ARROWIO_CODEC constant of a codec.
/// \param data        what to compress.
/// \param size        bytes of it.
/// \param options     optional.
/// \param out_buffer  the compressed data; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size, no codec, options that it does not have),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference to the buffer. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_codec_compress_buffer(
    codec: arrowio_codec,
    data: *const c_void,
    size: i64,
    options: *const arrowio_compression_options,
    out_buffer: *mut *mut arrowio_buffer,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        let data = arguments::bytes(data, size, "data")?;
        let options = arrowio_compression_options::convert(options)?;
        out.set(self::codec(codec)?.compress_to_buffer(&options, data)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Decompresses a piece of memory into another one, which may have room for more than comes out.
///
/// \param codec         an ARROWIO_CODEC constant of a codec.
/// \param data          what to decompress: all of it, also of several frames.
/// \param size          bytes of it.
/// \param options       optional.
/// \param out           where the data go; must not overlap data.
/// \param capacity      bytes there.
/// \param out_size      how many bytes came out. Written on success only.
/// \param out_consumed  how many bytes of data belong to it, where options->trailing allows others behind them; optional.
///                       Written on success only.
/// \param out_error     optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, negative sizes, no codec, wrong options), ARROWIO_IO_ERROR (the data are
///         damaged, truncated or something else), ARROWIO_CAPACITY_ERROR (they do not fit, or are more than a limit of the
///         options; out has what fits, but of lz4_raw and snappy nothing of use), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_codec_decompress(
    codec: arrowio_codec,
    data: *const c_void,
    size: i64,
    options: *const arrowio_decompression_options,
    out: *mut c_void,
    capacity: i64,
    out_size: *mut i64,
    out_consumed: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let result = Out::new(out_size, "out_size")?;
        arguments::size(capacity, "capacity")?;
        let (data, room) = (arguments::bytes(data, size, "data")?, arguments::room(out, capacity, "out")?);
        let options = arrowio_decompression_options::convert(options)?;
        let done = self::codec(codec)?.decompress(&options, data, room)?;
        arguments::set_optional(out_consumed, done.consumed as i64)?;
        result.set(done.produced as i64)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Decompresses a piece of memory into a buffer that is as large as it takes. Of data from elsewhere,
/// options->max_output_size says how large that may be.
///
/// \param codec         an ARROWIO_CODEC constant of a codec.
/// \param data          what to decompress: all of it, also of several frames.
/// \param size          bytes of it.
/// \param options       optional.
/// \param out_buffer    the data; NULL on failure.
/// \param out_consumed  how many bytes of data belong to it, where options->trailing allows others behind them; optional.
///                       Written on success only.
/// \param out_error     optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size, no codec, wrong options), ARROWIO_IO_ERROR (the data are
///         damaged, truncated or something else), ARROWIO_CAPACITY_ERROR (more than a limit of the options),
///         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference to the buffer. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_codec_decompress_buffer(
    codec: arrowio_codec,
    data: *const c_void,
    size: i64,
    options: *const arrowio_decompression_options,
    out_buffer: *mut *mut arrowio_buffer,
    out_consumed: *mut i64,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_buffer, "out_buffer")?;
        let data = arguments::bytes(data, size, "data")?;
        let options = arrowio_decompression_options::convert(options)?;
        let (buffer, consumed) = self::codec(codec)?.decompress_to_buffer(&options, data)?;
        arguments::set_optional(out_consumed, consumed as i64)?;
        out.set(buffer)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}
