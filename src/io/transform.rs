//! What is read changes on the way, chunk by chunk.

use super::Capabilities;
use super::file::{File, Over};
use super::stream::Stream;
use super::transfer::CHUNK;
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
        fetched: None,
        at_end: false,
        made: Made::default(),
        ready: None,
        taken: 0,
        given: 0,
    };
    File::new(stream, format_args!("{}", Over(layer, raw)), pool, 0)
}

/// Each step is kept when it is done, so that where the next one fails it can be tried again.
struct TransformInputStream<T> {
    raw: File,
    transform: T,
    pool: Pool,
    /// What is still to be transformed, and how much of this room it fills.
    fetched: Option<(Buffer, usize)>,
    /// Whether the empty chunk has been transformed.
    at_end: bool,
    made: Made,
    /// What was made, as a slice, so that whoever made it cannot resize it any more.
    ready: Option<Buffer>,
    /// How much of it is done with.
    taken: usize,
    /// Bytes given since the start.
    given: i64,
}

impl<T: Transform> TransformInputStream<T> {
    /// Gets more ready. Gives whether there may be any.
    fn proceed(&mut self) -> Result<bool> {
        if let Some(bytes) = &self.made.bytes {
            (self.ready, self.taken) = (Some(bytes.slice(0, bytes.size())?), 0);
            self.made.bytes = None;
            return Ok(true);
        }
        self.ready = None;
        if let Some(damage) = &self.made.damage {
            return Err(damage.clone());
        }
        if self.at_end {
            return Ok(false);
        }
        let chunk = self.fetch()?;
        self.made = self.transform.transform(&chunk)?;
        self.at_end = chunk.size() == 0;
        self.fetched = None;
        Ok(true)
    }

    fn fetch(&mut self) -> Result<Buffer> {
        let (room, count) = match self.fetched.take() {
            Some(fetched) => fetched,
            None => {
                let mut room = Buffer::allocate(&self.pool, CHUNK)?;
                let count = self.raw.read_some(room.room())?;
                (room, count)
            }
        };
        let chunk = room.slice(0, count);
        self.fetched = Some((room, count));
        chunk
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
            let count = self.ready.as_ref().map_or(0, |bytes| bytes.copy_to(self.taken, dst));
            self.taken += count;
            self.given += count as i64;
            if count > 0 {
                return Ok(count);
            }
            if !self.proceed()? {
                break;
            }
        }
        Ok(0)
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.given)
    }
}
