//! Compression. A codec is one file and one row of `CODECS`; what is the same for all of them is said once: how frames follow
//! one another in `frames`, limits in `limits`, whole pieces of memory in `one_shot`.

mod blocks;
mod crc32c;
mod detection;
mod frames;
mod held;
mod limits;
mod one_shot;
mod options;
mod parallel;
mod parallel_encoder;
mod seeking;
mod state_memory;
mod step;

// The codecs.
mod brotli;
mod bzip2;
mod deflate;
mod hadoop;
mod lz4;
mod lz4_raw;
mod snappy;
mod snappy_framed;
mod xz;
mod zstandard;
mod zstandard_seekable;

#[cfg(test)]
mod block_tests;
#[cfg(test)]
mod tests;

use crate::error::{Result, error};
use crate::shared::try_box;
use detection::Signature;
use frames::FrameSequence;
use parallel::ParallelDecoder;
use std::ffi::CStr;

pub(crate) use crc32c::crc32c;
pub use detection::Detected;
pub(crate) use frames::Next;
pub(crate) use limits::Limits;
pub use one_shot::Decompressed;
pub use options::{DecoderOptions, EncoderOptions, FrameSize, Level, Trailing};
pub(crate) use seeking::{Frame, Seekable, Source};
pub(crate) use step::{Checkpoint, Decoder, Decompress, Encoder, Goal, Step};

/// What a codec is called, how it is recognised and what it can do; the one place that says so.
pub struct Codec {
    /// Its number in the C interface.
    pub id: u32,
    /// Its name, which C reads as well.
    pub name: &'static CStr,
    /// Other names that it goes by.
    pub other_names: &'static [&'static str],
    /// File name suffixes, lower case, with the dot.
    pub suffixes: &'static [&'static str],
    /// How a frame begins; `None`: with anything.
    signature: Option<Signature>,
    /// Between frames there may be zero bytes, in multiples of this. 0: none.
    padding: usize,
    /// `None`: it has no levels.
    pub levels: Option<Levels>,
    /// The binary logarithms that a window may be chosen from. `None`: it cannot be chosen.
    windows: Option<[u32; 2]>,
    checksum: Checksum,
    /// The end is marked, so nobody takes the beginning of some data for the whole.
    pub has_end: bool,
    takes_dictionary: bool,
    /// At most so many bytes come of so many.
    max_compressed_size: fn(u64) -> u64,
    /// How ends of frames are found without decompressing them. `None`: they are not, and threads do not help.
    find_end: Option<parallel::FindEnd>,
    /// `None`: it works on whole pieces of memory only.
    streaming: Option<Streaming>,
    /// `None`: whole pieces of memory go through `streaming`.
    block: Option<Block>,
    /// `None`: frames are found by decompressing what is before them, and none are written for being found.
    seekable: Option<Seekable>,
    /// What a whole piece of memory is decompressed by instead, where it is in another form that goes by the same name.
    instead: Option<one_shot::Instead>,
}

/// The compression levels of a codec.
#[derive(Clone, Copy)]
pub struct Levels {
    /// The fastest.
    pub least: i32,
    /// What is taken where nothing is said.
    pub default: i32,
    /// The smallest result.
    pub greatest: i32,
}

/// Whether a format checks its contents.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Checksum {
    Never,
    Always,
    /// Those of each block: that one is missing is not noticed.
    OfBlocks,
    /// Unless it is told otherwise.
    Optional,
}

/// How a codec works step by step.
struct Streaming {
    decoder: fn(&DecoderOptions) -> Result<Box<dyn Decoder>>,
    encoder: fn(&EncoderOptions, i32) -> Result<Box<dyn Encoder>>,
}

/// How a codec works on a whole piece of memory at once.
struct Block {
    compress: one_shot::Compress,
    decompress: one_shot::Decompress,
    /// How much comes out of a piece; no more than it can come to, whatever it says.
    decompressed_size: fn(&[u8]) -> Result<u64>,
}

/// Every codec of this build.
pub static CODECS: [Codec; 13] = [
    deflate::GZIP,
    zstandard::CODEC,
    deflate::ZLIB,
    deflate::DEFLATE,
    lz4::CODEC,
    lz4_raw::CODEC,
    hadoop::LZ4,
    bzip2::CODEC,
    brotli::CODEC,
    snappy::CODEC,
    snappy_framed::CODEC,
    hadoop::SNAPPY,
    xz::CODEC,
];

