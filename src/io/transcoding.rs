//! Text of other encodings, read as UTF-8.

use super::encoding::TextEncoding;
use super::file::File;
use super::transform::{Made, Transform, transform_input_stream};
use crate::error::{Error, Quoted, Result, error, try_format};
use crate::memory::{Buffer, BufferBuilder, Pool};
use crate::shared::try_box;
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// What is read where the text cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnMalformed {
    /// Nothing: the read fails.
    Fail,
    /// U+FFFD.
    Replace,
}

/// A file that gives the text of `raw` in UTF-8. `encoding` is a name as Python knows it.
pub fn transcoding_input_stream(raw: &File, encoding: &[u8], on_malformed: OnMalformed, pool: &Pool) -> Result<File> {
    let Some(how) = TextEncoding::by_name(encoding) else {
        return Err(error!(Invalid, "{} is no known encoding", Quoted(encoding)));
    };
    let name = try_format(format_args!("{}", Quoted(encoding))).ok_or_else(|| Error::out_of_memory(encoding.len()))?;
    let text = BufferBuilder::new(pool.clone());
    let transcoder = Transcoder { steps: Steps::new(how)?, name, on_malformed, consumed: 0, text, decoded: None };
    transform_input_stream(raw, transcoder, "transcoding", pool)
}

struct Transcoder {
    steps: Steps,
    name: String,
    on_malformed: OnMalformed,
    /// Bytes of the encoded text done with.
    consumed: usize,
    text: BufferBuilder,
    /// Whether the text of the chunk is there already, and what follows it.
    decoded: Option<Option<Error>>,
}

/// How a text is decoded from where it is on.
enum Steps {
    /// What each byte becomes.
    Bytes(Box<[Character; 256]>),
    /// Before the byte order is known; perhaps with the first byte.
    Utf16(Option<u8>),
    Decoder(Decoder),
}

/// A character in UTF-8, of up to three bytes, and how many these are; 0: none.
#[derive(Clone, Copy)]
struct Character([u8; 3], u8);

impl Character {
    fn new(character: Option<char>) -> Self {
        let mut utf8 = [0; 3];
        // No encoding of one byte a character has one that takes more.
        let width = character.filter(|one| one.len_utf8() <= 3).map_or(0, |one| one.encode_utf8(&mut utf8).len());
        Self(utf8, width as u8)
    }
}

impl Steps {
    fn new(encoding: TextEncoding) -> Result<Self> {
        Ok(match encoding {
            TextEncoding::Bytes(character) => {
                Self::Bytes(try_box(std::array::from_fn(|byte| Character::new(character(byte as u8))))?)
            }
            TextEncoding::MarkedUtf16 => Self::Utf16(None),
            TextEncoding::Standard(encoding) => Self::Decoder(encoding.new_decoder_without_bom_handling()),
            TextEncoding::MarkedUtf8 => Self::Decoder(UTF_8.new_decoder_with_bom_removal()),
        })
    }
}

/// The order that a text in UTF-16 begins with, and whether that is a mark.
fn utf16_order(first: Option<u8>, second: Option<u8>) -> (&'static Encoding, bool) {
    match (first, second) {
        (Some(0xff), Some(0xfe)) => (UTF_16LE, true),
        (Some(0xfe), Some(0xff)) => (UTF_16BE, true),
        _ if cfg!(target_endian = "little") => (UTF_16LE, false),
        _ => (UTF_16BE, false),
    }
}

/// Every encoding's text is at most so many bytes, also where each byte is replaced.
fn most_text(size: usize) -> usize {
    size * 3 + 64
}

impl Transcoder {
    /// Decodes a chunk; gives what keeps the rest from being decoded. An empty chunk is the end.
    fn decode(&mut self, bytes: &[u8]) -> Result<Option<Error>> {
        match std::mem::replace(&mut self.steps, Steps::Utf16(None)) {
            Steps::Bytes(characters) => {
                let damage = self.decode_bytes(&characters, bytes);
                self.steps = Steps::Bytes(characters);
                damage
            }
            Steps::Utf16(first) => self.decode_start(first, bytes),
            Steps::Decoder(mut decoder) => {
                let damage = self.decode_by(&mut decoder, bytes, bytes.is_empty());
                self.steps = Steps::Decoder(decoder);
                damage
            }
        }
    }

