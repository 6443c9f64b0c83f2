//! HDFS, by the client hdfs-native, in which there is no Java.

mod ahead;
mod errors;
mod input;
mod output;
#[allow(unsafe_code, reason = "threads are ended")]
mod session;

use super::info::{Details, Entries};
use super::{Backend, FileInfo, FileSystemOptions, OutputOptions, Uri};
use crate::error::{Error, ErrorKind, Result, error};
use crate::io::{File, FileKind};
use crate::memory::Pool;
use crate::shared::{Shared, try_box};
use crate::sys::PathText;
use hdfs_native::client::{FileStatus, ListStatusIterator};
use hdfs_native::{Client, ClientBuilder, WriteOptions};
use input::HdfsInput;
use output::HdfsOutput;
use session::{Own, Session};
use std::ffi::CStr;

/// Of new files and directories, before the cluster's own mask.
const FILE_PERMISSIONS: u32 = 0o644;
const DIRECTORY_PERMISSIONS: u32 = 0o755;

pub(super) struct HdfsFileSystem {
    connection: Shared<Connection>,
    buffer_size: usize,
    block_size: Option<u64>,
    replication: Option<u32>,
}

/// What files keep of their file system. The client goes before its threads do.
struct Connection {
    client: Own<Client>,
    session: Session,
    pool: Pool,
}

impl HdfsFileSystem {
    pub(super) fn new(uri: &Uri, options: FileSystemOptions) -> Result<Self> {
        input::check_process()?;
        let session = Session::new(options.threads, options.timeout)?;
        let client = Own::new(client(uri, &options, &session)?);
        let connection = Shared::try_new(Connection { client, session, pool: options.pool })?;
        let FileSystemOptions { buffer_size, block_size, replication, .. } = options;
        Ok(Self { connection, buffer_size, block_size, replication })
    }

    /// One question to the name node.
    fn ask<'a, T, F>(&'a self, path: &'a CStr, question: impl FnOnce(&'a Client, &'a str) -> F) -> Result<T>
    where
        F: Future<Output = hdfs_native::Result<T>>,
    {
        let path = text(path)?;
        let Connection { client, session, .. } = &*self.connection;
        session.run(session.answer(question(client, path)))
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

/// The client has one error for a file that is there and for one that another one writes.
fn while_written(error: Error) -> Error {
    if error.os_error() != libc::EEXIST {
        return error;
    }
    Error::with_os_error(ErrorKind::IoError, libc::EBUSY, format_args!("another one writes it: {error}"))
}

fn client(uri: &Uri, options: &FileSystemOptions, session: &Session) -> Result<Client> {
    let mut configuration = options.configuration.clone();
    // A data node that does not answer is to be given up while there is time to ask another one.
    const SILENCE: &str = "dfs.client.socket-timeout";
    if let Some(timeout) = session.timeout()
        && configuration.iter().all(|(key, _)| key != SILENCE)
    {
        configuration.push((SILENCE.to_owned(), (timeout.as_millis() / 4).max(1).to_string()));
    }
    let mut builder =
        ClientBuilder::new().with_url(uri.text()).with_config(configuration).with_io_runtime(session.handle());
    if let Some(directory) = &options.configuration_directory {
        builder = builder.with_config_dir(directory);
    }
    if let Some(user) = &options.user {
        builder = builder.with_user(user);
    }
    if let Some(principal) = &options.kerberos_principal {
        builder = builder.with_kerberos_principal(principal);
    }
    if let Some(keytab) = &options.keytab {
        builder = builder.with_kerberos_keytab(keytab);
    }
    if let Some(cache) = &options.ticket_cache {
        builder = builder.with_kerberos_cache(cache);
    }
    session.run(async { builder.build().map_err(errors::convert) })
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
        HdfsInput::open(&self.connection, text(path)?, name, self.buffer_size)
            .map_err(|error| self.for_directory(path, error, libc::ENOENT))
    }

    fn open_output(&self, path: &CStr, name: &[u8], options: &OutputOptions) -> Result<File> {
        if options.append {
            let found = self.info(path)?;
            if found.kind() == FileKind::Directory {
                return Err(Error::from_os(libc::EISDIR));
            }
            let writer = self.ask(path, |client, path| client.append(path)).map_err(while_written)?;
            return HdfsOutput::file(&self.connection, writer, text(path)?, name, found.size());
        }
        let how = WriteOptions {
            block_size: options.block_size.or(self.block_size),
            replication: options.replication.or(self.replication),
            permission: options.permissions.unwrap_or(FILE_PERMISSIONS),
            overwrite: !options.exclusive,
            create_parent: options.parents,
        };
        let writer = self.ask(path, |client, path| client.create(path, how));
        let writer = match writer {
            Err(error) if !options.exclusive => return Err(self.for_directory(path, error, libc::EEXIST)),
            writer => writer?,
        };
        HdfsOutput::file(&self.connection, writer, text(path)?, name, 0)
    }

    fn info(&self, path: &CStr) -> Result<FileInfo> {
        let status = self.ask(path, Client::get_file_info)?;
        info(if path == HOME { FileStatus { path: ".".to_owned(), ..status } } else { status })
    }

    fn list(&self, path: &CStr, recursive: bool) -> Result<Box<dyn Entries>> {
        self.connection.session.check_process()?;
        if path == HOME {
            // The client would say of what is in it that it is in the root.
            return Err(error!(Invalid, "the home directory is listed by its whole path only"));
        }
        let iterator = Own::new(self.connection.client.list_status_iter(text(path)?, recursive));
        let asked = path_text(text(path)?)?;
        Ok(try_box(HdfsEntries { connection: self.connection.clone(), iterator, asked: Some(asked) })?)
    }

    fn make_directory(&self, path: &CStr, parents: bool) -> Result<()> {
        // The name node takes a directory that is there for one that it made.
        if !parents && self.info(path).is_ok() {
            return Err(Error::from_os(libc::EEXIST));
        }
        self.ask(path, |client, path| client.mkdirs(path, DIRECTORY_PERMISSIONS, parents))
    }

    fn remove(&self, path: &CStr, recursive: bool) -> Result<()> {
        let removed = self.ask(path, |client, path| client.delete(path, recursive))?;
        if removed { Ok(()) } else { Err(Error::from_os(libc::ENOENT)) }
    }

    fn rename(&self, from: &CStr, to: &CStr, replace: bool) -> Result<()> {
        if replace && from == to {
            // Nothing is to be done, which the name node does not see.
            return self.info(from).map(drop);
        }
        let target = text(to)?;
        let renamed = self.ask(from, |client, from| client.rename(from, target, replace));
        renamed.map_err(|error| self.of_rename(from, to, replace, error))
    }

    fn set_permissions(&self, path: &CStr, bits: u32) -> Result<()> {
        self.ask(path, |client, path| client.set_permission(path, bits))
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

impl Entries for HdfsEntries {
    fn next(&mut self) -> Result<Option<FileInfo>> {
        let session = &self.connection.session;
        let next = session.run(async { session.in_time(self.iterator.next()).await })?;
        let Some(status) = next.transpose().map_err(errors::convert)? else { return Ok(None) };
        let entry = info(status)?;
        // The name node lists a file as what is in itself.
        match self.asked.take() {
            Some(asked) if asked.as_c_str() == entry.path() => Err(Error::from_os(libc::ENOTDIR)),
            _ => Ok(Some(entry)),
        }
    }
}
