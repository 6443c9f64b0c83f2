//! What is in a directory of a cluster.

use super::connection::Connection;
use super::pump::{Next, Pump};
use super::session::{Own, Session};
use super::{errors, info};
use crate::error::{Error, ErrorKind, Result};
use crate::io::filesystem::FileInfo;
use crate::io::filesystem::info::Entries;
use crate::shared::Shared;
use futures::StreamExt;
use hdfs_native::Client;
use hdfs_native::client::FileStatus;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct HdfsEntries {
    pass: Pass,
    connection: Shared<Connection>,
    path: String,
    recursive: bool,
    /// The path of the last entry that was given.
    last: String,
}

impl HdfsEntries {
    pub(super) fn open(connection: &Shared<Connection>, path: &str, recursive: bool) -> Result<Self> {
        let pass = Pass::open(connection, path, recursive)?;
        // The name node lists a file as what is in itself.
        if pass.first.as_ref().is_some_and(|first| first.path == path) {
            return Err(Error::from_os(libc::ENOTDIR));
        }
        Ok(Self { pass, connection: connection.clone(), path: path.to_owned(), recursive, last: String::new() })
    }

    fn next_status(&mut self) -> Result<Option<FileStatus>> {
        let limit = self.connection.question_limit();
        let mut next = self.pass.next(&self.connection.session, limit)?;
        if matches!(next, Next::Late) && self.connection.has_other_name_nodes() {
            self.begin_again()?;
            next = self.pass.next(&self.connection.session, limit)?;
        }
        match next {
            Next::Item(found) => Ok(Some(found)),
            Next::End => Ok(None),
            Next::Late => Err(self.connection.late()),
        }
    }

    /// Goes on behind the last entry, by another name node than the one that says nothing.
    #[cold]
    fn begin_again(&mut self) -> Result<()> {
        self.connection.leave(&self.pass.client);
        let Connection { session, .. } = &*self.connection;
        // Passed over, as that of a directory in it is, it would lead back to the one that says nothing.
        let opened = Pass::open(&self.connection, &self.path, self.recursive);
        let mut again = opened.map_err(|error| match is_of_what_was_removed(&error) {
            true => Error::from_os(libc::ESTALE),
            false => error,
        })?;
        loop {
            match again.next(session, session.timeout()) {
                Ok(Next::Item(found)) if found.path == self.last => break,
                Ok(Next::Item(_)) => {}
                Ok(Next::End) => return Err(self.lost()),
                Ok(Next::Late) => return Err(session.late()),
                Err(error) if is_of_what_was_removed(&error) => {}
                Err(error) => return Err(error),
            }
        }
        self.pass = again;
        Ok(())
    }

    #[cold]
    fn lost(&self) -> Error {
        let message = format_args!("{}, behind which the listing was to go on, is gone", self.last);
        Error::with_os_error(ErrorKind::IoError, libc::ESTALE, message)
    }
}

/// Whether a directory could not be listed for somebody has removed it meanwhile; the client goes on behind it.
fn is_of_what_was_removed(error: &Error) -> bool {
    error.kind() == ErrorKind::IoError && error.os_error() == libc::ENOENT
}

impl Entries for HdfsEntries {
    fn next(&mut self) -> Result<Option<FileInfo>> {
        loop {
            match self.next_status() {
                Err(error) if is_of_what_was_removed(&error) => {}
                Ok(Some(found)) => {
                    self.last.clone_from(&found.path);
                    return info(found).map(Some);
                }
                other => return other.map(|_| None),
            }
        }
    }
}

/// One listing by one name node, which sends it bit by bit.
struct Pass {
    /// The first entry, until it is given.
    first: Option<FileStatus>,
    client: Arc<Own<Client>>,
    rest: Own<Pump<hdfs_native::Result<FileStatus>>>,
}

impl Pass {
    fn open(connection: &Connection, path: &str, recursive: bool) -> Result<Self> {
        let (first, rest) = connection.ask(path, move |client, path| async move {
            let mut entries = client.list_status_iter(&path, recursive).into_stream().fuse();
            let first = entries.next().await.transpose()?;
            Ok((first, entries))
        })?;
        Ok(Self { first, client: connection.client()?, rest: Pump::start(&connection.session, rest) })
    }

    fn next(&mut self, session: &Session, limit: Option<Duration>) -> Result<Next<FileStatus>> {
        if let Some(first) = self.first.take() {
            return Ok(Next::Item(first));
        }
        match self.rest.next(session, limit)? {
            Next::Item(found) => found.map(Next::Item).map_err(errors::convert),
            Next::End => Ok(Next::End),
            Next::Late => Ok(Next::Late),
        }
    }
}
