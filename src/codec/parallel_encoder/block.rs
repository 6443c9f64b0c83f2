//! A block that is compressed on its own.

use crate::error::Result;
use crate::memory::{Buffer, BufferBuilder, Pool};
use crate::shared::Shared;
use crate::task::Work;

/// What compresses blocks so that what comes of them has only to be put one behind the other.
pub(in crate::codec) trait BlockEncoder: Send + Sync + 'static {
    /// What is known of some data, such as a checksum; by default of no data.
    type Sum: Default + Send;
    /// So many bytes of a block.
    const SIZE: usize;
    /// A block comes with as many bytes before it, as far as there are.
    const HISTORY: usize;

    /// Compresses a block into `output`, on any thread. Only the last block may be empty.
    fn compress(&self, block: &Block, output: &mut BufferBuilder) -> Result<Self::Sum>;

    /// Adds what is known of `block` to what is known of all before it, and to its `output` what depends on that.
    fn join(&self, sum: &mut Self::Sum, next: Self::Sum, block: &Block, output: &mut BufferBuilder) -> Result<()>;
}

/// Some of the data.
pub(in crate::codec) struct Block {
    pub(super) bytes: Buffer,
    pub(super) history: usize,
    pub(in crate::codec) is_first: bool,
    pub(in crate::codec) is_last: bool,
}

impl Block {
    /// The bytes before it.
    pub(in crate::codec) fn history(&self) -> &[u8] {
        &self.bytes.as_slice()[..self.history]
    }

    /// Its own bytes.
    pub(in crate::codec) fn data(&self) -> &[u8] {
        &self.bytes.as_slice()[self.history..]
    }
}

/// A block to be compressed.
pub(super) struct Compression<B: BlockEncoder> {
    pub(super) blocks: Shared<B>,
    pub(super) block: Block,
    pub(super) pool: Pool,
}

impl<B: BlockEncoder> Work for Compression<B> {
    type Output = Result<(BufferBuilder, B::Sum)>;

    fn run(&self) -> Self::Output {
        let mut output = BufferBuilder::new(self.pool.clone());
        let sum = self.blocks.compress(&self.block, &mut output)?;
        Ok((output, sum))
    }
}
