#!/bin/sh
# Paths may have any characters that make and pkg-config can hold; what they cannot is refused, by a line
# that says why. An installation that fails changes nothing.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. tests/build/common.sh
odd="an odd & p|th, 100% #1 (it's \"é\") [x]*?;<>"

cat >"$work/program.c" <<'END'
#include <dni.h>
int main(void) { return dni_version() <= 0; }
END

# compiles PC_DIRECTORY [OPTION OF PKG-CONFIG]: the program is built with what the .pc file there says, read
# by the shell as in a rule of a Makefile, and runs. The loader cannot be given a path with ; in it.
compiles() {
  flags=$(PKG_CONFIG_PATH=$1 "$PKG_CONFIG" ${2:-} --cflags --libs libdni | sed 's/[()]/\\&/g') || return
  ln -sfn "${1%/pkgconfig}" "$work/libraries"
  eval "$CC -o '$work/program' '$work/program.c' $flags" || return
  LD_LIBRARY_PATH=$work/libraries "$work/program"
}

# The path of the checkout, and of what is installed.
tree="$work/$odd/libdni"
small_tree "$tree"
cd "$tree" || exit 1
# shellcheck disable=SC2086 # several settings
fresh_make $small lib || complain "a checkout with an odd path cannot be built"
[ -e build/lib/libdni.so ] || complain "a checkout with an odd path: no library"
fresh_make PREFIX="$work/$odd/prefix" install || complain "an odd PREFIX cannot be installed to"
compiles "$work/$odd/prefix/lib/pkgconfig" || complain "an odd PREFIX makes a libdni.pc that is wrong"
# pkg-config itself cannot do with quotes in the new place.
moved=$work/$(echo "$odd" | tr -d "\"'")
mv "$work/$odd/prefix" "$moved"
compiles "$moved/lib/pkgconfig" --define-prefix || complain "an odd prefix cannot be moved"
fresh_make PREFIX="$moved" uninstall || complain "an odd PREFIX cannot be uninstalled"
[ -z "$(find "$moved" ! -type d)" ] || complain "uninstall leaves files below an odd PREFIX"

# Places apart from the prefix, a staged tree, other directories for the build.
fresh_make DESTDIR="$work/\$\$ $odd" PREFIX=/usr LIBDIR="/$odd/lib" INCLUDEDIR="/usr/$odd" install ||
  complain "an odd DESTDIR and LIBDIR"
grep -q '^includedir=\${prefix}/an\\ odd' "$work/\$ $odd/$odd/lib/pkgconfig/libdni.pc" ||
  complain "libdni.pc is not there, or does not say INCLUDEDIR below the prefix"
[ "$(find "$work/\$ $odd" -name '*.new*')" = '' ] || complain "make install leaves temporary files"
# shellcheck disable=SC2086 # several settings
for build in build/é "$work/an-other+@,_b" ../build-outside; do
  fresh_make BUILD="$build" $small lib && [ -e "$build/lib/libdni.so" ] || complain "BUILD=$build"
done

# A source tree that is read only, by many jobs at once. For root, who may write anyway, it is compared.
listing() {
  find . -path ./build -prune -o -printf '%p %s %T@\n'
}
chmod -R a-w .
listing >"$work/listing"
# shellcheck disable=SC2086 # several settings
fresh_make -j8 BUILD="$work/elsewhere" $small lib && [ -e "$work/elsewhere/lib/libdni.so" ] ||
  complain "a tree that is read only cannot be built elsewhere"
listing | cmp -s - "$work/listing" || complain "a build elsewhere changes the source tree"
chmod -R u+w .

# refused WHAT PATTERN SETTINGS...: the first line says why.
refused() {
  what=$1 pattern=$2
  shift 2
  fresh_make "$@" && complain "$what is accepted"
  head -n 1 "$work/log" | grep -q -- "$pattern" || complain "$what: the first line does not say why"
  [ -z "$(built)" ] || complain "$what: something is built"
}
refused 'BUILD with a space' "BUILD='a b'" BUILD='a b' lib
for character in '#' '%' '&' ';' "'" '(' '*'; do
  refused "BUILD with $character" "BUILD='a" BUILD="a${character}b" lib
done
refused 'an empty BUILD' "BUILD=''" BUILD= clean
for place in PREFIX LIBDIR INCLUDEDIR PKGCONFIGDIR BINDIR MANDIR; do
  refused "a relative $place" "$place='some/where'.*absolute" DESTDIR="$work/stage" $place=some/where install
done
refused 'an empty PREFIX' "PREFIX=''.*absolute" DESTDIR="$work/stage" PREFIX= install
refused 'a lone dollar sign' "PREFIX='/a\$b'" DESTDIR="$work/stage" PREFIX="/a\$b" install
refused 'a dollar sign for pkg-config' "dollar sign.*'/a\$b'" DESTDIR="$work/stage" PREFIX="/a\$\$b" install
refused 'a backslash at the end' "backslash" DESTDIR="$work/stage" PREFIX='/a\' install
[ ! -e "$work/stage" ] || complain "something was installed with a refused setting"

# An installation that fails half way. The last directory cannot be made, or the last file not placed.
before() {
  find "$work/half" -type d
  find "$work/half" ! -type d -printf '%p %s %T@\n'
}
mkdir "$work/half"
fresh_make PREFIX="$work/half/usr" install
: >"$work/half/file"
before >"$work/before"
fresh_make PREFIX="$work/half/usr" PKGCONFIGDIR="$work/half/file/pc" install && complain "installs below a file"
fresh_make PREFIX="$work/half/new" PKGCONFIGDIR="$work/half/file/pc" install && complain "installs below a file"
before | cmp -s - "$work/before" || complain "a failed make install leaves something, or changes what was there"
exit $code
