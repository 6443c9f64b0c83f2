//! Files whose work is done by functions of the host. What these give is not believed but checked.

use super::stream::{RandomAccess, Stream, Whence};
use super::transfer::{Stopped, Transfer, got_through};
use super::{Capabilities, File, position};
use crate::error::{Error, Quoted, Result, error};
use crate::memory::{Pool, default_pool};
use crate::shared::Shared;
use crate::task::{Exclusive, Held, Readers};
use std::fmt;
use std::mem::MaybeUninit;

/// The functions that a host may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callback {
    Read,
    ReadAt,
    Write,
    WriteAt,
    Seek,
    Tell,
    Size,
    Resize,
    Flush,
    Sync,
    Close,
    Abort,
}

impl fmt::Display for Callback {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Read => "read",
            Self::ReadAt => "read_at",
            Self::Write => "write",
            Self::WriteAt => "write_at",
            Self::Seek => "seek",
            Self::Tell => "tell",
            Self::Size => "size",
            Self::Resize => "resize",
            Self::Flush => "flush",
            Self::Sync => "sync",
            Self::Close => "close",
            Self::Abort => "abort",
        })
    }
}

/// The host's functions, which are called on the thread of whoever calls the file: `read_at` on many at once, all others
/// one at a time. Numbers come as the host gives them, `NOT_GIVEN` where it gives none. Only those are called that it has.
pub(crate) trait Host: Send + Sync {
    fn has(&self, callback: Callback) -> bool;
    fn read(&self, dst: &mut [MaybeUninit<u8>]) -> Result<i64>;
    fn read_at(&self, offset: i64, dst: &mut [MaybeUninit<u8>]) -> Result<i64>;
    fn write(&self, data: &[u8]) -> Result<i64>;
    fn write_at(&self, offset: i64, data: &[u8]) -> Result<i64>;
    fn seek(&self, offset: i64, whence: Whence) -> Result<i64>;
    fn tell(&self) -> Result<i64>;
    fn size(&self) -> Result<i64>;
    fn resize(&self, size: i64) -> Result<()>;
    /// `Flush`, `Sync`, `Close` or `Abort`.
    fn simple(&self, callback: Callback) -> Result<()>;
}

/// Stands for a number that the host did not give.
pub(crate) const NOT_GIVEN: i64 = i64::MIN;

/// A file of the host's functions; it can do what follows from which there are.
pub(crate) fn callback_file(host: impl Host + 'static, name: Option<&[u8]>) -> Result<File> {
    let capabilities = examine(&host)?;
    let pool = default_pool();
    let cursor = Exclusive::new(Cursor { position: 0, home: None });
    let source = Shared::try_new(Source { host, cursor, readers: Readers::new(), pool: pool.clone() })?;
    let file = CallbackFile { source, capabilities };
    match name {
        Some(name) => File::new(file, format_args!("{}", Quoted(name)), &pool, 0),
        None => File::new(file, format_args!("a callback file"), &pool, 0),
    }
}

fn examine(host: &impl Host) -> Result<Capabilities> {
    use Callback::*;
    use Capabilities as Can;
    let [read, write, seek] = [Read, Write, Seek].map(|callback| host.has(callback));
    if !read && !write {
        return Err(error!(Invalid, "a callback file needs a read or a write callback"));
    }
    for (needed, callback) in [(read, ReadAt), (write, WriteAt), (write, Resize)] {
        if host.has(callback) && !needed {
            let other = if callback == ReadAt { Read } else { Write };
            return Err(error!(Invalid, "a callback file with a {callback} callback needs a {other} callback"));
        }
    }
    Ok(Can::READ.when(read)
        | Can::WRITE.when(write)
        | Can::SEEK.when(seek)
        | Can::READ_AT.when(read && (seek || host.has(ReadAt)))
        | Can::WRITE_AT.when(host.has(WriteAt))
        | Can::SIZE.when(seek || host.has(Size))
        | Can::RESIZE.when(host.has(Resize)))
}

struct CallbackFile<H> {
    source: Shared<Source<H>>,
    capabilities: Capabilities,
}

struct Source<H> {
    cursor: Exclusive<Cursor>,
    readers: Readers,
    pool: Pool,
    host: H,
}

