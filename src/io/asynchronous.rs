//! Reads that an executor does while the host goes on. Each keeps its file alive until it is done.

use super::File;
use super::read_many::ReadManyOptions;
use super::read_range::ReadRange;
use crate::error::Result;
use crate::memory::Buffer;
use crate::shared::try_vec;
use crate::task::{Executor, Operation, OperationOptions};

impl File {
    /// As `read_buffer`; gives one buffer.
    pub fn read_async(&self, executor: &Executor, size: usize, options: OperationOptions) -> Result<Operation> {
        let file = self.clone();
        Operation::start(executor, options, move || alone(file.read_buffer(size)?))
    }

    /// As `read_at_buffer`; gives one buffer.
    pub fn read_at_async(
        &self,
        executor: &Executor,
        offset: usize,
        size: usize,
        options: OperationOptions,
    ) -> Result<Operation> {
        let file = self.clone();
        Operation::start(executor, options, move || alone(file.read_at_buffer(offset, size)?))
    }

    /// As `read_many`; gives a buffer for each range.
    pub fn read_many_async(
        &self,
        executor: &Executor,
        ranges: Vec<ReadRange>,
        how: ReadManyOptions,
        options: OperationOptions,
    ) -> Result<Operation> {
        let file = self.clone();
        Operation::start(executor, options, move || file.read_many(&ranges, &how))
    }
}

fn alone(buffer: Buffer) -> Result<Vec<Buffer>> {
    let mut buffers = try_vec(1)?;
    buffers.push(buffer);
    Ok(buffers)
}
