//! A tour of the library by a C program: `cargo run --release --example tour [PATH]`.
//!
//! Builds the library as it is shipped, compiles `tour.c` against it and runs that on PATH, by default on real data
//! from `examples/data`. Needs Rust and a C compiler, nothing else.

#[path = "../../c_tests/toolchain.rs"]
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};
use std::{env, fs, process};

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let default_path = || toolchain::root().join("examples/data/UnicodeData.txt.gz");
    let path = arguments.next().map_or_else(default_path, PathBuf::from);
    if arguments.next().is_some() {
        eprintln!("usage: cargo run --release --example tour [PATH]");
        return ExitCode::from(2);
    }
    match tour(&path) {
        Ok(status) => status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(message) => {
            eprintln!("tour: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the C program; what it writes is in a folder that goes afterwards.
fn tour(path: &Path) -> Result<ExitStatus, String> {
    eprintln!("tour: building libarrowio as it is shipped; the first time takes a minute");
    let library = toolchain::library()?;
    let folder = toolchain::scratch(&format!("tour-{}", process::id()))?;
    let result = compile(library, &folder).and_then(|program| {
        let mut command = Command::new(&program);
        command.arg(path).args([folder.join("copy.zst"), folder.join("copy.txt")]);
        command.status().map_err(|error| format!("{command:?}: {error}"))
    });
    fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    result
}

fn compile(library: &toolchain::Library, folder: &Path) -> Result<PathBuf, String> {
    let program = folder.join("tour");
    let mut command = toolchain::compiler(false)?;
    command.args(["-std=gnu11", "-Wall", "-Wextra", "-I"]).arg(toolchain::root().join("include"));
    command.arg("-o").arg(&program).arg(toolchain::root().join("examples/tour/tour.c"));
    toolchain::link_shared(&mut command, library);
    toolchain::run(&mut command)?;
    Ok(program)
}
