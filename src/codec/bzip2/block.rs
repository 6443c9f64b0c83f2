//! One block of bzip2, decompressed.

use super::bits::Bits;
use super::checksum;
use crate::codec::state_memory::{Cells, StateMemory};
use crate::error::{Error, Result, error};
use crate::memory::{Pool, filled};
use std::mem::MaybeUninit;

/// Why a block is not read.
pub(super) enum Stop {
    /// The bits end before it does.
    Short,
    Failed(Error),
}

/// So many symbols are coded by one table after another.
const GROUP: usize = 50;
/// So many groups a block may have; encoders have written more, which mean nothing.
const MOST_GROUPS: usize = 18_002;
/// The longest code that the format allows.
const LONGEST: usize = 20;
/// Codes up to this length are looked up at once.
const SHORT: usize = 10;

/// A block that was read, and how much of it was written.
pub(super) struct Block {
    /// The last column of the sorted rotations: each byte, and above its 8 bits the place of the one behind it.
    column: Cells<u32>,
    _memory: Box<StateMemory>,
    /// The place of the next byte.
    next: u32,
    /// Bytes that are left.
    left: usize,
    /// The last one, so many times in a row; after 4 comes how often it is repeated.
    last: u8,
    equal: u32,
    repeat: usize,
    checksum: u32,
    expected: u32,
}

impl Block {
    /// Memory for blocks of a level.
    pub(super) fn new(pool: &Pool, memory_limit: usize, level: usize) -> Result<Self> {
        let memory = StateMemory::new(pool, memory_limit)?;
        // SAFETY: the memory is dropped behind the column, which is not given away.
        let column = unsafe { Cells::take(memory.opaque(), level * 100_000) };
        let column = column.ok_or_else(|| memory.failure(error!(OutOfMemory, "no memory for a block of bzip2")))?;
        Ok(Self { column, _memory: memory, next: 0, left: 0, last: 0, equal: 0, repeat: 0, checksum: 0, expected: 0 })
    }

    /// Reads the block that begins with these bits, up to its last one.
    pub(super) fn read(&mut self, bits: &mut Bits) -> std::result::Result<(), Stop> {
        let done = self.try_read(bits);
        // What is read behind the end means nothing.
        if bits.is_beyond() { Err(Stop::Short) } else { done.map_err(Stop::Failed) }
    }

    fn try_read(&mut self, bits: &mut Bits) -> Result<()> {
        bits.skip(super::MARK_BITS);
        self.expected = bits.take(32);
        if bits.take(1) == 1 {
            return Err(damaged("a block is randomised, as only versions of bzip2 before 0.9.5 wrote them"));
        }
        let origin = bits.take(24) as usize;
        let (mut order, used) = read_bytes_in_use(bits);
        if used == 0 {
            return Err(damaged("a block has no bytes"));
        }
        let codes = Codes::read(bits, used + 2)?;
        let size = self.read_column(bits, &codes, &mut order, used + 1)?;
        if origin >= size {
            return Err(damaged("a block begins behind its end"));
        }
        self.next = self.column.as_slice()[origin] >> 8;
        (self.left, self.equal, self.repeat, self.checksum) = (size, 0, 0, !0);
        Ok(())
    }

