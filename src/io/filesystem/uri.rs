//! URIs of file systems.

use crate::error::{Error, ErrorKind, Quoted, Result, error, try_format};
use crate::shared::try_vec;
use crate::sys::PathText;
use std::ffi::CStr;
use std::fmt;

/// A kind of file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    File,
    Hdfs,
    ViewFs,
}

const SCHEMES: [(Scheme, &str); 3] = [(Scheme::File, "file"), (Scheme::Hdfs, "hdfs"), (Scheme::ViewFs, "viewfs")];

/// A file system by its name.
pub(crate) struct Uri {
    pub(crate) scheme: Scheme,
    /// Of a cluster: a host with or without a port, a name service, or nothing, which stands for the usual one.
    pub(crate) authority: String,
    text: String,
}

impl Uri {
    /// The file system and the path that a URI names; `None`: it is a path, not a URI.
    pub(crate) fn parse(text: &CStr) -> Result<Option<(Self, PathText)>> {
        let bytes = text.to_bytes();
        let Some((scheme, rest)) = split_scheme(bytes)? else { return Ok(None) };
        // RFC 8089 has file:/path as well.
        let (authority, path) = match rest.strip_prefix(b"//") {
            Some(rest) => rest.split_at(rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len())),
            None => (&b""[..], rest),
        };
        let Ok(authority) = std::str::from_utf8(authority) else {
            return Err(error!(Invalid, "{} names no host", Quoted(bytes)));
        };
        let is_here = authority.is_empty() || authority.eq_ignore_ascii_case("localhost");
        if authority.contains(['@', '?', '#']) {
            let what = "names a user, or has a query or a fragment, which URIs of file systems do not";
            return Err(error!(Invalid, "{} {what}", Quoted(bytes)));
        }
        if scheme == Scheme::File && !is_here {
            return Err(error!(Invalid, "{} is on another machine, {authority}", Quoted(bytes)));
        }
        let path = if path.is_empty() { b"/" } else { path };
        let path = match scheme {
            Scheme::File => decoded(path)?,
            // As Hadoop does, so that every name can be said.
            Scheme::Hdfs | Scheme::ViewFs => PathText::join(&[path]).map_err(Error::from_os)?,
        };
        let authority = if scheme == Scheme::File { "" } else { authority };
        let text = owned(format_args!("{}://{authority}", scheme.name()))?;
        let authority = owned(format_args!("{authority}"))?;
        Ok(Some((Self { scheme, authority, text }, path)))
    }

    /// Whether it is this machine's.
    pub(crate) fn is_local(&self) -> bool {
        self.scheme == Scheme::File
    }

    /// The URI without a path.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether what this one names is on that file system.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        let is_same = self.authority.is_empty() || self.authority.eq_ignore_ascii_case(&other.authority);
        self.scheme == other.scheme && is_same
    }

    /// What a path is called in messages; a relative one as it is.
    pub(super) fn name(&self, path: &PathText) -> Result<PathText> {
        let is_plain = self.scheme == Scheme::File || !path.bytes().starts_with(b"/");
        let prefix = if is_plain { "" } else { self.text() };
        PathText::join(&[prefix.as_bytes(), path.bytes()]).map_err(Error::from_os)
    }
}

fn owned(text: fmt::Arguments<'_>) -> Result<String> {
    try_format(text).ok_or_else(|| Error::new(ErrorKind::OutOfMemory, format_args!("no memory for a URI")))
}

impl Scheme {
    fn name(self) -> &'static str {
        SCHEMES.iter().find(|(scheme, _)| *scheme == self).map_or("", |(_, name)| name)
    }
}

/// The scheme, if there is one, and what comes behind its colon. Those of others, which end with "://", are an error: as a name
/// of a file nobody means them.
fn split_scheme(text: &[u8]) -> Result<Option<(Scheme, &[u8])>> {
    let end = text.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"+-.".contains(byte));
    let Some((name, rest)) = end.and_then(|end| text.split_at_checked(end)) else { return Ok(None) };
    if !rest.starts_with(b":/") || name.is_empty() {
        return Ok(None);
    }
    match SCHEMES.iter().find(|(_, known)| name.eq_ignore_ascii_case(known.as_bytes())) {
        Some((scheme, _)) => Ok(Some((*scheme, &rest[1..]))),
        None if rest.starts_with(b"://") => Err(error!(
            Invalid,
            "{} is of no kind of file system that there is: file, hdfs, viewfs; a file of that name is one by ./ before it",
            Quoted(text)
        )),
        None => Ok(None),
    }
}

