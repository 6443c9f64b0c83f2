//! Deflate at its fastest: one pass over the data, in which each place is compared with the last one that began alike.

use super::bits::{BitWriter, Rest};
use super::format::{Format, Sum};
use super::tokens::{BLOCK, Found, LONGEST, Tokens, write_boundary};
use super::window_log;
use crate::codec::held::Held;
use crate::codec::{Encoder, EncoderOptions, Goal, Step};
use crate::error::Result;
use crate::memory::{BufferBuilder, Pool};
use std::mem::MaybeUninit;

const HASH_BITS: u32 = 15;

/// Of a match these many places are remembered, its first ones: more make it slower by more than what they give.
const REMEMBERED: usize = 4;

/// The data are gathered behind those that matches may reach; after so many blocks they are moved to the front.
const MOVED_AFTER: usize = 4;

/// Finds matches, from block to block.
pub(super) struct FastDeflate {
    /// For each hash the last place that has it, as the low bits of the count of all bytes before it. What is found by it is
    /// compared before it is believed.
    places: BufferBuilder,
    tokens: Tokens,
    /// As far back as a match may lie.
    reach: usize,
}

type Places = [[u8; 2]; 1 << HASH_BITS];

/// Memory of zeros.
pub(super) fn zeros(pool: &Pool, size: usize) -> Result<BufferBuilder> {
    let mut memory = BufferBuilder::new(pool.clone());
    memory.append_with(size, |room| {
        room.fill(MaybeUninit::new(0));
        Ok(size)
    })?;
    Ok(memory)
}

impl FastDeflate {
    pub(super) fn new(options: &EncoderOptions) -> Result<Self> {
        Ok(Self {
            places: zeros(&options.pool, size_of::<Places>())?,
            tokens: Tokens::new(&options.pool)?,
            reach: 1 << window_log(options),
        })
    }

    /// Compresses `window` from `start` on into blocks; matches may lie in what is before that. `base` is the count of all
    /// bytes before the window.
    pub(super) fn compress(&mut self, window: &[u8], start: usize, base: usize, is_last: bool, out: &mut BitWriter) {
        let mut at = start;
        while at < window.len() || is_last && at == start {
            let end = window.len().min(at + BLOCK);
            let (places, _) = self.places.as_mut_slice().as_chunks_mut();
            let Some(places) = places.as_mut_array() else { return };
            find_matches(&window[..end], at, base, self.reach, places, self.tokens.begin());
            self.tokens.write(&window[at..end], is_last && end == window.len(), out);
            at = end;
            if end == window.len() {
                return;
            }
        }
    }
}

fn find_matches(window: &[u8], start: usize, base: usize, reach: usize, places: &mut Places, mut found: Found) {
    let mut at = start;
    while at + 8 <= window.len() {
        let bytes = load(window, at);
        let here = (base + at) as u16;
        let place = &mut places[hash(bytes)];
        let distance = usize::from(here.wrapping_sub(u16::from_le_bytes(*place)));
        *place = here.to_le_bytes();
        let is_match = distance.wrapping_sub(1) < at.min(reach) && load(window, at - distance) == bytes;
        if !is_match {
            found.literal(bytes as u8);
            at += 1;
            continue;
        }
        let length = match_length(window, at - distance, at);
        found.pair(length, distance);
        let last = (at + length.min(REMEMBERED)).min(window.len() - 7);
        for at in at + 1..last {
            places[hash(load(window, at))] = ((base + at) as u16).to_le_bytes();
        }
        at += length;
    }
    for byte in &window[at..] {
        found.literal(*byte);
    }
}

