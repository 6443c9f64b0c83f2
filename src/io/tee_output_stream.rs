//! One write to two files.

use super::stream::Stream;
use super::transfer::{Stopped, Transfer, got_through};
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
    let stream = TeeOutputStream { first: first.clone(), second: second.clone(), written: 0, ahead: 0, failure: None };
    let name = format_args!("the tee stream to {} and {}", first.name(), second.name());
    File::new(stream, name, &default_pool(), 0)
}

struct TeeOutputStream {
    first: File,
    second: File,
    /// Bytes that both have got.
    written: i64,
    /// Bytes beyond these that the first one has got, for a write failed on its way: the next one comes to the second only.
    ahead: usize,
    /// What that write failed with, until both are even again.
    failure: Option<Error>,
}

impl TeeOutputStream {
    fn write_both(&mut self, data: &[u8]) -> Transfer {
        let (size, has) = (data.len(), self.ahead.min(data.len()));
        let first = self.first.write_or_stop(&data[has..]);
        let got = has + got_through(&first, size - has);
        self.ahead = self.ahead.max(got);
        first.map_err(|Stopped { error, .. }| {
            error.context(format_args!("the first file took {got} of {size} bytes, the second one none, for the first"))
        })?;
        let second = self.second.write_or_stop(data);
        self.ahead -= got_through(&second, size);
        second.map_err(|Stopped { error, after }| Stopped {
            error: error
                .context(format_args!("the first file took all {size} bytes, the second one {after}, for the second")),
            after,
        })
    }

    /// Does the same to both, also where the first one fails; the first failure is reported.
    fn both(&self, act: impl Fn(&File) -> Result<()>) -> Result<()> {
        let first = act(&self.first);
        let second = act(&self.second);
        first.and(second)
    }
}

impl Stream for TeeOutputStream {
    fn capabilities(&self) -> Capabilities {
        Capabilities::WRITE
    }

    fn needs_close(&self) -> bool {
        self.first.needs_close() || self.second.needs_close()
    }

    fn write(&mut self, data: &[u8]) -> Transfer {
        let result = self.write_both(data);
        self.written += got_through(&result, data.len()) as i64;
        match &result {
            Ok(()) if self.ahead == 0 => self.failure = None,
            Ok(()) => {}
            Err(stopped) => self.failure = Some(stopped.error.clone()),
        }
        result
    }

    /// What both have.
    fn tell(&self) -> Result<i64> {
        Ok(self.written)
    }

    fn flush(&mut self) -> Result<()> {
        self.both(File::flush)
    }

    fn sync(&mut self) -> Result<()> {
        self.both(File::sync)
    }

    fn check_close(&self) -> Result<()> {
        self.both(File::check_close)
    }

    fn close(&mut self) -> Result<()> {
        let closed = self.both(File::close);
        self.failure.take().map_or(closed, Err)
    }

    fn abort(&mut self) -> Result<()> {
        self.both(File::abort)
    }
}
