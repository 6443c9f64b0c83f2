//! One write to two files.

use super::passage::Passage;
use super::stream::Stream;
use super::{Capabilities, File};
use crate::error::{Error, Result, error};
use crate::memory::default_pool;

/// A file that writes to both others what is written to it. Closing it closes both.
pub fn tee_output_stream(first: &File, second: &File) -> Result<File> {
    first.check_base(Capabilities::WRITE, "write on to")?;
    second.check_base(Capabilities::WRITE, "write on to")?;
    if first.is_same(second) {
        return Err(error!(Invalid, "the two files to write to are one, {}", first.name()));
    }
    let stream = TeeOutputStream { first: Passage::new(first)?, second: Passage::new(second)?, failure: None };
    let name = format_args!("the tee stream to {} and {}", first.name(), second.name());
    File::new(stream, name, &default_pool(), 0)
}

struct TeeOutputStream {
    first: Passage,
    second: Passage,
    /// What a write failed with. Both files are not at the same place any more: nothing is written after it.
    failure: Option<Error>,
}

impl TeeOutputStream {
    fn write_both(&mut self, data: &[u8]) -> Result<()> {
        let size = data.len();
        let (done, result) = self.first.write(data);
        result.map_err(|error| {
            error
                .context(format_args!("the first file took {done} of {size} bytes, the second one none, for the first"))
        })?;
        let (done, result) = self.second.write(data);
        result.map_err(|error| {
            error.context(format_args!("the first file took all {size} bytes, the second one {done}, for the second"))
        })
    }

    /// Does the same to both, also where the first one fails; the first failure is reported.
    fn both(&self, act: impl Fn(&File) -> Result<()>) -> Result<()> {
        let first = act(self.first.raw());
        let second = act(self.second.raw());
        first.and(second)
    }
}

impl Stream for TeeOutputStream {
    fn capabilities(&self) -> Capabilities {
        Capabilities::WRITE
    }

    fn needs_close(&self) -> bool {
        self.first.raw().needs_close() || self.second.raw().needs_close()
    }

    fn write(&mut self, data: &[u8]) -> Result<()> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        self.write_both(data).inspect_err(|error| self.failure = Some(error.clone()))
    }

    /// What both have.
    fn tell(&self) -> Result<i64> {
        Ok(self.first.written().min(self.second.written()))
    }

    fn flush(&mut self) -> Result<()> {
        self.both(File::flush)
    }

    fn sync(&mut self) -> Result<()> {
        self.both(File::sync)
    }

    fn close(&mut self) -> Result<()> {
        let closed = self.both(File::close);
        self.failure.take().map_or(closed, Err)
    }

    fn abort(&mut self) -> Result<()> {
        self.both(File::abort)
    }
}
