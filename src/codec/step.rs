//! What codecs and those who drive them agree on.

use crate::error::{Result, error};
use crate::memory::Buffer;
use std::mem::MaybeUninit;

/// What one step of a codec did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    /// Bytes taken from the input.
    pub(crate) consumed: usize,
    /// Bytes put into the output.
    pub(crate) produced: usize,
    /// A `Decoder`: a frame ended right behind what was consumed. An `Encoder`: all that was asked for is out. A `Decompress`:
    /// nothing more comes.
    pub(crate) finished: bool,
    /// Decoding: where nothing was done for want of input, so many bytes must be there for the next step, unless fewer are
    /// left.
    pub(crate) wants: usize,
}

/// What a decoder needs to go on in the midst of a frame.
#[derive(Clone)]
pub(crate) struct Checkpoint {
    /// So many bits, the upper ones, of the last byte before it are still to be decoded.
    pub(crate) bits: u8,
    /// That byte.
    pub(crate) byte: u8,
    /// What was decompressed before it, as far back as what follows may refer to; where nothing refers to that, what else the
    /// decoder has to know.
    pub(crate) window: Buffer,
    /// Of the frame so far, where its end is to be checked: the checksum, and how many bytes came out, as far as 32 bits go.
    pub(crate) checksum: u32,
    pub(crate) size: u32,
}

/// Decompresses frames, step by step.
pub(crate) trait Decoder: Send {
    /// Decompresses from `input` into `output` as far as one of them goes, and counts in `step`, also where it fails. Damage
    /// is IO_ERROR, and it is not called again after that. It takes all of the input, unless it has no room or `finished`, or
    /// says what it `wants`.
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()>;

    /// Another frame begins, whatever came before.
    fn restart(&mut self) -> Result<()>;

    /// Whether `decode` stops, without a reason of its own, wherever there may be a `checkpoint`; at first it does not.
    fn stop_at_checkpoints(&mut self, _stop: bool) {}

    /// What it takes to go on from here by `resume`, in the midst of a frame, where that is possible.
    fn checkpoint(&mut self) -> Result<Option<Checkpoint>> {
        Ok(None)
    }

    /// What comes next is what came behind this checkpoint.
    fn resume(&mut self, _checkpoint: &Checkpoint) -> Result<()> {
        Err(error!(Internal, "it has no checkpoints"))
    }

    /// Whether the data may end with `rest`, of which nothing was taken: in formats whose frames do not mark their end.
    fn may_end(&self, _rest: &[u8]) -> bool {
        false
    }
}

/// Decompresses everything there is: frame after frame, each within the limits, to the end or to what does not belong to it.
/// Its errors tell the place. After one that does not pass it gives that again.
pub(crate) trait Decompress: Send {
    /// Decompresses from `input`, behind which nothing comes if it `is_last`, into `output`, which has room.
    fn decode(&mut self, input: &[u8], is_last: bool, output: &mut [MaybeUninit<u8>]) -> Result<Step>;

    /// How many compressed bytes are done with.
    fn consumed(&self) -> u64;
}

/// What an encoder is to do with what it holds back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Goal {
    /// Nothing: wait for more.
    Continue,
    /// Make everything so far readable.
    Flush,
    /// End the last frame.
    Finish,
}

/// Compresses into a sequence of frames, step by step.
pub(crate) trait Encoder: Send {
    /// Compresses from `input` into `output`, which has room. With `Flush` and `Finish` it is called until a step says
    /// `finished`.
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step>;
}