/// Where the host is.
struct Cursor {
    /// Counted, for hosts that do not tell.
    position: i64,
    /// Where it has to go back to, after it was sent elsewhere.
    home: Option<i64>,
}

impl<H: Host> Source<H> {
    /// The turn of a call, not from within another one.
    fn enter(&self) -> Result<Held<'_, Cursor>> {
        self.readers.check_entry()?;
        self.cursor.hold()
    }

    /// The turn of a call that goes by the position.
    fn enter_at_home(&self) -> Result<Held<'_, Cursor>> {
        let mut cursor = self.enter()?;
        self.go_home(&mut cursor)?;
        Ok(cursor)
    }

    fn position(&self, cursor: &Cursor) -> Result<i64> {
        match cursor.home {
            Some(home) => Ok(home),
            None if self.host.has(Callback::Tell) => checked(Callback::Tell, self.host.tell()),
            None => Ok(cursor.position),
        }
    }

    fn go(&self, cursor: &mut Cursor, target: i64) -> Result<()> {
        let reached = checked(Callback::Seek, self.host.seek(target, Whence::Start))?;
        cursor.position = reached;
        if reached == target {
            return Ok(());
        }
        Err(error!(IoError, "its seek callback was to go to {target} and says that it is at {reached}"))
    }

    /// Undoes `away`. Where that fails the next call tries again, so that nothing is read from a wrong place.
    fn go_home(&self, cursor: &mut Cursor) -> Result<()> {
        let Some(home) = cursor.home else { return Ok(()) };
        self.go(cursor, home).map_err(|error| error.context(format_args!("return to position {home}")))?;
        cursor.home = None;
        Ok(())
    }

    /// Does something for which the host leaves its position, and has it return.
    fn away<T>(&self, cursor: &mut Cursor, act: impl FnOnce(&mut Cursor) -> Result<T>) -> Result<T> {
        cursor.home = Some(self.position(cursor)?);
        let result = act(cursor);
        let returned = self.go_home(cursor);
        let value = result?;
        returned.map(|()| value)
    }

    fn size(&self, cursor: &mut Cursor) -> Result<i64> {
        if self.host.has(Callback::Size) {
            return checked(Callback::Size, self.host.size());
        }
        self.away(cursor, |_| checked(Callback::Seek, self.host.seek(0, Whence::End)))
    }

    fn read(&self, cursor: &mut Cursor, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let count = count(Callback::Read, self.host.read(dst), dst.len())?;
        cursor.position = cursor.position.saturating_add(count as i64);
        Ok(count)
    }

    /// Calls what has neither arguments nor a result, where the host has it.
    fn simple(&self, callback: Callback) -> Result<()> {
        let _cursor = self.enter()?;
        if self.host.has(callback) {
            self.host.simple(callback).map_err(|error| failed(callback, error))
        } else {
            Ok(())
        }
    }
}

#[cold]
fn failed(callback: Callback, error: Error) -> Error {
    error.context(format_args!("its {callback} callback"))
}

/// A position or size.
fn checked(callback: Callback, given: Result<i64>) -> Result<i64> {
    match given.map_err(|error| failed(callback, error))? {
        NOT_GIVEN => Err(error!(IoError, "its {callback} callback succeeded and gave no number")),
        given @ ..0 => Err(error!(IoError, "its {callback} callback gave the negative number {given}")),
        given => Ok(given),
    }
}

/// A number of bytes moved.
fn count(callback: Callback, given: Result<i64>, asked: usize) -> Result<usize> {
    match checked(callback, given)? as usize {
        given if given > asked => {
            Err(error!(IoError, "its {callback} callback was to move {asked} bytes and says that it moved {given}"))
        }
        given => Ok(given),
    }
}

/// Has `write` write all of the data.
fn write_all(callback: Callback, data: &[u8], mut write: impl FnMut(&[u8], usize) -> Result<i64>) -> Transfer {
    let mut done = 0;
    while done < data.len() {
        let rest = &data[done..];
        let error = match count(callback, write(rest, done), rest.len()) {
            Ok(0) => error!(IoError, "its {callback} callback wrote none of the {} bytes that were left", rest.len()),
            Ok(written) => {
                done += written;
                continue;
            }
            Err(error) => error,
        };
        return Err(Stopped { error, after: done });
    }
    Ok(())
}

