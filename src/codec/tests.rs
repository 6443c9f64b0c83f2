//! Every codec, in steps of any size, gives back what it was given, and notices when it was not.
#![allow(unsafe_code, reason = "memory that was filled")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "a test keeps its promises or fails")]

use super::*;
use crate::error::ErrorKind;
use crate::memory::{Buffer, CappedPool, Pool, default_pool};
use proptest::prelude::*;
use std::mem::MaybeUninit;

fn streaming() -> impl Iterator<Item = &'static Codec> {
    CODECS.iter().filter(|codec| codec.has_streams())
}

/// Those whose checksum covers everything.
fn checked() -> impl Iterator<Item = &'static Codec> {
    streaming().filter(|codec| matches!(codec.checksum, Checksum::Always | Checksum::Optional))
}

/// Compresses `data` in pieces, into an output of `room` bytes at a time.
fn compress(codec: &'static Codec, level: i32, data: &[u8], piece: usize, room: usize, flush: bool) -> Vec<u8> {
    let level = if codec.levels.is_some() { Level::Number(level) } else { Level::Default };
    let mut encoder = codec.encoder(&EncoderOptions { level, ..Default::default() }).unwrap();
    let mut out = Vec::new();
    let mut memory = vec![MaybeUninit::new(0u8); room];
    let mut work = |mut input: &[u8], goal| loop {
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

/// Decompresses in pieces, into an output of `room` bytes at a time.
pub(super) fn decompress(codec: &'static Codec, data: &[u8], piece: usize, room: usize) -> Result<Vec<u8>> {
    decompress_with(codec, &DecoderOptions::default(), data, piece, room).0
}

/// Gives also what came before an error.
pub(super) fn decompress_with(
    codec: &'static Codec,
    options: &DecoderOptions,
    data: &[u8],
    piece: usize,
    room: usize,
) -> (Result<Vec<u8>>, Vec<u8>) {
    let mut decompression = codec.decompression(options).unwrap();
    let (mut out, mut at, mut wants) = (Vec::new(), 0, 0);
    let mut memory = vec![MaybeUninit::new(0u8); room];
    loop {
        let end = (at + piece.max(wants)).min(data.len());
        match decompression.decode(&data[at..end], end == data.len(), &mut memory) {
            Err(error) => return (Err(error), out),
            Ok(step) => {
                out.extend(memory[..step.produced].iter().map(|byte| unsafe { byte.assume_init() }));
                at += step.consumed;
                wants = step.wants;
                if step.finished {
                    return (Ok(out.clone()), out);
                }
            }
        }
    }
}

pub(super) fn text(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at * at / 7 % 251) as u8 ^ (at / 300) as u8).collect()
}

/// The least, the default and the greatest level, as far as they are no matter of minutes.
fn levels(codec: &Codec) -> [i32; 3] {
    codec.levels.map_or([0; 3], |levels| [levels.least.max(-7), levels.default, levels.greatest.min(9)])
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
        for codec in streaming() {
            let packed = compress(codec, levels(codec)[level], &data, pieces.0, rooms.0, flush);
            prop_assert!(decompress(codec, &packed, pieces.1, rooms.1).unwrap() == data, "{}", codec.name());
        }
    }

    #[test]
    fn a_flipped_bit_is_noticed(size in 1usize..2000, at in any::<prop::sample::Index>(), bit in 0u8..8) {
        for codec in checked() {
            let data = text(size);
            let mut packed = compress(codec, levels(codec)[1], &data, 4096, 4096, false);
            let at = at.index(packed.len());
            packed[at] ^= 1 << bit;
            match decompress(codec, &packed, 4096, 4096) {
                Err(error) => prop_assert!(matches!(error.kind(), ErrorKind::IoError | ErrorKind::CapacityError)),
                // Bits of a header that mean nothing for the data may differ; the data may not.
                Ok(back) => prop_assert!(back == data, "byte {} of {}", at, codec.name()),
            }
        }
    }

    #[test]
    fn what_comes_before_damage_is_given(piece in 1usize..20_000, room in 1usize..30_000) {
        let data = text(50_000);
        for codec in checked() {
            let mut packed = compress(codec, levels(codec)[1], &data, 4096, 4096, false);
            // In the checksum, at the end of most.
            let last = packed.len() - 2;
            packed[last] ^= 1;
            let (result, before) = decompress_with(codec, &DecoderOptions::default(), &packed, piece, room);
            prop_assert_eq!(result.unwrap_err().kind(), ErrorKind::IoError);
            prop_assert!(before == data, "{} gave {} of {} bytes", codec.name(), before.len(), data.len());
        }
    }
}

