//! Compressed files read at any place, also by a saved index.

use super::{MAX_OUTPUT, MEMORY_LIMIT, pool};
use arrowio::codec::{CODECS, Codec, DecoderOptions};
use arrowio::error::{ErrorKind, Result};
use arrowio::io::{
    Checksum, File, SeekableOptions, buffer_output_stream, buffer_reader, checksum_input_stream, seekable_file,
};
use arrowio::memory::{Buffer, Pool, default_pool};

fn decoder(pool: &Pool) -> DecoderOptions {
    DecoderOptions {
        pool: pool.clone(),
        max_output: MAX_OUTPUT as u64,
        memory_limit: MEMORY_LIMIT,
        ..DecoderOptions::default()
    }
}

fn open(pool: &Pool, codec: &'static Codec, data: &[u8], cache_size: usize, spacing: u64) -> Result<File> {
    let raw = buffer_reader(&Buffer::copy_of(pool, data)?)?;
    seekable_file(&raw, codec, SeekableOptions { decoder: decoder(pool), cache_size, spacing })
}

/// Reads at a place, and checks what is known of the kind of failure.
fn read_at(file: &File, offset: usize, size: usize) -> Result<Buffer> {
    file.read_at_buffer(offset, size).inspect_err(|error| check(error.kind()))
}

/// Of hostile data come errors of these kinds only.
fn check(kind: ErrorKind) {
    use ErrorKind::{CapacityError, IoError, NotImplemented, OutOfMemory};
    assert!(matches!(kind, OutOfMemory | IoError | CapacityError | NotImplemented), "{kind:?}");
}

/// What is read at several places is what one call decompresses there.
pub(super) fn seek(input: &[u8]) {
    let Some(([codec, spacing, places @ ..], data)) = input.split_first_chunk::<6>() else { return };
    let codec = &CODECS[usize::from(*codec) % CODECS.len()];
    let pool = pool();
    let whole = codec.decompress_to_buffer(&decoder(&pool), data).map(|(buffer, _)| buffer);
    if let Ok(file) = open(&pool, codec, data, 64 << 10, 1 + u64::from(*spacing) * 256) {
        for place in places {
            let size = whole.as_ref().map_or(1 << 16, |whole| whole.size());
            let offset = size * usize::from(*place) / 250;
            let Ok(read) = read_at(&file, offset, 1000) else {
                // libzstd does not mind another size than the frame tells where its last block is empty.
                assert!(whole.is_err() || ["lz4_hadoop", "zstd"].contains(&codec.name()), "{}", file.name());
                continue;
            };
            // Behind the place there may be damage, which is not looked for.
            if let Ok(whole) = &whole {
                let expected = whole.as_slice().get(offset..).unwrap_or_default();
                assert!(read.as_slice() == &expected[..expected.len().min(1000)], "{} bytes at {offset}", read.size());
            }
        }
        save_and_load(&pool, codec, data, &file, whole.as_ref().ok());
    }
    drop(whole);
    assert_eq!(pool.statistics().bytes_allocated(), 0, "memory is not given back");
}

/// By the index of one file another one is read.
fn save_and_load(pool: &Pool, codec: &'static Codec, data: &[u8], file: &File, whole: Option<&Buffer>) {
    let saved = buffer_output_stream(pool, 0).expect("a file");
    match file.save_index(&saved) {
        Err(error) => return check(error.kind()),
        Ok(()) => saved.close().expect("memory"),
    }
    let (Some(whole), Ok(other)) = (whole, open(pool, codec, data, 0, 1 << 20)) else { return };
    let index = saved.finish().expect("an index");
    other.load_index(&buffer_reader(&index).expect("a reader")).expect("its own index");
    let half = whole.size() / 2;
    let Ok(read) = read_at(&other, half, 1000) else {
        return assert_eq!(codec.name(), "zstd");
    };
    assert!(whole.as_slice()[half..].starts_with(read.as_slice()));
}

/// What indexes are loaded for: lines, in deflate blocks that are small, so that there are places in its midst.
const INDEXED: &[u8] = include_bytes!("../indexed.gz");

/// A saved index, which is given its checksum first, and places that are read by it.
pub(super) fn load_index(input: &[u8]) {
    let Some((places, index)) = input.split_first_chunk::<4>() else { return };
    let pool = pool();
    let gzip = Codec::by_name(b"gzip").expect("it is there");
    let file = open(&pool, gzip, INDEXED, 64 << 10, 16 << 10).expect("it can be read");
    let index = [index, &crc32c(index)].concat();
    let index = buffer_reader(&Buffer::copy_of(&pool, &index).expect("a buffer")).expect("a reader");
    match file.load_index(&index) {
        Ok(()) => {
            let size = file.size().expect("it is in the index") as usize;
            assert!(size <= MAX_OUTPUT);
            for place in places {
                let _ = read_at(&file, size / 250 * usize::from(*place), 1000);
            }
        }
        Err(error) => {
            check(error.kind());
            assert!(read_at(&file, 0, 10).expect("as before").as_slice().starts_with(b"0 0\n"));
        }
    }
    drop((file, index));
    assert_eq!(pool.statistics().bytes_allocated(), 0, "memory is not given back");
}

fn crc32c(bytes: &[u8]) -> [u8; 4] {
    let pool = default_pool();
    let raw = buffer_reader(&Buffer::copy_of(&pool, bytes).expect("a buffer")).expect("a reader");
    let file = checksum_input_stream(&raw, Checksum::Crc32c, &pool).expect("a file");
    file.read_all().expect("memory");
    (file.digest().expect("a checksum").value as u32).to_le_bytes()
}
