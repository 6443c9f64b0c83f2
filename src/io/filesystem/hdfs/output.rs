//! Files of a cluster for writing.

use super::connection::Connection;
use super::session::{Own, Work};
use super::{errors, path_text, text};
use crate::error::{Error, ErrorKind, Quoted, Result};
use crate::io::stream::Stream;
use crate::io::system_file::SystemFile;
use crate::io::transfer::{Stopped, Transfer};
use crate::io::{Capabilities, File};
use crate::shared::{Shared, try_vec};
use crate::sys::{Descriptor, PathText, uninterrupted};
use crate::task::{UntilClosed, check, closed};
use bytes::Bytes;
use hdfs_native::Client;
use hdfs_native::file::FileWriter;
use std::ffi::CStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How many bytes go to the client at once.
const PIECE: usize = 1 << 20;

/// How long a call that has failed, or gives a file up, waits for the name node to end the file.
const WAITS_FOR_THE_END: Duration = Duration::from_secs(1);
/// How long the name node has for that.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

pub(super) struct HdfsOutput {
    /// `None`: it is at work, closed, or failed.
    writer: Option<Own<FileWriter>>,
    /// What the client has begun. Where the host said stop meanwhile, the next call goes on with it: nobody can tell how far it
    /// is, so that it could only be given up with the whole file.
    work: Option<Own<Work<Done>>>,
    target: Shared<Target>,
    position: i64,
    /// Why nothing more can be written: what the client did with the rest nobody knows.
    failure: Option<Error>,
}

/// The writer comes back with it.
type Done = (FileWriter, hdfs_native::Result<()>);

struct Target {
    connection: Shared<Connection>,
    /// Which it was opened by.
    client: Arc<Own<Client>>,
    path: PathText,
    /// When it had been changed when it was opened, in milliseconds since 1970, which stays so until it is closed. `None`: the
    /// name node did not say.
    modified: Option<u64>,
}

impl HdfsOutput {
    /// A file that the client has just opened for writing, so that nobody else changes it now.
    pub(super) fn file(connection: &Shared<Connection>, writer: FileWriter, path: &str, name: &[u8]) -> Result<File> {
        let writer = Own::new(writer);
        let found = connection.ask(path, |client, path| async move { client.get_file_info(&path).await });
        let modified = found.as_ref().ok().map(|found| found.modification_time);
        let (connection, client, path) = (connection.clone(), connection.client()?, path_text(path)?);
        let target = Shared::try_new(Target { connection, client, path, modified })?;
        let mut output = Self { writer: Some(writer), work: None, target: target.clone(), position: 0, failure: None };
        match found {
            Ok(found) => output.position = i64::try_from(found.length).unwrap_or(i64::MAX),
            Err(error) => {
                output.let_go();
                return Err(error);
            }
        }
        File::new(output, format_args!("{}", Quoted(name)), target.connection.pool(), 0)
    }

    fn check_writable(&self) -> Result<()> {
        match &self.failure {
            Some(failure) => Err(failure.clone().context(format_args!("an earlier failure"))),
            None => check(),
        }
    }

