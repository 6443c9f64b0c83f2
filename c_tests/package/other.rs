//! Another static library written in Rust, with its own copy of the standard library.

/// Returns 1 when a panic was caught, which needs the parts of the standard library that linkers merge most easily.
#[unsafe(no_mangle)]
pub extern "C" fn other_catches_panic() -> i32 {
    std::panic::catch_unwind(|| std::panic::resume_unwind(Box::new(()))).is_err().into()
}
