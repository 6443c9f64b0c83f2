//! Files under names that nobody can foresee.

use super::file::File;
use super::os_file;
use super::os_file_options::{Mode, OsFileOptions};
use crate::error::{Error, Quoted, Result, error};
use crate::sys::{Descriptor, OpenFlags, PathText, environment, random_name};
use std::ffi::CStr;

/// As often as that another name is tried where one is taken, which it never is by chance.
const ATTEMPTS: usize = 100;

/// Creates a file for reading and writing in `directory` (where none is said: TMPDIR or /tmp), whose name begins with
/// `prefix`. It stays until somebody removes it.
pub fn temporary_file(directory: Option<&CStr>, prefix: &CStr, options: &OsFileOptions) -> Result<File> {
    let directory = match directory {
        Some(directory) => directory,
        None => default_directory(),
    };
    let create = || {
        options.check_for(Mode::ReadWrite)?;
        if prefix.to_bytes().contains(&b'/') {
            return Err(error!(Invalid, "the prefix {} has a slash in it", Quoted(prefix.to_bytes())));
        }
        let parent = options.open(directory, OpenFlags::DIRECTORY, 0)?;
        let permissions = options.permissions.unwrap_or(0o600);
        let (descriptor, name) = create_in(&parent, prefix, permissions)?;
        let file = os_file::of_new(descriptor, &[directory.to_bytes(), b"/", name.bytes()], options);
        // What was created for nothing does not stay; that it cannot be removed matters less than why.
        file.inspect_err(|_| {
            let _ = parent.unlink(name.as_c_str());
        })
    };
    create().map_err(|error| error.context(format_args!("temporary file in {}", Quoted(directory.to_bytes()))))
}

fn default_directory() -> &'static CStr {
    environment(c"TMPDIR").filter(|value| !value.is_empty()).unwrap_or(c"/tmp")
}

/// A new file in `directory` and its name.
pub(super) fn create_in(directory: &Descriptor, prefix: &CStr, permissions: u32) -> Result<(Descriptor, PathText)> {
    let mut attempts = 0;
    loop {
        let random = random_name().map_err(Error::from_os)?;
        let name = PathText::join(&[prefix.to_bytes(), &random]).map_err(Error::from_os)?;
        match directory.open_in(name.as_c_str(), OpenFlags::CREATE_NEW, permissions) {
            Err(libc::EEXIST) if attempts < ATTEMPTS => attempts += 1,
            created => return Ok((created.map_err(Error::from_os)?, name)),
        }
    }
}
