//! The part of the crate `crc` that hdfs-native calls, by the instructions of the processor.
//!
//! The client checks every 512 bytes that it reads or writes; with the tables of `crc` that is most of its work, and it has no
//! place where another implementation could be set in. So `[patch]` in `Cargo.toml` puts this crate where that one would be.
//! It goes when the client itself calculates checksums so. The names are those of `crc`.
#![forbid(unsafe_code)]

use crc_fast::CrcAlgorithm;
use std::marker::PhantomData;

/// One of the checksums that the blocks of a cluster have.
pub type Algorithm = CrcAlgorithm;

/// What Hadoop calls CRC32C.
pub const CRC_32_ISCSI: Algorithm = CrcAlgorithm::Crc32Iscsi;
/// What Hadoop calls CRC32.
pub const CRC_32_ISO_HDLC: Algorithm = CrcAlgorithm::Crc32IsoHdlc;

/// How a checksum is to be calculated. Here it makes no difference.
pub struct Table<const LANES: usize>;

/// A checksum of `W`, which is `u32`.
pub struct Crc<W, I> {
    algorithm: Algorithm,
    kind: PhantomData<(W, I)>,
}

impl<I> Crc<u32, I> {
    /// The checksum by `algorithm`.
    pub const fn new(algorithm: &Algorithm) -> Self {
        Self { algorithm: *algorithm, kind: PhantomData }
    }

    /// The checksum of `data`.
    pub fn checksum(&self, data: &[u8]) -> u32 {
        // That of 32 bits comes in 64.
        crc_fast::checksum(self.algorithm, data) as u32
    }

    /// For the checksum of what comes in parts.
    pub fn digest(&self) -> Digest {
        Digest(crc_fast::Digest::new(self.algorithm))
    }
}

/// A checksum in the making.
pub struct Digest(crc_fast::Digest);

impl Digest {
    /// Goes on with `data`.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The checksum of all that came.
    pub fn finalize(self) -> u32 {
        self.0.finalize() as u32
    }
}
