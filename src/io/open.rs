//! The high-level way in: a path or memory, with compression recognised and buffering chosen.

use super::Capabilities;
use super::buffered_input_stream::buffered_input_stream;
use super::buffered_output_stream::buffered_output_stream;
use super::file::File;
use super::os_file;
use super::os_file_options::{Mode, OsFileOptions};
use super::transfer::CHUNK;
use super::{buffer_reader, compressed_input_stream, compressed_output_stream};
use crate::codec::{Codec, Encoder};
use crate::error::{Error, Quoted, Result};
use crate::memory::{Buffer, Pool};
use std::ffi::CStr;

/// The largest buffer that small reads or writes are gathered in, 1 GiB.
pub const MOST_GATHERED: usize = 1 << 30;

/// Whether and how a stream is compressed.
#[derive(Clone, Copy)]
pub enum Compression {
    /// As the path's suffix says; memory is not compressed.
    Detect,
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
    /// The level to compress at; 0 is the codec's default.
    pub level: i32,
    /// How a path is opened.
    pub file: OsFileOptions,
}

impl StreamOptions {
    /// What is used where nothing is said.
    pub const DEFAULT_BUFFER_SIZE: usize = CHUNK;

    fn codec(&self, path: &[u8]) -> Option<&'static Codec> {
        match self.compression {
            Compression::Detect => Codec::by_suffix(path),
            Compression::None => None,
            Compression::Codec(codec) => Some(codec),
        }
    }
}

/// A stream that reads the file at `path`, decompressed.
pub fn input_stream(path: &CStr, options: &StreamOptions) -> Result<File> {
    let codec = options.codec(path.to_bytes());
    let block_size = if codec.is_some() { 0 } else { options.buffer_size };
    let raw = os_file::open(path, Mode::Read, &options.file, block_size);
    let opened = raw.and_then(|raw| over(raw, codec, options));
    opened.map_err(|error| cannot_open(error, "input", path))
}

/// A stream that reads what `buffer` holds, decompressed.
pub fn input_stream_from_buffer(buffer: &Buffer, options: &StreamOptions) -> Result<File> {
    over(buffer_reader(buffer)?, options.codec(b""), options)
}

/// A stream that reads `raw` from its position on, decompressed; `raw` itself where there is nothing to add. Closing it
/// closes `raw`.
pub fn input_stream_from_file(raw: &File, options: &StreamOptions) -> Result<File> {
    let codec = options.codec(raw.path().unwrap_or_default().to_bytes());
    let is_memory = raw.capabilities().contains(Capabilities::ZERO_COPY);
    if codec.is_none() && options.buffer_size > 0 && !is_memory {
        return buffered_input_stream(raw, options.buffer_size, None, &options.pool);
    }
    raw.check_base(Capabilities::READ, "make an input stream of")?;
    over(raw.clone(), codec, options)
}

/// A stream that writes to `raw` from its position on, compressed; `raw` itself where there is nothing to add. Closing it
/// closes `raw`.
pub fn output_stream_from_file(raw: &File, options: &StreamOptions) -> Result<File> {
    raw.check_base(Capabilities::WRITE, "make an output stream of")?;
    let codec = options.codec(raw.path().unwrap_or_default().to_bytes());
    let encoder = codec.map(|codec| codec.encoder(options.level)).transpose()?;
    onto(raw, codec.zip(encoder), options)
}

fn over(raw: File, codec: Option<&'static Codec>, options: &StreamOptions) -> Result<File> {
    match codec {
        None => Ok(raw),
        Some(codec) => {
            compressed_input_stream::input_stream_with_block_size(&raw, codec, &options.pool, options.buffer_size)
        }
    }
}

/// A stream that writes the file at `path`, compressed; the file is created or cut to nothing.
pub fn output_stream(path: &CStr, options: &StreamOptions) -> Result<File> {
    let codec = options.codec(path.to_bytes());
    let open = || {
        // Before the file is cut: what cannot be had must cost nothing.
        let encoder = codec.map(|codec| codec.encoder(options.level)).transpose()?;
        let raw = os_file::open(path, Mode::Write, &options.file, 0)?;
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
