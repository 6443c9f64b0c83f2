//! Tests the library as a distribution ships it: builds and installs it with CMake, then uses it from outside in every
//! supported way and looks at the installed files. The programs that use it are in `package/`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::toolchain::{self, Outcome, build_folder, root, soname};

/// Name, tools it needs, what it does.
pub type Trial = (String, &'static [&'static str], fn() -> Outcome);

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The newest glibc a program may need because of the library: since this version libpthread and libdl are a part of libc.
const NEWEST_GLIBC: (u32, u32) = (2, 34);
/// Libraries every Linux system has.
const ALLOWED_NEEDED: [&str; 4] = ["libc.so", "libm.so", "libgcc_s.so", "ld-linux"];
/// Environment that does not reach the commands: the package is built and used with nobody's particular settings.
/// LD_LIBRARY_PATH is here because cargo lets it point to its own builds of the library.
const SETTINGS_OF_THIS_RUN: [&str; 5] =
    ["LD_LIBRARY_PATH", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CFLAGS", "LDFLAGS"];

const CMAKE: &[&str] = &["cmake", "make"];
const NINJA: &[&str] = &["cmake", "make", "ninja"];
const PKG_CONFIG: &[&str] = &["cmake", "make", "pkg-config"];
const READELF: &[&str] = &["cmake", "make", "readelf"];

/// All tests of this module.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("installs every file", CMAKE, || expect_files(&installed()?.moved, "lib")),
        trial("installs with Ninja below DESTDIR", NINJA, ninja_and_destdir),
        trial("find_package", CMAKE, || find_package(&installed()?.prefix)),
        trial("find_package, moved", CMAKE, || find_package(&installed()?.moved)),
        trial("find_package of another version", CMAKE, find_package_refuses_other_version),
        trial("add_subdirectory", CMAKE, || source_package("add_subdirectory", "Unix Makefiles")),
        trial("FetchContent", NINJA, || source_package("FetchContent", "Ninja")),
        trial("pkg-config", PKG_CONFIG, || pkg_config_shared(&installed()?.prefix)),
        trial("pkg-config, moved", PKG_CONFIG, || pkg_config_shared(&installed()?.moved)),
        trial("pkg-config --static", PKG_CONFIG, || pkg_config_static(&installed()?.prefix)),
        trial("pkg-config --static, moved", PKG_CONFIG, || pkg_config_static(&installed()?.moved)),
        trial("beside another Rust library", CMAKE, beside_another_rust_library),
        trial("SONAME and links", READELF, soname_and_links),
        trial("dynamic flags", READELF, dynamic_flags),
        trial("needed libraries", READELF, needed_libraries),
        trial("needed glibc", READELF, needed_glibc),
        trial("symbols", READELF, symbols),
        trial("no build paths", CMAKE, no_build_paths),
    ]
}

fn trial(name: &str, tools: &'static [&'static str], test: fn() -> Outcome) -> Trial {
    (format!("package/{name}"), tools, test)
}

/// The library, installed twice.
struct Installed {
    prefix: PathBuf,
    /// Installed somewhere else first, then renamed to this.
    moved: PathBuf,
}

/// Builds and installs once for all trials. Only cargo's products stay from the run before: they take long.
fn installed() -> Result<&'static Installed, String> {
    static INSTALLED: OnceLock<Result<Installed, String>> = OnceLock::new();
    INSTALLED.get_or_init(install).as_ref().map_err(String::clone)
}

fn install() -> Result<Installed, String> {
    let build = work_dir().join("build");
    ["CMakeCache.txt", "CMakeFiles", "lib"].iter().try_for_each(|old| remove(&build.join(old)))?;
    configure("Unix Makefiles", &root().join("cmake"), &build, &["-DCMAKE_INSTALL_LIBDIR=lib".into()])?;
    run(cmake("--build").arg(&build))?;
    let prefix = fresh_dir("prefix")?;
    run(cmake("--install").arg(&build).arg("--prefix").arg(&prefix))?;
    let before_move = fresh_dir("prefix-before_move")?;
    run(cmake("--install").arg(&build).arg("--prefix").arg(&before_move))?;
    let moved = fresh_dir("prefix moved")?; // to a path with a space in it
    fs::rename(&before_move, &moved).map_err(|error| format!("rename {}: {error}", before_move.display()))?;
    Ok(Installed { prefix, moved })
}

// ---- installing ----

