//! Bits, the highest of a byte first.

/// Reads bits. Behind the last byte there are zeros.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Bits<'a> {
    /// The bits of some bytes from one place to another, behind which there may be more.
    pub(super) fn new(bytes: &'a [u8], at: usize, end: usize) -> Self {
        Self { bytes, at, end }
    }

    /// The place of the next one.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether more were taken than there are.
    #[inline]
    pub(super) fn is_beyond(&self) -> bool {
        self.at > self.end
    }

    #[inline]
    pub(super) fn skip(&mut self, count: usize) {
        self.at += count;
    }

    /// The next ones, at least 57, as the highest of a number.
    #[inline(always)]
    pub(super) fn peek(&self) -> u64 {
        let rest = self.bytes.get(self.at / 8..).unwrap_or_default();
        let word = rest.first_chunk().map_or_else(|| last_word(rest), |bytes| u64::from_be_bytes(*bytes));
        word << (self.at % 8)
    }

    /// The next ones, 1 to 32, as a number.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> u32 {
        let bits = self.peek() >> (64 - count);
        self.skip(count);
        bits as u32
    }
}

/// Fewer bytes than a word has, and zeros.
#[cold]
fn last_word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_be_bytes(word)
}
