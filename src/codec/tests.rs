//! Every codec, in steps of any size, gives back what it was given, and notices when it was not.
#![allow(unsafe_code, reason = "memory that was filled")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "a test keeps its promises or fails")]

use super::*;
use crate::error::ErrorKind;
use proptest::prelude::*;

/// Compresses `data` in pieces, into an output of `room` bytes at a time.
fn compress(codec: &Codec, level: i32, data: &[u8], piece: usize, room: usize, flush: bool) -> Vec<u8> {
    let mut encoder = codec.encoder(level).unwrap();
    let mut out = Vec::new();
    let mut work = |mut input: &[u8], goal| loop {
        let mut memory = vec![MaybeUninit::new(0u8); room];
        let step = encoder.encode(input, &mut memory, goal).unwrap();
        input = &input[step.consumed..];
        out.extend(memory[..step.produced].iter().map(|byte| unsafe { byte.assume_init() }));
        if step.finished {
            return assert!(input.is_empty());
        }
    };
    for piece in data.chunks(piece) {
        work(piece, Goal::Continue);
        if flush {
            work(&[], Goal::Flush);
        }
    }
    work(&[], Goal::Finish);
    out
}

/// Decompresses; also tells whether the data ended at the end of a frame.
fn decompress(codec: &Codec, data: &[u8], piece: usize, room: usize) -> Result<(Vec<u8>, bool)> {
    let mut decoder = codec.decoder()?;
    let mut out = Vec::new();
    let mut complete = true;
    let mut work = |input: &mut &[u8]| -> Result<(usize, bool)> {
        let mut memory = vec![MaybeUninit::new(0u8); room];
        let step = decoder.decode(input, &mut memory)?;
        *input = &input[step.consumed..];
        out.extend(memory[..step.produced].iter().map(|byte| unsafe { byte.assume_init() }));
        Ok((step.consumed + step.produced, step.finished))
    };
    for mut input in data.chunks(piece) {
        while !input.is_empty() {
            (_, complete) = work(&mut input)?;
        }
    }
    while !complete {
        let (moved, finished) = work(&mut &[][..])?;
        complete = finished;
        if moved == 0 {
            break;
        }
    }
    Ok((out, complete))
}

fn text(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at * at / 7 % 251) as u8 ^ (at / 300) as u8).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_goes_in_comes_out(
        data in prop_oneof![prop::collection::vec(any::<u8>(), 0..3000), (0usize..100_000).prop_map(text)],
        pieces in (1usize..5000, 1usize..5000),
        rooms in (20usize..5000, 1usize..5000),
        level in 0usize..3,
        flush in any::<bool>(),
    ) {
        for codec in &CODECS {
            let level = codec.levels[level].clamp(-7, 9);
            let packed = compress(codec, level, &data, pieces.0, rooms.0, flush);
            let (back, complete) = decompress(codec, &packed, pieces.1, rooms.1).unwrap();
            prop_assert!(back == data && complete);
        }
    }

    #[test]
    fn a_flipped_bit_is_noticed(size in 1usize..2000, at in any::<prop::sample::Index>(), bit in 0u8..8) {
        for codec in &CODECS {
            let data = text(size);
            let mut packed = compress(codec, 0, &data, 4096, 4096, false);
            let at = at.index(packed.len());
            packed[at] ^= 1 << bit;
            match decompress(codec, &packed, 4096, 4096) {
                Err(error) => prop_assert_eq!(error.kind(), ErrorKind::IoError),
                // Bits of a header that mean nothing for the data may differ; the data may not, unless its end is missing.
                Ok((back, complete)) => prop_assert!(back == data || !complete, "byte {} of {}", at, codec.name),
            }
        }
    }
}

#[test]
fn every_prefix_is_incomplete() {
    for codec in &CODECS {
        let packed = compress(codec, 0, &text(3000), 4096, 4096, false);
        for end in 1..packed.len() {
            let complete = decompress(codec, &packed[..end], 512, 512).is_ok_and(|(_, complete)| complete);
            assert!(!complete, "{end} of {} bytes of {}", packed.len(), codec.name);
        }
    }
}

#[test]
fn frames_follow_one_another() {
    for codec in &CODECS {
        let empty = compress(codec, 0, &[], 1, 64, false);
        let one = compress(codec, 0, &text(777), 4096, 4096, false);
        let all = [&empty[..], &one, &empty, &one, &empty].concat();
        for piece in [1, 2, 3, 17, 4096] {
            let (back, complete) = decompress(codec, &all, piece, 100).unwrap();
            assert!(complete && back == [text(777), text(777)].concat());
        }
    }
}

#[test]
fn names_and_levels() {
    assert_eq!(Codec::by_suffix(b"/data/x.CSV.GZ").map(|codec| codec.name), Some("gzip"));
    assert_eq!(Codec::by_suffix(b"x.zst").map(|codec| codec.name), Some("zstd"));
    assert!(
        Codec::by_suffix(b"gz").is_none() && Codec::by_suffix(b"").is_none() && Codec::by_suffix(b"a.gz.txt").is_none()
    );
    for codec in &CODECS {
        assert_eq!(codec.check_level(codec.levels[2] + 1).unwrap_err().kind(), ErrorKind::Invalid);
        assert_eq!(codec.check_level(0).unwrap(), codec.levels[1]);
    }
}
