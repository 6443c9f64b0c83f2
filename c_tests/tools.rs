//! What other programs compress we read, and what we compress they read: `python/tools.py` has the table.

use crate::programs;
use crate::toolchain::{self, Outcome, PYARROW};
use std::process::Command;

const CODECS: [&str; 13] = [
    "gzip",
    "zstd",
    "zlib",
    "deflate",
    "lz4",
    "lz4_raw",
    "lz4_hadoop",
    "bz2",
    "brotli",
    "snappy",
    "snappy_framed",
    "snappy_hadoop",
    "xz",
];

const PYTHON_SNAPPY: &str = "python-snappy==0.7.3";

/// One test for each codec. A tool that is missing is a failure: what we say of formats holds only where others agree.
pub fn trials() -> Vec<(String, impl FnOnce() -> Outcome)> {
    CODECS.iter().map(|codec| (format!("tools/{codec}"), move || run(codec))).collect()
}

fn run(codec: &str) -> Outcome {
    let script = toolchain::root().join("c_tests/python/tools.py");
    let mut command = Command::new(toolchain::python(&[PYARROW, PYTHON_SNAPPY])?);
    programs::prepare_python(&mut command, &script)?;
    command.arg(codec).arg(toolchain::scratch(&format!("tools-{codec}"))?);
    programs::check_said(&script, &toolchain::run(&mut command)?)
}
