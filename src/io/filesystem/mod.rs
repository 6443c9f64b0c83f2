//! File systems: where paths lead, on this machine or on a cluster. A kind of them implements `Backend`; `FileSystem` gives all
//! of them one behaviour.

#[cfg(feature = "hdfs")]
mod hdfs;
mod info;
mod local;
mod uri;

pub use info::{FileInfo, Listing};
pub(crate) use uri::Uri;

use super::{File, check_permissions};
use crate::error::{Error, ErrorKind, Quoted, Result, error};
use crate::memory::{Pool, default_pool};
use crate::shared::Shared;
use crate::sys::PathText;
use info::Entries;
use local::LocalFileSystem;
use std::ffi::CStr;
use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::Duration;
use uri::Scheme;

/// How a file system is reached. The local one has no use for what only a cluster needs.
pub struct FileSystemOptions {
    /// Where buffers for what is read come from.
    pub pool: Pool,
    /// Who asks; `None`: as the environment says.
    pub user: Option<String>,
    /// Where core-site.xml and hdfs-site.xml are; `None`: as the environment says.
    pub configuration_directory: Option<String>,
    /// Keys and values that count more than those of the files.
    pub configuration: Vec<(String, String)>,
    /// Who asks by Kerberos.
    pub kerberos_principal: Option<String>,
    /// A file with its keys.
    pub keytab: Option<String>,
    /// A file with its tickets.
    pub ticket_cache: Option<String>,
    /// How long a call goes on without an answer; `None`: for ever.
    pub timeout: Option<Duration>,
    /// Threads that send and receive; `None`: `default_threads`.
    pub threads: Option<NonZero<usize>>,
    /// Small reads fetch so many bytes at once; 0: none.
    pub buffer_size: usize,
    /// Of new files; `None`: as the file system has it.
    pub block_size: Option<u64>,
    /// How many copies there are to be of new files; `None`: as the file system has it.
    pub replication: Option<u32>,
}

impl FileSystemOptions {
    /// How long a call goes on without an answer, where nothing else is said.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

    /// Threads, where nothing else is said: half as many as there are processors, from 1 to 4. To know that takes memory, without
    /// which Rust ends the process; so it is asked only for a cluster, whose client does the same.
    pub fn default_threads() -> usize {
        // With one for each they would take turns with the caller's, and wake each other all the time.
        available_parallelism().map_or(1, |processors| (processors.get() / 2).clamp(1, 4))
    }
}

impl Default for FileSystemOptions {
    fn default() -> Self {
        Self {
            pool: default_pool(),
            user: None,
            configuration_directory: None,
            configuration: Vec::new(),
            kerberos_principal: None,
            keytab: None,
            ticket_cache: None,
            timeout: Some(Self::DEFAULT_TIMEOUT),
            threads: None,
            buffer_size: super::transfer::CHUNK,
            block_size: None,
            replication: None,
        }
    }
}

/// How a file is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutputOptions {
    /// It is gone on with at its end; there must be one.
    pub append: bool,
    /// There must be none yet.
    pub exclusive: bool,
    /// Directories on the way to it that are missing are made.
    pub parents: bool,
    /// Of a new file; `None`: as is usual there.
    pub permissions: Option<u32>,
    /// Of a new file; `None`: as the file system's options say.
    pub block_size: Option<u64>,
    /// How many copies of a new file; `None`: as the file system's options say.
    pub replication: Option<u32>,
}

