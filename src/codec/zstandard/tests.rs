//! What Zstandard has and other formats have not: frames to be skipped, large windows, dictionaries.

use super::*;
use crate::codec::{Decompressed, Trailing};
use crate::error::ErrorKind;
use crate::memory::{Buffer, BufferBuilder, default_pool};

/// Made by `zstd --train`, from lines of JSON, with the number 4711.
static TRAINED: &[u8] = include_bytes!("trained.dictionary");

fn compress(options: &EncoderOptions, data: &[u8]) -> Vec<u8> {
    CODEC.compress_to_buffer(options, data).unwrap().as_slice().to_vec()
}

/// Compresses as a stream does, which does not know how much comes.
fn compress_stepwise(options: &EncoderOptions, data: &[u8]) -> Vec<u8> {
    let mut encoder = CODEC.encoder(options).unwrap();
    let mut out = BufferBuilder::new(default_pool());
    run(&mut *encoder, data, Goal::Continue, &mut out);
    run(&mut *encoder, &[], Goal::Finish, &mut out);
    out.as_slice().to_vec()
}

fn run(encoder: &mut dyn Encoder, mut data: &[u8], goal: Goal, out: &mut BufferBuilder) {
    let mut finished = false;
    while !finished {
        let encode = |room: &mut [MaybeUninit<u8>]| {
            let step = encoder.encode(data, room, goal)?;
            data = &data[step.consumed..];
            finished = step.finished;
            Ok(step.produced)
        };
        out.append_with(1000, encode).unwrap();
    }
}

fn decompress(options: &DecoderOptions, data: &[u8]) -> Result<Vec<u8>> {
    CODEC.decompress_to_buffer(options, data).map(|(buffer, _)| buffer.as_slice().to_vec())
}

/// Decompresses in steps of so many bytes in and out; gives what came before an error as well.
fn decompress_stepwise(options: &DecoderOptions, data: &[u8], most: usize) -> (BufferBuilder, Result<()>) {
    let mut decompression = CODEC.decompression(options).unwrap();
    let mut out = BufferBuilder::new(default_pool());
    let (mut at, mut wants, mut finished) = (0, 0, false);
    while !finished {
        let end = (at + most.max(wants)).min(data.len());
        let decode = |room: &mut [MaybeUninit<u8>]| {
            let step = decompression.decode(&data[at..end], end == data.len(), room)?;
            at += step.consumed;
            (wants, finished) = (step.wants, step.finished);
            Ok(step.produced)
        };
        if let Err(error) = out.append_with(most, decode) {
            return (out, Err(error));
        }
    }
    (out, Ok(()))
}

fn skippable(number: u8, content: &[u8]) -> Vec<u8> {
    [&[0x50 | number, 0x2a, 0x4d, 0x18][..], &(content.len() as u32).to_le_bytes(), content].concat()
}

fn with_dictionary(dictionary: &[u8]) -> (EncoderOptions, DecoderOptions) {
    let dictionary = Buffer::copy_of(&default_pool(), dictionary).ok();
    (
        EncoderOptions { dictionary: dictionary.clone(), ..Default::default() },
        DecoderOptions { dictionary, ..Default::default() },
    )
}

fn lines() -> Vec<u8> {
    (0..40).flat_map(|at| format!("{{\"order\":{at},\"price\":\"gamma\"}}\n").into_bytes()).collect()
}

fn noise(size: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    };
    (0..size).map(|_| next()).collect()
}

#[test]
fn frames_to_be_skipped_are() {
    let one = compress(&EncoderOptions::default(), b"one");
    let (none, some) = (skippable(0, b""), skippable(15, &noise(300)));
    for frames in [
        [&some[..], &none, &one, &one].concat(),
        [&one[..], &some, &one, &none].concat(),
        [&none[..], &one, &none, &some, &some, &one, &some].concat(),
    ] {
        for threads in [0, 2] {
            for trailing in [Trailing::Error, Trailing::Ignore, Trailing::Leave] {
                let options = DecoderOptions { threads, trailing, ..Default::default() };
                assert_eq!(decompress(&options, &frames).unwrap(), b"oneone");
                for most in [1, 2, 7, 100] {
                    let (out, result) = decompress_stepwise(&options, &frames, most);
                    result.unwrap();
                    assert_eq!(out.as_slice(), b"oneone");
                }
                let mut room = [MaybeUninit::uninit(); 6];
                let done = CODEC.decompress(&options, &frames, &mut room).unwrap();
                assert_eq!(done, Decompressed { consumed: frames.len(), produced: 6 });
            }
        }
    }
    assert_eq!(decompress(&DecoderOptions::default(), &some).unwrap(), b"");
    for end in 1..some.len() {
        let error = decompress(&DecoderOptions::default(), &some[..end]).unwrap_err();
        assert!(error.to_string().contains("is truncated"), "{end}: {error}");
    }
}

