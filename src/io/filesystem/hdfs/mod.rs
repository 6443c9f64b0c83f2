//! HDFS, by the client hdfs-native, in which there is no Java.

mod ahead;
mod connection;
mod errors;
mod input;
mod output;
mod room;
#[allow(unsafe_code, reason = "threads are ended")]
mod session;
#[cfg(test)]
mod tests;

use super::info::{Details, Entries};
use super::{Backend, FileInfo, FileSystemOptions, OutputOptions, Uri};
use crate::error::{Error, ErrorKind, Result, error};
use crate::io::{File, FileKind};
use crate::shared::{Shared, try_box};
use crate::sys::{PathText, sleep};
use connection::Connection;
use hdfs_native::WriteOptions;
use hdfs_native::client::{FileStatus, ListStatusIterator};
use input::HdfsInput;
use output::HdfsOutput;
use session::Own;
use std::ffi::CStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Of new files and directories, before the cluster's own mask.
const FILE_PERMISSIONS: u32 = 0o644;
const DIRECTORY_PERMISSIONS: u32 = 0o755;

/// HDFS counts replicas in 16 bits.
const MOST_REPLICAS: u32 = i16::MAX as u32;

/// So long after a file was closed all of its replicas are known.
const SETTLES_WITHIN: Duration = Duration::from_secs(2);

pub(super) struct HdfsFileSystem(Shared<Connection>);

impl HdfsFileSystem {
    pub(super) fn new(uri: &Uri, options: FileSystemOptions) -> Result<Self> {
        input::check_process()?;
        Connection::open(uri, options).map(Self)
    }

    /// Where a directory is in the way, the name node says something else, `said`.
    fn for_directory(&self, path: &CStr, error: Error, said: i32) -> Error {
        if error.os_error() != said {
            return error;
        }
        match self.info(path) {
            Ok(found) if found.kind() == FileKind::Directory => Error::from_os(libc::EISDIR),
            _ => error,
        }
    }

    /// What the name node has only words for.
    fn of_rename(&self, from: &CStr, to: &CStr, replace: bool, error: Error) -> Error {
        let behind = to.to_bytes().strip_prefix(from.to_bytes());
        if error.kind() == ErrorKind::Invalid && error.os_error() == libc::EINVAL {
            // All that the client itself refuses: paths on different clusters of a viewfs.
            return Error::from_os(libc::EXDEV);
        }
        if error.os_error() != libc::EIO {
            return error;
        }
        if behind.is_some_and(|rest| rest.starts_with(b"/")) {
            return Error::from_os(libc::EINVAL);
        }
        let is_directory = |path| self.info(path).map(|found| found.kind() == FileKind::Directory);
        match (is_directory(from), is_directory(to)) {
            (Ok(_), Ok(_)) if !replace => Error::from_os(libc::EEXIST),
            (Ok(false), Ok(true)) => Error::from_os(libc::EISDIR),
            (Ok(true), Ok(false)) => Error::from_os(libc::ENOTDIR),
            (Ok(true), Ok(true)) => Error::from_os(libc::ENOTEMPTY),
            _ => error,
        }
    }
}

/// The name node comes to know of a replica a moment after the file is closed. The client appends to those that are known and
/// leaves the others as good as they were, so that what is appended could be lost with the former.
fn wait_until_settled(found: &FileInfo) -> Result<()> {
    let modified = UNIX_EPOCH + Duration::from_nanos(found.0.modified.max(0) as u64);
    let age = SystemTime::now().duration_since(modified).unwrap_or_default();
    match SETTLES_WITHIN.checked_sub(age) {
        Some(rest) if found.size() > 0 => sleep(rest.as_nanos() as i64).map_err(Error::from_os),
        _ => Ok(()),
    }
}

/// The client has one error for a file that is there and for one that another one writes.
fn while_written(error: Error) -> Error {
    if error.os_error() != libc::EEXIST {
        return error;
    }
    Error::with_os_error(ErrorKind::IoError, libc::EBUSY, format_args!("another one writes it: {error}"))
}

/// The home directory as it is named here; to the client it is nothing.
const HOME: &CStr = c".";

/// A path, which on a cluster is text.
fn text(path: &CStr) -> Result<&str> {
    let path = if path == HOME { c"" } else { path };
    path.to_str().map_err(|_| error!(Invalid, "the path is not UTF-8"))
}

fn path_text(text: &str) -> Result<PathText> {
    if text.contains('\0') {
        return Err(error!(IoError, "the cluster gave a name with a NUL in it"));
    }
    PathText::join(&[text.as_bytes()]).map_err(Error::from_os)
}

impl Backend for HdfsFileSystem {
    fn open_input(&self, path: &CStr, name: &[u8]) -> Result<File> {
        HdfsInput::open(&self.0, text(path)?, name).map_err(|error| self.for_directory(path, error, libc::ENOENT))
    }

