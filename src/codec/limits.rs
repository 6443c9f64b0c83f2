//! How much may come out of how much, so that a few bytes do not fill the memory.

use super::options::DecoderOptions;
use crate::error::{Error, error};

/// So many bytes may come out whatever the ratio: the first bytes of small data say little.
const FREE: u64 = 1 << 16;

/// A decoder would need more memory of its own than it may.
#[cold]
pub(super) fn too_much_memory(needed: usize, limit: usize) -> Error {
    error!(CapacityError, "it takes at least {needed} bytes of memory to decompress, memory_limit is {limit}")
}

/// The limits of one decompression.
pub(crate) struct Limits {
    max_output: u64,
    max_ratio: u64,
}

impl Limits {
    pub(crate) fn new(options: &DecoderOptions) -> Self {
        Self { max_output: options.max_output, max_ratio: options.max_ratio }
    }

    /// How many bytes more may come out where `produced` have, of `taken` that went in or are about to.
    pub(crate) fn room(&self, taken: u64, produced: u64) -> u64 {
        let by_ratio = taken.saturating_mul(self.max_ratio).saturating_add(FREE);
        self.max_output.min(by_ratio).saturating_sub(produced)
    }

    /// Why there is no room for more.
    #[cold]
    pub(crate) fn refusal(&self, name: &str, taken: u64, produced: u64) -> Error {
        if produced >= self.max_output {
            return error!(CapacityError, "the {name} data decompress to more than max_output_size, {produced} bytes");
        }
        error!(
            CapacityError,
            "the first {taken} bytes of the {name} data decompress to more than {produced}, max_ratio is {}",
            self.max_ratio
        )
    }
}
