//! Compares libarrowio with Arrow C++: `cargo bench --bench compare [-- [--rounds N] [FILTER]]`.
//!
//! Everything the comparison needs is made below the target directory: Arrow C++ from the PyPI package pyarrow, our
//! shared library built as it is shipped, and the C++ program of `benches/compare/` that links both. Needs python3 with
//! its `venv` module, a C++20 compiler and, the first time, the network.

#[path = "../c_tests/toolchain.rs"]
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};
use toolchain::{Library, PYARROW, run};

type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if has("--list") {
        println!("compare: benchmark");
        return ExitCode::SUCCESS;
    }
    // Cargo passes --bench to benchmarks, and not when it runs them as tests.
    if !has("--bench") || has("--test") {
        println!("compare: nothing to test; cargo bench --bench compare runs it");
        return ExitCode::SUCCESS;
    }
    let arguments = arguments.into_iter().filter(|argument| argument != "--bench");
    let status = prepare().and_then(|program| Command::new(program).args(arguments).status().map_err(text));
    match status {
        Ok(status) => ExitCode::from(status.code().map_or(1, |code| code as u8)),
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Makes what is missing or out of date, and returns the program to run.
fn prepare() -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compare");
    let stripped = folder.join("stripped");
    fs::create_dir_all(&stripped).map_err(text)?;
    eprintln!("Preparing {PYARROW}");
    let arrow = install_arrow()?;
    let arrow_library = find_library(&arrow)?;
    eprintln!("Building libarrowio and the comparison");
    let library = toolchain::library()?;
    strip(&arrow_library, &stripped.join("libarrow.so"))?;
    strip(&library.shared, &stripped.join("libarrowio.so"))?;
    compile_load(&folder.join("load"))?;
    let program = folder.join("compare");
    compile_compare(&program, library, &arrow, &arrow_library)?;
    Ok(program)
}

/// Installs pyarrow and returns its folder, which has `include/` and the libraries.
fn install_arrow() -> Result<PathBuf> {
    let locate = "import importlib.util as u; print(u.find_spec('pyarrow').submodule_search_locations[0])";
    let output = run(Command::new(toolchain::python(&[PYARROW])?).args(["-c", locate]))?;
    Ok(PathBuf::from(String::from_utf8(output.stdout).map_err(text)?.trim_end()))
}

/// `libarrow.so.N` in pyarrow's folder: a wheel has no link without the number.
fn find_library(arrow: &Path) -> Result<PathBuf> {
    let is_library =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libarrow.so."));
    files(arrow)?.into_iter().find(is_library).ok_or_else(|| format!("no libarrow.so in {}", arrow.display()))
}

fn strip(library: &Path, stripped: &Path) -> Result<()> {
    run(Command::new("strip").arg("-o").arg(stripped).arg(library)).map(drop)
}

/// The program that times the loading of a library. It needs no library itself.
fn compile_load(program: &Path) -> Result<()> {
    let mut compiler = toolchain::compiler(false)?;
    run(compiler.arg(sources().join("load.c")).arg("-o").arg(program).arg("-ldl")).map(drop)
}

fn compile_compare(program: &Path, library: &Library, arrow: &Path, arrow_library: &Path) -> Result<()> {
    let mut compiler = toolchain::compiler(true)?;
    // As compilers do by themselves; with debug information the cc crate asks them to keep the frame pointer.
    compiler.arg("-fomit-frame-pointer");
    compiler.args(["-std=c++20", "-Wall", "-Wextra", "-pthread"]);
    compiler.arg("-I").arg(toolchain::root().join("include")).arg("-isystem").arg(arrow.join("include"));
    let is_source = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "cc");
    compiler.args(files(&sources())?.into_iter().filter(is_source)).arg("-o").arg(program);
    toolchain::link_shared(&mut compiler, library);
    compiler.arg(arrow_library).arg(format!("-Wl,-rpath,{}", arrow.display())).arg("-ldl");
    run(&mut compiler).map(drop)
}

fn sources() -> PathBuf {
    toolchain::root().join("benches/compare")
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    entries.map(|entry| Ok(entry.map_err(text)?.path())).collect()
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