impl<H: Host + 'static> Stream for CallbackFile<H> {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn random_access(&self) -> Option<Shared<dyn RandomAccess>> {
        let source = self.source.clone();
        self.capabilities.contains(Capabilities::READ_AT).then(|| source.unsize(|p| p as *mut _))
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let mut cursor = self.source.enter_at_home()?;
        if dst.is_empty() { Ok(0) } else { self.source.read(&mut cursor, dst) }
    }

    fn write(&mut self, data: &[u8]) -> Transfer {
        let mut cursor = self.source.enter_at_home()?;
        let result = write_all(Callback::Write, data, |rest, _| self.source.host.write(rest));
        let written = got_through(&result, data.len());
        cursor.position = cursor.position.saturating_add(written as i64);
        result
    }

    fn write_at(&mut self, offset: usize, data: &[u8]) -> Transfer {
        let _cursor = self.source.enter()?;
        write_all(Callback::WriteAt, data, |rest, done| {
            let at = i64::try_from(offset + done).map_err(|_| error!(Invalid, "no offset lies behind {}", i64::MAX))?;
            self.source.host.write_at(at, rest)
        })
    }

    /// The host is only sent to positions from the start, which can be checked.
    fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        let mut cursor = self.source.enter_at_home()?;
        let current = if whence == Whence::Current { self.source.position(&cursor)? } else { 0 };
        let size = if whence == Whence::End { self.source.size(&mut cursor)? } else { 0 };
        let target = position::seek(current as usize, size as usize, offset, whence)? as i64;
        self.source.go(&mut cursor, target)?;
        Ok(target)
    }

    fn tell(&self) -> Result<i64> {
        let cursor = self.source.enter()?;
        self.source.position(&cursor)
    }

    fn size(&self) -> Result<i64> {
        let mut cursor = self.source.enter_at_home()?;
        self.source.size(&mut cursor)
    }

    fn resize(&mut self, size: usize) -> Result<()> {
        let _cursor = self.source.enter()?;
        self.source.host.resize(size as i64).map_err(|error| failed(Callback::Resize, error))
    }

    fn flush(&mut self) -> Result<()> {
        self.source.simple(Callback::Flush)
    }

    fn sync(&mut self) -> Result<()> {
        let most = if self.source.host.has(Callback::Sync) { Callback::Sync } else { Callback::Flush };
        self.source.simple(most)
    }

    fn close(&mut self) -> Result<()> {
        let flushed = if self.capabilities.contains(Capabilities::WRITE) { self.flush() } else { Ok(()) };
        let closed = self.source.simple(Callback::Close);
        flushed.and(closed)
    }

    fn abort(&mut self) -> Result<()> {
        let last = if self.source.host.has(Callback::Abort) { Callback::Abort } else { Callback::Close };
        self.source.simple(last)
    }
}

impl<H: Host> RandomAccess for Source<H> {
    fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.cursor.check_entry()?;
        let _reader = self.readers.enter()?;
        // Behind the last offset that there is lies nothing.
        let most = (i64::MAX as usize).saturating_sub(offset).min(dst.len());
        if most == 0 {
            return Ok(0);
        }
        let (offset, dst) = (offset as i64, &mut dst[..most]);
        if self.host.has(Callback::ReadAt) {
            return count(Callback::ReadAt, self.host.read_at(offset, dst), dst.len());
        }
        let mut cursor = self.cursor.hold()?;
        self.go_home(&mut cursor)?;
        self.away(&mut cursor, |cursor| {
            self.go(cursor, offset)?;
            self.read(cursor, dst)
        })
    }

    /// What the host says, unless it is at something: nobody waits for a guess. None where it says 0, as of what it fills
    /// on the way.
    fn size_hint(&self) -> Option<usize> {
        if !self.host.has(Callback::Size) {
            return None;
        }
        self.check_entry().ok()?;
        let _cursor = self.cursor.try_hold()?;
        let size = checked(Callback::Size, self.host.size()).ok()?;
        (size > 0).then_some(size as usize)
    }

    fn pool(&self) -> &Pool {
        &self.pool
    }

    fn check_entry(&self) -> Result<()> {
        self.readers.check_entry()
    }

    fn end_reads(&self) -> Result<()> {
        self.readers.end_reads()
    }
}
