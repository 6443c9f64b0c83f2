//! gzip, by flate2.

use super::detection::{Signature, begins};
use super::{Checksum, Codec, Decoder, Encoder, Goal, Levels, Step, Streaming, gzip_members};
use crate::error::{Error, Result, error};
use crate::shared::{try_box, try_vec};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(super) const CODEC: Codec = Codec {
    id: 2,
    name: c"gzip",
    other_names: &["gz"],
    suffixes: &[".gz"],
    signature: Some(Signature { size: 3, matches: |head| begins(head, b"\x1f\x8b\x08"), is_distinct: true }),
    padding: 0,
    levels: Some(Levels { least: 0, default: 6, greatest: 9 }),
    windows: None,
    checksum: Checksum::Always,
    takes_dictionary: false,
    max_compressed_size: |size| size + size / 1000 + 64,
    find_end: Some(gzip_members::find_end),
    streaming: Some(Streaming {
        decoder: |_| Ok(try_box(GzipDecoder(with_memory(|| Decompress::new_gzip(WINDOW_BITS))?))?),
        encoder: |_, level| {
            let level = Compression::new(level.unsigned_abs());
            Ok(try_box(GzipEncoder(with_memory(move || Compress::new_gzip(level, WINDOW_BITS))?))?)
        },
    }),
    block: None,
};

/// The largest window of the format, 32 KiB.
const WINDOW_BITS: u8 = 15;

/// What the state of either direction takes at most, measured; asked for beforehand.
const STATE_SIZE: usize = 512 << 10;

/// Calls what allocates in flate2, which panics where it gets no memory; here that is an error like any other.
fn with_memory<T>(allocate: impl FnOnce() -> T) -> Result<T> {
    drop(try_vec::<u8>(STATE_SIZE)?);
    catch_unwind(AssertUnwindSafe(allocate)).map_err(|_| Error::out_of_memory(STATE_SIZE))
}

struct GzipDecoder(Decompress);

impl Decoder for GzipDecoder {
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        let (taken, given) = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress_uninit(input, output, FlushDecompress::None);
        step.consumed = (self.0.total_in() - taken) as usize;
        step.produced = (self.0.total_out() - given) as usize;
        let status = status.map_err(|error| {
            error!(IoError, "the gzip data is damaged: {}", error.message().unwrap_or("no reason given"))
        })?;
        step.finished = status == Status::StreamEnd;
        Ok(())
    }

    fn restart(&mut self) -> Result<()> {
        with_memory(|| self.0.reset(true))
    }
}

struct GzipEncoder(Compress);

impl Encoder for GzipEncoder {
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step> {
        let flush = match goal {
            Goal::Continue => FlushCompress::None,
            Goal::Flush => FlushCompress::Sync,
            Goal::Finish => FlushCompress::Finish,
        };
        let (taken, given) = (self.0.total_in(), self.0.total_out());
        let status = self
            .0
            .compress_uninit(input, output, flush)
            .map_err(|error| error!(Internal, "the gzip encoder failed: {error}"))?;
        let consumed = (self.0.total_in() - taken) as usize;
        let produced = (self.0.total_out() - given) as usize;
        let finished = match goal {
            Goal::Continue => consumed == input.len(),
            // A flush is complete once it left room in the output.
            Goal::Flush => consumed == input.len() && produced < output.len(),
            Goal::Finish => status == Status::StreamEnd,
        };
        Ok(Step { consumed, produced, finished, wants: 0 })
    }
}
