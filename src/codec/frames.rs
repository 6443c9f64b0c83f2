//! Frame after frame: where one ends, whether another follows, and what to do about anything else.

use super::detection::Beginning;
use super::limits::Limits;
use super::options::{DecoderOptions, Trailing};
use super::{Codec, Decoder, Decompress, Step};
use crate::error::{Error, ErrorKind, Result, error};
use std::mem::MaybeUninit;

/// A decoder, taken from frame to frame.
pub(super) struct FrameSequence {
    codec: &'static Codec,
    decoder: Box<dyn Decoder>,
    limits: Limits,
    trailing: Trailing,
    place: Place,
    consumed: u64,
    produced: u64,
    /// Nothing of the frame was taken yet.
    is_fresh: bool,
    /// What cannot be got past. It comes after everything before it was given.
    failure: Option<Error>,
}

/// Where in the sequence it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first frame.
    Start,
    /// In the midst of one, which must not be the end.
    Within,
    /// Right behind one.
    Between,
    /// Behind all that is to be decompressed.
    End,
}

/// What comes where a frame may begin.
pub(crate) enum Next {
    Frame,
    Padding(usize),
    End,
    /// So many bytes are needed to tell.
    Unknown(usize),
}

impl Codec {
    /// What comes next where a frame may begin: at the start of everything, or at a compressed offset behind frames that came
    /// `before`.
    pub(crate) fn look_at(&self, trailing: Trailing, before: Option<u64>, input: &[u8], is_last: bool) -> Result<Next> {
        if input.is_empty() {
            return Ok(if is_last { Next::End } else { Next::Unknown(1) });
        }
        if before.is_some()
            && self.padding > 0
            && let Some(next) = padding(input, self.padding, is_last)
        {
            return Ok(next);
        }
        match (&self.signature, before) {
            (Some(signature), _) if input.len() < signature.size && !is_last => Ok(Next::Unknown(signature.size)),
            // A few bytes that a signature begins with are a frame cut off, where they must not be anything else.
            (Some(signature), _)
                if (signature.matches)(input) && (trailing == Trailing::Error || input.len() >= signature.size) =>
            {
                Ok(Next::Frame)
            }
            // Where nobody can tell it is tried, unless the rest may be something else.
            (None, before) if before.is_none() || trailing == Trailing::Error => Ok(Next::Frame),
            (_, None) => Err(error!(IoError, "this is not {} data: {}", self.name(), Beginning(input))),
            (_, Some(offset)) if trailing == Trailing::Error => Err(error!(
                IoError,
                "what follows a complete {} frame at compressed offset {offset} is not another one: {}",
                self.name(),
                Beginning(input)
            )),
            _ => Ok(Next::End),
        }
    }

    /// The data end at a compressed offset where they must not.
    #[cold]
    pub(crate) fn truncated(&self, end: u64) -> Error {
        error!(IoError, "the {} data is truncated: it ends within a frame at compressed offset {end}", self.name())
    }
}

impl FrameSequence {
    pub(super) fn new(codec: &'static Codec, options: &DecoderOptions) -> Result<Self> {
        Ok(Self {
            codec,
            decoder: codec.decoder(options)?,
            limits: Limits::new(options),
            trailing: options.trailing,
            place: Place::Start,
            consumed: 0,
            produced: 0,
            is_fresh: true,
            failure: None,
        })
    }

    /// Whether it is where a frame may begin, behind another one.
    pub(super) fn is_between(&self) -> bool {
        self.place == Place::Between
    }

    /// How many bytes may come out of so many more.
    pub(super) fn room(&self, more: usize) -> u64 {
        self.limits.room(self.consumed + more as u64, self.produced)
    }

    /// Whole frames were decompressed elsewhere.
    pub(super) fn pass(&mut self, consumed: usize, produced: usize) {
        self.place = Place::Between;
        self.consumed += consumed as u64;
        self.produced += produced as u64;
    }

    /// What comes next, where a frame may begin.
    fn look_at(&self, input: &[u8], is_last: bool) -> Result<Next> {
        let before = if self.place == Place::Start { None } else { Some(self.consumed) };
        self.codec.look_at(self.trailing, before, input, is_last)
    }

