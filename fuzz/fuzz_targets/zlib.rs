#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| arrowio_fuzz::run("zlib", input));
