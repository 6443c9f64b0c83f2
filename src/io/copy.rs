//! From one file to another, whatever they are.

use super::Capabilities;
use super::file::File;
use super::state::Sent;
use super::transfer::{Stopped, got_through};
use crate::error::{Result, error};
use crate::memory::{Buffer, Pool};
use crate::sys::FileKind;

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
    // For all of it, so that waiting for one of them stops for what the other is to stop for.
    let _scopes = (source.scope("read from")?, target.scope("write to")?);
    if limit == usize::MAX && is_one_file(source, target) {
        return Err(error!(
            Invalid,
            "{} and {} are one file, the end of which would never come",
            source.name(),
            target.name()
        ));
    }
    let mut copying = Copying { source, target, block: None, within_system: true, done: 0 };
    let result = copying.run(limit, options);
    let done = copying.done;
    result.map(|()| done).map_err(|error| {
        error.context(format_args!("copy from {} to {}, after {done} bytes", source.name(), target.name()))
    })
}

fn is_one_file(source: &File, target: &File) -> bool {
    let of_regular = |file: &File| file.metadata().ok().filter(|metadata| metadata.kind == FileKind::Regular);
    match (of_regular(source), of_regular(target)) {
        (Some(source), Some(target)) => (source.device, source.inode) == (target.device, target.inode),
        _ => false,
    }
}

impl File {
    /// One attempt to move up to `size` bytes to `target` within the operating system.
    fn send_to(&self, target: &Self, size: usize) -> Result<Sent> {
        if !(self.is_descriptor() && target.is_descriptor()) {
            return Ok(Sent::Never);
        }
        let begin_source = || self.begin_read();
        let begin_target = || target.begin("write to", Capabilities::WRITE);
        // In one order everywhere, so that two threads that copy to and fro do not wait for each other for ever. Nothing but
        // a bare descriptor may be one of two turns: whoever has a layer's turn waits for that of the file beneath.
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
            let at_once = if options.progress.is_some() { options.chunk_size } else { SENT_AT_ONCE };
            match self.source.send_to(self.target, most.min(at_once))? {
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
