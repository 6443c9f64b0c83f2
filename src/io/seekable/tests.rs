//! Any place of any seekable file reads as the data do that went in, also with an index that was saved.
#![allow(unsafe_code, reason = "memory that was filled")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "a test keeps its promises or fails")]

use super::*;
use crate::codec::{EncoderOptions, FrameSize, Level, Trailing};
use crate::error::ErrorKind;
use crate::io::{buffer_output_stream, buffer_reader, compressed_input_stream, compressed_output_stream};
use crate::memory::default_pool;
use proptest::prelude::*;

/// A way to write data.
#[derive(Clone, Copy, Debug)]
struct Form {
    codec: &'static str,
    frame_size: FrameSize,
    /// Each so many bytes another stream begins; 0: there is one.
    stream: usize,
    /// Whether the streams are made of whole pieces of memory, and tell their size where they can.
    whole: bool,
    level: i32,
}

const ENDLESS: FrameSize = FrameSize::Endless;

const FORMS: [Form; 17] = [
    form("zstd", FrameSize::Bytes(10_000), 0, false),
    form("zstd", FrameSize::Usual, 0, false),
    form("zstd", FrameSize::Bytes(777), 30_000, false),
    form("zstd", ENDLESS, 0, false),
    form("zstd", ENDLESS, 9_000, true),
    form("zstd", ENDLESS, 70_000, false),
    form("gzip", FrameSize::Usual, 0, false),
    form("gzip", FrameSize::Bytes(1000), 0, true),
    form("gzip", FrameSize::Bytes(10_000), 50_000, false),
    form("gzip", ENDLESS, 0, false),
    form("gzip", ENDLESS, 100_000, true),
    Form { level: 9, ..form("gzip", ENDLESS, 0, false) },
    Form { level: 1, ..form("gzip", ENDLESS, 0, true) },
    form("zlib", ENDLESS, 60_000, false),
    Form { level: 1, ..form("bz2", ENDLESS, 0, false) },
    Form { level: 9, ..form("bz2", ENDLESS, 0, true) },
    Form { level: 1, ..form("bz2", ENDLESS, 210_000, false) },
];

/// Codecs that find frames by decompressing only.
const OTHERS: [Form; 7] = [
    form("lz4", ENDLESS, 60_000, false),
    form("bz2", ENDLESS, 90_000, false),
    form("xz", ENDLESS, 70_000, true),
    form("xz", ENDLESS, 0, false),
    form("brotli", ENDLESS, 0, false),
    form("snappy_framed", ENDLESS, 50_000, false),
    form("lz4_hadoop", ENDLESS, 0, true),
];

fn forms() -> impl Iterator<Item = Form> {
    FORMS.into_iter().chain(OTHERS)
}

const fn form(codec: &'static str, frame_size: FrameSize, stream: usize, whole: bool) -> Form {
    Form { codec, frame_size, stream, whole, level: 3 }
}

impl Form {
    fn codec(&self) -> &'static Codec {
        Codec::by_name(self.codec.as_bytes()).unwrap()
    }

    fn compress(&self, data: &[u8]) -> Vec<u8> {
        let level = self.codec().levels.map_or(Level::Default, |_| Level::Number(self.level));
        let options = EncoderOptions { frame_size: self.frame_size, level, ..Default::default() };
        let size = if self.stream == 0 { data.len().max(1) } else { self.stream };
        let mut packed = Vec::new();
        let mut add = |piece: &[u8]| {
            if self.whole {
                packed.extend_from_slice(self.codec().compress_to_buffer(&options, piece).unwrap().as_slice());
                return;
            }
            let out = buffer_output_stream(&default_pool(), 0).unwrap();
            let file = compressed_output_stream(&out, self.codec(), &options).unwrap();
            piece.chunks(3333).for_each(|part| file.write(part).unwrap());
            file.close().unwrap();
            packed.extend_from_slice(out.finish().unwrap().as_slice());
        };
        if data.is_empty() {
            add(data);
        }
        data.chunks(size).for_each(&mut add);
        packed
    }

    fn open(&self, packed: &[u8]) -> File {
        self.open_with(packed, |_| {})
    }

    fn open_with(&self, packed: &[u8], change: impl FnOnce(&mut SeekableOptions)) -> File {
        let mut options = SeekableOptions { decoder: DecoderOptions::default(), cache_size: 100_000, spacing: 20_000 };
        change(&mut options);
        seekable_file(&reader(packed), self.codec(), options).unwrap()
    }
}

