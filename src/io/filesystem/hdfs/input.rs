//! Files of a cluster for reading.

use super::ahead::Ahead;
use super::connection::Connection;
use super::session::Own;
use super::{path_text, text};
use crate::error::{Error, ErrorKind, Quoted, Result, error};
use crate::io::stream::{RandomAccess, Stream, Whence};
use crate::io::system_file::SystemFile;
use crate::io::{Capabilities, File, position};
use crate::memory::Pool;
use crate::shared::Shared;
use crate::sys::{Descriptor, PathText, process_number, read_lock, write_lock};
use crate::task::{UntilClosed, closed};
use hdfs_native::client::FileStatus;
use hdfs_native::file::FileReader;
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::Relaxed};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

/// How far ahead is fetched at once: the client sets up each block of it beforehand.
const AHEAD: usize = 1 << 30;
/// From so many bytes on a read is taken for one of several.
const LARGE: usize = 1 << 20;
/// How often a read is tried; before each further time the name node is asked where the blocks are, which may have moved.
const ATTEMPTS: u32 = 3;
/// How long is waited before the second time; before each further one four times as long.
const PAUSE: Duration = Duration::from_millis(200);

/// The process that has opened a file for reading, or 0.
static READS: AtomicI32 = AtomicI32::new(0);

/// For all file systems of a process together the client keeps connections to data nodes that answered, and takes them up
/// again. A child of a fork would talk in the midst of what its parent says on them.
pub(super) fn check_no_parent_reads() -> Result<()> {
    match READS.load(Relaxed) {
        0 => Ok(()),
        process if process == process_number() => Ok(()),
        process => Err(error!(
            Invalid,
            "process {process}, which process {} was forked from, has read from a cluster and shares its connections with it; a \
             process that is started by exec has its own",
            process_number()
        )),
    }
}

pub(super) struct HdfsInput {
    ahead: Option<Ahead>,
    position: usize,
    /// Where the last read ended.
    read_to: usize,
    source: Shared<Source>,
}

struct Source {
    /// Where the blocks are. `None`: the file is closed.
    reader: RwLock<Option<Arc<Own<FileReader>>>>,
    connection: Shared<Connection>,
    path: PathText,
    /// What it was when it was opened.
    size: usize,
    /// How much of it the client can read: a block that is being written it leaves out.
    readable: usize,
    /// When it had been changed then, in milliseconds since 1970. What is there later is the same only if that is.
    modified: u64,
    /// The last read had no answer in time.
    is_silent: AtomicBool,
}

impl HdfsInput {
    pub(super) fn open(connection: &Shared<Connection>, path: &str, name: &[u8]) -> Result<File> {
        let (found, reader) = located(connection, path)?;
        let _ = READS.compare_exchange(0, process_number(), Relaxed, Relaxed);
        let source = Source {
            connection: connection.clone(),
            path: path_text(path)?,
            size: found.length.max(reader.file_length()),
            readable: reader.file_length(),
            modified: found.modification_time,
            is_silent: AtomicBool::new(false),
            reader: RwLock::new(Some(Arc::new(Own::new(reader)))),
        };
        let input = Self { source: Shared::try_new(source)?, position: 0, read_to: usize::MAX, ahead: None };
        File::new(input, format_args!("{}", Quoted(name)), connection.pool(), connection.options().buffer_size)
    }

    /// Fills `dst` behind what is `done`, and counts in it, also where it fails: then the rest is fetched anew.
    fn advance(&mut self, dst: &mut [MaybeUninit<u8>], done: &mut usize) -> Result<()> {
        let source = self.source.clone();
        let session = &source.connection.session;
        while *done < dst.len() {
            let ahead = match &mut self.ahead {
                Some(ahead) => ahead,
                None => self.ahead.insert(source.ahead(self.position + *done, AHEAD)?),
            };
            let before = *done;
            let filled = ahead.fill(session, dst, done);
            if filled.is_err() || *done == before {
                self.ahead = None;
            }
            filled?;
        }
        Ok(())
    }
}

/// What is known of a file, and where its blocks are.
fn located(connection: &Connection, path: &str) -> Result<(FileStatus, FileReader)> {
    connection.ask(path, |client, path| async move {
        loop {
            // Asked first, so that what replaces the file in between is not taken for it. Where both fail, the other error is
            // better.
            let found = client.get_file_info(&path).await;
            let reader = client.read(&path).await?;
            let found = found?;
            // A shorter one in its place is not taken for one that is being written.
            let is_same = found.length <= reader.file_length()
                || client.get_file_info(&path).await?.modification_time == found.modification_time;
            if is_same {
                return Ok((found, reader));
            }
        }
    })
}

/// Whether it counts more than what failed before: the host's word, the deadline, or that it is another file now.
fn is_final(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::TimedOut) || error.os_error() == libc::ESTALE
}

impl Source {
    fn reader(&self) -> Result<Arc<Own<FileReader>>> {
        self.connection.session.check_process()?;
        read_lock(&self.reader).clone().ok_or_else(closed)
    }

    /// What comes from `position` on, of so many bytes at most.
    fn ahead(&self, position: usize, most: usize) -> Result<Ahead> {
        let size = (self.readable - position).min(most);
        let packets = self.reader()?.read_range_stream(position, size);
        Ok(Ahead::start(&self.connection.session, packets, size))
    }

