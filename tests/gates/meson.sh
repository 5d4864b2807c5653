#!/bin/sh
# libdni by Meson is libdni by make. A project that has the checkout as a subproject (tests/outside/meson.build)
# gets a shared and a static library, and its programs run; so do those of a project that finds what is installed.
# A subproject is shared or static as its parent's default_library says. The flags, the exported functions and the installed
# files are those of make. To be quick, the library is compiled without optimisation.
set -u
export LC_ALL=C
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. tests/build/common.sh
: "${BLAS:=openblas}" "${FILES:=idx,csv}" "${NM:=nm}"
for program in meson ninja; do
  command -v $program >/dev/null || { echo "$program is not there"; exit 77; }
done
case "${CFLAGS:-} ${LDFLAGS:-}" in
*-fsanitize* | *-flto*) echo "these CFLAGS are not for a program of another build"; exit 77 ;;
esac

outer="$work/an outer project"
mkdir -p "$outer/subprojects"
cp tests/outside/meson.build tests/outside/loop.c "$outer"
ln -s "$PWD" "$outer/subprojects/dni"
# meson_command ARGUMENT...: in the environment of a user.
meson_command() {
  env -u MAKEFLAGS -u CFLAGS -u CPPFLAGS CC="$CC" PKG_CONFIG="$PKG_CONFIG" meson "$@" >"$work/log" 2>&1
}
meson_command setup --buildtype=plain --force-fallback-for=libdni --prefix=/opt/dni --libdir=lib \
  -Ddni:blas="$BLAS" -Ddni:files="$FILES" "$outer/build" "$outer" &&
  meson_command compile -C "$outer/build" || { complain "a project with libdni as a subproject cannot be built"; exit 1; }
for program in c_shared c_static; do
  "$outer/build/$program" >"$work/log" 2>&1 || complain "$program fails"
done
readelf -d "$outer/build/c_shared" | grep -q 'NEEDED.*libdni\.so\.[0-9]*\]' ||
  complain "c_shared does not need libdni by its soname"
readelf -d "$outer/build/c_static" | grep -q 'NEEDED.*libdni' && complain "c_static needs the shared library"

# The same project without the subproject: pkg-config finds what make has installed.
mkdir "$work/installed" && cp tests/outside/meson.build tests/outside/loop.c "$work/installed"
"$MAKE" BUILD="$BUILD" DESTDIR= PREFIX="$work/prefix" LIBDIR="$work/prefix/lib" INCLUDEDIR="$work/prefix/include" \
  PKGCONFIGDIR="$work/prefix/lib/pkgconfig" install >"$work/log" 2>&1 || complain "make install fails"
(
  export PKG_CONFIG_PATH="$work/prefix/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
  meson_command setup "$work/installed/build" "$work/installed" && meson_command compile -C "$work/installed/build"
) || complain "a project that finds libdni by pkg-config cannot be built"
for program in c_shared c_static; do
  LD_LIBRARY_PATH=$work/prefix/lib "$work/installed/build/$program" >"$work/log" 2>&1 || complain "$program of what is installed fails"
done

# A library of one function, as the parent says that it is to be.
parent=$work/parent
small_tree "$parent/subprojects/dni"
cp meson.build meson_options.txt "$parent/subprojects/dni"
cat >"$parent/meson.build" <<END
project('parent', 'c')
executable('program', 'program.c', dependencies: dependency('libdni', fallback: 'dni'))
END
printf '#include <dni.h>\nint main(void) { return dni_version() <= 0; }\n' >"$parent/program.c"
for kind in shared static; do
  meson_command setup --force-fallback-for=libdni -Ddni:blas=none -Ddni:files=none -Ddefault_library=$kind \
    "$parent/$kind" "$parent" && meson_command compile -C "$parent/$kind" && "$parent/$kind/program" ||
    complain "default_library=$kind: the program fails"
  libraries=$(find "$parent/$kind" -name 'libdni.so' -o -name 'libdni.a' | sed 's/.*libdni.//')
  case $kind:$libraries in
  shared:so | static:a) ;;
  *) complain "default_library=$kind makes libdni." "$libraries" ;;
  esac
done

# complain_of FIRST SECOND TEXT: lines of the first list that are not in the second.
complain_of() {
  comm -23 "$work/$1" "$work/$2" >"$work/log"
  [ ! -s "$work/log" ] || complain "$3"
}
exported() {
  "$NM" -D --defined-only "$1" | sed 's/^[^ ]* //' | sort
}
exported "$BUILD/lib/libdni.so" >"$work/make.symbols"
exported "$outer/build/subprojects/dni/libdni.so" >"$work/meson.symbols"
[ -s "$work/make.symbols" ] || complain "$BUILD/lib/libdni.so exports nothing"
complain_of make.symbols meson.symbols "these are exported by make's library alone"
complain_of meson.symbols make.symbols "these are exported by Meson's library alone"

# The words of a command, a line for each. Places, dependency files and what the user sets may differ.
words() {
  tr -d '\\"'\' | tr -s ' ' '\n' | sort -u
}
# shellcheck disable=SC2086 # several words
printf '%s\n' $CC ${CPPFLAGS:-} ${CFLAGS:--O3 -g} -Iinclude -Ilib -MMD -MP -Werror | words >"$work/own"
words <"$BUILD/compiled-with" | comm -23 - "$work/own" >"$work/make.flags"
sed -n 's/^ *"command": "\(.*\)",$/\1/p' "$outer/build/compile_commands.json" | grep core_status |
  words >"$work/meson.flags"
[ -s "$work/meson.flags" ] || complain "compile_commands.json does not have lib/core/status.c"
complain_of make.flags meson.flags "make compiles with these, and Meson does not"

# The same files, and those that are text with the same content. The programs are make's alone.
DESTDIR=$work/meson meson_command install -C "$outer/build" --no-rebuild || complain "meson install fails"
"$MAKE" BUILD="$BUILD" DESTDIR="$work/make" PREFIX=/opt/dni LIBDIR=/opt/dni/lib INCLUDEDIR=/opt/dni/include \
  PKGCONFIGDIR=/opt/dni/lib/pkgconfig install >"$work/log" 2>&1 || complain "make install fails"
for tool in make meson; do
  rm -rf "$work/$tool/opt/dni/bin" "$work/$tool/opt/dni/share"
  (cd "$work/$tool" && find . -printf '%P %M\n' | sed '/\.so/s/ .*//' | sort) >"$work/$tool.files"
done
complain_of make.files meson.files "these are installed by make alone"
complain_of meson.files make.files "these are installed by Meson alone"
diff -r --exclude='*.so*' --exclude='*.a' "$work/make" "$work/meson" >"$work/log" ||
  complain "make and Meson install other texts"
exit $code