fn reader(bytes: &[u8]) -> File {
    buffer_reader(&Buffer::copy_of(&default_pool(), bytes).unwrap()).unwrap()
}

fn saved(file: &File) -> Vec<u8> {
    let out = buffer_output_stream(&default_pool(), 0).unwrap();
    file.save_index(&out).unwrap();
    out.finish().unwrap().as_slice().to_vec()
}

/// Some of it compresses, some does not.
fn contents(size: usize) -> Vec<u8> {
    let mut seed = 88_172_645_463_325_252_u64;
    let mut out = Vec::with_capacity(size + 100);
    while out.len() < size {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        match seed % 8 {
            0..5 => out.extend_from_slice(&seed.to_le_bytes()),
            5 => out.extend_from_slice(format!("line {} of many\n", seed % 5000).as_bytes()),
            6 => out.extend(std::iter::repeat_n(seed as u8, 30)),
            _ => out.extend_from_within(out.len().saturating_sub(40)..),
        }
    }
    out.truncate(size);
    out
}

fn at(file: &File, offset: usize, size: usize) -> Result<Vec<u8>> {
    Ok(file.read_at_buffer(offset, size)?.as_slice().to_vec())
}

fn all(file: &File) -> Result<Vec<u8>> {
    Ok(file.read_all()?.as_slice().to_vec())
}

fn slice(data: &[u8], offset: usize, size: usize) -> &[u8] {
    let start = offset.min(data.len());
    &data[start..(start + size).min(data.len())]
}

