#!/bin/sh
# An installed libdni is all that a program needs: loop.c is built through pkg-config against an
# installation below a temporary directory, as C99 and as C++, with the shared and with the static
# library, and run. exceptions.cpp throws through the library. Uninstalling leaves no file. DESTDIR appears in no installed file. A prefix may have
# a space in it.
set -u
: "${BUILD:=build}" "${CC:=cc}" "${CXX:=c++}" "${CFLAGS:=}" "${LDFLAGS:=}" "${PKG_CONFIG:=pkg-config}"
: "${MAKE:=make}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
stage=$work/stage prefix=/opt/dni code=0

fail() {
  echo "$*"
  exit 1
}

$MAKE BUILD="$BUILD" DESTDIR="$stage" PREFIX=$prefix install >"$work/log" 2>&1 ||
  { cat "$work/log"; fail "make install failed"; }
grep -r -l -I "$work" "$stage" && fail "DESTDIR is written in the files above"

# The staged tree is not where its .pc file says, so that pkg-config is told the real place.
pc() {
  PKG_CONFIG_PATH="$stage$prefix/lib/pkgconfig" "$PKG_CONFIG" \
    --define-variable=prefix="$stage$prefix" "$@" libdni
}
export LD_LIBRARY_PATH="$stage$prefix/lib"
[ "$(pc --modversion)" = "$(sed -n 's/^Version: //p' "$stage$prefix/lib/pkgconfig/libdni.pc")" ] ||
  fail "pkg-config does not read libdni.pc"

# build OUTPUT LIBRARIES COMPILER...
build() {
  output=$1 libraries=$2
  shift 2
  # shellcheck disable=SC2046,SC2086 # flags
  "$@" -pedantic -Wall -Wextra -Werror $CFLAGS $(pc --cflags) -o "$work/$output" \
    $LDFLAGS $libraries && "$work/$output" || { echo "$output failed"; code=1; }
}

# The static library is named by file, so that the linker cannot take the shared one. OpenBLAS's .pc
# adds -lgfortran, which its packages do not bring and which only a static OpenBLAS would need.
shared=$(pc --libs)
static=$(pc --static --libs | sed "s|-ldni|$stage$prefix/lib/libdni.a|; s|-lgfortran||g")
# shellcheck disable=SC2086 # a compiler with options
build c_shared "tests/outside/loop.c $shared" $CC -std=c99
build c_static "tests/outside/loop.c $static" $CC -std=c99
readelf -d "$work/c_shared" 2>/dev/null | grep -q 'NEEDED.*libdni\.so\.[0-9]*\]' ||
  { echo "c_shared does not need libdni by its soname"; code=1; }
readelf -d "$work/c_static" 2>/dev/null | grep -q 'NEEDED.*libdni' &&
  { echo "c_static needs the shared library"; code=1; }
if command -v "${CXX%% *}" >/dev/null; then
  # shellcheck disable=SC2086 # a compiler with options
  build exceptions "tests/outside/exceptions.cpp $shared" $CXX -std=c++11
  # shellcheck disable=SC2086 # a compiler with options
  build cpp_shared "-x c++ tests/outside/loop.c -x none $shared" $CXX -std=c++98
  # shellcheck disable=SC2086 # a compiler with options
  build cpp_static "-x c++ tests/outside/loop.c -x none $static" $CXX -std=c++98
else
  echo "no C++ compiler (${CXX%% *}): C++ was not tried"
fi

$MAKE BUILD="$BUILD" DESTDIR="$stage" PREFIX=$prefix uninstall >"$work/log" 2>&1 ||
  { cat "$work/log"; fail "make uninstall failed"; }
left=$(find "$stage" ! -type d -o -path '*/include/dni*')
[ -z "$left" ] || fail "uninstall left: $left"

# A prefix with a space in it: pkg-config escapes it for the shell.
spaced="$work/a prefix"
$MAKE BUILD="$BUILD" PREFIX="$spaced" install >"$work/log" 2>&1 ||
  { cat "$work/log"; fail "make install to a prefix with a space failed"; }
flags=$(PKG_CONFIG_PATH="$spaced/lib/pkgconfig" "$PKG_CONFIG" --cflags --libs libdni)
eval "$CC $CFLAGS -o '$work/spaced' tests/outside/loop.c $LDFLAGS $flags" &&
  LD_LIBRARY_PATH="$spaced/lib" "$work/spaced" ||
  { echo "a program using a prefix with a space failed"; code=1; }
exit $code
