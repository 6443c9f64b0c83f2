//! The contract of `File` over classes that misbehave, which the C tests cannot make.
#![allow(clippy::undocumented_unsafe_blocks, reason = "a test keeps its promises or fails")]

use super::stream::Stream;
use super::*;
use crate::error::{Error, ErrorKind, Result, error};
use crate::memory::{CappedPool, Pool, default_pool};
use proptest::prelude::*;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock};

/// A source whose every read is said by a script: so many bytes, or a failure.
pub(super) struct Scripted {
    pub(super) content: Vec<u8>,
    pub(super) position: usize,
    pub(super) script: Vec<Option<usize>>,
}

impl Stream for Scripted {
    fn capabilities(&self) -> Capabilities {
        Capabilities::READ
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        let Some(count) = self.script.pop().unwrap_or(Some(usize::MAX)) else { return Err(Error::from_os(libc::EIO)) };
        let count = count.max(1).min(dst.len()).min(self.content.len() - self.position);
        dst[..count].write_copy_of_slice(&self.content[self.position..][..count]);
        self.position += count;
        Ok(count)
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.position as i64)
    }
}

pub(super) fn file(stream: impl Stream + 'static, block_size: usize) -> File {
    file_with(stream, &default_pool(), block_size)
}

fn file_with(stream: impl Stream + 'static, pool: &Pool, block_size: usize) -> File {
    File::new(stream, format_args!("a test"), pool, block_size).unwrap()
}

#[allow(unsafe_code, reason = "memory that was filled, views that are still good")]
pub(super) mod bytes {
    use super::*;

    pub(in super::super) fn read(file: &File, size: usize) -> Result<Vec<u8>> {
        let mut memory = vec![MaybeUninit::new(0); size];
        let count = file.read(&mut memory)?;
        Ok(unsafe { memory[..count].assume_init_ref() }.to_vec())
    }

    pub(in super::super) fn view(view: Result<*const [u8]>) -> Result<Vec<u8>> {
        view.map(|view| unsafe { &*view }.to_vec())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Short reads are made up for, and a failure, wherever it comes, loses and repeats nothing; nor does a lack of memory,
    /// but for bytes that were read to where only they and no memory was.
    #[test]
    fn failures_lose_nothing(
        size in prop_oneof![2 => 0usize..5000, 1 => 0usize..500_000],
        memory in prop_oneof![Just(usize::MAX), 0usize..4000, 0usize..600_000],
        script in prop::collection::vec(prop_oneof![4 => (1usize..600).prop_map(Some), 1 => Just(None)], 0..60),
        calls in prop::collection::vec((0usize..6, prop_oneof![4 => 0usize..1500, 1 => 0usize..600_000]), 1..60),
        block_size in prop_oneof![Just(0usize), 1usize..300, 1usize..100_000],
    ) {
        let content: Vec<u8> = (0..size).map(|at| if at % 83 == 0 { b'\n' } else { at as u8 }).collect();
        let pool = Pool::new(CappedPool::new(default_pool(), memory)).unwrap();
        let file = file_with(Scripted { content: content.clone(), position: 0, script }, &pool, block_size);
        let is_expected = |error: &Error| {
            error.os_error() == libc::EIO || memory < usize::MAX && error.kind() == ErrorKind::OutOfMemory
        };
        let mut position = 0;
        for (call, size) in calls {
            let ahead = &content[position..];
            let expected = &ahead[..size.min(ahead.len())];
            let moved = match call {
                0 => bytes::read(&file, size).map(|bytes| { assert_eq!(bytes, expected); expected.len() }),
                1 => file.read_buffer(size).map(|buffer| { assert_eq!(buffer.as_slice(), expected); expected.len() }),
                2 => bytes::view(file.peek(size)).map(|bytes| { assert_eq!(bytes, expected); 0 }),
                3 => file.advance(size).map(|()| expected.len()),
                4 => {
                    let mut offsets = vec![MaybeUninit::new(0); size % 20 + 2];
                    file.read_lines(&mut offsets).map(|(lines, count)| {
                        let complete = ahead.iter().filter(|byte| **byte == b'\n').count();
                        assert!(count >= ahead.len().min(1) && count < offsets.len() && count <= complete + 1);
                        assert_eq!(lines.as_slice(), &ahead[..lines.size()]);
                        assert!(lines.size() == ahead.len() || lines.as_slice().ends_with(b"\n"));
                        assert_eq!(lines.as_slice().split_inclusive(|byte| *byte == b'\n').count(), count);
                        lines.size()
                    })
                }
                _ => bytes::view(file.read_line()).map(|line| {
                    let end = ahead.iter().position(|byte| *byte == b'\n').map_or(ahead.len(), |at| at + 1);
                    assert_eq!(line, &ahead[..end]);
                    end
                }),
            };
            match moved {
                Ok(moved) => position += moved,
                // Skipping forgets what it skipped; everything else stays where it was.
                Err(error) if call == 3 => {
                    prop_assert!(is_expected(&error));
                    position = file.tell().unwrap() as usize;
                }
                // A failed read to memory of the caller's may need memory to keep what it read.
                Err(error) if call == 0 && error.to_string().contains("lost") => {
                    prop_assert!(memory < usize::MAX);
                    position = file.tell().unwrap() as usize;
                }
                Err(error) => prop_assert!(is_expected(&error) && !error.to_string().contains("lost"), "{error}"),
            }
            prop_assert_eq!(file.tell().unwrap(), position as i64);
        }
    }
}

/// A class that does in its reads whatever it is told.
struct Told<F>(F);

impl<F: FnMut() -> Result<usize> + Send> Stream for Told<F> {
    fn capabilities(&self) -> Capabilities {
        Capabilities::READ
    }