/// What a kind of file system does. Paths have neither a scheme nor a NUL in them.
pub(crate) trait Backend: Send + Sync {
    /// A file for reading, called `name` in messages.
    fn open_input(&self, path: &CStr, name: &[u8]) -> Result<File>;
    /// A file for writing, called `name` in messages.
    fn open_output(&self, path: &CStr, name: &[u8], options: &OutputOptions) -> Result<File>;
    fn info(&self, path: &CStr) -> Result<FileInfo>;
    fn list(&self, path: &CStr, recursive: bool) -> Result<Box<dyn Entries>>;
    /// With `parents` also those on the way, and it may be there.
    fn make_directory(&self, path: &CStr, parents: bool) -> Result<()>;
    /// A directory with something in it only when `recursive`.
    fn remove(&self, path: &CStr, recursive: bool) -> Result<()>;
    fn rename(&self, from: &CStr, to: &CStr, replace: bool) -> Result<()>;
    fn set_permissions(&self, path: &CStr, bits: u32) -> Result<()>;
}

/// A counted reference to a file system. Files keep it as long as they live.
#[derive(Clone)]
#[repr(transparent)]
pub struct FileSystem(pub(crate) Shared<Inner>);

pub(crate) struct Inner {
    uri: Uri,
    backend: Box<dyn Backend>,
}

impl FileSystem {
    /// The file system that a URI names, whatever path there is in it.
    pub fn open(uri: &CStr, options: FileSystemOptions) -> Result<Self> {
        let open = || {
            let (uri, _) = Uri::parse(uri)?.ok_or_else(|| error!(Invalid, "it is no URI of a file system"))?;
            Self::of(uri, options)
        };
        open().map_err(|error: Error| error.context(format_args!("open of file system {}", Quoted(uri.to_bytes()))))
    }

    pub(super) fn of(uri: Uri, options: FileSystemOptions) -> Result<Self> {
        let (uri, backend): (Uri, Box<dyn Backend>) = match uri.scheme {
            Scheme::File => (uri, crate::shared::try_box(LocalFileSystem::new(&options))?),
            Scheme::Hdfs | Scheme::ViewFs => connect(uri, options)?,
        };
        Shared::try_new(Inner { uri, backend }).map(Self)
    }

    /// A file for reading at any place, from any number of threads.
    pub fn open_input(&self, path: &CStr) -> Result<File> {
        let (path, name) = self.resolve(path)?;
        let opened = self.0.backend.open_input(path.as_c_str(), name.bytes());
        opened.map_err(|error| error.context(format_args!("open of {} for reading", Quoted(name.bytes()))))
    }

    /// A file for writing from its start, which replaces one that is there, or from its end.
    pub fn open_output(&self, path: &CStr, options: &OutputOptions) -> Result<File> {
        let (path, name) = self.resolve(path)?;
        let how = if options.append { "appending" } else { "writing" };
        let opened = if options.append && options.exclusive {
            Err(error!(Invalid, "what is appended to is there already, so it cannot be exclusive"))
        } else {
            self.0.backend.open_output(path.as_c_str(), name.bytes(), options)
        };
        opened.map_err(|error| error.context(format_args!("open of {} for {how}", Quoted(name.bytes()))))
    }

    /// What is known of a path.
    pub fn info(&self, path: &CStr) -> Result<FileInfo> {
        self.call("look at", path, |path| self.0.backend.info(path))
    }

