//! What the fuzz targets do with an input, and `cargo test` with those of the corpus.

mod c_api;
mod decoding;
mod detection;
mod seeking;

use arrowio::memory::{CappedPool, Pool, open_backend};

/// What is done with an input.
enum Work {
    /// It is decompressed by the codec of this name, with so many threads.
    Decode(&'static str, i32),
    Detect,
    /// It is read at several places.
    Seek,
    LoadIndex,
}

/// A fuzz target of this name, and of its corpus.
pub struct Target {
    pub name: &'static str,
    work: Work,
}

/// Every target.
pub static TARGETS: [Target; 19] = [
    Target { name: "gzip", work: Work::Decode("gzip", 0) },
    Target { name: "zstd", work: Work::Decode("zstd", 0) },
    Target { name: "zlib", work: Work::Decode("zlib", 0) },
    Target { name: "deflate", work: Work::Decode("deflate", 0) },
    Target { name: "lz4", work: Work::Decode("lz4", 0) },
    Target { name: "lz4_raw", work: Work::Decode("lz4_raw", 0) },
    Target { name: "lz4_hadoop", work: Work::Decode("lz4_hadoop", 0) },
    Target { name: "bz2", work: Work::Decode("bz2", 0) },
    Target { name: "brotli", work: Work::Decode("brotli", 0) },
    Target { name: "snappy", work: Work::Decode("snappy", 0) },
    Target { name: "snappy_framed", work: Work::Decode("snappy_framed", 0) },
    Target { name: "snappy_hadoop", work: Work::Decode("snappy_hadoop", 0) },
    Target { name: "xz", work: Work::Decode("xz", 0) },
    Target { name: "gzip_threads", work: Work::Decode("gzip", 2) },
    Target { name: "zstd_threads", work: Work::Decode("zstd", 2) },
    Target { name: "bz2_threads", work: Work::Decode("bz2", 2) },
    Target { name: "detection", work: Work::Detect },
    Target { name: "seekable", work: Work::Seek },
    Target { name: "seekable_index", work: Work::LoadIndex },
];

impl Target {
    /// Does it, and panics where something is wrong.
    pub fn run(&self, input: &[u8]) {
        match self.work {
            Work::Decode(codec, threads) => decoding::decode(codec, threads, input),
            Work::Detect => detection::detect(input),
            Work::Seek => seeking::seek(input),
            Work::LoadIndex => seeking::load_index(input),
        }
    }
}

/// Runs the target of a name.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    target.expect("it is in the table").run(input);
}

/// The most memory of a pool.
const POOL: usize = 64 << 20;
/// The most memory of a decoder.
const MEMORY_LIMIT: usize = 32 << 20;
/// The most that is decompressed.
const MAX_OUTPUT: usize = 16 << 20;

/// A pool with that limit, of the system's allocator, which sanitizers know.
fn pool() -> Pool {
    let system = open_backend(c"system").expect("it is always there");
    Pool::new(CappedPool::new(system, POOL)).expect("a pool")
}
