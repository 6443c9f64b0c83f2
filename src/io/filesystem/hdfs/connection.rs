//! What a file system asks the name nodes by.

use super::super::{FileSystemOptions, Uri};
use super::configuration::{self, Configuration};
use super::errors;
use super::session::{Own, Session};
use crate::error::{Error, Quoted, Result, error, try_format};
use crate::memory::Pool;
use crate::shared::Shared;
use crate::sys::{read_lock, write_lock};
use hdfs_native::{Client, ClientBuilder};
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, RwLock};
use std::time::Duration;

/// How often a question that changes nothing is asked where there is another name node to ask.
const QUESTIONS: u32 = 3;

/// How long what may take that only makes an error clearer, or the next call better.
const BRIEF: Duration = Duration::from_secs(2);

/// How long a name node has at last to say why it did not answer.
const LAST_WORD: Duration = Duration::from_millis(500);

/// How often the client asks a name node again that failed.
const MOST_ATTEMPTS: &str = "dfs.client.failover.max.attempts";
/// How long a data node may be silent, in milliseconds.
const SILENCE: &str = "dfs.client.socket-timeout";
/// Whether a block goes on with the data nodes that are left where there is no other one to take the place of one that failed.
/// The client asks for another one for every block, Hadoop's only where most have failed.
const BEST_EFFORT: &str = "dfs.client.block.write.replace-datanode-on-failure.best-effort";

/// The client and its threads, which files keep. The client goes before its threads do.
pub(super) struct Connection {
    client: RwLock<Arc<Own<Client>>>,
    pub(super) session: Session,
    uri: String,
    configuration: Configuration,
    options: FileSystemOptions,
    /// How often a question is asked within the deadline.
    questions: u32,
    /// How often it went on to the next name node.
    turns: AtomicUsize,
    /// How often there was no answer since the last one.
    silences: AtomicUsize,
    /// One that was asked for its last word did not answer either, since the last answer.
    is_mute: AtomicBool,
}