/// Whether it is in one piece what went in somewhere: only its place may be another one.
fn is_elsewhere(bytes: &[u8], data: &[u8]) -> bool {
    data.windows(bytes.len()).any(|there| there == bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_place_reads_as_it_was_written(
        size in prop_oneof![0usize..3000, 0usize..300_000],
        places in prop::collection::vec((0.0f64..1.1, prop_oneof![0usize..100, 0usize..150_000]), 1..12),
        cache_size in prop_oneof![Just(0usize), Just(50_000), Just(10 << 20)],
    ) {
        let data = contents(size);
        for form in forms() {
            let packed = form.compress(&data);
            let file = form.open_with(&packed, |options| options.cache_size = cache_size);
            let check = |file: &File| {
                for (place, size) in &places {
                    let offset = (place * data.len() as f64) as usize;
                    assert!(at(file, offset, *size).unwrap() == slice(&data, offset, *size), "{form:?} at {offset}");
                }
            };
            check(&file);
            prop_assert_eq!(file.size().unwrap() as usize, data.len(), "{:?}", form);
            check(&file);
            let loaded = form.open(&packed);
            loaded.load_index(&reader(&saved(&file))).unwrap();
            check(&loaded);
            prop_assert!(loaded.read_all().unwrap().as_slice() == data, "{:?}", form);
            prop_assert!(saved(&loaded) == saved(&file), "{:?}", form);
            // Any reader of the format reads it.
            let stream = compressed_input_stream(&reader(&packed), form.codec(), &DecoderOptions::default()).unwrap();
            prop_assert!(stream.read_all().unwrap().as_slice() == data, "{:?}", form);
        }
    }

    #[test]
    fn a_damaged_index_is_noticed(at in any::<prop::sample::Index>(), bit in 0u8..8, cut in any::<bool>()) {
        let data = contents(200_000);
        for form in FORMS {
            let packed = form.compress(&data);
            let file = form.open(&packed);
            let mut index = saved(&file);
            let at = at.index(index.len());
            if cut { index.truncate(at) } else { index[at] ^= 1 << bit }
            let error = file.load_index(&reader(&index)).unwrap_err();
            prop_assert_eq!(error.kind(), ErrorKind::IoError);
            prop_assert!(file.read_all().unwrap().as_slice() == data);
        }
    }

    #[test]
    fn damaged_data_give_no_wrong_bytes(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let data = contents(150_000);
        for form in FORMS {
            let mut packed = form.compress(&data);
            let at = at.index(packed.len());
            packed[at] ^= 1 << bit;
            let file = form.open(&packed);
            for offset in [140_000, 0, 70_000] {
                match super::tests::at(&file, offset, 10_000) {
                    Err(error) => prop_assert!(
                        matches!(error.kind(), ErrorKind::IoError | ErrorKind::OutOfMemory), "{:?} {:?}", form, error
                    ),
                    // A checksum at the end of a long frame may come later.
                    Ok(bytes) if file.size().is_ok() && bytes != slice(&data, offset, 10_000) => {
                        // Frames that are passed over are as long as they say, until they are read.
                        prop_assert!(is_elsewhere(&bytes, &data) && all(&form.open(&packed)).is_err(), "{:?} byte {}", form, at);
                    }
                    Ok(_) => {}
                }
            }
        }
    }
}

#[test]
fn from_many_threads() {
    let data = contents(400_000);
    for form in forms() {
        let packed = form.compress(&data);
        for cache_size in [0, 60_000, 10 << 20] {
            let file = form.open_with(&packed, |options| options.cache_size = cache_size);
            std::thread::scope(|scope| {
                for thread in 0..6 {
                    let (file, data) = (&file, &data);
                    scope.spawn(move || {
                        for turn in 0..25 {
                            let offset = (thread * 7919 + turn * 104_729) % data.len();
                            assert!(at(file, offset, 5000).unwrap() == slice(data, offset, 5000), "{form:?}");
                        }
                    });
                }
            });
        }
    }
}

#[test]
fn frames_longer_than_a_piece() {
    let data = contents(7_000_000);
    for form in [form("zstd", ENDLESS, 0, false), form("zstd", ENDLESS, 0, true), form("gzip", ENDLESS, 0, false)] {
        let packed = form.compress(&data);
        let file = form.open_with(&packed, |options| options.spacing = 5_000_000);
        for offset in [6_900_000, 10, 3_000_000, 2_097_151, 5_000_000, 4_194_303] {
            assert!(at(&file, offset, 100_000).unwrap() == slice(&data, offset, 100_000), "{form:?} at {offset}");
        }
        assert!(file.read_all().unwrap().as_slice() == data);
    }
}

#[test]
fn every_prefix_is_truncated() {
    let data = contents(3000);
    for form in FORMS.into_iter().filter(|form| form.frame_size == ENDLESS && form.stream == 0) {
        let packed = form.compress(&data);
        for end in 1..packed.len() {
            let error = form.open(&packed[..end]).size().unwrap_err();
            let place = format!("truncated: it ends within a frame at compressed offset {end}");
            assert!(error.to_string().contains(&place), "{form:?}, {end} of {}: {error}", packed.len());
        }
    }
    // Where a frame ends the data may end; what is before is right.
    for form in FORMS.into_iter().filter(|form| form.frame_size != ENDLESS) {
        let packed = form.compress(&data);
        for end in (1..packed.len()).step_by(7) {
            match form.open(&packed[..end]).read_all() {
                Ok(bytes) => assert!(data.starts_with(bytes.as_slice()), "{form:?} {end}"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::IoError, "{form:?} {end}"),
            }
        }
    }
}

#[test]
fn only_what_is_needed_is_decompressed() {
    let data = contents(1_000_000);
    for form in [form("zstd", FrameSize::Bytes(20_000), 0, false), form("gzip", FrameSize::Usual, 0, false)] {
        let mut packed = form.compress(&data);
        // In a frame that is not read.
        let middle = packed.len() / 2;
        packed[middle] ^= 0x55;
        let file = form.open(&packed);
        assert_eq!(file.size().unwrap(), 1_000_000);
        assert!(at(&file, 900_000, 1000).unwrap() == slice(&data, 900_000, 1000));
        assert!(at(&file, 100, 1000).unwrap() == slice(&data, 100, 1000));
        assert_eq!(all(&file).unwrap_err().kind(), ErrorKind::IoError);
    }
}

/// At how many places a block of bzip2 seems to begin.
fn marks(packed: &[u8]) -> usize {
    let bits = packed.iter().flat_map(|byte| (0..8).rev().map(move |bit| u64::from(byte >> bit & 1)));
    let marks = bits.scan(0, |last, bit| {
        *last = (*last << 1 | bit) & ((1 << 48) - 1);
        Some(*last == 0x3141_5926_5359)
    });
    marks.filter(|is_mark| *is_mark).count()
}

#[test]
fn blocks_of_bzip2() {
    let data = contents(2_500_000);
    for (level, spacing) in [(1, 20_000), (1, 1 << 20), (9, 20_000)] {
        let form = Form { level, ..form("bz2", ENDLESS, 0, false) };
        let mut packed = form.compress(&data);
        let open = |packed: &[u8], threads| {
            form.open_with(packed, |options| (options.spacing, options.decoder.threads) = (spacing, threads))
        };
        let index = saved(&open(&packed, 0));
        let spans = if spacing == 20_000 { marks(&packed) } else { 3 };
        assert_eq!(usize::from(index[36]), spans, "{form:?}");
        // What is kept of a block is small.
        assert!(index.len() < 48 + 80 * spans, "{form:?}: {} bytes", index.len());
        assert_eq!(saved(&open(&packed, 2)), index);
        for offset in (0..data.len()).step_by(410_001) {
            let file = open(&packed, offset % 3);
            file.load_index(&reader(&index)).unwrap();
            assert!(at(&file, offset, 5000).unwrap() == slice(&data, offset, 5000), "{form:?} at {offset}");
        }
        // In a block that is only read where all before the place is decompressed.
        packed[20_000] ^= 0x55;
        let file = open(&packed, 0);
        file.load_index(&reader(&index)).unwrap();
        assert!(at(&file, 2_400_000, 100_000).unwrap() == data[2_400_000..]);
        assert_eq!(all(&file).unwrap_err().kind(), ErrorKind::IoError);
    }
    // Blocks that are longer than a piece.
    let data = vec![7; 12_000_000];
    let form = Form { level: 1, ..form("bz2", ENDLESS, 0, true) };
    let packed = form.compress(&data);
    let file = form.open(&packed);
    let index = saved(&file);
    assert_eq!(usize::from(index[36]), marks(&packed));
    file.load_index(&reader(&index)).unwrap();
    for offset in [11_990_000, 10, 5_000_000, 2_097_151, 5_200_000] {
        assert!(at(&file, offset, 20_000).unwrap() == slice(&data, offset, 20_000), "at {offset}");
    }
}

#[test]
fn the_index_of_other_data() {
    let (one, other) = (contents(300_000), contents(300_001));
    let form = form("gzip", ENDLESS, 0, false);
    let (packed, other) = (form.compress(&one), form.compress(&other));
    let index = saved(&form.open(&packed));
    assert!(index[36] > 5, "{} spans", index[36]);
    let error = form.open(&other).load_index(&reader(&index)).unwrap_err();
    assert!(error.to_string().contains("the saved index is of other data"), "{error}");
    // Of the same size, with the same beginning: what is not as it was is noticed before a byte of it is given.
    let mut changed = packed.clone();
    let middle = packed.len() / 2;
    changed[middle] ^= 4;
    let file = form.open(&changed);
    file.load_index(&reader(&index)).unwrap();
    assert!(at(&file, 0, 10).unwrap() == one[..10]);
    assert_eq!(all(&file).unwrap_err().kind(), ErrorKind::IoError);
    for bytes in [&b""[..], b"something else", &index[..20]] {
        assert_eq!(file.load_index(&reader(bytes)).unwrap_err().kind(), ErrorKind::IoError);
    }
    let raw = reader(&packed);
    assert_eq!(raw.save_index(&raw).unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn hostile_tables_and_sizes() {
    let data = contents(50_000);
    let form = form("zstd", FrameSize::Bytes(10_000), 0, false);
    let packed = form.compress(&data);
    let last = packed.len();
    // Counts, sizes and magic numbers of the table, one by one.
    for at in last - 9 - 5 * 8 - 8..last {
        for value in [0, 1, 0x7f, 0xff] {
            let mut packed = packed.clone();
            packed[at] = value;
            match form.open(&packed).read_all() {
                Ok(bytes) => assert!(bytes.as_slice() == data, "byte {at}"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::IoError, "{error}"),
            }
        }
    }
    let table = [
        &b"\x5e\x2a\x4d\x18"[..],
        &80_009u32.to_le_bytes(),
        &[0; 80_000],
        &10_000u32.to_le_bytes(),
        b"\0\xb1\xea\x92\x8f",
    ];
    assert_eq!(form.open(&table.concat()).size().unwrap(), 0);
    let file = form.open_with(&table.concat(), |options| options.decoder.memory_limit = 200_000);
    let error = file.size().unwrap_err();
    assert!(error.to_string().contains("seek table of 10000 frames takes 240000 bytes"), "{error}");
    assert_eq!(error.kind(), ErrorKind::CapacityError);
    // A block that says that it goes beyond the data.
    let form = super::tests::form("gzip", FrameSize::Bytes(10_000), 0, false);
    let mut packed = form.compress(&data);
    packed[16..18].copy_from_slice(&[0xff, 0xff]);
    packed.truncate(40_000);
    assert_eq!(all(&form.open(&packed)).unwrap_err().kind(), ErrorKind::IoError);
}

#[test]
fn limits_and_trailing_bytes() {
    let data = contents(50_000);
    for form in FORMS {
        let packed = form.compress(&data);
        let file = form.open_with(&packed, |options| options.decoder.max_output = 49_999);
        assert_eq!(file.size().unwrap_err().kind(), ErrorKind::CapacityError, "{form:?}");
        let file = form.open_with(&packed, |options| options.decoder.max_output = 50_000);
        assert_eq!(file.size().unwrap(), 50_000);
        let more = [&packed[..], b"something else"].concat();
        let error = form.open(&more).size().unwrap_err();
        assert!(error.to_string().contains("is not another one"), "{form:?} {error}");
        let file = form.open_with(&more, |options| options.decoder.trailing = Trailing::Ignore);
        assert!(file.read_all().unwrap().as_slice() == data, "{form:?}");
    }
}

#[test]
fn positions() {
    let data = contents(120_000);
    for form in forms() {
        let file = form.open(&form.compress(&data));
        file.advance(60_000).unwrap();
        assert!(file.read_buffer(100).unwrap().as_slice() == slice(&data, 60_000, 100));
        assert_eq!(file.seek(-10, Whence::End).unwrap(), 119_990);
        assert!(file.read_all().unwrap().as_slice() == &data[119_990..]);
        assert_eq!(file.tell().unwrap(), 120_000);
        file.seek(5, Whence::Start).unwrap();
        file.advance(1 << 40).unwrap();
        assert_eq!(file.tell().unwrap(), 120_000);
        file.seek(200_000, Whence::Start).unwrap();
        assert_eq!(file.read_buffer(10).unwrap().size(), 0);
        file.close().unwrap();
        assert_eq!(at(&file, 0, 1).unwrap_err().kind(), ErrorKind::Closed);
    }
}

#[test]
fn blocks_of_bgzf() {
    let form = form("gzip", FrameSize::Usual, 0, false);
    let noise: Vec<u8> = contents(1)
        .into_iter()
        .chain((0..200_000u64).map(|at| (at.wrapping_mul(at).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8))
        .collect();
    for data in [vec![], vec![7; 65_280], vec![7; 65_281], vec![7; 1 << 16], noise] {
        let packed = form.compress(&data);
        let (mut at, mut blocks) = (0, Vec::new());
        while at < packed.len() {
            assert!(packed[at..].starts_with(b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0"));
            let size = usize::from(u16::from_le_bytes([packed[at + 16], packed[at + 17]])) + 1;
            let content = u32::from_le_bytes(packed[at + size - 4..at + size].try_into().unwrap());
            blocks.push(content as usize);
            at += size;
        }
        assert_eq!(at, packed.len());
        assert_eq!(blocks.pop(), Some(0));
        let expected: Vec<usize> = data.chunks(65_280).map(<[u8]>::len).collect();
        assert_eq!(blocks, expected);
    }
}

/// A block of BGZF that says that `hidden` is part of it.
fn block_that_covers(hidden: &[u8]) -> Vec<u8> {
    let mut block = form("gzip", FrameSize::Usual, 0, false).compress(&[b'A'; 500]);
    block.truncate(block.len() - 28);
    let last = (block.len() + hidden.len() - 1) as u16;
    block[16..18].copy_from_slice(&last.to_le_bytes());
    block.extend_from_slice(hidden);
    block
}

fn with_table(frames: &[u8], entries: &[(usize, u32)]) -> Vec<u8> {
    let size = 8 * entries.len() as u32 + 9;
    let mut packed = [frames, b"\x5e\x2a\x4d\x18", &size.to_le_bytes()].concat();
    for (compressed, decompressed) in entries {
        packed.extend_from_slice(&(*compressed as u32).to_le_bytes());
        packed.extend_from_slice(&decompressed.to_le_bytes());
    }
    packed.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    packed.extend_from_slice(b"\0\xb1\xea\x92\x8f");
    packed
}

#[test]
fn frames_that_hide_others() {
    let bgzf = form("gzip", FrameSize::Usual, 0, false);
    let zstd = form("zstd", ENDLESS, 0, true);
    let other = bgzf.compress(&[b'B'; 500]);
    let member = &other[..other.len() - 28];
    let one = zstd.compress(&[b'A'; 500]);
    let both = [one.clone(), zstd.compress(&[b'B'; 500])].concat();
    let cases = [
        (bgzf, block_that_covers(member)),
        (bgzf, block_that_covers(b"something else\xf4\x01\0\0")),
        (zstd, with_table(&both, &[(both.len(), 500)])),
        (zstd, with_table(&both, &[(both.len() - 1, 500), (1, 500)])),
    ];
    for (form, packed) in cases {
        let file = form.open(&packed);
        let index = saved(&file);
        let error = all(&file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IoError);
        assert!(error.to_string().contains("up to decompressed offset 500 ends at compressed offset"), "{error}");
        let loaded = form.open(&packed);
        loaded.load_index(&reader(&index)).unwrap();
        assert_eq!(all(&loaded).unwrap_err().kind(), ErrorKind::IoError);
    }
    // Where the frame says that it is empty, nobody would look into it.
    let empty = &other[other.len() - 28..];
    let empties = [
        (bgzf, [block_that_covers(empty), empty.to_vec()].concat(), 500),
        (zstd, with_table(&both, &[(one.len(), 500), (both.len() - one.len(), 0)]), 1000),
    ];
    for (form, packed, size) in empties {
        assert_eq!(all(&form.open(&packed)).unwrap().len(), size, "{form:?}");
    }
}

#[test]
fn small_members_are_read_once() {
    let form = form("gzip", ENDLESS, 10, true);
    let data = contents(20_000);
    let packed = form.compress(&data);
    let file = form.open(&packed);
    assert_eq!(file.size().unwrap(), 20_000);
    for offset in [19_990, 0, 12_345] {
        assert!(at(&file, offset, 500).unwrap() == slice(&data, offset, 500));
    }
    assert!(all(&file).unwrap() == data);
}
