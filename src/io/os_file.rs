//! Files of the operating system: regular files, pipes, devices, whatever a descriptor stands for.

use super::os_file_options::{Mode, OsFileOptions};
use super::read_range::ReadRange;
use super::replacement::Replacement;
use super::stream::{RandomAccess, Stream, Whence};
use super::system_file::SystemFile;
use super::transfer::{Stopped, Transfer, got_through};
use super::{Capabilities, File};
use crate::error::{Error, Quoted, Result, error};
use crate::memory::Pool;
use crate::shared::Shared;
use crate::sys::{Descriptor, FileKind, PathText};
use crate::task::UntilClosed;
use std::ffi::CStr;
use std::fmt;
use std::mem::MaybeUninit;

/// Opens the file at `path`.
pub fn os_file(path: &CStr, mode: Mode, options: &OsFileOptions) -> Result<File> {
    open(path, mode, options, 0)
        .map_err(|error| error.context(format_args!("open of {} {mode}", Quoted(path.to_bytes()))))
}

/// As `os_file`, with small reads fetching `block_size` bytes at once.
pub(super) fn open(path: &CStr, mode: Mode, options: &OsFileOptions, block_size: usize) -> Result<File> {
    options.check_for(mode)?;
    let (descriptor, replacement) = match options.atomic {
        true => Replacement::begin(path, options).map(|(descriptor, replacement)| (descriptor, Some(replacement)))?,
        false => {
            let permissions = options.permissions.unwrap_or(OsFileOptions::DEFAULT_PERMISSIONS);
            (options.open_file(path, options.flags(mode), permissions)?, None)
        }
    };
    let own_path = PathText::join(&[path.to_bytes()]).map_err(Error::from_os)?;
    let mut file = OsFile::new(descriptor, Some(own_path), mode, &options.pool)?;
    file.replacement = replacement;
    File::new(file, format_args!("{}", Quoted(path.to_bytes())), &options.pool, block_size)
}

/// A new file for reading and writing, which was opened by the pieces of a path behind one another.
pub(super) fn of_new(descriptor: Descriptor, path: &[&[u8]], options: &OsFileOptions) -> Result<File> {
    let path = PathText::join(path).map_err(Error::from_os)?;
    let file = OsFile::new(descriptor, Some(path), Mode::ReadWrite, &options.pool)?;
    let source = file.source.clone();
    let name = source.path.as_ref().map_or(&[][..], PathText::bytes);
    File::new(file, format_args!("{}", Quoted(name)), &options.pool, 0)
}

/// Uses an open descriptor from its position on (`Append`: from its end on). Unless borrowed it is closed with the file; on
/// failure it stays the caller's.
pub fn os_file_from_fd(fd: i32, mode: Mode, options: &OsFileOptions) -> Result<File> {
    of_open(fd, format_args!("descriptor {fd}"), mode, options, !options.borrow)
}

/// As `os_file_from_fd`, called `name` in messages; `own` says whether it is closed with the file.
pub(super) fn of_open(
    fd: i32,
    name: fmt::Arguments<'_>,
    mode: Mode,
    options: &OsFileOptions,
    own: bool,
) -> Result<File> {
    let open = || {
        options.check_for_descriptor()?;
        // Borrowed until nothing can fail any more.
        let file = OsFile::new(Descriptor::borrow(fd), None, mode, &options.pool)?;
        let source = file.source.clone();
        let file = File::new(file, name, &options.pool, 0)?;
        if own {
            source.own();
        }
        Ok(file)
    };
    open().map_err(|error: Error| error.context(format_args!("open of {name} {mode}")))
}

struct OsFile {
    source: Shared<Source>,
    kind: FileKind,
    capabilities: Capabilities,
    /// Bytes moved since the opening, which is the position where the system knows none.
    transferred: i64,
    /// Of a file that is complete only when it is closed.
    replacement: Option<Replacement>,
}

/// The descriptor, until it is closed: reads at an offset run on it at the same time as anything else.
struct Source {
    descriptor: UntilClosed<Descriptor>,
    path: Option<PathText>,
    pool: Pool,
}

impl OsFile {
    fn new(descriptor: Descriptor, path: Option<PathText>, mode: Mode, pool: &Pool) -> Result<Self> {
        let (kind, capabilities) = examine(&descriptor, mode)?;
        let source = Source { descriptor: UntilClosed::new(descriptor), path, pool: pool.clone() };
        Ok(Self { source: Shared::try_new(source)?, kind, capabilities, transferred: 0, replacement: None })
    }

    fn is_seekable(&self) -> bool {
        self.kind.has_size()
    }
}

/// Checks that the descriptor is what the mode needs, goes to the end for appending, and tells what can be done with it.
fn examine(descriptor: &Descriptor, mode: Mode) -> Result<(FileKind, Capabilities)> {
    use Capabilities as Can;
    if !mode.allowed_by(descriptor.status_flags().map_err(Error::from_os)?) {
        return Err(error!(Invalid, "the descriptor was not opened {mode}"));
    }
    let (kind, _) = descriptor.kind_and_size().map_err(Error::from_os)?;
    if kind == FileKind::Directory {
        return Err(Error::from_os(libc::EISDIR));
    }
    let seekable = kind.has_size();
    if mode == Mode::Append && seekable {
        descriptor.seek(0, Whence::End).map_err(Error::from_os)?;
    }
    // Where every write goes to the end, positions to write at mean nothing.
    let placed = seekable && mode != Mode::Append;
    let appends = descriptor.appends().map_err(Error::from_os)?;
    let capabilities = Can::READ.when(mode.reads())
        | Can::WRITE.when(mode.writes())
        | Can::SIZE.when(seekable)
        | Can::SEEK.when(placed)
        | Can::READ_AT.when(placed && mode.reads())
        | Can::WRITE_AT.when(placed && mode.writes() && !appends)
        | Can::RESIZE.when(kind == FileKind::Regular && mode.writes());
    Ok((kind, capabilities))
}

