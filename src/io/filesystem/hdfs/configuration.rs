//! What Hadoop's configuration says, as far as it matters here. The client reads all of it by itself, and says what is wrong
//! with it; what cannot be read is passed over here.

use super::super::FileSystemOptions;
use super::super::uri::{Scheme, Uri};
use crate::error::{Error, ErrorKind, Quoted, Result, error};
use crate::io::{FileKind, Mode, OsFileOptions, os_file};
use crate::memory::Buffer;
use crate::sys::{ErrnoText, PathText, environment, tree};
use std::collections::HashMap;
use std::ffi::CStr;
use std::num::NonZero;

const FILES: [&str; 2] = ["core-site.xml", "hdfs-site.xml"];

/// The file system of URIs without a host.
const DEFAULT: &str = "fs.defaultFS";
/// The name nodes of a name service, whose name follows.
const NAME_NODES: &str = "dfs.ha.namenodes.";
/// Whether any of the name nodes of a name service, whose name follows, is asked first.
const ANY_FIRST: &str = "dfs.client.failover.random.order.";
/// "simple": the cluster believes who one says one is.
const AUTHENTICATION: &str = "hadoop.security.authentication";

pub(super) struct Configuration {
    values: HashMap<String, String>,
    /// There is no more in it that could not be read here.
    is_whole: bool,
}

impl Configuration {
    pub(super) fn read(options: &FileSystemOptions) -> Result<Self> {
        check_directory(options)?;
        let (mut values, mut is_whole) = (HashMap::new(), true);
        if let Some(directory) = directory(options)? {
            for file in FILES {
                let path = PathText::join(&[directory.bytes(), b"/", file.as_bytes()]).map_err(Error::from_os)?;
                match properties(&path, options) {
                    Some(found) => values.extend(found),
                    None => is_whole = false,
                }
            }
        }
        values.extend(options.configuration.iter().cloned());
        Ok(Self { values, is_whole })
    }

    /// The file system that a URI names; without a host that of the configuration, if it is of the same kind.
    pub(super) fn resolved(&self, uri: Uri) -> Result<Uri> {
        let uri = if uri.authority.is_empty() { self.usual(uri.scheme).unwrap_or(uri) } else { uri };
        if uri.scheme == Scheme::Hdfs && !uri.authority.is_empty() {
            self.check_name(&uri.authority)?;
        }
        Ok(uri)
    }

    /// A host with its port, or a name service.
    fn check_name(&self, name: &str) -> Result<()> {
        match name.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
            Some((_, port)) if port.parse::<NonZero<u16>>().is_ok() => Ok(()),
            Some((_, port)) => Err(error!(Invalid, "port {} is no number from 1 to 65535", Quoted(port.as_bytes()))),
            None if !self.is_whole || self.values.contains_key(&format!("{NAME_NODES}{name}")) => Ok(()),
            None => Err(error!(
                Invalid,
                "{name} has no port, so it is a name service, but the configuration has no {NAME_NODES}{name}"
            )),
        }
    }

    fn usual(&self, scheme: Scheme) -> Option<Uri> {
        let usual = PathText::join(&[self.values.get(DEFAULT)?.as_bytes()]).ok()?;
        let (usual, _) = Uri::parse(usual.as_c_str()).ok()??;
        Some(usual).filter(|usual| usual.scheme == scheme)
    }

    /// Who one is, where the cluster believes it and the options do not say; `None`: tickets tell.
    pub(super) fn user(&self) -> Option<String> {
        if self.values.get(AUTHENTICATION).is_some_and(|kind| kind != "simple") {
            return None;
        }
        match environment(c"HADOOP_USER_NAME").and_then(|user| user.to_str().ok()) {
            Some(user) if !user.is_empty() => Some(user.to_owned()),
            _ => tree::process_user_name().ok().and_then(|user| user.as_c_str().to_str().map(str::to_owned).ok()),
        }
    }

    /// Whether a file system has more than one for the same part of it: one to go to from one that is silent.
    pub(super) fn has_other_name_nodes(&self, uri: &Uri) -> bool {
        let is_of = |service: &str| uri.scheme == Scheme::ViewFs || service == uri.authority;
        self.lists().any(|(service, list)| is_of(service) && list.contains(','))
    }

    /// The name services, each with its name nodes.
    fn lists(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().filter_map(|(key, list)| Some((key.strip_prefix(NAME_NODES)?, list.as_str())))
    }

    /// What has the client begin with the name node that is `turns` behind the first, in each name service. Hadoop allows spaces
    /// in the lists, the client does not.
    pub(super) fn name_nodes(&self, turns: usize) -> impl Iterator<Item = (String, String)> {
        self.lists().flat_map(move |(service, list)| {
            let mut nodes: Vec<&str> = list.split(',').map(str::trim).collect();
            let first = turns % nodes.len();
            nodes.rotate_left(first);
            let order = (turns > 0).then(|| (format!("{ANY_FIRST}{service}"), "false".to_owned()));
            order.into_iter().chain([(format!("{NAME_NODES}{service}"), nodes.join(","))])
        })
    }
}

/// The client takes one that is not there for one with nothing in it.
pub(super) fn check_directory(options: &FileSystemOptions) -> Result<()> {
    let Some(path) = &options.configuration_directory else { return Ok(()) };
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

/// Where the files are.
fn directory(options: &FileSystemOptions) -> Result<Option<PathText>> {
    let home = environment(c"HADOOP_HOME").map(CStr::to_bytes);
    let pieces: [&[u8]; 2] = match (&options.configuration_directory, environment(c"HADOOP_CONF_DIR"), home) {
        (Some(directory), ..) => [directory.as_bytes(), b""],
        (None, Some(directory), _) => [directory.to_bytes(), b""],
        (None, None, Some(home)) => [home, b"/etc/hadoop"],
        (None, None, None) => return Ok(None),
    };
    PathText::join(&pieces).map(Some).map_err(Error::from_os)
}

/// What is in a file of this machine. What comes by a pipe is left to the client, which could not read it again.
pub(super) fn contents(path: &PathText, options: &FileSystemOptions) -> Result<Buffer> {
    let how = OsFileOptions { regular: true, ..OsFileOptions::new(options.pool.clone()) };
    os_file::open(path.as_c_str(), Mode::Read, &how, 0)?.read_all()
}

/// The keys and values in a file, none where there is no file. `None`: it cannot be read, which the client may say.
fn properties(path: &PathText, options: &FileSystemOptions) -> Option<Vec<(String, String)>> {
    let text = match contents(path, options) {
        Err(error) if matches!(error.os_error(), libc::ENOENT | libc::ENOTDIR) => return Some(Vec::new()),
        text => text.ok()?,
    };
    let how = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(std::str::from_utf8(text.as_slice()).ok()?, how).ok()?;
    let properties = document.root_element().children().filter(|node| node.has_tag_name("property"));
    let text_of = |node: roxmltree::Node<'_, '_>, name| {
        let child = node.children().find(|child| child.has_tag_name(name));
        child.and_then(|child| child.text()).map(str::to_owned)
    };
    Some(properties.filter_map(|node| Some((text_of(node, "name")?, text_of(node, "value")?))).collect())
}
