//! Streams that decompress on the way.

use super::Capabilities;
use super::file::{File, Over};
use super::stream::Stream;
use super::transfer::CHUNK;
use crate::codec::{Codec, Decoder, Step};
use crate::error::{Error, ErrorKind, Result, error};
use crate::memory::Pool;
use std::mem::MaybeUninit;

/// A file that gives what `raw` holds, decompressed. Closing it closes `raw`.
pub fn compressed_input_stream(raw: &File, codec: &'static Codec, pool: &Pool) -> Result<File> {
    input_stream_with_block_size(raw, codec, pool, 0)
}

/// As `compressed_input_stream`, with small reads fetching `block_size` bytes at once, and at least so many at once of
/// `raw`.
pub(super) fn input_stream_with_block_size(
    raw: &File,
    codec: &'static Codec,
    pool: &Pool,
    block_size: usize,
) -> Result<File> {
    raw.check_base(Capabilities::READ, "decompress")?;
    let stream = CompressedInputStream {
        raw: raw.clone(),
        piece: block_size.max(CHUNK),
        codec,
        decoder: codec.decoder()?,
        consumed: 0,
        produced: 0,
        frame: Frame::None,
        failure: None,
    };
    File::new(stream, format_args!("{}", Over(codec.name, raw)), pool, block_size)
}

struct CompressedInputStream {
    raw: File,
    /// How much of it is read at once.
    piece: usize,
    codec: &'static Codec,
    decoder: Box<dyn Decoder>,
    /// Compressed bytes done with.
    consumed: u64,
    /// Decompressed bytes given.
    produced: i64,
    frame: Frame,
    /// What damaged data was refused with: a decoder is not called again after it.
    failure: Option<Error>,
}

/// Where in the sequence of frames a decoder is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    /// Before the first.
    None,
    /// In the midst of one, which must not be the end.
    Open,
    /// Right behind one.
    Ended,
}

impl CompressedInputStream {
    /// One step: from what the file beneath has ready into `dst`. `None` at the end of the file beneath.
    fn step(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<Option<Step>> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let mut decoded = Ok(Step::default());
        let decoder = &mut self.decoder;
        let at_start = self.frame != Frame::Open;
        let seen = self.raw.consume_with(self.piece, |input| {
            if !(input.is_empty() && at_start) {
                decoded = decoder.decode(input, dst);
            }
            Ok(decoded.as_ref().map_or(0, |step| step.consumed))
        });
        let seen = seen.map_err(|error| self.located(error))?;
        let step = decoded.map_err(|error| self.refused(error))?;
        self.consumed += step.consumed as u64;
        self.produced += step.produced as i64;
        if step.finished {
            self.frame = Frame::Ended;
        } else if seen > 0 {
            self.frame = Frame::Open;
        }
        Ok((seen > 0 || step.produced > 0).then_some(step))
    }

    /// Remembers that the data is damaged; a lack of memory may pass.
    fn refused(&mut self, error: Error) -> Error {
        let error = self.located(error);
        if error.kind() == ErrorKind::IoError {
            self.failure = Some(error.clone());
        }
        error
    }

    fn located(&self, error: Error) -> Error {
        match self.frame {
            Frame::Ended => error.context(format_args!(
                "what follows a complete {} frame at compressed offset {} is not another one",
                self.codec.name, self.consumed
            )),
            _ => error.context(format_args!("after compressed offset {}", self.consumed)),
        }
    }
}

impl Stream for CompressedInputStream {
    fn capabilities(&self) -> Capabilities {
        Capabilities::READ
    }

    fn beneath(&self) -> Option<&File> {
        Some(&self.raw)
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        while !dst.is_empty() {
            match self.step(dst)? {
                Some(step) if step.produced > 0 => return Ok(step.produced),
                Some(_) => continue,
                None if self.frame == Frame::Open => {
                    return Err(error!(
                        IoError,
                        "the {} data is truncated: it ends within a frame at compressed offset {}",
                        self.codec.name,
                        self.consumed
                    ));
                }
                None => break,
            }
        }
        Ok(0)
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.produced)
    }
}
