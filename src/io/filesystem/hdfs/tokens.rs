//! The file with tokens that HADOOP_TOKEN_FILE_LOCATION names, which the client reads by itself when it needs one.

use super::super::FileSystemOptions;
use super::configuration::contents;
use crate::error::{Error, Quoted, Result, error};
use crate::sys::{PathText, environment};
use std::ffi::CStr;

const LOCATION: &CStr = c"HADOOP_TOKEN_FILE_LOCATION";

/// What files of the older kind begin with.
const OLDER: &[u8] = b"HDTS\0";
/// A token has five texts, each with its size.
const LEAST: usize = 5;
/// Numbers from this one on are themselves; lower ones say how many bytes of a number follow, of a negative one below `NEGATIVE`.
const SHORT: i8 = -112;
const NEGATIVE: i8 = -120;

/// The client has memory for as many tokens as a file says that it has, whatever its size, which may end the process. What else
/// is wrong with one the client says.
pub(super) fn check(options: &FileSystemOptions) -> Result<()> {
    let Some(location) = environment(LOCATION) else { return Ok(()) };
    let path = PathText::join(&[location.to_bytes()]).map_err(Error::from_os)?;
    let Ok(file) = contents(&path, options) else { return Ok(()) };
    let Some(tokens) = file.as_slice().strip_prefix(OLDER) else { return Ok(()) };
    match number(tokens) {
        Some(count) if count < 0 || count as u64 > (tokens.len() / LEAST) as u64 => Err(error!(
            Invalid,
            "{} (HADOOP_TOKEN_FILE_LOCATION) has {} bytes and says that there are {count} tokens in it",
            Quoted(path.bytes()),
            file.as_slice().len()
        )),
        _ => Ok(()),
    }
}

/// The number that `bytes` begins with, as Hadoop writes them.
fn number(bytes: &[u8]) -> Option<i64> {
    let (first, rest) = bytes.split_first()?;
    let first = *first as i8;
    if first >= SHORT {
        return Some(first.into());
    }
    let is_negative = first < NEGATIVE;
    let size = if is_negative { NEGATIVE - first } else { SHORT - first };
    let magnitude = rest.get(..size as usize)?.iter().fold(0, |number: i64, byte| number << 8 | i64::from(*byte));
    Some(if is_negative { !magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::number;

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
            assert_eq!(number(bytes), expected, "{bytes:x?}");
        }
    }
}
