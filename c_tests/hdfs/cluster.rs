//! A real Hadoop cluster for tests: the Java program in `cluster/`, built by Maven, one process for each cluster.

use crate::programs::{self, Way};
use crate::toolchain::{self, Outcome, root};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::{env, thread};

const START_LIMIT: Duration = Duration::from_secs(180);
/// The program has its own limit, of 240 seconds.
const COMMAND_LIMIT: Duration = Duration::from_secs(300);
const END_LIMIT: Duration = Duration::from_secs(10);

/// What `Setup.java` can set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One NameNode.
    Single,
    /// A pair of NameNodes, `hdfs://ha`.
    Ha,
    /// One NameNode that wants tickets and encrypts everything.
    Kerberos,
    /// As that, but it only signs.
    KerberosIntegrity,
    /// As that, but it only wants to know who one is.
    KerberosAuthentication,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Single, Self::Ha, Self::Kerberos, Self::KerberosIntegrity, Self::KerberosAuthentication];
    /// Those with Kerberos.
    pub const KERBEROS: [Self; 3] = [Self::Kerberos, Self::KerberosIntegrity, Self::KerberosAuthentication];

    /// Its name, for the program and in those of tests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Ha => "ha",
            Self::Kerberos => "kerberos",
            Self::KerberosIntegrity => "kerberos-integrity",
            Self::KerberosAuthentication => "kerberos-authentication",
        }
    }

    /// What it needs.
    pub fn tools(self) -> &'static [&'static str] {
        match self {
            Self::Single | Self::Ha => &["java", "javac", "mvn"],
            _ => &["java", "javac", "mvn", "kinit", "kvno", "libgssapi_krb5.so.2"],
        }
    }

    /// Runs a test with the cluster of this kind, in which everything runs: one for all tests, each of which is alone with it.
    pub fn with<T>(self, test: impl FnOnce(&mut Cluster) -> Result<T, String>) -> Result<T, String> {
        let mut shared = SHARED[self as usize].lock().unwrap_or_else(PoisonError::into_inner);
        let cluster = shared.get_or_insert_with(|| Cluster::start(self)).as_mut().map_err(|error| error.clone())?;
        cluster.command("restore")?;
        test(cluster)
    }
}

/// By `Kind`; what did not start once is not tried again.
static SHARED: [Mutex<Option<Result<Cluster, String>>>; 5] = [const { Mutex::new(None) }; 5];

