//! Decompression of a span, piece by piece.

use super::index::{Expected, Index, Span};
use super::saved;
use crate::codec::{Checkpoint, Codec, Decoder, DecoderOptions, Step, crc32c};
use crate::error::{Error, ErrorKind, Result, error};
use crate::io::File;
use crate::io::transfer::CHUNK;
use crate::memory::{Buffer, BufferBuilder, Pool};
use std::mem::MaybeUninit;
use xxhash_rust::xxh64::Xxh64;

/// A span of no more bytes than this is one piece, of which nothing is given before all of it is decompressed and checked; a
/// longer one is cut into pieces of this size.
pub(super) const PIECE: u64 = 2 << 20;

/// A decoder, and where it is.
pub(super) struct Cursor {
    codec: &'static Codec,
    decoder: Box<dyn Decoder>,
    pool: Pool,
    /// Which span it is in.
    pub(super) span: usize,
    /// Where that begins, in decompressed bytes.
    start: u64,
    /// What the decoder gives next.
    pub(super) offset: u64,
    /// What it takes next.
    pub(super) compressed: u64,
    /// What was read from there on.
    input: Option<Buffer>,
    /// How much of that the decoder has taken.
    taken: usize,
    /// How much it must be given at once.
    wants: usize,
    checksum: Checksum,
}

/// What is known of the span that a cursor is in.
pub(super) struct Extent {
    /// Where it ends. `None`: it is decompressed for the first time.
    end: Option<u64>,
    /// The compressed bytes end there, or before.
    compressed_end: u64,
    /// The frame ends exactly there, and the span with it. `None`: the frame goes on.
    frame_end: Option<u64>,
    expected: Expected,
}

/// What came of a span that is decompressed for the first time.
pub(super) struct Ended {
    pub(super) expected: Expected,
    /// Where the same frame goes on. `None`: it has ended.
    pub(super) checkpoint: Option<Checkpoint>,
}

/// What the bytes of a span so far come to.
enum Checksum {
    None,
    Crc32c(u32),
    Xxh64(Box<Xxh64>),
}

impl Extent {
    pub(super) fn new(index: &Index, number: usize, size: u64) -> Self {
        Self {
            end: index.end_of(number),
            compressed_end: index.compressed_end_of(number, size),
            frame_end: index.frame_end_of(number),
            expected: index.spans[number].expected,
        }
    }
}

impl Cursor {
    pub(super) fn new(codec: &'static Codec, options: &DecoderOptions) -> Result<Self> {
        Ok(Self {
            codec,
            decoder: codec.decoder(options)?,
            pool: options.pool.clone(),
            span: usize::MAX,
            start: 0,
            offset: 0,
            compressed: 0,
            input: None,
            taken: 0,
            wants: 0,
            checksum: Checksum::None,
        })
    }

    /// Goes to the start of a span.
    pub(super) fn begin(&mut self, number: usize, span: &Span, extent: &Extent) -> Result<()> {
        match &span.checkpoint {
            Some(checkpoint) => self.decoder.resume(&saved::unpacked(&self.pool, checkpoint)?)?,
            None => self.decoder.restart()?,
        }
        if self.compressed != span.compressed {
            (self.input, self.taken) = (None, 0);
        }
        (self.compressed, self.offset, self.wants) = (span.compressed, span.offset, 0);
        self.go_on(number, extent);
        Ok(())
    }

    /// What comes next is another span.
    pub(super) fn go_on(&mut self, number: usize, extent: &Extent) {
        self.decoder.stop_at_checkpoints(extent.end.is_none());
        (self.span, self.start) = (number, self.offset);
        self.checksum = match (extent.end, extent.expected) {
            (None, _) | (_, Expected::Crc32c(_)) => Checksum::Crc32c(0),
            (_, Expected::Xxh64(_)) => Checksum::Xxh64(Box::new(Xxh64::new(0))),
            (_, Expected::Anything) => Checksum::None,
        };
    }

    /// Decompresses the next piece. Of a span that is not known yet one that has `spacing` bytes may end, wherever it can.
    pub(super) fn next_piece(&mut self, raw: &File, extent: &Extent, spacing: u64) -> Result<(Buffer, Option<Ended>)> {
        let result = match extent.end {
            Some(end) => self.next_known_piece(raw, extent, end).map(|piece| (piece, None)),
            None => self.next_new_piece(raw, extent, spacing),
        };
        result.map_err(|error| match error.kind() {
            ErrorKind::IoError => error.context(format_args!("after compressed offset {}", self.compressed)),
            _ => error,
        })
    }

    fn next_known_piece(&mut self, raw: &File, extent: &Extent, end: u64) -> Result<Buffer> {
        let size = (end - self.offset).min(PIECE) as usize;
        let mut piece = BufferBuilder::new(self.pool.clone());
        piece.reserve_exact(size)?;
        let mut finished = false;
        while piece.size() < size {
            if finished {
                return Err(self.not_as_long_as(end));
            }
            finished = self.step(raw, extent, &mut piece, size)?;
        }
        self.count(piece.as_slice());
        if self.offset == end {
            self.finish(raw, extent, end, finished)?;
        }
        piece.finish()
    }

