//! What the formats of whole blocks may hold besides what we write, and what they may claim.
#![allow(unsafe_code, reason = "liblz4 writes what we read")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "a test keeps its promises or fails")]

use super::tests::{decompress, decompress_with, text};
use super::*;
use crate::error::ErrorKind;
use lz4_sys as lib;
use proptest::prelude::*;
use std::mem::MaybeUninit;

fn codec(name: &str) -> &'static Codec {
    Codec::by_name(name.as_bytes()).unwrap()
}

fn raw(name: &str, data: &[u8]) -> Vec<u8> {
    codec(name).compress_to_buffer(&EncoderOptions::default(), data).unwrap().as_slice().to_vec()
}

/// A frame as liblz4 writes it: with blocks of a kind, that depend on one another or not, with their checksums or not, and so on.
fn lz4_frame(data: &[u8], kind: u32, bits: u32, piece: usize) -> Vec<u8> {
    let mut out = vec![0; data.len() * 2 + 1000 + data.len() / piece * 100];
    let bit = |at: u32| bits >> at & 1;
    unsafe {
        let mut context = lib::LZ4FCompressionContext(std::ptr::null_mut());
        assert_eq!(0, lib::LZ4F_createCompressionContext(&mut context, lib::LZ4F_VERSION));
        let mut like: lib::LZ4FPreferences = std::mem::zeroed();
        like.frame_info.block_size_id = std::mem::transmute::<u32, lib::BlockSize>(kind);
        like.frame_info.block_mode = std::mem::transmute::<u32, lib::BlockMode>(bit(0));
        like.frame_info.content_checksum_flag = std::mem::transmute::<u32, lib::ContentChecksum>(bit(1));
        like.frame_info.block_checksum_flag = std::mem::transmute::<u32, lib::BlockChecksum>(bit(2));
        like.frame_info.content_size = u64::from(bit(3)) * data.len() as u64;
        like.auto_flush = bit(4);
        like.compression_level = 9 * bit(5);
        let mut size = lib::LZ4F_compressBegin(context, out.as_mut_ptr(), out.len(), &like);
        for piece in data.chunks(piece) {
            let room = &mut out[size..];
            let none = std::ptr::null();
            let count =
                lib::LZ4F_compressUpdate(context, room.as_mut_ptr(), room.len(), piece.as_ptr(), piece.len(), none);
            assert_eq!(0, lib::LZ4F_isError(count));
            size += count;
        }
        size += lib::LZ4F_compressEnd(context, out[size..].as_mut_ptr(), out.len() - size, std::ptr::null());
        lib::LZ4F_freeCompressionContext(context);
        out.truncate(size);
    }
    out
}

/// Some of it does not compress.
fn mixed(size: usize) -> Vec<u8> {
    let mut data = text(size);
    let mut seed = 1_u32;
    for byte in data.iter_mut().skip(size / 3).take(size / 3) {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (seed >> 24) as u8;
    }
    data
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn lz4_frames_of_all_kinds(
        size in 0usize..600_000,
        kind in 4u32..8,
        bits in 0u32..64,
        written in 100usize..100_000,
        piece in prop_oneof![1usize..50, 50usize..300_000],
        room in prop_oneof![100usize..5000, 5000usize..1_000_000],
    ) {
        let data = mixed(size);
        let packed = lz4_frame(&data, kind, bits, written);
        prop_assert!(decompress(codec("lz4"), &packed, piece, room).unwrap() == data);
        // All before a damaged block, the last one, is given, where blocks are checked and begin as `written` has it.
        if bits & 0b1_0100 == 0b1_0100 && size > 0 {
            let mut packed = packed;
            let end = packed.len() - 4 - 4 * (bits >> 1 & 1) as usize;
            packed[end - 1] ^= 1;
            let (result, before) = decompress_with(codec("lz4"), &DecoderOptions::default(), &packed, piece, room);
            prop_assert_eq!(result.unwrap_err().kind(), ErrorKind::IoError);
            prop_assert!(data.starts_with(&before) && data.len() - before.len() <= written.min(4 << 20), "{}", before.len());
        }
    }

    #[test]
    fn hadoop_frames_of_several_blocks(
        sizes in prop::collection::vec(prop::collection::vec(1usize..40_000, 1..5), 0..4),
        ends_with_zero in any::<bool>(),
        piece in 1usize..50_000,
        room in 100usize..100_000,
    ) {
        let data = mixed(sizes.iter().flatten().sum());
        for (name, block) in [("lz4_hadoop", "lz4_raw"), ("snappy_hadoop", "snappy")] {
            let (mut packed, mut at) = (Vec::new(), 0);
            for frame in &sizes {
                packed.extend((frame.iter().sum::<usize>() as u32).to_be_bytes());
                for size in frame {
                    let block = raw(block, &data[at..at + size]);
                    packed.extend((block.len() as u32).to_be_bytes());
                    packed.extend(block);
                    at += size;
                }
            }
            if ends_with_zero {
                packed.extend([0; 4]);
            }
            prop_assert!(decompress(codec(name), &packed, piece, room).unwrap() == data);
            let whole = codec(name).decompress_to_buffer(&DecoderOptions::default(), &packed).unwrap();
            prop_assert!(whole.0.as_slice() == data && whole.1 == packed.len());
        }
    }

    #[test]
    fn nothing_that_claims_to_be_a_block_does_harm(
        mut head in prop::sample::select(vec![
            &b""[..], b"\x04\x22\x4d\x18\x60\x70\x73", b"\x02\x21\x4c\x18", b"\0\0\x20\0\0\0", b"\xff\x06\0\0sNaPpY\0",
        ]).prop_map(<[u8]>::to_vec),
        rest in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        head.extend(rest);
        for codec in CODECS.iter().filter(|codec| (6..14).contains(&codec.id)) {
            let options = DecoderOptions { memory_limit: 9 << 20, max_output: 1 << 20, ..Default::default() };
            let _ = codec.decompress_to_buffer(&options, &head);
            if codec.has_streams() {
                let _ = decompress_with(codec, &options, &head, 3, 1000);
            }
        }
    }
}

