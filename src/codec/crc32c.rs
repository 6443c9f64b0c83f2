//! CRC-32C, as snappy's frames, saved indices and checksum streams have it.

use crc_fast::{CrcAlgorithm, Digest};

/// The checksum of what has `before`, which is 0 of nothing, and of `data` behind it.
pub(crate) fn crc32c(before: u32, data: &[u8]) -> u32 {
    let mut digest = Digest::new_with_init_state(CrcAlgorithm::Crc32Iscsi, u64::from(!before));
    digest.update(data);
    // That of 32 bits comes in 64.
    digest.finalize() as u32
}
