//! Following a path that must not lead out of its directory, step by step, for kernels that cannot: what openat2(2) does
//! with RESOLVE_BENEATH.
//!
//! No step follows a link: each component is opened by itself, in a directory that is open already, and where it is a link
//! its text is put in front of what is left of the path. `..` goes back to the directory that the walk came from. So
//! whatever is renamed meanwhile, every directory passed was found beneath the first one.

use super::OsResult;
use super::descriptor::{Descriptor, FileKind, OpenFlags};
use super::path::{MOST_LINKS, PathText};
use std::ffi::CStr;
use std::os::fd::RawFd;

/// Opens `path`, which begins in `directory`.
pub(super) fn open_beneath(
    directory: RawFd,
    path: &CStr,
    flags: OpenFlags,
    permissions: u32,
    no_follow: bool,
) -> OsResult<Descriptor> {
    let start = Descriptor::open_at(directory, c".", OpenFlags::LOOK.with(libc::O_DIRECTORY), 0)?;
    let mut walk = Walk { start, passed: Vec::new(), rest: Vec::new(), links: 0 };
    walk.lead_on(path.to_bytes(), 0)?;
    while let Some(step) = walk.next_step()? {
        let is_last = walk.rest.get(step.end).is_none();
        match walk.rest.get(step.clone()).unwrap_or_default() {
            b"." => walk.forget(step.end),
            b".." => walk.go_back(step.end)?,
            _ if is_last => match walk.open_last(step, flags, permissions, no_follow)? {
                Some(opened) => return Ok(opened),
                None => continue,
            },
            _ => walk.enter(step)?,
        }
    }
    walk.here().open_in(c".", flags, permissions)
}

struct Walk {
    start: Descriptor,
    /// The directories beneath the first one down to where the walk is.
    passed: Vec<Descriptor>,
    /// What is left of the path.
    rest: Vec<u8>,
    links: usize,
}

type Step = std::ops::Range<usize>;

impl Walk {
    fn here(&self) -> &Descriptor {
        self.passed.last().unwrap_or(&self.start)
    }

    /// Where the next component stands; `None` at the end.
    fn next_step(&self) -> OsResult<Option<Step>> {
        let Some(start) = self.rest.iter().position(|byte| *byte != b'/') else { return Ok(None) };
        let size = self.rest[start..].iter().position(|byte| *byte == b'/');
        Ok(Some(start..size.map_or(self.rest.len(), |size| start + size)))
    }

    /// The first `size` bytes of what is left are done.
    fn forget(&mut self, size: usize) {
        self.rest.drain(..size);
    }

    fn go_back(&mut self, size: usize) -> OsResult<()> {
        self.passed.pop().ok_or(libc::EXDEV)?;
        self.forget(size);
        Ok(())
    }

    /// Puts `text` in the place of the first `size` bytes of what is left.
    fn lead_on(&mut self, text: &[u8], size: usize) -> OsResult<()> {
        match text.first() {
            None => return Err(libc::ENOENT),
            Some(b'/') => return Err(libc::EXDEV),
            _ => {}
        }
        self.rest.try_reserve(text.len()).map_err(|_| libc::ENOMEM)?;
        self.rest.splice(..size, text.iter().copied());
        Ok(())
    }

    fn follow(&mut self, text: &[u8], size: usize) -> OsResult<()> {
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(libc::ELOOP);
        }
        self.lead_on(text, size)
    }

    /// Into a directory, or to where a link leads.
    fn enter(&mut self, step: Step) -> OsResult<()> {
        let name = PathText::join(&[&self.rest[step.clone()]])?;
        let found = self.here().open_in(name.as_c_str(), OpenFlags::LOOK, 0)?;
        match found.metadata()?.kind {
            FileKind::Link => {
                let text = found.read_link(c"")?;
                self.follow(text.bytes(), step.end)
            }
            FileKind::Directory => {
                self.passed.try_reserve(1).map_err(|_| libc::ENOMEM)?;
                self.passed.push(found);
                self.forget(step.end);
                Ok(())
            }
            _ => Err(libc::ENOTDIR),
        }
    }

    /// `None`: it was a link, and the path goes on.
    fn open_last(
        &mut self,
        step: Step,
        flags: OpenFlags,
        permissions: u32,
        no_follow: bool,
    ) -> OsResult<Option<Descriptor>> {
        let name = PathText::join(&[&self.rest[step.clone()]])?;
        let name = name.as_c_str();
        let refused = match self.here().open_in(name, flags.with(libc::O_NOFOLLOW), permissions) {
            // What a link is refused with; as a directory is wanted, the other.
            Err(refused @ (libc::ELOOP | libc::ENOTDIR)) if !no_follow => refused,
            // Who only looks is not refused.
            Ok(found) if !no_follow && flags.looks() && found.metadata()?.kind == FileKind::Link => libc::ELOOP,
            opened => return opened.map(Some),
        };
        let text = self.here().read_link(name).map_err(|_| refused)?;
        self.follow(text.bytes(), step.end)?;
        Ok(None)
    }
}