#[test]
fn lz4_legacy_frames() {
    let data = mixed(9 << 20);
    let block = |data: &[u8]| {
        let block = raw("lz4_raw", data);
        [&(block.len() as u32).to_le_bytes()[..], &block].concat()
    };
    let (first, second) = data.split_at(8 << 20);
    let (magic, first, second) = (b"\x02\x21\x4c\x18", block(first), block(second));
    let legacy = [&magic[..], &first, &second].concat();
    let frame = raw("lz4", &data);
    let both = [&data[..], &data].concat();
    for (packed, expected) in [
        (&legacy, &data),
        (&[&legacy[..], &frame].concat(), &both),
        (&[&frame[..], &legacy].concat(), &both),
        (&[&legacy[..], &legacy].concat(), &both),
        (&magic.to_vec(), &vec![]),
    ] {
        assert!(decompress(codec("lz4"), packed, 70_000, 1 << 20).unwrap() == *expected);
        assert!(
            codec("lz4").decompress_to_buffer(&DecoderOptions::default(), packed).unwrap().0.as_slice() == *expected
        );
    }
    // Nothing marks its end.
    let whole_blocks = magic.len() + first.len();
    assert!(decompress(codec("lz4"), &legacy[..whole_blocks], 70_000, 1 << 20).unwrap() == data[..8 << 20]);
    for cut in [3, 5, 8, 1000, whole_blocks + 1, legacy.len() - 1] {
        let error = decompress(codec("lz4"), &legacy[..cut], 70_000, 1 << 20).unwrap_err();
        assert!(error.to_string().contains(&format!("truncated: it ends within a frame at compressed offset {cut}")));
    }
    let error = decompress(codec("lz4"), &[&legacy[..], b"more"].concat(), 70_000, 1 << 20).unwrap_err();
    assert!(error.to_string().contains("is not another one: it begins with \"more\""), "{error}");
}

#[test]
fn lz4_frames_that_are_skipped() {
    let frame = raw("lz4", b"data");
    let skipped = b"\x5a\x2a\x4d\x18\x07\0\0\0skipped";
    let empty = b"\x50\x2a\x4d\x18\0\0\0\0";
    let packed = [&skipped[..], &frame, empty, &frame, skipped].concat();
    for piece in [1, 7, 100] {
        assert_eq!(decompress(codec("lz4"), &packed, piece, 100).unwrap(), b"datadata");
    }
}

#[test]
fn blocks_alone() {
    for name in ["lz4_raw", "snappy"] {
        let codec = codec(name);
        let data = mixed(100_000);
        for level in codec.levels.map_or(0..=0, |levels| levels.least..=levels.greatest) {
            let level = if codec.levels.is_some() { Level::Number(level) } else { Level::Default };
            let options = EncoderOptions { level, ..Default::default() };
            for data in [&data[..], &data[..1], b""] {
                let packed = codec.compress_to_buffer(&options, data).unwrap();
                let mut room = vec![MaybeUninit::uninit(); data.len() + 100];
                let options = DecoderOptions::default();
                assert_eq!(codec.decompress(&options, packed.as_slice(), &mut room).unwrap().produced, data.len());
                let back = codec.decompress_to_buffer(&options, packed.as_slice()).unwrap().0;
                assert!(back.as_slice() == data);
            }
        }
        let packed = raw(name, &data);
        let with = |options: &DecoderOptions, packed: &[u8]| {
            let mut room = vec![MaybeUninit::uninit(); data.len()];
            let kind = codec.decompress(options, packed, &mut room).unwrap_err().kind();
            assert!(codec.decompress_to_buffer(options, packed).is_err_and(|error| error.kind() == kind));
            kind
        };
        let limited = DecoderOptions { max_output: data.len() as u64 - 1, ..Default::default() };
        assert_eq!(with(&limited, &packed), ErrorKind::CapacityError);
        let zeros = raw(name, &vec![0; 100_000]);
        let limited = DecoderOptions { max_ratio: 1, ..Default::default() };
        assert_eq!(with(&limited, &zeros), ErrorKind::CapacityError);
        for damaged in [&b""[..], &packed[..packed.len() - 1], b"\xff\xff\xff\xff\x0f\x00"] {
            assert_eq!(with(&DecoderOptions::default(), damaged), ErrorKind::IoError, "{name}");
        }
    }
}