/// Stops the clusters that tests share: nothing else would, for they are never dropped.
pub fn stop_shared() {
    for shared in &SHARED {
        *shared.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// A cluster that runs until it is dropped. It also ends with this process, however that ends.
pub struct Cluster {
    kind: Kind,
    folder: PathBuf,
    process: Child,
    /// None when it has been told to end.
    input: Option<ChildStdin>,
    answers: Receiver<String>,
    fields: HashMap<String, String>,
}

impl Cluster {
    /// Starts a cluster and waits until it is ready.
    pub fn start(kind: Kind) -> Result<Self, String> {
        Self::start_in(&toolchain::scratch("clusters")?, kind)
    }

    /// A cluster that has all its files in a folder of its own in `parent`.
    pub fn start_in(parent: &Path, kind: Kind) -> Result<Self, String> {
        let class_path = program()?;
        let folder = parent.join(format!("hdfs-{}-{}", kind.name(), std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut java = Command::new(java());
        java.args(["-Xmx1g", "-XX:-UsePerfData"]).arg(define("java.io.tmpdir", &folder));
        java.arg("-cp").arg(class_path).args(["Cluster", kind.name()]).arg(&folder).current_dir(&folder);
        // It logs in as who it is.
        java.env_remove("HADOOP_USER_NAME").env_remove("HADOOP_PROXY_USER");
        let errors = File::create(folder.join("errors")).map_err(|error| error.to_string())?;
        java.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
        let mut process = java.spawn().map_err(|error| format!("{java:?}: {error}"))?;
        let answers = lines(BufReader::new(process.stdout.take().expect("piped")));
        let input = process.stdin.take();
        let mut cluster = Self { kind, folder, process, input, answers, fields: HashMap::new() };
        cluster.fields = cluster.ready()?;
        if Kind::KERBEROS.contains(&kind) {
            cluster.kinit("client")?;
        }
        Ok(cluster)
    }

    fn ready(&self) -> Result<HashMap<String, String>, String> {
        let line = self.answers.recv_timeout(START_LIMIT).unwrap_or_else(|error| error.to_string());
        match line.strip_prefix("ready\t") {
            Some(fields) => Ok(fields.split('\t').filter_map(|field| field.split_once('=')).map(owned).collect()),
            None => Err(format!("the cluster does not start: {line}\n{}", self.log_tail())),
        }
    }

    /// What a command is answered; `Commands.java` lists them. An answer `error ...` is an error.
    pub fn command(&mut self, command: &str) -> Result<String, String> {
        let answer = self.answer(command);
        match answer.strip_prefix("ok") {
            Some(rest) => Ok(rest.trim_start().to_owned()),
            None => Err(format!("{command}: {answer}")),
        }
    }

    /// The line that answers a command.
    fn answer(&mut self, command: &str) -> String {
        let input = self.input.as_mut().expect("it has not been told to end");
        if let Err(error) = writeln!(input, "{command}") {
            return format!("error {error}");
        }
        // An answer that comes later than this would be taken for that to the next command.
        self.answers.recv_timeout(COMMAND_LIMIT).unwrap_or_else(|error| {
            let _ = self.process.kill();
            format!("error {error}")
        })
    }

    /// Something that it said when it was ready: `uri`, `namenodes`, `conf`, `user`, and with Kerberos `krb5_conf`, `keytab`.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// What programs need to reach it, with Kerberos as the user "client".
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut variables = vec![
            ("ARROWIO_HDFS_URI", self.field("uri").into()),
            ("ARROWIO_HDFS_NAMENODES", self.field("namenodes").into()),
            ("HADOOP_CONF_DIR", self.field("conf").into()),
        ];
        if self.fields.contains_key("keytab") {
            variables.push(("ARROWIO_HDFS_KEYTAB", self.field("keytab").into()));
            variables.push(("KRB5_CONFIG", self.field("krb5_conf").into()));
            variables.push(("KRB5CCNAME", self.tickets("client").into()));
        }
        variables
    }

    /// Where `kinit` puts the tickets of a user, for KRB5CCNAME.
    pub fn tickets(&self, user: &str) -> String {
        format!("FILE:{}", self.folder.join(format!("tickets-{user}")).display())
    }

    /// Gets tickets for a user, "client" (who has some from the start) or "stranger", of a cluster with Kerberos.
    pub fn kinit(&self, user: &str) -> Outcome {
        let mut kinit = Command::new("kinit");
        kinit.env("KRB5_CONFIG", self.field("krb5_conf")).env("KRB5CCNAME", self.tickets(user));
        toolchain::run(kinit.arg("-k").arg("-t").arg(self.field("keytab")).arg(user)).map(|_| ())
    }

    /// Builds a C program of this folder and runs it with the cluster, which it gives commands by `cluster.h`.
    pub fn run_program(&mut self, name: &str, way: Way, variables: &[(&str, &str)]) -> Outcome {
        let (ours, theirs) = UnixStream::pair().map_err(|error| error.to_string())?;
        let environment = self.environment();
        let run_name = format!("{}-{}", self.kind.name(), way.name());
        let outcome = thread::scope(|scope| {
            scope.spawn(|| self.serve(ours));
            programs::run_with(&root().join("c_tests/hdfs").join(name), way, &run_name, |command, _| {
                command.stdin(OwnedFd::from(theirs)).envs(environment).envs(variables.iter().copied());
            })
        });
        outcome.map_err(|error| format!("{error}\n{}", self.log_tail()))
    }

    /// Answers the commands that come by a socket, until its other end is closed.
    fn serve(&mut self, socket: UnixStream) {
        for line in BufReader::new(&socket).lines() {
            let Ok(line) = line else { return };
            let answer = self.answer(&line);
            if writeln!(&socket, "{answer}").is_err() {
                return;
            }
        }
    }

    /// The end of what Hadoop logged.
    fn log_tail(&self) -> String {
        let tail = |name: &str| {
            let text = fs::read(self.folder.join(name)).unwrap_or_default();
            String::from_utf8_lossy(&text[text.len().saturating_sub(4000)..]).into_owned()
        };
        ["errors", "said", "log"].map(|name| format!("-- {name} --\n{}", tail(name))).concat()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.input = None;
        let begin = Instant::now();
        while matches!(self.process.try_wait(), Ok(None)) {
            if begin.elapsed() > END_LIMIT {
                let _ = self.process.kill();
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn define(property: &str, value: &Path) -> OsString {
    let mut argument = OsString::from(format!("-D{property}="));
    argument.push(value);
    argument
}

/// The lines of a stream, for who does not want to wait for them forever.
fn lines(stream: impl BufRead + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in stream.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// That of Maven.
fn java() -> PathBuf {
    env::var_os("JAVA_HOME").map_or_else(|| "java".into(), |home| PathBuf::from(home).join("bin/java"))
}

/// Builds the program, once; its class path.
fn program() -> Result<&'static OsString, String> {
    static PROGRAM: OnceLock<Result<OsString, String>> = OnceLock::new();
    PROGRAM.get_or_init(build).as_ref().map_err(Clone::clone)
}

fn build() -> Result<OsString, String> {
    let folder = toolchain::scratch("hdfs-program")?;
    let (stamp, jars) = (folder.join("sources"), folder.join("jars"));
    let sources = sources(&root().join("c_tests/hdfs/cluster"))?;
    let is_current = fs::read(&stamp).is_ok_and(|built| built == sources) && jars_are_here(&jars);
    if !is_current {
        // What is not a source any more must not stay as a class.
        let _ = fs::remove_dir_all(folder.join("classes"));
        let _ = fs::remove_file(&stamp);
        run_maven(&folder, &jars)?;
        fs::write(&stamp, sources).map_err(|error| error.to_string())?;
    }
    let jars = fs::read_to_string(jars).map_err(|error| error.to_string())?;
    let class_path = [folder.join("classes")].into_iter().chain(env::split_paths(jars.trim()));
    env::join_paths(class_path).map_err(|error| error.to_string())
}

fn run_maven(folder: &Path, jars: &Path) -> Outcome {
    let mut maven = Command::new("mvn");
    maven.args(["--quiet", "--batch-mode", "--file"]).arg(root().join("c_tests/hdfs/cluster/pom.xml"));
    maven.arg(define("build.folder", folder)).arg(define("mdep.outputFile", jars));
    toolchain::run(maven.args(["compile", "dependency:build-classpath"])).map(|_| ())
}

/// Maven's repository may have been emptied.
fn jars_are_here(list: &Path) -> bool {
    fs::read_to_string(list).is_ok_and(|jars| env::split_paths(jars.trim()).all(|jar| jar.is_file()))
}

/// The names and contents of all files below a folder.
fn sources(folder: &Path) -> Result<Vec<u8>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        writeln!(all, "{}", path.display()).expect("memory is written to");
        let contents =
            if path.is_dir() { sources(&path)? } else { fs::read(&path).map_err(|error| error.to_string())? };
        all.extend(contents);
    }
    Ok(all)
}
