//! A block of deflated data: its literals and matches, and the codes for them.

use super::bits::BitWriter;
use super::huffman::{Code, assign, code_lengths};
use crate::error::Result;
use crate::memory::{BufferBuilder, Pool};

/// So many bytes at most go into a block: enough for its codes to pay, few enough for them to suit the data, and as many as a
/// block may have that stores them.
pub(super) const BLOCK: usize = 0xffff;

/// The shortest match has 3 bytes.
const SHORTEST: usize = 3;
pub(super) const LONGEST: usize = 258;

/// A literal or a match takes a word: of a match bit 31, the length from bit 16 on, and the distance less one.
const MATCH: u32 = 1 << 31;

const END_OF_BLOCK: usize = 256;
const LITERALS: usize = 286;
const DISTANCES: usize = 30;

/// In a block's head the lengths of the codes for lengths of codes come in this order.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The code of each match length less the shortest, with its extra bits.
const LENGTH_CODES: [(u16, u8); LONGEST - 2] = {
    let mut codes = [(0, 0); LONGEST - 2];
    let (mut code, mut at) = (257, 0);
    while code < 285 {
        let extra = if code < 265 { 0 } else { ((code - 261) / 4) as u8 };
        let end = at + (1 << extra);
        while at < end && at < LONGEST - 3 {
            codes[at] = (code, extra);
            at += 1;
        }
        code += 1;
    }
    codes[LONGEST - 3] = (285, 0);
    codes
};

/// The code of a distance less one, and how many extra bits it has.
#[inline(always)]
fn distance_code(distance: u32) -> (usize, u32) {
    if distance < 4 {
        return (distance as usize, 0);
    }
    let extra = 30 - distance.leading_zeros();
    ((2 * (extra + 1) + (distance >> extra & 1)) as usize, extra)
}

/// What a block consists of.
pub(super) struct Tokens {
    tokens: BufferBuilder,
    count: usize,
    literals: [u32; LITERALS],
    distances: [u32; DISTANCES],
}

/// A block that is being put together.
pub(super) struct Found<'a> {
    tokens: &'a mut [[u8; 4]],
    count: &'a mut usize,
    literals: &'a mut [u32; LITERALS],
    distances: &'a mut [u32; DISTANCES],
}

/// Room for a block of literals.
const TOKENS: usize = BLOCK + 1;

impl Found<'_> {
    #[inline(always)]
    pub(super) fn literal(&mut self, byte: u8) {
        self.push(u32::from(byte));
        self.literals[usize::from(byte)] += 1;
    }

    #[inline(always)]
    pub(super) fn pair(&mut self, length: usize, distance: usize) {
        let distance = distance as u32 - 1;
        self.push(MATCH | (length as u32) << 16 | distance);
        self.literals[usize::from(LENGTH_CODES[length - SHORTEST].0)] += 1;
        self.distances[distance_code(distance).0] += 1;
    }

    #[inline(always)]
    fn push(&mut self, token: u32) {
        self.tokens[*self.count] = token.to_le_bytes();
        *self.count += 1;
    }
}

impl Tokens {
    /// The most bytes that blocks of so many take, and an empty one behind them.
    pub(super) fn most(size: usize) -> usize {
        size + 8 * (size.div_ceil(BLOCK) + 2)
    }

    pub(super) fn new(pool: &Pool) -> Result<Self> {
        let tokens = super::fast::zeros(pool, TOKENS * 4)?;
        Ok(Self { tokens, count: 0, literals: [0; LITERALS], distances: [0; DISTANCES] })
    }