fn ninja_and_destdir() -> Outcome {
    installed()?; // cargo's work is done then
    let build = fresh_dir("build-ninja")?;
    let options =
        ["-DCMAKE_INSTALL_PREFIX=/usr".into(), "-DCMAKE_INSTALL_LIBDIR=lib64/deep".into(), shared_cargo_dir()];
    configure("Ninja", &root().join("cmake"), &build, &options)?;
    run(cmake("--build").arg(&build))?;
    let destdir = fresh_dir("destdir")?;
    run(cmake("--install").arg(&build).env("DESTDIR", &destdir))?;
    expect_files(&destdir.join("usr"), "lib64/deep")
}

/// Compares all files below `prefix` with what belongs there.
fn expect_files(prefix: &Path, lib: &str) -> Outcome {
    let mut expected: BTreeSet<String> = [
        "libarrowio.a",
        "libarrowio.so",
        &soname(),
        &format!("libarrowio.so.{VERSION}"),
        "cmake/arrowio/arrowioConfig.cmake",
        "cmake/arrowio/arrowioConfigVersion.cmake",
        "pkgconfig/arrowio.pc",
    ]
    .iter()
    .map(|file| format!("{lib}/{file}"))
    .collect();
    let headers = files_below(&root().join("include"))?;
    expected.extend(headers.iter().map(|header| format!("include/{header}")));
    let found = files_below(prefix)?;
    check(found == expected, || format!("{} has {found:#?}\nexpected {expected:#?}", prefix.display()))
}

fn files_below(dir: &Path) -> Result<BTreeSet<String>, String> {
    let mut files = BTreeSet::new();
    let mut pending = vec![dir.to_path_buf()];
    while let Some(next) = pending.pop() {
        let entries = fs::read_dir(&next).map_err(|error| format!("{}: {error}", next.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                pending.push(path);
            } else {
                files.insert(path.strip_prefix(dir).expect("is below").display().to_string());
            }
        }
    }
    Ok(files)
}

// ---- using the package from other projects ----

/// The programs of `package/CMakeLists.txt`.
const PROGRAMS: [&str; 4] = ["consumer_shared", "consumer_static", "host_shared", "host_static"];

fn find_package(prefix: &Path) -> Outcome {
    let name = format!("find_package-{}", prefix.file_name().expect("has a name").display());
    let build = fresh_dir(&name)?;
    let options = [format!("-DCMAKE_PREFIX_PATH={}", prefix.display()), format!("-DARROWIO_VERSION={VERSION}")];
    build_and_run_programs("Unix Makefiles", &build, &options)
}

fn find_package_refuses_other_version() -> Outcome {
    let minor: u32 = env!("CARGO_PKG_VERSION_MINOR").parse().expect("cargo gives a number");
    let other = concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".").to_string() + &(minor + 1).to_string();
    let build = fresh_dir("find_package-other_version")?;
    let prefix = format!("-DCMAKE_PREFIX_PATH={}", installed()?.prefix.display());
    let options = [prefix, format!("-DARROWIO_VERSION={other}")];
    match configure("Unix Makefiles", &programs_dir(), &build, &options) {
        Ok(_) => Err(format!("version {VERSION} was taken where {other} is asked for")),
        Err(output) => check(output.contains(&format!("version: {VERSION}")), || output.clone()),
    }
}

/// Uses the source tree as a part of the programs' project.
fn source_package(from: &str, generator: &str) -> Outcome {
    installed()?; // cargo's work is done then
    let build = fresh_dir(from)?;
    let options =
        [format!("-DARROWIO_FROM={from}"), format!("-DARROWIO_SOURCE={}", root().display()), shared_cargo_dir()];
    build_and_run_programs(generator, &build, &options)?;
    let prefix = fresh_dir(&format!("{from}-prefix"))?;
    run(cmake("--install").arg(&build).arg("--prefix").arg(&prefix))?;
    check(!prefix.exists(), || format!("installing the project around it installed arrowio: {}", prefix.display()))
}

fn build_and_run_programs(generator: &str, build: &Path, options: &[String]) -> Outcome {
    configure(generator, &programs_dir(), build, options)?;
    run(cmake("--build").arg(build))?;
    PROGRAMS.iter().try_for_each(|program| run_program(&build.join(program), build))
}

fn pkg_config_shared(prefix: &Path) -> Outcome {
    let pkg_config_dir = prefix.join("lib/pkgconfig");
    let libdir = pkg_config(&pkg_config_dir, &["--variable=libdir"])?.concat();
    let mut flags = pkg_config(&pkg_config_dir, &["--cflags", "--libs"])?;
    flags.push(format!("-Wl,-rpath,{libdir}"));
    compile_and_run("consumer.c", &flags)
}

