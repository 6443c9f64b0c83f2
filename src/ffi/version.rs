//! The library's version.

use super::guard;
use std::ffi::{CStr, c_char};

/// Major version of this header.
pub const ARROWIO_VERSION_MAJOR: u32 = 0;
/// Minor version of this header.
pub const ARROWIO_VERSION_MINOR: u32 = 1;
/// Patch version of this header.
pub const ARROWIO_VERSION_PATCH: u32 = 0;
/// Version of this header as one number: major * 10000 + minor * 100 + patch.
pub const ARROWIO_VERSION_NUMBER: u32 = 100;

const _: () = assert!(
    ARROWIO_VERSION_NUMBER == ARROWIO_VERSION_MAJOR * 10000 + ARROWIO_VERSION_MINOR * 100 + ARROWIO_VERSION_PATCH
);

/// Version of the loaded library as one number, to compare with ARROWIO_VERSION_NUMBER of the header.
///
/// \return major * 10000 + minor * 100 + patch.
///
/// Ownership: none. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn arrowio_version_number() -> u32 {
    guard::value(0, || Some(ARROWIO_VERSION_NUMBER))
}

/// Version of the loaded library as text, such as "0.1.0".
///
/// \return a NUL-terminated string.
///
/// Ownership: static, never freed. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn arrowio_version_string() -> *const c_char {
    const TEXT: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(text) => text,
        Err(_) => c"",
    };
    guard::value(std::ptr::null(), || Some(TEXT.as_ptr()))
}
