#!/bin/sh
# Several goals of one make are made in the order in which they are written, whatever -j says.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. tests/build/common.sh
tree=$work/tree
small_tree "$tree"

# A clean that takes its time, as that of a whole build does.
mkdir "$work/bin"
cat >"$work/bin/rm" <<END
#!/bin/sh
[ "\$1" != -rf ] || sleep 1
exec $(command -v rm) "\$@"
END
chmod +x "$work/bin/rm"
PATH=$work/bin:$PATH

# leaves yes|no GOAL...: is there a library afterwards?
leaves() {
  wanted=$1 found=no
  shift
  # shellcheck disable=SC2086 # several settings
  fresh_make -C "$tree" $small "$@" || complain "make $* fails"
  [ ! -e "$tree/build/lib/libdni.a" ] || [ ! -e "$tree/build/lib/libdni.so" ] || found=yes
  [ $found = "$wanted" ] || complain "make $*: is there a library? $found"
}

leaves yes clean lib
leaves yes clean lib
leaves yes -j8 clean all
leaves yes -j1 clean lib
leaves no lib clean
leaves no clean clean
leaves yes clean lib lib DESTDIR="$work/stage" install
grep -q "Nothing to be done for .install" "$work/log" && complain "make clean lib install says that it did nothing"
[ -e "$work/stage/usr/local/lib/libdni.so" ] || complain "make clean lib install does not install"
# shellcheck disable=SC2086 # several settings
fresh_make -C "$tree" $small no-such-goal clean && complain "goes on after a goal that fails"
[ -e "$tree/build/lib/libdni.a" ] || complain "goes on after a goal that fails"
exit $code