/// Links everything statically, libc too: the only way in which `-larrowio` means the static library when both are
/// installed.
fn pkg_config_static(prefix: &Path) -> Outcome {
    let mut flags = pkg_config(&prefix.join("lib/pkgconfig"), &["--static", "--cflags", "--libs"])?;
    flags.push("-static".into());
    compile_and_run("consumer.c", &flags)
}

fn pkg_config(pkg_config_dir: &Path, arguments: &[&str]) -> Result<Vec<String>, String> {
    let output = run(Command::new("pkg-config").args(arguments).arg("arrowio").env("PKG_CONFIG_PATH", pkg_config_dir))?;
    Ok(split_shell_words(&output))
}

/// Splits at spaces that no backslash stands before: as pkg-config writes paths with spaces.
fn split_shell_words(line: &str) -> Vec<String> {
    let marked = line.trim().replace("\\ ", "\0");
    marked.split_whitespace().map(|word| word.replace('\0', " ")).collect()
}

fn compile_and_run(source: &str, flags: &[String]) -> Outcome {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let dir = fresh_dir(&format!("compiled-{}", NEXT.fetch_add(1, Ordering::Relaxed)))?;
    fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let program = dir.join("program");
    run(toolchain::compiler(false)?.arg(programs_dir().join(source)).arg("-o").arg(&program).args(flags))?;
    run_program(&program, &dir)
}

/// A program gets a directory it may write to, and prints the library's version when all went well.
fn run_program(program: &Path, dir: &Path) -> Outcome {
    let output = run(Command::new(program).arg(dir))?;
    check(output.trim() == VERSION, || format!("{} printed {output:?}, not {VERSION}", program.display()))
}

/// A program may link two static libraries that each bring Rust's standard library along.
fn beside_another_rust_library() -> Outcome {
    let prefix = &installed()?.prefix;
    let ours = prefix.join("lib/libarrowio.a").display().to_string();
    let other = work_dir().join("libother.a").display().to_string();
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    run(Command::new(rustc).args(["--crate-type", "staticlib", "-o", &other]).arg(programs_dir().join("other.rs")))?;
    for libraries in [[&ours, &other], [&other, &ours]] {
        let include = format!("-I{}", prefix.join("include").display());
        compile_and_run("beside_other.c", &[include, libraries[0].clone(), libraries[1].clone(), "-lm".into()])?;
    }
    Ok(())
}

// ---- the installed files ----

fn soname_and_links() -> Outcome {
    let lib = installed()?.prefix.join("lib");
    let expected = [soname()];
    let found = dynamic_entries("SONAME")?;
    check(found == expected, || format!("SONAME is {found:?}, expected {expected:?}"))?;
    for (link, target) in [("libarrowio.so", &soname()), (&*soname(), &format!("libarrowio.so.{VERSION}"))] {
        let found = fs::read_link(lib.join(link)).map_err(|error| format!("{link}: {error}"))?;
        check(found == Path::new(target), || format!("{link} points to {}, not to {target}", found.display()))?;
    }
    Ok(())
}

fn dynamic_flags() -> Outcome {
    let section = readelf("-dW", "libarrowio.so")?;
    for flag in ["NODELETE", "BIND_NOW"] {
        check(section.contains(flag), || format!("{flag} is missing:\n{section}"))?;
    }
    for flag in ["TEXTREL", "STATIC_TLS", "RPATH", "RUNPATH"] {
        check(!section.contains(flag), || format!("{flag} is there:\n{section}"))?;
    }
    Ok(())
}

fn needed_libraries() -> Outcome {
    let needed = dynamic_entries("NEEDED")?;
    let allowed = |library: &String| ALLOWED_NEEDED.iter().any(|allowed| library.starts_with(allowed));
    check(needed.iter().all(allowed), || format!("needs {needed:?}, may need {ALLOWED_NEEDED:?}"))
}

fn needed_glibc() -> Outcome {
    let versions = readelf("-VW", "libarrowio.so")?;
    let newest = versions.split_whitespace().filter_map(glibc_version).max();
    let newest = newest.ok_or("needs no glibc at all")?;
    check(newest <= NEWEST_GLIBC, || format!("needs glibc {newest:?}, newer than {NEWEST_GLIBC:?}:\n{versions}"))
}

