//! Data decompressed as a stream, in pieces of any size, and by one call: both say the same.

use super::c_api::{Buffer, Decompressed, Failure, Options, Pieces, Pool, decompress, decompress_to_buffer};
use super::{MAX_OUTPUT, MEMORY_LIMIT, POOL};
use arrowio::codec::Codec;

const OUT_OF_MEMORY: i32 = 1;
const IO_ERROR: i32 = 5;
const CAPACITY_ERROR: i32 = 6;
/// Forms of a format that nobody has written for long.
const NOT_IMPLEMENTED: i32 = 10;

/// Reads of chosen sizes at most; then come large ones, so that much output does not take long.
const SMALL_READS: usize = 2000;
const LARGE: usize = 256 << 10;
/// Data for threads are repeated up to this.
const MOST_REPEATED: usize = 1 << 20;
/// So much a stream has in the pool beside the memory of its decoder.
const OF_STREAM: usize = 1 << 20;

/// What the first bytes of an input choose.
struct Choices {
    trailing: u32,
    max_output: usize,
    max_ratio: usize,
    /// So many compressed bytes the stream gets at once.
    piece: usize,
    /// So many bytes are read of the stream at once.
    room: usize,
    copies: usize,
}

impl Choices {
    fn split(input: &[u8]) -> Option<(Self, &[u8])> {
        let ([flags, piece, room, copies], data) = input.split_first_chunk()?;
        let choices = Self {
            trailing: [0, 1, 2, 0][usize::from(flags & 3)],
            max_output: [MAX_OUTPUT, 1 << 20, 1000, 1][usize::from(flags >> 2 & 3)],
            max_ratio: [0, 20][usize::from(flags >> 4 & 1)],
            piece: size(*piece),
            room: size(*room),
            copies: 1 + usize::from(*copies),
        };
        Some((choices, data))
    }

    fn options(&self, pool: &Pool, threads: i32) -> Options {
        let mut options = Options::new(pool);
        options.trailing = self.trailing;
        options.max_output_size = self.max_output as i64;
        options.max_ratio = self.max_ratio as i64;
        options.memory_limit = MEMORY_LIMIT as i64;
        options.threads = threads;
        options
    }

    /// So many bytes may come of so many.
    fn most(&self, compressed: usize) -> usize {
        let by_ratio = if self.max_ratio == 0 { usize::MAX } else { (1 << 16) + self.max_ratio * compressed };
        by_ratio.min(self.max_output)
    }
}

/// Small sizes one by one, larger ones in steps.
fn size(choice: u8) -> usize {
    match choice {
        0..128 => 1 + usize::from(choice),
        128.. => (usize::from(choice) - 127) * 512,
    }
}

pub(super) fn decode(codec: &str, threads: i32, input: &[u8]) {
    let codec = Codec::by_name(codec.as_bytes()).expect("every codec is there");
    let Some((choices, data)) = Choices::split(input) else { return };
    let copies = if threads > 0 { choices.copies.min(MOST_REPEATED / data.len().max(1)).max(1) } else { 1 };
    let data = data.repeat(copies);
    let pool = Pool::new(POOL as i64).expect("a pool");
    let whole = decompress_to_buffer(codec.id, &data, &choices.options(&pool, 0));
    check(&choices, &data, &whole);
    decode_to_room(codec, &choices, &data, &whole);
    if codec.has_streams() {
        decode_stream(codec, &choices, &data, &whole, threads);
    }
    drop(whole);
    assert_eq!(pool.in_use(), 0, "memory is not given back");
}

/// What there is to say of any result.
fn check(choices: &Choices, data: &[u8], result: &Result<(Buffer, usize), Failure>) {
    match result {
        Ok((buffer, consumed)) => {
            assert!(*consumed <= data.len());
            assert!(*consumed == data.len() || choices.trailing != 0, "{consumed} of {} bytes", data.len());
            // What follows the data is given to the decoder as well, before anybody can know.
            assert!(buffer.bytes().len() <= choices.most(data.len()), "{} bytes came out", buffer.bytes().len());
        }
        Err(failure) => check_failure(failure),
    }
}

/// Of hostile data come errors of these kinds only.
fn check_failure(failure: &Failure) {
    let expected = [OUT_OF_MEMORY, IO_ERROR, CAPACITY_ERROR, NOT_IMPLEMENTED];
    assert!(expected.contains(&failure.status), "{failure:?}");
}

