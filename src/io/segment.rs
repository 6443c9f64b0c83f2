//! A part of a file as a stream of its own.

use super::file::File;
use super::read_range::ReadRange;
use super::stream::{RandomAccess, Stream, Whence, first_line};
use super::{Capabilities, position};
use crate::error::{Result, error};
use crate::memory::{Buffer, Pool};
use crate::shared::{Shared, try_vec};
use std::mem::MaybeUninit;

/// A file that reads up to `size` bytes of `raw` from `offset` on, at a position of its own. Closing it leaves `raw` open.
pub fn segment(raw: &File, offset: usize, size: usize) -> Result<File> {
    raw.check_base(Capabilities::READ_AT, "take a segment of")?;
    // What lies behind the last offset that there is cannot be there.
    let size = size.min((i64::MAX as usize).saturating_sub(offset));
    let pool = raw.pool_of_reads();
    let part = Part { raw: raw.clone(), offset, size, pool: pool.clone() };
    let segment = Segment { part: Shared::try_new(part)?, position: 0, view: None };
    File::new(segment, format_args!("the segment of {size} bytes at offset {offset} of {}", raw.name()), &pool, 0)
}

struct Segment {
    part: Shared<Part>,
    position: usize,
    /// What was last looked at without a copy, until the next call: a map beneath cannot be resized meanwhile.
    view: Option<Buffer>,
}

struct Part {
    raw: File,
    offset: usize,
    size: usize,
    pool: Pool,
}

impl Part {
    /// How many of `size` bytes from `offset` on may be in the part.
    fn within(&self, offset: usize, size: usize) -> usize {
        size.min(self.size.saturating_sub(offset))
    }

    /// Where an offset lies in the file. Past the end of the part everything is as at its end.
    fn place(&self, offset: usize) -> usize {
        self.offset + offset.min(self.size)
    }

    fn read(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let most = self.within(offset, dst.len());
        self.raw.read_at(self.place(offset), &mut dst[..most])
    }

    fn slice(&self, offset: usize, size: usize) -> Result<Buffer> {
        self.raw.read_at_buffer(self.place(offset), self.within(offset, size))
    }

    /// How much of the part is there, of a file with so many bytes.
    fn available(&self, end: usize) -> usize {
        self.size.min(end.saturating_sub(self.offset))
    }
}

impl Segment {
    /// All that lies ahead, of a file that gives it without a copy.
    fn ahead(&mut self) -> Result<&[u8]> {
        self.view = None;
        let view = self.part.slice(self.position, usize::MAX)?;
        if view.size() > 0 {
            self.view = Some(view);
        }
        Ok(self.view.as_ref().map_or(&[], Buffer::as_slice))
    }
}

impl Stream for Segment {
    fn capabilities(&self) -> Capabilities {
        use Capabilities as Can;
        let raw = self.part.raw.capabilities();
        Can::READ
            | Can::SEEK
            | Can::READ_AT
            | Can::SIZE.when(raw.contains(Can::SIZE))
            | Can::ZERO_COPY.when(raw.contains(Can::ZERO_COPY))
    }

    fn beneath(&self) -> Option<&File> {
        Some(&self.part.raw)
    }

    fn random_access(&self) -> Option<Shared<dyn RandomAccess>> {
        Some(self.part.clone().unsize(|p| p as *mut _))
    }

    fn is_steady(&self) -> bool {
        self.part.raw.is_steady()
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.view = None;
        let count = self.part.read(self.position, dst)?;
        self.position += count;
        Ok(count)
    }

    fn read_slice(&mut self, size: usize) -> Result<Buffer> {
        self.view = None;
        let slice = self.part.slice(self.position, size)?;
        self.position += slice.size();
        Ok(slice)
    }

    fn peek(&mut self, _size: usize) -> Result<&[u8]> {
        self.ahead()
    }

    fn read_line(&mut self) -> Result<&[u8]> {
        let size = first_line(self.ahead()?).len();
        self.position += size;
        Ok(self.view.as_ref().map_or(&[], |view| &view.as_slice()[..size]))
    }

    fn skip(&mut self, size: usize) -> Result<Option<()>> {
        self.view = None;
        let Some(remaining) = self.remaining_hint() else { return Ok(None) };
        self.position += size.min(remaining);
        Ok(Some(()))
    }

    fn remaining_hint(&self) -> Option<usize> {
        Some(self.part.size_hint()?.saturating_sub(self.position))
    }

    fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        self.view = None;
        let size = match whence {
            Whence::End if self.capabilities().contains(Capabilities::SIZE) => self.size()? as usize,
            Whence::End => return Err(error!(Invalid, "where its end is cannot be told")),
            _ => 0,
        };
        self.position = position::seek(self.position, size, offset, whence)?;
        self.tell()
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.position as i64)
    }

    fn size(&self) -> Result<i64> {
        Ok(self.part.available(self.part.raw.size()? as usize) as i64)
    }

    /// The file beneath stays open.
    fn check_close(&self) -> Result<()> {
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        self.view = None;
        Ok(())
    }

    fn abort(&mut self) -> Result<()> {
        self.close()
    }
}

impl RandomAccess for Part {
    fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.read(offset, dst)
    }

    fn slice_at(&self, offset: usize, size: usize) -> Result<Option<Buffer>> {
        self.raw.slice_at(self.place(offset), self.within(offset, size))
    }

    fn size_hint(&self) -> Option<usize> {
        self.raw.size_hint().map(|end| self.available(end))
    }

    fn will_need(&self, ranges: &[ReadRange]) -> Result<()> {
        let mut places = try_vec(ranges.len())?;
        let place = |range: &ReadRange| ReadRange {
            offset: self.place(range.offset),
            size: self.within(range.offset, range.size),
        };
        places.extend(ranges.iter().map(place));
        self.raw.will_need(&places)
    }

    fn pool(&self) -> &Pool {
        &self.pool
    }
}