#[test]
fn a_large_window_is_a_matter_of_the_memory_limit() {
    let data = [noise(300_000), noise(300_000)].concat();
    for window_log in [28, 30, 31] {
        let options = EncoderOptions { window_log, level: crate::codec::Level::Number(1), ..Default::default() };
        let packed = compress_stepwise(&options, &data);
        for most in [1000, packed.len(), data.len()] {
            let error = decompress_stepwise(&DecoderOptions::default(), &packed, most).1.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::CapacityError);
            let text = error.to_string();
            let needed = text.split(' ').find_map(|word| word.parse::<u64>().ok().filter(|size| size >> 28 > 0));
            assert!(needed.is_some_and(|needed| needed >> window_log == 1), "{error}");
            assert!(error.to_string().contains("memory_limit is 268435456"), "{error}");
        }
        let options = DecoderOptions { memory_limit: (1 << window_log) + (1 << 20), ..Default::default() };
        let (out, result) = decompress_stepwise(&options, &packed, 1 << 20);
        result.unwrap();
        assert!(out.as_slice() == data);
    }
}

#[test]
fn whether_a_window_is_refused_does_not_depend_on_what_is_there() {
    let data = vec![1; 1 << 20];
    let packed = compress(&EncoderOptions::default(), &data);
    for memory_limit in [500_000, 1_000_000, 1_400_000, 1_600_000, 2_000_000] {
        for threads in [0, 2] {
            let options = DecoderOptions { memory_limit, threads, ..Default::default() };
            let at_once = decompress(&options, &packed).map(drop).map_err(|error| error.to_string());
            let stepwise = decompress_stepwise(&options, &packed, 100).1.map_err(|error| error.to_string());
            assert_eq!(at_once.is_ok(), stepwise.is_ok(), "{memory_limit}: {at_once:?}, {stepwise:?}");
        }
    }
}

#[test]
fn a_window_beyond_measure_is_named() {
    let options = DecoderOptions { memory_limit: usize::MAX, ..Default::default() };
    let error = decompress(&options, b"\x28\xb5\x2f\xfd\0\xb0\x01\0\0").unwrap_err().to_string();
    assert!(error.contains("need a window of more than 2147483648 bytes"), "{error}");
}

#[test]
fn dictionaries() {
    let data = lines();
    let plain = compress(&EncoderOptions::default(), &data[..200]);
    for dictionary in [TRAINED, &data[..]] {
        let (encoding, decoding) = with_dictionary(dictionary);
        for threads in [0, 2] {
            let packed = compress(&EncoderOptions { threads, ..encoding.clone() }, &data[..200]);
            assert!(packed.len() < plain.len(), "{} bytes, without a dictionary {}", packed.len(), plain.len());
            let decoding = DecoderOptions { threads, ..decoding.clone() };
            let frames = packed.repeat(3);
            assert!(decompress(&decoding, &frames).unwrap() == data[..200].repeat(3));
            let (out, result) = decompress_stepwise(&decoding, &frames, 11);
            result.unwrap();
            assert!(out.as_slice() == data[..200].repeat(3));
        }
        assert_eq!(decompress(&decoding, &plain).unwrap(), data[..200], "what needs none");
    }
}

