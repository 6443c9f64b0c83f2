//! What is read changes on the way, chunk by chunk.

use super::Capabilities;
use super::file::{File, Over};
use super::state::CHUNK;
use super::stream::Stream;
use crate::error::{Error, Result};
use crate::memory::{Buffer, Pool};
use std::mem::MaybeUninit;

/// Makes of chunks what is read in their place.
pub(crate) trait Transform: Send {
    /// What becomes of a chunk. After the last one comes an empty one, for what was held back, and then none. Where it fails
    /// it gets the same chunk again.
    fn transform(&mut self, chunk: &Buffer) -> Result<Made>;
}

/// What became of a chunk.
#[derive(Default)]
pub(crate) struct Made {
    /// The bytes in its place; `None`: nothing, or nothing yet.
    pub(crate) bytes: Option<Buffer>,
    /// What every read behind these bytes fails with: the rest cannot be made.
    pub(crate) damage: Option<Error>,
}

/// A file that gives what `transform` makes of the bytes of `raw`. `layer` is what it does, in a word for messages.
pub(crate) fn transform_input_stream<T>(raw: &File, transform: T, layer: &str, pool: &Pool) -> Result<File>
where
    T: Transform + 'static,
{
    raw.check_base(Capabilities::READ, "transform")?;
    let stream = TransformInputStream {
        raw: raw.clone(),
        transform,
        pool: pool.clone(),
        chunk: None,
        at_end: false,
        made: Made::default(),
        taken: 0,
        given: 0,
    };
    File::new(stream, format_args!("{}", Over(layer, raw)), pool, 0)
}

struct TransformInputStream<T> {
    raw: File,
    transform: T,
    pool: Pool,
    /// What is still to be transformed.
    chunk: Option<Buffer>,
    /// Whether the empty chunk has been transformed.
    at_end: bool,
    made: Made,
    /// How much of what was made is done with.
    taken: usize,
    /// Bytes given since the start.
    given: i64,
}

impl<T: Transform> TransformInputStream<T> {
    /// Makes more.
    fn make(&mut self) -> Result<()> {
        if self.chunk.is_none() {
            self.chunk = Some(self.fetch()?);
        }
        let Some(chunk) = &self.chunk else { return Ok(()) };
        let made = self.transform.transform(chunk)?;
        self.at_end = chunk.size() == 0;
        self.chunk = None;
        // A slice, which whoever made it cannot resize any more.
        let bytes = made.bytes.map(|bytes| bytes.slice(0, bytes.size())).transpose()?;
        (self.made, self.taken) = (Made { bytes, damage: made.damage }, 0);
        Ok(())
    }

    fn fetch(&self) -> Result<Buffer> {
        let mut room = Buffer::allocate(&self.pool, CHUNK)?;
        let count = self.raw.read_some(room.room())?;
        room.slice(0, count)
    }
}

impl<T: Transform> Stream for TransformInputStream<T> {
    fn capabilities(&self) -> Capabilities {
        Capabilities::READ
    }

    fn beneath(&self) -> Option<&File> {
        Some(&self.raw)
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        while !dst.is_empty() {
            let count = self.made.bytes.as_ref().map_or(0, |bytes| bytes.copy_to(self.taken, dst));
            if count > 0 {
                self.taken += count;
                self.given += count as i64;
                return Ok(count);
            }
            self.made.bytes = None;
            match &self.made.damage {
                Some(damage) => return Err(damage.clone()),
                None if self.at_end => break,
                None => self.make()?,
            }
        }
        Ok(0)
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.given)
    }

    fn close(&mut self) -> Result<()> {
        self.raw.close()
    }

    fn abort(&mut self) -> Result<()> {
        self.raw.abort()
    }
}
