//! Files mapped into memory: reads are slices, without a copy and without a system call.

use super::buffer_reader::reader_of;
use super::mapped_file::{MappedFile, check_mappable};
use super::read_range::ReadRange;
use super::stream::{RandomAccess, Stream, Whence, first_line};
use super::system_file::SystemFile;
use super::transfer::Transfer;
use super::{Capabilities, File, MapMode, Mode, OsFileOptions, position};
use crate::error::{Error, Quoted, Result, error};
use crate::memory::{Buffer, Pool, default_pool};
use crate::shared::Shared;
use crate::sys::{Descriptor, OpenFlags};
use crate::task::{UntilClosed, closed};
use std::ffi::CStr;
use std::fmt;
use std::mem::MaybeUninit;

/// Maps `size` bytes of the file at `path` from `offset` on; without a size, all from there to its end.
pub fn memory_map(path: &CStr, mode: MapMode, offset: i64, size: Option<usize>) -> Result<File> {
    let flags = if mode == MapMode::ReadWrite { OpenFlags::READ_WRITE } else { OpenFlags::READ_NOW };
    let open = || {
        let descriptor = Descriptor::open(path, flags, OsFileOptions::DEFAULT_PERMISSIONS).map_err(Error::from_os)?;
        map(descriptor, Some(path), format_args!("{}", Quoted(path.to_bytes())), mode, offset, size)
    };
    open().map_err(|error| error.context(format_args!("memory map of {}", Quoted(path.to_bytes()))))
}

/// As `memory_map`, of what an open descriptor stands for. That one is duplicated, and stays the caller's.
pub fn memory_map_of_fd(fd: i32, mode: MapMode, offset: i64, size: Option<usize>) -> Result<File> {
    let needs = if mode == MapMode::ReadWrite { Mode::ReadWrite } else { Mode::Read };
    let open = || {
        let descriptor = Descriptor::borrow(fd).duplicate().map_err(Error::from_os)?;
        if !needs.allowed_by(descriptor.status_flags().map_err(Error::from_os)?) {
            return Err(error!(Invalid, "the descriptor was not opened {needs}"));
        }
        map(descriptor, None, format_args!("descriptor {fd}"), mode, offset, size)
    };
    open().map_err(|error| error.context(format_args!("memory map of descriptor {fd}")))
}

/// Creates a file of `size` bytes, all zero and with room for them on the disk, and maps it for reading and writing. A
/// file that is there is replaced.
pub fn memory_map_create(path: &CStr, size: usize) -> Result<File> {
    let create = || {
        let descriptor =
            Descriptor::open(path, OpenFlags::CREATE, OsFileOptions::DEFAULT_PERMISSIONS).map_err(Error::from_os)?;
        descriptor.allocate(size as i64).map_err(Error::from_os)?;
        map(descriptor, Some(path), format_args!("{}", Quoted(path.to_bytes())), MapMode::ReadWrite, 0, None)
    };
    create()
        .map_err(|error| error.context(format_args!("memory map of {size} new bytes in {}", Quoted(path.to_bytes()))))
}

/// `name` is what it is called in messages.
fn map(
    descriptor: Descriptor,
    path: Option<&CStr>,
    name: fmt::Arguments<'_>,
    mode: MapMode,
    offset: i64,
    size: Option<usize>,
) -> Result<File> {
    let end = check_mappable(&descriptor, mode)?;
    let available = end.checked_sub(offset).filter(|left| *left >= 0).map(|left| left as usize);
    let size = match (available, size) {
        (Some(available), None) => available,
        (Some(available), Some(size)) if size <= available => size,
        (_, None) => return Err(error!(Invalid, "offset {offset} lies past the end of a file of {end} bytes")),
        (_, Some(size)) => {
            return Err(error!(Invalid, "{size} bytes at offset {offset} are not inside a file of {end} bytes"));
        }
    };
    let whole = offset == 0 && size as i64 == end;
    let file = MappedFile::new(descriptor, path, mode, offset)?;
    let bytes = file.map(size)?;
    if mode == MapMode::Read {
        return reader_of(bytes, Some(file), name);
    }
    let pool = default_pool();
    let source = Source { bytes: UntilClosed::new(bytes.clone()), file, pool: pool.clone() };
    let map = MemoryMap { whole, position: 0, bytes: Some(bytes), source: Shared::try_new(source)? };
    File::new(map, name, &pool, 0)
}

/// A map that can be written to.
struct MemoryMap {
    whole: bool,
    position: usize,
    /// `None` once closed; slices may keep the memory longer.
    bytes: Option<Buffer>,
    source: Shared<Source>,
}

/// The same bytes for reads at an offset, which run at the same time as anything else.
struct Source {
    bytes: UntilClosed<Buffer>,
    file: Shared<MappedFile>,
    pool: Pool,
}

impl MemoryMap {
    #[inline]
    fn bytes(&self) -> Result<&Buffer> {
        self.bytes.as_ref().ok_or_else(closed)
    }