    /// Behind the last byte of a span whose end is known.
    fn finish(&mut self, raw: &File, extent: &Extent, end: u64, finished: bool) -> Result<()> {
        let mut finished = finished || extent.frame_end.is_none();
        let mut beyond = [MaybeUninit::uninit()];
        while !finished {
            let step = self.decode(raw, extent, &mut beyond)?;
            if step.produced > 0 {
                return Err(self.not_as_long_as(end));
            }
            finished = step.finished;
        }
        // More than the frame there may be other frames, of which nothing would be given.
        if let Some(frame_end) = extent.frame_end
            && self.compressed != frame_end
        {
            let (name, offset) = (self.codec.name(), self.compressed);
            return Err(error!(
                IoError,
                "the {name} frame up to decompressed offset {end} ends at compressed offset {offset}, but its header or the index says at {frame_end}"
            ));
        }
        let found = self.checksum.finish();
        if extent.expected == Expected::Anything || extent.expected == found {
            return Ok(());
        }
        let (name, start) = (self.codec.name(), self.start);
        Err(error!(
            IoError,
            "the {name} data from decompressed offset {start} to {end} are not what the index says: their checksum differs"
        ))
    }

    fn next_new_piece(&mut self, raw: &File, extent: &Extent, spacing: u64) -> Result<(Buffer, Option<Ended>)> {
        let size = (PIECE - (self.offset - self.start) % PIECE) as usize;
        let mut piece = BufferBuilder::new(self.pool.clone());
        while piece.size() < size {
            let counted = piece.size();
            let most = piece.size().max(CHUNK).min(size - piece.size());
            let finished = self.step(raw, extent, &mut piece, counted + most)?;
            self.count(&piece.as_slice()[counted..]);
            if finished {
                return Ok((piece.finish()?, Some(self.ended(None))));
            }
            if self.offset - self.start >= spacing
                && let Some(checkpoint) = self.decoder.checkpoint()?
            {
                let checkpoint = saved::packed(&self.pool, &checkpoint)?;
                return Ok((piece.finish()?, Some(self.ended(Some(checkpoint)))));
            }
        }
        Ok((piece.finish()?, None))
    }

    fn ended(&self, checkpoint: Option<Checkpoint>) -> Ended {
        Ended { expected: self.checksum.finish(), checkpoint }
    }

    /// One step of the decoder, up to `size` bytes of the piece; whether a frame has ended.
    fn step(&mut self, raw: &File, extent: &Extent, piece: &mut BufferBuilder, size: usize) -> Result<bool> {
        let mut step = Step::default();
        piece.append_with(size - piece.size(), |room| {
            step = self.decode(raw, extent, room)?;
            Ok(step.produced)
        })?;
        self.offset += step.produced as u64;
        Ok(step.finished)
    }

    fn decode(&mut self, raw: &File, extent: &Extent, room: &mut [MaybeUninit<u8>]) -> Result<Step> {
        self.read(raw, extent)?;
        let mut step = Step::default();
        let input = self.input.as_ref().map_or(&[][..], |input| &input.as_slice()[self.taken..]);
        let rest = extent.compressed_end.saturating_sub(self.compressed);
        let input = &input[..usize::try_from(rest).unwrap_or(usize::MAX).min(input.len())];
        let is_all = self.compressed + input.len() as u64 >= extent.compressed_end;
        self.decoder.decode(input, room, &mut step)?;
        if step.consumed + step.produced == 0 && !step.finished && is_all {
            if !self.decoder.may_end(input) {
                return Err(self.codec.truncated(extent.compressed_end));
            }
            step.consumed = input.len();
            step.finished = true;
        }
        self.compressed += step.consumed as u64;
        self.taken += step.consumed;
        self.wants = step.wants;
        Ok(step)
    }

    /// Sees to it that there is input, if there is more.
    fn read(&mut self, raw: &File, extent: &Extent) -> Result<()> {
        crate::task::check()?;
        let (least, at_hand) = (self.wants.max(1), self.input.as_ref().map_or(0, Buffer::size) - self.taken);
        let rest = extent.compressed_end.saturating_sub(self.compressed);
        if at_hand >= least || rest <= at_hand as u64 {
            return Ok(());
        }
        let size = usize::try_from(rest).unwrap_or(usize::MAX).min(least.max(CHUNK));
        let input = raw.read_at_buffer(self.compressed as usize, size)?;
        if input.size() < size {
            return Err(self.codec.truncated(self.compressed + input.size() as u64));
        }
        (self.input, self.taken) = (Some(input), 0);
        Ok(())
    }

    fn count(&mut self, bytes: &[u8]) {
        match &mut self.checksum {
            Checksum::None => {}
            Checksum::Crc32c(value) => *value = crc32c(*value, bytes),
            Checksum::Xxh64(value) => value.update(bytes),
        }
    }

    #[cold]
    fn not_as_long_as(&self, end: u64) -> Error {
        let (name, start) = (self.codec.name(), self.start);
        error!(IoError, "the {name} data from decompressed offset {start} on do not end at {end}, where the index says")
    }
}

impl Checksum {
    fn finish(&self) -> Expected {
        match self {
            Self::None => Expected::Anything,
            Self::Crc32c(value) => Expected::Crc32c(*value),
            Self::Xxh64(value) => Expected::Xxh64(value.digest() as u32),
        }
    }
}
