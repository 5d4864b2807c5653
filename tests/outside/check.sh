#!/bin/sh
# An installed libdni is all that a program needs: loop.c is built through pkg-config against an
# installation below a temporary directory, as C99 and as C++, with the shared and with the static
# library, and run. exceptions.cpp throws through the library. plugin.c is a shared object with the static
# library in it. The installed programs run. Uninstalling leaves no file. DESTDIR appears in no installed file.
# A prefix may have a space in it.
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

# installation install|uninstall DESTDIR PREFIX: all places are given, whatever is set outside.
installation() {
  "$MAKE" BUILD="$BUILD" DESTDIR="$2" PREFIX="$3" LIBDIR="$3/lib" INCLUDEDIR="$3/include" \
    PKGCONFIGDIR="$3/lib/pkgconfig" BINDIR="$3/bin" MANDIR="$3/share/man" "$1" >"$work/log" 2>&1
}

installation install "$stage" $prefix ||
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

# The static library is named by file, so that the linker cannot take the shared one.
shared=$(pc --libs)
static=$(pc --static --libs | sed "s|-ldni|$stage$prefix/lib/libdni.a|")
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

# plugin NAME FLAGS...: its exported symbols become $work/NAME.symbols.
plugin() {
  name=$1
  shift
  # shellcheck disable=SC2046,SC2086 # flags
  $CC -std=c11 $CFLAGS $(pc --cflags) -fPIC -fvisibility=hidden -shared -o "$work/$name.so" \
    tests/outside/plugin.c $LDFLAGS "$@" $static || { echo "$name.so cannot be linked"; code=1; }
  "${NM:-nm}" -D --defined-only "$work/$name.so" | sed 's/.* //' | sort >"$work/$name.symbols"
}

# Internal functions are not exported from a plugin, and with --exclude-libs nothing of libdni is. Two plugins
# and libdni.so can then be in one process, and each keeps to itself. A sanitizer is in the program alone.
case $CFLAGS in
*-fsanitize*) ;;
*)
  plugin open
  plugin closed -Wl,--exclude-libs,libdni.a
  cp "$work/closed.so" "$work/another.so"
  grep '^dni__' "$work/open.symbols" && { echo "these are exported from a plugin"; code=1; }
  [ "$(cat "$work/closed.symbols")" = plugin_message ] ||
    { echo "--exclude-libs: a plugin exports more than its function"; code=1; }
  # shellcheck disable=SC2046,SC2086 # flags
  $CC -std=c11 $CFLAGS $(pc --cflags) -o "$work/host" tests/outside/plugin_host.c $LDFLAGS $shared -ldl
  "$work/host" "$work/closed.so" "$work/another.so" ||
    { echo "two plugins beside libdni.so disturb each other"; code=1; }
  ;;
esac

# The programs run from where they are installed, without the shared library, and have pages.
for program in dni-train dni-info; do
  [ -e "$BUILD/bin/$program" ] || continue # FILES=none has none
  env -u LD_LIBRARY_PATH "$stage$prefix/bin/$program" --version >/dev/null || { echo "$program does not run"; code=1; }
  [ -s "$stage$prefix/share/man/man1/$program.1" ] || { echo "$program.1 is not installed"; code=1; }
  ! readelf -d "$stage$prefix/bin/$program" 2>/dev/null | grep -q 'NEEDED.*libdni' ||
    { echo "$program needs the shared library"; code=1; }
done

installation uninstall "$stage" $prefix ||
  { cat "$work/log"; fail "make uninstall failed"; }
left=$(find "$stage" ! -type d -o -path '*/include/dni*' -o -path '*/cmake/dni*')
[ -z "$left" ] || fail "uninstall left: $left"

# A prefix with a space in it: pkg-config escapes it for the shell.
spaced="$work/a prefix"
installation install '' "$spaced" ||
  { cat "$work/log"; fail "make install to a prefix with a space failed"; }
flags=$(PKG_CONFIG_PATH="$spaced/lib/pkgconfig" "$PKG_CONFIG" --cflags --libs libdni)
eval "$CC $CFLAGS -o '$work/spaced' tests/outside/loop.c $LDFLAGS $flags" &&
  LD_LIBRARY_PATH="$spaced/lib" "$work/spaced" ||
  { echo "a program using a prefix with a space failed"; code=1; }
[ ! -e "$BUILD/bin/dni-info" ] || "$spaced/bin/dni-info" --version >/dev/null ||
  { echo "dni-info below a prefix with a space does not run"; code=1; }
exit $code