    /// Has the client do something, once it has done what it had begun; after a failure it is not asked again.
    fn begin<F>(&mut self, work: impl FnOnce(FileWriter) -> F + Send + 'static) -> Result<()>
    where
        F: Future<Output = Done>,
    {
        self.finish()?;
        let writer = self.writer.take().ok_or_else(closed)?.into_inner();
        let begun = self.target.connection.session.begin(move || work(writer));
        // Without a thread the writer is gone: what it had not sent is lost, which later calls are to say.
        self.work = Some(Own::new(begun.inspect_err(|error| {
            self.failure = Some(error.clone());
            let _ = uninterrupted(|| self.target.give_up());
        })?));
        Ok(())
    }

    /// Waits for what the client has begun.
    fn finish(&mut self) -> Result<()> {
        self.check_writable()?;
        let session = &self.target.connection.session;
        session.check_process()?;
        let Some(work) = &mut self.work else { return Ok(()) };
        match work.wait(session, session.timeout()) {
            Ok(Some((writer, result))) => {
                self.work = None;
                self.writer = Some(Own::new(writer));
                result.map_err(errors::convert).inspect_err(|error| self.fail(error))
            }
            Ok(None) => Err(session.late()).inspect_err(|late| self.fail(late)),
            Err(error) if error.kind() == ErrorKind::Internal => Err(error).inspect_err(|error| self.fail(error)),
            // The host said stop.
            Err(error) => Err(error),
        }
    }

    #[cold]
    fn fail(&mut self, error: &Error) {
        if self.failure.is_some() {
            return;
        }
        self.failure = Some(error.clone());
        if error.kind() == ErrorKind::TimedOut {
            // Another name node may have taken over from one that is silent.
            self.target.connection.leave(&self.target.client);
        }
        self.let_go();
    }

    /// Gives the writer up, and has the name node end the file with what arrived, so that nobody waits for it.
    fn let_go(&mut self) {
        let (writer, work) = (self.writer.take(), self.work.take());
        if writer.is_none() && work.is_none() {
            return;
        }
        drop(writer);
        if let Some(work) = work {
            uninterrupted(|| work.into_inner().stop(&self.target.connection.session));
        }
        // Where that fails the name node does so by itself, twenty minutes after it has last heard of this file system's writers.
        let _ = uninterrupted(|| self.target.give_up());
    }
}

impl Target {
    fn give_up(&self) -> Result<()> {
        let path = text(self.path.as_c_str())?.to_owned();
        let Connection { session, .. } = &*self.connection;
        let (client, modified) = (self.connection.client()?, self.modified);
        let end = async move {
            // Who has taken the file's place is to keep it.
            let found = client.get_file_info(&path).await?;
            if modified.is_none_or(|modified| found.modification_time == modified) {
                client.recover_lease(&path).await?;
            }
            Ok(())
        };
        let mut work = session.begin(move || timeout(ENDS_WITHIN, end))?;
        match work.wait(session, Some(self.connection.brief(WAITS_FOR_THE_END)))? {
            Some(Ok(ended)) => ended.map_err(errors::convert),
            // Nobody waits for it any more.
            Some(Err(_)) => Ok(()),
            None => {
                work.go_on();
                Ok(())
            }
        }
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
            let begun = try_vec(piece.len()).and_then(|mut bytes| {
                bytes.extend_from_slice(piece);
                self.begin(move |writer| write(writer, Bytes::from(bytes)))
            });
            begun.map_err(|error| Stopped { error, after: done })?;
            let result = self.finish();
            // What the host stopped waiting for goes out with the next call.
            if result.is_ok() || self.work.is_some() {
                done += piece.len();
                self.position += piece.len() as i64;
            }
            result.map_err(|error| Stopped { error, after: done })?;
        }
        Ok(())
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.position)
    }

    fn flush(&mut self) -> Result<()> {
        self.begin(sync)?;
        self.finish()
    }

    fn close(&mut self) -> Result<()> {
        if let Some(failure) = self.failure.take() {
            return Err(failure.context(format_args!("what was written is not all there")));
        }
        self.begin(close).and_then(|()| self.finish()).inspect_err(|error| self.fail(error))?;
        self.writer = None;
        Ok(())
    }

    fn abort(&mut self) -> Result<()> {
        self.target.connection.session.check_process()?;
        self.let_go();
        Ok(())
    }
}

async fn write(mut writer: FileWriter, bytes: Bytes) -> Done {
    let result = writer.write_bytes(bytes).await;
    (writer, result.map(drop))
}

async fn sync(mut writer: FileWriter) -> Done {
    let result = writer.hsync().await;
    (writer, result)
}

async fn close(mut writer: FileWriter) -> Done {
    let result = writer.close().await;
    (writer, result)
}

impl SystemFile for Target {
    fn path(&self) -> Option<&CStr> {
        Some(self.path.as_c_str())
    }

    fn open_descriptor(&self) -> Option<&UntilClosed<Descriptor>> {
        None
    }
}