    fn read(&mut self, _: &mut [MaybeUninit<u8>]) -> Result<usize> {
        (self.0)()
    }

    fn tell(&self) -> Result<i64> {
        Ok(0)
    }

    fn close(&mut self) -> Result<()> {
        Err(error!(IoError, "it does not want to"))
    }
}

/// Gives three bytes, fails, and cannot go back; looks ahead by itself, and notes what passes.
struct NoWayBack {
    reads: usize,
    passed: Arc<Mutex<Vec<u8>>>,
}

impl Stream for NoWayBack {
    fn capabilities(&self) -> Capabilities {
        Capabilities::READ | Capabilities::SEEK
    }

    fn looks_ahead(&self) -> bool {
        true
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.reads += 1;
        if self.reads.is_multiple_of(2) {
            return Err(Error::from_os(libc::EIO));
        }
        dst[..3].write_copy_of_slice(b"abc");
        Ok(3)
    }

    fn seek(&mut self, _: i64, _: Whence) -> Result<i64> {
        Err(Error::from_os(libc::ESPIPE))
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.passed.lock().unwrap().len() as i64)
    }

    fn counts_what_passes(&self) -> bool {
        true
    }

    fn passed(&mut self, bytes: &[u8]) {
        self.passed.lock().unwrap().extend(bytes);
    }
}

/// The error is that of the read, says what is lost, and the class hears of it: position and checksum stay together.
#[test]
fn bytes_that_cannot_be_put_back_have_passed() {
    let passed: Arc<Mutex<Vec<u8>>> = Arc::default();
    let file = file(NoWayBack { reads: 0, passed: passed.clone() }, 0);
    for (error, so_far) in [
        (bytes::read(&file, 10).unwrap_err(), b"abc".as_slice()),
        (file.read_buffer(10).map(drop).unwrap_err(), b"abcabc"),
    ] {
        assert_eq!(error.os_error(), libc::EIO);
        assert!(error.to_string().contains("3 bytes read before it are lost"), "{error}");
        assert_eq!(&passed.lock().unwrap()[..so_far.len()], so_far);
    }
    assert_eq!(passed.lock().unwrap().len(), 6);
}

#[test]
fn calling_back_into_the_same_file_is_an_error() {
    let own: Arc<OnceLock<File>> = Arc::default();
    let seen: Arc<Mutex<Vec<ErrorKind>>> = Arc::default();
    let (inner, log) = (own.clone(), seen.clone());
    let told = file(
        Told(move || {
            let file = inner.get().unwrap();
            let errors = [file.tell().err(), file.close().err(), bytes::read(file, 1).err()];
            log.lock().unwrap().extend(errors.into_iter().flatten().map(|error| error.kind()));
            Ok(0)
        }),
        0,
    );
    own.set(told.clone()).ok().unwrap();
    assert_eq!(bytes::read(&told, 1).unwrap(), b"");
    assert_eq!(*seen.lock().unwrap(), [ErrorKind::Invalid; 3]);
}

