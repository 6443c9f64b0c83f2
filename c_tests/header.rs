//! The C header: current, documented, and equal to what the library exports.

use crate::toolchain::{self, Outcome, root};
use std::collections::BTreeSet;
use std::fs;

/// The files of the C layer, in the order in which the header shows them.
const SOURCES: &str = "
    version
    host
    error
    pool
    host_pool
    buffer
    shared_buffer
    os_file
    memory_map
    standard_stream
    memory_file
    callback_file
    segment
    transform
    checksum
    wrapper
    codec
    compressed
    seekable
    buffered
    stream
    file
    file_reading
    file_writing
    system_file
    filesystem
    file_info
    copy
    statistics
    fault_guard
    cancellation
    executor
    operation
    read_many
    range_cache
    read_ahead
";

/// The header as the sources give it.
fn generate() -> Result<String, String> {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).map_err(|error| error.clone())?;
    let builder = cbindgen::Builder::new().with_config(config);
    let add = |builder: cbindgen::Builder, name: &str| builder.with_src(root().join(format!("src/ffi/{name}.rs")));
    let bindings = SOURCES.split_whitespace().fold(builder, add).generate().map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    String::from_utf8(text).map_err(|error| error.to_string())
}

/// `include/arrowio.h` is what the sources give. With ARROWIO_BLESS=1 it is made so.
pub fn is_current() -> Outcome {
    let path = root().join("include/arrowio.h");
    let generated = generate()?;
    if std::env::var_os("ARROWIO_BLESS").is_some() {
        fs::write(&path, &generated).map_err(|error| error.to_string())?;
    }
    let committed = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    if committed == generated {
        return Ok(());
    }
    let differing = committed.lines().zip(generated.lines()).position(|(old, new)| old != new);
    Err(format!(
        "include/arrowio.h is not what src/ffi gives (first difference in line {}); make it so with\n\
         ARROWIO_BLESS=1 cargo test --test c_tests header",
        differing.map_or(committed.lines().count().min(generated.lines().count()), |line| line) + 1
    ))
}

/// A function of the header with the comment before it.
struct Declaration {
    name: String,
    text: String,
    documentation: String,
}

fn declarations() -> Result<Vec<Declaration>, String> {
    // Not from the file, which another test may be writing; that both are the same is that test's business.
    let header = generate()?;
    let mut found = Vec::new();
    let mut rest = header.as_str();
    while let Some(start) = rest.find("/**") {
        let end = start + rest[start..].find("*/").ok_or("an open comment")? + 2;
        let documentation = &rest[start..end];
        rest = &rest[end..];
        let next = rest.find("/**").unwrap_or(rest.len());
        for statement in rest[..next].split(';') {
            let Some(open) = statement.find('(') else { continue };
            if statement.contains("typedef") || statement.contains("#if") || statement.contains('{') {
                continue;
            }
            let Some(name) = statement[..open].split(|c: char| !c.is_alphanumeric() && c != '_').next_back() else {
                continue;
            };
            if name.starts_with("arrowio_") {
                found.push(Declaration {
                    name: name.to_owned(),
                    text: statement.trim().to_owned(),
                    documentation: documentation.to_owned(),
                });
            }
        }
    }
    if found.len() < 50 { Err(format!("only {} functions found in the header", found.len())) } else { Ok(found) }
}

/// The functions of the header.
pub fn functions() -> Result<BTreeSet<String>, String> {
    Ok(declarations()?.into_iter().map(|declaration| declaration.name).collect())
}

/// The parameters of a function, by name.
fn parameters(declaration: &str) -> Vec<String> {
    let (Some(open), Some(close)) = (declaration.find('('), declaration.rfind(')')) else { return Vec::new() };
    let list = &declaration[open + 1..close];
    let name = |one: &str| {
        one.split(|c: char| !c.is_alphanumeric() && c != '_').rfind(|word| !word.is_empty()).map(str::to_owned)
    };
    list.split(',').filter_map(name).filter(|name| name != "void").collect()
}

