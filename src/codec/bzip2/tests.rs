//! What libbz2 writes is read, in any pieces and by any number of threads; marks that are none do not matter.

use super::{BLOCK, END, MARK_BITS, checksum};
use crate::codec::{Checkpoint, Codec, DecoderOptions, EncoderOptions, Level, Step};
use crate::error::{ErrorKind, Result};
use crate::memory::{Buffer, default_pool};
use std::mem::MaybeUninit;

fn bzip2() -> &'static Codec {
    Codec::by_name(b"bz2").unwrap()
}

fn decompress(packed: &[u8], threads: usize) -> Result<Vec<u8>> {
    let options = DecoderOptions { threads, ..Default::default() };
    Ok(bzip2().decompress_to_buffer(&options, packed)?.0.as_slice().to_vec())
}

fn compress(data: &[u8], level: i32, threads: usize) -> Vec<u8> {
    let options = EncoderOptions { level: Level::Number(level), threads, ..Default::default() };
    bzip2().compress_to_buffer(&options, data).unwrap().as_slice().to_vec()
}

fn noise(size: usize) -> Vec<u8> {
    let mut seed = 88_172_645_463_325_252_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 20) as u8
    };
    (0..size).map(|_| random()).collect()
}

#[test]
fn what_libbz2_writes_is_read() {
    let runs: Vec<u8> = (0..700).flat_map(|length| vec![(length / 3) as u8; length]).collect();
    let words = noise(400_000).iter().flat_map(|byte| [b'a' + byte % 7, b' ']).collect();
    for data in [vec![7; 9_000_000], noise(300_000), runs, words, (0..=255).collect(), vec![0; 4], vec![1; 259]] {
        for level in [1, 9] {
            let packed = [compress(&data, level, 0), compress(&[], level, 2), compress(&data, level, 2)].concat();
            for threads in [0, 3] {
                let back = decompress(&packed, threads).unwrap();
                assert!(back.len() == 2 * data.len() && back.chunks(data.len()).all(|half| half == data));
            }
        }
    }
}

#[test]
fn flipped_bits_are_noticed() {
    let packed = compress(&noise(250_000), 1, 0);
    // Among others, all of the first block's header.
    for at in (32..240).chain((0..packed.len() * 8).step_by(299_993)) {
        let mut damaged = packed.clone();
        damaged[at / 8] ^= 1 << (at % 8);
        for threads in [0, 2] {
            assert_eq!(decompress(&damaged, threads).unwrap_err().kind(), ErrorKind::IoError, "bit {at}");
        }
    }
}

#[test]
fn checkpoints_that_cannot_be() {
    let packed = compress(&noise(1000), 1, 0);
    let mut decoder = (bzip2().streaming.as_ref().unwrap().decoder)(&DecoderOptions::default()).unwrap();
    let mark = &packed[4..10];
    let end = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90];
    let long = noise(32 << 10);
    for bytes in [&b""[..], &mark[..3], mark, &end, &packed, &long] {
        for (level, bit) in [(0, 0), (1, 0), (1, 7), (9, 5), (10, 0), (1, 8)] {
            let window = [&[level, bit, 1, 2, 3, 4], bytes].concat();
            let window = Buffer::copy_of(&default_pool(), &window).unwrap();
            let checkpoint = Checkpoint { bits: 0, byte: 0, window, checksum: 0, size: 0 };
            let mut output = [MaybeUninit::uninit(); 5000];
            let mut decode = || {
                decoder.resume(&checkpoint)?;
                // All but what the stream ends with may be right.
                decoder.decode(&packed[10..], &mut output, &mut Step::default())
            };
            assert_eq!(decode().unwrap_err().kind(), ErrorKind::IoError, "{level} {bit} {}", bytes.len());
        }
    }
}

/// Writes bits, the highest first.
#[derive(Default)]
struct Writer(Vec<u8>, usize);

impl Writer {
    fn put(&mut self, value: u64, count: usize) {
        for bit in (0..count).rev() {
            if self.1.is_multiple_of(8) {
                self.0.push(0);
            }
            let last = self.0.last_mut().unwrap();
            *last |= ((value >> bit & 1) as u8) << (7 - self.1 % 8);
            self.1 += 1;
        }
    }
}

/// A stream of "a" and nothing else, which says that the bytes at the bits of `mark` could be in it as well.
fn with_mark_inside(mark: u64) -> Vec<u8> {
    let (mut out, sum) = (Writer::default(), u64::from(!checksum::update(!0, b"a")));
    out.put(u64::from_be_bytes(*b"\0\0\0\0BZh1"), 32);
    out.put(BLOCK, MARK_BITS);
    out.put(sum, 32);
    out.put(0, 25);
    // Rows 0 to 2 are the mark, row 6 has the "a" and nothing before it.
    out.put(0xe200, 16);
    out.put(mark, MARK_BITS);
    out.put(0x4000, 16);
    let before = mark.count_ones() as usize;
    // Two codes, of which the first is that of the only group.
    out.put(2, 3);
    out.put(1, 15);
    out.put(0, 1);
    for _ in 0..2 {
        out.put(9, 5);
        out.put(0, before + 3);
    }
    out.put(before as u64 + 1, 9);
    out.put(before as u64 + 2, 9);
    out.put(END, MARK_BITS);
    out.put(sum, 32);
    out.0
}

#[test]
fn marks_within_a_block() {
    for mark in [BLOCK, END] {
        let packed = [with_mark_inside(mark), compress(b"bcd", 9, 0), with_mark_inside(mark)].concat();
        for threads in [0, 1, 2] {
            assert_eq!(decompress(&packed, threads).unwrap(), b"abcda");
        }
    }
}
