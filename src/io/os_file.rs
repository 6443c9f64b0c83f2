//! Files of the operating system: regular files, pipes, devices, whatever a descriptor stands for.

use super::coalesce::Range;
use super::replacement::Replacement;
use super::stream::{RandomAccess, Stream, SystemFile, Whence};
use super::transfer::{Stopped, Transfer};
use super::until_closed::UntilClosed;
use super::{Capabilities, File};
use crate::error::{Error, ErrorKind, Quoted, Result, error};
use crate::memory::Pool;
use crate::shared::Shared;
use crate::sys::{Descriptor, FileKind, OpenFlags, PathText, Place};
use std::ffi::CStr;
use std::mem::MaybeUninit;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// For reading; it must exist.
    Read,
    /// For writing; created, or cut to nothing.
    Write,
    /// For writing at its end; created where it does not exist.
    Append,
    /// For both, at its start; created where it does not exist, never cut.
    ReadWrite,
}

/// What else to say when opening a file.
pub struct OsFileOptions {
    /// Where buffers for what is read come from.
    pub pool: Pool,
    /// Permission bits of a new file, before the process's umask. `None`: 0666, or those of a file that is replaced.
    pub permissions: Option<u32>,
    /// Whether a descriptor stays the caller's.
    pub borrow: bool,
    /// The open directory that a relative path begins in. `None`: the current one.
    pub directory: Option<i32>,
    /// Whether the path must not lead out of the directory that it begins in.
    pub beneath: bool,
    /// Whether what the path names must not be a symbolic link.
    pub no_follow: bool,
    /// Whether the file must not be there already.
    pub exclusive: bool,
    /// Whether what is written takes the file's place on `close`, all at once.
    pub atomic: bool,
}

impl OsFileOptions {
    /// What is used where nothing is said: everybody may read and write, as far as the umask lets them.
    pub const DEFAULT_PERMISSIONS: u32 = 0o666;

    /// What is used where nothing is said, with this pool.
    pub fn new(pool: Pool) -> Self {
        let (permissions, directory) = (None, None);
        Self {
            pool,
            permissions,
            borrow: false,
            directory,
            beneath: false,
            no_follow: false,
            exclusive: false,
            atomic: false,
        }
    }

    /// Opens a path as these options say.
    pub(super) fn open(&self, path: &CStr, flags: OpenFlags, permissions: u32) -> Result<Descriptor> {
        self.open_place(&self.place(path), flags, permissions)
    }

    /// As `open`, through a last symbolic link as well.
    pub(super) fn open_followed(&self, path: &CStr, flags: OpenFlags) -> Result<Descriptor> {
        self.open_place(&Place { no_follow: false, ..self.place(path) }, flags, 0)
    }

    fn open_place(&self, place: &Place<'_>, flags: OpenFlags, permissions: u32) -> Result<Descriptor> {
        place.open(flags, permissions).map_err(|os_error| match os_error {
            libc::EXDEV if self.beneath => Error::with_os_error(
                ErrorKind::IoError,
                os_error,
                format_args!("the path leads out of the directory that it is confined to"),
            ),
            _ => Error::from_os(os_error),
        })
    }

    pub(super) fn place<'a>(&self, path: &'a CStr) -> Place<'a> {
        Place { path, directory: self.directory, beneath: self.beneath, no_follow: self.no_follow }
    }

    pub(super) fn check_for(&self, mode: Mode) -> Result<()> {
        if self.exclusive && mode == Mode::Read {
            return Err(error!(Invalid, "a file that must be new cannot be opened {mode}"));
        }
        if self.atomic && mode != Mode::Write {
            return Err(error!(Invalid, "a file that is replaced on close cannot be opened {mode}"));
        }
        Ok(())
    }

    /// What concerns paths has no meaning where there is none.
    fn check_for_descriptor(&self) -> Result<()> {
        if self.directory.is_some() || self.beneath || self.no_follow || self.exclusive || self.atomic {
            return Err(error!(Invalid, "the options say how a path is opened, and there is none"));
        }
        Ok(())
    }
}

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
            let flags = if options.exclusive { mode.flags().exclusive() } else { mode.flags() };
            let permissions = options.permissions.unwrap_or(OsFileOptions::DEFAULT_PERMISSIONS);
            (options.open(path, flags, permissions)?, None)
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
    let failed = |error: Error| error.context(format_args!("open of descriptor {fd} {mode}"));
    options.check_for_descriptor().map_err(failed)?;
    // Borrowed until nothing can fail any more.
    let file = OsFile::new(Descriptor::borrow(fd), None, mode, &options.pool).map_err(failed)?;
    let source = file.source.clone();
    let file = File::new(file, format_args!("descriptor {fd}"), &options.pool, 0).map_err(failed)?;
    if !options.borrow {
        source.own();
    }
    Ok(file)
}

/// One of the descriptors that every program is started with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandardStream {
    /// Standard input, which is read.
    Input,
    /// Standard output, which is written.
    Output,
    /// Standard error, which is written.
    Error,
}

