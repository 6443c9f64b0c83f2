//! What is around deflated data: a header, and a trailer with a checksum.

use super::zlib_ng::{adler32, adler32_combine, crc32, crc32_combine};
use super::{DEFLATE, GZIP, ZLIB};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Gzip,
    Zlib,
    Deflate,
}

/// What is known of some data.
#[derive(Clone, Copy, Default)]
pub(super) struct Sum {
    /// The checksum that the format has; `None`: there are no data.
    check: Option<u32>,
    size: u64,
}

/// A few bytes.
pub(super) struct Bytes {
    bytes: [u8; 10],
    size: usize,
}

impl Format {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => GZIP.name(),
            Self::Zlib => ZLIB.name(),
            Self::Deflate => DEFLATE.name(),
        }
    }

    /// What is in front of data that are deflated at this level, with a window of this binary logarithm: as zlib writes it.
    pub(super) fn header(self, level: i32, window_log: u32) -> Bytes {
        match self {
            Self::Gzip => {
                let effort = match level {
                    9 => 2,
                    0..=1 => 4,
                    _ => 0,
                };
                const UNIX: u8 = 3;
                Bytes::new(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, effort, UNIX])
            }
            Self::Zlib => {
                let effort = match level {
                    0..=1 => 0,
                    2..=5 => 1,
                    6 => 2,
                    _ => 3,
                };
                let head = (8 | (window_log as u16 - 8) << 4) << 8 | effort << 6;
                Bytes::new(&(head.next_multiple_of(31)).to_be_bytes())
            }
            Self::Deflate => Bytes::new(&[]),
        }
    }

    /// What is behind data of which this is known.
    pub(super) fn trailer(self, sum: Sum) -> Bytes {
        let check = sum.check.unwrap_or(self.check_of(&[]));
        match self {
            Self::Gzip => Bytes::new([check.to_le_bytes(), (sum.size as u32).to_le_bytes()].as_flattened()),
            Self::Zlib => Bytes::new(&check.to_be_bytes()),
            Self::Deflate => Bytes::new(&[]),
        }
    }

    fn check_of(self, data: &[u8]) -> u32 {
        match self {
            Self::Gzip => crc32(0, data),
            Self::Zlib => adler32(data),
            Self::Deflate => 0,
        }
    }

    /// What is to be known of data.
    pub(super) fn sum(self, data: &[u8]) -> Sum {
        Sum { check: Some(self.check_of(data)), size: data.len() as u64 }
    }

    /// What is to be known of data where that is known of both their parts.
    pub(super) fn join(self, first: Sum, second: Sum) -> Sum {
        let check = match (first.check, second.check) {
            (Some(one), Some(other)) => Some(match self {
                Self::Gzip => crc32_combine(one, other, second.size),
                Self::Zlib => adler32_combine(one, other, second.size),
                Self::Deflate => 0,
            }),
            (one, other) => one.or(other),
        };
        Sum { check, size: first.size + second.size }
    }
}

impl Bytes {
    fn new(given: &[u8]) -> Self {
        let mut bytes = [0; 10];
        bytes[..given.len()].copy_from_slice(given);
        Self { bytes, size: given.len() }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.size]
    }
}
