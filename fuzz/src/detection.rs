//! What data are compressed by, from their first bytes, and from names.

use super::{MAX_OUTPUT, MEMORY_LIMIT};
use arrowio::codec::{Codec, DecoderOptions, Detected, EncoderOptions};
use arrowio::io::{Compression, OsFileOptions, StreamOptions, input_stream_from_buffer};
use arrowio::memory::Buffer;

pub(super) fn detect(input: &[u8]) {
    let _ = (Codec::by_suffix(input), Codec::by_name(input));
    let detected = detected_of_prefixes(input);
    let pool = super::pool();
    let decoder = DecoderOptions {
        pool: pool.clone(),
        max_output: MAX_OUTPUT as u64,
        memory_limit: MEMORY_LIMIT,
        ..DecoderOptions::default()
    };
    let expected = match detected {
        Some(codec) => codec.decompress_to_buffer(&decoder, input).map(|(buffer, _)| buffer.as_slice().to_vec()).ok(),
        None => Some(input.to_vec()),
    };
    for compression in [Compression::Detect, Compression::DetectContent] {
        let options = StreamOptions {
            pool: pool.clone(),
            buffer_size: 0,
            compression,
            encoder: EncoderOptions::default(),
            decoder: decoder.clone(),
            file: OsFileOptions::new(pool.clone()),
        };
        let data = Buffer::copy_of(&pool, input).expect("a buffer");
        let read = input_stream_from_buffer(&data, &options).and_then(|stream| stream.read_all());
        let read = read.ok().map(|buffer| buffer.as_slice().to_vec());
        assert!(read == expected, "as {:?}", detected.map(Codec::name));
    }
    assert_eq!(pool.statistics().bytes_allocated(), 0, "memory is not given back");
}

/// What the first bytes say is not taken back when more of them are known.
fn detected_of_prefixes(input: &[u8]) -> Option<&'static Codec> {
    let mut known: Option<Option<u32>> = None;
    for size in 0..=input.len().min(2 * Codec::DETECTION_SIZE) {
        let now = match Codec::detect(&input[..size]) {
            Detected::Codec(codec) => Some(Some(codec.id)),
            Detected::None => Some(None),
            Detected::Unclear => None,
        };
        assert!(known.is_none() || now == known, "{size} bytes say {now:?}, fewer said {known:?}");
        assert!(now.is_some() || size < Codec::DETECTION_SIZE, "{size} bytes do not tell");
        known = now;
    }
    known.flatten().and_then(Codec::by_id)
}