/// Uses a standard stream from its position on. Its descriptor stays open when the file is closed.
pub fn standard_stream(stream: StandardStream, options: &OsFileOptions) -> Result<File> {
    let (fd, mode, name) = match stream {
        StandardStream::Input => (libc::STDIN_FILENO, Mode::Read, "standard input"),
        StandardStream::Output => (libc::STDOUT_FILENO, Mode::Write, "standard output"),
        StandardStream::Error => (libc::STDERR_FILENO, Mode::Write, "standard error"),
    };
    let open = || {
        options.check_for_descriptor()?;
        let file = OsFile::new(Descriptor::borrow(fd), None, mode, &options.pool)?;
        File::new(file, format_args!("{name}"), &options.pool, 0)
    };
    open().map_err(|error| error.context(format_args!("open of {name} {mode}")))
}

impl Mode {
    fn flags(self) -> OpenFlags {
        match self {
            Mode::Read => OpenFlags::READ,
            Mode::Write => OpenFlags::WRITE,
            Mode::Append => OpenFlags::APPEND,
            Mode::ReadWrite => OpenFlags::READ_WRITE,
        }
    }

    fn reads(self) -> bool {
        matches!(self, Mode::Read | Mode::ReadWrite)
    }

    fn writes(self) -> bool {
        self != Mode::Read
    }

    /// Whether a descriptor with these status flags allows it.
    fn allowed_by(self, status_flags: i32) -> bool {
        if status_flags & libc::O_PATH != 0 {
            return false;
        }
        match status_flags & libc::O_ACCMODE {
            libc::O_RDONLY => !self.writes(),
            libc::O_WRONLY => !self.reads(),
            _ => true,
        }
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Mode::Read => "for reading",
            Mode::Write => "for writing",
            Mode::Append => "for appending",
            Mode::ReadWrite => "for reading and writing",
        })
    }
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
    #[inline]
    fn with<T>(&self, call: impl FnOnce(&Descriptor) -> std::result::Result<T, i32>) -> Result<T> {
        self.descriptor.with(|descriptor| call(descriptor).map_err(Error::from_os))
    }

    fn own(&self) {
        if let Some(descriptor) = &mut *self.descriptor.exclusively() {
            descriptor.own();
        }
    }

    /// Waits for reads at offsets that are under way, then closes.
    fn close(&self) -> Result<()> {
        let descriptor = self.descriptor.exclusively().take();
        descriptor.map_or(Ok(()), |mut descriptor| descriptor.close()).map_err(Error::from_os)
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
        let count = self.source.with(|descriptor| descriptor.read(dst))?;
        self.transferred += count as i64;
        Ok(count)
    }

    fn skip(&mut self, size: usize) -> Result<Option<()>> {
        let Some(remaining) = self.remaining_hint() else { return Ok(None) };
        let size = size.min(remaining) as i64;
        self.source.with(|descriptor| descriptor.seek(size, Whence::Current))?;
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
        let received = self.source.with(|target| source.send_to(target, self.kind, size))?;
        self.transferred += received.unwrap_or(0) as i64;
        Ok(received)
    }

    fn write(&mut self, data: &[u8]) -> Transfer {
        let result = self.source.with(|descriptor| Ok(descriptor.write_all(data, self.kind)))?;
        self.transferred += result.map_or_else(|(done, _)| done, |()| data.len()) as i64;
        result.map_err(stopped)
    }

    fn write_at(&mut self, offset: usize, data: &[u8]) -> Transfer {
        let result = self.source.with(|descriptor| Ok(descriptor.write_all_at(offset as i64, data)))?;
        result.map_err(stopped)
    }

    fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        self.source.with(|descriptor| descriptor.seek(offset, whence)).map_err(|error| match error.os_error() {
            libc::EINVAL => error!(Invalid, "offset {offset} leads to no position"),
            _ => error,
        })
    }

    fn tell(&self) -> Result<i64> {
        if !self.is_seekable() {
            return Ok(self.transferred);
        }
        self.source.with(|descriptor| descriptor.seek(0, Whence::Current))
    }

    fn size(&self) -> Result<i64> {
        self.source.with(|descriptor| descriptor.kind_and_size()).map(|(_, size)| size)
    }

    fn resize(&mut self, size: usize) -> Result<()> {
        self.source.with(|descriptor| descriptor.truncate(size as i64))
    }

    fn sync(&mut self) -> Result<()> {
        match self.source.with(|descriptor| descriptor.sync()) {
            // Pipes, sockets and terminals have no disk to wait for.
            Err(error) if matches!(error.os_error(), libc::EINVAL | libc::EROFS) => Ok(()),
            result => result,
        }
    }

    fn close(&mut self) -> Result<()> {
        let Some(replacement) = self.replacement.take() else { return self.source.close() };
        let written = self.sync();
        written.and(self.source.close())?;
        replacement.commit()
    }

    fn abort(&mut self) -> Result<()> {
        self.replacement = None;
        self.source.close()
    }
}

impl SystemFile for Source {
    fn path(&self) -> Option<&CStr> {
        self.path.as_ref().map(PathText::as_c_str)
    }

    fn open_descriptor(&self) -> &UntilClosed<Descriptor> {
        &self.descriptor
    }
}

impl RandomAccess for Source {
    fn will_need(&self, ranges: &[Range]) -> Result<()> {
        self.with(|descriptor| {
            ranges.iter().for_each(|range| descriptor.will_need(range.offset, range.size));
            Ok(())
        })
    }

    fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.with(|descriptor| descriptor.read_at(offset as i64, dst))
    }

    fn size_hint(&self) -> Option<usize> {
        let (_, size) = self.with(|descriptor| descriptor.kind_and_size()).ok()?;
        (size > 0).then_some(size as usize)
    }

    fn pool(&self) -> &Pool {
        &self.pool
    }
}
