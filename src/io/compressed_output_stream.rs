//! Streams that compress on the way.

use super::Capabilities;
use super::file::{File, Over};
use super::output::Output;
use super::stream::Stream;
use super::transfer::{CHUNK, Stopped, Transfer};
use crate::codec::{Codec, Encoder, EncoderOptions, Goal, Step};
use crate::error::{Error, Result};
use crate::memory::Pool;

/// A file that writes to `raw` what it is given, compressed. Closing it closes `raw`.
pub fn compressed_output_stream(raw: &File, codec: &'static Codec, options: &EncoderOptions) -> Result<File> {
    output_stream_with_encoder(raw, codec, codec.encoder(options)?, &options.pool, 0)
}

/// As `compressed_output_stream`, with an encoder that is there already, and at least `block_size` bytes at once to `raw`.
pub(super) fn output_stream_with_encoder(
    raw: &File,
    codec: &'static Codec,
    encoder: Box<dyn Encoder>,
    pool: &Pool,
    block_size: usize,
) -> Result<File> {
    raw.check_base(Capabilities::WRITE, "compress to")?;
    let output = Output::new(raw.clone(), pool);
    let piece = block_size.max(CHUNK);
    let stream =
        CompressedOutputStream { output, piece, encoder, written: 0, encoded: 0, is_flushing: false, failure: None };
    File::new(stream, format_args!("{}", Over(codec.name(), raw)), pool, 0)
}

struct CompressedOutputStream {
    output: Output,
    /// How much is written at once.
    piece: usize,
    encoder: Box<dyn Encoder>,
    /// Uncompressed bytes taken.
    written: i64,
    /// Compressed bytes that came of them so far.
    encoded: i64,
    /// A flush was not come to, as something beneath failed.
    is_flushing: bool,
    /// What the encoder failed with: it is not called again after it.
    failure: Option<Error>,
}

impl CompressedOutputStream {
    /// Compresses all of `data` and comes to `goal`.
    fn encode(&mut self, data: &[u8], goal: Goal) -> Transfer {
        // In the midst of a flush some encoders take nothing else.
        if self.is_flushing && goal != Goal::Flush {
            self.work_towards(&[], Goal::Flush)?;
        }
        self.is_flushing = goal == Goal::Flush;
        self.work_towards(data, goal)?;
        self.is_flushing = false;
        Ok(())
    }

    fn work_towards(&mut self, data: &[u8], goal: Goal) -> Transfer {
        let mut done = 0;
        loop {
            let step = self.step(&data[done..], goal).map_err(|error| Stopped { error, after: done })?;
            done += step.consumed;
            self.written += step.consumed as i64;
            if step.finished {
                return Ok(());
            }
        }
    }

    fn step(&mut self, data: &[u8], goal: Goal) -> Result<Step> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        if self.output.pending() >= self.piece {
            self.output.drain()?;
        }
        let mut step = Step::default();
        let (encoder, failure) = (&mut self.encoder, &mut self.failure);
        self.output.append_with(CHUNK, |room| {
            step = encoder.encode(data, room, goal).inspect_err(|error| *failure = Some(error.clone()))?;
            Ok(step.produced)
        })?;
        self.encoded += step.produced as i64;
        Ok(step)
    }

    /// Has the encoder come to `goal` with what it was given.
    fn come_to(&mut self, goal: Goal) -> Result<()> {
        self.encode(&[], goal).map_err(|stopped| stopped.error)
    }
}

impl Stream for CompressedOutputStream {
    fn capabilities(&self) -> Capabilities {
        Capabilities::WRITE
    }

    fn beneath(&self) -> Option<&File> {
        Some(self.output.raw())
    }

    fn write(&mut self, data: &[u8]) -> Transfer {
        if data.is_empty() { Ok(()) } else { self.encode(data, Goal::Continue) }
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.written)
    }

    fn raw_tell(&self) -> Option<i64> {
        Some(self.encoded)
    }

    fn flush(&mut self) -> Result<()> {
        self.come_to(Goal::Flush)?;
        self.output.flush()
    }

    fn sync(&mut self) -> Result<()> {
        self.come_to(Goal::Flush)?;
        self.output.sync()
    }

    fn close(&mut self) -> Result<()> {
        let finished = self.come_to(Goal::Finish);
        self.output.close(finished)
    }
}