    fn decode_bytes(&mut self, characters: &[Character; 256], mut bytes: &[u8]) -> Result<Option<Error>> {
        while !bytes.is_empty() {
            // All of these encodings begin with ASCII.
            let plain = Encoding::ascii_valid_up_to(bytes);
            self.text.append(&bytes[..plain])?;
            let decoded = self.decode_some(characters, &bytes[plain..])?;
            self.consumed += plain + decoded;
            bytes = &bytes[plain + decoded..];
            if decoded == 0 && !bytes.is_empty() {
                self.consumed += 1;
                bytes = &bytes[1..];
                if let Some(damage) = self.malformed(self.consumed - 1, 1, false)? {
                    return Ok(Some(damage));
                }
            }
        }
        Ok(None)
    }

    /// Decodes bytes up to one that is no character, or so many as are done at once. Gives how many.
    fn decode_some(&mut self, characters: &[Character; 256], bytes: &[u8]) -> Result<usize> {
        const AT_ONCE: usize = 1000;
        let (mut text, mut size, mut count) = ([0; AT_ONCE * 3], 0, 0);
        for byte in bytes.iter().take(AT_ONCE) {
            let Character(utf8, width) = characters[usize::from(*byte)];
            if width == 0 {
                break;
            }
            // Always three bytes, of which the next character overwrites those that are too many.
            text[size..size + 3].copy_from_slice(&utf8);
            size += usize::from(width);
            count += 1;
        }
        self.text.append(&text[..size])?;
        Ok(count)
    }

    /// Waits for two bytes, which say in which order the bytes come.
    fn decode_start(&mut self, first: Option<u8>, bytes: &[u8]) -> Result<Option<Error>> {
        let mut ahead = first.iter().chain(bytes).copied();
        let (one, two) = (ahead.next(), ahead.next());
        if two.is_none() && !bytes.is_empty() {
            self.steps = Steps::Utf16(one);
            return Ok(None);
        }
        let (order, marked) = utf16_order(one, two);
        let mut decoder = order.new_decoder_without_bom_handling();
        let held = first.as_slice();
        let damage = if marked {
            self.consumed = 2;
            self.decode_by(&mut decoder, &bytes[2 - held.len()..], false)
        } else {
            // One byte, or nothing, can not be malformed yet.
            self.decode_by(&mut decoder, held, false)?;
            self.decode_by(&mut decoder, bytes, bytes.is_empty())
        };
        self.steps = Steps::Decoder(decoder);
        damage
    }

    fn decode_by(&mut self, decoder: &mut Decoder, mut bytes: &[u8], last: bool) -> Result<Option<Error>> {
        let mut text = [0; 4096];
        loop {
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(bytes, &mut text, last);
            self.text.append(&text[..written])?;
            self.consumed += read;
            bytes = &bytes[read..];
            match result {
                DecoderResult::InputEmpty => return Ok(None),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(size, behind) => {
                    let (size, behind) = (usize::from(size), usize::from(behind));
                    if let Some(damage) = self.malformed(self.consumed - behind - size, size, last)? {
                        return Ok(Some(damage));
                    }
                }
            }
        }
    }

    /// Puts U+FFFD in the place of `size` bytes that are no character, or gives the error.
    fn malformed(&mut self, offset: usize, size: usize, at_end: bool) -> Result<Option<Error>> {
        if self.on_malformed == OnMalformed::Replace {
            self.text.append("\u{fffd}".as_bytes())?;
            return Ok(None);
        }
        let name = &self.name;
        Ok(Some(if at_end {
            error!(IoError, "the {name} text is truncated: it ends within the character at byte offset {offset}")
        } else {
            error!(IoError, "the {name} text is malformed: {size} bytes at byte offset {offset} are no character")
        }))
    }
}

impl Transform for Transcoder {
    fn transform(&mut self, chunk: &Buffer) -> Result<Made> {
        if self.decoded.is_none() {
            // All at once, so that nothing can fail for lack of memory that cannot be repeated.
            self.text.reserve_exact(most_text(chunk.size()))?;
            self.decoded = Some(self.decode(chunk.as_slice())?);
        }
        let bytes = self.text.finish()?;
        Ok(Made { bytes: Some(bytes), damage: self.decoded.take().flatten() })
    }
}
