//! Every function with nothing but NULL and 0, and with numbers at their limits: none crashes, and each gives what its
//! documentation says. The program that does so is made of the header.

use crate::toolchain::{self, Outcome, root};
use std::fs;
use std::process::Command;

/// Generates the program, builds and runs it.
pub fn run() -> Outcome {
    let header = fs::read_to_string(root().join("include/arrowio.h")).map_err(|error| error.to_string())?;
    let folder = toolchain::scratch("null_matrix")?;
    let (source, program) = (folder.join("null_matrix.c"), folder.join("null_matrix"));
    fs::write(&source, generate(&header)?).map_err(|error| error.to_string())?;
    let mut compiler = toolchain::compiler(false)?;
    compiler.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-I"]).arg(root().join("include"));
    compiler.arg("-o").arg(&program).arg(&source);
    toolchain::link_shared(&mut compiler, toolchain::library()?);
    toolchain::run(&mut compiler)?;
    toolchain::run(&mut Command::new(&program)).map(drop)
}

/// The program for a header.
pub fn generate(header: &str) -> Result<String, String> {
    let functions = functions(header);
    if functions.len() < 70 {
        return Err(format!("only {} functions found in the header", functions.len()));
    }
    let mut program = String::from(PROLOGUE);
    for function in &functions {
        program += &function.call_with_nothing()?;
        for at in function.numbers() {
            for value in ["-1", "least", "most"] {
                program += &function.call_at_limit(at, value);
            }
        }
    }
    program += EPILOGUE;
    Ok(program)
}

/// A prototype and the comment before it.
struct Function<'a> {
    result: &'a str,
    name: &'a str,
    parameters: Vec<Parameter<'a>>,
    documentation: &'a str,
}

struct Parameter<'a> {
    kind: &'a str,
    name: &'a str,
}

/// The prototypes of a header, each behind its comment.
fn functions(header: &str) -> Vec<Function<'_>> {
    header.split("/**").filter_map(|piece| piece.split_once("*/")).filter_map(Function::parse).collect()
}

/// The name at the end of a declaration and what stands before it.
fn split_name(declaration: &str) -> (&str, &str) {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (before, name) = declaration.split_at(declaration.trim_end_matches(is_part).len());
    (before.trim(), name)
}

impl<'a> Function<'a> {
    fn parse((documentation, code): (&'a str, &'a str)) -> Option<Self> {
        let (prototype, _) = code.split_once(';')?;
        let (head, list) = prototype.trim().strip_suffix(')')?.split_once('(')?;
        let (result, name) = split_name(head);
        if !name.starts_with("arrowio_") || result.contains("typedef") {
            return None;
        }
        let parameter = |one: &'a str| {
            let (kind, name) = split_name(one.trim());
            Parameter { kind, name }
        };
        let parameters = if list == "void" { Vec::new() } else { list.split(',').map(parameter).collect() };
        Some(Self { result, name, parameters, documentation })
    }

    fn can_fail(&self) -> bool {
        self.parameters.last().is_some_and(|parameter| parameter.name == "out_error")
    }

    /// Which parameters are numbers.
    fn numbers(&self) -> Vec<usize> {
        (0..self.parameters.len()).filter(|at| self.parameters[*at].is_number()).collect()
    }

    /// A call with NULL and 0 everywhere.
    fn call_with_nothing(&self) -> Result<String, String> {
        if self.can_fail() {
            let given = self.arguments(|_, one| match one.name {
                "out_error" => "&error".to_owned(),
                _ => one.nothing().to_owned(),
            });
            // A function that takes NULL for everything does not name INVALID.
            let is_refused = self.returns().contains("ARROWIO_INVALID");
            let expected = if is_refused { "ARROWIO_INVALID" } else { "ARROWIO_OK" };
            return Ok(format!("    CALL({}({given}), result == {expected});\n", self.name));
        }
        let call = format!("{}({})", self.name, self.arguments(|_, one| one.nothing().to_owned()));
        let with_default = call.replacen("NULL", "arrowio_pool_default()", 1);
        let says = |words: &str| self.documentation.contains(words);
        let expected = if self.result == "void" || self.parameters.iter().all(Parameter::is_number) {
            return Ok(format!("    TRY({call});\n"));
        } else if says("NULL: an empty string") {
            format!("strcmp({call}, \"\") == 0")
        } else if says("NULL: the default pool") {
            format!("{call} == {with_default}")
        } else if says("return its argument") {
            format!("{call} == NULL")
        } else if says("or both are NULL; else 0") {
            format!("{call} == 1")
        } else if let Some((_, rest)) = self.documentation.split_once(" NULL: ") {
            format!("{call} == {}", rest.split(['.', ' ', '\n']).next().unwrap_or_default())
        } else {
            return Err(format!("the documentation of {} does not say what NULL gives", self.name));
        };
        Ok(format!("    CHECK({expected});\n"))
    }

    /// A call with one number at a limit and the others 1; with live objects and room for results, but with NULL for
    /// memory whose size could be a lie.
    fn call_at_limit(&self, at: usize, value: &str) -> String {
        let given = self.arguments(|index, one| match one.is_number() {
            true if index == at => one.limit(value),
            true => "1".to_owned(),
            false => one.live().to_owned(),
        });
        if !self.can_fail() {
            return format!("    TRY({}({given}));\n", self.name);
        }
        let parameter = &self.parameters[at];
        let is_refused = parameter.is_choice() || (value != "most" && self.takes_no_negative(parameter));
        let expected = if is_refused { "result == ARROWIO_INVALID".to_owned() } else { self.is_documented() };
        format!("    CALL({}({given}), {expected});\n", self.name)
    }

    fn arguments(&self, argument: impl Fn(usize, &Parameter) -> String) -> String {
        let given: Vec<String> = self.parameters.iter().enumerate().map(|(at, one)| argument(at, one)).collect();
        given.join(", ")
    }

    /// The part of the comment behind `\return`.
    fn returns(&self) -> &str {
        let rest = self.documentation.split_once("\\return").map_or("", |(_, rest)| rest);
        rest.split(" *\n").next().unwrap_or(rest)
    }

    /// The condition that the result is one of the documented statuses. INTERNAL, a defect, is never right.
    fn is_documented(&self) -> String {
        let words = self.returns().split(|c: char| !c.is_ascii_uppercase() && c != '_');
        let statuses = words.filter(|word| word.starts_with("ARROWIO_") && *word != "ARROWIO_INTERNAL");
        statuses.map(|status| format!("result == {status}")).collect::<Vec<_>>().join(" || ")
    }

    /// Whether a negative number is INVALID, as it is where nothing else is said.
    fn takes_no_negative(&self, parameter: &Parameter) -> bool {
        let (_, rest) = self.documentation.split_once(&format!("\\param {} ", parameter.name)).unwrap_or_default();
        let says = rest.split("\n * \\").next().unwrap_or(rest);
        parameter.kind == "int64_t" && !says.contains("may be negative") && !says.contains("-1:")
    }
}

