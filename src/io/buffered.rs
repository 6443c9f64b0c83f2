//! What only buffered streams do: the size of the buffer is set while they are in use, and the file beneath is given back.

use super::file::File;
use super::{Capabilities, stream};
use crate::error::{Error, Result, error};
use crate::memory::Buffer;

/// What a stream that gathers small reads or writes does beside.
pub(crate) trait Buffered {
    /// Gathers so many bytes from now on; none that are gathered are lost.
    fn set_buffer_size(&mut self, size: usize) -> Result<()>;

    /// Gives the file beneath back, with everything written to it that was gathered. Nothing is called after it.
    fn detach(&mut self) -> Result<File>;
}

impl File {
    /// How many bytes a buffered stream gathers.
    pub fn buffer_size(&self) -> Result<usize> {
        let mut state = self.begin("tell the buffer size of", Capabilities::NONE)?;
        state.buffered().map_err(|error| self.refused(error, "tell the buffer size of"))?;
        Ok(state.block_size())
    }

    /// Has a buffered stream gather `size` bytes, at least one, from now on.
    pub fn set_buffer_size(&self, size: usize) -> Result<()> {
        const DOING: &str = "set the buffer size of";
        let mut state = self.begin(DOING, Capabilities::NONE)?;
        state.set_block_size(size).map_err(|error| self.refused(error, DOING))
    }

    /// Closes a buffered stream without the file beneath, and gives that with what was read ahead of the position. Where it
    /// fails nothing has changed, but that some of what was gathered may have been written.
    pub fn detach(&self) -> Result<(File, Buffer)> {
        const DOING: &str = "detach";
        let mut state = self.begin(DOING, Capabilities::NONE)?;
        let detached = state.detach().map_err(|error| self.refused(error, DOING))?;
        self.set_closed();
        Ok(detached)
    }
}

/// Stands where a class was whose file was given back.
pub(super) struct Detached;

impl stream::Stream for Detached {
    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE
    }

    fn tell(&self) -> Result<i64> {
        Ok(0)
    }
}

#[cold]
pub(super) fn not_buffered() -> Error {
    error!(Invalid, "it is not a buffered stream")
}
