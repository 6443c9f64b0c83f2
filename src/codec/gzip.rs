//! gzip, by flate2.

use super::{Codec, Decoder, Encoder, Goal, Step};
use crate::error::{Error, Result, error};
use crate::shared::try_box;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(super) const CODEC: Codec = Codec {
    id: 2,
    name: "gzip",
    suffixes: &[".gz"],
    levels: [1, 6, 9],
    new_decoder: || Ok(try_box(GzipDecoder(with_memory(|| Decompress::new_gzip(WINDOW_BITS))?))?),
    new_encoder: |level| {
        let level = Compression::new(level.unsigned_abs());
        Ok(try_box(GzipEncoder(with_memory(move || Compress::new_gzip(level, WINDOW_BITS))?))?)
    },
};

/// The largest window of the format, 32 KiB.
const WINDOW_BITS: u8 = 15;

/// What the state of either direction takes at most, measured; asked for beforehand.
const STATE_SIZE: usize = 512 << 10;

/// Calls what allocates in flate2, which panics where it gets no memory; here that is an error like any other.
fn with_memory<T>(allocate: impl FnOnce() -> T) -> Result<T> {
    let mut probe = Vec::<u8>::new();
    probe.try_reserve_exact(STATE_SIZE).map_err(|_| Error::out_of_memory(STATE_SIZE))?;
    drop(probe);
    catch_unwind(AssertUnwindSafe(allocate)).map_err(|_| Error::out_of_memory(STATE_SIZE))
}

struct GzipDecoder(Decompress);

impl Decoder for GzipDecoder {
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<Step> {
        let (taken, given) = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress_uninit(input, output, FlushDecompress::None);
        let consumed = (self.0.total_in() - taken) as usize;
        let produced = (self.0.total_out() - given) as usize;
        let finished = match status {
            Ok(status) => status == Status::StreamEnd,
            // What was decoded before the damage is given first; the next step fails in the same way.
            Err(_) if produced > 0 => false,
            Err(error) => return Err(error!(IoError, "the gzip data is damaged: {error}")),
        };
        let step = Step { consumed, produced, finished };
        if step.finished {
            with_memory(|| self.0.reset(true))?;
        }
        Ok(step)
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
        Ok(Step { consumed, produced, finished })
    }
}
