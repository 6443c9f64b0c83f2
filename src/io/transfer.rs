//! Loops over reads that give less than was asked for, and what is said of a transfer that stops on its way.

use crate::error::{Error, Result};
use crate::memory::BufferBuilder;
use std::mem::MaybeUninit;

/// How much is read at once where nobody said how much.
pub(crate) const CHUNK: usize = 64 << 10;

/// A transfer that stopped on its way.
#[derive(Debug)]
pub(crate) struct Stopped {
    pub(crate) error: Error,
    /// The bytes that got through before.
    pub(crate) after: usize,
}

/// What comes of a transfer.
pub(crate) type Transfer<T = ()> = std::result::Result<T, Stopped>;

/// How many of `size` bytes got through.
#[inline]
pub(super) fn got_through<T>(transfer: &Transfer<T>, size: usize) -> usize {
    transfer.as_ref().map_or_else(|stopped| stopped.after, |_| size)
}

/// Nothing got through.
impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self { error, after: 0 }
    }
}

/// A failure that tells why.
pub(super) trait Cause {
    fn cause(&self) -> &Error;
}

impl Cause for Error {
    fn cause(&self) -> &Error {
        self
    }
}

impl Cause for Stopped {
    fn cause(&self) -> &Error {
        &self.error
    }
}

/// What is said where bytes could not be put back.
#[cold]
pub(super) fn lost(error: Error, size: usize, why: &Error) -> Error {
    error.context(format_args!("{size} bytes read before it are lost ({why})"))
}

/// Reads until `dst` is full or the end comes.
#[inline]
pub(super) fn read_until_full(
    dst: &mut [MaybeUninit<u8>],
    mut read: impl FnMut(&mut [MaybeUninit<u8>], usize) -> Result<usize>,
) -> Transfer<usize> {
    let mut done = 0;
    while done < dst.len() {
        crate::task::check().map_err(|error| Stopped { error, after: done })?;
        match read(&mut dst[done..], done) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) => return Err(Stopped { error, after: done }),
        }
    }
    Ok(done)
}

/// Reads up to `limit` bytes. Memory for a chunk, or for as many as `hint` says are there, is taken at once, for more as
/// they come: neither an absurd request nor a wrong size costs memory. `read` fills its room unless the end comes first. On
/// failure the builder has what came before.
pub(super) fn read_to_end(
    builder: &mut BufferBuilder,
    limit: usize,
    hint: Option<usize>,
    mut read: impl FnMut(&mut [MaybeUninit<u8>], usize) -> Transfer<usize>,
) -> Result<()> {
    // One byte more than there should be, so that the end is seen without a second round.
    let expected = hint.map_or(CHUNK, |hint| hint.saturating_add(1));
    let mut room = expected.clamp(CHUNK.min(limit), limit);
    builder.reserve_exact(room)?;
    loop {
        let done = builder.size();
        let mut failure = None;
        let count = builder.append_with(room, |dst| {
            read(dst, done).or_else(|Stopped { error, after }| {
                failure = Some(error);
                Ok(after)
            })
        })?;
        if let Some(error) = failure {
            return Err(error);
        }
        if count < room || builder.size() == limit {
            return Ok(());
        }
        room = builder.size().max(CHUNK).min(limit - builder.size());
    }
}
