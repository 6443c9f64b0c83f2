//! HDFS, by the client hdfs-native, in which there is no Java.

mod ahead;
mod configuration;
mod connection;
mod entries;
mod errors;
mod input;
mod output;
mod pump;
mod room;
mod runtime;
#[allow(unsafe_code, reason = "what is another process's is not dropped")]
mod session;
#[cfg(test)]
mod tests;
mod tokens;

use super::info::{Details, Entries};
use super::uri::Scheme;
use super::{Backend, FileInfo, FileSystemOptions, OutputOptions, Uri};
use crate::error::{Error, ErrorKind, Result, error};
use crate::io::{File, FileKind};
use crate::shared::{Shared, try_box};
use crate::sys::{PathText, random_name, sleep};
use configuration::Configuration;
use connection::Connection;
use entries::HdfsEntries;
use hdfs_native::WriteOptions;
use hdfs_native::client::FileStatus;
use hdfs_native::file::FileWriter;
use input::HdfsInput;
use output::HdfsOutput;
use std::ffi::CStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Of new files and directories: Hadoop's own client makes them so with its usual mask, which is its own and not the cluster's.
const FILE_PERMISSIONS: u32 = 0o644;
const DIRECTORY_PERMISSIONS: u32 = 0o755;

/// As many characters as name nodes allow.
const LONGEST_PATH: usize = 8000;

/// So long after a file was closed all of its replicas are known.
const SETTLES_WITHIN: Duration = Duration::from_secs(2);
/// A file that looks so old was not closed a moment ago, whatever the clocks of this machine and of the name node are apart.
const SETTLED: Duration = Duration::from_secs(10);

pub(super) struct HdfsFileSystem {
    connection: Shared<Connection>,
    /// Parts of it are on other file systems.
    has_mounts: bool,
}

impl HdfsFileSystem {
    /// Of the name that it has in the configuration.
    pub(super) fn new(uri: Uri, options: FileSystemOptions) -> Result<(Uri, Self)> {
        input::check_no_parent_reads()?;
        tokens::check(&options)?;
        let configuration = Configuration::read(&options)?;
        let uri = configuration.resolved(uri)?;
        let has_mounts = uri.scheme == Scheme::ViewFs;
        let connection = Connection::open(&uri, configuration, options)?;
        Ok((uri, Self { connection, has_mounts }))
    }

    /// EISDIR in place of the errno that the name node gives where a directory is in the way.
    fn for_directory(&self, path: &CStr, error: Error, given: i32) -> Error {
        if error.os_error() != given {
            return error;
        }
        if self.is_directory(path) == Some(true) { Error::from_os(libc::EISDIR) } else { error }
    }

    /// As far as the name node says so at once.
    fn is_directory(&self, path: &CStr) -> Option<bool> {
        let path = text(path).ok()?.to_owned();
        self.connection.ask_briefly(move |client| async move { Ok(client.get_file_info(&path).await?.isdir) })
    }

    /// The errno of a rename, for which the name node has a message only.
    fn of_rename(&self, from: &CStr, to: &CStr, replace: bool, error: Error) -> Error {
        let behind = to.to_bytes().strip_prefix(from.to_bytes());
        if is_of_another_mount(&error) {
            return Error::from_os(libc::EXDEV);
        }
        if error.os_error() != libc::EIO {
            return error;
        }
        if behind.is_some_and(|rest| rest.starts_with(b"/")) {
            return Error::from_os(libc::EINVAL);
        }
        match self.are_directories(from, to) {
            (Some(_), Some(_)) if !replace => Error::from_os(libc::EEXIST),
            (Some(false), Some(true)) => Error::from_os(libc::EISDIR),
            (Some(true), Some(false)) => Error::from_os(libc::ENOTDIR),
            (Some(true), Some(true)) => Error::from_os(libc::ENOTEMPTY),
            _ => error,
        }
    }

    fn are_directories(&self, one: &CStr, other: &CStr) -> (Option<bool>, Option<bool>) {
        let (Ok(one), Ok(other)) = (text(one).map(str::to_owned), text(other).map(str::to_owned)) else {
            return (None, None);
        };
        let kinds = self.connection.ask_briefly(move |client| async move {
            let one = client.get_file_info(&one).await.ok();
            let other = client.get_file_info(&other).await.ok();
            Ok((one.map(|found| found.isdir), other.map(|found| found.isdir)))
        });
        kinds.unwrap_or_default()
    }

    /// Whether another file system begins at the path. The client tells only by refusing, before it asks a name node, to rename
    /// what is beside it to what is in it. There is nothing by that name that could be renamed.
    fn is_mount(&self, path: &str) -> Result<bool> {
        if !self.has_mounts {
            return Ok(false);
        }
        let beside = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let nothing = random_name().map_err(Error::from_os)?;
        let nothing = String::from_utf8_lossy(&nothing);
        let (from, to) = (format!("{beside}/{nothing}"), format!("{path}/{nothing}"));
        match self.connection.command(move |client| async move { client.rename(&from, &to, false).await }) {
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Cancelled) => Err(error),
            Err(error) => Ok(is_of_another_mount(&error)),
            Ok(()) => Ok(false),
        }
    }

    fn append(&self, path: &CStr) -> Result<FileWriter> {
        let found = self.info(path)?;
        if found.kind() == FileKind::Directory {
            return Err(Error::from_os(libc::EISDIR));
        }
        wait_until_settled(&found)?;
        let path = text(path)?.to_owned();
        self.connection.command(move |client| async move { client.append(&path).await }).map_err(while_written)
    }

    fn create(&self, path: &CStr, options: &OutputOptions) -> Result<FileWriter> {
        let usual = self.connection.options();
        let how = WriteOptions {
            block_size: options.block_size.or(usual.block_size),
            replication: options.replication.or(usual.replication),
            permission: options.permissions.unwrap_or(FILE_PERMISSIONS),
            overwrite: !options.exclusive,
            create_parent: options.parents,
        };
        let target = text(path)?.to_owned();
        let created = self.connection.command(move |client| async move { client.create(&target, how).await });
        created.map_err(|error| match options.exclusive {
            true => error,
            false => self.for_directory(path, error, libc::EEXIST),
        })
    }
}

