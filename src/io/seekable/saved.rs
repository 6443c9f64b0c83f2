//! An index as it is saved: see `arrowio_seekable_file_save_index` for what it promises.
//!
//! Numbers have their lowest byte first.
//!
//! ```text
//! 8   "ARROWIOX"
//! 4   version, 1
//! 4   number of the codec
//! 8   compressed bytes
//! 4   CRC-32C of the first KiB of them
//! 8   decompressed bytes
//! 8   number of spans
//! for each span, in the order of the data:
//!     8   compressed offset
//!     8   decompressed offset
//!     8   compressed offset of the end of the frame, where it ends with the span
//!     1   what is known of its contents: 0 nothing, 1 CRC-32C, 2 lower half of the XXH64
//!     1   0: a frame begins; 1: a checkpoint
//!     1   of a checkpoint: bits of the byte before it that are to be decoded
//!     1   of a checkpoint: that byte
//!     4   the checksum
//!     4   bytes of the window, compressed by zstd
//!     the window
//! 4   CRC-32C of everything before
//! ```

use super::Access;
use super::index::{Expected, Frontier, Index, Span};
use super::source::FileSource;
use crate::codec::{Checkpoint, Codec, DecoderOptions, EncoderOptions, Level, crc32c};
use crate::error::{Error, Result, error};
use crate::io::File;
use crate::io::stream::Indexed;
use crate::memory::{Buffer, BufferBuilder, Pool};

const MAGIC: &[u8; 8] = b"ARROWIOX";
const VERSION: u32 = 1;
/// Up to the spans.
const HEADER: usize = 44;
/// A span without its window.
const SPAN: usize = 36;
/// So much of the compressed data tells whether an index is of them.
const IDENTITY: usize = 1 << 10;
/// The largest window of the formats that have checkpoints.
const MOST_IN_WINDOW: u64 = 32 << 10;
/// So much is written at once.
const PIECE: usize = 1 << 20;

/// What windows are compressed by.
fn packer() -> Result<&'static Codec> {
    Codec::by_name(b"zstd").ok_or_else(|| error!(Internal, "zstd is gone"))
}

/// The checkpoint as it is kept: windows compress well.
pub(super) fn packed(pool: &Pool, checkpoint: &Checkpoint) -> Result<Checkpoint> {
    let options = EncoderOptions { pool: pool.clone(), level: Level::Number(1), ..EncoderOptions::default() };
    let window = packer()?.compress_to_buffer(&options, checkpoint.window.as_slice())?;
    Ok(Checkpoint { window, ..*checkpoint })
}

/// The checkpoint as its decoder knows it.
pub(super) fn unpacked(pool: &Pool, checkpoint: &Checkpoint) -> Result<Checkpoint> {
    let options = DecoderOptions { pool: pool.clone(), max_output: MOST_IN_WINDOW, ..DecoderOptions::default() };
    let (window, _) = packer()?.decompress_to_buffer(&options, checkpoint.window.as_slice())?;
    Ok(Checkpoint { window, ..*checkpoint })
}

impl Indexed for Access {
    fn save_index(&self, target: &File) -> Result<()> {
        self.size_up_to(i64::MAX as u64)?;
        // What it reads may be a caller's, who may ask this file meanwhile.
        let identity = self.identity()?;
        let state = self.lock();
        // What is complete only changes where another index is loaded.
        let Frontier::End { offset: size } = state.index.frontier else { return Err(error!(Internal, "it goes on")) };
        let count = state.index.spans.len();
        drop(state);
        let mut saved = Saved { target, bytes: BufferBuilder::new(self.options.decoder.pool.clone()), checksum: 0 };
        saved.bytes.append(MAGIC)?;
        saved.add(VERSION)?;
        saved.add(self.codec.id)?;
        saved.add_long(self.raw_size)?;
        saved.add(identity)?;
        saved.add_long(size)?;
        saved.add_long(count as u64)?;
        for number in 0..count {
            let span = self.lock().index.spans.get(number).cloned();
            saved.add_span(&span.ok_or_else(|| error!(Invalid, "another index was loaded meanwhile"))?)?;
            if saved.bytes.size() >= PIECE {
                saved.write()?;
            }
        }
        saved.finish()
    }

    fn load_index(&self, source: &File) -> Result<()> {
        let saved = source.read_all()?;
        let index = self.parse(saved.as_slice())?;
        if let Frontier::End { offset } = index.frontier {
            self.check_limits(self.raw_size, offset)?;
        }
        self.replace_index(index)
    }
}

/// What is written of an index.
struct Saved<'a> {
    target: &'a File,
    /// What is to be written next.
    bytes: BufferBuilder,
    /// Of what was written.
    checksum: u32,
}