#[test]
fn a_dictionary_that_is_wanting_is_named() {
    let (encoding, _) = with_dictionary(TRAINED);
    let packed = compress(&encoding, &lines());
    let mut renumbered = TRAINED.to_vec();
    renumbered[4..8].copy_from_slice(&815u32.to_le_bytes());
    let cases = [
        (DecoderOptions::default(), "need dictionary 4711, and none is given"),
        (with_dictionary(&renumbered).1, "need dictionary 4711, given is 815"),
        (with_dictionary(b"no number").1, "need dictionary 4711, that given has no number"),
    ];
    for (options, expected) in cases {
        for error in
            [decompress(&options, &packed).unwrap_err(), decompress_stepwise(&options, &packed, 1).1.unwrap_err()]
        {
            assert_eq!(error.kind(), ErrorKind::IoError);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
    // Where the frame names none the checksum tells.
    let (encoding, _) = with_dictionary(&lines());
    let packed = compress(&encoding, &lines()[..300]);
    let (_, other) = with_dictionary(&noise(2000));
    assert_eq!(decompress(&other, &packed).unwrap_err().kind(), ErrorKind::IoError);
}

#[test]
fn a_damaged_dictionary_is_refused() {
    let mut damaged = TRAINED.to_vec();
    damaged[8..40].fill(0xff);
    let (encoding, decoding) = with_dictionary(&damaged);
    let error = CODEC.decompression(&decoding).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("the zstd dictionary is damaged"), "{error}");
    assert!(CODEC.compress_to_buffer(&encoding, b"data").is_err());
}

#[test]
fn a_frame_tells_its_size_where_that_is_known() {
    let data = lines();
    for threads in [0, 2] {
        let options = EncoderOptions { threads, ..Default::default() };
        let packed = compress(&options, &data);
        assert_eq!(frame_header(&packed).unwrap().frameContentSize, data.len() as u64);
        let mut room = vec![MaybeUninit::uninit(); packed.len()];
        let size = CODEC.compress(&options, &data, &mut room).unwrap();
        assert_eq!(size, packed.len());
    }
}

#[test]
fn workers() {
    let data = [noise(700_000), vec![5; 3_000_000], noise(700_000)].concat();
    for threads in [1, 2, 3] {
        let options = EncoderOptions { threads, level: crate::codec::Level::Number(1), ..Default::default() };
        assert!(decompress(&DecoderOptions::default(), &compress(&options, &data)).unwrap() == data);
        let mut encoder = CODEC.encoder(&options).unwrap();
        let mut out = BufferBuilder::new(default_pool());
        for (at, piece) in data.chunks(1_000_000).enumerate() {
            run(&mut *encoder, piece, Goal::Continue, &mut out);
            run(&mut *encoder, &[], Goal::Flush, &mut out);
            let (so_far, result) = decompress_stepwise(&DecoderOptions::default(), out.as_slice(), 1 << 20);
            assert!(result.unwrap_err().to_string().contains("is truncated"));
            assert!(so_far.as_slice() == &data[..data.len().min((at + 1) * 1_000_000)]);
        }
        run(&mut *encoder, &[], Goal::Finish, &mut out);
        assert!(decompress(&DecoderOptions::default(), out.as_slice()).unwrap() == data);
    }
}

#[test]
fn workers_are_let_go_in_the_midst() {
    let pool = crate::memory::Pool::new(crate::memory::ProxyPool::new(default_pool())).unwrap();
    let data = noise(3_000_000);
    for taken in [0, 1, 100_000, 3_000_000] {
        let options = EncoderOptions { threads: 2, pool: pool.clone(), ..Default::default() };
        let mut encoder = CODEC.encoder(&options).unwrap();
        run(&mut *encoder, &data[..taken], Goal::Continue, &mut BufferBuilder::new(default_pool()));
        drop(encoder);
        assert_eq!(pool.statistics().bytes_allocated(), 0);
    }
}

#[test]
fn workers_without_memory_are_an_error() {
    let mut room = [MaybeUninit::uninit(); 1000];
    for limit in (0..150_000).step_by(240) {
        let pool = crate::memory::CappedPool::new(default_pool(), limit);
        let pool = crate::memory::Pool::new(pool).unwrap();
        let options = EncoderOptions { threads: 4, pool: pool.clone(), ..Default::default() };
        let Ok(mut encoder) = CODEC.encoder(&options) else { continue };
        for _ in 0..2 {
            let error = encoder.encode(b"data", &mut room, Goal::Flush).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{limit} bytes: {error}");
        }
        drop(encoder);
        assert_eq!(pool.statistics().bytes_allocated(), 0, "{limit} bytes");
    }
}
