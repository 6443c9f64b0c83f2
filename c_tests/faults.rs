//! The library over a system that misbehaves: by a shim that is loaded before it and stands between it and the system.

use crate::programs::{self, Way};
use crate::toolchain::{self, Outcome, root};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

type Trial = (String, &'static [&'static str], fn() -> Outcome);

/// The tests of this file: name, tools, what to run.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("shim covers every call", &["nm"], shim_covers_every_call),
        trial("faults.c", &[], || every_failure(Way::Shared)),
        trial("faults.c, valgrind", &["valgrind"], || every_failure(Way::Valgrind)),
        trial("atomic.c in pieces", &[], || in_pieces("atomic.c", 1009)),
        trial("behaviour.c in pieces", &[], || in_pieces("behaviour.c", 61)),
        trial("cancellation.c in pieces", &[], || in_pieces("cancellation.c", 61)),
        trial("copy.c in pieces", &[], || in_pieces("copy.c", 1009)),
        trial("memory_maps.c in pieces", &[], || in_pieces("memory_maps.c", 61)),
        trial("opening.c in pieces", &[], || in_pieces("opening.c", 61)),
        trial("os_files.c in pieces", &[], || in_pieces("os_files.c", 61)),
        trial("pipes.c in pieces", &[], || in_pieces("pipes.c", 61)),
        trial("range_cache.c in pieces", &[], || in_pieces("range_cache.c", 61)),
        trial("read_many.c in pieces", &[], || in_pieces("read_many.c", 61)),
        trial("segments.c in pieces", &[], || in_pieces("segments.c", 61)),
        trial("streams.c in pieces", &[], || in_pieces("streams.c", 61)),
    ]
}

fn trial(name: &str, tools: &'static [&'static str], test: fn() -> Outcome) -> Trial {
    (format!("faults/{name}"), tools, test)
}

/// What a library can call to have files opened, read, written and closed, or moved about.
const CALLS: [&str; 37] = [
    "close",
    "copy_file_range",
    "creat",
    "dup",
    "dup2",
    "dup3",
    "fallocate",
    "fcntl",
    "fdatasync",
    "fstat",
    "fsync",
    "ftruncate",
    "link",
    "linkat",
    "lseek",
    "mmap",
    "msync",
    "open",
    "openat",
    "posix_fallocate",
    "pread",
    "preadv",
    "preadv2",
    "pwrite",
    "pwritev",
    "pwritev2",
    "read",
    "readv",
    "rename",
    "renameat",
    "renameat2",
    "sendfile",
    "splice",
    "sync_file_range",
    "vmsplice",
    "write",
    "writev",
];

/// The shim, built once.
fn shim() -> Result<PathBuf, String> {
    static SHIM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    SHIM.get_or_init(build_shim).clone()
}

fn build_shim() -> Result<PathBuf, String> {
    let shim = toolchain::scratch("faults")?.join("shim.so");
    let mut compiler = toolchain::compiler(false)?;
    compiler.args(["-std=gnu11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fPIC", "-shared", "-o"]).arg(&shim);
    toolchain::run(compiler.arg(root().join("c_tests/faults/shim.c")))?;
    Ok(shim)
}

/// A call that the shim does not know never fails here: whoever makes a new one adds it there.
fn shim_covers_every_call() -> Outcome {
    let output =
        toolchain::run(Command::new("nm").args(["-D", "--undefined-only"]).arg(&toolchain::library()?.shared))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let made: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    let covered = toolchain::exported_symbols(&shim()?)?;
    let is_transfer = |call: &&str| CALLS.contains(&call.trim_end_matches("64"));
    let made: Vec<&str> = made.iter().filter_map(|call| call.split('@').next()).filter(is_transfer).collect();
    let missing: Vec<&&str> = made.iter().filter(|call| !covered.contains(**call)).collect();
    match (made.len(), missing.len()) {
        (10.., 0) => Ok(()),
        _ => Err(format!("the library makes {made:?}, of which c_tests/faults/shim.c lacks {missing:?}")),
    }
}

fn preload(command: &mut Command, shim: &Path, files: &Path) {
    command.env("LD_PRELOAD", shim).env("ARROWIO_FAULTS_FOLDER", files);
}

/// The program that lets every call fail in turn.
fn every_failure(way: Way) -> Outcome {
    let (shim, program) = (shim()?, root().join("c_tests/faults/faults.c"));
    programs::run_with(&program, way, way.name(), |command, files| preload(command, &shim, files))
}

/// A program that knows nothing of it, with transfers of at most `most` bytes and a signal at every other call.
fn in_pieces(program: &str, most: usize) -> Outcome {
    let (shim, mut report) = (shim()?, PathBuf::new());
    programs::run_with(&root().join("c_tests").join(program), Way::Shared, "in-pieces", |command, files| {
        preload(command, &shim, files);
        report = files.with_file_name("report");
        let _ = fs::remove_file(&report);
        command.env("ARROWIO_FAULTS_MOST", most.to_string()).env("ARROWIO_FAULTS_INTERRUPTS", "1");
        command.env("ARROWIO_FAULTS_REPORT", &report).env("ARROWIO_TEST_SLOW", "1");
    })?;
    let did = fs::read_to_string(&report).map_err(|error| format!("the shim did not report: {error}"))?;
    let interrupted = did.lines().find_map(|line| line.strip_suffix(" interrupted")?.parse::<u64>().ok());
    match interrupted {
        Some(100..) => Ok(()),
        _ => Err(format!("the shim was not there: {did}")),
    }
}
