//! The high-level way in: a path or memory, with compression recognised and buffering chosen.

use super::Capabilities;
use super::buffered_input_stream::buffered_input_stream;
use super::buffered_output_stream::buffered_output_stream;
use super::file::File;
use super::filesystem::{FileSystem, FileSystemOptions, OutputOptions, Uri};
use super::os_file;
use super::os_file_options::{Mode, OsFileOptions};
use super::transfer::CHUNK;
use super::{buffer_reader, compressed_input_stream, compressed_output_stream};
use crate::codec::{Codec, DecoderOptions, Detected, Encoder, EncoderOptions};
use crate::error::{Error, Quoted, Result};
use crate::memory::{Buffer, Pool};
use std::ffi::CStr;

/// The largest buffer that small reads or writes are gathered in, 1 GiB.
pub const MOST_GATHERED: usize = 1 << 30;

/// Whether and how a stream is compressed.
#[derive(Clone, Copy)]
pub enum Compression {
    /// As the path's suffix says; where that says nothing, and what is to be read is there, as its first bytes say.
    Detect,
    /// As the first bytes say; what is to be written is not compressed.
    DetectContent,
    /// Not at all.
    None,
    /// By this codec.
    Codec(&'static Codec),
}

/// How a stream is opened.
pub struct StreamOptions {
    /// Where its memory comes from.
    pub pool: Pool,
    /// How many bytes small reads and writes are gathered to; 0: each goes to the system by itself.
    pub buffer_size: usize,
    /// Whether and how it is compressed.
    pub compression: Compression,
    /// How to compress; its pool is not used.
    pub encoder: EncoderOptions,
    /// How to decompress; its pool is not used.
    pub decoder: DecoderOptions,
    /// How a path is opened.
    pub file: OsFileOptions,
}

impl StreamOptions {
    /// What is used where nothing is said.
    pub const DEFAULT_BUFFER_SIZE: usize = CHUNK;

    /// The codec that a name asks for.
    fn codec_of_name(&self, path: &[u8]) -> Option<&'static Codec> {
        match self.compression {
            Compression::Detect => Codec::by_suffix(path),
            Compression::None | Compression::DetectContent => None,
            Compression::Codec(codec) => Some(codec),
        }
    }

    /// The codec of what is read from `raw`, opened by that name.
    fn codec_of_input(&self, path: &[u8], raw: &File) -> Result<Option<&'static Codec>> {
        let can_wait = matches!(self.compression, Compression::DetectContent);
        let may_look = can_wait || matches!(self.compression, Compression::Detect) && is_at_hand(raw);
        match self.codec_of_name(path) {
            None if may_look => codec_of_content(raw),
            codec => Ok(codec),
        }
    }
}

/// Whether what a file begins with can be looked at without waiting for somebody to send it.
fn is_at_hand(raw: &File) -> bool {
    let capabilities = raw.capabilities();
    capabilities.contains(Capabilities::ZERO_COPY) || capabilities.contains(Capabilities::SEEK)
}

/// The codec that the next bytes of `raw` tell of. No byte is waited for that cannot change the answer.
fn codec_of_content(raw: &File) -> Result<Option<&'static Codec>> {
    let (mut least, mut detected) = (1, Detected::Unclear);
    loop {
        let mut seen = 0;
        raw.consume_with(least, Codec::DETECTION_SIZE, |head| {
            (seen, detected) = (head.len(), Codec::detect(head));
            0
        })?;
        match detected {
            Detected::Codec(codec) => return Ok(Some(codec)),
            Detected::Unclear if seen >= least => least = seen + 1,
            _ => return Ok(None),
        }
    }
}

/// The file at a path or URI.
fn open_raw(path: &CStr, mode: Mode, options: &StreamOptions, block_size: usize) -> Result<File> {
    match Uri::parse(path)? {
        None => os_file::open(path, mode, &options.file, block_size),
        Some((uri, path)) if uri.is_local() => os_file::open(path.as_c_str(), mode, &options.file, block_size),
        Some((uri, path)) => open_on_cluster(uri, path.as_c_str(), mode, options, block_size),
    }
}

