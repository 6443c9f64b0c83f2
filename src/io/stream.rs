//! What a class of file implements.

use super::Capabilities;
use super::buffered::Buffered;
use super::checksum::Digest;
use super::file::File;
use super::memory_cursor::MemoryCursor;
use super::read_range::ReadRange;
use super::system_file::SystemFile;
use super::transfer::{CHUNK, Transfer, read_to_end, read_until_full};
use crate::error::{Error, Result, error};
use crate::memory::{Buffer, BufferBuilder, Pool};
use crate::shared::Shared;
use crate::sys::Descriptor;
use std::mem::MaybeUninit;

pub use crate::sys::Whence;

/// The calls of a file that go one at a time. `File` serialises them, checks the arguments and the capability of each,
/// names the file in their errors, and calls nothing after `close` or `abort`; a class does the work and nothing else.
/// What a class is not capable of it leaves out.
#[allow(unused_variables, reason = "the names are documentation")]
pub(crate) trait Stream: Send {
    /// What the class can do. Does not change.
    fn capabilities(&self) -> Capabilities;

    /// The one file that this one is a layer over.
    fn beneath(&self) -> Option<&File> {
        None
    }

    /// Whether it is discarded where it is released without being closed, since only `close` makes it complete. Does not
    /// change.
    fn needs_close(&self) -> bool {
        self.beneath().is_some_and(File::needs_close)
    }

    /// What the operating system knows of it, or of the one file beneath; does not change.
    fn system_file(&self) -> Option<Shared<dyn SystemFile>> {
        self.beneath()?.system_file().cloned()
    }

    /// The positionless reads that may run at the same time as anything else, for a class with `READ_AT`.
    fn random_access(&self) -> Option<Shared<dyn RandomAccess>> {
        None
    }

    /// Memory that the class reads from and that never changes: `File` then reads it without waiting for its turn.
    fn memory_cursor(&self) -> Option<Shared<MemoryCursor>> {
        None
    }

    /// One attempt to read: at most `dst.len()` bytes, 0 only at the end. What it counts it has filled.
    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        Err(not_capable())
    }

    /// Up to `size` bytes without a copy, for a class with `ZERO_COPY`; fewer only at the end.
    fn read_slice(&mut self, size: usize) -> Result<Buffer> {
        Err(not_capable())
    }

    /// As `read_slice`, where a class without `ZERO_COPY` can do it just now.
    fn read_slice_at_hand(&mut self, size: usize) -> Result<Option<Buffer>> {
        Ok(None)
    }

    /// Whether the class looks ahead by itself, by `peek` and `read_line`. Of any other class `File` reads ahead.
    fn looks_ahead(&self) -> bool {
        self.capabilities().contains(Capabilities::ZERO_COPY)
    }

    /// Whether what `peek` shows stays readable whatever other processes do. Where not, `File` lends no such bytes to others
    /// within the library but copies by `random_access`, which takes care.
    fn is_steady(&self) -> bool {
        true
    }

    /// The next bytes without moving, for a class that looks ahead: up to `size`, fewer only at the end. More may be given.
    fn peek(&mut self, size: usize) -> Result<&[u8]> {
        Err(not_capable())
    }

    /// The next line with its newline, or what is left, for a class that looks ahead.
    fn read_line(&mut self) -> Result<&[u8]> {
        Err(not_capable())
    }

    /// Moves ahead by up to `size` bytes without reading them. `None`: there is no way but to read.
    fn skip(&mut self, size: usize) -> Result<Option<()>> {
        Ok(None)
    }

    /// How many bytes lie ahead, where that is easily known; a guess is enough.
    fn remaining_hint(&self) -> Option<usize> {
        None
    }

    /// Writes everything. Where it stops, `tell` stands behind what got through, and the next write comes there.
    fn write(&mut self, data: &[u8]) -> Transfer {
        Err(not_capable().into())
    }

    /// Writes everything at an offset; the position stays.
    fn write_at(&mut self, offset: usize, data: &[u8]) -> Transfer {
        Err(not_capable().into())
    }

    /// Moves the position; on failure it stays. Gives the new one.
    fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        Err(not_capable())
    }

    /// The position in logical (uncompressed) bytes.
    fn tell(&self) -> Result<i64>;

    /// How many bytes of the file beneath what has passed stands for, of a class that compresses or decompresses.
    fn raw_tell(&self) -> Option<i64> {
        None
    }

    /// The size in logical bytes.
    fn size(&self) -> Result<i64> {
        Err(not_capable())
    }

    /// Whether it is nothing but a descriptor, so that `send_to` and `receive_from` may have a way. Does not change.
    fn is_descriptor(&self) -> bool {
        false
    }

    /// One attempt to move up to `size` bytes from here to `target` within the operating system. `None`: there is no way; 0: there
    /// is nothing to move at this moment.
    fn send_to(&mut self, target: &mut dyn Stream, size: usize) -> Result<Option<usize>> {
        Ok(None)
    }

    /// The other end of `send_to`, for a class that is a descriptor.
    fn receive_from(&mut self, source: &Descriptor, size: usize) -> Result<Option<usize>> {
        Ok(None)
    }

    /// Cuts or extends; what is new reads as zeros.
    fn resize(&mut self, size: usize) -> Result<()> {
        Err(not_capable())
    }

    /// Passes everything written on to the operating system.
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    /// Waits until everything written is on the disk.
    fn sync(&mut self) -> Result<()> {
        self.flush()
    }

    /// Finishes what is written and lets go of everything, also when it fails; a layer closes the file beneath.
    fn close(&mut self) -> Result<()> {
        self.beneath().map_or(Ok(()), File::close)
    }

    /// Whether the calling thread may close the files that closing this one closes, by `File::check_close`. Asked before, so
    /// that a layer whose file beneath refuses to be closed stays open as well.
    fn check_close(&self) -> Result<()> {
        self.beneath().map_or(Ok(()), File::check_close)
    }

    /// Lets go of everything without finishing; a layer has the file beneath do so too.
    fn abort(&mut self) -> Result<()> {
        match self.beneath() {
            Some(raw) => raw.abort(),
            None => self.close(),
        }
    }

    /// Whether `passed` is to be called.
    fn counts_what_passes(&self) -> bool {
        false
    }

    /// These bytes, the next ones, have passed the file's position.
    fn passed(&mut self, bytes: &[u8]) {}

    /// The last `size` bytes that passed will pass again: they could not go where they should.
    fn came_back(&mut self, size: usize) {}

    /// The checksum of what was read or written so far, of a class that takes one.
    fn digest(&self) -> Option<Digest> {
        None
    }

    /// The class as one that gathers small reads or writes.
    fn buffered(&mut self) -> Option<&mut dyn Buffered> {
        None
    }

    /// The bytes written, of a class that keeps them; callable once, before or after `close`.
    fn take_buffer(&mut self) -> Result<Buffer> {
        Err(error!(Invalid, "it does not keep what is written to it"))
    }
}

