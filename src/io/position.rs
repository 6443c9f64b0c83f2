//! Positions in files whose size is known.

use super::Whence;
use crate::error::{Result, error};

/// Where a seek from `current` in a file of `size` bytes leads. Past the end is allowed, before the start is not.
pub(crate) fn seek(current: usize, size: usize, offset: i64, whence: Whence) -> Result<usize> {
    let base = match whence {
        Whence::Start => 0,
        Whence::Current => current as i64,
        Whence::End => size as i64,
    };
    let target = base.checked_add(offset).filter(|target| *target >= 0);
    target.map(|target| target as usize).ok_or_else(|| error!(Invalid, "offset {offset} from {base} is no position"))
}

/// Checks that `size` bytes at `offset` lie inside a file of `end` bytes that cannot grow by writing.
pub(crate) fn check_room(offset: usize, size: usize, end: usize) -> Result<()> {
    if offset <= end && size <= end - offset {
        return Ok(());
    }
    Err(crate::error::Error::with_os_error(
        crate::error::ErrorKind::IoError,
        libc::ENOSPC,
        format_args!("{size} bytes at offset {offset} do not fit the {end} bytes there are; nothing was written"),
    ))
}
