#!/bin/sh
# README.md's first program starts after README.md's commands. They are run as they are there, in a mount
# namespace in which /usr/local is empty and /etc a copy, so that nothing of this machine is changed.
set -u
: "${CFLAGS:=}" "${LDFLAGS:=}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. tests/build/common.sh
case "$CFLAGS $LDFLAGS" in *-fsanitize*) echo "README.md's command does not know the sanitizer"; exit 77 ;; esac
own='unshare --mount'
[ "$(id -u)" -eq 0 ] || own='unshare --mount --map-root-user'
case $PWD/:$(command -v "${CC%% *}"):$(command -v "${MAKE%% *}") in
*/usr/local/*) echo "the checkout, the compiler or make is in /usr/local, which has to be empty"; exit 77 ;;
esac
[ "$(uname)" = Linux ] && command -v ldconfig >/dev/null && $own mount -t tmpfs none /usr/local 2>/dev/null ||
  { echo "there is no mount namespace to install in"; exit 77; }

awk '/^```/ && inside { exit } inside { print } /^```c$/ { inside = 1 }' README.md >"$work/xor.c"
sed -n '/^Install the library, then compile/,/^    \.\/xor/s/^    //p' README.md |
  sed 's/^sudo make install$/install_libdni/; s/^cc /$CC /' >"$work/commands"
[ "$(cut -d ' ' -f 1 "$work/commands" | paste -s -d ' ' -)" = 'install_libdni $CC ./xor' ] ||
  { complain "README.md has other commands than this script knows"; exit 1; }
cp -a /etc "$work/etc" 2>/dev/null

cat >"$work/inside" <<'END'
mount -t tmpfs none /usr/local && mount --bind "$work/etc" /etc || exit 1
[ ! -d /var/cache/ldconfig ] || mount -t tmpfs none /var/cache/ldconfig || exit 1
install_libdni() {
  (cd "$tree" && "$MAKE" BUILD="$BUILD" PREFIX=/usr/local install)
}
cd "$work" && . "$work/commands"
END
export CC MAKE BUILD tree="$PWD" work
$own env -u PKG_CONFIG_PATH -u PKG_CONFIG_LIBDIR -u PKG_CONFIG_SYSROOT_DIR -u LD_LIBRARY_PATH -u LD_RUN_PATH sh -e "$work/inside" >"$work/log" 2>&1 &&
  [ "$(grep -c ' xor ' "$work/log")" -eq 4 ] ||
  complain "README.md's program does not run after README.md's commands"
exit $code
