//! An independent implementation, flate2's in Rust, reads what we write, and we read what it writes.

use super::*;
use crate::codec::{CODECS, DecoderOptions, EncoderOptions, Level};
use crate::error::ErrorKind;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::write::{DeflateEncoder, ZlibEncoder};
use flate2::{Compression, Crc, GzBuilder};
use proptest::prelude::*;
use std::io::{Read, Write};

fn family() -> impl Iterator<Item = &'static Codec> {
    CODECS.iter().filter(|codec| [GZIP.id, ZLIB.id, DEFLATE.id].contains(&codec.id))
}

/// What compresses well, badly, and not at all.
fn contents() -> Vec<Vec<u8>> {
    let mut seed = 88_172_645_463_325_252_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let noise: Vec<u8> = (0..90_000).map(|_| random() as u8).collect();
    let numbers = (0..12_000_u64).flat_map(|at| (at * 1000 + random() % 900).to_le_bytes()).collect();
    let words = (0..12_000).flat_map(|_| format!("word{} ", random() % 3000).into_bytes()).collect();
    // Lies at every distance up to the largest, and beyond.
    let repeated = noise.chunks(40_000).flat_map(|chunk| [chunk, &chunk[..9000], chunk].concat()).collect();
    vec![vec![], vec![0], vec![0; 200_000], noise, numbers, words, repeated]
}

/// As flate2 decompresses it.
fn read_by_flate2(codec: &Codec, packed: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    match codec.id {
        id if id == GZIP.id => MultiGzDecoder::new(packed).read_to_end(&mut data),
        id if id == ZLIB.id => ZlibDecoder::new(packed).read_to_end(&mut data),
        _ => DeflateDecoder::new(packed).read_to_end(&mut data),
    }
    .unwrap();
    data
}

/// As flate2 compresses it.
fn written_by_flate2(codec: &Codec, data: &[u8], level: u32) -> Vec<u8> {
    let (out, level) = (Vec::new(), Compression::new(level));
    match codec.id {
        id if id == GZIP.id => {
            let mut encoder = GzBuilder::new().write(out, level);
            encoder.write_all(data).unwrap();
            encoder.finish()
        }
        id if id == ZLIB.id => {
            let mut encoder = ZlibEncoder::new(out, level);
            encoder.write_all(data).unwrap();
            encoder.finish()
        }
        _ => {
            let mut encoder = DeflateEncoder::new(out, level);
            encoder.write_all(data).unwrap();
            encoder.finish()
        }
    }
    .unwrap()
}

fn compressed(codec: &Codec, data: &[u8], level: i32, window_log: u32) -> Vec<u8> {
    let options = EncoderOptions { level: Level::Number(level), window_log, ..Default::default() };
    codec.compress_to_buffer(&options, data).unwrap().as_slice().to_vec()
}

fn decompressed(codec: &'static Codec, packed: &[u8]) -> crate::error::Result<Vec<u8>> {
    let (data, consumed) = codec.decompress_to_buffer(&DecoderOptions::default(), packed)?;
    assert_eq!(consumed, packed.len());
    Ok(data.as_slice().to_vec())
}

#[test]
fn flate2_reads_every_level() {
    for data in contents() {
        for (codec, level) in family().flat_map(|codec| (0..=9).map(move |level| (codec, level))) {
            let packed = compressed(codec, &data, level, 0);
            assert!(packed.len() as u64 <= codec.max_compressed_size(data.len() as u64));
            assert!(read_by_flate2(codec, &packed) == data, "{} level {level}, {} bytes", codec.name(), data.len());
        }
    }
}

#[test]
fn flate2_reads_every_window() {
    let gzip = family().next().unwrap();
    for data in contents() {
        for (window_log, level) in (9..=15).flat_map(|window_log| [0, 1, 3, 6, 9].map(|level| (window_log, level))) {
            let packed = compressed(gzip, &data, level, window_log);
            let most = gzip.max_compressed_size(data.len() as u64);
            assert!(packed.len() as u64 <= most, "{} of {} bytes, {window_log}", packed.len(), data.len());
            assert!(read_by_flate2(gzip, &packed) == data, "window {window_log} level {level}");
        }
    }
}

