//! What the tests, the tour and the benchmark need to build: the library as it is shipped, C programs against it, other tools.

#![allow(dead_code, reason = "shared by several targets, each of which uses a part")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};
use std::{env, fs};

/// Arrow C++, of which the tests and the benchmark use the same.
pub const PYARROW: &str = "pyarrow==26.0.1";

/// What a test comes to.
pub type Outcome = Result<(), String>;

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where everything that is built goes; a folder of its own, for cargo is called with other crate types here.
pub fn build_folder() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from).join("shipped")
}

/// A folder for a test's files.
pub fn scratch(name: &str) -> Result<PathBuf, String> {
    let folder = build_folder().join("scratch").join(name);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// The library as people get it: link-time optimised, for there is no rlib beside it.
pub struct Library {
    /// Holds the shared library under its names.
    pub folder: PathBuf,
    /// The shared library.
    pub shared: PathBuf,
    /// The static library as rustc makes it.
    pub archive: PathBuf,
}

/// Builds the library, once.
pub fn library() -> Result<&'static Library, String> {
    static LIBRARY: OnceLock<Result<Library, String>> = OnceLock::new();
    LIBRARY.get_or_init(build_library).as_ref().map_err(Clone::clone)
}

fn build_library() -> Result<Library, String> {
    build_with(&["--release"], "release", "lib")
}

/// Builds the library without HDFS; quickly, for it is only to be tried.
pub fn library_without_hdfs() -> Result<Library, String> {
    build_with(&["--no-default-features"], "debug", "lib-without_hdfs")
}

fn build_with(options: &[&str], profile: &str, name: &str) -> Result<Library, String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).env("CARGO_TARGET_DIR", build_folder());
    cargo.args(["rustc", "--quiet", "--locked", "--lib", "--features", "c-library"]).args(options);
    run(cargo.args(["--crate-type", "cdylib,staticlib"]))?;
    let built = build_folder().join(profile);
    let folder = build_folder().join(name);
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let shared = folder.join("libarrowio.so");
    // By renaming: a program that runs with the former library keeps that.
    let fresh = folder.join(format!("libarrowio.so.{}", std::process::id()));
    fs::copy(built.join("libarrowio.so"), &fresh).map_err(|error| format!("libarrowio.so: {error}"))?;
    fs::rename(&fresh, &shared).map_err(|error| format!("libarrowio.so: {error}"))?;
    let link = folder.join(soname());
    if fs::symlink_metadata(&link).is_err() {
        std::os::unix::fs::symlink("libarrowio.so", &link).map_err(|error| error.to_string())?;
    }
    Ok(Library { shared, archive: built.join("libarrowio.a"), folder })
}

/// The name that the shared library is found by at run time.
pub fn soname() -> String {
    let (major, minor) = (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"));
    if major == "0" { format!("libarrowio.so.0.{minor}") } else { format!("libarrowio.so.{major}") }
}

/// The C or C++ compiler that the cc crate chooses for this machine.
pub fn compiler(cpp: bool) -> Result<Command, String> {
    let target = format!("{}-unknown-linux-gnu", env::consts::ARCH);
    let mut build = cc::Build::new();
    build.cpp(cpp).target(&target).host(&target).opt_level(2).debug(true).cargo_metadata(false).warnings(true);
    let tool = build.try_get_compiler().map_err(|error| format!("no C compiler: {error}"))?;
    Ok(tool.to_command())
}

/// Links against the shared library and finds it at run time.
pub fn link_shared(command: &mut Command, library: &Library) {
    command.arg("-L").arg(&library.folder).arg("-larrowio").arg(format!("-Wl,-rpath,{}", library.folder.display()));
}

/// Links against the static library.
pub fn link_static(command: &mut Command, library: &Library) {
    command.arg(&library.archive).args(["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"]);
}

/// The functions that a shared library exports.
pub fn exported_symbols(library: &Path) -> Result<BTreeSet<String>, String> {
    let output = run(Command::new("nm").args(["-D", "--defined-only"]).arg(library))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().filter_map(|line| line.split_whitespace().next_back()).map(str::to_owned).collect())
}

/// A Python that has these packages, in a virtual environment below the target directory.
pub fn python(packages: &[&str]) -> Result<PathBuf, String> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _alone = INSTALLING.lock();
    let venv = build_folder().join("python");
    let python = venv.join("bin/python");
    if !venv.join("bin/pip").exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    }
    // Without --only-binary, a machine that no wheel fits would begin to build them.
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]);
    run(install.args(packages))?;
    Ok(python)
}

/// Runs a command; what it said is in the error.
pub fn run(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Err(format!("{command:?}: {}\n{}{}", output.status, text(&output.stdout), text(&output.stderr)))
}

/// Whether a program, or a shared library (`NAME.so.N`), is there.
pub fn has(name: &str) -> bool {
    let is_in = |folder: PathBuf| folder.join(name).is_file();
    if !name.contains(".so.") {
        return env::split_paths(&env::var_os("PATH").unwrap_or_default()).any(is_in);
    }
    let folders = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"].map(PathBuf::from);
    let of_debian = PathBuf::from(format!("/usr/lib/{}-linux-gnu", env::consts::ARCH));
    folders.into_iter().chain([of_debian]).any(is_in)
}