#[test]
fn every_prefix_is_truncated() {
    for codec in streaming() {
        let packed = compress(codec, levels(codec)[1], &text(3000), 4096, 4096, false);
        for end in 1..packed.len() {
            let error = match decompress(codec, &packed[..end], 512, 512) {
                Err(error) => error,
                Ok(before) => {
                    assert!(!codec.has_end && text(3000).starts_with(&before), "{end} bytes of {}", codec.name());
                    continue;
                }
            };
            let place = format!("truncated: it ends within a frame at compressed offset {end}");
            assert!(error.to_string().contains(&place), "{end} of {} bytes of {}: {error}", packed.len(), codec.name());
        }
    }
}

#[test]
fn frames_follow_one_another() {
    for codec in streaming() {
        let empty = compress(codec, levels(codec)[1], &[], 1, 64, false);
        let one = compress(codec, levels(codec)[1], &text(777), 4096, 4096, false);
        let all = [&empty[..], &one, &empty, &one, &empty].concat();
        for piece in [1, 2, 3, 17, 4096] {
            assert!(
                decompress(codec, &all, piece, 100).unwrap() == [text(777), text(777)].concat(),
                "{}",
                codec.name()
            );
        }
    }
}

#[test]
fn what_follows_the_last_frame() {
    for codec in streaming().filter(|codec| codec.signature.is_some()) {
        let packed = compress(codec, levels(codec)[1], b"data", 4096, 4096, false);
        for rest in [&[0; 5][..], b"more", b"\x28"] {
            let all = [&packed[..], rest].concat();
            let zeros = rest.iter().take_while(|byte| **byte == 0).count();
            let padding = if codec.padding > 0 { zeros - zeros % codec.padding } else { 0 };
            let error = decompress(codec, &all, 3, 100).unwrap_err();
            assert!(error.to_string().contains("at compressed offset"), "{error}");
            for trailing in [Trailing::Ignore, Trailing::Leave] {
                let options = DecoderOptions { trailing, ..Default::default() };
                assert_eq!(decompress_with(codec, &options, &all, 3, 100).0.unwrap(), b"data");
                let mut room = [MaybeUninit::uninit(); 100];
                let done = codec.decompress(&options, &all, &mut room).unwrap();
                assert_eq!(done, Decompressed { consumed: packed.len() + padding, produced: 4 });
            }
        }
    }
}

#[test]
fn limits_stop_what_is_too_much() {
    let data = vec![7; 1 << 20];
    for codec in streaming() {
        let packed = compress(codec, levels(codec)[1], &data, 1 << 20, 4096, false);
        for limit in [0, 1, 70_000, data.len() as u64 - 1] {
            let options = DecoderOptions { max_output: limit, ..Default::default() };
            let (result, before) = decompress_with(codec, &options, &packed, 4096, 4096);
            assert_eq!(result.unwrap_err().kind(), ErrorKind::CapacityError);
            assert_eq!(before.len() as u64, limit, "{}", codec.name());
        }
        let options = DecoderOptions { max_output: data.len() as u64, ..Default::default() };
        assert!(decompress_with(codec, &options, &packed, 4096, 4096).0.unwrap() == data);
        let options = DecoderOptions { max_ratio: 2, ..Default::default() };
        let (result, before) = decompress_with(codec, &options, &packed, 4096, 4096);
        assert_eq!(result.unwrap_err().kind(), ErrorKind::CapacityError);
        assert!(before.len() <= (1 << 16) + 2 * packed.len());
    }
}

