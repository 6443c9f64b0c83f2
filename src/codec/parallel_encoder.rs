//! Compression by several threads: the data are cut into blocks, which are compressed each on its own, and given in order.

mod block;
#[cfg(test)]
mod tests;

use super::held::Held;
use super::options::MOST_THREADS;
use super::{Encoder, EncoderOptions, Goal, Step};
use crate::error::{Error, Result, error};
use crate::memory::{BufferBuilder, Pool};
use crate::shared::{Shared, try_vec};
use crate::task::{Executor, Job, Process};
use block::Compression;
use std::collections::VecDeque;
use std::mem::MaybeUninit;

pub(super) use block::{Block, BlockEncoder};

/// Where blocks begin depends on the data and on flushes alone, never on how the data come in or which thread is faster.
pub(super) struct ParallelEncoder<B: BlockEncoder> {
    blocks: Shared<B>,
    executor: Executor,
    pool: Pool,
    /// Blocks that are compressed, or will be, in order.
    jobs: VecDeque<Shared<Job<Compression<B>>>>,
    /// So many there may be.
    window: usize,
    /// What is to become the next block, behind as much of what was before it as blocks may refer to.
    input: BufferBuilder,
    history: usize,
    /// The first block was cut, and the last one.
    has_begun: bool,
    has_ended: bool,
    sum: B::Sum,
    /// What came of the first block.
    ready: Held,
    /// Of a block: there is nothing to put what follows behind.
    failure: Option<Error>,
    process: Process,
}

impl<B: BlockEncoder> ParallelEncoder<B> {
    pub(super) fn new(blocks: B, options: &EncoderOptions) -> Result<Self> {
        let threads = options.threads.min(MOST_THREADS);
        // Each thread has a block that it is at and one that comes next.
        let window = 2 * threads;
        Ok(Self {
            blocks: Shared::try_new(blocks)?,
            executor: Executor::new(threads)?,
            pool: options.pool.clone(),
            jobs: VecDeque::from(try_vec(window)?),
            window,
            input: BufferBuilder::new(options.pool.clone()),
            history: 0,
            has_begun: false,
            has_ended: false,
            sum: B::Sum::default(),
            ready: Held::new(&options.pool),
            failure: None,
            process: Process::here(),
        })
    }

    /// Bytes of the next block so far.
    fn gathered(&self) -> usize {
        self.input.size() - self.history
    }

    /// Takes in what the next block has room for; gives how much that is.
    fn take_in(&mut self, input: &[u8]) -> Result<usize> {
        let taken = input.len().min(B::SIZE - self.gathered());
        self.input.append(&input[..taken])?;
        Ok(taken)
    }

    /// Whether a block is to be cut, where `is_more` is to come.
    fn is_due(&self, is_more: bool, goal: Goal) -> bool {
        match goal {
            _ if is_more => self.gathered() == B::SIZE,
            Goal::Continue => false,
            Goal::Flush => self.gathered() > 0,
            Goal::Finish => !self.has_ended,
        }
    }

    /// Hands the next block over to the threads.
    fn cut(&mut self, is_last: bool) -> Result<()> {
        let bytes = self.input.finish()?;
        let history = if is_last { 0 } else { bytes.size().min(B::HISTORY) };
        if !is_last {
            self.input.reserve_exact(history + B::SIZE)?;
            self.input.append(&bytes.as_slice()[bytes.size() - history..])?;
        }
        let block = Block {
            bytes,
            history: std::mem::replace(&mut self.history, history),
            is_first: !std::mem::replace(&mut self.has_begun, true),
            is_last,
        };
        self.has_ended = is_last;
        let compression = Compression { blocks: self.blocks.clone(), block, pool: self.pool.clone() };
        self.jobs.push_back(Job::submit(compression, &self.executor)?);
        Ok(())
    }

    /// Has what came of the first block ready, if it is there, or once it is.
    fn look_at_first(&mut self, may_wait: bool) -> Result<()> {
        while self.ready.is_empty() {
            let Some(first) = self.jobs.front() else { return Ok(()) };
            if let Some(result) = first.take() {
                let blocks = &self.blocks;
                let joined = result.unwrap_or_else(|| Err(panicked())).and_then(|(mut output, sum)| {
                    blocks.join(&mut self.sum, sum, &first.work.block, &mut output)?;
                    Ok(output)
                });
                self.jobs.pop_front();
                self.ready = Held::from(joined.inspect_err(|error| self.failure = Some(error.clone()))?);
                continue;
            }
            if !may_wait {
                return Ok(());
            }
            if !first.run_unless_begun() {
                first.wait()?;
            }
        }
        Ok(())
    }
}

#[cold]
fn panicked() -> Error {
    error!(Internal, "the compression of a block ended in a panic")
}

impl<B: BlockEncoder> Encoder for ParallelEncoder<B> {
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step> {
        // In a child of a fork a thread that is not there may be at a block for ever.
        self.process.check("encoder")?;
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let mut step = Step::default();
        loop {
            step.consumed += self.take_in(&input[step.consumed..])?;
            let is_more = step.consumed < input.len();
            let is_due = self.is_due(is_more, goal);
            let has_room = self.jobs.len() < self.window;
            if is_due && has_room {
                self.cut(goal == Goal::Finish && !is_more)?;
                continue;
            }
            self.look_at_first(is_due || goal != Goal::Continue)?;
            step.produced += self.ready.give(&mut output[step.produced..]);
            let is_empty = self.ready.is_empty() && (self.jobs.is_empty() || goal == Goal::Continue);
            step.finished = is_empty && !is_due;
            if step.finished || step.produced == output.len() {
                return Ok(step);
            }
        }
    }
}

impl<B: BlockEncoder> Drop for ParallelEncoder<B> {
    fn drop(&mut self) {
        self.executor.shut_down();
    }
}
