//! The files of this machine.

use super::info::{Details, Entries, FileInfo};
use super::{Backend, FileSystemOptions, OutputOptions};
use crate::error::{Error, Quoted, Result};
use crate::io::{File, FileKind, Mode, OsFileOptions, os_file};
use crate::memory::Pool;
use crate::shared::try_box;
use crate::sys::{Metadata, PathText, tree};
use std::ffi::CStr;

pub(super) struct LocalFileSystem {
    pool: Pool,
    buffer_size: usize,
}

impl LocalFileSystem {
    pub(super) fn new(options: &FileSystemOptions) -> Self {
        Self { pool: options.pool.clone(), buffer_size: options.buffer_size }
    }
}

impl Backend for LocalFileSystem {
    fn open_input(&self, path: &CStr, _name: &[u8]) -> Result<File> {
        os_file::open(path, Mode::Read, &OsFileOptions::new(self.pool.clone()), self.buffer_size)
    }

    fn open_output(&self, path: &CStr, _name: &[u8], options: &OutputOptions) -> Result<File> {
        if options.parents
            && !options.append
            && let Some(parent) = parent(path)?
        {
            let made = tree::make_directory(parent.as_c_str(), true);
            // A file in the place of a directory.
            let made = made.map_err(|os_error| if os_error == libc::EEXIST { libc::ENOTDIR } else { os_error });
            made.map_err(Error::from_os)?;
        }
        let mode = if options.append { Mode::Append } else { Mode::Write };
        let how = OsFileOptions {
            permissions: options.permissions,
            exclusive: options.exclusive,
            existing: options.append,
            ..OsFileOptions::new(self.pool.clone())
        };
        os_file::open(path, mode, &how, 0)
    }

    fn info(&self, path: &CStr) -> Result<FileInfo> {
        let found = tree::metadata(path).map_err(Error::from_os)?;
        let owner = Owner::of(&found)?;
        info(PathText::join(&[path.to_bytes()]).map_err(Error::from_os)?, &found, &owner)
    }

    fn list(&self, path: &CStr, recursive: bool) -> Result<Box<dyn Entries>> {
        let names = tree::Names::of(path).map_err(Error::from_os)?;
        let path = PathText::join(&[path.to_bytes()]).map_err(Error::from_os)?;
        Ok(try_box(LocalEntries { current: Some((path, names)), waiting: Vec::new(), recursive, owner: None })?)
    }

    fn make_directory(&self, path: &CStr, parents: bool) -> Result<()> {
        tree::make_directory(path, parents).map_err(Error::from_os)
    }

    fn remove(&self, path: &CStr, recursive: bool) -> Result<()> {
        tree::remove(path, recursive).map_err(Error::from_os)
    }

    fn rename(&self, from: &CStr, to: &CStr, replace: bool) -> Result<()> {
        tree::rename(from, to, replace).map_err(Error::from_os)
    }

    fn set_permissions(&self, path: &CStr, bits: u32) -> Result<()> {
        tree::set_permissions(path, bits).map_err(Error::from_os)
    }
}

/// The directory that a path is in, if it names one.
fn parent(path: &CStr) -> Result<Option<PathText>> {
    let path = path.to_bytes();
    let end = path.iter().rposition(|byte| *byte == b'/').filter(|end| *end > 0);
    end.map(|end| PathText::join(&[&path[..end]]).map_err(Error::from_os)).transpose()
}

/// Whose a file is.
struct Owner {
    uid: u32,
    gid: u32,
    user: PathText,
    group: PathText,
}

impl Owner {
    fn of(found: &Metadata) -> Result<Self> {
        let Metadata { uid, gid, .. } = *found;
        let user = tree::user_name(uid).map_err(Error::from_os)?;
        let group = tree::group_name(gid).map_err(Error::from_os)?;
        Ok(Self { uid, gid, user, group })
    }

    fn owns(&self, found: &Metadata) -> bool {
        (self.uid, self.gid) == (found.uid, found.gid)
    }
}

fn info(path: PathText, found: &Metadata, owner: &Owner) -> Result<FileInfo> {
    let copy = |text: &PathText| PathText::join(&[text.bytes()]).map_err(Error::from_os);
    FileInfo::new(Details {
        path,
        kind: found.kind,
        size: found.size,
        permissions: found.permissions,
        owner: copy(&owner.user)?,
        group: copy(&owner.group)?,
        modified: found.modified,
        accessed: found.accessed,
        replication: 1,
        block_size: 0,
    })
}

struct LocalEntries {
    /// The directory that is being listed.
    current: Option<(PathText, tree::Names)>,
    /// Those found in it and before, whose turn comes. Only one is open at a time, however deep they are.
    waiting: Vec<PathText>,
    recursive: bool,
    /// Of the last entry: mostly also of the next, and names are looked up in files.
    owner: Option<Owner>,
}

impl LocalEntries {
    /// On to the next directory, if there is one.
    fn enter(&mut self) -> Result<()> {
        self.current = None;
        while let Some(path) = self.waiting.pop() {
            match tree::Names::of_directory_itself(path.as_c_str()) {
                Ok(names) => {
                    self.current = Some((path, names));
                    return Ok(());
                }
                // It was removed meanwhile, or is another thing now.
                Err(libc::ENOENT | libc::ENOTDIR | libc::ELOOP) => {}
                Err(os_error) => return Err(inside(os_error, &path)),
            }
        }
        Ok(())
    }

    /// What is known of a path, which lies in the directory that is listed.
    fn entry(&mut self, path: PathText, found: &Metadata) -> Result<FileInfo> {
        if self.recursive && found.kind == FileKind::Directory {
            self.waiting.try_reserve(1).map_err(|_| Error::out_of_memory(size_of::<PathText>()))?;
            self.waiting.push(PathText::join(&[path.bytes()]).map_err(Error::from_os)?);
        }
        if self.owner.as_ref().is_none_or(|owner| !owner.owns(found)) {
            self.owner = None;
        }
        let owner = match &mut self.owner {
            Some(owner) => owner,
            none => none.insert(Owner::of(found)?),
        };
        info(path, found, owner)
    }
}

/// A failure beneath the directory that is listed.
#[cold]
fn inside(os_error: i32, path: &PathText) -> Error {
    Error::from_os(os_error).context(format_args!("in {}", Quoted(path.bytes())))
}

impl Entries for LocalEntries {
    fn next(&mut self) -> Result<Option<FileInfo>> {
        loop {
            crate::task::check()?;
            let Some((directory, names)) = &mut self.current else { return Ok(None) };
            let Some(name) = names.next().map_err(|os_error| inside(os_error, directory))? else {
                self.enter()?;
                continue;
            };
            let found = match names.metadata_of(name.as_c_str()) {
                // It was removed meanwhile.
                Err(libc::ENOENT) => continue,
                found => found.map_err(|os_error| inside(os_error, directory))?,
            };
            let separator: &[u8] = if directory.bytes().ends_with(b"/") { b"" } else { b"/" };
            let path = PathText::join(&[directory.bytes(), separator, name.bytes()]).map_err(Error::from_os)?;
            return self.entry(path, &found).map(Some);
        }
    }
}
