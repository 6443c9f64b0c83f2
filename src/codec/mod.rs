//! Compression. A codec is one file and one row of `CODECS`.

mod gzip;
mod zstandard;

#[cfg(test)]
mod tests;

use crate::error::{Result, error};
use std::mem::MaybeUninit;

/// What a codec is called and how it is recognised; the one place that says so.
pub struct Codec {
    /// Its number in the C interface.
    pub id: u32,
    /// Its name in messages.
    pub name: &'static str,
    /// File name suffixes, lower case, with the dot.
    pub suffixes: &'static [&'static str],
    /// The least, default and greatest compression level.
    pub levels: [i32; 3],
    new_decoder: fn() -> Result<Box<dyn Decoder>>,
    new_encoder: fn(i32) -> Result<Box<dyn Encoder>>,
}

/// Every codec of this build.
pub static CODECS: [Codec; 2] = [gzip::CODEC, zstandard::CODEC];

impl Codec {
    /// The codec with this number.
    pub fn by_id(id: u32) -> Option<&'static Self> {
        CODECS.iter().find(|codec| codec.id == id)
    }

    /// The codec that a file name's suffix stands for, in any case.
    pub fn by_suffix(path: &[u8]) -> Option<&'static Self> {
        let ends_with = |suffix: &str| {
            let start = path.len().checked_sub(suffix.len());
            start.is_some_and(|start| path[start..].eq_ignore_ascii_case(suffix.as_bytes()))
        };
        CODECS.iter().find(|codec| codec.suffixes.iter().any(|suffix| ends_with(suffix)))
    }

    /// A decoder at the start of a frame.
    pub fn decoder(&self) -> Result<Box<dyn Decoder>> {
        (self.new_decoder)()
    }

    /// An encoder; level 0 stands for the default.
    pub fn encoder(&self, level: i32) -> Result<Box<dyn Encoder>> {
        (self.new_encoder)(self.check_level(level)?)
    }

    /// The level to use for one that was asked for.
    pub(crate) fn check_level(&self, level: i32) -> Result<i32> {
        let [least, default, greatest] = self.levels;
        match level {
            0 => Ok(default),
            _ if (least..=greatest).contains(&level) => Ok(level),
            _ => Err(error!(Invalid, "{} has levels {least} to {greatest}, {level} is none of them", self.name)),
        }
    }
}

/// What one step of a codec did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Bytes taken from the input.
    pub consumed: usize,
    /// Bytes put into the output.
    pub produced: usize,
    /// Decoding: a frame (gzip: member) ended right behind what was consumed. Encoding: all that was asked for is out.
    pub finished: bool,
}

/// Decompresses a sequence of frames, step by step.
pub trait Decoder: Send {
    /// Decompresses from `input` into `output` as far as one of them goes. After `finished` the next byte begins a new frame.
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>]) -> Result<Step>;
}

/// What an encoder is to do with what it holds back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Nothing: wait for more.
    Continue,
    /// Make everything so far readable.
    Flush,
    /// End the frame.
    Finish,
}

/// Compresses into one frame, step by step.
pub trait Encoder: Send {
    /// Compresses from `input` into `output`. With `Flush` and `Finish` it is called until a step says `finished`.
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step>;
}