#[test]
fn what_flate2_writes_is_read() {
    for data in contents() {
        for (codec, level) in family().flat_map(|codec| [0, 1, 6, 9].map(move |level| (codec, level))) {
            let packed = written_by_flate2(codec, &data, level);
            assert!(decompressed(codec, &packed).unwrap() == data, "{} level {level}", codec.name());
            let twice = [&packed[..], &packed].concat();
            assert!(decompressed(codec, &twice).unwrap() == [&data[..], &data].concat(), "{}", codec.name());
        }
    }
}

#[test]
fn fields_of_a_gzip_header() {
    let gzip = family().next().unwrap();
    let mut encoder = GzBuilder::new()
        .extra(vec![7; 65_535])
        .filename("a file's name".repeat(300))
        .comment("a comment")
        .mtime(1_700_000_000)
        .write(Vec::new(), Compression::new(6));
    encoder.write_all(b"data").unwrap();
    let packed = encoder.finish().unwrap();
    assert_eq!(decompressed(gzip, &packed).unwrap(), b"data");
    // With all fields and the header's own checksum, of which a wrong one is noticed.
    let mut head = b"\x1f\x8b\x08\x1e\0\0\0\0\0\x03\x04\0four".to_vec();
    head.extend_from_slice(b"name\0comment\0");
    let mut crc = Crc::new();
    crc.update(&head);
    let body = &written_by_flate2(gzip, b"data", 6)[10..];
    let sum = crc.sum() as u16;
    let with_checksum = |sum: u16| [&head[..], &sum.to_le_bytes(), body].concat();
    assert_eq!(decompressed(gzip, &with_checksum(sum)).unwrap(), b"data");
    assert_eq!(decompressed(gzip, &with_checksum(sum ^ 1)).unwrap_err().kind(), ErrorKind::IoError);
    // A flag that no version of the format has.
    let mut flagged = with_checksum(sum);
    flagged[3] |= 0x20;
    assert_eq!(decompressed(gzip, &flagged).unwrap_err().kind(), ErrorKind::IoError);
}

#[test]
fn a_dictionary_of_zlib_is_told_of() {
    let zlib = family().nth(1).unwrap();
    let error = decompressed(zlib, b"\x78\xbb\0\0\0\x01rest").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IoError);
    assert!(error.to_string().contains("the zlib data need a dictionary"), "{error}");
}

#[test]
fn a_wrong_checksum_is_noticed() {
    for codec in family().filter(|codec| codec.has_checksum()) {
        let mut packed = compressed(codec, b"data", 6, 0);
        let last = packed.len() - if codec.id == GZIP.id { 5 } else { 1 };
        packed[last] ^= 1;
        let error = decompressed(codec, &packed).unwrap_err();
        assert!(error.to_string().contains("damaged: incorrect data check"), "{error}");
    }
}

#[test]
fn codes_are_no_longer_than_allowed() {
    // Counts like these make the longest codes.
    let mut counts = vec![1_u32, 1];
    while counts.len() < 40 {
        counts.push(counts[counts.len() - 1].saturating_add(counts[counts.len() - 2]));
    }
    for used in 1..=counts.len() {
        for longest in [7, 9, 15] {
            let mut codes = vec![huffman::Code::default(); used];
            huffman::code_lengths(&counts[..used], longest, &mut codes);
            let taken: u32 = codes.iter().map(|code| 1 << (longest - usize::from(code.size))).sum();
            assert!(codes.iter().all(|code| (1..=longest).contains(&usize::from(code.size))));
            assert_eq!(taken, if used == 1 { 1 << (longest - 1) } else { 1 << longest }, "{used} codes");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_fastest_level_finds_what_is_there(
        seed in prop::collection::vec(any::<u8>(), 1..300),
        copies in prop::collection::vec((any::<prop::sample::Index>(), 1usize..600), 0..900),
        noise in 0usize..70_000,
        window_log in 9u32..=15,
    ) {
        let mut data = seed;
        for (at, size) in copies {
            let at = at.index(data.len());
            data.extend_from_within(at..data.len().min(at + size));
        }
        let mut state = 1_u32;
        data.extend((0..noise).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        }));
        for codec in family() {
            let packed = compressed(codec, &data, 1, window_log);
            prop_assert!(read_by_flate2(codec, &packed) == data);
            prop_assert!(decompressed(codec, &packed).unwrap() == data);
            prop_assert!(packed.len() as u64 <= codec.max_compressed_size(data.len() as u64));
        }
    }
}
