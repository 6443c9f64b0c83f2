//! From one file to another, whatever they are.

use super::Capabilities;
use super::file::File;
use super::state::Sent;
use super::transfer::{Stopped, got_through};
use crate::error::{Result, error};
use crate::memory::{Buffer, Pool};

/// How much goes in one step where the operating system moves it.
const SENT_AT_ONCE: usize = 16 << 20;

/// How a file is copied.
pub struct CopyOptions<'a> {
    /// Where memory on the way comes from.
    pub pool: Pool,
    /// How many bytes are read at once.
    pub chunk_size: usize,
    /// Called after each step with the bytes copied so far; its error ends the copying.
    pub progress: Option<&'a mut dyn FnMut(usize) -> Result<()>>,
}

impl CopyOptions<'_> {
    /// What is used where nothing is said.
    pub const DEFAULT_CHUNK_SIZE: usize = 1 << 20;
}

/// Copies up to `limit` bytes from the position of `source` to that of `target`, fewer only at the end, and gives how many.
/// After a failure `source` stands behind what `target` has got.
pub fn copy(source: &File, target: &File, limit: usize, options: &mut CopyOptions<'_>) -> Result<usize> {
    if source.is_same(target) {
        return Err(error!(Invalid, "{} cannot be copied to itself", source.name()));
    }
    let mut copying = Copying { source, target, block: None, within_system: true, done: 0 };
    let result = copying.run(limit, options);
    let done = copying.done;
    result.map(|()| done).map_err(|error| {
        error.context(format_args!("copy from {} to {}, after {done} bytes", source.name(), target.name()))
    })
}

impl File {
    /// One attempt to move up to `size` bytes to `target` within the operating system.
    fn send_to(&self, target: &Self, size: usize) -> Result<Sent> {
        let begin_source = || self.begin_read();
        let begin_target = || target.begin("write to", Capabilities::WRITE);
        // In one order everywhere, so that two threads that copy to and fro do not wait for each other for ever.
        let (mut from, mut to);
        if &raw const *self.0 < &raw const *target.0 {
            from = begin_source()?;
            to = begin_target()?;
        } else {
            to = begin_target()?;
            from = begin_source()?;
        }
        let sent = from.send_to(&mut to, size)?;
        if let Sent::Bytes(count) = sent {
            self.count_read(count);
            target.counters().count_write(count);
        }
        Ok(sent)
    }
}

struct Copying<'a> {
    source: &'a File,
    target: &'a File,
    /// Memory on the way, once it is needed.
    block: Option<Buffer>,
    /// Whether the operating system may be able to move the bytes.
    within_system: bool,
    /// Bytes that have arrived.
    done: usize,
}

impl Copying<'_> {
    fn run(&mut self, limit: usize, options: &mut CopyOptions<'_>) -> Result<()> {
        while self.done < limit {
            let before = self.done;
            self.step(limit - before, options)?;
            if self.done == before {
                break;
            }
            if let Some(progress) = &mut options.progress {
                progress(self.done)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, most: usize, options: &CopyOptions<'_>) -> Result<()> {
        if self.within_system {
            match self.source.send_to(self.target, most.min(SENT_AT_ONCE))? {
                Sent::Bytes(count) => {
                    self.done += count;
                    return Ok(());
                }
                Sent::NotNow => {}
                Sent::Never => self.within_system = false,
            }
        }
        self.through_memory(most, options)
    }

    fn through_memory(&mut self, most: usize, options: &CopyOptions<'_>) -> Result<()> {
        let block = match &mut self.block {
            Some(block) => block,
            none => none.insert(Buffer::allocate(&options.pool, options.chunk_size)?),
        };
        let room = block.room();
        let most = most.min(room.len());
        let count = self.source.read_some(&mut room[..most])?;
        let bytes = &block.as_slice()[..count];
        let result = self.target.write_or_stop(bytes);
        self.done += got_through(&result, count);
        result.map_err(|Stopped { error, after }| self.source.put_back(&bytes[after..], error))
    }
}