#[test]
fn whole_pieces() {
    for codec in &CODECS {
        for data in [vec![], b"x".to_vec(), text(100_000)] {
            let options = EncoderOptions::default();
            let packed = codec.compress_to_buffer(&options, &data).unwrap();
            assert!(packed.size() as u64 <= codec.max_compressed_size(data.len() as u64));
            let mut room = vec![MaybeUninit::uninit(); packed.size()];
            assert_eq!(codec.compress(&options, &data, &mut room).unwrap(), packed.size());
            let refusal = codec.compress(&options, &data, &mut room[1..]).unwrap_err();
            assert_eq!(refusal.kind(), ErrorKind::CapacityError);
            let options = DecoderOptions::default();
            assert!(codec.decompress_to_buffer(&options, packed.as_slice()).unwrap().0.as_slice() == data);
            let mut room = vec![MaybeUninit::uninit(); data.len()];
            let done = codec.decompress(&options, packed.as_slice(), &mut room).unwrap();
            assert_eq!(done, Decompressed { consumed: packed.size(), produced: data.len() });
            if !data.is_empty() {
                let refusal = codec.decompress(&options, packed.as_slice(), &mut room[1..]).unwrap_err();
                assert_eq!(refusal.kind(), ErrorKind::CapacityError);
            }
        }
    }
}

#[test]
fn names_suffixes_contents() {
    assert_eq!(Codec::by_suffix(b"/data/x.CSV.GZ").map(|codec| codec.name()), Some("gzip"));
    assert_eq!(Codec::by_suffix(b"x.zst").map(|codec| codec.name()), Some("zstd"));
    assert!(
        Codec::by_suffix(b"gz").is_none() && Codec::by_suffix(b"").is_none() && Codec::by_suffix(b"a.gz.txt").is_none()
    );
    assert_eq!(Codec::by_name(b"GZip").map(|codec| codec.id), Some(2));
    assert!(Codec::by_name(b"").is_none() && Codec::by_name(b"lzo").is_none());
    for codec in streaming().filter(|codec| codec.signature.is_some()) {
        let packed = compress(codec, levels(codec)[1], b"data", 4096, 4096, false);
        if codec.signature.as_ref().unwrap().distinct.is_empty() {
            continue;
        }
        assert!(matches!(Codec::detect(&packed), Detected::Codec(detected) if detected.id == codec.id));
        let size = codec.signature.as_ref().unwrap().size;
        assert!(matches!(Codec::detect(&packed[..size - 1]), Detected::Unclear));
    }
    for text in [&b"P*M\x18 is no frame"[..], b"Z*M\x18\x08\0\0\0"] {
        assert!(matches!(Codec::detect(text), Detected::None));
    }
    let by_pzstd = b"P*M\x18\x04\0\0\0\x20\0\0\0\x28\xb5\x2f\xfd";
    assert!(matches!(Codec::detect(by_pzstd), Detected::Codec(codec) if codec.name() == "zstd"));
    assert!(matches!(Codec::detect(&by_pzstd[..4]), Detected::Unclear));
    for (at, codec) in CODECS.iter().enumerate() {
        assert!(
            CODECS[..at]
                .iter()
                .all(|other| other.id != codec.id
                    && other.suffixes.iter().all(|suffix| !codec.suffixes.contains(suffix)))
        );
    }
}

