//! What a file system asks the name nodes by.

use super::super::{FileSystemOptions, Uri};
use super::errors;
use super::session::{Own, Session};
use crate::error::{Error, ErrorKind, Quoted, Result, try_format};
use crate::memory::Pool;
use crate::shared::Shared;
use crate::sys::{ErrnoText, FileKind, PathText, read_lock, tree, write_lock};
use hdfs_native::{Client, ClientBuilder};
use std::sync::{Arc, RwLock};

/// So many times within the deadline a question is asked that changes nothing.
const ATTEMPTS: u32 = 3;

/// How long a data node may be silent, in milliseconds.
const SILENCE: &str = "dfs.client.socket-timeout";
/// Whether any of the name nodes of a name service, whose name follows, is asked first.
const ANY_FIRST: &str = "dfs.client.failover.random.order.";
/// Whether a block goes on with the data nodes that are left where there is no other one to take the place of one that failed.
/// The client asks for another one for every block, Hadoop's only where most have failed.
const BEST_EFFORT: &str = "dfs.client.block.write.replace-datanode-on-failure.best-effort";

/// The client and its threads, which files keep. The client goes before its threads do.
pub(super) struct Connection {
    client: RwLock<Arc<Own<Client>>>,
    pub(super) session: Session,
    uri: String,
    any_first: String,
    options: FileSystemOptions,
}

impl Connection {
    pub(super) fn open(uri: &Uri, options: FileSystemOptions) -> Result<Shared<Self>> {
        let owned = |text: &str, more: &str| {
            try_format(format_args!("{text}{more}")).ok_or_else(|| Error::out_of_memory(text.len() + more.len()))
        };
        let (any_first, uri) = (owned(ANY_FIRST, &uri.authority)?, owned(uri.text(), "")?);
        let threads = options.threads.unwrap_or_else(FileSystemOptions::default_threads);
        let session = Session::new(threads, options.timeout)?;
        let client = RwLock::new(Arc::new(Own::new(build(&uri, &options, &session, None)?)));
        Shared::try_new(Self { client, session, uri, any_first, options })
    }

    pub(super) fn options(&self) -> &FileSystemOptions {
        &self.options
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.options.pool
    }

    /// In a child of a fork there is none, and the lock may be held by a thread that is not there.
    pub(super) fn client(&self) -> Result<Arc<Own<Client>>> {
        self.session.check_process()?;
        Ok(read_lock(&self.client).clone())
    }

    /// Asks what changes nothing, and again where no answer comes.
    pub(super) fn ask<T>(&self, question: impl AsyncFn(&Client) -> hdfs_native::Result<T>) -> Result<T> {
        let limit = self.session.timeout().map(|whole| whole / ATTEMPTS);
        for _ in 0..ATTEMPTS {
            let client = self.client()?;
            let answer = self.session.run(async { Ok(self.session.within(limit, question(&client)).await) })?;
            match answer {
                Some(answer) => return answer.map_err(errors::convert),
                None => self.renew(&client)?,
            }
        }
        Err(self.session.late())
    }

    /// When what is at a path was changed last, in milliseconds since 1970: the most that the client tells of which file it is.
    pub(super) fn modified(&self, path: &str) -> Result<u64> {
        self.ask(async |client| client.get_file_info(path).await).map(|found| found.modification_time)
    }

    /// Has something changed, once: whether that is done of which no answer comes nobody can tell.
    pub(super) fn command<T>(&self, command: impl AsyncFnOnce(&Client) -> hdfs_native::Result<T>) -> Result<T> {
        let (client, limit) = (self.client()?, self.session.timeout());
        let answer = self.session.run(async { Ok(self.session.within(limit, command(&client)).await) })?;
        match answer {
            Some(answer) => answer.map_err(errors::convert),
            None => self.renew(&client).and_then(|()| Err(self.session.late())),
        }
    }

    /// The client stays with a name node that says nothing, though another one has taken over. A new one comes to another.
    #[cold]
    fn renew(&self, silent: &Arc<Own<Client>>) -> Result<()> {
        let client = build(&self.uri, &self.options, &self.session, Some((&self.any_first, "true")))?;
        let mut current = write_lock(&self.client);
        if Arc::ptr_eq(&current, silent) {
            *current = Arc::new(Own::new(client));
        }
        Ok(())
    }
}

fn build(uri: &str, options: &FileSystemOptions, session: &Session, more: Option<(&str, &str)>) -> Result<Client> {
    let mut configuration = options.configuration.clone();
    // A data node that does not answer is to be given up while there is time to ask another one.
    let silence = session.timeout().map(|timeout| (timeout.as_millis() / 4).max(1).to_string());
    let silence = silence.as_deref().map(|silence| (SILENCE, silence));
    for (key, value) in [Some((BEST_EFFORT, "true")), silence, more].into_iter().flatten() {
        if configuration.iter().all(|(known, _)| known != key) {
            configuration.push((key.to_owned(), value.to_owned()));
        }
    }
    let mut builder = ClientBuilder::new().with_url(uri).with_config(configuration).with_io_runtime(session.handle());
    if let Some(directory) = &options.configuration_directory {
        check_directory(directory)?;
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

/// The client takes one that is not there for one with nothing in it.
fn check_directory(path: &str) -> Result<()> {
    let text = PathText::join(&[path.as_bytes()]).map_err(Error::from_os)?;
    let found = tree::metadata(text.as_c_str()).map(|found| found.kind == FileKind::Directory);
    let reason = match found {
        Ok(true) => return Ok(()),
        Ok(false) => libc::ENOTDIR,
        Err(reason) => reason,
    };
    let path = Quoted(path.as_bytes());
    let message = format_args!("configuration_directory {path}: {}", ErrnoText(reason));
    Err(Error::with_os_error(ErrorKind::Invalid, reason, message))
}
