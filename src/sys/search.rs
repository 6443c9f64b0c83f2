//! Searching bytes, as fast as the C library does.

/// Where `byte` is first found.
pub(crate) fn find_byte(bytes: &[u8], byte: u8) -> Option<usize> {
    // SAFETY: searches within the slice.
    let found = unsafe { libc::memchr(bytes.as_ptr().cast(), byte.into(), bytes.len()) };
    (!found.is_null()).then(|| found as usize - bytes.as_ptr() as usize)
}
