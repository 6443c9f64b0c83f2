//! Callback files over a host that fails and gives wrong numbers at any moment, against an array of bytes.

use super::callback_file::{Callback, Host, NOT_GIVEN, callback_file};
use super::tests::bytes;
use super::*;
use crate::error::{Error, Result};
use proptest::prelude::*;
use std::mem::MaybeUninit;
use std::sync::{Arc, Mutex};

/// What the host does in one call.
#[derive(Clone, Copy, Debug)]
enum Play {
    /// What it should, but with so many bytes at most.
    Honest(usize),
    /// Fails and does nothing.
    Fails,
    /// Does nothing and gives this number.
    Gives(i64),
    /// Does nothing and gives more than it was asked for.
    Boasts,
}

/// A host whose calls are said by a script; behind its end it is honest.
struct Playful {
    content: Vec<u8>,
    state: Arc<Mutex<(usize, Vec<Play>)>>,
    lacks: Vec<Callback>,
}

impl Playful {
    /// A call that moves up to `most` bytes, or with `most` 0 none.
    fn play(&self, most: usize, act: impl FnOnce(&mut usize, usize) -> i64) -> Result<i64> {
        let mut state = self.state.lock().unwrap();
        match state.1.pop().unwrap_or(Play::Honest(usize::MAX)) {
            Play::Honest(limit) => Ok(act(&mut state.0, limit.max(1).min(most))),
            Play::Fails => Err(Error::from_os(libc::EIO)),
            Play::Gives(number) => Ok(number),
            Play::Boasts if most > 0 => Ok(most as i64 + 1),
            Play::Boasts => Ok(-1),
        }
    }

    fn copy(&self, from: usize, size: usize, dst: &mut [MaybeUninit<u8>]) -> usize {
        let ahead = &self.content[from.min(self.content.len())..];
        let count = size.min(ahead.len());
        dst[..count].write_copy_of_slice(&ahead[..count]);
        count
    }
}

impl Host for Playful {
    fn has(&self, callback: Callback) -> bool {
        use Callback::*;
        matches!(callback, Read | ReadAt | Seek | Tell | Size) && !self.lacks.contains(&callback)
    }

    fn read(&self, dst: &mut [MaybeUninit<u8>]) -> Result<i64> {
        self.play(dst.len(), |position, most| {
            let count = self.copy(*position, most, dst);
            *position += count;
            count as i64
        })
    }

    fn read_at(&self, offset: i64, dst: &mut [MaybeUninit<u8>]) -> Result<i64> {
        self.play(dst.len(), |_, most| self.copy(offset as usize, most, dst) as i64)
    }

    fn write(&self, _: &[u8]) -> Result<i64> {
        unreachable!("it cannot write")
    }

    fn write_at(&self, _: i64, _: &[u8]) -> Result<i64> {
        unreachable!("it cannot write")
    }

    fn seek(&self, offset: i64, whence: Whence) -> Result<i64> {
        self.play(0, |position, _| {
            *position = if whence == Whence::End { self.content.len() } else { offset as usize };
            *position as i64
        })
    }

    fn tell(&self) -> Result<i64> {
        self.play(0, |position, _| *position as i64)
    }

    fn size(&self) -> Result<i64> {
        self.play(0, |_, _| self.content.len() as i64)
    }

    fn resize(&self, _: i64) -> Result<()> {
        unreachable!("it cannot be resized")
    }

    fn simple(&self, _: Callback) -> Result<()> {
        unreachable!("there is no such callback")
    }
}

fn play() -> impl Strategy<Value = Play> {
    prop_oneof![
        8 => (1usize..300).prop_map(Play::Honest),
        1 => Just(Play::Fails),
        1 => prop_oneof![Just(-1i64), Just(NOT_GIVEN), Just(NOT_GIVEN + 1)].prop_map(Play::Gives),
        1 => Just(Play::Boasts),
    ]
}

fn lacks() -> impl Strategy<Value = Vec<Callback>> {
    prop::sample::subsequence(vec![Callback::ReadAt, Callback::Tell, Callback::Size], 0..=3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever the host does, what a call gives is right, and one that fails moves nothing and loses nothing.
    #[test]
    fn a_host_that_plays_loses_nothing(
        size in 0usize..3000,
        script in prop::collection::vec(play(), 0..150),
        lacks in lacks(),
        calls in prop::collection::vec((0usize..8, 0usize..3200, 0usize..900), 1..60),
    ) {
        let content: Vec<u8> = (0..size).map(|at| if at % 83 == 0 { b'\n' } else { at as u8 }).collect();
        let state = Arc::new(Mutex::new((0, script)));
        let host = Playful { content: content.clone(), state: state.clone(), lacks };
        let file = callback_file(host, None).unwrap();
        let within = |from: usize, size: usize| {
            let ahead = &content[from.min(content.len())..];
            ahead[..size.min(ahead.len())].to_vec()
        };
        let mut position = 0;
        for (call, offset, size) in calls {
            let expected = within(position, size);
            let moved = match call {
                0 | 1 => bytes::read(&file, size).map(|bytes| { assert_eq!(bytes, expected); position + expected.len() }),
                2 => bytes::view(file.peek(size)).map(|bytes| { assert_eq!(bytes, expected); position }),
                3 | 4 => file.read_at_buffer(offset, size).map(|buffer| {
                    assert_eq!(buffer.as_slice(), within(offset, size));
                    position
                }),
                5 => file.seek(offset as i64, Whence::Start).map(|at| at as usize),
                6 => file.seek(-(offset as i64), Whence::End).map(|at| at as usize),
                _ => file.size().map(|size| { assert_eq!(size as usize, content.len()); position }),
            };
            if let Ok(at) = moved {
                let target = if call == 5 { offset } else if call == 6 { content.len() - offset } else { at };
                prop_assert_eq!(at, target);
                position = at;
            }
        }
        state.lock().unwrap().1.clear();
        prop_assert_eq!(file.tell().unwrap(), position as i64);
        let rest = file.read_all().unwrap();
        prop_assert_eq!(rest.as_slice(), within(position, usize::MAX));
    }
}
