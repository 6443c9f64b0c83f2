# Finds cargo and rustc, and asks rustc what it builds for. Sets
#
#   cargo_home                 where cargo keeps the sources of crates
#   arrowio_target             the target triple
#   arrowio_native_libraries   what a program that links libarrowio.a needs besides

set(cargo_home "$ENV{HOME}/.cargo")
if(DEFINED ENV{CARGO_HOME})
  set(cargo_home "$ENV{CARGO_HOME}")
endif()
find_program(ARROWIO_CARGO NAMES cargo HINTS "${cargo_home}/bin" REQUIRED DOC "Build tool of Rust")
find_program(ARROWIO_RUSTC NAMES rustc HINTS "${cargo_home}/bin" REQUIRED DOC "Compiler of Rust")
mark_as_advanced(ARROWIO_CARGO ARROWIO_RUSTC)

# rustup chooses a toolchain by the working directory; cargo runs in the same one.
function(run_rustc out_stdout out_stderr)
  execute_process(COMMAND "${ARROWIO_RUSTC}" ${ARGN} WORKING_DIRECTORY "${arrowio_root}"
    OUTPUT_VARIABLE stdout ERROR_VARIABLE stderr RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARROWIO_RUSTC} ${ARGN} failed: ${result}\n${stderr}")
  endif()
  set(${out_stdout} "${stdout}" PARENT_SCOPE)
  set(${out_stderr} "${stderr}" PARENT_SCOPE)
endfunction()

# Named to cargo also when it is the host: then the results lie in a directory of that name whatever the user's
# settings are.
set(ARROWIO_RUST_TARGET "" CACHE STRING "Rust target triple; empty: the host")
mark_as_advanced(ARROWIO_RUST_TARGET)
set(arrowio_target "${ARROWIO_RUST_TARGET}")
if(NOT arrowio_target)
  if(CMAKE_CROSSCOMPILING)
    message(FATAL_ERROR "Cross compiling for ${CMAKE_SYSTEM_PROCESSOR}: set ARROWIO_RUST_TARGET")
  endif()
  run_rustc(verbose_version unused -vV)
  string(REGEX MATCH "host: ([^\n]+)" unused "${verbose_version}")
  set(arrowio_target "${CMAKE_MATCH_1}")
endif()

# An empty static library needs what every Rust library needs; the crates in ours add nothing to that.
set(probe "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/arrowio_probe")
file(WRITE "${probe}.rs" "")
run_rustc(unused notes --crate-name probe --crate-type staticlib --target ${arrowio_target}
  --print native-static-libs -o "${probe}.a" "${probe}.rs")
file(REMOVE "${probe}.a")
if(NOT notes MATCHES "native-static-libs: ([^\n]+)")
  message(FATAL_ERROR "${ARROWIO_RUSTC} does not say which libraries a static library needs:\n${notes}")
endif()
string(REPLACE " " ";" arrowio_native_libraries "${CMAKE_MATCH_1}")
# Compilers add libc and their unwinder themselves, and with -static another unwinder than this one.
list(REMOVE_ITEM arrowio_native_libraries -lgcc_s -lc)
list(REMOVE_DUPLICATES arrowio_native_libraries)
