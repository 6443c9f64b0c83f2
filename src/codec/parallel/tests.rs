//! Whatever the data, threads change neither what comes out nor what is said of it.
#![allow(unsafe_code, reason = "memory that was filled")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "a test keeps its promises or fails")]

use super::*;
use crate::codec::{CODECS, EncoderOptions, Level, Trailing};
use crate::error::{Error, ErrorKind, Result};
use proptest::prelude::*;
use proptest::sample::Index;

const SMALL: Sizes = Sizes { enough: (2000, 20_000), most: (30_000, 100_000) };

fn with_threads() -> impl Iterator<Item = &'static Codec> {
    CODECS.iter().filter(|codec| codec.find_end.is_some())
}

fn parallel(codec: &'static Codec, options: &DecoderOptions, sizes: Sizes) -> ParallelDecoder {
    ParallelDecoder::with_sizes(codec, options, codec.find_end.unwrap(), sizes).unwrap()
}

/// What one of the two does with `data`, given in pieces: what came out, where it ended, and how.
fn outcome(
    decompression: &mut dyn Decompress,
    data: &[u8],
    piece: usize,
    room: usize,
    mut calls: usize,
) -> (Vec<u8>, u64, Result<()>) {
    let (mut out, mut at, mut wants) = (Vec::new(), 0, 0);
    let mut memory = vec![MaybeUninit::new(0u8); room];
    while calls > 0 {
        calls -= 1;
        let end = (at + piece.max(wants)).min(data.len());
        let is_last = end - at < wants.max(1);
        match decompression.decode(&data[at..end], is_last, &mut memory) {
            Err(error) => return (out, decompression.consumed(), Err(error)),
            Ok(step) => {
                out.extend(memory[..step.produced].iter().map(|byte| unsafe { byte.assume_init() }));
                at += step.consumed;
                wants = step.wants;
                if step.finished {
                    break;
                }
            }
        }
    }
    (out, decompression.consumed(), Ok(()))
}

/// How much a decoder had seen when it failed, and how much of what follows, is a matter of how much it was given at once.
fn text_of(error: &Error) -> String {
    let text = error.to_string();
    let text = text.split("it begins with").next().unwrap();
    let Some(rest) = text.strip_prefix("after compressed offset ") else { return text.to_string() };
    rest.trim_start_matches(|digit: char| digit.is_ascii_digit()).to_string()
}

fn compare(codec: &'static Codec, options: &DecoderOptions, data: &[u8], piece: usize, room: usize) {
    let mut serial = FrameSequence::new(codec, options).unwrap();
    let mut expected = outcome(&mut serial, data, piece, room, usize::MAX);
    let mut decoder = parallel(codec, options, SMALL);
    let mut given = outcome(&mut decoder, data, piece, room, usize::MAX);
    let name = codec.name();
    if expected.2.is_err() {
        // How much comes of a damaged frame is a matter of how much its decoder was given at once.
        let least = given.0.len().min(expected.0.len());
        given.0.truncate(least);
        expected.0.truncate(least);
    }
    assert!(given.0 == expected.0, "{name}: {} bytes, serially {}", given.0.len(), expected.0.len());
    match (given.2, expected.2) {
        (Ok(()), Ok(())) => assert_eq!(given.1, expected.1, "{name}"),
        (Err(given), Err(expected)) => assert_eq!(text_of(&given), text_of(&expected), "{name}"),
        (given, expected) => panic!("{name}: {given:?}, serially {expected:?}"),
    }
}

fn text(size: usize, seed: usize) -> Vec<u8> {
    (0..size).map(|at| (at * (at + seed) / 7 % 251) as u8 ^ (at / 300) as u8).collect()
}

fn noise(size: usize, seed: usize) -> Vec<u8> {
    let mut state = seed as u64 | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..size).map(|_| next()).collect()
}

/// Bytes full of what looks like the beginning of a member, which come out of an encoder as they went in.
fn false_beginnings(size: usize, seed: usize) -> Vec<u8> {
    let mut bytes = noise(size, seed);
    for at in (0..size.saturating_sub(10)).step_by(997) {
        bytes[at..at + 10].copy_from_slice(b"\x1f\x8b\x08\0\0\0\0\0\0\x03");
    }
    bytes
}

fn contents() -> impl Strategy<Value = Vec<u8>> {
    let size = prop_oneof![3 => Just(0usize), 8 => 0usize..3000, 8 => 0usize..30_000, 1 => 90_000usize..150_000];
    (size, 0usize..1000, 0usize..8).prop_map(|(size, seed, kind)| match kind {
        0..4 => text(size, seed),
        4 => noise(size, seed),
        5 => false_beginnings(size, seed),
        // Members within a member.
        6 => pack(&CODECS[0], 1, &text(size / 8, seed)).repeat(4),
        _ => vec![0; size],
    })
}