    /// Does `attempt`, and where the data nodes fail, asks the name node where the blocks are now and does it again, if there is
    /// time for that.
    fn with_attempts(&self, mut attempt: impl FnMut() -> Result<()>) -> Result<()> {
        if self.is_silent.swap(false, Relaxed) {
            self.look_again()?;
        }
        let begin = Instant::now();
        let is_time_left = || self.connection.session.timeout().is_none_or(|whole| begin.elapsed() < whole / 2);
        let mut pause = PAUSE;
        for _ in 1..ATTEMPTS {
            match attempt() {
                Err(error) if error.kind() == ErrorKind::IoError && is_time_left() => {
                    crate::sys::sleep(pause.as_nanos() as i64).map_err(Error::from_os)?;
                    pause *= 4;
                    self.look_again().map_err(|other| if is_final(&other) { other } else { error })?;
                }
                result => return result.inspect_err(|error| self.remember(error)),
            }
        }
        attempt().inspect_err(|error| self.remember(error))
    }

    /// Where nobody answered in time the next read asks anew, for the reader stays with the name node that it has.
    #[cold]
    fn remember(&self, error: &Error) {
        self.is_silent.fetch_or(error.kind() == ErrorKind::TimedOut, Relaxed);
    }

    fn look_again(&self) -> Result<()> {
        let path = text(self.path.as_c_str())?;
        let (found, reader) = located(&self.connection, path)?;
        if reader.file_length() < self.readable || found.modification_time != self.modified {
            return Err(Error::from_os(libc::ESTALE));
        }
        let mut current = write_lock(&self.reader);
        if current.is_some() {
            *current = Some(Arc::new(Own::new(reader)));
        }
        Ok(())
    }

    /// How many of `wanted` bytes at `offset` can be read at once; of some 0 only at the end.
    fn available(&self, offset: usize, wanted: usize) -> Result<usize> {
        let (size, readable) = (self.size, self.readable);
        if wanted > 0 && (readable..size).contains(&offset) {
            let message =
                format_args!("what is behind its first {readable} of {size} bytes is in a block that is being written");
            return Err(Error::with_os_error(ErrorKind::IoError, libc::EBUSY, message));
        }
        Ok(wanted.min(readable.saturating_sub(offset)))
    }

    /// Fills `dst`, which begins at `offset`, behind what is `done`, and counts in it, also where it fails.
    fn read_range(&self, offset: usize, dst: &mut [MaybeUninit<u8>], done: &mut usize) -> Result<()> {
        self.ahead(offset + *done, dst.len() - *done)?.fill(&self.connection.session, dst, done)
    }
}

impl Stream for HdfsInput {
    fn capabilities(&self) -> Capabilities {
        use Capabilities as Can;
        Can::READ | Can::SEEK | Can::READ_AT | Can::SIZE
    }

    fn system_file(&self) -> Option<Shared<dyn SystemFile>> {
        Some(self.source.clone().unsize(|p| p as *mut _))
    }

    fn random_access(&self) -> Option<Shared<dyn RandomAccess>> {
        Some(self.source.clone().unsize(|p| p as *mut _))
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        // Also where what is wanted has come already.
        self.source.connection.session.check_process()?;
        let size = self.source.available(self.position, dst.len())?;
        if size == 0 {
            return Ok(0);
        }
        let (source, position) = (self.source.clone(), self.position);
        let (dst, mut done) = (&mut dst[..size], 0);
        // Of a file that is not read through what comes ahead would be in vain.
        let is_ahead = self.ahead.is_some() || position == self.read_to || size >= LARGE;
        source.with_attempts(|| match is_ahead {
            true => self.advance(dst, &mut done),
            false => source.read_range(position, dst, &mut done),
        })?;
        self.position += size;
        self.read_to = self.position;
        Ok(size)
    }

    fn skip(&mut self, size: usize) -> Result<Option<()>> {
        let size = size.min(self.source.size.saturating_sub(self.position));
        self.seek(size as i64, Whence::Current).map(|_| Some(()))
    }

    fn remaining_hint(&self) -> Option<usize> {
        Some(self.source.size.saturating_sub(self.position))
    }

    fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        self.source.connection.session.check_process()?;
        let target = position::seek(self.position, self.source.size, offset, whence)?;
        let distance = target.checked_sub(self.position);
        let has_come = match (&mut self.ahead, distance) {
            (Some(ahead), Some(distance)) => ahead.skip(distance),
            _ => false,
        };
        if !has_come {
            self.ahead = None;
        }
        self.position = target;
        Ok(target as i64)
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.position as i64)
    }

    fn size(&self) -> Result<i64> {
        Ok(self.source.size as i64)
    }

    fn close(&mut self) -> Result<()> {
        self.source.connection.session.check_process()?;
        self.ahead = None;
        *write_lock(&self.source.reader) = None;
        Ok(())
    }
}

impl SystemFile for Source {
    fn path(&self) -> Option<&CStr> {
        Some(self.path.as_c_str())
    }

    fn open_descriptor(&self) -> Option<&UntilClosed<Descriptor>> {
        None
    }
}

impl RandomAccess for Source {
    fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.reader()?;
        let size = self.available(offset, dst.len())?;
        if size == 0 {
            return Ok(0);
        }
        let mut done = 0;
        self.with_attempts(|| self.read_range(offset, &mut dst[..size], &mut done))?;
        Ok(size)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.size)
    }

    fn pool(&self) -> &Pool {
        self.connection.pool()
    }
}