impl Source {
    fn own(&self) {
        if let Some(descriptor) = &mut *self.descriptor.exclusively() {
            descriptor.own();
        }
    }
}

#[cold]
fn stopped((after, os_error): (usize, i32)) -> Stopped {
    Stopped { error: Error::from_os(os_error), after }
}

impl Stream for OsFile {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn system_file(&self) -> Option<Shared<dyn SystemFile>> {
        Some(self.source.clone().unsize(|p| p as *mut _))
    }

    fn needs_close(&self) -> bool {
        self.replacement.is_some()
    }

    fn random_access(&self) -> Option<Shared<dyn RandomAccess>> {
        let source = self.source.clone();
        self.capabilities.contains(Capabilities::READ_AT).then(|| source.unsize(|p| p as *mut _))
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let count = self.source.descriptor.call(|descriptor| descriptor.read(dst))?;
        self.transferred += count as i64;
        Ok(count)
    }

    fn skip(&mut self, size: usize) -> Result<Option<()>> {
        let Some(remaining) = self.remaining_hint() else { return Ok(None) };
        let size = size.min(remaining) as i64;
        self.source.descriptor.call(|descriptor| descriptor.seek(size, Whence::Current))?;
        Ok(Some(()))
    }

    /// None where the size says nothing, as under /proc.
    fn remaining_hint(&self) -> Option<usize> {
        let size = if self.is_seekable() { self.size().ok()? } else { 0 };
        if size == 0 {
            return None;
        }
        Some((size - self.tell().ok()?).max(0) as usize)
    }

    fn is_descriptor(&self) -> bool {
        true
    }

    fn send_to(&mut self, target: &mut dyn Stream, size: usize) -> Result<Option<usize>> {
        let source = self.source.clone();
        let sent = source.descriptor.with(|descriptor| target.receive_from(descriptor, size))?;
        self.transferred += sent.unwrap_or(0) as i64;
        Ok(sent)
    }

    fn receive_from(&mut self, source: &Descriptor, size: usize) -> Result<Option<usize>> {
        let received = self.source.descriptor.call(|target| source.send_to(target, self.kind, size))?;
        self.transferred += received.unwrap_or(0) as i64;
        Ok(received)
    }

    fn write(&mut self, data: &[u8]) -> Transfer {
        let result = self.source.descriptor.call(|descriptor| Ok(descriptor.write_all(data, self.kind)))?;
        let result = result.map_err(stopped);
        self.transferred += got_through(&result, data.len()) as i64;
        result
    }

    fn write_at(&mut self, offset: usize, data: &[u8]) -> Transfer {
        let result = self.source.descriptor.call(|descriptor| Ok(descriptor.write_all_at(offset as i64, data)))?;
        result.map_err(stopped)
    }

    fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        self.source.descriptor.call(|descriptor| descriptor.seek(offset, whence)).map_err(|error| {
            match error.os_error() {
                libc::EINVAL => error!(Invalid, "offset {offset} leads to no position"),
                _ => error,
            }
        })
    }

    fn tell(&self) -> Result<i64> {
        if !self.is_seekable() {
            return Ok(self.transferred);
        }
        self.source.descriptor.call(|descriptor| descriptor.seek(0, Whence::Current))
    }

    fn size(&self) -> Result<i64> {
        self.source.descriptor.call(|descriptor| descriptor.kind_and_size()).map(|(_, size)| size)
    }

    fn resize(&mut self, size: usize) -> Result<()> {
        self.source.descriptor.call(|descriptor| descriptor.truncate(size as i64))
    }

    fn sync(&mut self) -> Result<()> {
        match self.source.descriptor.call(|descriptor| descriptor.sync()) {
            // Pipes, sockets and terminals have no disk to wait for.
            Err(error) if matches!(error.os_error(), libc::EINVAL | libc::EROFS) => Ok(()),
            result => result,
        }
    }

    fn close(&mut self) -> Result<()> {
        let Some(replacement) = self.replacement.take() else { return self.source.descriptor.close() };
        let written = self.sync();
        written.and(self.source.descriptor.close())?;
        replacement.commit()
    }

    fn abort(&mut self) -> Result<()> {
        self.replacement = None;
        self.source.descriptor.close()
    }
}

impl SystemFile for Source {
    fn path(&self) -> Option<&CStr> {
        self.path.as_ref().map(PathText::as_c_str)
    }

    fn open_descriptor(&self) -> Option<&UntilClosed<Descriptor>> {
        Some(&self.descriptor)
    }
}

impl RandomAccess for Source {
    fn will_need(&self, ranges: &[ReadRange]) -> Result<()> {
        self.descriptor.call(|descriptor| {
            ranges.iter().for_each(|range| descriptor.will_need(range.offset, range.size));
            Ok(())
        })
    }

    fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.descriptor.call(|descriptor| descriptor.read_at(offset as i64, dst))
    }

    fn size_hint(&self) -> Option<usize> {
        let (_, size) = self.descriptor.call(|descriptor| descriptor.kind_and_size()).ok()?;
        (size > 0).then_some(size as usize)
    }

    fn pool(&self) -> &Pool {
        &self.pool
    }
}
