//! What codecs and those who drive them agree on.

use crate::error::Result;
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

/// Decompresses frames, step by step.
pub(crate) trait Decoder: Send {
    /// Decompresses from `input` into `output` as far as one of them goes, and counts in `step`, also where it fails. Damage
    /// is IO_ERROR, and it is not called again after that. It takes all of the input, unless it has no room or `finished`, or
    /// says what it `wants`.
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()>;

    /// Another frame begins, behind one that `finished` or one that failed in its first step.
    fn restart(&mut self) -> Result<()>;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