impl Parameter<'_> {
    fn is_number(&self) -> bool {
        !self.kind.contains('*') && !self.kind.ends_with("_fn")
    }

    /// Whether it is one of a few constants.
    fn is_choice(&self) -> bool {
        ["arrowio_mode", "arrowio_codec", "arrowio_whence", "arrowio_standard_stream", "arrowio_checksum"]
            .contains(&self.kind)
    }

    fn nothing(&self) -> &'static str {
        if self.is_number() { "0" } else { "NULL" }
    }

    fn limit(&self, value: &str) -> String {
        let (least, most) = match self.kind {
            "int64_t" => ("INT64_MIN", "INT64_MAX"),
            _ if self.is_choice() => ("0x80000000u", "UINT32_MAX"),
            _ => ("INT32_MIN", "INT32_MAX"),
        };
        match value {
            "least" => least.to_owned(),
            "most" => most.to_owned(),
            other => format!("({}){other}", self.kind),
        }
    }

    /// An object, or room for a result, where one is as good as another.
    fn live(&self) -> &'static str {
        if self.name == "out_buffers" {
            return "NULL";
        }
        match self.kind.trim_start_matches("const ").trim_start_matches("struct ") {
            // Room for as many as another parameter says.
            _ if self.name == "out_offsets" => "NULL",
            "arrowio_pool *" => "arrowio_pool_default()",
            "arrowio_buffer *" => "buffer",
            "arrowio_file *" => "file",
            "arrowio_filesystem *" => "filesystem",
            "arrowio_filesystem **" => "&out_filesystem",
            "arrowio_file_info **" => "&out_info",
            "arrowio_listing **" => "&out_listing",
            "arrowio_executor *" => "executor",
            "arrowio_executor **" => "&out_executor",
            "arrowio_operation *" => "operation",
            "arrowio_operation **" => "&out_operation",
            "arrowio_cancellation *" => "cancellation",
            "arrowio_cancellation **" => "&out_cancellation",
            "arrowio_pool **" => "&out_pool",
            "arrowio_buffer **" => "&out_buffer",
            "arrowio_file **" => "&out_file",
            "arrowio_fault_guard **" => "&out_fault_guard",
            "arrowio_error **" => "&error",
            "int64_t *" => "&number",
            "uint8_t **" if self.kind.starts_with("const") => "&bytes",
            "uint8_t **" => "&block",
            // As a path: one that can be read, and that nobody can write to while the program runs.
            "char *" => "\"/proc/self/exe\"",
            _ => "NULL",
        }
    }
}