    /// Begins a block.
    pub(super) fn begin(&mut self) -> Found<'_> {
        self.count = 0;
        self.literals = [0; LITERALS];
        self.literals[END_OF_BLOCK] = 1;
        self.distances = [0; DISTANCES];
        let (tokens, _) = self.tokens.as_mut_slice().as_chunks_mut();
        Found { tokens, count: &mut self.count, literals: &mut self.literals, distances: &mut self.distances }
    }

    /// Writes the block, which stands for `data`, in the form that takes the fewest bits.
    pub(super) fn write(&self, data: &[u8], is_last: bool, out: &mut BitWriter) {
        let mut literals = [Code::default(); LITERALS];
        let mut distances = [Code::default(); DISTANCES];
        code_lengths(&self.literals, 15, &mut literals);
        code_lengths(&self.distances, 15, &mut distances);
        let head = Head::new(&literals, &distances);
        let size = head.size() + self.size(&literals, &distances);
        let (fixed_literals, fixed_distances) = fixed_codes();
        let fixed = 3 + self.size(&fixed_literals, &fixed_distances);
        out.put(u64::from(is_last), 1);
        if 8 * data.len() + 48 <= size.min(fixed) {
            return write_stored(data, out);
        }
        if fixed <= size {
            out.put(1, 2);
            return self.write_tokens(&fixed_literals, &fixed_distances, out);
        }
        out.put(2, 2);
        head.write(out);
        self.write_tokens(&literals, &distances, out);
    }

    /// How many bits the tokens take.
    fn size(&self, literals: &[Code; LITERALS], distances: &[Code; DISTANCES]) -> usize {
        let literal_bits = (0..LITERALS).map(|at| self.literals[at] as usize * usize::from(literals[at].size));
        let distance_bits = (0..DISTANCES).map(|at| self.distances[at] as usize * usize::from(distances[at].size));
        let length_extra = (265..285).map(|at| self.literals[at] as usize * ((at - 261) / 4));
        let distance_extra = (4..DISTANCES).map(|at| self.distances[at] as usize * (at / 2 - 1));
        literal_bits.chain(distance_bits).chain(length_extra).chain(distance_extra).sum()
    }

    fn write_tokens(&self, literals: &[Code; LITERALS], distances: &[Code; DISTANCES], out: &mut BitWriter) {
        // Each length with its extra bits.
        let mut lengths = [Code::default(); LONGEST + 1];
        for (at, (code, extra)) in LENGTH_CODES.iter().enumerate() {
            let Code { bits, size } = literals[usize::from(*code)];
            let value = if *extra == 0 { 0 } else { at as u32 & ((1 << extra) - 1) };
            lengths[at + SHORTEST] = Code { bits: bits | value << size, size: size + extra };
        }
        let (tokens, _) = self.tokens.as_slice().as_chunks();
        for token in &tokens[..self.count] {
            let token = u32::from_le_bytes(*token);
            if token & MATCH == 0 {
                let code = literals[token as usize & 0xff];
                out.put(u64::from(code.bits), u32::from(code.size));
                continue;
            }
            let length = lengths[(token >> 16 & 0x1ff) as usize % (LONGEST + 1)];
            let distance = token & 0x7fff;
            let (code, extra) = distance_code(distance);
            let code = distances[code];
            let value = u64::from(distance & ((1 << extra) - 1));
            let bits = u64::from(length.bits) | (u64::from(code.bits) | value << code.size) << length.size;
            out.put(bits, u32::from(length.size) + u32::from(code.size) + extra);
        }
        let end = literals[END_OF_BLOCK];
        out.put(u64::from(end.bits), u32::from(end.size));
    }
}

/// Behind the bit that says whether it is the last block.
fn write_stored(data: &[u8], out: &mut BitWriter) {
    out.put(0, 2);
    out.align();
    out.put(data.len() as u64 | (!(data.len() as u64) & 0xffff) << 16, 32);
    out.append(data);
}

/// An empty block, behind which a whole byte begins: all that was written can be read.
pub(super) fn write_boundary(out: &mut BitWriter) {
    out.put(0, 1);
    write_stored(&[], out);
}

/// The codes that every decoder knows.
fn fixed_codes() -> ([Code; LITERALS], [Code; DISTANCES]) {
    let mut all = [Code::default(); 288];
    for (at, code) in all.iter_mut().enumerate() {
        code.size = match at {
            0..144 => 8,
            144..256 => 9,
            256..280 => 7,
            _ => 8,
        };
    }
    assign(&mut all);
    let mut literals = [Code::default(); LITERALS];
    literals.copy_from_slice(&all[..LITERALS]);
    let mut distances = [Code { bits: 0, size: 5 }; DISTANCES];
    assign(&mut distances);
    (literals, distances)
}