#[test]
fn options_that_a_codec_does_not_have() {
    for codec in streaming() {
        let refused =
            |options: EncoderOptions| codec.encoder(&options).is_err_and(|error| error.kind() == ErrorKind::Invalid);
        let level = codec.levels.map_or(1, |levels| levels.greatest + 1);
        assert!(refused(EncoderOptions { level: Level::Number(level), ..Default::default() }));
        let window_log = codec.windows.map_or(15, |[_, greatest]| greatest + 1);
        assert!(refused(EncoderOptions { window_log, ..Default::default() }));
        let unchecked = EncoderOptions { checksum: false, ..Default::default() };
        let has_it_always = matches!(codec.checksum, Checksum::Always | Checksum::OfBlocks);
        assert_eq!(refused(unchecked), has_it_always);
        let dictionary = Buffer::copy_of(&default_pool(), b"what both know").ok();
        assert_eq!(refused(EncoderOptions { dictionary, ..Default::default() }), !codec.takes_dictionary);
        let frame_size = FrameSize::Usual;
        assert_eq!(refused(EncoderOptions { frame_size, ..Default::default() }), codec.seekable.is_none());
        for size in [0, usize::MAX] {
            assert!(refused(EncoderOptions { frame_size: FrameSize::Bytes(size), ..Default::default() }));
        }
    }
}

#[test]
fn dictionaries_that_nobody_takes() {
    let dictionary = Buffer::copy_of(&default_pool(), b"what both know").ok();
    for codec in CODECS.iter().filter(|codec| !codec.takes_dictionary) {
        let packed = codec.compress_to_buffer(&EncoderOptions::default(), b"data").unwrap();
        let options = DecoderOptions { dictionary: dictionary.clone(), ..Default::default() };
        let mut room = [MaybeUninit::uninit(); 100];
        let refusals = [
            codec.decompress(&options, packed.as_slice(), &mut room).unwrap_err(),
            codec.decompress_to_buffer(&options, packed.as_slice()).err().unwrap(),
        ];
        for refusal in refusals {
            assert_eq!(refusal.kind(), ErrorKind::Invalid);
            assert!(refusal.to_string().contains("takes no dictionary"), "{refusal}");
        }
    }
}

/// Compresses all at once and step by step, from a pool that has so many bytes.
fn compress_with(codec: &'static Codec, options: &EncoderOptions, limit: usize, data: &[u8]) -> bool {
    let pool = Pool::new(CappedPool::new(default_pool(), limit)).unwrap();
    let options = EncoderOptions { pool: pool.clone(), ..options.clone() };
    let mut room = vec![MaybeUninit::uninit(); codec.max_compressed_size(data.len() as u64) as usize];
    let mut step_by_step = || {
        let mut encoder = codec.encoder(&options)?;
        for goal in [Goal::Continue, Goal::Flush, Goal::Finish] {
            let mut input = if goal == Goal::Continue { data } else { &[] };
            loop {
                let step = encoder.encode(input, &mut room, goal)?;
                input = &input[step.consumed..];
                if step.finished {
                    break;
                }
            }
        }
        Ok(())
    };
    let mut results = vec![codec.compress_to_buffer(&options, data).map(drop)];
    if codec.has_streams() {
        results.push(step_by_step());
    }
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{} within {limit} bytes: {error}", codec.name());
    }
    assert_eq!(pool.statistics().bytes_allocated(), 0, "{} within {limit} bytes", codec.name());
    results.iter().all(Result::is_ok)
}

#[test]
fn an_encoder_without_memory_says_so() {
    let data = text(50_000);
    for codec in &CODECS {
        let levels = codec.levels.map_or(vec![Level::Default], |_| levels(codec).map(Level::Number).to_vec());
        for (level, threads) in levels.iter().flat_map(|level| [(*level, 0), (*level, 2)]) {
            let options = EncoderOptions { level, threads, ..Default::default() };
            for limit in (0..STARVED).step_by(STARVED_STEP) {
                compress_with(codec, &options, limit, &data);
            }
            assert!(compress_with(codec, &options, usize::MAX >> 1, &data), "{}", codec.name());
        }
    }
}

/// Pools with less than this, in such steps.
const STARVED: usize = 400_000;
const STARVED_STEP: usize = 16_007;
