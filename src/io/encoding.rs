//! The encodings that text is read in, and the names that Python knows them by.

use encoding_rs::*;

/// How a text is encoded.
#[derive(Clone, Copy)]
pub(super) enum TextEncoding {
    /// One byte a character; those that stand for none are `None`.
    Bytes(fn(u8) -> Option<char>),
    /// UTF-16 in the order that its byte order mark says, or else in the machine's.
    MarkedUtf16,
    /// What encoding_rs does by itself.
    Standard(&'static Encoding),
    /// UTF-8 whose byte order mark, if there is one, is no text.
    MarkedUtf8,
}

use TextEncoding::*;

/// One row an encoding: its names, without what separates their parts.
const ENCODINGS: &[(&[&str], TextEncoding)] = &[
    (&["utf8", "u8", "utf", "cp65001"], Standard(UTF_8)),
    (&["utf8sig"], MarkedUtf8),
    (&["utf16", "u16"], MarkedUtf16),
    (&["utf16le", "unicodelittleunmarked"], Standard(UTF_16LE)),
    (&["utf16be", "unicodebigunmarked"], Standard(UTF_16BE)),
    (&["ascii", "usascii", "646"], Bytes(|byte| byte.is_ascii().then_some(char::from(byte)))),
    (&["latin1", "latin", "l1", "iso88591", "8859", "cp819"], Bytes(|byte| Some(char::from(byte)))),
    (&["latin2", "l2", "iso88592"], Bytes(|byte| iso(ISO_8859_2, byte))),
    (&["latin3", "l3", "iso88593"], Bytes(|byte| iso(ISO_8859_3, byte))),
    (&["latin4", "l4", "iso88594"], Bytes(|byte| iso(ISO_8859_4, byte))),
    (&["cyrillic", "iso88595"], Bytes(|byte| iso(ISO_8859_5, byte))),
    (&["arabic", "iso88596"], Bytes(|byte| iso(ISO_8859_6, byte))),
    (&["greek", "greek8", "iso88597"], Bytes(|byte| iso(ISO_8859_7, byte))),
    (&["hebrew", "iso88598"], Bytes(|byte| iso(ISO_8859_8, byte))),
    (&["latin5", "l5", "iso88599"], Bytes(|byte| iso(WINDOWS_1254, byte))),
    (&["latin6", "l6", "iso885910"], Bytes(|byte| iso(ISO_8859_10, byte))),
    (&["thai", "iso885911"], Bytes(|byte| iso(WINDOWS_874, byte))),
    (&["latin7", "l7", "iso885913"], Bytes(|byte| iso(ISO_8859_13, byte))),
    (&["latin8", "l8", "iso885914"], Bytes(|byte| iso(ISO_8859_14, byte))),
    (&["latin9", "l9", "iso885915"], Bytes(|byte| iso(ISO_8859_15, byte))),
    (&["latin10", "l10", "iso885916"], Bytes(|byte| iso(ISO_8859_16, byte))),
    (&["cp874", "windows874"], Bytes(|byte| windows(WINDOWS_874, byte))),
    (&["cp1250", "windows1250"], Bytes(|byte| windows(WINDOWS_1250, byte))),
    (&["cp1251", "windows1251"], Bytes(|byte| windows(WINDOWS_1251, byte))),
    (&["cp1252", "windows1252"], Bytes(|byte| windows(WINDOWS_1252, byte))),
    (&["cp1253", "windows1253"], Bytes(|byte| windows(WINDOWS_1253, byte))),
    (&["cp1254", "windows1254"], Bytes(|byte| windows(WINDOWS_1254, byte))),
    (&["cp1255", "windows1255"], Bytes(|byte| windows(WINDOWS_1255, byte).filter(|_| byte != 0xca))),
    (&["cp1256", "windows1256"], Bytes(|byte| windows(WINDOWS_1256, byte))),
    (&["cp1257", "windows1257"], Bytes(|byte| windows(WINDOWS_1257, byte))),
    (&["cp1258", "windows1258"], Bytes(|byte| windows(WINDOWS_1258, byte))),
    (&["cp866", "866", "ibm866"], Bytes(|byte| single(IBM866, byte))),
    (&["koi8r"], Bytes(|byte| single(KOI8_R, byte))),
    (&["koi8u"], Bytes(koi8_u)),
    (&["macroman", "macintosh"], Bytes(|byte| single(MACINTOSH, byte))),
    (&["maccyrillic"], Bytes(|byte| single(X_MAC_CYRILLIC, byte))),
    (&["gb18030", "gb180302000"], Standard(GB18030)),
    (&["gbk", "cp936", "936", "ms936"], Standard(GBK)),
    (&["big5", "big5tw", "csbig5"], Standard(BIG5)),
    (&["shiftjis", "sjis", "csshiftjis"], Standard(SHIFT_JIS)),
    (&["eucjp", "ujis"], Standard(EUC_JP)),
    (&["euckr"], Standard(EUC_KR)),
    (&["iso2022jp", "csiso2022jp"], Standard(ISO_2022_JP)),
];

impl TextEncoding {
    /// The encoding with a name, in any case, and with any hyphens, underscores and spaces.
    pub(super) fn by_name(name: &[u8]) -> Option<Self> {
        let parts = || name.iter().filter(|byte| !b"-_ ".contains(byte)).map(u8::to_ascii_lowercase);
        let is_named = |names: &&[&str]| names.iter().any(|one| parts().eq(one.bytes()));
        ENCODINGS.iter().find(|(names, _)| is_named(names)).map(|(_, encoding)| *encoding)
    }
}

/// The character that a byte stands for.
fn single(encoding: &'static Encoding, byte: u8) -> Option<char> {
    let bytes = [byte];
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = [0; 16];
    let (result, _, written) = decoder.decode_to_utf8_without_replacement(&bytes, &mut text, true);
    let character = std::str::from_utf8(&text[..written]).ok()?.chars().next();
    character.filter(|_| result == DecoderResult::InputEmpty)
}

/// The ISO's sets have control characters where the web's have others.
fn iso(encoding: &'static Encoding, byte: u8) -> Option<char> {
    if (0x80..0xa0).contains(&byte) { Some(char::from(byte)) } else { single(encoding, byte) }
}

/// The web gives to bytes that Windows leaves undefined the control characters of their numbers.
fn windows(encoding: &'static Encoding, byte: u8) -> Option<char> {
    single(encoding, byte).filter(|character| !('\u{80}'..'\u{a0}').contains(character))
}

/// The web's set has two letters of Belarusian in it.
fn koi8_u(byte: u8) -> Option<char> {
    match byte {
        0xae => Some('╝'),
        0xbe => Some('╬'),
        _ => single(KOI8_U, byte),
    }
}