/// A path with what stands behind percent signs.
fn decoded(path: &[u8]) -> Result<PathText> {
    let mut bytes = try_vec(path.len())?;
    let mut rest = path;
    while let Some((&byte, behind)) = rest.split_first() {
        let escaped = if byte == b'%' { hex_pair(behind) } else { None };
        if escaped == Some(0) {
            return Err(error!(Invalid, "{} has a NUL in it", Quoted(path)));
        }
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { &behind[2..] } else { behind };
    }
    PathText::join(&[&bytes]).map_err(Error::from_os)
}

/// The byte that the next two digits say.
fn hex_pair(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    Some((digit(0)? << 4 | digit(1)?) as u8)
}

/// A path of a cluster, where no name is empty, "." or "..", without them; "." alone is the home directory.
pub(super) fn normalized(path: &PathText) -> Result<PathText> {
    let is_absolute = path.bytes().starts_with(b"/");
    let mut bytes = try_vec(path.bytes().len() + 1)?;
    for name in path.bytes().split(|byte| *byte == b'/').filter(|name| !name.is_empty() && *name != b".") {
        if name == b".." {
            if bytes.is_empty() && !is_absolute {
                return Err(error!(Invalid, "{} leads out of the home directory", Quoted(path.bytes())));
            }
            bytes.truncate(bytes.iter().rposition(|byte| *byte == b'/').unwrap_or(0));
            continue;
        }
        if !bytes.is_empty() || is_absolute {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name);
    }
    match bytes.is_empty() {
        true if is_absolute => bytes.push(b'/'),
        true => bytes.push(b'.'),
        false => {}
    }
    PathText::join(&[&bytes]).map_err(Error::from_os)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_in_paths() {
        let parsed = |path: &[u8]| normalized(&PathText::join(&[path]).unwrap());
        let normal = |path: &[u8]| parsed(path).unwrap().bytes().to_vec();
        assert!(parsed(b"../a").is_err() && parsed(b"a/../..").is_err());
        for (path, expected) in [
            ("/a/b", "/a/b"),
            ("a", "a"),
            ("/a//b/", "/a/b"),
            ("./a", "a"),
            ("a/./b/.", "a/b"),
            ("/a/../b", "/b"),
            ("/a/b/../../..", "/"),
            ("/./a/..", "/"),
            ("a/..", "."),
            (".", "."),
            ("/a/.b/..c", "/a/.b/..c"),
        ] {
            assert_eq!(normal(path.as_bytes()), expected.as_bytes(), "{path}");
        }
    }

    #[test]
    fn uris_and_paths() {
        let parsed = |text: &CStr| {
            let (uri, path) = Uri::parse(text).unwrap()?;
            Some((uri.text().to_owned(), String::from_utf8(path.bytes().to_vec()).unwrap()))
        };
        let is = |uri: &str, path: &str| Some((uri.to_owned(), path.to_owned()));
        assert_eq!(parsed(c"hdfs://nn:8020/a%20b"), is("hdfs://nn:8020", "/a%20b"));
        assert_eq!(parsed(c"HDFS://nn"), is("hdfs://nn", "/"));
        assert_eq!(parsed(c"hdfs:/a"), is("hdfs://", "/a"));
        assert_eq!(parsed(c"hdfs:///a"), is("hdfs://", "/a"));
        assert_eq!(parsed(c"viewfs://table/x/y"), is("viewfs://table", "/x/y"));
        assert_eq!(parsed(c"file:///a%20b%2fc%zz%4"), is("file://", "/a b/c%zz%4"));
        assert_eq!(parsed(c"file:/a"), is("file://", "/a"));
        assert_eq!(parsed(c"file://localhost/a"), is("file://", "/a"));
        for path in [c"", c"a", c"/a", c"hdfs", c"hdfs:a", c"file:a", c"c:/a", c"://a", c"a b://c", c"./hdfs://a"] {
            assert_eq!(parsed(path), None);
        }
        for wrong in [
            c"file://elsewhere/a",
            c"hdfs://\xff/a",
            c"file:///%00",
            c"hdfs://me@nn/a",
            c"hdfs://nn?a",
            c"hdfs://nn#a",
            c"s3://bucket/a",
        ] {
            assert!(Uri::parse(wrong).is_err());
        }
    }
}
