//! Frames that are decompressed ahead.

use super::cutter::{Frames, Sizes};
use crate::codec::frames::FrameSequence;
use crate::codec::{Codec, DecoderOptions, Decompress, Trailing};
use crate::error::Result;
use crate::memory::{Buffer, BufferBuilder};
use crate::shared::Shared;
use crate::task::Work;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Some whole frames, as far as could be told.
pub(super) struct Piece {
    codec: &'static Codec,
    options: DecoderOptions,
    /// The compressed bytes.
    pub(super) input: Buffer,
    /// About so many bytes come out.
    expected: usize,
    /// So much of what is `in_flight` is its own.
    memory: usize,
    in_flight: Shared<AtomicUsize>,
}

/// What came of a piece: of those of its frames that are whole and right, up to the first that is not.
pub(super) struct Decoded {
    pub(super) output: BufferBuilder,
    /// The compressed bytes that it came of.
    pub(super) consumed: usize,
}

/// Where as much comes out as was expected there is room left, for decoders that have it to find out that this is all.
const SLACK: usize = 64;

impl Frames {
    /// The most bytes that may come out of a piece of them.
    fn most(&self, sizes: Sizes) -> u64 {
        if self.is_told { self.output.saturating_add(SLACK as u64) } else { sizes.most.1 }
    }

    /// The most memory for a piece of them. While memory grows there may be twice as much of it.
    pub(super) fn memory(&self, sizes: Sizes) -> usize {
        let growth = if self.is_told { 1 } else { 2 };
        let output = usize::try_from(self.most(sizes)).unwrap_or(usize::MAX);
        self.size.saturating_add(output.saturating_mul(growth))
    }
}

impl Piece {
    /// A piece of some frames, out of which no more than the limits leave `room` for may come.
    pub(super) fn new(
        codec: &'static Codec,
        options: &DecoderOptions,
        input: Buffer,
        frames: Frames,
        sizes: Sizes,
        room: u64,
        in_flight: &Shared<AtomicUsize>,
    ) -> Self {
        let most = frames.most(sizes).min(room);
        let options = DecoderOptions {
            threads: 0,
            trailing: Trailing::Error,
            max_output: most,
            max_ratio: u64::MAX,
            ..options.clone()
        };
        let memory = frames.memory(sizes);
        in_flight.fetch_add(memory, Relaxed);
        Self { codec, options, input, expected: frames.output.min(most) as usize, memory, in_flight: in_flight.clone() }
    }

    /// Decompresses its frames, up to the first that is not whole and right.
    fn decode(&self, decoded: &mut Decoded) -> Result<()> {
        let mut frames = FrameSequence::new(self.codec, &self.options)?;
        decoded.output.reserve_exact(self.expected + SLACK)?;
        let (input, mut taken, mut size) = (self.input.as_slice(), 0, 0);
        let mut result = Ok(());
        while decoded.consumed < input.len() && result.is_ok() {
            let output = &mut decoded.output;
            let room = (output.capacity() - output.size()).max(1);
            result = output
                .append_with(room, |room| {
                    let step = frames.decode(&input[taken..], true, room)?;
                    taken += step.consumed;
                    Ok(step.produced)
                })
                .map(drop);
            if frames.is_between() {
                (decoded.consumed, size) = (taken, decoded.output.size());
            }
        }
        decoded.output.truncate(size);
        result
    }
}

impl Work for Piece {
    type Output = Decoded;

    /// Whatever is wrong behind the whole frames shows where it is come to without haste.
    fn run(&self) -> Decoded {
        let mut decoded = Decoded { output: BufferBuilder::new(self.options.pool.clone()), consumed: 0 };
        let _ = self.decode(&mut decoded);
        decoded
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.in_flight.fetch_sub(self.memory, Relaxed);
    }
}