    fn resize_file(&mut self, size: usize) -> Result<()> {
        let source = self.source.clone();
        let mut shared = source.bytes.exclusively();
        let old = shared.take().ok_or_else(closed)?;
        let old_size = old.size();
        drop(old);
        let result = self.remap(old_size, size);
        *shared = self.bytes.clone();
        result
    }

    /// With no other holder of the old bytes than `self`, or it fails. The new ones are there before the old ones go.
    fn remap(&mut self, old_size: usize, size: usize) -> Result<()> {
        if !self.bytes()?.is_unique() {
            return Err(error!(Invalid, "buffers that were read from it still refer to its memory"));
        }
        let file = &self.source.file;
        if size > old_size {
            file.descriptor().call(|file| file.allocate(size as i64))?;
        }
        let bytes = file.map(size).inspect_err(|_| {
            // What failed is said; the file's old size is restored as far as the system lets it.
            let _ = file.descriptor().call(|file| file.truncate(old_size as i64));
        })?;
        if size < old_size {
            file.descriptor().call(|file| file.truncate(size as i64))?;
        }
        self.bytes = Some(bytes);
        self.position = self.position.min(size);
        Ok(())
    }
}

impl Stream for MemoryMap {
    fn capabilities(&self) -> Capabilities {
        use Capabilities as Can;
        Can::READ
            | Can::WRITE
            | Can::SEEK
            | Can::READ_AT
            | Can::WRITE_AT
            | Can::SIZE
            | Can::ZERO_COPY
            | Can::RESIZE.when(self.source.file.mode() == MapMode::ReadWrite && self.whole)
    }

    fn system_file(&self) -> Option<Shared<dyn SystemFile>> {
        Some(self.source.file.clone().unsize(|p| p as *mut _))
    }

    fn random_access(&self) -> Option<Shared<dyn RandomAccess>> {
        Some(self.source.clone().unsize(|p| p as *mut _))
    }

    #[inline]
    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let count = self.source.file.read(self.bytes()?, self.position, dst)?;
        self.position += count;
        Ok(count)
    }

    #[inline]
    fn read_slice(&mut self, size: usize) -> Result<Buffer> {
        let slice = self.bytes()?.slice_up_to(self.position, size)?;
        self.position += slice.size();
        Ok(slice)
    }

    fn peek(&mut self, _size: usize) -> Result<&[u8]> {
        let bytes = self.bytes()?.as_slice();
        Ok(&bytes[self.position.min(bytes.len())..])
    }

    fn read_line(&mut self) -> Result<&[u8]> {
        let start = self.position;
        let bytes = self.bytes.as_ref().ok_or_else(closed)?.as_slice();
        let line = first_line(&bytes[start.min(bytes.len())..]);
        self.position += line.len();
        Ok(line)
    }

    fn is_steady(&self) -> bool {
        false
    }

    fn skip(&mut self, size: usize) -> Result<Option<()>> {
        self.position += size.min(self.bytes()?.size().saturating_sub(self.position));
        Ok(Some(()))
    }

    fn write(&mut self, data: &[u8]) -> Transfer {
        self.write_at(self.position, data)?;
        self.position += data.len();
        Ok(())
    }

    fn write_at(&mut self, offset: usize, data: &[u8]) -> Transfer {
        let bytes = self.bytes()?;
        position::check_room(offset, data.len(), bytes.size())?;
        Ok(self.source.file.write(bytes, offset, data)?)
    }

    fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        self.position = position::seek(self.position, self.bytes()?.size(), offset, whence)?;
        self.tell()
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.position as i64)
    }

    fn size(&self) -> Result<i64> {
        Ok(self.bytes()?.size() as i64)
    }

    fn resize(&mut self, size: usize) -> Result<()> {
        self.resize_file(size)
    }

    /// What is written to a shared map is the operating system's at once, so `flush` has nothing to do.
    fn sync(&mut self) -> Result<()> {
        if self.source.file.mode() == MapMode::ReadWrite {
            // On Linux fsync(2) writes pages that were changed through a shared map as well.
            self.source.file.descriptor().call(Descriptor::sync)?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        *self.source.bytes.exclusively() = None;
        self.bytes = None;
        self.source.file.descriptor().close()
    }
}

impl RandomAccess for Source {
    #[inline]
    fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.bytes.with(|bytes| self.file.read(bytes, offset, dst))
    }

    #[inline]
    fn slice_at(&self, offset: usize, size: usize) -> Result<Option<Buffer>> {
        self.bytes.with(|bytes| bytes.slice_up_to(offset, size).map(Some))
    }

    fn size_hint(&self) -> Option<usize> {
        self.bytes.with(|bytes| Ok(bytes.size())).ok()
    }

    fn will_need(&self, ranges: &[ReadRange]) -> Result<()> {
        self.bytes.with(|bytes| {
            ranges.iter().for_each(|range| bytes.will_need(range.offset, range.size));
            Ok(())
        })
    }

    fn pool(&self) -> &Pool {
        &self.pool
    }
}