/// The name node comes to know of a replica a moment after the file is closed. The client appends to those that are known and
/// leaves the others as good as they were, so that what is appended could be lost with the former.
fn wait_until_settled(found: &FileInfo) -> Result<()> {
    let modified = UNIX_EPOCH + Duration::from_nanos(found.0.modified.max(0) as u64);
    let age = SystemTime::now().duration_since(modified).unwrap_or_default();
    match age < SETTLED && found.size() > 0 {
        true => sleep(SETTLES_WITHIN.as_nanos() as i64).map_err(Error::from_os),
        false => Ok(()),
    }
}

/// The client has one error for a file that is there and for one that another one writes.
fn while_written(error: Error) -> Error {
    if error.os_error() != libc::EEXIST {
        return error;
    }
    let text = error.to_string();
    let text = text.strip_prefix("file already exists: ").unwrap_or(&text);
    Error::with_os_error(ErrorKind::IoError, libc::EBUSY, format_args!("another one writes it: {text}"))
}

/// Whether a rename failed for the paths are on different mounts: nothing else is refused by the client itself.
fn is_of_another_mount(error: &Error) -> bool {
    error.kind() == ErrorKind::Invalid && error.os_error() == libc::EINVAL
}

/// The home directory as it is named here; to the client it is nothing.
const HOME: &CStr = c".";

/// A path, which on a cluster is text.
fn text(path: &CStr) -> Result<&str> {
    let path = if path == HOME { c"" } else { path };
    let path = path.to_str().map_err(|_| error!(Invalid, "the path is not UTF-8"))?;
    if path.chars().take(LONGEST_PATH + 1).count() > LONGEST_PATH {
        Err(Error::from_os(libc::ENAMETOOLONG))
    } else {
        Ok(path)
    }
}

fn path_text(text: &str) -> Result<PathText> {
    if text.contains('\0') {
        return Err(error!(IoError, "the cluster gave a name with a NUL in it"));
    }
    PathText::join(&[text.as_bytes()]).map_err(Error::from_os)
}

impl Backend for HdfsFileSystem {
    fn open_input(&self, path: &CStr, name: &[u8]) -> Result<File> {
        HdfsInput::open(&self.connection, text(path)?, name)
            .map_err(|error| self.for_directory(path, error, libc::ENOENT))
    }

    fn open_output(&self, path: &CStr, name: &[u8], options: &OutputOptions) -> Result<File> {
        let writer = if options.append { self.append(path)? } else { self.create(path, options)? };
        HdfsOutput::file(&self.connection, writer, text(path)?, name)
    }

    fn info(&self, path: &CStr) -> Result<FileInfo> {
        let status =
            self.connection.ask(text(path)?, |client, path| async move { client.get_file_info(&path).await })?;
        info(if path == HOME { FileStatus { path: ".".to_owned(), ..status } } else { status })
    }

    fn list(&self, path: &CStr, recursive: bool) -> Result<Box<dyn Entries>> {
        if path == HOME {
            // The client would say of what is in it that it is in the root.
            return Err(error!(Invalid, "the home directory is listed by its whole path only"));
        }
        Ok(try_box(HdfsEntries::open(&self.connection, text(path)?, recursive)?)?)
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
        let path = text(path)?.to_owned();
        self.connection.command(move |client| async move { client.mkdirs(&path, DIRECTORY_PERMISSIONS, parents).await })
    }

    fn remove(&self, path: &CStr, recursive: bool) -> Result<()> {
        let path = text(path)?;
        if self.is_mount(path)? {
            return Err(Error::from_os(libc::EBUSY));
        }
        let path = path.to_owned();
        let removed = self.connection.command(move |client| async move { client.delete(&path, recursive).await })?;
        if removed { Ok(()) } else { Err(Error::from_os(libc::ENOENT)) }
    }

    fn rename(&self, from: &CStr, to: &CStr, replace: bool) -> Result<()> {
        if replace && from == to {
            // Nothing is to be done, which the name node does not see.
            return self.info(from).map(drop);
        }
        let (source, target) = (text(from)?.to_owned(), text(to)?.to_owned());
        let renamed =
            self.connection.command(move |client| async move { client.rename(&source, &target, replace).await });
        renamed.map_err(|error| self.of_rename(from, to, replace, error))
    }

    fn set_permissions(&self, path: &CStr, bits: u32) -> Result<()> {
        let path = text(path)?.to_owned();
        self.connection.command(move |client| async move { client.set_permission(&path, bits).await })
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
