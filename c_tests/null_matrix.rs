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
        if function.can_fail() {
            program += &function.call_that_fails(&Arguments::Nothing)?;
        } else {
            program += &function.call_without_status()?;
        }
        for at in function.numbers() {
            for value in ["-1", "least", "most"] {
                program += &function.call_that_fails(&Arguments::Limit { at, value })?;
            }
        }
    }
    program += "  return finish();\n}\n";
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

/// What a function is called with.
enum Arguments<'a> {
    /// NULL and 0.
    Nothing,
    /// One number at a limit, the others 1; live objects, room for results, but no memory that a size could lie about.
    Limit { at: usize, value: &'a str },
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

    /// The part of the comment behind `\return`.
    fn returns(&self) -> &str {
        let rest = self.documentation.split_once("\\return").map_or("", |(_, rest)| rest);
        rest.split("*\n").next().unwrap_or(rest)
    }

    /// The condition that `result` is one of the statuses of the documentation.
    fn is_documented(&self) -> String {
        let words = self.returns().split(|c: char| !c.is_ascii_uppercase() && c != '_');
        let statuses: Vec<&str> = words.filter(|word| word.starts_with("ARROWIO_")).collect();
        statuses.iter().map(|status| format!("result == {status}")).collect::<Vec<_>>().join(" || ")
    }

    /// A call in a block of its own that checks the status, the error and the handle that comes of it.
    fn call_that_fails(&self, arguments: &Arguments) -> Result<String, String> {
        let given: Vec<String> = self.parameters.iter().enumerate().map(|(at, one)| one.argument(at, arguments)).collect();
        let call = format!("{}({})", self.name, given.join(", "));
        if !self.can_fail() {
            return Ok(match self.result {
                "void" => format!("  with_limits(); {call}; done(\"{call}\", 1);\n"),
                _ => format!("  with_limits(); (void){call}; done(\"{call}\", 1);\n"),
            });
        }
        let expected = match arguments {
            // A function that takes NULL for everything does not name INVALID.
            Arguments::Nothing if self.returns().contains("ARROWIO_INVALID") => "result == ARROWIO_INVALID".to_owned(),
            Arguments::Nothing => "result == ARROWIO_OK".to_owned(),
            Arguments::Limit { .. } => self.is_documented(),
        };
        Ok(format!("  with_limits(); result = {call}; done(\"{call}\", {expected});\n"))
    }

    /// A call with NULL and 0 whose result is compared with what the documentation of its first parameter says of NULL.
    fn call_without_status(&self) -> Result<String, String> {
        let zeros: Vec<&str> = self.parameters.iter().map(|one| if one.is_number() { "0" } else { "NULL" }).collect();
        let call = format!("{}({})", self.name, zeros.join(", "));
        let with_default = call.replacen("NULL", "arrowio_pool_default()", 1);
        let says = |words: &str| self.documentation.contains(words);
        let expected = if self.result == "void" || self.parameters.iter().all(Parameter::is_number) {
            return Ok(format!("  {call}; done(\"{call}\", 1);\n"));
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
        Ok(format!("  done(\"{call}\", {expected});\n"))
    }
}

impl Parameter<'_> {
    fn is_number(&self) -> bool {
        !self.kind.contains('*') && !self.kind.is_empty() && !self.kind.ends_with("_fn")
    }

    fn argument(&self, at: usize, arguments: &Arguments) -> String {
        match arguments {
            // The error tells of the rest.
            Arguments::Nothing if self.name == "out_error" => "&error".to_owned(),
            Arguments::Nothing if self.is_number() => "0".to_owned(),
            Arguments::Nothing => "NULL".to_owned(),
            Arguments::Limit { at: chosen, value } if *chosen == at => self.limit(value),
            Arguments::Limit { .. } if self.is_number() => "1".to_owned(),
            Arguments::Limit { .. } => self.live().to_owned(),
        }
    }

    fn limit(&self, value: &str) -> String {
        let (least, most) = match self.kind {
            "int64_t" => ("INT64_MIN", "INT64_MAX"),
            "uint32_t" | "arrowio_mode" | "arrowio_codec" | "arrowio_whence" => ("0x80000000u", "UINT32_MAX"),
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
        match (self.kind.trim_start_matches("const ").trim_start_matches("struct "), self.name) {
            ("arrowio_pool *", _) => "arrowio_pool_default()",
            ("arrowio_buffer *", _) => "buffer",
            ("arrowio_file *", _) => "file",
            ("arrowio_pool **", _) => "&out_pool",
            ("arrowio_buffer **", _) => "&out_buffer",
            ("arrowio_file **", _) => "&out_file",
            ("arrowio_error **", _) => "&error",
            ("int64_t *", _) => "&number",
            ("uint8_t **", "out_data") if self.kind.starts_with("const") => "&bytes",
            ("uint8_t **", _) => "&block",
            _ => "NULL",
        }
    }
}

const PROLOGUE: &str = r#"/* Generated by c_tests/null_matrix.rs from include/arrowio.h. */
#include <arrowio.h>
#include <stdio.h>
#include <string.h>

static int calls, failures;
static arrowio_status result;
static arrowio_error *error;
static arrowio_buffer *buffer, *out_buffer;
static arrowio_file *file, *out_file;
static arrowio_pool *out_pool;
static const uint8_t *bytes;
static uint8_t *block;
static int64_t number;

/* Handles that a call must replace, by NULL if it fails. */
#define POISON ((void *)&failures)

/* Live objects and clean results for the next call. The files take turns, by the number of the call. */
static void with_limits(void) {
  result = ARROWIO_OK;
  out_buffer = POISON;
  out_file = POISON;
  out_pool = POISON;
  bytes = block = NULL;
  if (arrowio_buffer_allocate_resizable(NULL, 100, &buffer, NULL) != ARROWIO_OK) failures++;
  if (calls % 3 == 0) arrowio_buffer_reader_new(buffer, &file, NULL);
  if (calls % 3 == 1) arrowio_buffer_output_stream_new(NULL, 0, &file, NULL);
  if (calls % 3 == 2) arrowio_memory_map_open("/proc/self/exe", ARROWIO_MODE_PRIVATE, 0, 100, &file, NULL);
  if (file == NULL) failures++;
}

static int is_right_handle(const void *handle) { return handle == POISON || (handle != NULL) == (result == ARROWIO_OK); }

static void done(const char *call, int is_expected) {
  int is_right = is_expected && arrowio_error_status(error) == result;
  is_right &= is_right_handle(out_buffer) && is_right_handle(out_file) && is_right_handle(out_pool);
  is_right &= result == ARROWIO_OK || arrowio_error_message(error)[0] != '\0';
  if (!is_right) {
    printf("%s gave %s: %s\n", call, arrowio_status_name(result), arrowio_error_message(error));
    failures++;
  }
  calls++;
  if (out_buffer != POISON) arrowio_buffer_release(out_buffer);
  if (out_file != POISON) arrowio_file_release(out_file);
  if (out_pool != POISON) arrowio_pool_release(out_pool);
  if (block != NULL) arrowio_pool_free(NULL, block, 1, 1);
  arrowio_file_release(file);
  arrowio_buffer_release(buffer);
  arrowio_error_release(error);
  error = NULL;
  file = NULL;
  buffer = NULL;
  result = ARROWIO_OK;
}

static int finish(void) {
  printf("%d calls, %d wrong\n", calls, failures);
  return failures == 0 ? 0 : 1;
}

int main(void) {
  out_buffer = POISON;
  out_file = POISON;
  out_pool = POISON;
"#;
