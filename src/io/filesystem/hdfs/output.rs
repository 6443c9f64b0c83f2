//! Files of a cluster for writing.

use super::{Connection, path_text};
use crate::error::{Error, Quoted, Result};
use crate::io::stream::Stream;
use crate::io::system_file::SystemFile;
use crate::io::transfer::{Stopped, Transfer};
use crate::io::{Capabilities, File};
use crate::shared::{Shared, try_vec};
use crate::sys::{Descriptor, PathText, uninterrupted};
use crate::task::{UntilClosed, check};
use bytes::Bytes;
use hdfs_native::file::FileWriter;
use std::ffi::CStr;

/// So many bytes go to the client at once.
const PIECE: usize = 1 << 20;

pub(super) struct HdfsOutput {
    target: Shared<Target>,
    /// `None`: it is closed, or failed.
    writer: Option<FileWriter>,
    position: i64,
    /// Why nothing more can be written: what the client did with the rest nobody knows.
    failure: Option<Error>,
}

struct Target {
    connection: Shared<Connection>,
    path: PathText,
}

impl HdfsOutput {
    pub(super) fn file(
        connection: &Shared<Connection>,
        writer: FileWriter,
        path: &str,
        name: &[u8],
        position: i64,
    ) -> Result<File> {
        let target = Shared::try_new(Target { connection: connection.clone(), path: path_text(path)? })?;
        let output = Self { target, writer: Some(writer), position, failure: None };
        File::new(output, format_args!("{}", Quoted(name)), &connection.pool, 0)
    }

    fn check(&self) -> Result<()> {
        match &self.failure {
            Some(failure) => Err(failure.clone().context(format_args!("an earlier failure"))),
            None => check(),
        }
    }

    /// Has the client do something; after a failure it is not asked again.
    fn with_writer<T>(&mut self, call: impl AsyncFnOnce(&mut FileWriter) -> hdfs_native::Result<T>) -> Result<T> {
        self.check()?;
        let session = &self.target.connection.session;
        session.check_process()?;
        let Some(writer) = &mut self.writer else { return Err(crate::task::closed()) };
        let result = session.run(session.answer(call(writer)));
        result.inspect_err(|error| self.fail(error))
    }

    #[cold]
    fn fail(&mut self, error: &Error) {
        self.failure = Some(error.clone());
        self.let_go();
    }

    /// Has the name node end the file with what arrived, so that nobody waits for a writer that is gone.
    fn let_go(&mut self) {
        if self.writer.take().is_none() {
            return;
        }
        let Connection { client, session, .. } = &*self.target.connection;
        let path = self.target.path.as_c_str().to_str().unwrap_or_default();
        // Where that fails as well it does so by itself, an hour later.
        let _ = uninterrupted(|| session.run(session.answer(client.recover_lease(path))));
    }
}

impl Stream for HdfsOutput {
    fn capabilities(&self) -> Capabilities {
        Capabilities::WRITE
    }

    fn system_file(&self) -> Option<Shared<dyn SystemFile>> {
        Some(self.target.clone().unsize(|p| p as *mut _))
    }

    fn write(&mut self, data: &[u8]) -> Transfer {
        let mut done = 0;
        for piece in data.chunks(PIECE) {
            let mut write = || {
                let mut bytes = try_vec(piece.len())?;
                bytes.extend_from_slice(piece);
                self.with_writer(async |writer| writer.write_bytes(Bytes::from(bytes)).await)
            };
            write().map_err(|error| Stopped { error, after: done })?;
            done += piece.len();
            self.position += piece.len() as i64;
        }
        Ok(())
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.position)
    }

    fn flush(&mut self) -> Result<()> {
        self.with_writer(async |writer| writer.hsync().await)
    }

    fn close(&mut self) -> Result<()> {
        if let Some(failure) = self.failure.take() {
            return Err(failure.context(format_args!("what was written is not all there")));
        }
        self.with_writer(async |writer| writer.close().await)?;
        self.writer = None;
        Ok(())
    }

    fn abort(&mut self) -> Result<()> {
        self.target.connection.session.check_process()?;
        self.let_go();
        Ok(())
    }
}

impl Drop for HdfsOutput {
    fn drop(&mut self) {
        if self.target.connection.session.check_process().is_err() {
            // The parent has it, with the connections that it is written by.
            std::mem::forget(self.writer.take());
        }
    }
}

impl SystemFile for Target {
    fn path(&self) -> Option<&CStr> {
        Some(self.path.as_c_str())
    }

    fn open_descriptor(&self) -> Option<&UntilClosed<Descriptor>> {
        None
    }
}
