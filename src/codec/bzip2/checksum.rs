//! bzip2's CRC-32, in which the highest bit comes first.

const POLYNOMIAL: u32 = 0x04c1_1db7;

/// What a byte comes to with so many bytes behind it.
static TABLES: [[u32; 256]; 8] = {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let (mut value, mut bit) = ((byte as u32) << 24, 0);
        while bit < 8 {
            value = value << 1 ^ if value >> 31 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        tables[0][byte] = value;
        byte += 1;
    }
    let mut at = 256;
    while at < 8 * 256 {
        let before = tables[at / 256 - 1][at % 256];
        tables[at / 256][at % 256] = before << 8 ^ tables[0][(before >> 24) as usize];
        at += 1;
    }
    tables
};

/// The checksum with more bytes.
pub(super) fn update(checksum: u32, bytes: &[u8]) -> u32 {
    let (words, rest) = bytes.as_chunks::<8>();
    let checksum = words.iter().fold(checksum, |checksum, word| {
        let word = u64::from_be_bytes(*word) ^ u64::from(checksum) << 32;
        (0..8).fold(0, |sum, at| sum ^ TABLES[at][(word >> (8 * at) & 0xff) as usize])
    });
    rest.iter()
        .fold(checksum, |checksum, byte| checksum << 8 ^ TABLES[0][(checksum >> 24) as usize ^ usize::from(*byte)])
}