    fn open_output(&self, path: &CStr, name: &[u8], options: &OutputOptions) -> Result<File> {
        if options.append {
            let found = self.info(path)?;
            if found.kind() == FileKind::Directory {
                return Err(Error::from_os(libc::EISDIR));
            }
            wait_until_settled(&found)?;
            let path = text(path)?;
            let writer = self.0.command(async |client| client.append(path).await).map_err(while_written)?;
            // Only now nobody else makes it longer.
            let size = self.0.ask(async |client| client.get_file_info(path).await)?.length;
            return HdfsOutput::file(&self.0, writer, path, name, i64::try_from(size).unwrap_or(i64::MAX));
        }
        let usual = self.0.options();
        let replication = options.replication.or(usual.replication);
        if replication.is_some_and(|count| count > MOST_REPLICAS) {
            return Err(error!(
                Invalid,
                "replication is {}, at most {MOST_REPLICAS} can be said",
                replication.unwrap_or(0)
            ));
        }
        let how = WriteOptions {
            block_size: options.block_size.or(usual.block_size),
            replication,
            permission: options.permissions.unwrap_or(FILE_PERMISSIONS),
            overwrite: !options.exclusive,
            create_parent: options.parents,
        };
        let target = text(path)?;
        let writer = match self.0.command(async |client| client.create(target, how).await) {
            Err(error) if !options.exclusive => return Err(self.for_directory(path, error, libc::EEXIST)),
            writer => writer?,
        };
        HdfsOutput::file(&self.0, writer, target, name, 0)
    }

    fn info(&self, path: &CStr) -> Result<FileInfo> {
        let asked = text(path)?;
        let status = self.0.ask(async |client| client.get_file_info(asked).await)?;
        info(if path == HOME { FileStatus { path: ".".to_owned(), ..status } } else { status })
    }

    fn list(&self, path: &CStr, recursive: bool) -> Result<Box<dyn Entries>> {
        let client = self.0.client()?;
        if path == HOME {
            // The client would say of what is in it that it is in the root.
            return Err(error!(Invalid, "the home directory is listed by its whole path only"));
        }
        let iterator = Own::new(client.list_status_iter(text(path)?, recursive));
        let asked = path_text(text(path)?)?;
        Ok(try_box(HdfsEntries { connection: self.0.clone(), iterator, asked: Some(asked) })?)
    }

    fn make_directory(&self, path: &CStr, parents: bool) -> Result<()> {
        // The name node takes a directory that is there for one that it made.
        if !parents {
            match self.info(path) {
                Ok(_) => return Err(Error::from_os(libc::EEXIST)),
                Err(error) if error.kind() == ErrorKind::IoError => {}
                Err(error) => return Err(error),
            }
        }
        let path = text(path)?;
        self.0.command(async |client| client.mkdirs(path, DIRECTORY_PERMISSIONS, parents).await)
    }

    fn remove(&self, path: &CStr, recursive: bool) -> Result<()> {
        if path == c"/" {
            return Err(Error::from_os(libc::EBUSY));
        }
        let path = text(path)?;
        let removed = self.0.command(async |client| client.delete(path, recursive).await)?;
        if removed { Ok(()) } else { Err(Error::from_os(libc::ENOENT)) }
    }

    fn rename(&self, from: &CStr, to: &CStr, replace: bool) -> Result<()> {
        if replace && from == to {
            // Nothing is to be done, which the name node does not see.
            return self.info(from).map(drop);
        }
        let (source, target) = (text(from)?, text(to)?);
        let renamed = self.0.command(async |client| client.rename(source, target, replace).await);
        renamed.map_err(|error| self.of_rename(from, to, replace, error))
    }

    fn set_permissions(&self, path: &CStr, bits: u32) -> Result<()> {
        let path = text(path)?;
        self.0.command(async |client| client.set_permission(path, bits).await)
    }
}

fn info(status: FileStatus) -> Result<FileInfo> {
    let nanoseconds = |milliseconds: u64| i64::try_from(milliseconds).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    FileInfo::new(Details {
        path: path_text(&status.path)?,
        kind: if status.isdir { FileKind::Directory } else { FileKind::Regular },
        size: i64::try_from(status.length).unwrap_or(i64::MAX),
        permissions: u32::from(status.permission),
        owner: path_text(&status.owner)?,
        group: path_text(&status.group)?,
        modified: nanoseconds(status.modification_time),
        accessed: nanoseconds(status.access_time),
        replication: status.replication.unwrap_or(0),
        block_size: status.blocksize.map_or(0, |size| i64::try_from(size).unwrap_or(i64::MAX)),
    })
}

struct HdfsEntries {
    iterator: Own<ListStatusIterator>,
    connection: Shared<Connection>,
    /// The path that is listed, until the first entry is known.
    asked: Option<PathText>,
}

impl HdfsEntries {
    fn next_status(&self) -> Result<Option<FileStatus>> {
        let session = &self.connection.session;
        let next = session.run(async { session.in_time(self.iterator.next()).await })?;
        next.transpose().map_err(errors::convert)
    }
}

impl Entries for HdfsEntries {
    fn next(&mut self) -> Result<Option<FileInfo>> {
        loop {
            let entry = match self.next_status() {
                Ok(Some(status)) => info(status)?,
                Ok(None) => return Ok(None),
                // A directory in it that somebody has removed meanwhile; the client goes on behind it.
                Err(error) if error.os_error() == libc::ENOENT && self.asked.is_none() => continue,
                Err(error) => return Err(error),
            };
            // The name node lists a file as what is in itself.
            return match self.asked.take() {
                Some(asked) if asked.as_c_str() == entry.path() => Err(Error::from_os(libc::ENOTDIR)),
                _ => Ok(Some(entry)),
            };
        }
    }
}
