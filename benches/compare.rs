//! Compares libarrowio with Arrow C++: `cargo bench --bench compare [-- [--rounds N] [FILTER]]`.
//!
//! Everything the comparison needs is made below the target directory: Arrow C++ from the PyPI package pyarrow, our shared
//! library built as it is shipped, and the C++ program of `benches/compare/` that links both. Needs python3 with its
//! `venv` module, a C++20 compiler and, the first time, the network.

use std::env;
use std::error::Error;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const PYARROW: &str = "pyarrow==26.0.1";
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/compare");

type Result<T> = std::result::Result<T, Box<dyn Error>>;

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
    match prepare().and_then(|program| Ok(Command::new(program).args(arguments).status()?)) {
        Ok(status) => ExitCode::from(status.code().map_or(1, |code| code as u8)),
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Makes what is missing or out of date, and returns the program to run.
fn prepare() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compare");
    for folder in ["lib", "stripped"] {
        fs::create_dir_all(root.join(folder))?;
    }
    let host = host()?;
    let arrow = install_arrow(&root.join("venv"))?;
    let arrow_library = find_library(&arrow)?;
    let our_library = build_library(&root, &host)?;
    strip(&arrow_library, &root.join("stripped/libarrow.so"))?;
    strip(&our_library, &root.join("stripped/libarrowio.so"))?;
    compile_load(&root.join("load"), &host)?;
    let program = root.join("compare");
    compile_compare(&program, &host, &arrow, &arrow_library, &root.join("lib"))?;
    Ok(program)
}

/// The target triple of this machine.
fn host() -> Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or("rustc".into());
    let version = String::from_utf8(Command::new(rustc).arg("-vV").output()?.stdout)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc does not name its host")?.to_owned())
}

/// Installs pyarrow into a virtual environment and returns its folder, which has `include/` and the libraries.
fn install_arrow(venv: &Path) -> Result<PathBuf> {
    let pip = venv.join("bin/pip");
    if !pip.exists() {
        execute(Command::new("python3").args(["-m", "venv"]).arg(venv))?;
    }
    // Without --only-binary, a machine that no wheel fits would begin to build Arrow.
    let options = ["--quiet", "--disable-pip-version-check", "--only-binary", ":all:"];
    execute(Command::new(pip).arg("install").args(options).arg(PYARROW))?;
    let locate = "import importlib.util as u; print(u.find_spec('pyarrow').submodule_search_locations[0])";
    let output = Command::new(venv.join("bin/python")).args(["-c", locate]).output()?;
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim_end()))
}

/// `libarrow.so.N` in pyarrow's folder: a wheel has no link without the number.
fn find_library(arrow: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(arrow)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("libarrow.so.") {
            return Ok(entry.path());
        }
    }
    Err(format!("no libarrow.so in {}", arrow.display()).into())
}

/// Builds our shared library alone, as it is shipped (with an rlib beside it there is no link-time optimisation), and puts
/// it into `root/lib` under the names that the linker and the loader look for.
fn build_library(root: &Path, host: &str) -> Result<PathBuf> {
    let target_dir = root.join("cargo");
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let arguments = ["rustc", "--release", "--lib", "--crate-type", "cdylib", "--target", host, "--target-dir"];
    execute(Command::new(cargo).current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).arg(&target_dir))?;
    let library = target_dir.join(host).join("release/libarrowio.so");

    let real_name = concat!("libarrowio.so.", env!("CARGO_PKG_VERSION"));
    fs::copy(&library, root.join("lib").join(real_name))?;
    // The same rule as in build.rs.
    let soname = match env!("CARGO_PKG_VERSION_MAJOR") {
        "0" => concat!("libarrowio.so.0.", env!("CARGO_PKG_VERSION_MINOR")),
        _ => concat!("libarrowio.so.", env!("CARGO_PKG_VERSION_MAJOR")),
    };
    for link in [soname, "libarrowio.so"] {
        let link = root.join("lib").join(link);
        if link.is_symlink() {
            fs::remove_file(&link)?;
        }
        symlink(real_name, link)?;
    }
    Ok(library)
}

fn strip(library: &Path, stripped: &Path) -> Result<()> {
    execute(Command::new("strip").arg("-o").arg(stripped).arg(library))
}

/// The program that times the loading of a library. It needs no library itself.
fn compile_load(program: &Path, host: &str) -> Result<()> {
    let mut compiler = compiler(host).get_compiler().to_command();
    execute(compiler.arg(Path::new(SOURCES).join("load.c")).arg("-ldl").arg("-o").arg(program))
}

fn compile_compare(program: &Path, host: &str, arrow: &Path, arrow_library: &Path, our_folder: &Path) -> Result<()> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(SOURCES)? {
        sources.push(entry?.path());
    }
    sources.retain(|source| source.extension().is_some_and(|extension| extension == "cc"));

    let mut command = compiler(host).cpp(true).std("c++20").get_compiler().to_command();
    command.args(["-pthread", "-isystem"]).arg(arrow.join("include"));
    command.arg("-I").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/include"));
    command.args(sources).arg("-o").arg(program);
    command.arg(arrow_library).arg("-L").arg(our_folder).args(["-larrowio", "-ldl"]);
    for folder in [arrow, our_folder] {
        command.arg(format!("-Wl,-rpath,{}", folder.display()));
    }
    execute(&mut command)
}

fn compiler(host: &str) -> cc::Build {
    let mut build = cc::Build::new();
    build.host(host).target(host).opt_level(2).cargo_metadata(false).extra_warnings(true).warnings(true);
    build
}

fn execute(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| format!("cannot run {name}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{name} failed, {status}").into()) }
}