#[test]
fn after_a_panic_a_file_can_only_be_released() {
    let told = file(Told(|| panic!("a defect")), 0);
    let panicked = catch_unwind(AssertUnwindSafe(|| bytes::read(&told, 1)));
    assert!(panicked.is_err());
    assert_eq!(told.tell().unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(bytes::read(&told, 1).unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn closing_fails_the_same_way_twice() {
    let told = file(Told(|| Ok(0)), 0);
    let first = told.close().unwrap_err();
    let second = told.close().unwrap_err();
    assert_eq!((first.kind(), first.to_string()), (second.kind(), second.to_string()));
    assert!(first.to_string().contains("a test") && first.to_string().contains("it does not want to"));
    assert!(told.is_closed());
    assert_eq!(told.tell().unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn others_wait_their_turn() {
    let busy: Arc<Mutex<()>> = Arc::default();
    let inside = busy.clone();
    let told = file(
        Told(move || {
            let _alone = inside.try_lock().expect("two calls at once");
            std::thread::yield_now();
            Ok(0)
        }),
        0,
    );
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..2000).for_each(|_| drop(bytes::read(&told, 1).unwrap())));
        }
    });
}

/// Reads of memory take no lock, and still every byte is given once, however the calls are mixed.
#[test]
fn memory_is_read_once_by_all_threads() {
    let content: Vec<u8> = (0..20_000u32).flat_map(|line| format!("{line}\n").into_bytes()).collect();
    let buffer = crate::memory::Buffer::copy_of(&default_pool(), &content).unwrap();
    let reader = buffer_reader(&buffer).unwrap();
    let read_all = |way: usize| {
        let mut sum = (0, 0u64);
        loop {
            let bytes = match way {
                0 => bytes::view(reader.read_line()).unwrap(),
                1 => bytes::read(&reader, 7).unwrap(),
                _ => reader.read_buffer(5).unwrap().as_slice().to_vec(),
            };
            if bytes.is_empty() {
                return sum;
            }
            sum = (sum.0 + bytes.len(), bytes.iter().fold(sum.1, |sum, byte| sum + u64::from(*byte)));
        }
    };
    let sums: Vec<(usize, u64)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|thread| {
                scope.spawn({
                    let read_all = &read_all;
                    move || read_all(thread % 3)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let total = sums.iter().fold((0, 0), |total, sum| (total.0 + sum.0, total.1 + sum.1));
    assert_eq!(total, (content.len(), content.iter().map(|byte| u64::from(*byte)).sum()));
}

/// A file of zeros that panics on every thread but one.
struct Panicking {
    pool: crate::memory::Pool,
    on: std::thread::ThreadId,
}

impl stream::RandomAccess for Panicking {
    fn read_at(&self, _offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        assert_eq!(std::thread::current().id(), self.on, "a defect that a test has made");
        // So that others come to read as well.
        std::thread::sleep(std::time::Duration::from_millis(2));
        dst.fill(MaybeUninit::new(0));
        Ok(dst.len())
    }

    fn size_hint(&self) -> Option<usize> {
        Some(1 << 30)
    }

    fn pool(&self) -> &crate::memory::Pool {
        &self.pool
    }
}

struct OverPanicking(crate::shared::Shared<Panicking>);

impl Stream for OverPanicking {
    fn capabilities(&self) -> Capabilities {
        Capabilities::READ | Capabilities::READ_AT
    }

    fn random_access(&self) -> Option<crate::shared::Shared<dyn stream::RandomAccess>> {
        Some(self.0.clone().unsize(|p| p as *mut _))
    }

    fn tell(&self) -> Result<i64> {
        Ok(0)
    }
}

/// What a helper was at when it panicked is an error of the call and not a range that came short.
#[test]
fn panics_of_helpers_are_told() {
    let on = std::thread::current().id();
    let random = crate::shared::Shared::try_new(Panicking { pool: default_pool(), on }).unwrap();
    let file = file(OverPanicking(random), 0);
    let executor = crate::task::Executor::new(1).unwrap();
    let ranges: Vec<ReadRange> = (0..100).map(|at| ReadRange { offset: at << 20, size: 100 }).collect();
    let options = ReadManyOptions { executor: Some(executor), ..Default::default() };
    let Err(error) = file.read_many(&ranges, &options) else { panic!("the helper had no part in it") };
    assert_eq!(error.kind(), ErrorKind::Internal);
}