/// Reads that need no position and may run on any number of threads at once.
pub(crate) trait RandomAccess: Send + Sync {
    /// One attempt to read at an offset: at most `dst.len()` bytes, 0 only at the end. What it counts it has filled.
    fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize>;

    /// Up to `size` bytes at an offset without a copy, where the class can.
    fn slice_at(&self, _offset: usize, _size: usize) -> Result<Option<Buffer>> {
        Ok(None)
    }

    /// How many bytes there are, where that is easily known; a guess is enough.
    fn size_hint(&self) -> Option<usize> {
        None
    }

    /// These ranges will be read soon.
    fn will_need(&self, _ranges: &[ReadRange]) -> Result<()> {
        Ok(())
    }

    /// Forgets what it keeps before an offset; whether it keeps anything at all.
    fn evict_before(&self, _offset: usize) -> bool {
        false
    }

    /// The class as one that keeps an index of places.
    fn indexed(&self) -> Option<&dyn Indexed> {
        None
    }

    /// Where buffers for what is read come from.
    fn pool(&self) -> &Pool;

    /// INVALID from within a read of the same file. Needed where a read calls the host.
    fn check_entry(&self) -> Result<()> {
        Ok(())
    }

    /// Waits for reads that are under way and lets no further one begin. Where `check_entry` fails nothing changes. Called
    /// without a lock, before the file is closed. Needed where a read calls the host.
    fn end_reads(&self) -> Result<()> {
        Ok(())
    }

    /// Up to `size` bytes at an offset in a buffer, fewer only at the end; without a copy where the class can.
    fn read_buffer_at(&self, offset: usize, size: usize) -> Result<Buffer> {
        if let Some(slice) = self.slice_at(offset, size)? {
            return Ok(slice);
        }
        let hint = if size > CHUNK { self.size_hint() } else { None };
        let hint = hint.map(|end| end.saturating_sub(offset));
        let mut builder = BufferBuilder::new(self.pool().clone());
        read_to_end(&mut builder, size, hint, |room, done| {
            read_until_full(room, |rest, filled| self.read_at(offset + done + filled, rest))
        })?;
        builder.finish()
    }
}

/// A class that learns where it can begin to read, which takes time, and may be told instead.
pub(crate) trait Indexed {
    /// Writes all of what it knows, which it completes first.
    fn save_index(&self, target: &File) -> Result<()>;

    /// Takes what another one saved, from the position of `source` to its end.
    fn load_index(&self, source: &File) -> Result<()>;
}

/// The first line of `bytes` with its newline, or all of them.
pub(crate) fn first_line(bytes: &[u8]) -> &[u8] {
    &bytes[..crate::sys::find_byte(bytes, b'\n').map_or(bytes.len(), |at| at + 1)]
}

/// Only reached when a class claims what it does not implement.
#[cold]
fn not_capable() -> Error {
    error!(Internal, "the class claims a capability that it does not have")
}