/// Every function says what each parameter is, every status it returns, who owns what, which threads, since when.
pub fn documentation_is_complete() -> Outcome {
    let mut missing = Vec::new();
    for Declaration { name, text, documentation } in declarations()? {
        for parameter in parameters(&text) {
            if !documentation.contains(&format!("\\param {parameter} ")) {
                missing.push(format!("{name}: no \\param {parameter}"));
            }
        }
        for part in ["\\return ", "Ownership: ", "Threads: ", "Since "] {
            if !documentation.contains(part) {
                missing.push(format!("{name}: no \"{part}\""));
            }
        }
        if text.starts_with("arrowio_status ") && name != "arrowio_error_status" {
            for status in ["ARROWIO_OK", "ARROWIO_INVALID", "ARROWIO_INTERNAL"] {
                if !documentation.contains(status) && name != "arrowio_set_warning_handler" {
                    missing.push(format!("{name}: {status} is not among its return codes"));
                }
            }
        }
        let first = documentation.trim_start_matches("/**").trim_start_matches(['\n', ' ', '*']);
        if !first.starts_with(|c: char| c.is_uppercase()) {
            missing.push(format!("{name}: does not begin with a sentence"));
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(missing.join("\n")) }
}

/// Header, committed list and the library's exports name the same functions.
pub fn exports_agree() -> Outcome {
    let header = functions()?;
    let path = root().join("cmake/arrowio.symbols");
    if std::env::var_os("ARROWIO_BLESS").is_some() {
        let list: String = header.iter().map(|name| format!("{name}\n")).collect();
        fs::write(&path, list).map_err(|error| error.to_string())?;
    }
    let list = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let committed: BTreeSet<String> = list.lines().map(str::to_owned).collect();
    let library = toolchain::library()?;
    let exported = toolchain::exported_symbols(&library.shared)?;
    compare("the header", &header, "cmake/arrowio.symbols", &committed)?;
    compare("the header", &header, "libarrowio.so", &exported)
}

fn compare(left: &str, left_names: &BTreeSet<String>, right: &str, right_names: &BTreeSet<String>) -> Outcome {
    let only_left: Vec<_> = left_names.difference(right_names).collect();
    let only_right: Vec<_> = right_names.difference(left_names).collect();
    if only_left.is_empty() && only_right.is_empty() {
        return Ok(());
    }
    Err(format!("only in {left}: {only_left:?}; only in {right}: {only_right:?}"))
}

/// In the sources of the C layer every exported function runs inside a guard.
pub fn every_export_is_guarded() -> Outcome {
    let mut found = BTreeSet::new();
    let mut unguarded = Vec::new();
    for entry in fs::read_dir(root().join("src/ffi")).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let source = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        for function in source.split("#[unsafe(no_mangle)]").skip(1) {
            let end = function.find("\n}\n").ok_or_else(|| format!("{}: a function without end", path.display()))?;
            let body = &function[..end];
            let name =
                body.split("extern \"C\" fn ").nth(1).and_then(|rest| rest.split('(').next()).unwrap_or_default();
            // `statistic` is the guard of the getters of a pool's figures.
            let guarded = ["guard::call(out_error, ", "guard::value(", "guard::run(", "unsafe { statistic("]
                .iter()
                .any(|guard| body.contains(guard));
            if !guarded {
                unguarded.push(format!("{}: {name}", path.display()));
            }
            found.insert(name.to_owned());
        }
    }
    compare("the header", &functions()?, "src/ffi", &found)?;
    if unguarded.is_empty() { Ok(()) } else { Err(format!("without a guard: {}", unguarded.join(", "))) }
}

/// The header compiles by itself and twice, in every C and C++ standard, by every compiler there is, without a warning.
pub fn compiles_everywhere(compiler: &str) -> Outcome {
    let c = ["c99", "c11", "c17"];
    let cpp = ["c++11", "c++14", "c++17", "c++20"];
    let standards = c.iter().map(|standard| ("c", standard)).chain(cpp.iter().map(|standard| ("c++", standard)));
    let source = toolchain::scratch("header")?.join(format!("twice-{compiler}.c"));
    fs::write(&source, "#include <arrowio.h>\n#include <arrowio.h>\nint main(void) { return 0; }\n")
        .map_err(|error| error.to_string())?;
    for (language, standard) in standards {
        let warnings: &[&str] = if language == "c" { &["-Wstrict-prototypes"] } else { &["-Wold-style-cast"] };
        let mut command = std::process::Command::new(compiler);
        command.args(["-x", language, &format!("-std={standard}"), "-Wall", "-Wextra", "-Wpedantic", "-Werror"]);
        command.args(warnings).arg("-fsyntax-only").arg("-I").arg(root().join("include")).arg(&source);
        toolchain::run(&mut command)?;
    }
    Ok(())
}