impl Codec {
    /// What a row says where it does not say otherwise.
    const BASE: Self = Self {
        id: 0,
        name: c"",
        other_names: &[],
        suffixes: &[],
        signature: None,
        padding: 0,
        levels: None,
        windows: None,
        checksum: Checksum::Never,
        has_end: true,
        takes_dictionary: false,
        max_compressed_size: |size| size,
        streaming: None,
        block: None,
        seekable: None,
        instead: None,
        find_end: None,
    };

    /// The codec with this number.
    pub fn by_id(id: u32) -> Option<&'static Self> {
        CODECS.iter().find(|codec| codec.id == id)
    }

    /// The codec that goes by this name, in any case.
    pub fn by_name(name: &[u8]) -> Option<&'static Self> {
        let is = |other: &str| other.as_bytes().eq_ignore_ascii_case(name);
        CODECS.iter().find(|codec| is(codec.name()) || codec.other_names.iter().any(|other| is(other)))
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name.to_str().unwrap_or_default()
    }

    /// Whether damage is found by a checksum.
    pub fn has_checksum(&self) -> bool {
        self.checksum != Checksum::Never
    }

    /// Whether it can be used step by step.
    pub fn has_streams(&self) -> bool {
        self.streaming.is_some()
    }

    /// At most so many bytes come of compressing `size` bytes at once, at any level.
    pub fn max_compressed_size(&self, size: u64) -> u64 {
        (self.max_compressed_size)(size)
    }

    /// What decompresses a sequence of frames.
    pub(crate) fn decompression(&'static self, options: &DecoderOptions) -> Result<Box<dyn Decompress>> {
        match self.find_end {
            // What reads ahead does not know where to leave off.
            Some(find_end) if options.threads > 0 && options.trailing != Trailing::Leave => {
                Ok(try_box(ParallelDecoder::new(self, options, find_end)?)?)
            }
            _ => Ok(try_box(FrameSequence::new(self, options)?)?),
        }
    }

    /// What decompresses the frames of a sequence one by one.
    pub(crate) fn decoder(&self, options: &DecoderOptions) -> Result<Box<dyn Decoder>> {
        self.check_dictionary(options.dictionary.is_some())?;
        (self.streaming()?.decoder)(options)
    }

    /// What compresses into one sequence of frames.
    pub(crate) fn encoder(&self, options: &EncoderOptions) -> Result<Box<dyn Encoder>> {
        (self.streaming()?.encoder)(options, self.check(options)?)
    }

    fn streaming(&self) -> Result<&Streaming> {
        self.streaming.as_ref().ok_or_else(|| {
            error!(NotImplemented, "{} has no form for streams: it compresses whole pieces of memory only", self.name())
        })
    }

    /// Gives the level to use. What the codec does not have is refused, so that nobody relies on it.
    fn check(&self, options: &EncoderOptions) -> Result<i32> {
        self.check_window(options.window_log)?;
        self.check_dictionary(options.dictionary.is_some())?;
        self.frame_size(options)?;
        if !options.checksum && matches!(self.checksum, Checksum::Always | Checksum::OfBlocks) {
            return Err(error!(Invalid, "{} always has a checksum", self.name()));
        }
        self.check_level(options.level)
    }

    fn check_level(&self, level: Level) -> Result<i32> {
        match (level, self.levels) {
            (Level::Default, levels) => Ok(levels.map_or(0, |levels| levels.default)),
            (Level::Number(level), Some(Levels { least, greatest, .. })) => {
                let fits = (least..=greatest).contains(&level);
                let refusal =
                    || error!(Invalid, "{} has levels {least} to {greatest}, {level} is none of them", self.name());
                fits.then_some(level).ok_or_else(refusal)
            }
            (Level::Number(level), None) => Err(error!(Invalid, "{} has no levels, so no level {level}", self.name())),
        }
    }

    fn check_window(&self, window_log: u32) -> Result<()> {
        match self.windows {
            _ if window_log == 0 => Ok(()),
            None => Err(error!(Invalid, "window_log is {window_log}, the window of {} cannot be chosen", self.name())),
            Some([least, greatest]) if !(least..=greatest).contains(&window_log) => {
                Err(error!(Invalid, "window_log is {window_log}, of {} it is {least} to {greatest}", self.name()))
            }
            Some(_) => Ok(()),
        }
    }

    fn check_dictionary(&self, is_given: bool) -> Result<()> {
        let fits = self.takes_dictionary || !is_given;
        fits.then_some(()).ok_or_else(|| error!(Invalid, "{} takes no dictionary", self.name()))
    }
}