/// The program up to the calls.
const PROLOGUE: &str = r#"/* Generated by c_tests/null_matrix.rs from include/arrowio.h. */
#include <arrowio.h>
#include <stdio.h>
#include <string.h>

/* Handles that a call must replace, by NULL if it fails. */
#define POISON ((void *)&failures)

static int turn, calls, failures;
static arrowio_status result;
static arrowio_error *error;
static arrowio_buffer *buffer, *out_buffer;
static arrowio_file *file, *out_file;
static arrowio_pool *out_pool;
static arrowio_cancellation *cancellation, *out_cancellation;
static arrowio_executor *executor, *out_executor;
static arrowio_operation *operation, *out_operation;
static arrowio_fault_guard *out_fault_guard;
static arrowio_filesystem *filesystem, *out_filesystem;
static arrowio_file_info *out_info;
static arrowio_listing *out_listing;
static const uint8_t *bytes;
static uint8_t *block;
static int64_t number;

/* Live objects and clean results for a call; the file is of another class in each turn. */
static void prepare(void) {
  result = ARROWIO_OK;
  out_buffer = POISON;
  out_file = POISON;
  out_pool = POISON;
  out_cancellation = POISON;
  arrowio_cancellation_new(&cancellation, NULL);
  out_executor = POISON;
  out_operation = POISON;
  arrowio_executor_new(1, &executor, NULL);
  out_fault_guard = POISON;
  out_filesystem = POISON;
  out_info = POISON;
  out_listing = POISON;
  arrowio_filesystem_open("file:///", NULL, &filesystem, NULL);
  bytes = block = NULL;
  arrowio_buffer_allocate_resizable(NULL, 100, &buffer, NULL);
  if (turn == 0) arrowio_buffer_output_stream_new(NULL, 0, &file, NULL);
  if (turn == 1) arrowio_os_file_open("/proc/self/exe", ARROWIO_MODE_READ, NULL, &file, NULL);
  if (turn == 2) arrowio_memory_map_open("/proc/self/exe", ARROWIO_MODE_PRIVATE, 0, 100, &file, NULL);
  arrowio_file_read_async(file, executor, 0, NULL, &operation, NULL);
  arrowio_operation_wait(operation, -1, NULL);
  if (buffer == NULL || file == NULL || operation == NULL || filesystem == NULL) failures++;
}

static int is_right(const void *handle) { return handle == POISON || (handle != NULL) == (result == ARROWIO_OK); }

static void done(const char *call, int is_expected) {
  int all_right = is_expected && is_right(out_buffer) && is_right(out_file) && is_right(out_pool);
  all_right &= is_right(out_cancellation) && is_right(out_executor) && is_right(out_operation) && is_right(out_fault_guard);
  all_right &= is_right(out_filesystem) && is_right(out_info) && is_right(out_listing);
  all_right &= arrowio_error_status(error) == result && (error == NULL || arrowio_error_message(error)[0] != '\0');
  if (!all_right) {
    printf("%s gave %s: %s\n", call, arrowio_status_name(result), arrowio_error_message(error));
    failures++;
  }
  calls++;
  if (out_buffer != POISON) arrowio_buffer_release(out_buffer);
  if (out_file != POISON) arrowio_file_release(out_file);
  if (out_pool != POISON) arrowio_pool_release(out_pool);
  if (out_cancellation != POISON) arrowio_cancellation_release(out_cancellation);
  arrowio_cancellation_release(cancellation);
  if (out_executor != POISON) arrowio_executor_release(out_executor);
  if (out_operation != POISON) arrowio_operation_release(out_operation);
  arrowio_operation_release(operation);
  arrowio_executor_release(executor);
  if (out_fault_guard != POISON) arrowio_fault_guard_release(out_fault_guard);
  if (out_filesystem != POISON) arrowio_filesystem_release(out_filesystem);
  if (out_info != POISON) arrowio_file_info_release(out_info);
  if (out_listing != POISON) arrowio_listing_release(out_listing);
  arrowio_filesystem_release(filesystem);
  arrowio_file_release(file);
  arrowio_buffer_release(buffer);
  arrowio_error_release(error);
  file = NULL;
  buffer = NULL;
  error = NULL;
}

#define CALL(call, expected)  \
  do {                        \
    prepare();                \
    result = (call);          \
    done(#call, expected);    \
  } while (0)

#define TRY(call)      \
  do {                 \
    prepare();         \
    (void)(call);      \
    done(#call, 1);    \
  } while (0)

#define CHECK(condition)              \
  do {                                \
    prepare();                        \
    done(#condition, (condition));    \
  } while (0)

int main(void) {
  for (turn = 0; turn < 3; turn++) {
"#;

/// The program behind the calls.
const EPILOGUE: &str = r#"  }
  printf("%d calls, %d wrong\n", calls, failures);
  return failures == 0 ? 0 : 1;
}
"#;