    /// Comes to the next frame; where there is none yet, gives the step to report.
    fn enter(&mut self, input: &[u8], is_last: bool) -> Result<Option<Step>> {
        let next = self.look_at(input, is_last).inspect_err(|error| self.failure = Some(error.clone()))?;
        let step = match next {
            Next::Frame => {
                if self.place == Place::Between {
                    self.decoder.restart()?;
                }
                self.place = Place::Within;
                self.is_fresh = true;
                return Ok(None);
            }
            Next::Padding(consumed) => Step { consumed, ..Step::default() },
            Next::Unknown(wants) => Step { wants, ..Step::default() },
            Next::End => {
                self.place = Place::End;
                Step { finished: true, ..Step::default() }
            }
        };
        self.consumed += step.consumed as u64;
        Ok(Some(step))
    }

    /// Decodes as much as the limits allow; where that is nothing, finds out whether there is more.
    fn decode_within(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        let taken = self.consumed + input.len() as u64;
        let room = self.limits.room(taken, self.produced);
        if room > 0 {
            let room = usize::try_from(room).unwrap_or(usize::MAX).min(output.len());
            return self.decoder.decode(input, &mut output[..room], step);
        }
        let result = self.decoder.decode(input, &mut [MaybeUninit::uninit()], step);
        // What came out is nowhere, also where damage follows it in the same step.
        match std::mem::take(&mut step.produced) {
            0 => result,
            _ => Err(self.limits.refusal(self.codec.name(), taken, self.produced)),
        }
    }

    /// An error of the decoder, with its place. What failed is not tried again, but for a lack of memory at the beginning of a
    /// frame, which may pass.
    #[cold]
    fn refused(&mut self, error: Error, step: &mut Step) -> Error {
        let error = error.context(format_args!("after compressed offset {}", self.consumed));
        let may_pass = error.kind() == ErrorKind::OutOfMemory && self.is_fresh && step.produced == 0;
        if may_pass && self.decoder.restart().is_ok() {
            step.consumed = 0;
        } else {
            self.failure = Some(error.clone());
        }
        error
    }

    /// Not remembered: the file may grow.
    #[cold]
    fn truncated(&self, rest: usize) -> Error {
        self.codec.truncated(self.consumed + rest as u64)
    }
}

impl Decompress for FrameSequence {
    fn decode(&mut self, input: &[u8], is_last: bool, output: &mut [MaybeUninit<u8>]) -> Result<Step> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        if self.place != Place::Within
            && let Some(step) = self.enter(input, is_last)?
        {
            return Ok(step);
        }
        let mut step = Step::default();
        let result = self.decode_within(input, output, &mut step);
        let refusal = result.err().map(|error| self.refused(error, &mut step));
        self.consumed += step.consumed as u64;
        self.produced += step.produced as u64;
        self.is_fresh &= step.consumed == 0;
        let finished = std::mem::take(&mut step.finished);
        match refusal {
            // What was decompressed before the damage is given first.
            Some(error) if step.produced == 0 => return Err(error),
            None if finished => self.place = Place::Between,
            None if is_last && step.consumed + step.produced == 0 && self.decoder.may_end(input) => {
                self.place = Place::End;
                self.consumed += input.len() as u64;
                step = Step { consumed: input.len(), finished: true, ..Step::default() };
            }
            None if is_last && step.consumed + step.produced == 0 => return Err(self.truncated(input.len())),
            _ => {}
        }
        Ok(step)
    }

    fn consumed(&self) -> u64 {
        self.consumed
    }
}

/// What zero bytes between two frames are, which come in multiples of `unit`. `None`: there are none.
fn padding(input: &[u8], unit: usize, is_last: bool) -> Option<Next> {
    let zeros = input.iter().take_while(|byte| **byte == 0).count();
    match zeros {
        0 => None,
        _ if zeros >= unit => Some(Next::Padding(zeros - zeros % unit)),
        _ if zeros == input.len() && !is_last => Some(Next::Unknown(unit)),
        _ => None,
    }
}