/// (2, 34) from `GLIBC_2.34` or `GLIBC_2.34.1`.
fn glibc_version(word: &str) -> Option<(u32, u32)> {
    let mut numbers = word.strip_prefix("GLIBC_")?.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// Both libraries give the same functions, `arrowio_*` only, and no data.
fn symbols() -> Outcome {
    let shared = global_symbols(&readelf("--dyn-syms", "libarrowio.so")?);
    let archive = global_symbols(&readelf("--syms", "libarrowio.a")?);
    for (file, symbols) in [("libarrowio.so", &shared), ("libarrowio.a", &archive)] {
        let ours = |symbol: &&String| symbol.starts_with("FUNC arrowio_");
        let others: Vec<_> = symbols.iter().filter(|symbol| !ours(symbol)).take(20).collect();
        check(others.is_empty(), || format!("{file} defines {others:?}"))?;
    }
    let difference: Vec<_> = shared.symmetric_difference(&archive).collect();
    check(!shared.is_empty(), || "libarrowio.so defines nothing".into())?;
    check(difference.is_empty(), || format!("only one of libarrowio.so and libarrowio.a defines {difference:?}"))
}

/// "TYPE name" of every symbol that others can link to, from readelf's columns: Num Value Size Type Bind Vis Ndx Name.
fn global_symbols(table: &str) -> BTreeSet<String> {
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.len() >= 8 && matches!(row[4], "GLOBAL" | "WEAK" | "UNIQUE") && row[6] != "UND")
        .map(|row| format!("{} {}", row[3], row[7]))
        .collect()
}

/// Paths of the machine that built a library tell about it and make two builds differ.
fn no_build_paths() -> Outcome {
    let variable = |name| std::env::var(name).ok();
    let cargo_home = variable("CARGO_HOME").or_else(|| Some(variable("HOME")? + "/.cargo"));
    let directories = [Some(root().display().to_string()), cargo_home];
    for file in ["libarrowio.so", "libarrowio.a"] {
        let path = installed()?.prefix.join("lib").join(file);
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        for directory in directories.iter().flatten() {
            let found = bytes.windows(directory.len()).any(|window| window == directory.as_bytes());
            check(!found, || format!("{file} contains the path {directory}"))?;
        }
    }
    Ok(())
}

/// The names in brackets of all dynamic entries of this kind, as in `(NEEDED) Shared library: [libc.so.6]`.
fn dynamic_entries(kind: &str) -> Result<Vec<String>, String> {
    let section = readelf("-dW", "libarrowio.so")?;
    let lines = section.lines().filter(|line| line.contains(&format!("({kind})")));
    Ok(lines.filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_string())).collect())
}

fn readelf(what: &str, file: &str) -> Result<String, String> {
    run(Command::new("readelf").env("LC_ALL", "C").args(["-W", what]).arg(installed()?.prefix.join("lib").join(file)))
}

// ---- helpers ----

fn work_dir() -> PathBuf {
    build_folder().join("package")
}

fn programs_dir() -> PathBuf {
    root().join("c_tests/package")
}

/// A directory that does not exist; who needs it makes it.
fn fresh_dir(name: &str) -> Result<PathBuf, String> {
    let dir = work_dir().join(name);
    remove(&dir)?;
    Ok(dir)
}

fn remove(path: &Path) -> Outcome {
    let result = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match result {
        Err(error) if path.exists() => Err(format!("{}: {error}", path.display())),
        _ => Ok(()),
    }
}

fn cmake(mode: &str) -> Command {
    let mut command = Command::new("cmake");
    command.arg(mode);
    command
}

fn configure(generator: &str, source: &Path, build: &Path, options: &[String]) -> Result<String, String> {
    let mut command = cmake("-G");
    command.arg(generator).arg("-S").arg(source).arg("-B").arg(build).arg("-DCMAKE_BUILD_TYPE=Release").args(options);
    run(&mut command)
}

/// Lets another build directory use what cargo has built for the installed library.
fn shared_cargo_dir() -> String {
    format!("-DARROWIO_CARGO_TARGET_DIR={}", work_dir().join("build/cargo").display())
}

/// Runs a command and gives its standard output.
fn run(command: &mut Command) -> Result<String, String> {
    SETTINGS_OF_THIS_RUN.iter().for_each(|variable| _ = command.env_remove(variable));
    toolchain::run(command).map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn check(condition: bool, message: impl FnOnce() -> String) -> Outcome {
    if condition { Ok(()) } else { Err(message()) }
}
