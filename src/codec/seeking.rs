//! Data that can be read from places in their midst: what a codec tells of such places.

use super::options::{EncoderOptions, FrameSize};
use super::{Codec, DecoderOptions};
use crate::error::{Result, error};

/// What a codec has for frames that are written to be found again, and how it finds frames without decompressing them.
pub(crate) struct Seekable {
    /// Uncompressed bytes of a frame where nobody says how many.
    pub(super) usual_frame_size: usize,
    /// The most that the format has room for.
    pub(super) greatest_frame_size: usize,
    /// Measures the frame at an offset, where it can be measured.
    pub(super) measure: fn(&mut dyn Source, u64) -> Result<Option<Frame>>,
    /// All frames from the first byte on, of data that have a table of them.
    pub(super) table: Table,
}

type Table = fn(&mut dyn Source, &DecoderOptions) -> Result<Option<Vec<Frame>>>;

/// Compressed data that a codec looks at here and there.
pub(crate) trait Source {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// Reads at an offset; fewer bytes than there is room for only at the end.
    fn read(&mut self, offset: u64, dst: &mut [u8]) -> Result<usize>;
}

/// `N` bytes at an offset, if there are so many.
pub(super) fn array<const N: usize>(source: &mut dyn Source, offset: u64) -> Result<Option<[u8; N]>> {
    let mut bytes = [0; N];
    let count = source.read(offset, &mut bytes)?;
    Ok((count == N).then_some(bytes))
}

/// What is known of a frame without decompressing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// How many bytes it has.
    pub(crate) compressed: u64,
    /// How many come of them.
    pub(crate) decompressed: u64,
    /// The lower half of their XXH64, if a table has it.
    pub(crate) xxh64: Option<u32>,
}

impl Codec {
    /// Measures the frame at an offset, where that is possible without decompressing it.
    pub(crate) fn measure(&self, source: &mut dyn Source, offset: u64) -> Result<Option<Frame>> {
        self.seekable.as_ref().map_or(Ok(None), |seekable| (seekable.measure)(source, offset))
    }

    /// All frames, of data that have a table of them which fits the data.
    pub(crate) fn table(&self, source: &mut dyn Source, options: &DecoderOptions) -> Result<Option<Vec<Frame>>> {
        self.seekable.as_ref().map_or(Ok(None), |seekable| (seekable.table)(source, options))
    }

    /// At most so many bytes come of compressing `size` bytes with these options.
    pub(super) fn most_of(&self, options: &EncoderOptions, size: u64) -> u64 {
        /// More than any format has for a frame in its table, and than it has for the end of all.
        const FOR_FRAME: u64 = 32;
        match self.frame_size(options) {
            Ok(Some(frame_size)) => {
                let for_frame = self.max_compressed_size(frame_size as u64).saturating_add(FOR_FRAME);
                (size.div_ceil(frame_size as u64) + 1).saturating_mul(for_frame)
            }
            _ => self.max_compressed_size(size),
        }
    }

    /// How many uncompressed bytes a frame gets. `None`: there is to be one frame.
    pub(super) fn frame_size(&self, options: &EncoderOptions) -> Result<Option<usize>> {
        let name = self.name();
        match (options.frame_size, &self.seekable) {
            (FrameSize::Endless, _) => Ok(None),
            (_, None) => Err(error!(Invalid, "{name} has no form with frames of a size that can be found again")),
            (FrameSize::Usual, Some(seekable)) => Ok(Some(seekable.usual_frame_size)),
            (FrameSize::Bytes(size), Some(seekable)) if (1..=seekable.greatest_frame_size).contains(&size) => {
                Ok(Some(size))
            }
            (FrameSize::Bytes(size), Some(Seekable { greatest_frame_size: greatest, .. })) => {
                Err(error!(Invalid, "frame_size is {size}, of {name} it is 1 to {greatest}"))
            }
        }
    }
}