/// The head of a block with codes of its own: the lengths of the codes, with runs of them as one.
struct Head {
    literals: usize,
    distances: usize,
    runs: Runs,
    codes: [Code; 19],
}

impl Head {
    fn new(literals: &[Code; LITERALS], distances: &[Code; DISTANCES]) -> Self {
        let used = |codes: &[Code], least: usize| {
            codes.iter().rposition(|code| code.size > 0).map_or(0, |last| last + 1).max(least)
        };
        let (literal_count, distance_count) = (used(literals, 257), used(distances, 1));
        let mut lengths = [0; LITERALS + DISTANCES];
        let all = literals[..literal_count].iter().chain(&distances[..distance_count]);
        lengths.iter_mut().zip(all).for_each(|(length, code)| *length = code.size);
        let runs = runs(&lengths[..literal_count + distance_count]);
        let mut counts = [0; 19];
        runs.as_slice().iter().for_each(|run| counts[usize::from(run.0)] += 1);
        let mut codes = [Code::default(); 19];
        code_lengths(&counts, 7, &mut codes);
        Self { literals: literal_count, distances: distance_count, runs, codes }
    }

    /// How many lengths of code lengths are written.
    fn shown(&self) -> usize {
        ORDER.iter().rposition(|at| self.codes[*at].size > 0).map_or(0, |last| last + 1).max(4)
    }

    /// How many bits it takes, with those that say what kind of a block it is.
    fn size(&self) -> usize {
        let runs = self.runs.as_slice().iter().map(|run| usize::from(self.codes[usize::from(run.0)].size + run.2));
        3 + 14 + 3 * self.shown() + runs.sum::<usize>()
    }

    fn write(&self, out: &mut BitWriter) {
        out.put((self.literals - 257) as u64, 5);
        out.put((self.distances - 1) as u64, 5);
        out.put((self.shown() - 4) as u64, 4);
        for at in &ORDER[..self.shown()] {
            out.put(u64::from(self.codes[*at].size), 3);
        }
        for (code, value, extra) in self.runs.as_slice() {
            let code = self.codes[usize::from(*code)];
            out.put(u64::from(code.bits) | u64::from(*value) << code.size, u32::from(code.size + extra));
        }
    }
}

/// Runs, each with a code of `Head::codes`, and extra bits and how many. There are at most as many as lengths.
struct Runs {
    runs: [(u8, u8, u8); LITERALS + DISTANCES],
    count: usize,
}

impl Runs {
    fn push(&mut self, run: (u8, u8, u8)) {
        self.runs[self.count] = run;
        self.count += 1;
    }

    fn as_slice(&self) -> &[(u8, u8, u8)] {
        &self.runs[..self.count]
    }
}

/// Lengths of codes as runs: 16 repeats the one before 3 to 6 times, 17 and 18 are 3 to 10 and 11 to 138 zeros.
fn runs(lengths: &[u8]) -> Runs {
    let mut runs = Runs { runs: [(0, 0, 0); LITERALS + DISTANCES], count: 0 };
    let mut at = 0;
    while at < lengths.len() {
        let length = lengths[at];
        let same = lengths[at..].iter().take_while(|other| **other == length).count();
        match (length, same) {
            (0, 3..11) => runs.push((17, same as u8 - 3, 3)),
            (0, 11..) => runs.push((18, same.min(138) as u8 - 11, 7)),
            (_, 4..) if length > 0 => {
                runs.push((length, 0, 0));
                runs.push((16, (same - 1).min(6) as u8 - 3, 2));
            }
            _ => runs.push((length, 0, 0)),
        }
        at += match (length, same) {
            (0, 3..) => same.min(138),
            (_, 4..) if length > 0 => 1 + (same - 1).min(6),
            _ => 1,
        };
    }
    runs
}