fn pack(codec: &Codec, level: i32, data: &[u8]) -> Vec<u8> {
    let options = EncoderOptions { level: Level::Number(level), ..Default::default() };
    codec.compress_to_buffer(&options, data).unwrap().as_slice().to_vec()
}

fn frames() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let codecs = with_threads().count();
    (0..codecs, prop::collection::vec((contents(), 0..3i32), 0..30)).prop_map(|(codec, contents)| {
        let packed = contents.iter().flat_map(|(data, level)| pack(with_threads().nth(codec).unwrap(), *level, data));
        (codec, packed.collect())
    })
}

fn trailing() -> impl Strategy<Value = Trailing> {
    prop_oneof![Just(Trailing::Error), Just(Trailing::Ignore)]
}

/// What may be wrong with data.
#[derive(Clone, Debug)]
enum Harm {
    None,
    CutOff(Index),
    Flipped(Index, u8),
    Followed(Vec<u8>),
    Inserted(Index, Vec<u8>),
}

fn harm() -> impl Strategy<Value = Harm> {
    let rest =
        || prop_oneof![prop::collection::vec(any::<u8>(), 1..30), Just(vec![0; 20]), Just(b"\x1f\x8b\x08".to_vec())];
    prop_oneof![
        2 => Just(Harm::None),
        1 => any::<Index>().prop_map(Harm::CutOff),
        2 => (any::<Index>(), 0..8u8).prop_map(|(at, bit)| Harm::Flipped(at, bit)),
        1 => rest().prop_map(Harm::Followed),
        1 => (any::<Index>(), rest()).prop_map(|(at, rest)| Harm::Inserted(at, rest)),
    ]
}