    /// Reads the column and links its bytes; gives how many there are.
    fn read_column(&mut self, bits: &mut Bits, codes: &Codes, order: &mut [u8; 256], end: usize) -> Result<usize> {
        let column = self.column.as_mut_slice();
        let mut counts = [0u32; 256];
        let (mut size, mut run, mut weight) = (0, 0, 1);
        let mut is_ended = false;
        'symbols: for table in codes.groups() {
            for _ in 0..GROUP {
                let symbol = table.symbol(bits)?;
                // Two symbols are the digits of how often the first byte of the order comes.
                if symbol < 2 {
                    run += weight << symbol;
                    weight <<= 1;
                    if run > column.len() {
                        return Err(damaged("a block is larger than its level allows"));
                    }
                    continue;
                }
                if run > 0 {
                    let room = column.get_mut(size..size + run);
                    let room = room.ok_or_else(|| damaged("a block is larger than its level allows"))?;
                    room.fill(u32::from(order[0]));
                    counts[usize::from(order[0])] += run as u32;
                    size += run;
                    (run, weight) = (0, 1);
                }
                if symbol == end {
                    is_ended = true;
                    break 'symbols;
                }
                let byte = to_front(order, symbol - 1);
                let room = column.get_mut(size);
                *room.ok_or_else(|| damaged("a block is larger than its level allows"))? = u32::from(byte);
                counts[usize::from(byte)] += 1;
                size += 1;
            }
            if bits.is_beyond() {
                return Ok(0);
            }
        }
        if !is_ended {
            return Err(damaged("a block does not end"));
        }
        let mut places = counts;
        let mut sum = 0;
        for place in &mut places {
            sum += std::mem::replace(place, sum);
        }
        let column = &mut column[..size];
        for at in 0..size {
            let place = &mut places[(column[at] & 0xff) as usize];
            column[*place as usize] |= (at as u32) << 8;
            *place += 1;
        }
        Ok(size)
    }

    /// Writes as much as there is room for; gives how much.
    pub(super) fn write(&mut self, output: &mut [MaybeUninit<u8>]) -> usize {
        let mut size = 0;
        while size < output.len() && !self.is_written() {
            let repeated = self.repeat.min(output.len() - size);
            output[size..size + repeated].fill(MaybeUninit::new(self.last));
            self.repeat -= repeated;
            size += repeated;
            size += self.write_bytes(&mut output[size..]);
        }
        self.checksum = checksum::update(self.checksum, filled(output, size));
        size
    }

    /// Writes up to where one is repeated.
    fn write_bytes(&mut self, output: &mut [MaybeUninit<u8>]) -> usize {
        let column = self.column.as_slice();
        let (mut next, mut last, mut equal) = (self.next, self.last, self.equal);
        let (room, mut size) = (output.len().min(self.left), 0);
        let mut taken = room;
        for (at, place) in output[..room].iter_mut().enumerate() {
            let entry = column[next as usize];
            next = entry >> 8;
            if equal == 4 {
                self.repeat = (entry & 0xff) as usize;
                equal = 0;
                taken = at + 1;
                break;
            }
            let byte = entry as u8;
            place.write(byte);
            size = at + 1;
            equal = if byte == last { equal + 1 } else { 1 };
            last = byte;
        }
        self.left -= taken;
        (self.next, self.last, self.equal) = (next, last, equal);
        size
    }

    /// Whether there is nothing left to write.
    pub(super) fn is_written(&self) -> bool {
        self.left + self.repeat == 0
    }

    /// The checksum of what was written, if that is what it should be.
    pub(super) fn checksum(&self) -> Result<u32> {
        let checksum = !self.checksum;
        let right = checksum == self.expected;
        let refusal = || damaged(format_args!("a block has checksum {checksum:#x}, not {:#x}", self.expected));
        right.then_some(checksum).ok_or_else(refusal)
    }
}

/// What the data are.
#[cold]
pub(super) fn damaged(why: impl std::fmt::Display) -> Error {
    error!(IoError, "the bz2 data is damaged: {why}")
}

/// The bytes that there are in a block, first those that come first, and how many there are.
fn read_bytes_in_use(bits: &mut Bits) -> ([u8; 256], usize) {
    let (mut bytes, mut count) = ([0; 256], 0);
    let rows = bits.take(16);
    for row in (0..16).filter(|row| rows & 0x8000 >> row != 0) {
        let columns = bits.take(16);
        for column in (0..16).filter(|column| columns & 0x8000 >> column != 0) {
            bytes[count] = row << 4 | column;
            count += 1;
        }
    }
    (bytes, count)
}

/// Brings the byte at a place to the front.
#[inline]
fn to_front(order: &mut [u8; 256], at: usize) -> u8 {
    let byte = order[at];
    // Most are near the front, where calling for a move takes longer than moving.
    if at < 16 {
        for place in (0..at).rev() {
            order[place + 1] = order[place];
        }
    } else {
        order.copy_within(..at, 1);
    }
    order[0] = byte;
    byte
}

/// The codes of a block, and which of its groups have which.
struct Codes {
    tables: [Table; 6],
    groups: [u8; MOST_GROUPS],
    count: usize,
}

