#!/bin/sh
# describe.sh pc|cmake|cmake-version: what other builds read about an installed libdni, on standard output.
# libdni.pc is for pkg-config, dni-config.cmake and dni-config-version.cmake are for CMake's find_package(dni).
#
# make/install.sh and meson.build both take these files from here, so they cannot differ. All settings come in
# the environment: PREFIX LIBDIR INCLUDEDIR VERSION ABI, LINKED_PACKAGES (names of pkg-config).
set -u
line_end='
'
PREFIX=${PREFIX%/}

# What pkg-config cannot read. The files of CMake, which could, are installed together with libdni.pc.
for place in "$PREFIX" "$LIBDIR" "$INCLUDEDIR"; do
  case $place in
  *'$'* | *"$line_end"*)
    echo "libdni: a .pc file cannot have a dollar sign or a line end in a path: '$place'" >&2
    exit 1
    ;;
  esac
done

# pkg-config. ---------------------------------------------------------------------------------

# A path as libdni.pc writes it: below another variable if it is below its value, with a backslash before
# what the shell would not take as it is. pkg-config puts other values of prefix in place of this one.
escaped() {
  printf '%s' "$1" | LC_ALL=C sed 's/[][ "#&'\''()*;<>?\\`|]/\\&/g'
}
below() {
  case $1 in
  "$PREFIX"/*) printf '${%s}' "$2" && escaped "${1#"$PREFIX"}" ;;
  *) escaped "$1" ;;
  esac
}

pc() {
  cat <<END
prefix=$(escaped "$PREFIX")
exec_prefix=\${prefix}
libdir=$(below "$LIBDIR" exec_prefix)
includedir=$(below "$INCLUDEDIR" prefix)

Name: libdni
Description: Train neural networks whose layers do not wait for each other (synthetic gradients)
Version: $VERSION
License: MIT
Requires.private: $LINKED_PACKAGES
Libs: -L\${libdir} -ldni
Libs.private: -lm -pthread -ldl
Cflags: -I\${includedir}
END
}

# CMake. --------------------------------------------------------------------------------------

# As it is written between quotes of CMake.
cmake_escaped() {
  printf '%s' "$1" | LC_ALL=C sed 's/[\\"]/\\&/g'
}

# The file is in LIBDIR/cmake/dni. So LIBDIR is two folders up, wherever it was moved to, and the prefix is as
# many more as LIBDIR has below it.
cmake_includes() {
  case $LIBDIR:$INCLUDEDIR in
  "$PREFIX"/*:"$PREFIX"/*)
    printf '${dni_libraries}'
    printf '%s/' "${LIBDIR#"$PREFIX"}" | tr -s / | LC_ALL=C sed 's:/$::; s:[^/][^/]*:..:g'
    cmake_escaped "${INCLUDEDIR#"$PREFIX"}"
    ;;
  *) cmake_escaped "$INCLUDEDIR" ;;
  esac
}

# The linker's names of what the static library needs: zlib is the package, z the library.
linked_libraries() {
  for package in $LINKED_PACKAGES; do
    case $package in
    zlib) echo z ;;
    *) echo "$package" ;;
    esac
  done | sort | paste -s -d ' ' -
}

cmake() {
  cat <<END
# What find_package(dni) reads. It makes a target for each library that is installed: dni::dni is the shared one,
# dni::static the static one. They are also the components, as shared and static. All places are computed from
# that of this file, so what is installed may be moved as a whole.
cmake_policy(PUSH)
cmake_policy(VERSION 3.12...3.25)
get_filename_component(dni_libraries "\${CMAKE_CURRENT_LIST_DIR}/../.." REALPATH)
get_filename_component(dni_includes "$(cmake_includes)" ABSOLUTE)

if(NOT TARGET dni::dni AND EXISTS "\${dni_libraries}/libdni.so")
  add_library(dni::dni SHARED IMPORTED)
  set_target_properties(dni::dni PROPERTIES
    IMPORTED_LOCATION "\${dni_libraries}/libdni.so"
    IMPORTED_SONAME "libdni.so.$ABI"
    INTERFACE_INCLUDE_DIRECTORIES "\${dni_includes}")
endif()

if(NOT TARGET dni::static AND EXISTS "\${dni_libraries}/libdni.a")
  # Whoever uses the shared library alone need not have these. So a library that is not found stays a bare
  # name, which the linker then reports for dni::static.
  set(dni_needed)
  foreach(dni_name $(linked_libraries))
    find_library(dni_library_\${dni_name} \${dni_name})
    mark_as_advanced(dni_library_\${dni_name})
    if(dni_library_\${dni_name})
      list(APPEND dni_needed "\${dni_library_\${dni_name}}")
    else()
      list(APPEND dni_needed \${dni_name})
    endif()
  endforeach()
  list(APPEND dni_needed m -pthread dl)
  add_library(dni::static STATIC IMPORTED)
  set_target_properties(dni::static PROPERTIES
    IMPORTED_LOCATION "\${dni_libraries}/libdni.a"
    IMPORTED_LINK_INTERFACE_LANGUAGES C
    INTERFACE_INCLUDE_DIRECTORIES "\${dni_includes}"
    INTERFACE_LINK_LIBRARIES "\${dni_needed}")
endif()

# A component that is not there makes the package not found, if it is required.
if(TARGET dni::dni)
  set(dni_shared_FOUND TRUE)
endif()
if(TARGET dni::static)
  set(dni_static_FOUND TRUE)
endif()
foreach(dni_name \${dni_FIND_COMPONENTS})
  if(dni_FIND_REQUIRED_\${dni_name} AND NOT dni_\${dni_name}_FOUND)
    set(dni_FOUND FALSE)
    set(dni_NOT_FOUND_MESSAGE "\${dni_libraries} has no libdni for the component \${dni_name}")
  endif()
endforeach()

unset(dni_name)
unset(dni_needed)
unset(dni_includes)
unset(dni_libraries)
cmake_policy(POP)
END
}

cmake_version() {
  cat <<END
# Which versions that are asked for this one is: an older one of the same soname. While the first number is 0,
# that is one with the same second number. Who asks for a range has said it all.
set(PACKAGE_VERSION $VERSION)
if(PACKAGE_VERSION VERSION_EQUAL PACKAGE_FIND_VERSION)
  set(PACKAGE_VERSION_EXACT TRUE)
endif()
set(PACKAGE_VERSION_COMPATIBLE FALSE)
if(PACKAGE_FIND_VERSION_RANGE)
  if(PACKAGE_VERSION VERSION_GREATER_EQUAL PACKAGE_FIND_VERSION_MIN
      AND (PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION_MAX
        OR (PACKAGE_FIND_VERSION_RANGE_MAX STREQUAL INCLUDE
          AND PACKAGE_VERSION VERSION_EQUAL PACKAGE_FIND_VERSION_MAX)))
    set(PACKAGE_VERSION_COMPATIBLE TRUE)
  endif()
elseif(PACKAGE_VERSION VERSION_GREATER_EQUAL PACKAGE_FIND_VERSION
    AND PACKAGE_FIND_VERSION_MAJOR EQUAL ${VERSION%%.*}$(same_minor))
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
endif()

# A library for addresses of another size is not for this program. The fifth byte of an ELF file is 1 for 32
# bits and 2 for 64.
set(dni_class)
if(EXISTS "\${CMAKE_CURRENT_LIST_DIR}/../../libdni.so")
  file(READ "\${CMAKE_CURRENT_LIST_DIR}/../../libdni.so" dni_class OFFSET 4 LIMIT 1 HEX)
endif()
if((CMAKE_SIZEOF_VOID_P EQUAL 4 AND dni_class STREQUAL "02")
    OR (CMAKE_SIZEOF_VOID_P EQUAL 8 AND dni_class STREQUAL "01"))
  set(PACKAGE_VERSION "\${PACKAGE_VERSION} (for addresses of another size)")
  set(PACKAGE_VERSION_UNSUITABLE TRUE)
endif()
unset(dni_class)
END
}
same_minor() {
  minor=${VERSION#*.}
  [ "${VERSION%%.*}" != 0 ] || printf '\n    AND PACKAGE_FIND_VERSION_MINOR EQUAL %s' "${minor%%.*}"
}

case $1 in
pc) pc ;;
cmake) cmake ;;
cmake-version) cmake_version ;;
*) echo "libdni: describe.sh: no file is called $1" >&2; exit 1 ;;
esac