    /// Whether there is something; `false` only where the file system says so.
    pub fn exists(&self, path: &CStr) -> Result<bool> {
        match self.info(path) {
            Ok(_) => Ok(true),
            Err(error)
                if error.kind() == ErrorKind::IoError && matches!(error.os_error(), libc::ENOENT | libc::ENOTDIR) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// What is in a directory, and in those in it when `recursive`; a directory comes before what is in it.
    pub fn list(&self, path: &CStr, recursive: bool) -> Result<Listing> {
        let (path, name) = self.resolve(path)?;
        let entries = self.0.backend.list(path.as_c_str(), recursive);
        let entries = entries.map_err(|error| error.context(format_args!("cannot list {}", Quoted(name.bytes()))))?;
        Listing::new(entries, name)
    }

    /// With `parents` also those on the way, and it may be there already.
    pub fn make_directory(&self, path: &CStr, parents: bool) -> Result<()> {
        self.call("make directory", path, |path| self.0.backend.make_directory(path, parents))
    }

    /// A file, or a directory, with what is in it only when `recursive`.
    pub fn remove(&self, given: &CStr, recursive: bool) -> Result<()> {
        self.call("remove", given, |path| {
            self.check_has_name(given)?;
            self.0.backend.remove(path, recursive)
        })
    }

    /// In one step; with `replace` a file, or an empty directory, that is there already goes.
    pub fn rename(&self, from: &CStr, to: &CStr, replace: bool) -> Result<()> {
        let ((source, source_name), (target, target_name)) = (self.resolve(from)?, self.resolve(to)?);
        let doing = format_args!("cannot rename {} to {}", Quoted(source_name.bytes()), Quoted(target_name.bytes()));
        let have_names = self.check_has_name(from).and_then(|()| self.check_has_name(to));
        let renamed = have_names.and_then(|()| self.0.backend.rename(source.as_c_str(), target.as_c_str(), replace));
        renamed.map_err(|error| error.context(doing))
    }

    /// Sets the permission bits.
    pub fn set_permissions(&self, path: &CStr, bits: u32) -> Result<()> {
        check_permissions(bits)?;
        self.call("set the permissions of", path, |path| self.0.backend.set_permissions(path, bits))
    }

    fn call<T>(&self, doing: &str, path: &CStr, call: impl FnOnce(&CStr) -> Result<T>) -> Result<T> {
        let (path, name) = self.resolve(path)?;
        call(path.as_c_str()).map_err(|error| error.context(format_args!("cannot {doing} {}", Quoted(name.bytes()))))
    }

    /// The path as the backend takes it, and what it is called in messages.
    fn resolve(&self, given: &CStr) -> Result<(PathText, PathText)> {
        let path = self.without_scheme(given)?;
        if path.bytes().is_empty() {
            return Err(Error::with_os_error(ErrorKind::Invalid, libc::ENOENT, format_args!("the path is empty")));
        }
        let path = if self.0.uri.is_local() { path } else { uri::normalized(&path)? };
        let name = self.0.uri.name(&path)?;
        Ok((path, name))
    }

    fn without_scheme(&self, given: &CStr) -> Result<PathText> {
        match Uri::parse(given)? {
            None => PathText::join(&[given.to_bytes()]).map_err(Error::from_os),
            Some((uri, path)) if uri.is_within(&self.0.uri) => Ok(path),
            Some(_) => Err(error!(
                Invalid,
                "{} is not on file system {}",
                Quoted(given.to_bytes()),
                Quoted(self.0.uri.text().as_bytes())
            )),
        }
    }

    /// Before anything in it is gone: a directory cannot be removed, or moved, as the root, ".", or "..". Which one these stand
    /// for the caller has not said.
    fn check_has_name(&self, given: &CStr) -> Result<()> {
        let path = self.without_scheme(given)?;
        let name = path.bytes().rsplit(|byte| *byte == b'/').find(|name| !name.is_empty());
        match name {
            None => Err(Error::from_os(libc::EBUSY)),
            Some(dots @ (b"." | b"..")) => Err(Error::from_os(libc::EINVAL).context(format_args!(
                "{} is named by {} only",
                Quoted(path.bytes()),
                Quoted(dots)
            ))),
            Some(_) => Ok(()),
        }
    }
}

#[cfg(feature = "hdfs")]
fn connect(uri: Uri, options: FileSystemOptions) -> Result<(Uri, Box<dyn Backend>)> {
    let (uri, backend) = hdfs::HdfsFileSystem::new(uri, options)?;
    Ok((uri, crate::shared::try_box(backend)?))
}

#[cfg(not(feature = "hdfs"))]
fn connect(uri: Uri, _options: FileSystemOptions) -> Result<(Uri, Box<dyn Backend>)> {
    Err(error!(NotImplemented, "this build of libarrowio has no HDFS, which {} needs", Quoted(uri.text().as_bytes())))
}
