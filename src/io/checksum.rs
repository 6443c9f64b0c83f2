//! Checksums of what passes through a file.

use super::file::File;
use crate::codec::crc32c;
use crate::error::{Result, error};
use crate::shared::try_box;
use xxhash_rust::xxh3::Xxh3;

/// A way to compute a checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// CRC-32C (Castagnoli), of 32 bits.
    Crc32c,
    /// XXH3, of 64 bits, without a seed.
    Xxh3,
}

/// The checksum of bytes, and how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The checksum; in the lower bits where it has fewer than 64.
    pub value: u64,
    /// Bytes.
    pub size: i64,
}

/// A checksum of what has come so far.
pub(super) struct Running {
    state: State,
    size: i64,
}

enum State {
    Crc32c(u32),
    Xxh3(Box<Xxh3>),
}

impl Running {
    pub(super) fn new(checksum: Checksum) -> Result<Self> {
        let state = match checksum {
            Checksum::Crc32c => State::Crc32c(0),
            Checksum::Xxh3 => State::Xxh3(try_box(Xxh3::new())?),
        };
        Ok(Self { state, size: 0 })
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Crc32c(crc) => *crc = crc32c(*crc, bytes),
            State::Xxh3(xxh3) => xxh3.update(bytes),
        }
        self.size += bytes.len() as i64;
    }

    pub(super) fn size(&self) -> i64 {
        self.size
    }

    pub(super) fn digest(&self) -> Digest {
        let value = match &self.state {
            State::Crc32c(crc) => u64::from(*crc),
            State::Xxh3(xxh3) => xxh3.digest(),
        };
        Digest { value, size: self.size }
    }
}

impl File {
    /// The checksum of what was read from or written to a checksummed stream so far, also when it is closed.
    pub fn digest(&self) -> Result<Digest> {
        const DOING: &str = "tell the checksum of";
        let state = self.turn(DOING)?;
        let digest = state.stream.digest().ok_or_else(|| error!(Invalid, "it is not a checksummed stream"));
        digest.map_err(|error| self.refused(error, DOING))
    }
}
