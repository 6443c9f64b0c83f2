#[unsafe(no_mangle)]
pub extern "C" fn arrowio_version_number() -> u32 {
    100
}
#[unsafe(no_mangle)]
pub extern "C" fn arrowio_version_string() -> *const core::ffi::c_char {
    c"0.1.0".as_ptr()
}
