//! What a file's calls did, counted for a host that asks for it.

use super::file::File;
use crate::sys::Meter;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// What the calls on a file did since they are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Calls that read and succeeded.
    pub read_calls: u64,
    /// Bytes that they gave.
    pub bytes_read: u64,
    /// Calls that wrote and succeeded.
    pub write_calls: u64,
    /// Bytes that they took.
    pub bytes_written: u64,
    /// Calls of the operating system, of this file and those beneath it, on the threads of its callers.
    pub system_calls: u64,
    /// Nanoseconds in these.
    pub system_nanoseconds: u64,
}

impl File {
    /// Counts from now on what calls on this file do.
    pub fn enable_statistics(&self) {
        self.counters().enable();
        self.stop_direct_reads();
    }

    /// What calls on this file did since they are counted.
    pub fn statistics(&self) -> Statistics {
        self.counters().so_far()
    }

    #[inline]
    pub(super) fn count_read(&self, size: usize) {
        self.counters().count_read(size);
    }
}

/// The counters of a file.
#[derive(Default)]
pub(super) struct Counters {
    on: AtomicBool,
    read_calls: AtomicU64,
    bytes_read: AtomicU64,
    write_calls: AtomicU64,
    bytes_written: AtomicU64,
    system_calls: AtomicU64,
    system_nanoseconds: AtomicU64,
}

impl Counters {
    /// Counts from now on.
    pub(super) fn enable(&self) {
        self.on.store(true, Relaxed);
    }

    #[inline]
    fn is_on(&self) -> bool {
        self.on.load(Relaxed)
    }

    /// Counts what a call does to the system while the result lives.
    #[inline]
    pub(super) fn begin(&self) -> Option<Counting<'_>> {
        self.is_on().then(|| Counting { counters: self, meter: Meter::start() })
    }

    #[inline]
    pub(super) fn count_read(&self, size: usize) {
        self.count_reads(1, size);
    }

    #[inline]
    pub(super) fn count_reads(&self, calls: usize, size: usize) {
        if self.is_on() {
            add(&self.read_calls, calls as u64);
            add(&self.bytes_read, size as u64);
        }
    }

    #[inline]
    pub(super) fn count_write(&self, size: usize) {
        if self.is_on() {
            add(&self.write_calls, 1);
            add(&self.bytes_written, size as u64);
        }
    }

    pub(super) fn so_far(&self) -> Statistics {
        Statistics {
            read_calls: self.read_calls.load(Relaxed),
            bytes_read: self.bytes_read.load(Relaxed),
            write_calls: self.write_calls.load(Relaxed),
            bytes_written: self.bytes_written.load(Relaxed),
            system_calls: self.system_calls.load(Relaxed),
            system_nanoseconds: self.system_nanoseconds.load(Relaxed),
        }
    }
}

#[cold]
fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Relaxed);
}

/// A call whose calls of the system are counted.
pub(super) struct Counting<'a> {
    counters: &'a Counters,
    meter: Meter,
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        let counted = self.meter.so_far();
        add(&self.counters.system_calls, counted.calls);
        add(&self.counters.system_nanoseconds, counted.nanoseconds);
    }
}