/// Into memory that is just large enough, and into less.
fn decode_to_room(codec: &Codec, choices: &Choices, data: &[u8], whole: &Result<(Buffer, usize), Failure>) {
    let pool = Pool::new(POOL as i64).expect("a pool");
    let options = choices.options(&pool, 0);
    let expected = whole.as_ref().map_or(&[][..], |(buffer, _)| buffer.bytes());
    let mut room = vec![0; expected.len().max(choices.room)];
    match (decompress(codec.id, data, &options, &mut room), whole) {
        (Ok((produced, consumed)), Ok((_, expected_consumed))) => {
            assert!(room[..produced] == *expected && consumed == *expected_consumed, "{produced} bytes differ");
        }
        (Err(failure), Err(_)) => check_failure(&failure),
        // How a block of LZ4 must end, liblz4 sees only where the room ends with it.
        (Ok(_), Err(failure)) if failure.status == IO_ERROR && codec.name().starts_with("lz4_") => {}
        (Ok(_), Err(failure)) => assert_eq!(failure.status, OUT_OF_MEMORY, "{}", failure.message),
        (Err(failure), Ok(_)) => panic!("one call fails, one does not: {failure:?}"),
    }
    if let Some(less) = expected.len().checked_sub(1) {
        let failure = decompress(codec.id, data, &options, &mut room[..less]).expect_err("there is no room");
        assert_eq!(failure.status, CAPACITY_ERROR, "{}", failure.message);
    }
    assert_eq!(pool.in_use(), 0, "memory is not given back");
}

fn decode_stream(
    codec: &Codec,
    choices: &Choices,
    data: &[u8],
    whole: &Result<(Buffer, usize), Failure>,
    threads: i32,
) {
    let pool = Pool::new(POOL as i64).expect("a pool");
    let mut pieces = Pieces { rest: data, size: choices.piece };
    let options = choices.options(&pool, threads);
    let expected = whole.as_ref().ok().map(|(buffer, _)| buffer.bytes());
    // The ratio so far depends on how much came at once, and one block in no frame is nothing for streams.
    let is_comparable = choices.max_ratio == 0 && codec.name() != "lz4_hadoop";
    let (produced, result) = read_stream(codec, &mut pieces, &options, choices, expected.filter(|_| is_comparable));
    assert!(produced <= choices.most(data.len()), "{produced} bytes came out");
    assert_eq!(pool.in_use(), 0, "memory is not given back");
    if threads == 0 {
        assert!(pool.most_used() <= (MEMORY_LIMIT + OF_STREAM) as i64, "it took {} bytes", pool.most_used());
    }
    let _ = result.as_ref().map_err(check_failure);
    match (result, whole) {
        _ if !is_comparable => {}
        (Ok(consumed), Ok((buffer, expected))) => assert_eq!((produced, consumed), (buffer.bytes().len(), *expected)),
        (Err(one), Err(other)) if one.status == other.status => {}
        // Whether a limit or damage is seen first depends on how much came at once.
        (Err(one), Err(other)) if [one.status, other.status].contains(&CAPACITY_ERROR) => {}
        (Err(failure), _) if failure.status == OUT_OF_MEMORY => {}
        (_, Err(failure)) if failure.status == OUT_OF_MEMORY => {}
        (Err(failure), Ok(_)) => panic!("the stream fails, one call does not: {failure:?}"),
        (Ok(_), Err(failure)) => panic!("one call fails, the stream does not: {failure:?}"),
        (Err(one), Err(other)) => panic!("two failures: the stream's {one:?}, that of one call {other:?}"),
    }
}

/// Gives how many bytes came out, and how many were used.
fn read_stream<'a>(
    codec: &Codec,
    pieces: &'a mut Pieces<'a>,
    options: &Options,
    choices: &Choices,
    expected: Option<&[u8]>,
) -> (usize, Result<usize, Failure>) {
    let mut produced = 0;
    let mut room = vec![0; LARGE];
    let result = Decompressed::open(codec.id, pieces, options).and_then(|file| {
        for number in 0.. {
            let size = if number < SMALL_READS { choices.room } else { LARGE };
            let count = file.read(&mut room[..size])?;
            if count == 0 {
                break;
            }
            if let Some(expected) = expected {
                assert!(expected[produced..].starts_with(&room[..count]), "bytes differ from {produced} on");
            }
            produced += count;
        }
        file.consumed()
    });
    (produced, result)
}
