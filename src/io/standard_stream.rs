//! The descriptors that every program is started with.

use super::os_file_options::{Mode, OsFileOptions};
use super::{File, os_file};
use crate::error::Result;

/// One of the descriptors that every program is started with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandardStream {
    /// Standard input, which is read.
    Input,
    /// Standard output, which is written.
    Output,
    /// Standard error, which is written.
    Error,
}

/// Uses a standard stream from its position on. Its descriptor stays open when the file is closed.
pub fn standard_stream(stream: StandardStream, options: &OsFileOptions) -> Result<File> {
    let (fd, mode, name) = match stream {
        StandardStream::Input => (libc::STDIN_FILENO, Mode::Read, "standard input"),
        StandardStream::Output => (libc::STDOUT_FILENO, Mode::Write, "standard output"),
        StandardStream::Error => (libc::STDERR_FILENO, Mode::Write, "standard error"),
    };
    os_file::of_open(fd, format_args!("{name}"), mode, options, false)
}
