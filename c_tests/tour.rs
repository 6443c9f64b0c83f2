//! What a newcomer tries first: the tour, and the program that README shows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::toolchain::{self, Outcome, root};

/// Name, tools it needs, what it does.
pub type Trial = (&'static str, &'static [&'static str], fn() -> Outcome);

/// Lines and bytes of the default data, as `gzip -dc examples/data/UnicodeData.txt.gz | wc -lc` counts them.
const LINES: usize = 34924;
const BYTES: usize = 1_913_704;

pub fn trials() -> Vec<Trial> {
    vec![
        ("tour/command", &[], command),
        ("tour/default data", &["gzip", "zstd"], default_data),
        ("tour/plain file", &["gzip", "zstd"], plain_file),
        ("tour/zstd file", &["gzip", "zstd"], zstd_file),
        ("tour/last line without newline", &[], last_line_without_newline),
        ("tour/empty file", &[], empty_file),
        ("tour/missing path", &[], missing_path),
        ("tour/damaged file", &[], damaged_file),
        ("tour/full disk", &[], full_disk),
        ("tour/leaks nothing", &["valgrind"], leaks_nothing),
        ("tour/README program", &[], readme_program),
        ("tour/copy", &[], copy),
    ]
}

fn default_path() -> PathBuf {
    root().join("examples/data/UnicodeData.txt.gz")
}

/// The tour's C program.
fn program() -> Result<&'static Path, String> {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = PROGRAM.get_or_init(|| compile("tour", "gnu11", &root().join("examples/tour/tour.c")));
    built.as_deref().map_err(Clone::clone)
}

fn compile(name: &str, standard: &str, source: &Path) -> Result<PathBuf, String> {
    let program = toolchain::scratch("tour-programs")?.join(name);
    let mut command = toolchain::compiler(false)?;
    command.arg(format!("-std={standard}")).args(["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]);
    command.arg("-I").arg(root().join("include")).arg("-o").arg(&program).arg(source);
    toolchain::link_shared(&mut command, toolchain::library()?);
    toolchain::run(&mut command)?;
    Ok(program)
}

/// What a run of the tour's program said and wrote.
struct Tour {
    output: Output,
    compressed: PathBuf,
    plain: PathBuf,
}

/// Runs the tour's program on `path`; `name` is that of the folder it writes to.
fn tour(name: &str, path: &Path) -> Result<Tour, String> {
    let folder = toolchain::scratch(&format!("tour-{name}"))?;
    let (compressed, plain) = (folder.join("copy.zst"), folder.join("copy.txt"));
    let output = execute(Command::new(program()?).arg(path).args([&compressed, &plain]))?;
    Ok(Tour { output, compressed, plain })
}

fn execute(command: &mut Command) -> Result<Output, String> {
    command.env_remove("ARROWIO_DEFAULT_MEMORY_POOL");
    command.output().map_err(|error| format!("{command:?}: {error}"))
}

/// The tour as README has it, but for `--release`: that changes neither the library, always built for release, nor the
/// C program.
fn command() -> Outcome {
    let cargo = |arguments: &[&str]| {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        execute(cargo.current_dir(root()).args(["run", "--quiet", "--locked", "--example", "tour"]).args(arguments))
    };
    succeeded(&cargo(&[])?, LINES, BYTES)?;
    failed(&cargo(&["--", "/no/such/file.gz"])?, &["'/no/such/file.gz'", "No such file or directory"])
}

fn default_data() -> Outcome {
    run_and_compare("default", &default_path())
}

fn plain_file() -> Outcome {
    let path = toolchain::scratch("tour-plain")?.join("data.txt");
    write(&path, &unpacked("gzip", &default_path())?)?;
    run_and_compare("plain", &path)
}

fn zstd_file() -> Outcome {
    let folder = toolchain::scratch("tour-zstd")?;
    let (plain, path) = (folder.join("data.txt"), folder.join("data.txt.zst"));
    write(&plain, &unpacked("gzip", &default_path())?)?;
    toolchain::run(Command::new("zstd").args(["-q", "-f", "-o"]).args([&path, &plain]))?;
    run_and_compare("zstd", &path)
}

/// Runs the tour on the default data in one shape or another. Other programs say whether its copies are right.
fn run_and_compare(name: &str, path: &Path) -> Outcome {
    let tour = tour(name, path)?;
    succeeded(&tour.output, LINES, BYTES)?;
    let expected = unpacked("gzip", &default_path())?;
    check(read(&tour.plain)? == expected, || format!("{} is not the data", tour.plain.display()))?;
    let is_same = unpacked("zstd", &tour.compressed)? == expected;
    check(is_same, || format!("{} is not the data", tour.compressed.display()))
}

fn last_line_without_newline() -> Outcome {
    let path = toolchain::scratch("tour-no_newline")?.join("data.txt");
    write(&path, b"one\ntwo\nthree")?;
    let tour = tour("no_newline", &path)?;
    succeeded(&tour.output, 3, 13)?;
    check(read(&tour.plain)? == b"one\ntwo\nthree", || "the copy is not the data".into())
}

fn empty_file() -> Outcome {
    let path = toolchain::scratch("tour-empty")?.join("data.txt");
    write(&path, b"")?;
    succeeded(&tour("empty", &path)?.output, 0, 0)
}

fn missing_path() -> Outcome {
    let tour = tour("missing", Path::new("/no/such/file.gz"))?;
    failed(&tour.output, &["'/no/such/file.gz'", "No such file or directory"])
}

fn damaged_file() -> Outcome {
    let damaged = damaged_files()?;
    failed(&tour("damaged", &damaged[0])?.output, &["cut.gz'", "truncated", "100000"])?;
    failed(&tour("damaged", &damaged[1])?.output, &["changed.gz'", "damaged"])?;
    failed(&tour("damaged", &damaged[2])?.output, &["text.zst'", "zstd"])
}

/// A gzip file that ends too early, one with a wrong byte, and a text that claims to be zstd.
fn damaged_files() -> Result<[PathBuf; 3], String> {
    let folder = toolchain::scratch("tour-damaged_files")?;
    let files = ["cut.gz", "changed.gz", "text.zst"].map(|name| folder.join(name));
    let good = read(&default_path())?;
    write(&files[0], &good[..100_000])?;
    let mut changed = good;
    changed[150_000] ^= 0xff;
    write(&files[1], &changed)?;
    write(&files[2], b"code;name\n")?;
    Ok(files)
}

fn full_disk() -> Outcome {
    let plain = toolchain::scratch("tour-full")?.join("copy.txt");
    let output = execute(Command::new(program()?).arg(default_path()).arg("/dev/full").arg(plain))?;
    failed(&output, &["'/dev/full'", "No space left on device"])
}

/// Neither when it succeeds nor when it fails.
fn leaks_nothing() -> Outcome {
    let folder = toolchain::scratch("tour-valgrind")?;
    let [cut, changed, text] = damaged_files()?;
    for path in [default_path(), cut, changed, text, folder.join("missing.gz"), folder.clone()] {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--quiet", "--error-exitcode=99", "--leak-check=full"]);
        valgrind.args(["--show-leak-kinds=all", "--errors-for-leak-kinds=all"]).arg(program()?).arg(&path);
        // Valgrind watches malloc.
        valgrind.args([folder.join("copy.zst"), folder.join("copy.txt")]).env("ARROWIO_DEFAULT_MEMORY_POOL", "system");
        let output = valgrind.output().map_err(|error| format!("{valgrind:?}: {error}"))?;
        let expected = i32::from(path != default_path());
        check(output.status.code() == Some(expected), || format!("{}: {}", path.display(), shown(&output)))?;
    }
    Ok(())
}

/// The C program in README compiles without a warning and does what is said there.
fn readme_program() -> Outcome {
    let readme = fs::read_to_string(root().join("README.md")).map_err(|error| format!("README.md: {error}"))?;
    let block = readme.split("```c\n").nth(1).and_then(|rest| rest.split("```").next());
    let block = block.ok_or("README.md has no C program")?;
    let source = toolchain::scratch("tour-programs")?.join("readme.c");
    write(&source, block.as_bytes())?;
    let program = compile("readme", "c99", &source)?;
    let output = execute(Command::new(&program).arg(default_path()))?;
    let last_line = "10FFFD;<Plane 16 Private Use, Last>;Co;0;L;;;;;N;;;;;\n";
    let expected = format!("{BYTES} bytes, which end with\n{last_line}");
    check(output.status.success() && output.stdout == expected.as_bytes(), || shown(&output))?;
    let output = execute(Command::new(&program).arg("/no/such/file.gz"))?;
    check(output.status.code() == Some(1), || shown(&output))?;
    check(String::from_utf8_lossy(&output.stderr).contains("No such file or directory"), || shown(&output))
}

/// The example that copies, between files of this machine; `hdfs/main.rs` does with a cluster.
fn copy() -> Outcome {
    let program = compile("copy", "gnu11", &root().join("examples/copy/copy.c"))?;
    let folder = toolchain::scratch("tour-copy")?;
    let _ = fs::remove_dir_all(&folder);
    let folder = toolchain::scratch("tour-copy")?.canonicalize().map_err(|error| error.to_string())?;
    let run = |from: &str, to: &str| execute(Command::new(&program).current_dir(&folder).args([from, to]));
    let data: Vec<u8> = (0..20_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    write(&folder.join("a file"), &data)?;
    let uri = format!("file://{}", folder.display());

    let output = run(&format!("{uri}/a%20file"), "new/folder/copy")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let most = said.strip_prefix("20000000 bytes, with ").and_then(|rest| rest.split(' ').next()?.parse().ok());
    check(output.status.success() && most.is_some_and(|most: u64| most < 8 << 20), || shown(&output))?;
    check(read(&folder.join("new/folder/copy"))? == data, || "the copy is not the data".into())?;

    write(&folder.join("short"), b"short")?;
    let output = run("short", &format!("{uri}/new/folder/copy"))?;
    check(output.status.success(), || shown(&output))?;
    check(read(&folder.join("new/folder/copy"))? == b"short", || "the copy is not the data".into())?;

    let refused = |output: Output, part: &str| {
        let message = String::from_utf8_lossy(&output.stderr);
        check(output.status.code() == Some(1) && message.contains(part), || shown(&output))
    };
    refused(run("missing", "new/other")?, "No such file or directory")?;
    refused(run("short", "new")?, "Is a directory")?;
    refused(run("short", "a file/beneath")?, "Not a directory")?;
    refused(run("file://elsewhere/a", "new/other")?, "another machine")?;
    let left: Vec<_> = fs::read_dir(folder.join("new")).map_err(|error| error.to_string())?.flatten().collect();
    check(left.len() == 1 && !folder.join("new.copying").exists(), || format!("left: {left:?}"))?;
    check(execute(&mut Command::new(&program))?.status.code() == Some(2), || "no usage".into())
}

/// The tour went well, counted `lines` in the stream and in the map, and gave all memory back.
fn succeeded(output: &Output, lines: usize, bytes: usize) -> Outcome {
    let said = String::from_utf8_lossy(&output.stdout);
    let read = format!("read    {lines} lines: {bytes} bytes");
    let mapped = format!("mapped  {lines} lines");
    let right = output.status.success() && [&*read, &*mapped, "memory  0 bytes"].iter().all(|part| said.contains(part));
    check(right, || shown(output))
}

/// The tour failed with status 1 and with a message that has all `parts`, and gave all memory back.
fn failed(output: &Output, parts: &[&str]) -> Outcome {
    let message = String::from_utf8_lossy(&output.stderr);
    check(output.status.code() == Some(1), || shown(output))?;
    check(parts.iter().all(|part| message.contains(part)), || format!("not all of {parts:?} in: {}", shown(output)))?;
    check(String::from_utf8_lossy(&output.stdout).contains("memory  0 bytes"), || shown(output))
}

fn shown(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}

fn unpacked(tool: &str, path: &Path) -> Result<Vec<u8>, String> {
    Ok(toolchain::run(Command::new(tool).arg("-dc").arg(path))?.stdout)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Outcome {
    fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}

fn check(right: bool, message: impl FnOnce() -> String) -> Outcome {
    if right { Ok(()) } else { Err(message()) }
}
