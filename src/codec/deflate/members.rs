//! Where gzip members end, as far as can be told without decompressing them: BGZF says so, of others it is guessed from what
//! looks like the beginning of the next one.

use super::bgzf;
use crate::codec::parallel::End;
use crate::sys::find_byte;

/// A member's header without what is optional.
const HEADER: usize = 10;
/// Its checksum and size.
const TRAILER: usize = 8;
/// So many bytes deflate makes of one at most.
const MOST_RATIO: u64 = 1032;

/// The end of the member that some bytes begin with; in as many as were searched it was not seen.
pub(super) fn find_end(member: &[u8], searched: usize) -> End {
    let size = bgzf::block_size(member).or_else(|| find_next(member, searched.max(HEADER + TRAILER)));
    End { size, output: size.and_then(|size| uncompressed_size(member.get(..size)?)).unwrap_or(0) }
}

/// Where something begins that looks like a member, if not before `from`.
fn find_next(bytes: &[u8], from: usize) -> Option<usize> {
    // The last bytes that were searched may have been the beginning of one.
    let mut at = from.saturating_sub(HEADER - 1).max(HEADER + TRAILER);
    loop {
        at += find_byte(bytes.get(at..)?, 0x1f)?;
        if looks_like_header(&bytes[at..]) {
            return Some(at);
        }
        at += 1;
    }
}

/// Whether compressors write such a header: the kinds of compression and systems that there are, no unknown flags.
fn looks_like_header(bytes: &[u8]) -> bool {
    matches!(bytes, [0x1f, 0x8b, 8, 0..0x20, _, _, _, _, 0 | 2 | 4, 0..=13 | 255, ..])
}

/// What a member says at its end of what comes out of it, as far as that can be.
fn uncompressed_size(member: &[u8]) -> Option<u64> {
    let size = u64::from(u32::from_le_bytes(*member.last_chunk()?));
    Some(size.min(member.len() as u64 * MOST_RATIO))
}