impl Harm {
    fn apply(&self, data: &mut Vec<u8>) {
        if data.is_empty() {
            return;
        }
        match self {
            Self::None => (),
            Self::CutOff(at) => data.truncate(at.index(data.len())),
            Self::Flipped(at, bit) => {
                let at = at.index(data.len());
                data[at] ^= 1 << bit;
            }
            Self::Followed(rest) => data.extend(rest),
            Self::Inserted(at, rest) => {
                let at = at.index(data.len());
                data.splice(at..at, rest.iter().copied());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn threads_change_nothing(
        (codec, mut data) in frames(),
        harm in harm(),
        threads in 1usize..4,
        trailing in trailing(),
        piece in prop_oneof![1usize..100, 100usize..100_000],
        room in prop_oneof![100usize..2000, 2000usize..200_000],
    ) {
        harm.apply(&mut data);
        let options = DecoderOptions { threads, trailing, ..Default::default() };
        compare(with_threads().nth(codec).unwrap(), &options, &data, piece, room);
    }

    #[test]
    fn limits_hold_with_threads(
        (codec, data) in frames(),
        max_output in 0u64..500_000,
        piece in 100usize..100_000,
        room in 100usize..100_000,
    ) {
        let options = DecoderOptions { threads: 2, max_output, ..Default::default() };
        compare(with_threads().nth(codec).unwrap(), &options, &data, piece, room);
    }

    #[test]
    fn it_can_be_dropped_at_any_time((codec, data) in frames(), calls in 0usize..100, piece in 100usize..10_000) {
        let pool = crate::memory::Pool::new(crate::memory::ProxyPool::new(crate::memory::default_pool())).unwrap();
        let options = DecoderOptions { threads: 2, pool: pool.clone(), ..Default::default() };
        let mut decoder = parallel(with_threads().nth(codec).unwrap(), &options, SMALL);
        let _ = outcome(&mut decoder, &data, piece, 3000, calls);
        drop(decoder);
        drop(options);
        prop_assert_eq!(pool.statistics().bytes_allocated(), 0);
    }
}

/// A sequence of frames, as large as files have them, and what they hold.
fn many_frames(codec: &Codec, count: usize, size: usize) -> (Vec<u8>, Vec<u8>) {
    let contents: Vec<_> = (0..count).map(|at| text(size, at)).collect();
    (contents.iter().flat_map(|content| pack(codec, 1, content)).collect(), contents.concat())
}

#[test]
fn threads_do_the_work() {
    for codec in with_threads() {
        let (data, content) = many_frames(codec, 40, 5000);
        let mut decoder = parallel(codec, &DecoderOptions { threads: 2, ..Default::default() }, SMALL);
        let mut memory = vec![MaybeUninit::uninit(); 1000];
        let (mut at, mut out) = (0, 0);
        while out < content.len() {
            let step = decoder.decode(&data[at..], true, &mut memory).unwrap();
            (at, out) = (at + step.consumed, out + step.produced);
            assert!(!decoder.is_serial, "{} after {out} bytes", codec.name());
        }
    }
}

/// Blocks as bgzip writes them, which tell their size.
#[test]
fn bgzf() {
    let block = |content: &[u8]| {
        let member = pack(&CODECS[0], 6, content);
        let size = (member.len() + 8 - 1) as u16;
        let header = [b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", &size.to_le_bytes()[..]].concat();
        [&header, &member[10..]].concat()
    };
    let mut data: Vec<u8> = (0..30).flat_map(|at| block(&false_beginnings(3000 + at, at))).collect();
    data.extend(block(b""));
    for piece in [1, 17, 5000, data.len()] {
        compare(&CODECS[0], &DecoderOptions { threads: 2, ..Default::default() }, &data, piece, 1000);
    }
    let whole = &data[..];
    assert_eq!((CODECS[0].find_end.unwrap())(whole, 0).output, 3000);
    assert_eq!((CODECS[0].find_end.unwrap())(&whole[..100], 0).size.map(|size| size > 3000), Some(true));
}

#[test]
fn memory_is_bounded() {
    for codec in with_threads() {
        // Many small frames, and a few of which each is too large to be decompressed ahead.
        for (count, size) in [(400, 20_000), (3, 3_000_000)] {
            let pool = crate::memory::Pool::new(crate::memory::ProxyPool::new(crate::memory::default_pool())).unwrap();
            let (data, content) = many_frames(codec, count, size);
            let options = DecoderOptions { threads: 2, pool: pool.clone(), ..Default::default() };
            let mut decoder = parallel(codec, &options, SMALL);
            let (out, _, result) = outcome(&mut decoder, &data, 50_000, 50_000, usize::MAX);
            result.unwrap();
            assert!(out == content);
            // Of 6 pieces with their output, and the decoders.
            let most = pool.statistics().max_memory();
            assert!(most < 6_000_000, "{}: {most} bytes for frames of {size}", codec.name());
        }
    }
}

#[test]
fn without_memory_for_it_nothing_is_done_ahead() {
    for codec in with_threads() {
        let (data, content) = many_frames(codec, 300, 20_000);
        let serial = |limit| {
            let pool = crate::memory::CappedPool::new(crate::memory::default_pool(), limit);
            let options = DecoderOptions { pool: crate::memory::Pool::new(pool).unwrap(), ..Default::default() };
            let mut frames = FrameSequence::new(codec, &options)?;
            outcome(&mut frames, &data, 10_000, 10_000, usize::MAX).2
        };
        let least = (1..).map(|step| step * 20_000).find(|limit| serial(*limit).is_ok()).unwrap();
        for more in [60_000, 100_000, 300_000, 1_000_000] {
            let pool = crate::memory::CappedPool::new(crate::memory::default_pool(), least + more);
            let pool = crate::memory::Pool::new(pool).unwrap();
            let mut decoder = parallel(codec, &DecoderOptions { threads: 2, pool, ..Default::default() }, SMALL);
            let (out, _, result) = outcome(&mut decoder, &data, 10_000, 10_000, usize::MAX);
            assert!(result.is_err_and(|error| error.kind() == ErrorKind::OutOfMemory) || out == content);
        }
    }
}

#[test]
fn a_high_ratio_is_refused_with_threads() {
    for codec in with_threads() {
        let data = pack(codec, 1, &vec![0; 90_000]).repeat(20);
        for (max_ratio, is_ok) in [(2, false), (5000, true)] {
            let options = DecoderOptions { threads: 2, max_ratio, ..Default::default() };
            let mut decoder = parallel(codec, &options, SMALL);
            let (_, _, result) = outcome(&mut decoder, &data, 100, 1000, usize::MAX);
            assert_eq!(result.is_ok(), is_ok, "{}: {result:?}", codec.name());
            assert!(is_ok || result.unwrap_err().kind() == ErrorKind::CapacityError);
        }
    }
}

#[test]
fn memory_limit_bounds_what_is_done_ahead() {
    const LIMIT: usize = 16 << 20;
    for codec in with_threads() {
        let pool = crate::memory::Pool::new(crate::memory::ProxyPool::new(crate::memory::default_pool())).unwrap();
        let data = pack(codec, 1, &vec![0; 3 << 20]).repeat(30);
        let options = DecoderOptions { threads: 64, memory_limit: LIMIT, pool: pool.clone(), ..Default::default() };
        let mut decoder = parallel(codec, &options, Sizes::DEFAULT);
        let mut memory = vec![MaybeUninit::uninit(); 1 << 20];
        let (mut at, mut out, mut most) = (0, 0, 0);
        while out < 90 << 20 {
            let step = decoder.decode(&data[at..], true, &mut memory).unwrap();
            (at, out) = (at + step.consumed, out + step.produced);
            most = most.max(decoder.in_flight.load(Relaxed));
        }
        assert!((6 << 20..=LIMIT).contains(&most), "{}: {most} bytes in flight", codec.name());
        // The pieces, and the decoders of the few that there may be.
        let most = pool.statistics().max_memory();
        assert!(most < LIMIT as i64 + (4 << 20), "{}: {most} bytes", codec.name());
    }
}

#[test]
fn where_no_piece_fits_it_goes_on_without() {
    for codec in with_threads() {
        let (data, content) = many_frames(codec, 40, 5000);
        let mut decoder = parallel(codec, &DecoderOptions { threads: 2, ..Default::default() }, SMALL);
        // Too little for any piece; the calling thread keeps what it has.
        decoder.options.memory_limit = 100;
        let (out, _, result) = outcome(&mut decoder, &data, 10_000, 10_000, usize::MAX);
        result.unwrap();
        assert!(out == content);
        assert_eq!(decoder.in_flight.load(Relaxed), 0);
    }
}

/// A member in whose header there is what looks like the end of one and the beginning of the next.
fn lying_member(output: u32) -> Vec<u8> {
    let member = pack(&CODECS[0], 6, b"x");
    let extra = [&[0; 8][..], &output.to_le_bytes(), b"\x1f\x8b\x08\0\0\0\0\0\0\x03"].concat();
    let field = [b"zz", &(extra.len() as u16).to_le_bytes()[..], &extra].concat();
    let header = [b"\x1f\x8b\x08\x04\0\0\0\0\0\x03", &(field.len() as u16).to_le_bytes()[..], &field].concat();
    [&header, &member[10..]].concat()
}

#[test]
fn after_wrong_guesses_it_is_left_for_longer_and_longer() {
    let data = lying_member(2000).repeat(5000);
    let mut decoder = parallel(&CODECS[0], &DecoderOptions { threads: 2, ..Default::default() }, SMALL);
    let (mut at, mut failures, mut frames) = (0, 0, decoder.backoff.frames());
    let mut memory = vec![MaybeUninit::uninit(); 1000];
    while decoder.consumed() < data.len() as u64 {
        at += decoder.decode(&data[at..], true, &mut memory).unwrap().consumed;
        failures += usize::from(decoder.backoff.frames() != frames);
        frames = decoder.backoff.frames();
    }
    // Of 5000 members 1 + 2 + 4 + ... follow a failure.
    assert!((1..=13).contains(&failures), "{failures} failures");
}

#[test]
fn a_size_is_believed_as_far_as_it_can_be() {
    let end = (CODECS[0].find_end.unwrap())(&lying_member(u32::MAX), 0);
    assert_eq!(end.output, end.size.unwrap() as u64 * 1032);
}

#[test]
fn what_was_looked_at_is_forgotten_with_the_bytes() {
    let member = pack(&CODECS[0], 6, b"x");
    let find_end = CODECS[0].find_end.unwrap();
    let mut cutter = Cutter::new(&CODECS[0], find_end, Sizes::DEFAULT, &crate::memory::default_pool());
    cutter.append(&member.repeat(2)).unwrap();
    while cutter.cut(true) == Cut::More {}
    assert!(matches!(cutter.cut(true), Cut::Piece(frames) if frames.size == 2 * member.len()));
    cutter.pass(2 * member.len());
    assert_eq!(cutter.cut(false), Cut::More);
}

#[test]
fn an_end_is_looked_for_again_where_there_is_twice_as_much() {
    thread_local!(static SEARCHED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });
    let find_end = |frame: &[u8], _searched: usize| {
        SEARCHED.set(SEARCHED.get() + frame.len());
        End::default()
    };
    let codec = with_threads().find(|codec| codec.name() == "zstd").unwrap();
    let mut cutter = Cutter::new(codec, find_end, Sizes::DEFAULT, &crate::memory::default_pool());
    cutter.append(b"\x28\xb5\x2f\xfd").unwrap();
    while cutter.cut(false) == Cut::More {
        cutter.append(&[0; 1000]).unwrap();
    }
    let (size, searched) = (cutter.rest().len(), SEARCHED.get());
    assert!(size > Sizes::DEFAULT.most.0 && searched < 3 * size, "{searched} bytes searched of {size}");
}

#[test]
fn there_are_not_more_threads_than_may_be() {
    for codec in with_threads() {
        let (data, content) = many_frames(codec, 10, 5000);
        let mut decoder = parallel(codec, &DecoderOptions { threads: usize::MAX, ..Default::default() }, SMALL);
        assert_eq!(decoder.window, 2 * MOST_THREADS);
        let (out, _, result) = outcome(&mut decoder, &data, 10_000, 10_000, usize::MAX);
        result.unwrap();
        assert!(out == content);
    }
}
