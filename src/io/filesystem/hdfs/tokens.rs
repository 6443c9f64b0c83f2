//! The file with tokens that HADOOP_TOKEN_FILE_LOCATION names, which the client reads by itself when it needs one.

use super::super::FileSystemOptions;
use super::configuration::contents;
use crate::error::{Error, Quoted, Result, error};
use crate::sys::{PathText, environment};
use std::ffi::CStr;
use std::fmt;

const LOCATION: &CStr = c"HADOOP_TOKEN_FILE_LOCATION";

/// What every file begins with, followed by its kind.
const MAGIC: &[u8] = b"HDTS";
const OLDER: u8 = 0;
const NEWER: u8 = 1;
/// The tokens that the client looks into.
const DELEGATION: &str = "HDFS_DELEGATION_TOKEN";
/// Numbers from this one on are themselves; lower ones say how many bytes of a number follow, of a negative one below `NEGATIVE`.
const SHORT: i8 = -112;
const NEGATIVE: i8 = -120;

/// The client believes what a file of the older kind says of its sizes, which may end the process; so one that is damaged is
/// refused before. One of the newer kind it takes for one without tokens then, and so it does others, which are refused.
pub(super) fn check(options: &FileSystemOptions) -> Result<()> {
    let Some(location) = environment(LOCATION) else { return Ok(()) };
    let path = PathText::join(&[location.to_bytes()]).map_err(Error::from_os)?;
    let Ok(file) = contents(&path, options) else { return Ok(()) };
    let size = file.as_slice().len();
    let damaged = |how: fmt::Arguments<'_>| {
        error!(Invalid, "{} (HADOOP_TOKEN_FILE_LOCATION), of {size} bytes, is damaged: {how}", Quoted(path.bytes()))
    };
    match file.as_slice().strip_prefix(MAGIC) {
        Some([OLDER, tokens @ ..]) => check_tokens(&mut Reader(tokens), damaged),
        Some([NEWER, ..]) => Ok(()),
        _ => Err(damaged(format_args!("it does not begin as files with tokens do"))),
    }
}

fn check_tokens(file: &mut Reader, damaged: impl Fn(fmt::Arguments<'_>) -> Error) -> Result<()> {
    let count = file.number().filter(|count| *count >= 0);
    let count = count.ok_or_else(|| damaged(format_args!("it does not say how many tokens there are in it")))?;
    for at in 1..=count {
        file.token().ok_or_else(|| damaged(format_args!("token {at} of {count} is not whole")))?;
    }
    Ok(())
}

/// What is left of bytes in which numbers and texts are as Hadoop writes them. `None`: they are not, or end before.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<i64> {
        let first = self.take(1)?[0] as i8;
        if first >= SHORT {
            return Some(first.into());
        }
        let is_negative = first < NEGATIVE;
        let size = if is_negative { NEGATIVE - first } else { SHORT - first };
        let magnitude = self.take(size as usize)?.iter().fold(0, |number: i64, byte| number << 8 | i64::from(*byte));
        Some(if is_negative { !magnitude } else { magnitude })
    }

    fn short_number(&mut self) -> Option<i32> {
        self.number()?.try_into().ok().filter(|number| *number < i32::MAX && *number > i32::MIN)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let size = self.number()?.try_into().ok()?;
        self.take(size)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    fn token(&mut self) -> Option<()> {
        let (_alias, identifier) = (self.text()?, self.bytes()?);
        let (_password, kind, _service) = (self.bytes()?, self.text()?, self.text()?);
        if kind == DELEGATION { Reader(identifier).identifier() } else { Some(()) }
    }

    fn identifier(&mut self) -> Option<()> {
        if self.take(1)? != [0] {
            return None;
        }
        let _names = (self.text()?, self.text()?, self.text()?);
        let _dates = (self.number()?, self.number()?);
        let _numbers = (self.short_number()?, self.short_number()?);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::Reader;

    #[test]
    fn numbers_are_those_of_hadoop() {
        let cases: [(&[u8], Option<i64>); 9] = [
            (&[1, 2], Some(1)),
            (&[0x90], Some(-112)),
            (&[0x8f, 0x80], Some(128)),
            (&[0x8e, 1, 0], Some(256)),
            (&[0x87, 0x70], Some(-113)),
            (&[0x88, 0x7f, 255, 255, 255, 255, 255, 255, 255], Some(i64::MAX)),
            (&[0x80, 0x7f, 255, 255, 255, 255, 255, 255, 255], Some(i64::MIN)),
            (&[0x8e, 1], None),
            (&[], None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Reader(bytes).number(), expected, "{bytes:x?}");
        }
    }
}
