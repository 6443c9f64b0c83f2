//! Writing to nowhere, to learn how much it would be.

use super::stream::Stream;
use super::transfer::Transfer;
use super::{Capabilities, File};
use crate::error::Result;
use crate::memory::default_pool;

/// A file that counts what is written to it and keeps nothing.
pub fn mock_output_stream() -> Result<File> {
    File::new(MockOutputStream { written: 0 }, format_args!("a mock output stream"), &default_pool(), 0)
}

struct MockOutputStream {
    written: i64,
}

impl Stream for MockOutputStream {
    fn capabilities(&self) -> Capabilities {
        Capabilities::WRITE | Capabilities::SIZE
    }

    fn write(&mut self, data: &[u8]) -> Transfer {
        self.written = self.written.saturating_add(data.len() as i64);
        Ok(())
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.written)
    }

    fn size(&self) -> Result<i64> {
        self.tell()
    }
}
