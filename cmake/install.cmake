# Installs the libraries, the header and the package files; they find each other from wherever the prefix is moved to.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/arrowio")
set(development COMPONENT arrowio_development)

install(DIRECTORY "${arrowio_root}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" ${development}
  FILES_MATCHING PATTERN "arrowio*.h" PATTERN "arrowio*.hpp")
if(ARROWIO_BUILD_SHARED)
  set(execute OWNER_EXECUTE GROUP_EXECUTE WORLD_EXECUTE)
  if(CMAKE_INSTALL_SO_NO_EXE) # as Debian wants it
    set(execute)
  endif()
  install(FILES "${shared_real}" "${shared_soname}" DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT arrowio_runtime
    PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ ${execute})
  install(FILES "${shared_link}" DESTINATION "${CMAKE_INSTALL_LIBDIR}" ${development})
endif()
if(ARROWIO_BUILD_STATIC)
  install(FILES "${static_library}" DESTINATION "${CMAKE_INSTALL_LIBDIR}" ${development})
endif()

# CMake package
set(compatibility SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatibility SameMinorVersion)
endif()
configure_package_config_file(arrowioConfig.cmake.in arrowioConfig.cmake INSTALL_DESTINATION "${package_dir}"
  PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(arrowioConfigVersion.cmake COMPATIBILITY ${compatibility})
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/arrowioConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/arrowioConfigVersion.cmake"
  DESTINATION "${package_dir}" ${development})

# pkg-config file. Directories given as absolute paths stay so; the usual relative ones hang on where the file lies.
set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  file(RELATIVE_PATH up "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" /prefix)
  string(REGEX REPLACE "/$" "" pc_prefix "\${pcfiledir}/${up}")
endif()
cmake_path(APPEND pc_libdir "\${prefix}" "${CMAKE_INSTALL_LIBDIR}")
cmake_path(APPEND pc_includedir "\${prefix}" "${CMAKE_INSTALL_INCLUDEDIR}")
list(JOIN arrowio_native_libraries " " pc_native_libraries)
configure_file(arrowio.pc.in arrowio.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/arrowio.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" ${development})
