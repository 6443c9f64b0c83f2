//! A block that is compressed on its own, on whatever thread comes first.

use crate::error::{Error, Result, error};
use crate::memory::{Buffer, BufferBuilder, Pool};
use crate::shared::Shared;
use crate::sys::lock;
use crate::task::{Task, check, wait};
use std::sync::{Condvar, Mutex, MutexGuard};

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
pub(super) struct Job<B: BlockEncoder> {
    blocks: Shared<B>,
    pub(super) block: Block,
    pool: Pool,
    state: Mutex<State<B>>,
    compressed: Condvar,
}

type Compressed<B> = (BufferBuilder, <B as BlockEncoder>::Sum);

enum State<B: BlockEncoder> {
    /// Nobody is at it.
    Waiting,
    /// A thread is, or what came of it was taken.
    Taken,
    Done(Result<Compressed<B>>),
}

impl<B: BlockEncoder> Job<B> {
    pub(super) fn new(blocks: Shared<B>, block: Block, pool: &Pool) -> Self {
        Self { blocks, block, pool: pool.clone(), state: Mutex::new(State::Waiting), compressed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<B>> {
        lock(&self.state)
    }

    /// Compresses it on this thread, unless somebody has taken it.
    pub(super) fn compress_unless_taken(&self) -> bool {
        let mut state = self.lock();
        if !matches!(*state, State::Waiting) {
            return false;
        }
        *state = State::Taken;
        drop(state);
        let mut working = Working { job: self, result: None };
        working.result = Some(self.compress());
        true
    }

    fn compress(&self) -> Result<Compressed<B>> {
        let mut output = BufferBuilder::new(self.pool.clone());
        let sum = self.blocks.compress(&self.block, &mut output)?;
        Ok((output, sum))
    }

    /// What came of it, once that is there.
    pub(super) fn take_result(&self) -> Option<Result<Compressed<B>>> {
        let mut state = self.lock();
        match std::mem::replace(&mut *state, State::Taken) {
            State::Done(result) => Some(result),
            other => {
                *state = other;
                None
            }
        }
    }

    /// Waits until nobody is at it.
    pub(super) fn wait(&self) -> Result<()> {
        let mut state = self.lock();
        while matches!(*state, State::Taken) {
            check()?;
            state = wait(&self.compressed, state, None);
        }
        Ok(())
    }
}

/// While a thread is at it, which comes to an end in any case, for others wait for it.
struct Working<'a, B: BlockEncoder> {
    job: &'a Job<B>,
    /// `None`: a panic ended it.
    result: Option<Result<Compressed<B>>>,
}

impl<B: BlockEncoder> Drop for Working<'_, B> {
    fn drop(&mut self) {
        let panicked = || Err(error!(Internal, "the compression of a block ended in a panic"));
        *self.job.lock() = State::Done(self.result.take().unwrap_or_else(panicked));
        self.job.compressed.notify_all();
    }
}

/// Compresses a block on a thread of an executor.
pub(super) struct CompressBlock<B: BlockEncoder>(pub(super) Shared<Job<B>>);

impl<B: BlockEncoder> Task for CompressBlock<B> {
    fn run(self: Box<Self>) {
        self.0.compress_unless_taken();
    }

    fn refuse(self: Box<Self>, _why: Error) {}
}
