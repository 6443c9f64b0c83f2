//! What is written has its checksum taken.

use super::Capabilities;
use super::checksum::{Checksum, Digest, Running};
use super::file::{File, Over};
use super::stream::Stream;
use super::transfer::{Transfer, got_through};
use crate::error::Result;
use crate::memory::default_pool;

/// A file that writes to `raw` and takes the checksum of what is written.
pub fn checksum_output_stream(raw: &File, checksum: Checksum) -> Result<File> {
    raw.check_base(Capabilities::WRITE, "take the checksum of what goes to")?;
    let stream = ChecksumOutputStream { raw: raw.clone(), running: Running::new(checksum)? };
    File::new(stream, format_args!("{}", Over("checksum", raw)), &default_pool(), 0)
}

struct ChecksumOutputStream {
    raw: File,
    running: Running,
}

impl Stream for ChecksumOutputStream {
    fn capabilities(&self) -> Capabilities {
        Capabilities::WRITE
    }

    fn beneath(&self) -> Option<&File> {
        Some(&self.raw)
    }

    fn write(&mut self, data: &[u8]) -> Transfer {
        let result = self.raw.write_or_stop(data);
        let count = got_through(&result, data.len());
        self.running.update(&data[..count]);
        result
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.running.size())
    }

    fn flush(&mut self) -> Result<()> {
        self.raw.flush()
    }

    fn sync(&mut self) -> Result<()> {
        self.raw.sync()
    }

    fn digest(&self) -> Option<Digest> {
        Some(self.running.digest())
    }
}
