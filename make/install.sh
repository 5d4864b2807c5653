#!/bin/sh
# install.sh install|uninstall: put headers, libraries, libdni.pc, the files for CMake, programs and their man
# pages below $DESTDIR, or take them away.
#
# All settings come in the environment, so that their values may have any character in them. The build is
# only read: another user may own it. Files are copied under temporary names first and renamed when all
# are there, so a failed installation changes nothing.
set -u
new=.new-$$
line_end='
'

fail() {
  echo "libdni: $*" >&2
  exit 1
}

# Do something with each file: $1 MODE SOURCE DESTINATION. The mode of a symbolic link is "link", that of what
# make/describe.sh writes is "described".
each() {
  "$1" 644 include/dni.h "$headers/dni.h" || return
  for header in include/dni/*.h; do
    "$1" 644 "$header" "$headers/dni/${header##*/}" || return
  done
  "$1" 644 include/dni/interface.json "$headers/dni/interface.json" || return
  "$1" 644 bindings/cpp/dni.hpp "$headers/dni.hpp" || return
  for header in bindings/cpp/dni/cpp/*.hpp; do
    "$1" 644 "$header" "$headers/dni/cpp/${header##*/}" || return
  done
  "$1" 644 "$STATIC" "$libraries/${STATIC##*/}" || return
  "$1" 755 "$SHARED" "$libraries/${SHARED##*/}" || return
  "$1" link "${SHARED##*/}" "$libraries/libdni.so.$ABI" || return
  "$1" link "${SHARED##*/}" "$libraries/libdni.so" || return
  "$1" described cmake "$cmake_files/dni-config.cmake" || return
  "$1" described cmake-version "$cmake_files/dni-config-version.cmake" || return
  "$1" described pc "$pc_files/libdni.pc" || return
  # The build's paths have no spaces in them. With FILES=none there are no programs.
  for program in $TOOLS; do
    "$1" 755 "$program" "$DESTDIR$BINDIR/${program##*/}" || return
  done
  for page in $MAN_PAGES; do
    "$1" 644 "$page" "$DESTDIR$MANDIR/man1/${page##*/}" || return
  done
}

copy() {
  case $1 in
  link) ln -s "$2" "$3$new" ;;
  described) sh make/describe.sh "$2" >"$3$new" && chmod 644 "$3$new" ;;
  *) $INSTALL -m "$1" "$2" "$3$new" ;;
  esac
}
# A directory cannot be replaced by a file.
free() {
  [ ! -d "$3" ] || { echo "libdni: $3 is a directory" >&2; return 1; }
}
place() {
  mv -f "$3$new" "$3" || return
  echo "  $3" 2>/dev/null || :
}
drop() {
  rm -f "$3$new"
}
remove() {
  rm -f "$3"
}

# make_directory PATH: with its parents. $created lists what was not there before, the deepest first.
make_directory() {
  missing=$1
  while [ ! -d "$missing" ]; do
    new_ones=${new_ones:-}$missing$line_end
    missing=$(dirname "$missing")
  done
  created=${new_ones:-}$created
  new_ones=
  $INSTALL -d "$1"
}

undo() {
  each drop
  printf '%s' "$created" | while IFS= read -r directory; do
    rmdir "$directory" 2>/dev/null
  done
  fail "nothing was installed"
}

case $DESTDIR in
-*) DESTDIR=./$DESTDIR ;;
esac
headers=$DESTDIR$INCLUDEDIR libraries=$DESTDIR$LIBDIR pc_files=$DESTDIR$PKGCONFIGDIR
cmake_files=$libraries/cmake/dni created=

# The loader finds a new library in these directories once ldconfig has seen it.
update_loader() {
  PATH=$PATH:/sbin:/usr/sbin
  [ -z "$DESTDIR" ] && command -v ldconfig >/dev/null || return 0
  ldconfig -N -v 2>/dev/null | sed -n 's/^\(\/.*\):\( (.*\)*$/\1/p' | while IFS= read -r directory; do
    if [ "$directory" -ef "$LIBDIR" ]; then
      [ "$(id -u)" -eq 0 ] && ldconfig || echo "libdni: run ldconfig as root, so that programs find the library"
      break
    fi
  done
}

case $1 in
install)
  trap 'undo' HUP INT TERM
  for directory in "$headers/dni/cpp" "$libraries" "$cmake_files" "$pc_files"; do
    make_directory "$directory" || undo
  done
  [ -z "$TOOLS" ] || for directory in "$DESTDIR$BINDIR" "$DESTDIR$MANDIR/man1"; do
    make_directory "$directory" || undo
  done
  each copy && each free || undo
  trap '' HUP INT TERM PIPE
  each place || { each drop; fail "only part of libdni could be installed: see above"; }
  update_loader
  ;;
uninstall)
  each remove
  for directory in "$headers/dni/cpp" "$headers/dni" "$cmake_files"; do
    [ ! -d "$directory" ] || rmdir "$directory"
  done
  ;;
esac
