//! gzip, by flate2.

use super::{Codec, Decoder, Encoder, Goal, Step};
use crate::error::{Error, Result, error};
use crate::shared::{try_box, try_vec};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(super) const CODEC: Codec = Codec {
    id: 2,
    name: "gzip",
    suffixes: &[".gz"],
    levels: [1, 6, 9],
    new_decoder: || {
        let state = with_memory(|| Decompress::new_gzip(WINDOW_BITS))?;
        Ok(try_box(GzipDecoder { state, ended: false, failure: None })?)
    },
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
    drop(try_vec::<u8>(STATE_SIZE)?);
    catch_unwind(AssertUnwindSafe(allocate)).map_err(|_| Error::out_of_memory(STATE_SIZE))
}

struct GzipDecoder {
    state: Decompress,
    /// A member ended; the next begins with a fresh state.
    ended: bool,
    /// What was decoded before the damage is given first, then this.
    failure: Option<Error>,
}

impl Decoder for GzipDecoder {
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<Step> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        if self.ended {
            with_memory(|| self.state.reset(true))?;
            self.ended = false;
        }
        let (taken, given) = (self.state.total_in(), self.state.total_out());
        let status = self.state.decompress_uninit(input, output, FlushDecompress::None);
        let consumed = (self.state.total_in() - taken) as usize;
        let produced = (self.state.total_out() - given) as usize;
        match status {
            Ok(status) => self.ended = status == Status::StreamEnd,
            Err(error) => {
                let failure =
                    error!(IoError, "the gzip data is damaged: {}", error.message().unwrap_or("no reason given"));
                self.failure = Some(failure.clone());
                if produced == 0 {
                    return Err(failure);
                }
            }
        }
        Ok(Step { consumed, produced, finished: self.ended })
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
