//! The programs of this folder: those in C and C++ each against the shared and the static library, under valgrind and
//! sanitized, those in Python with the shared library.

#![allow(dead_code, reason = "shared by two targets, of which one uses a part")]

use crate::toolchain::{self, Outcome, root};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// How a program is built and run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Against the shared library.
    Shared,
    /// Against the static library.
    Static,
    /// Against the shared library, run by valgrind, which must find no error and no leak.
    Valgrind,
    /// With AddressSanitizer (and its leak check) and UndefinedBehaviorSanitizer in the program.
    Sanitized,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Shared, Self::Static, Self::Valgrind, Self::Sanitized];

    /// Its name in a test's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Static => "static",
            Self::Valgrind => "valgrind",
            Self::Sanitized => "sanitized",
        }
    }

    /// What it needs beyond a C compiler.
    pub fn tools(self) -> &'static [&'static str] {
        if self == Self::Valgrind { &["valgrind"] } else { &[] }
    }
}

/// The programs: every .c and .cc file right in this folder.
pub fn sources() -> Vec<PathBuf> {
    files_named(&["c", "cc"])
}

/// The programs in Python: every .py file right in this folder.
pub fn scripts() -> Vec<PathBuf> {
    files_named(&["py"])
}

fn files_named(suffixes: &[&str]) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("c_tests")).into_iter().flatten().flatten();
    let is_named = |path: &PathBuf| path.extension().is_some_and(|suffix| suffixes.iter().any(|one| suffix == *one));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_named).collect();
    files.sort();
    files
}

/// Runs a program in Python with the shared library.
pub fn run_script(source: &Path) -> Outcome {
    let mut command = Command::new("python3");
    prepare_python(&mut command, source)?;
    check_said(source, &toolchain::run(&mut command)?)
}

/// A command of Python's is to run a program that uses the shared library.
pub fn prepare_python(command: &mut Command, source: &Path) -> Outcome {
    command.arg("-B").arg(source).env("ARROWIO_LIBRARY", &toolchain::library()?.shared);
    command.env("PYTHONPATH", root().join("c_tests/python")).env("PYTHONUTF8", "1");
    Ok(())
}

/// A program that did not come to its end has passed nothing.
pub fn check_said(source: &Path, output: &Output) -> Outcome {
    let said = String::from_utf8_lossy(&output.stdout);
    match said.contains(" passed, 0 failed") {
        true => Ok(()),
        false => Err(format!("{} did not say what it checked: {said}", source.display())),
    }
}

/// Builds a program and runs it.
pub fn run(source: &Path, way: Way) -> Outcome {
    run_with(source, way, way.name(), |_, _| {})
}

/// As `run`, in a folder named after `run_name`; `prepare` changes the command, whose files are in the folder it is given.
pub fn run_with(source: &Path, way: Way, run_name: &str, prepare: impl FnOnce(&mut Command, &Path)) -> Outcome {
    let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = toolchain::scratch(&format!("{name}-{run_name}"))?;
    let program = folder.join("program");
    build(source, way, toolchain::library()?, &program)?;

    let files = folder.join("files");
    let _ = fs::remove_dir_all(&files);
    fs::create_dir_all(&files).map_err(|error| error.to_string())?;
    // As the system calls it.
    let files = files.canonicalize().map_err(|error| error.to_string())?;
    let mut command = match way {
        Way::Valgrind => {
            let mut command = Command::new("valgrind");
            command.args([
                "--quiet",
                "--error-exitcode=99",
                "--leak-check=full",
                "--show-leak-kinds=definite,indirect,possible",
            ]);
            command.args(["--errors-for-leak-kinds=definite,indirect,possible"]).arg(&program);
            command
        }
        _ => Command::new(&program),
    };
    if matches!(way, Way::Valgrind | Way::Sanitized) {
        // Both watch malloc; blocks of another allocator they do not see.
        command.env("ARROWIO_DEFAULT_MEMORY_POOL", "system").env("ARROWIO_TEST_SLOW", "1");
    } else {
        command.env_remove("ARROWIO_DEFAULT_MEMORY_POOL");
    }
    prepare(&mut command, &files);
    check_said(source, &toolchain::run(command.arg(&files))?)
}

/// Runs the tests of file systems with a library without HDFS, which has the same functions.
pub fn run_without_hdfs() -> Outcome {
    let library = toolchain::library_without_hdfs()?;
    let exported = toolchain::exported_symbols(&library.shared)?;
    if exported != toolchain::exported_symbols(&toolchain::library()?.shared)? {
        return Err("without HDFS the library exports other functions".into());
    }
    let source = root().join("c_tests/filesystem.c");
    let folder = toolchain::scratch("filesystem.c-without_hdfs")?;
    let (program, files) = (folder.join("program"), folder.join("files"));
    build(&source, Way::Shared, &library, &program)?;
    let _ = fs::remove_dir_all(&files);
    fs::create_dir_all(&files).map_err(|error| error.to_string())?;
    let mut command = Command::new(&program);
    check_said(&source, &toolchain::run(command.arg(&files).env("ARROWIO_TEST_WITHOUT_HDFS", "1"))?)
}

fn build(source: &Path, way: Way, library: &toolchain::Library, program: &Path) -> Outcome {
    let cpp = source.extension().is_some_and(|extension| extension == "cc");
    let mut command = toolchain::compiler(cpp)?;
    command.arg(if cpp { "-std=c++17" } else { "-std=gnu11" });
    command.args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pthread", "-I"]).arg(root().join("include"));
    if way == Way::Sanitized {
        command.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
    }
    command.arg("-o").arg(program).arg(source);
    match way {
        Way::Static => toolchain::link_static(&mut command, library),
        _ => toolchain::link_shared(&mut command, library),
    }
    command.args(["-ldl", "-rdynamic"]);
    toolchain::run(&mut command)?;
    if way == Way::Sanitized { is_sanitized(program) } else { Ok(()) }
}

/// A sanitizer that is not there finds nothing.
fn is_sanitized(program: &Path) -> Outcome {
    let output = toolchain::run(Command::new("nm").arg(program))?;
    let symbols = String::from_utf8_lossy(&output.stdout);
    match symbols.contains("__asan_init") && symbols.contains("__ubsan") {
        true => Ok(()),
        false => Err(format!("{} is not sanitized", program.display())),
    }
}