impl Saved<'_> {
    fn add(&mut self, number: u32) -> Result<()> {
        self.bytes.append(&number.to_le_bytes())
    }

    fn add_long(&mut self, number: u64) -> Result<()> {
        self.bytes.append(&number.to_le_bytes())
    }

    fn add_span(&mut self, span: &Span) -> Result<()> {
        let (kind, checksum) = match span.expected {
            Expected::Anything => (0, 0),
            Expected::Crc32c(checksum) => (1, checksum),
            Expected::Xxh64(checksum) => (2, checksum),
        };
        let (bits, byte) = span.checkpoint.as_ref().map_or((0, 0), |checkpoint| (checkpoint.bits, checkpoint.byte));
        let window = span.checkpoint.as_ref().map_or(&[][..], |checkpoint| checkpoint.window.as_slice());
        self.add_long(span.compressed)?;
        self.add_long(span.offset)?;
        self.add_long(span.frame_end)?;
        self.bytes.append(&[kind, span.checkpoint.is_some().into(), bits, byte])?;
        self.add(checksum)?;
        self.add(window.len() as u32)?;
        self.bytes.append(window)
    }

    fn write(&mut self) -> Result<()> {
        self.checksum = crc32c(self.checksum, self.bytes.as_slice());
        self.target.write(self.bytes.as_slice())?;
        self.bytes.truncate(0);
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        self.write()?;
        self.target.write(&self.checksum.to_le_bytes())
    }
}

/// What is still to be parsed.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, size: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(size).ok_or_else(|| damaged("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    fn number(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn long(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

#[cold]
fn damaged(how: &str) -> Error {
    error!(IoError, "the saved index is damaged: {how}")
}

impl Access {
    /// What tells compressed data from others.
    fn identity(&self) -> Result<u32> {
        let source = FileSource::new(&self.raw, self.raw_size);
        Ok(crc32c(0, source.buffer(0, IDENTITY)?.as_slice()))
    }

    /// An index that was saved, of these data.
    fn parse(&self, saved: &[u8]) -> Result<Index> {
        if !saved.starts_with(MAGIC) {
            return Err(error!(IoError, "this is no saved index: it does not begin with \"ARROWIOX\""));
        }
        let Some((content, checksum)) = saved.split_last_chunk::<4>().filter(|_| saved.len() >= HEADER + 4) else {
            return Err(damaged("it ends too early"));
        };
        if crc32c(0, content) != u32::from_le_bytes(*checksum) {
            return Err(damaged("its checksum differs"));
        }
        let mut rest = Rest(&content[MAGIC.len()..]);
        match rest.number()? {
            VERSION => {}
            version => return Err(error!(IoError, "the saved index has version {version}, known is {VERSION}")),
        }
        let [codec, raw_size] = [rest.number()?.into(), rest.long()?];
        let identity = rest.number()?;
        if (codec, raw_size, identity) != (self.codec.id.into(), self.raw_size, self.identity()?) {
            let size = self.raw_size;
            return Err(error!(
                IoError,
                "the saved index is of other data: of {raw_size} compressed bytes of codec {codec}; here are {size} of codec {}, or they begin otherwise",
                self.codec.id
            ));
        }
        let (size, count) = (rest.long()?, rest.long()?);
        self.parse_spans(rest, size, count)
    }

    fn parse_spans(&self, mut rest: Rest<'_>, size: u64, count: u64) -> Result<Index> {
        if count > (rest.0.len() / SPAN) as u64 || size > i64::MAX as u64 {
            return Err(damaged("its numbers cannot be"));
        }
        let mut index = Index::new();
        index.reserve(count as usize)?;
        for _ in 0..count {
            let span = self.parse_span(&mut rest)?;
            let is_next = match index.spans.last() {
                Some(last) => last.offset < span.offset && last.compressed < span.compressed,
                None => span.offset == 0 && span.checkpoint.is_none(),
            };
            if !is_next || span.compressed >= self.raw_size || span.offset >= size {
                return Err(damaged("its places are out of order"));
            }
            index.spans.push(span);
        }
        if !rest.0.is_empty() || (count == 0) != (size == 0) {
            return Err(damaged("its parts do not fit one another"));
        }
        index.frontier = Frontier::End { offset: size };
        Ok(index)
    }

    fn parse_span(&self, rest: &mut Rest<'_>) -> Result<Span> {
        let [compressed, offset, frame_end] = [rest.long()?, rest.long()?, rest.long()?];
        let [kind, is_checkpoint, bits, byte] = rest.array()?;
        let checksum = rest.number()?;
        let size = rest.number()? as usize;
        let window = rest.take(size)?;
        let expected = match kind {
            0 => Expected::Anything,
            1 => Expected::Crc32c(checksum),
            2 => Expected::Xxh64(checksum),
            _ => return Err(damaged("a kind of checksum is unknown")),
        };
        let checkpoint = match (is_checkpoint, bits) {
            (0, 0) if window.is_empty() => None,
            // The ends of frames are known by the checksums of spans.
            (1, 0..=7) => {
                let window = Buffer::copy_of(&self.options.decoder.pool, window)?;
                Some(Checkpoint { bits, byte, window, checksum: 0, size: 0 })
            }
            _ => return Err(damaged("a checkpoint cannot be")),
        };
        Ok(Span { compressed, offset, frame_end, expected, checkpoint })
    }
}
