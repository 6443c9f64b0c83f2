//! gzip members, which can also be gone on with in their midst.

use super::Format;
use super::zlib_ng::{Inflater, crc32};
use crate::codec::{Checkpoint, Decoder, DecoderOptions, Step};
use crate::error::{Result, error};
use crate::memory::{Pool, filled};
use std::mem::MaybeUninit;

/// What follows the deflated data: their CRC-32 and how many bytes they are, modulo 2^32.
const TRAILER: usize = 8;

pub(super) struct GzipDecoder {
    inflater: Inflater,
    pool: Pool,
    /// Whether it stops behind blocks, and keeps account for checkpoints there.
    stops: bool,
    /// zlib-ng sees the deflated data only, since it began in their midst.
    is_within: bool,
    /// The deflated data have ended, and so many bytes of the trailer, which zlib-ng does not see, came so far.
    trailer: Option<usize>,
    trailer_bytes: [u8; TRAILER],
    /// What came out so far, while account is kept.
    checksum: u32,
    size: u32,
    last_byte: u8,
}

impl GzipDecoder {
    pub(super) fn new(options: &DecoderOptions) -> Result<Self> {
        Ok(Self {
            inflater: Inflater::new(Format::Gzip, options)?,
            pool: options.pool.clone(),
            stops: false,
            is_within: false,
            trailer: None,
            trailer_bytes: [0; TRAILER],
            checksum: 0,
            size: 0,
            last_byte: 0,
        })
    }

    fn inflate(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        if !self.stops {
            return self.inflater.decode(input, output, step);
        }
        let result = self.inflater.decode_block(input, output, step);
        let bytes = filled(output, step.produced);
        self.checksum = crc32(self.checksum, bytes);
        self.size = self.size.wrapping_add(bytes.len() as u32);
        if let Some(last) = input[..step.consumed].last() {
            self.last_byte = *last;
        }
        result
    }

    /// Takes the trailer, and compares it where account was kept; else who knows the data checks them.
    fn end(&mut self, input: &[u8], step: &mut Step) -> Result<()> {
        let (rest, known) = (&input[step.consumed..], self.trailer.unwrap_or_default());
        let count = rest.len().min(TRAILER - known);
        self.trailer_bytes[known..known + count].copy_from_slice(&rest[..count]);
        self.trailer = Some(known + count);
        step.consumed += count;
        step.finished = known + count == TRAILER;
        let [checksum, size] = [self.checksum, self.size].map(u32::to_le_bytes);
        if step.finished && self.stops && self.trailer_bytes != [checksum, size].concat()[..] {
            return Err(error!(IoError, "the gzip data is damaged: incorrect data check"));
        }
        Ok(())
    }

    fn begin(&mut self, is_within: bool, checksum: u32, size: u32) {
        self.is_within = is_within;
        self.trailer = None;
        (self.checksum, self.size) = (checksum, size);
    }
}

impl Decoder for GzipDecoder {
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        if self.trailer.is_none() {
            self.inflate(input, output, step)?;
        }
        let is_at_trailer = step.finished || self.trailer.is_some();
        if self.is_within && is_at_trailer { self.end(input, step) } else { Ok(()) }
    }

    fn restart(&mut self) -> Result<()> {
        self.begin(false, 0, 0);
        self.inflater.begin(Format::Gzip)
    }

    fn stop_at_checkpoints(&mut self, stop: bool) {
        self.stops = stop;
    }

    fn checkpoint(&mut self) -> Result<Option<Checkpoint>> {
        let Some(bits) = self.inflater.bits_behind_block() else { return Ok(None) };
        let window = self.inflater.window(&self.pool)?;
        let (byte, checksum, size) = (self.last_byte, self.checksum, self.size);
        Ok(Some(Checkpoint { bits, byte, window, checksum, size }))
    }

    fn resume(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        self.begin(true, checkpoint.checksum, checkpoint.size);
        self.inflater.begin_within(checkpoint)
    }
}
