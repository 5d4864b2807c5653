#!/bin/sh
# A program finds an installed libdni by CMake's find_package(dni): tests/outside/CMakeLists.txt is configured
# against an installation with a space in its path, its programs are built and run. They find it again after
# the installation was moved. Only versions that fit are found. Uninstalling leaves nothing.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. tests/build/common.sh
: "${CXX:=c++}"
command -v cmake >/dev/null || { echo "cmake is not there"; exit 77; }
prefix="$work/a prefix"
export CC CXX

installation() {
  "$MAKE" BUILD="$BUILD" DESTDIR= PREFIX="$prefix" LIBDIR="$prefix/lib" INCLUDEDIR="$prefix/include" \
    PKGCONFIGDIR="$prefix/lib/pkgconfig" "$1" >"$work/log" 2>&1
}

# programs NAME PREFIX: all programs of tests/outside are built in a folder of that name, and run.
programs() {
  CXXFLAGS=${CFLAGS:-} cmake -S tests/outside -B "$work/build_$1" -DCMAKE_PREFIX_PATH="$2" >"$work/log" 2>&1 &&
    env -u MAKEFLAGS cmake --build "$work/build_$1" >"$work/log" 2>&1 ||
    { complain "$1: a program cannot be built by CMake"; return; }
  for program in "$work/build_$1"/c_dni "$work/build_$1"/c_static "$work/build_$1"/cpp_*; do
    case $program in
    *'/cpp_*') echo "no C++ compiler (${CXX%% *}): C++ was not tried" ;;
    *) "$program" >"$work/log" 2>&1 || complain "$1: ${program##*/} fails" ;;
    esac
  done
}

installation install || { complain "make install failed"; exit 1; }
programs installed "$prefix"
readelf -d "$work/build_installed/c_dni" | grep -q 'NEEDED.*libdni\.so\.[0-9]*\]' ||
  complain "dni::dni: the program does not need libdni by its soname"
readelf -d "$work/build_installed/c_static" | grep -q 'NEEDED.*libdni' &&
  complain "dni::static: the program needs the shared library"
mv "$prefix" "$work/moved" && programs moved "$work/moved" && mv "$work/moved" "$prefix"

# found yes|no VERSION: is this the library that find_package takes for it?
mkdir "$work/versions"
found() {
  cat >"$work/versions/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.12)
project(versions LANGUAGES NONE)
find_package(dni $2 CONFIG)
file(WRITE "\${CMAKE_BINARY_DIR}/found" "\${dni_FOUND} \${dni_VERSION}")
END
  cmake -S "$work/versions" -B "$work/versions" -Ddni_DIR="$prefix/lib/cmake/dni" >"$work/log" 2>&1
  case $(cat "$work/versions/found") in
  "1 $version") [ "$1" = yes ] || complain "find_package(dni $2) takes version $version" ;;
  *) [ "$1" = no ] || complain "find_package(dni $2) does not take version $version" ;;
  esac
  rm -rf "$work/versions/CMakeCache.txt" "$work/versions/CMakeFiles"
}
version=$(sed -n 's/^#define DNI_VERSION_STRING "\(.*\)"/\1/p' include/dni/status.h)
major=${version%%.*} minor=${version#*.}
minor=${minor%%.*}
found yes ''
found yes "$version"
found yes "$version EXACT"
found yes "$major.$minor"
found no "$major.$minor.999"
found no "$((major + 1)).0"
found no "$major.$((minor + 1))"
[ "$major" -gt 0 ] || [ "$minor" -eq 0 ] || found no "$major.$((minor - 1))"
found yes "$major.0...$((major + 1))"
found yes "0.0...$version"
found no "0.0...<$version"

found yes "$major.$minor COMPONENTS shared static"
found yes "$major.$minor OPTIONAL_COMPONENTS wrong"
found no "$major.$minor COMPONENTS wrong"

# Where only one library is installed, it is found, and the other one is neither a target nor a component.
# alone FILES SHARED STATIC: the files that are left, and whether each library is found.
alone() {
  rm -rf "$work/alone" && cp -R "$prefix" "$work/alone" && rm -f "$work/alone/lib/libdni."* &&
    cp -P "$prefix"/lib/$1 "$work/alone/lib" || complain "$1 could not be copied"
  cat >"$work/versions/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.12)
project(alone LANGUAGES C)
find_package(dni $version CONFIG REQUIRED)
foreach(target dni static)
  if(TARGET dni::\${target})
    set(targets \${targets}1)
    add_executable(c_\${target} "$PWD/tests/outside/loop.c")
    target_link_libraries(c_\${target} PRIVATE dni::\${target})
  else()
    set(targets \${targets}0)
  endif()
endforeach()
foreach(kind shared static)
  find_package(dni $version CONFIG QUIET COMPONENTS \${kind})
  set(targets \${targets}\${dni_FOUND})
endforeach()
file(WRITE "\${CMAKE_BINARY_DIR}/found" \${targets})
END
  rm -rf "$work/build_alone"
  cmake -S "$work/versions" -B "$work/build_alone" -DCMAKE_PREFIX_PATH="$work/alone" >"$work/log" 2>&1 &&
    env -u MAKEFLAGS cmake --build "$work/build_alone" >"$work/log" 2>&1 || complain "$1 alone: a program cannot be built"
  [ "$(cat "$work/build_alone/found")" = "$2$3$2$3" ] ||
    complain "$1 alone: targets and components are found as $(cat "$work/build_alone/found"), not as $2$3$2$3"
}
alone 'libdni.so*' 1 0
alone libdni.a 0 1

# A library for other addresses is not this program's, so that another one can be found.
pointer=$(sed -n 's/^CMAKE_C_SIZEOF_DATA_PTR:[^=]*=//p; s/^set(CMAKE_C_SIZEOF_DATA_PTR "\(.*\)")/\1/p' \
  "$work"/build_installed/CMakeFiles/*/CMakeCCompiler.cmake)
cat >"$work/other.cmake" <<END
set(CMAKE_SIZEOF_VOID_P $((12 - pointer)))
include("$prefix/lib/cmake/dni/dni-config-version.cmake")
file(WRITE "$work/unsuitable" "\${PACKAGE_VERSION_UNSUITABLE}")
END
cmake -P "$work/other.cmake" && [ "$(cat "$work/unsuitable")" = TRUE ] ||
  complain "a library for addresses of another size is taken"

installation uninstall || complain "make uninstall failed"
left=$(find "$prefix" ! -type d -o -path '*/cmake/dni*')
[ -z "$left" ] || complain "uninstall left: $left"

# Without files nothing but the C library is needed.
small_tree "$work/tree"
# shellcheck disable=SC2086 # several settings
fresh_make -C "$work/tree" $small DESTDIR="$work/stage" INCLUDEDIR=/headers install ||
  complain "the small tree cannot be installed"
config=$work/stage/usr/local/lib/cmake/dni/dni-config.cmake
grep -q 'dni_includes "/headers"' "$config" || complain "an INCLUDEDIR apart from the prefix is not in $config"
grep -q 'jansson\|foreach(dni_name .*z' "$config" && complain "FILES=none: dni-config.cmake has packages"
exit $code