/// By as many bytes matches are found.
#[inline(always)]
fn load(window: &[u8], at: usize) -> u32 {
    window[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

#[inline(always)]
fn hash(bytes: u32) -> usize {
    (bytes.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize
}

/// How many bytes at `back` are as those at `at`.
#[inline(always)]
fn match_length(window: &[u8], back: usize, at: usize) -> usize {
    let longest = LONGEST.min(window.len() - at);
    let (left, right) = (&window[back..back + longest], &window[at..at + longest]);
    let mut length = 0;
    for (left, right) in left.as_chunks().0.iter().zip(right.as_chunks().0) {
        let difference = u64::from_le_bytes(*left) ^ u64::from_le_bytes(*right);
        if difference != 0 {
            return length + (difference.trailing_zeros() / 8) as usize;
        }
        length += 8;
    }
    length + left[length..].iter().zip(&right[length..]).take_while(|(left, right)| left == right).count()
}

/// Compresses by `FastDeflate`.
pub(super) struct FastDeflater {
    format: Format,
    fast: FastDeflate,
    /// What matches may lie in, and behind it, from `start` on, what is to be compressed.
    window: BufferBuilder,
    start: usize,
    /// The count of all bytes before the window.
    base: usize,
    /// What came out.
    output: Held,
    rest: Rest,
    sum: Sum,
    /// Something was taken in since the last flush.
    is_behind: bool,
    has_ended: bool,
}

impl FastDeflater {
    pub(super) fn new(format: Format, options: &EncoderOptions) -> Result<Self> {
        let mut output = Held::new(&options.pool);
        output.renew().append(format.header(1, window_log(options)).as_slice())?;
        Ok(Self {
            format,
            fast: FastDeflate::new(options)?,
            window: BufferBuilder::new(options.pool.clone()),
            start: 0,
            base: 0,
            output,
            rest: Rest::default(),
            sum: Sum::default(),
            is_behind: true,
            has_ended: false,
        })
    }

    fn gathered(&self) -> usize {
        self.window.size() - self.start
    }

    /// Takes in what the next block has room for; gives how much that is.
    fn take_in(&mut self, input: &[u8]) -> Result<usize> {
        let taken = &input[..input.len().min(BLOCK - self.gathered())];
        self.window.append(taken)?;
        self.sum = self.format.join(self.sum, self.format.sum(taken));
        self.is_behind |= !taken.is_empty();
        Ok(taken.len())
    }

    /// Compresses what was taken in, and comes to `goal`.
    fn compress(&mut self, goal: Goal) -> Result<()> {
        let (fast, rest) = (&mut self.fast, &mut self.rest);
        let (window, start, base) = (self.window.as_slice(), self.start, self.base);
        let output = self.output.renew();
        output.append_with(Tokens::most(window.len() - start) + BitWriter::SLACK, |room| {
            let mut writer = BitWriter::new(room, *rest);
            fast.compress(window, start, base, goal == Goal::Finish, &mut writer);
            match goal {
                Goal::Continue => {}
                Goal::Flush => write_boundary(&mut writer),
                Goal::Finish => writer.align(),
            }
            let (size, left) = writer.finish();
            *rest = left;
            Ok(size)
        })?;
        if goal == Goal::Finish {
            output.append(self.format.trailer(self.sum).as_slice())?;
            self.has_ended = true;
        }
        self.is_behind &= goal == Goal::Continue;
        self.start = self.window.size();
        if self.start >= MOVED_AFTER * BLOCK {
            let passed = self.start - self.fast.reach;
            self.window.discard_front(passed);
            (self.start, self.base) = (self.fast.reach, self.base.wrapping_add(passed));
        }
        Ok(())
    }
}

impl Encoder for FastDeflater {
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step> {
        let mut step = Step::default();
        loop {
            step.produced += self.output.give(&mut output[step.produced..]);
            if !self.output.is_empty() {
                return Ok(step);
            }
            step.consumed += self.take_in(&input[step.consumed..])?;
            let is_more = step.consumed < input.len();
            let is_due = match goal {
                _ if is_more => true,
                Goal::Continue => false,
                Goal::Flush => self.is_behind,
                Goal::Finish => !self.has_ended,
            };
            if !is_due {
                step.finished = true;
                return Ok(step);
            }
            self.compress(if is_more { Goal::Continue } else { goal })?;
        }
    }
}