/// The file at a path of a cluster, by a file system of its own.
fn open_on_cluster(uri: Uri, path: &CStr, mode: Mode, options: &StreamOptions, block_size: usize) -> Result<File> {
    options.file.check_for_cluster(mode)?;
    let how = FileSystemOptions { pool: options.pool.clone(), buffer_size: block_size, ..FileSystemOptions::default() };
    let filesystem = FileSystem::of(uri, how)?;
    if mode == Mode::Read {
        return filesystem.open_input(path);
    }
    let OsFileOptions { exclusive, permissions, .. } = options.file;
    filesystem.open_output(path, &OutputOptions { exclusive, permissions, ..OutputOptions::default() })
}

/// A stream that reads the file at `path`, which may be a URI, decompressed.
pub fn input_stream(path: &CStr, options: &StreamOptions) -> Result<File> {
    let may_be_plain = options.codec_of_name(path.to_bytes()).is_none();
    let block_size = if may_be_plain { options.buffer_size } else { 0 };
    let raw = open_raw(path, Mode::Read, options, block_size);
    let opened = raw.and_then(|raw| {
        let codec = options.codec_of_input(path.to_bytes(), &raw)?;
        over(raw, codec, options)
    });
    opened.map_err(|error| cannot_open(error, "input", path))
}

/// A stream that reads what `buffer` holds, decompressed.
pub fn input_stream_from_buffer(buffer: &Buffer, options: &StreamOptions) -> Result<File> {
    let raw = buffer_reader(buffer)?;
    let codec = options.codec_of_input(b"", &raw)?;
    over(raw, codec, options)
}

/// A stream that reads `raw` from its position on, decompressed; `raw` itself where there is nothing to add. Closing it
/// closes `raw`.
pub fn input_stream_from_file(raw: &File, options: &StreamOptions) -> Result<File> {
    raw.check_base(Capabilities::READ, "make an input stream of")?;
    let codec = options.codec_of_input(raw.path().unwrap_or_default().to_bytes(), raw)?;
    let is_memory = raw.capabilities().contains(Capabilities::ZERO_COPY);
    if codec.is_none() && options.buffer_size > 0 && !is_memory {
        return buffered_input_stream(raw, options.buffer_size, None, &options.pool);
    }
    over(raw.clone(), codec, options)
}

/// A stream that writes to `raw` from its position on, compressed; `raw` itself where there is nothing to add. Closing it
/// closes `raw`.
pub fn output_stream_from_file(raw: &File, options: &StreamOptions) -> Result<File> {
    raw.check_base(Capabilities::WRITE, "make an output stream of")?;
    let codec = options.codec_of_name(raw.path().unwrap_or_default().to_bytes());
    let encoder = codec.map(|codec| codec.encoder(&options.encoder)).transpose()?;
    onto(raw, codec.zip(encoder), options)
}

fn over(raw: File, codec: Option<&'static Codec>, options: &StreamOptions) -> Result<File> {
    match codec {
        None => Ok(raw),
        Some(codec) => {
            compressed_input_stream::input_stream_with_block_size(&raw, codec, &options.decoder, options.buffer_size)
        }
    }
}

/// A stream that writes the file at `path`, which may be a URI, compressed; the file is created or cut to nothing.
pub fn output_stream(path: &CStr, options: &StreamOptions) -> Result<File> {
    let codec = options.codec_of_name(path.to_bytes());
    let open = || {
        // Before the file is cut: what cannot be had must cost nothing.
        let encoder = codec.map(|codec| codec.encoder(&options.encoder)).transpose()?;
        let raw = open_raw(path, Mode::Write, options, 0)?;
        // Nothing was written that should be finished; why it cannot be opened is what matters.
        onto(&raw, codec.zip(encoder), options).inspect_err(|_| drop(raw.abort()))
    };
    open().map_err(|error| cannot_open(error, "output", path))
}

fn onto(raw: &File, compression: Option<(&'static Codec, Box<dyn Encoder>)>, options: &StreamOptions) -> Result<File> {
    match compression {
        Some((codec, encoder)) => compressed_output_stream::output_stream_with_encoder(
            raw,
            codec,
            encoder,
            &options.pool,
            options.buffer_size,
        ),
        None if options.buffer_size == 0 => Ok(raw.clone()),
        None => buffered_output_stream(raw, options.buffer_size, &options.pool),
    }
}

#[cold]
fn cannot_open(error: Error, direction: &str, path: &CStr) -> Error {
    error.context(format_args!("open of {direction} stream {}", Quoted(path.to_bytes())))
}
