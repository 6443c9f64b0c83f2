# Builds the libraries below the build directory and declares arrowio::arrowio and arrowio::arrowio_static, which stand
# for them.

get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
set(config_dir "")
if(multi_config)
  set(config_dir "/$<CONFIG>")
endif()
set(cargo_dir "${CMAKE_CURRENT_BINARY_DIR}/cargo")
if(ARROWIO_CARGO_TARGET_DIR)
  set(cargo_dir "${ARROWIO_CARGO_TARGET_DIR}")
endif()
string(APPEND cargo_dir "${config_dir}")
set(cargo_out "${cargo_dir}/${arrowio_target}/$<IF:$<CONFIG:Debug>,debug,release>")
set(library_dir "${CMAKE_CURRENT_BINARY_DIR}/lib${config_dir}")

# The same rule as in build.rs: before 1.0 every minor version may change the ABI.
set(so_version ${PROJECT_VERSION_MAJOR})
if(so_version EQUAL 0)
  set(so_version 0.${PROJECT_VERSION_MINOR})
endif()
set(shared_real "${library_dir}/libarrowio.so.${PROJECT_VERSION}")
set(shared_soname "${library_dir}/libarrowio.so.${so_version}")
set(shared_link "${library_dir}/libarrowio.so")
set(static_library "${library_dir}/libarrowio.a")

# One compilation gives both libraries. Anything but cdylib and staticlib would turn link-time optimisation off.
set(crate_types)
set(cargo_products)
if(ARROWIO_BUILD_SHARED)
  list(APPEND crate_types cdylib)
  list(APPEND cargo_products "${cargo_out}/libarrowio.so")
endif()
if(ARROWIO_BUILD_STATIC)
  list(APPEND crate_types staticlib)
  list(APPEND cargo_products "${cargo_out}/libarrowio.a")
endif()
list(JOIN crate_types "," crate_types)

set(features c-library)
if(ARROWIO_HDFS)
  list(APPEND features hdfs)
endif()
if(ARROWIO_JEMALLOC)
  list(APPEND features jemalloc)
endif()
list(JOIN features "," features)

# The C compiler of this build compiles the C code inside and links, unless the environment names another for the
# target.
string(REPLACE "-" "_" target_variable "${arrowio_target}")
string(TOUPPER "${target_variable}" target_variable_upper)
set(environment)
if(NOT DEFINED ENV{CC_${target_variable}})
  list(APPEND environment "CC_${target_variable}=${CMAKE_C_COMPILER}")
endif()
if(NOT DEFINED ENV{CARGO_TARGET_${target_variable_upper}_LINKER})
  list(APPEND environment "CARGO_TARGET_${target_variable_upper}_LINKER=${CMAKE_C_COMPILER}")
endif()
list(APPEND environment "$<$<CONFIG:RelWithDebInfo>:CARGO_PROFILE_RELEASE_DEBUG=true>")

# Panic messages name source files, but not by where they lie on the machine that builds: two builds shall be the same.
# RUSTFLAGS, and rustflags of a target in cargo's configuration, take the place of these.
set(remap "'--remap-path-prefix=${cargo_home}/registry/src=crates', '--remap-path-prefix=${arrowio_root}=arrowio'")
set(release_flags "$<$<NOT:$<CONFIG:Debug>>:--config;build.rustflags=[${remap}]>")

set(job_server)
if(CMAKE_VERSION VERSION_GREATER_EQUAL 3.28)
  set(job_server JOB_SERVER_AWARE YES)
endif()

# Cargo knows best what has changed, so it always runs.
add_custom_target(arrowio_cargo
  COMMAND "${CMAKE_COMMAND}" -E env ${environment}
    "${ARROWIO_CARGO}" rustc --locked --lib --crate-type ${crate_types} --no-default-features --features ${features}
    --profile $<IF:$<CONFIG:Debug>,dev,release> --target ${arrowio_target} --target-dir "${cargo_dir}"
    "${release_flags}"
  BYPRODUCTS ${cargo_products}
  WORKING_DIRECTORY "${arrowio_root}" # where cargo finds .cargo/config.toml, with the vendored crates of a packager
  COMMENT "Building libarrowio with cargo"
  COMMAND_EXPAND_LISTS VERBATIM USES_TERMINAL ${job_server})

