//! What is chosen when something is compressed or decompressed.

use crate::memory::{Buffer, Pool, default_pool};

/// The most threads that help, however many may.
pub(super) const MOST_THREADS: usize = 256;

/// How to compress.
#[derive(Clone)]
pub struct EncoderOptions {
    /// Where the memory comes from, the encoder's own as well.
    pub pool: Pool,
    /// How hard to try.
    pub level: Level,
    /// The binary logarithm of the window; 0: as the level has it.
    pub window_log: u32,
    /// Whether the result carries a checksum, where the format has one.
    pub checksum: bool,
    /// What both sides know beforehand.
    pub dictionary: Option<Buffer>,
    /// How many threads may help; 0: the work is done in the call. Codecs that nothing can help have none.
    pub threads: usize,
    /// How much goes into each frame.
    pub frame_size: FrameSize,
}

/// How hard to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// As hard as the codec does by itself.
    Default,
    /// This hard, of `Codec::levels`.
    Number(i32),
}

/// How much goes into a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameSize {
    /// All there is.
    Endless,
    /// As much as is usual for frames that are to be found again.
    Usual,
    /// At most so many uncompressed bytes; the frames can be found again.
    Bytes(usize),
}

/// How to decompress.
#[derive(Clone)]
pub struct DecoderOptions {
    /// Where the memory comes from, the decoder's own as well.
    pub pool: Pool,
    /// What both sides know beforehand.
    pub dictionary: Option<Buffer>,
    /// How many threads may help; 0: the work is done in the call.
    pub threads: usize,
    /// What to do about bytes behind the last frame.
    pub trailing: Trailing,
    /// The most bytes that may come out.
    pub max_output: u64,
    /// The most bytes that may come out of each one that goes in, beyond the first few.
    pub max_ratio: u64,
    /// The most memory for the decoder itself, of which the data ask for a window or dictionary.
    pub memory_limit: usize,
}

/// What to do about bytes behind the last frame that do not begin another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trailing {
    /// They are an error.
    Error,
    /// They are not looked at.
    Ignore,
    /// The data end there, and so does the position of the file they are read from.
    Leave,
}

impl Default for EncoderOptions {
    fn default() -> Self {
        Self {
            pool: default_pool(),
            level: Level::Default,
            window_log: 0,
            checksum: true,
            dictionary: None,
            threads: 0,
            frame_size: FrameSize::Endless,
        }
    }
}

impl DecoderOptions {
    /// So much memory a decoder takes at most where nothing is said, 256 MiB: enough for all that the tools of the formats
    /// write unless they are asked for more.
    pub const DEFAULT_MEMORY_LIMIT: usize = 256 << 20;
}

impl Default for DecoderOptions {
    fn default() -> Self {
        Self {
            pool: default_pool(),
            dictionary: None,
            threads: 0,
            trailing: Trailing::Error,
            max_output: u64::MAX,
            max_ratio: u64::MAX,
            memory_limit: Self::DEFAULT_MEMORY_LIMIT,
        }
    }
}
