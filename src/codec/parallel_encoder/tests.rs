//! What threads compress is what one would have, in order; what fails in one of them fails the call.

use super::*;
use crate::codec::{Codec, DecoderOptions, Level};
use crate::error::{ErrorKind, error};
use proptest::prelude::*;

/// Writes blocks as they are, with how many bytes there were at the end; some it takes ill.
struct Copies;

const FAILS: u8 = 250;
const PANICS: u8 = 251;

impl BlockEncoder for Copies {
    type Sum = u64;
    const SIZE: usize = 100;
    const HISTORY: usize = 10;

    fn compress(&self, block: &Block, output: &mut BufferBuilder) -> Result<u64> {
        assert!(block.is_first == block.history().is_empty());
        assert!(block.is_last || !block.data().is_empty());
        assert!(!block.data().contains(&PANICS), "a byte that it does not like");
        if block.data().contains(&FAILS) {
            return Err(error!(CapacityError, "a byte that it does not take"));
        }
        // Later ones are often done earlier.
        let pause = block.data().first().map_or(0, |byte| u64::from(byte % 8));
        std::thread::sleep(std::time::Duration::from_micros(pause * 50));
        output.append(block.data())?;
        Ok(block.data().len() as u64)
    }

    fn join(&self, sum: &mut u64, next: u64, block: &Block, output: &mut BufferBuilder) -> Result<()> {
        *sum += next;
        if block.is_last { output.append(&sum.to_le_bytes()) } else { Ok(()) }
    }
}

fn encoder(threads: usize) -> ParallelEncoder<Copies> {
    ParallelEncoder::new(Copies, &EncoderOptions { threads, ..Default::default() }).unwrap()
}

/// Gives all that comes of a call.
fn encode(encoder: &mut dyn Encoder, mut input: &[u8], room: usize, goal: Goal, out: &mut Vec<u8>) -> Result<()> {
    let mut memory = vec![MaybeUninit::uninit(); room];
    loop {
        let step = encoder.encode(input, &mut memory, goal)?;
        input = &input[step.consumed..];
        out.extend_from_slice(crate::memory::filled(&memory, step.produced));
        if step.finished {
            assert!(input.is_empty());
            return Ok(());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn blocks_are_given_in_order(
        data in prop::collection::vec(0u8..250, 0..5000),
        (piece, room, threads) in (1usize..700, 1usize..700, 1usize..4),
        flushes in prop::collection::vec(any::<bool>(), 5000),
    ) {
        let mut encoder = encoder(threads);
        let mut out = Vec::new();
        for (at, piece) in data.chunks(piece).enumerate() {
            encode(&mut encoder, piece, room, Goal::Continue, &mut out).unwrap();
            if flushes[at] {
                encode(&mut encoder, &[], room, Goal::Flush, &mut out).unwrap();
                let taken = (at + 1) * piece.len();
                prop_assert!(out.len() >= taken.min(data.len()) || piece.len() < data.len() && out == data[..out.len()]);
            }
        }
        encode(&mut encoder, &[], room, Goal::Finish, &mut out).unwrap();
        prop_assert!(out == [&data[..], &(data.len() as u64).to_le_bytes()].concat());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn threads_make_one_member(
        size in 0usize..1_200_000,
        (piece, room, threads) in (1000usize..900_000, 1000usize..400_000, 1usize..4),
        (level, window_log) in (0i32..10, 9u32..16),
        flush in any::<bool>(),
    ) {
        let data: Vec<u8> = (0..size).map(|at| (at * at / 7000 % 251) as u8 ^ (at / 300) as u8).collect();
        for name in ["gzip", "zlib", "deflate"] {
            let codec = Codec::by_name(name.as_bytes()).unwrap();
            let options = |threads| EncoderOptions {
                threads, window_log, level: Level::Number(level), ..Default::default()
            };
            let mut encoder = codec.encoder(&options(threads)).unwrap();
            let (mut out, mut before) = (Vec::new(), 0);
            for piece in data.chunks(piece) {
                encode(&mut *encoder, piece, room, Goal::Continue, &mut out).unwrap();
                before += piece.len();
                if flush {
                    encode(&mut *encoder, &[], room, Goal::Flush, &mut out).unwrap();
                    prop_assert!(readable(codec, &out) == data[..before], "{} level {}", name, level);
                }
            }
            encode(&mut *encoder, &[], room, Goal::Finish, &mut out).unwrap();
            let (back, consumed) = codec.decompress_to_buffer(&DecoderOptions::default(), &out).unwrap();
            prop_assert!(back.as_slice() == data && consumed == out.len(), "{} level {}", name, level);
            if !flush {
                let whole = codec.compress_to_buffer(&options(1), &data).unwrap();
                prop_assert!(whole.as_slice() == out, "other bytes by {} threads", threads);
            }
        }
    }
}

/// What can be read of data that have no end yet.
fn readable(codec: &'static Codec, packed: &[u8]) -> Vec<u8> {
    let mut decompression = codec.decompression(&DecoderOptions::default()).unwrap();
    let (mut out, mut taken) = (Vec::new(), 0);
    let mut memory = vec![MaybeUninit::uninit(); 1 << 16];
    loop {
        let step = decompression.decode(&packed[taken..], false, &mut memory).unwrap();
        taken += step.consumed;
        out.extend_from_slice(crate::memory::filled(&memory, step.produced));
        if step.consumed + step.produced == 0 {
            return out;
        }
    }
}

#[test]
fn what_fails_in_a_thread_fails_the_call() {
    for (byte, kind) in [(FAILS, ErrorKind::CapacityError), (PANICS, ErrorKind::Internal)] {
        let mut encoder = encoder(1);
        let mut data = vec![1; 1000];
        data[350] = byte;
        let mut out = Vec::new();
        // Where the calling thread helps, the panic is its own.
        let work = std::panic::AssertUnwindSafe(|| encode(&mut encoder, &data, 50, Goal::Finish, &mut out));
        if let Ok(result) = std::panic::catch_unwind(work) {
            assert_eq!(result.unwrap_err().kind(), kind);
        }
        assert_eq!(encode(&mut encoder, &[], 50, Goal::Finish, &mut out).unwrap_err().kind(), kind);
        assert_eq!(out, vec![1; 300]);
    }
}

#[test]
fn dropped_at_work() {
    for size in [0, 50, 100, 101, 1000, 5000] {
        let mut encoder = encoder(2);
        let mut memory = [MaybeUninit::uninit(); 10];
        encoder.encode(&vec![7; size], &mut memory, Goal::Flush).unwrap();
    }
}
