//! The guard: what the C tests cannot provoke.
#![allow(clippy::undocumented_unsafe_blocks, reason = "a test keeps its promises or fails")]

use super::error::*;
use super::guard;
use std::ffi::CStr;
use std::ptr;

#[test]
fn a_panic_becomes_an_error() {
    for (panic, text) in [
        ((|| panic!("number {}", 7)) as fn(), "number 7"),
        (|| panic!("plain"), "plain"),
        (|| std::panic::panic_any(vec![1]), "no message"),
    ] {
        let mut error = ptr::null_mut();
        let status = unsafe {
            guard::call(&mut error, || {
                panic();
                Ok(())
            })
        };
        assert_eq!(status, ARROWIO_INTERNAL);
        let message = unsafe { CStr::from_ptr(arrowio_error_message(error)) }.to_str().unwrap();
        assert!(message.contains(text), "{message}");
        unsafe { arrowio_error_release(error) };
        assert_eq!(unsafe { guard::call(ptr::null_mut(), || panic!("unheard")) }, ARROWIO_INTERNAL);
    }
    assert_eq!(guard::value(42, || -> Option<i32> { panic!("a getter") }), 42);
}

#[test]
fn success_leaves_no_error() {
    let mut error = ptr::dangling_mut();
    assert_eq!(unsafe { guard::call(&mut error, || Ok(())) }, ARROWIO_OK);
    assert!(error.is_null());
}