impl Codes {
    fn read(bits: &mut Bits, symbols: usize) -> Result<Self> {
        let tables = bits.take(3) as usize;
        let count = bits.take(15) as usize;
        if !(2..=6).contains(&tables) || count == 0 {
            return Err(damaged("a block has no codes"));
        }
        let mut codes = Self { tables: [Table::EMPTY; 6], groups: [0; MOST_GROUPS], count: count.min(MOST_GROUPS) };
        let mut order = [0, 1, 2, 3, 4, 5];
        for group in 0..count {
            let at = (0..tables).find(|_| bits.take(1) == 0).ok_or_else(|| damaged("a group has no code"))?;
            order[..=at].rotate_right(1);
            if let Some(table) = codes.groups.get_mut(group) {
                *table = order[0];
            }
        }
        for table in &mut codes.tables[..tables] {
            *table = Table::read(bits, symbols)?;
        }
        Ok(codes)
    }

    fn groups(&self) -> impl Iterator<Item = &Table> {
        self.groups[..self.count].iter().map(|table| &self.tables[usize::from(*table)])
    }
}

/// A prefix code.
#[derive(Clone, Copy)]
struct Table {
    /// What the next bits are if their code is short: the symbol, and below it in 5 bits the code's length. 0: it is longer.
    short: [u16; 1 << SHORT],
    /// The symbols, those with shorter codes first.
    symbols: [u16; 258],
    /// For each length: behind its last code, made as long as the longest.
    limits: [u32; LONGEST + 1],
    /// For each length: what a code is to be added to for its place in `symbols`.
    offsets: [u32; LONGEST + 1],
}

impl Table {
    const EMPTY: Self =
        Self { short: [0; 1 << SHORT], symbols: [0; 258], limits: [0; LONGEST + 1], offsets: [0; LONGEST + 1] };

    fn read(bits: &mut Bits, symbols: usize) -> Result<Self> {
        let mut lengths = [0u8; 258];
        let mut length = bits.take(5);
        for place in &mut lengths[..symbols] {
            loop {
                if !(1..=LONGEST as u32).contains(&length) {
                    return Err(damaged("a code has no length"));
                }
                if bits.take(1) == 0 {
                    break;
                }
                length = if bits.take(1) == 0 { length + 1 } else { length - 1 };
            }
            *place = length as u8;
        }
        Self::new(&lengths[..symbols])
    }

    /// The code in which symbols have codes of these lengths.
    fn new(lengths: &[u8]) -> Result<Self> {
        let mut table = Self::EMPTY;
        let (mut code, mut place) = (0, 0);
        for length in 1..=LONGEST {
            table.offsets[length] = (place as u32).wrapping_sub(code);
            for symbol in (0..lengths.len()).filter(|symbol| usize::from(lengths[*symbol]) == length) {
                table.symbols[place] = symbol as u16;
                place += 1;
                if let Some(rest) = SHORT.checked_sub(length)
                    && let Some(entries) = table.short.get_mut((code as usize) << rest..(code as usize + 1) << rest)
                {
                    entries.fill((symbol as u16) << 5 | length as u16);
                }
                code += 1;
            }
            if code > 1 << length {
                return Err(damaged("codes are not free of prefixes"));
            }
            table.limits[length] = code << (LONGEST - length);
            code <<= 1;
        }
        Ok(table)
    }

    /// The symbol whose code comes next.
    #[inline(always)]
    fn symbol(&self, bits: &mut Bits) -> Result<usize> {
        let next = bits.peek();
        let entry = self.short[(next >> (64 - SHORT)) as usize];
        if entry == 0 {
            return self.long_symbol(next, bits);
        }
        bits.skip(usize::from(entry & 31));
        Ok(usize::from(entry >> 5))
    }

    fn long_symbol(&self, next: u64, bits: &mut Bits) -> Result<usize> {
        let code = (next >> (64 - LONGEST)) as u32;
        let length = (SHORT + 1..=LONGEST).find(|length| code < self.limits[*length]);
        let length = length.ok_or_else(|| damaged("no symbol has such a code"))?;
        bits.skip(length);
        let place = self.offsets[length].wrapping_add(code >> (LONGEST - length));
        Ok(usize::from(self.symbols[place as usize]))
    }
}