impl Connection {
    pub(super) fn open(
        uri: &Uri,
        configuration: Configuration,
        mut options: FileSystemOptions,
    ) -> Result<Shared<Self>> {
        let text = try_format(format_args!("{}", uri.text())).ok_or_else(|| Error::out_of_memory(uri.text().len()))?;
        // Whatever becomes of the environment.
        options.user = options.user.or_else(|| configuration.user());
        let threads = options.threads.map_or_else(FileSystemOptions::default_threads, NonZero::get);
        let session = Session::new(threads, options.timeout)?;
        let client = build(&text, &options, &session, options.timeout, configuration.name_nodes(0))?;
        let client = RwLock::new(Arc::new(client));
        let questions = if configuration.has_other_name_nodes(uri) { QUESTIONS } else { 1 };
        Shared::try_new(Self {
            client,
            session,
            uri: text,
            configuration,
            options,
            questions,
            turns: AtomicUsize::new(0),
            silences: AtomicUsize::new(0),
            is_mute: AtomicBool::new(false),
        })
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

    pub(super) fn has_other_name_nodes(&self) -> bool {
        self.questions > 1
    }

    /// How long an answer to a question may take before it is asked again.
    pub(super) fn question_limit(&self) -> Option<Duration> {
        self.session.timeout().map(|whole| whole / self.questions)
    }

    /// Asks what changes nothing, and again where no answer comes.
    pub(super) fn ask<T, F>(
        &self,
        path: &str,
        question: impl FnOnce(Arc<Own<Client>>, String) -> F + Copy + Send + 'static,
    ) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = hdfs_native::Result<T>>,
    {
        for _ in 0..self.questions {
            let (client, path) = (self.client()?, path.to_owned());
            let asked = client.clone();
            match self.session.run(self.question_limit(), move || question(asked, path))? {
                Some(answer) => return self.heard(answer),
                None => self.leave(&client),
            }
        }
        Err(self.late())
    }

    /// Has something changed, once: where no answer comes nobody can tell whether it was done.
    pub(super) fn command<T, F>(&self, command: impl FnOnce(Arc<Own<Client>>) -> F + Send + 'static) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = hdfs_native::Result<T>>,
    {
        let client = self.client()?;
        let asked = client.clone();
        match self.session.run(self.session.timeout(), move || command(asked))? {
            Some(answer) => self.heard(answer),
            None => {
                self.leave(&client);
                Err(self.late())
            }
        }
    }

    /// Asks what only makes an error clearer: once, and not for long.
    #[cold]
    pub(super) fn ask_briefly<T, F>(&self, question: impl FnOnce(Arc<Own<Client>>) -> F + Send + 'static) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = hdfs_native::Result<T>>,
    {
        let client = self.client().ok()?;
        self.session.run(Some(self.brief(BRIEF)), move || question(client)).ok()??.ok()
    }

    /// What is not worth more than `limit`, nor more than an answer.
    pub(super) fn brief(&self, limit: Duration) -> Duration {
        self.session.timeout().map_or(limit, |whole| whole.min(limit))
    }

    fn heard<T>(&self, answer: hdfs_native::Result<T>) -> Result<T> {
        self.silences.store(0, Relaxed);
        self.is_mute.store(false, Relaxed);
        answer.map_err(errors::convert)
    }

    /// Says also why, where a name node that is asked once more says so at once: the client asks again until the deadline
    /// whatever the reason, be it a wrong port.
    #[cold]
    pub(super) fn late(&self) -> Error {
        let late = self.session.late();
        if self.is_mute.swap(true, Relaxed) {
            return late;
        }
        let limit = Some(self.brief(LAST_WORD));
        let last = || {
            let once = [(MOST_ATTEMPTS.to_owned(), "0".to_owned())];
            let given = self.configuration.name_nodes(self.turns.load(Relaxed)).chain(once);
            let client = build(&self.uri, &self.options, &self.session, limit, given)?;
            self.session.run(limit, move || async move { client.get_file_info("/").await })
        };
        let last = last();
        self.is_mute.store(matches!(last, Ok(None)), Relaxed);
        match last {
            Ok(Some(Err(reason))) => {
                let reason = errors::convert(reason);
                Error::with_os_error(
                    late.kind(),
                    late.os_error(),
                    format_args!("{late}; the last attempt failed: {reason}"),
                )
            }
            _ => late,
        }
    }

    /// Goes on with another name node than the one that a client is silent for: it stays with that one, though another one may
    /// have taken over. A new client begins with the next. Where there cannot be one, the silent one is kept.
    #[cold]
    pub(super) fn leave(&self, silent: &Arc<Own<Client>>) {
        let is_current = |client: &Arc<Own<Client>>| Arc::ptr_eq(client, silent);
        if !self.client().is_ok_and(|client| is_current(&client)) {
            return;
        }
        // What the client has connected to a name node that is silent stays open until the file system ends. Where there is no
        // other one, another connection is worth that ever more seldom.
        let silences = self.silences.fetch_add(1, Relaxed) + 1;
        if !self.has_other_name_nodes() && !silences.is_power_of_two() {
            return;
        }
        let turns = self.turns.load(Relaxed) + 1;
        let next = self.configuration.name_nodes(turns);
        let limit = Some(self.brief(BRIEF));
        let Ok(client) = build(&self.uri, &self.options, &self.session, limit, next) else { return };
        let mut current = write_lock(&self.client);
        if is_current(&current) {
            *current = Arc::new(client);
            self.turns.store(turns, Relaxed);
        }
    }
}

/// A client with the options' configuration, but for what is `given`.
fn build(
    uri: &str,
    options: &FileSystemOptions,
    session: &Session,
    limit: Option<Duration>,
    given: impl IntoIterator<Item = (String, String)>,
) -> Result<Own<Client>> {
    let mut usual = vec![(BEST_EFFORT.to_owned(), "true".to_owned())];
    if let Some(timeout) = session.timeout() {
        // A data node that does not answer is to be given up while there is time to ask another one.
        usual.push((SILENCE.to_owned(), (timeout.as_millis() / 4).max(1).to_string()));
    }
    configuration::check_directory(options)?;
    let configuration = usual.into_iter().chain(options.configuration.iter().cloned()).chain(given);
    let mut builder = ClientBuilder::new().with_url(uri).with_config(configuration).with_io_runtime(session.handle());
    if let Some(directory) = &options.configuration_directory {
        builder = builder.with_config_dir(directory);
    }
    if let Some(user) = &options.user {
        if user.is_empty() {
            return Err(error!(Invalid, "the user's name is empty"));
        }
        builder = builder.with_user(user);
    }
    if options.kerberos_principal.is_none() && (options.keytab.is_some() || options.ticket_cache.is_some()) {
        return Err(error!(Invalid, "keytab and ticket_cache are of no use without kerberos_principal"));
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
    // It looks names up.
    let built = session.run(limit, || async { builder.build().map(Own::new) })?.ok_or_else(|| session.late())?;
    built.map_err(errors::convert).map_err(|error| match &options.configuration_directory {
        Some(directory) => error.context(format_args!("configuration in {}", Quoted(directory.as_bytes()))),
        None => error.context(format_args!("configuration in HADOOP_CONF_DIR, HADOOP_HOME or the options")),
    })
}
