//! The file behind mapped bytes, and copies of those that survive what other processes do to it.

use super::system_file::SystemFile;
use crate::error::{Error, Result, error};

use crate::memory::{Buffer, default_pool, no_safe_copy};
use crate::shared::Shared;
use crate::sys::{Descriptor, FileKind, MapMode, Mapping, PathText, fault_guard_is_on, is_there};
use crate::task::UntilClosed;
use std::ffi::CStr;
use std::mem::MaybeUninit;

/// The file behind mapped bytes.
///
/// Another process can cut it, or its disk can be full: whoever touches the bytes then gets SIGBUS. So nothing here touches
/// them but under a fault guard; without one the system copies, in the file or in the map, and says what is wrong.
pub(crate) struct MappedFile {
    descriptor: UntilClosed<Descriptor>,
    /// `None`: it was made of a descriptor.
    path: Option<PathText>,
    mode: MapMode,
    /// Where the map begins.
    offset: i64,
}

impl MappedFile {
    pub(super) fn new(descriptor: Descriptor, path: Option<&CStr>, mode: MapMode, offset: i64) -> Result<Shared<Self>> {
        let path = path.map(|path| PathText::join(&[path.to_bytes()])).transpose().map_err(Error::from_os)?;
        Shared::try_new(Self { descriptor: UntilClosed::new(descriptor), path, mode, offset })
    }

    pub(super) fn mode(&self) -> MapMode {
        self.mode
    }

    /// The first `size` bytes of the map. The system maps no empty ranges, an empty file is one all the same.
    pub(super) fn map(&self, size: usize) -> Result<Buffer> {
        if size == 0 {
            return Buffer::allocate(&default_pool(), 0);
        }
        let map = |file: &Descriptor| Mapping::new(file, self.mode, self.offset, size).map_err(Error::from_os);
        Buffer::of_mapping(self.descriptor.with(map)?, size, self.mode != MapMode::Read)
    }

    /// One attempt to copy from `offset` on in the map's `bytes`; fewer than fit where the rest is gone, 0 only at the end.
    #[inline]
    pub(super) fn read(&self, bytes: &Buffer, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let size = bytes.size().saturating_sub(offset).min(dst.len());
        let dst = &mut dst[..size];
        bytes.copy_guarded_to(offset, dst).map_or_else(|| self.read_by_system(bytes, offset, dst), Ok)
    }

    #[inline(never)]
    fn read_by_system(&self, bytes: &Buffer, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        if dst.is_empty() {
            return Ok(0);
        }
        let read = |file: &Descriptor| match self.mode {
            // What was written to the map is nowhere else.
            MapMode::Private => match bytes.copy_mapped_to(offset, dst) {
                Ok(0) => Err(self.gone(file, offset, libc::EIO)),
                Ok(count) => Ok(count),
                Err(os_error) => Err(no_safe_copy(os_error)),
            },
            MapMode::Read | MapMode::ReadWrite => match file.read_at(self.offset + offset as i64, dst) {
                Ok(0) => Err(self.gone(file, offset, libc::EIO)),
                done => done.map_err(Error::from_os),
            },
        };
        self.descriptor.with(read)
    }

    /// Copies `data` to `offset` in the map's `bytes`, where it fits.
    #[inline]
    pub(super) fn write(&self, bytes: &Buffer, offset: usize, data: &[u8]) -> Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        match bytes.fill_mapped_with(data, offset) {
            Ok(count) if count == data.len() && (fault_guard_is_on() || self.mode == MapMode::Private) => Ok(()),
            done => self.check_written(offset, data, done),
        }
    }

    #[inline(never)]
    fn check_written(&self, offset: usize, data: &[u8], done: std::result::Result<usize, i32>) -> Result<()> {
        let done = done.map_err(no_safe_copy)?;
        let check = |file: &Descriptor| {
            if done < data.len() {
                if !is_there(&data[done]) {
                    return Err(error!(IoError, "the bytes to be written are in a map of a file that was cut"));
                }
                let otherwise = if self.mode == MapMode::ReadWrite { libc::ENOSPC } else { libc::EIO };
                return Err(self.gone(file, offset + data.len() - 1, otherwise));
            }
            // What lies behind the end but in its page takes bytes, and no file ever gets them.
            match self.is_cut(file, offset + done) {
                Some(size) if self.mode == MapMode::ReadWrite => Err(cut(size)),
                _ => Ok(()),
            }
        };
        let error = |error: Error| error.context(format_args!("{done} of {} bytes were written", data.len()));
        self.descriptor.with(check).map_err(error)
    }

    /// What it is mapped from.
    pub(super) fn descriptor(&self) -> &UntilClosed<Descriptor> {
        &self.descriptor
    }

    /// The file's size if it ends before the map's offset `end`.
    fn is_cut(&self, file: &Descriptor, end: usize) -> Option<i64> {
        file.kind_and_size().ok().map(|(_, size)| size).filter(|size| *size < self.offset + end as i64)
    }

    /// Why the byte at `offset` cannot be had.
    #[cold]
    fn gone(&self, file: &Descriptor, offset: usize, otherwise: i32) -> Error {
        if let Some(size) = self.is_cut(file, offset + 1) {
            return cut(size);
        }
        match file.read_at(self.offset + offset as i64, &mut [MaybeUninit::uninit()]) {
            Err(os_error) => Error::from_os(os_error),
            Ok(_) => Error::from_os(otherwise),
        }
    }
}

impl SystemFile for MappedFile {
    fn path(&self) -> Option<&CStr> {
        self.path.as_ref().map(PathText::as_c_str)
    }

    fn open_descriptor(&self) -> Option<&UntilClosed<Descriptor>> {
        Some(&self.descriptor)
    }
}

#[cold]
fn cut(size: i64) -> Error {
    error!(IoError, "the file was cut to {size} bytes while it was mapped")
}

/// Gives the file's size, if it can be mapped.
pub(super) fn check_mappable(descriptor: &Descriptor, mode: MapMode) -> Result<i64> {
    let (kind, size) = descriptor.kind_and_size().map_err(Error::from_os)?;
    match kind {
        FileKind::Regular | FileKind::Block => {}
        FileKind::Directory => return Err(Error::from_os(libc::EISDIR)),
        _ => return Err(Error::from_os(libc::ENODEV)),
    }
    let has_content =
        || descriptor.read_at(0, &mut [MaybeUninit::uninit()]).map_err(Error::from_os).map(|count| count > 0);
    if size == 0 && mode != MapMode::ReadWrite && has_content()? {
        // Under /proc and the like: mapped it would seem empty.
        return Err(
            Error::from_os(libc::ENODEV).context(format_args!("the system gives it no size but it has content"))
        );
    }
    Ok(size)
}
