//! Buffered streams against an array of bytes, over files that read and write in pieces and fail.

use super::stream::Stream;
use super::tests::{Scripted, bytes, file};
use super::transfer::{Stopped, Transfer};
use super::*;
use crate::error::{Error, ErrorKind, Result};
use crate::memory::default_pool;
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

/// A file that writes as a script says, so many bytes before a failure or all, and notes what came.
struct Sink {
    content: Arc<Mutex<Vec<u8>>>,
    script: Vec<Option<usize>>,
}

impl Stream for Sink {
    fn capabilities(&self) -> Capabilities {
        Capabilities::WRITE
    }

    fn write(&mut self, data: &[u8]) -> Transfer {
        let most = self.script.pop().flatten().unwrap_or(usize::MAX);
        let mut content = self.content.lock().unwrap();
        content.extend(&data[..most.min(data.len())]);
        if most < data.len() { Err(Stopped { error: Error::from_os(libc::EIO), after: most }) } else { Ok(()) }
    }

    fn tell(&self) -> Result<i64> {
        Ok(self.content.lock().unwrap().len() as i64)
    }
}

fn with_lines(size: usize) -> Vec<u8> {
    (0..size).map(|at| if at % 83 == 0 { b'\n' } else { at as u8 }).collect()
}

fn script(longest: usize) -> impl Strategy<Value = Vec<Option<usize>>> {
    prop::collection::vec(prop_oneof![4 => (1..longest).prop_map(Some), 1 => Just(None)], 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is called in whatever order, over short reads and failures, every byte comes once, in its place.
    #[test]
    fn buffered_input_is_an_array(
        size in 0usize..5000,
        script in script(600),
        calls in prop::collection::vec((0usize..7, 0usize..1500), 1..80),
        buffer_size in prop_oneof![Just(1usize), 1usize..700],
        bound in prop::option::of(1usize..6000),
    ) {
        let whole = with_lines(size);
        let content = &whole[..bound.unwrap_or(size).min(size)];
        let raw = file(Scripted { content: whole.clone(), position: 0, script }, 0);
        let file = buffered_input_stream(&raw, buffer_size, bound, &default_pool()).unwrap();
        let (mut position, mut buffer_size) = (0, buffer_size);
        for (call, size) in calls {
            let ahead = &content[position..];
            let expected = &ahead[..size.min(ahead.len())];
            let moved = match call {
                0 => bytes::read(&file, size).map(|bytes| { assert_eq!(bytes, expected); expected.len() }),
                1 => file.read_buffer(size).map(|buffer| { assert_eq!(buffer.as_slice(), expected); expected.len() }),
                2 => bytes::view(file.peek(size)).map(|bytes| { assert_eq!(bytes, expected); 0 }),
                3 => file.advance(size).map(|()| expected.len()),
                4 => bytes::view(file.read_line()).map(|line| {
                    let end = ahead.iter().position(|byte| *byte == b'\n').map_or(ahead.len(), |at| at + 1);
                    assert_eq!(line, &ahead[..end]);
                    end
                }),
                5 => {
                    buffer_size = size + 1;
                    file.set_buffer_size(buffer_size).map(|()| 0)
                }
                _ => file.tell().map(|_| 0),
            };
            match moved {
                Ok(moved) => position += moved,
                // Skipping forgets what it skipped; everything else stays where it was.
                Err(error) => {
                    prop_assert_eq!(error.os_error(), libc::EIO);
                    if call == 3 {
                        position = file.tell().unwrap() as usize;
                    }
                }
            }
            prop_assert_eq!(file.tell().unwrap(), position as i64);
            prop_assert_eq!(file.buffer_size().unwrap(), buffer_size);
        }
        let (raw, ahead) = file.detach().unwrap();
        prop_assert_eq!(file.detach().map(drop).unwrap_err().kind(), ErrorKind::Closed);
        prop_assert_eq!(bytes::read(&file, 1).unwrap_err().kind(), ErrorKind::Closed);
        prop_assert!(!raw.is_closed());
        prop_assert_eq!(raw.tell().unwrap() as usize, position + ahead.size());
        prop_assert!(position + ahead.size() <= content.len());
        prop_assert_eq!(ahead.as_slice(), &whole[position..][..ahead.size()]);
        drop(file);
        // Nobody else holds it any more, and it goes on where the stream stopped.
        let rest = std::iter::repeat_with(|| raw.read_all()).find_map(Result::ok).unwrap();
        prop_assert_eq!(rest.as_slice(), &whole[position + ahead.size()..]);
    }

    /// Whatever is called, what was accepted arrives once and in order, also where writes fail on their way.
    #[test]
    fn buffered_output_is_an_array(
        script in script(900),
        calls in prop::collection::vec((0usize..5, 0usize..1500), 1..80),
        buffer_size in prop_oneof![Just(1usize), 1usize..700],
    ) {
        let content: Arc<Mutex<Vec<u8>>> = Arc::default();
        let raw = file(Sink { content: content.clone(), script }, 0);
        let file = buffered_output_stream(&raw, buffer_size, &default_pool()).unwrap();
        let numbers: Vec<u8> = (0..200_000u32).map(|at| (at % 251) as u8).collect();
        for (call, size) in calls {
            let before = file.tell().unwrap() as usize;
            let most = if call < 3 { size } else { 0 };
            let result = match call {
                0..=2 => file.write(&numbers[before..before + size]),
                3 => file.set_buffer_size(size + 1),
                _ => file.flush(),
            };
            let after = file.tell().unwrap() as usize;
            let flushed = call == 4 && result.is_ok();
            match result {
                Ok(()) => prop_assert_eq!(after, before + most),
                Err(error) => {
                    prop_assert_eq!(error.os_error(), libc::EIO);
                    prop_assert!(before <= after && after <= before + most);
                }
            }
            let arrived = content.lock().unwrap();
            prop_assert!(arrived.len() <= after && *arrived == numbers[..arrived.len()]);
            prop_assert!(!(flushed && arrived.len() < after));
        }
        let end = file.tell().unwrap() as usize;
        let (raw, ahead) = std::iter::repeat_with(|| file.detach()).find_map(Result::ok).unwrap();
        prop_assert_eq!(ahead.size(), 0);
        prop_assert!(file.is_closed() && !raw.is_closed());
        prop_assert_eq!(&*content.lock().unwrap(), &numbers[..end]);
    }
}

#[test]
fn detach_of_another_class_is_refused() {
    let raw = file(Scripted { content: vec![1, 2, 3], position: 0, script: vec![] }, 100);
    assert_eq!(bytes::view(raw.peek(1)).unwrap(), [1]);
    for error in [
        raw.detach().map(drop).unwrap_err(),
        raw.set_buffer_size(1).unwrap_err(),
        raw.buffer_size().map(drop).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("a test") && error.to_string().contains("not a buffered stream"));
    }
    assert_eq!(bytes::read(&raw, 9).unwrap(), [1, 2, 3]);
}