# arrowio_library(<name> <type> <file> <built>...) declares arrowio::<name>, the library <file>, complete when all
# <built> files are there.
function(arrowio_library name type file)
  add_custom_target(${name}_files ALL DEPENDS ${ARGN})
  add_dependencies(${name}_files arrowio_cargo)
  add_library(arrowio::${name} ${type} IMPORTED GLOBAL)
  add_dependencies(arrowio::${name} ${name}_files)
  target_include_directories(arrowio::${name} INTERFACE "${arrowio_root}/include")
  if(multi_config)
    foreach(config IN LISTS CMAKE_CONFIGURATION_TYPES)
      string(TOUPPER "${config}" upper)
      string(REPLACE "$<CONFIG>" "${config}" config_file "${file}")
      set_property(TARGET arrowio::${name} PROPERTY IMPORTED_LOCATION_${upper} "${config_file}")
    endforeach()
  else()
    set_property(TARGET arrowio::${name} PROPERTY IMPORTED_LOCATION "${file}")
  endif()
endfunction()

if(ARROWIO_BUILD_SHARED)
  add_custom_command(
    OUTPUT "${shared_real}" "${shared_soname}" "${shared_link}"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${library_dir}"
    COMMAND "${CMAKE_COMMAND}" -E copy "${cargo_out}/libarrowio.so" "${shared_real}"
    COMMAND "${CMAKE_COMMAND}" -E create_symlink libarrowio.so.${PROJECT_VERSION} "${shared_soname}"
    COMMAND "${CMAKE_COMMAND}" -E create_symlink libarrowio.so.${so_version} "${shared_link}"
    DEPENDS "${cargo_out}/libarrowio.so"
    COMMENT "Naming libarrowio.so.${PROJECT_VERSION}" VERBATIM)
  arrowio_library(arrowio SHARED "${shared_real}" "${shared_real}" "${shared_soname}" "${shared_link}")
  set_property(TARGET arrowio::arrowio PROPERTY IMPORTED_SONAME libarrowio.so.${so_version})
endif()

# Cargo's archive defines thousands of global symbols, zstd's and the allocators' among them, which would clash with
# those of the program that links it. One object with everything inside, and only the API global, hides them. Section
# groups are dissolved: the linker would keep ours for another library's of the same name, and ours can be used by
# nobody else any more. The LLVM bitcode that comes with Rust's own libraries goes too: binutils with the plugin of an
# older LLVM abort on it. Definitions may come twice: compu-brotli-sys puts one of its objects into the archive twice.
if(ARROWIO_BUILD_STATIC)
  set(object "${library_dir}/arrowio.o")
  add_custom_command(
    OUTPUT "${static_library}"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${library_dir}"
    COMMAND "${CMAKE_LINKER}" -r -z muldefs --force-group-allocation --whole-archive "${cargo_out}/libarrowio.a" -o "${object}"
    COMMAND "${CMAKE_OBJCOPY}" --wildcard "--keep-global-symbol=arrowio_*"
      --remove-section=.llvmbc --remove-section=.llvmcmd
      $<$<NOT:$<CONFIG:Debug,RelWithDebInfo>>:--strip-debug> "${object}"
    COMMAND "${CMAKE_COMMAND}" -E rm -f "${static_library}"
    COMMAND "${CMAKE_AR}" Dqcs "${static_library}" "${object}"
    COMMAND "${CMAKE_COMMAND}" -E rm "${object}"
    DEPENDS "${cargo_out}/libarrowio.a"
    COMMENT "Hiding everything but the API in libarrowio.a" COMMAND_EXPAND_LISTS VERBATIM)
  arrowio_library(arrowio_static STATIC "${static_library}" "${static_library}")
  target_link_libraries(arrowio::arrowio_static INTERFACE ${arrowio_native_libraries})
endif()
