//! The files of this machine.

use super::info::{Details, Entries, FileInfo};
use super::{Backend, FileSystemOptions, OutputOptions};
use crate::error::{Error, Result};
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
        if options.append {
            // Appending makes no file.
            tree::metadata(path, true).map_err(Error::from_os)?;
        }
        if options.parents
            && let Some(parent) = parent(path)?
        {
            tree::make_directory(parent.as_c_str(), true).map_err(Error::from_os)?;
        }
        let mode = if options.append { Mode::Append } else { Mode::Write };
        let how = OsFileOptions {
            permissions: options.permissions,
            exclusive: options.exclusive,
            ..OsFileOptions::new(self.pool.clone())
        };
        os_file::open(path, mode, &how, 0)
    }

    fn info(&self, path: &CStr) -> Result<FileInfo> {
        let found = tree::metadata(path, true).map_err(Error::from_os)?;
        info(PathText::join(&[path.to_bytes()]).map_err(Error::from_os)?, &found)
    }

    fn list(&self, path: &CStr, recursive: bool) -> Result<Box<dyn Entries>> {
        let mut entries = LocalEntries { directories: Vec::new(), recursive };
        entries.enter(PathText::join(&[path.to_bytes()]).map_err(Error::from_os)?)?;
        Ok(try_box(entries)?)
    }

    fn make_directory(&self, path: &CStr, parents: bool) -> Result<()> {
        tree::make_directory(path, parents).map_err(Error::from_os)
    }

    fn remove(&self, path: &CStr, recursive: bool) -> Result<()> {
        let removed = match tree::metadata(path, false) {
            Ok(found) if found.kind != FileKind::Directory => tree::remove_name(path),
            Ok(_) if recursive => tree::remove_tree(path),
            Ok(_) => tree::remove_directory(path),
            Err(os_error) => Err(os_error),
        };
        removed.map_err(Error::from_os)
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

fn info(path: PathText, found: &Metadata) -> Result<FileInfo> {
    FileInfo::new(Details {
        path,
        kind: found.kind,
        size: found.size,
        permissions: found.permissions,
        owner: tree::user_name(found.uid).map_err(Error::from_os)?,
        group: tree::group_name(found.gid).map_err(Error::from_os)?,
        modified: found.modified,
        accessed: found.accessed,
        replication: 1,
        block_size: 0,
    })
}

struct LocalEntries {
    /// Those that are being listed, each in the one before it.
    directories: Vec<(PathText, tree::Names)>,
    recursive: bool,
}

impl LocalEntries {
    fn enter(&mut self, path: PathText) -> Result<()> {
        let names = tree::Names::of(path.as_c_str()).map_err(Error::from_os)?;
        self.directories.try_reserve(1).map_err(|_| Error::out_of_memory(size_of::<(PathText, tree::Names)>()))?;
        self.directories.push((path, names));
        Ok(())
    }
}

impl Entries for LocalEntries {
    fn next(&mut self) -> Result<Option<FileInfo>> {
        while let Some((directory, names)) = self.directories.last_mut() {
            crate::task::check()?;
            let Some(name) = names.next().map_err(Error::from_os)? else {
                self.directories.pop();
                continue;
            };
            let separator: &[u8] = if directory.bytes().ends_with(b"/") { b"" } else { b"/" };
            let join = || PathText::join(&[directory.bytes(), separator, name.bytes()]).map_err(Error::from_os);
            let (path, own) = (join()?, join()?);
            let found = match tree::metadata(path.as_c_str(), false) {
                // It was removed meanwhile.
                Err(libc::ENOENT) => continue,
                found => found.map_err(Error::from_os)?,
            };
            if self.recursive && found.kind == FileKind::Directory {
                self.enter(own)?;
            }
            return info(path, &found).map(Some);
        }
        Ok(None)
    }
}
