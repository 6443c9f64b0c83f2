//! What compressed data look like.

use super::{CODECS, Codec};
use std::fmt;

/// How a frame begins.
pub(super) struct Signature {
    /// So many bytes tell.
    pub(super) size: usize,
    /// Whether a frame can begin with these bytes; there may be fewer than `size`.
    pub(super) matches: fn(&[u8]) -> bool,
    /// Data that match and begin with one of these are hardly anything else.
    pub(super) distinct: &'static [&'static [u8]],
}

impl Signature {
    /// So many bytes tell of every codec that can be told.
    pub(super) const MOST: usize = {
        let (mut most, mut at) = (0, 0);
        while at < CODECS.len() {
            if let Some(signature) = &CODECS[at].signature
                && signature.size > most
            {
                most = signature.size;
            }
            at += 1;
        }
        most
    };
}

/// Whether `head` begins with `pattern`, as far as it goes.
pub(super) fn begins(head: &[u8], pattern: &[u8]) -> bool {
    head.iter().zip(pattern).all(|(byte, expected)| byte == expected)
}

/// Whether `head` begins, as far as it goes, a frame that is to be skipped, which zstd and LZ4 have in common.
pub(super) fn begins_skippable(head: &[u8]) -> bool {
    head.first().is_none_or(|byte| byte & 0xf0 == 0x50) && begins(head.get(1..).unwrap_or_default(), b"\x2a\x4d\x18")
}

impl Codec {
    /// So many bytes tell how data are compressed.
    pub const DETECTION_SIZE: usize = Signature::MOST;

    /// The codec that a file name's suffix stands for, in any case.
    pub fn by_suffix(path: &[u8]) -> Option<&'static Self> {
        let ends_with = |suffix: &str| {
            let start = path.len().checked_sub(suffix.len());
            start.is_some_and(|start| path[start..].eq_ignore_ascii_case(suffix.as_bytes()))
        };
        CODECS.iter().find(|codec| codec.suffixes.iter().any(|suffix| ends_with(suffix)))
    }

    /// What data that begin so are compressed by, where that leaves hardly a doubt.
    pub fn detect(head: &[u8]) -> Detected {
        let mut detected = Detected::None;
        for codec in &CODECS {
            let Some(signature) = codec.signature.as_ref().filter(|signature| (signature.matches)(head)) else {
                continue;
            };
            let Some(pattern) = signature.distinct.iter().find(|pattern| begins(head, pattern)) else { continue };
            if head.len() >= signature.size.max(pattern.len()) {
                return Detected::Codec(codec);
            }
            detected = Detected::Unclear;
        }
        detected
    }
}

/// What the beginning of some data tells.
#[derive(Clone, Copy)]
pub enum Detected {
    /// They are compressed by this codec.
    Codec(&'static Codec),
    /// They are not compressed by any that can be told.
    None,
    /// More bytes would tell.
    Unclear,
}

/// How some bytes begin, for messages.
pub(super) struct Beginning<'a>(pub(super) &'a [u8]);

impl fmt::Display for Beginning<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(8)];
        if let Detected::Codec(codec) = Codec::detect(self.0) {
            return write!(out, "it is {} data", codec.name());
        }
        match shown {
            [] => write!(out, "there is nothing"),
            [0, ..] if shown.iter().all(|byte| *byte == 0) => write!(out, "it is zero bytes"),
            _ => write!(out, "it begins with \"{}\"", shown.escape_ascii()),
        }
    }
}