#[test]
fn hadoop_without_contents() {
    for name in ["lz4_hadoop", "snappy_hadoop"] {
        let (empty, one) = (raw(name, b""), raw(name, b"one"));
        assert_eq!(empty, b"\0\0\0\0\0\0\0\x01\0");
        let zero = [0; 4];
        for (packed, count) in [([&zero[..], &one].concat(), 1), ([&one[..], &zero, &one, &zero, &zero].concat(), 2)] {
            for piece in [1, 5, 100] {
                assert_eq!(decompress(codec(name), &packed, piece, 100).unwrap(), b"one".repeat(count));
            }
        }
        assert_eq!(decompress(codec(name), &zero, 100, 100).unwrap(), b"");
        assert_eq!(decompress(codec(name), &empty, 1, 100).unwrap(), b"");
    }
}

#[test]
fn hadoop_without_frames() {
    for data in [&text(5000)[..], b"x"] {
        let block = raw("lz4_raw", data);
        let hadoop = codec("lz4_hadoop");
        assert!(hadoop.decompress_to_buffer(&DecoderOptions::default(), &block).unwrap().0.as_slice() == data);
        let mut room = vec![MaybeUninit::uninit(); data.len()];
        assert_eq!(hadoop.decompress(&DecoderOptions::default(), &block, &mut room).unwrap().produced, data.len());
        assert!(decompress(hadoop, &block, 100, 100).is_err());
    }
}

#[test]
fn sizes_that_are_not_believed() {
    let kind = |name: &str, data: &[u8], options: &DecoderOptions| {
        decompress_with(codec(name), options, data, 1000, 1000).0.unwrap_err().kind()
    };
    let usual = DecoderOptions::default();
    for name in ["lz4_hadoop", "snappy_hadoop"] {
        assert_eq!(kind(name, b"\x04\0\0\x01\0\0\0\x10", &usual), ErrorKind::IoError);
        assert_eq!(kind(name, b"\0\0\x10\0\x04\0\0\x01abcd", &usual), ErrorKind::IoError);
        // More comes out than the frame says.
        let mut packed = raw(name, &text(5000));
        packed[3] -= 1;
        assert_eq!(kind(name, &packed, &usual), ErrorKind::IoError);
        let little = DecoderOptions { memory_limit: 4000, ..Default::default() };
        assert_eq!(kind(name, &raw(name, &text(5000)), &little), ErrorKind::CapacityError);
    }
    let chunk = |rest: &[u8]| [b"\xff\x06\0\0sNaPpY", rest].concat();
    for rest in [
        &b"\0\x09\0\0abcd\x81\x80\x04ab"[..],
        b"\x01\x05\0\x01abcde",
        b"\x02\0\0\0",
        b"\xff\x06\0\0sNaPpX",
        b"\0\x04\0\0abcd",
    ] {
        assert_eq!(kind("snappy_framed", &chunk(rest), &usual), ErrorKind::IoError);
    }
}

#[test]
fn chunks_of_snappy() {
    let [one, two] = [b"one", b"two"].map(|data| raw("snappy_framed", data));
    let padding = [&b"\xfe\x88\x13\0"[..], &[0; 5000]].concat();
    let packed = [&one[..], &padding, b"\x80\x02\0\0ab", &two[10..], b"\xfd\0\0\0"].concat();
    for piece in [1, 11, 10_000] {
        assert_eq!(decompress(codec("snappy_framed"), &packed, piece, 100).unwrap(), b"onetwo");
    }
    // What is damaged is not given, but what came before it is.
    let data = text(200_000);
    let packed = raw("snappy_framed", &data);
    for at in [packed.len() - 1, packed.len() - 1000] {
        let mut packed = packed.clone();
        packed[at] ^= 1;
        for room in [100, 100_000, 300_000] {
            let (result, before) =
                decompress_with(codec("snappy_framed"), &DecoderOptions::default(), &packed, 90_000, room);
            assert_eq!(result.unwrap_err().kind(), ErrorKind::IoError);
            assert!(before == data[..3 << 16]);
        }
    }
}
