#!/bin/sh
# Make sure that what a build needs is there: require.sh [-n] compiler openblas zlib check ...
#
# A name is `compiler`, a pkg-config file's, or one of those in is_there. gnuplot, python3, pandoc, doxygen, luajit,
# clang, cmake, meson and c++ are programs: they are there if the shell finds them. torch and numpy are of the Python PEERS_PYTHON,
# openblas-openmp is a second OpenBLAS beside the system's. debian:NAME is a package of Debian that is there if
# dpkg has it.
#
# What is there is left alone. With -n, one line names all that is missing. Without, it is installed, and
# nothing else, if this is a Debian or Ubuntu machine and we are root or sudo asks no password;
# otherwise one line says what to install. Only what debian_name knows can be installed.
set -u
: "${PKG_CONFIG:=pkg-config}" "${CC:=cc}" "${PEERS_PYTHON:=/usr/bin/python3}"
: "${CPPFLAGS:=}" "${CFLAGS:=}" "${LDFLAGS:=}" "${LDLIBS:=}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

fail() {
  echo "libdni: $*" >&2
  exit 1
}

debian_name() {
  case $1 in
  compiler)
    case ${CC%% *} in
    cc | gcc) echo gcc libc6-dev ;;
    clang) echo clang libc6-dev ;;
    musl-gcc) echo musl-tools ;;
    *) fail "no C compiler: $no_compiler" ;;
    esac
    ;;
  pkg-config) echo pkg-config ;;
  openblas) echo libopenblas-dev ;;
  zlib) echo zlib1g-dev ;;
  jansson) echo libjansson-dev ;;
  libxxhash) echo libxxhash-dev ;;
  check) echo check ;;
  gnuplot) echo gnuplot-nox ;;
  python3 | pandoc | doxygen | luajit | clang | cmake | meson) echo "$1" ;;
  torch | numpy) echo "python3-$1" ;;
  c++) echo g++ ;;
  fann) echo libfann-dev ;;
  openblas-openmp) echo libopenblas0-openmp ;;
  debian:*) echo "${1#debian:}" ;;
  *) fail "pkg-config finds no package named $1: install it, or choose another" ;;
  esac
}

python_has() {
  "$PEERS_PYTHON" -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec(sys.argv[1]))' \
    "$1" 2>/dev/null
}

# shellcheck disable=SC2086 # a command with options
pkg_config() {
  $PKG_CONFIG "$@" 2>/dev/null
}

# links PROGRAM [PACKAGE [LIBRARY]]: does a program that needs the headers of one package and the library of
# another compile and link with the user's settings?
# A package of this machine may not be one of the machine that is built for. Settings and what pkg-config
# says are in the shell's words, as in a rule of the Makefile. -fexceptions is a flag of the library.
links() {
  [ -z "${no_compiler:-}" ] || return 0
  printf '%s\n' "$1" >"$work/program.c"
  eval "$CC -fexceptions $CPPFLAGS $CFLAGS ${2:+$(pkg_config --cflags "$2")} -o '$work/program' \
    '$work/program.c' $LDFLAGS ${3:+$(pkg_config --libs "$3")} $LDLIBS" 2>"$work/errors"
}
uses_exceptions='int puts(const char *text);
static void end(int *x) { if (*x) puts(""); }
int main(void) { int x __attribute__((cleanup(end))) = puts(""); return puts("") < x; }'
uses_zlib='#include <zlib.h>
int main(void) { return !zlibVersion(); }'
uses_jansson='#include <jansson.h>
int main(void) { return !json_object(); }'
# The header alone: nothing is linked.
uses_libxxhash='#define XXH_INLINE_ALL
#include <xxhash.h>
int main(void) { return XXH3_64bits("", 0) == 0; }'
uses_check='#include <check.h>
int main(void) { return !srunner_create(NULL); }'

is_there() {
  case $1 in
  compiler) [ -z "$no_compiler" ] ;;
  pkg-config) pkg_config --version >/dev/null ;;
  zlib) pkg_config --exists zlib && links "$uses_zlib" zlib zlib ;;
  jansson) pkg_config --exists jansson && links "$uses_jansson" jansson jansson ;;
  libxxhash) pkg_config --exists libxxhash && links "$uses_libxxhash" libxxhash ;;
  check) pkg_config --exists check && links "$uses_check" check check ;;
  gnuplot | python3 | pandoc | doxygen | luajit | c++ | clang | cmake | meson) command -v "$1" >/dev/null ;;
  torch | numpy) python_has "$1" ;;
  openblas-openmp) ls /usr/lib/*/openblas-openmp/libblas.so.3 >/dev/null 2>&1 ;;
  debian:*) dpkg-query -W -f '${db:Status-Status}' "${1#debian:}" 2>/dev/null | grep -q '^installed' ;;
  *) pkg_config --exists "$1" ;;
  esac
}

# What is missing, and why if that is known.
describe() {
  case $1 in
  compiler) echo "a C compiler (CC=$CC: $no_compiler)" ;;
  zlib | jansson | libxxhash | check)
    if pkg_config --exists "$1"; then echo "$1 for CC=$CC (pkg-config finds another)"; else echo "$1"; fi
    ;;
  *) echo "${1#debian:}" ;;
  esac
}

# The first line of the compiler's complaint that says something, without the place before it.
why() {
  line=$(grep -m 1 -e error -e undefined -e 'cannot find' -e 'not found' "$work/errors")
  echo "${line:-it makes no programs}" | sed 's/^[^ ]*: //'
}

# $missing becomes the names that are not there, $no_compiler why no program can be made.
look() {
  missing='' no_compiler=''
  links "$uses_exceptions" || no_compiler=$(why)
  for name; do
    is_there "$name" || missing="$missing $name"
  done
}

# Those of the names in words, on one line.
in_words() {
  for name in $missing; do
    describe "$name"
  done | paste -s -d ',' - | sed 's/,/, /g'
}

find_apt() {
  command -v apt-get >/dev/null || return 1
  if [ "$(id -u)" -eq 0 ]; then
    apt=apt-get
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    apt='sudo -n apt-get'
  else
    return 1
  fi
}

# The first attempt uses the package lists as they are; a fresh machine has none yet.
install() {
  echo "libdni: installing $*" >&2
  export DEBIAN_FRONTEND=noninteractive
  set -- -qq -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
  $apt install "$@" </dev/null >/dev/null 2>&1 && return
  $apt update -qq >/dev/null && $apt install "$@" </dev/null >/dev/null ||
    fail "apt-get could not install what is missing"
}

mode=install
[ "$1" != -n ] || { mode=look && shift; }
look "$@"
[ -n "$missing" ] || exit 0
[ $mode = install ] ||
  fail "missing: $(in_words). Try make deps, or see BLAS and FILES in make help."
packages=''
for name in $missing; do
  packages="$packages $(debian_name "$name")" || exit 1
done
find_apt || fail "please install:$packages (names of Debian and Ubuntu)"
# shellcheck disable=SC2086 # several names
install $packages
look "$@"
[ -z "$missing" ] || fail "installed, but still missing: $(in_words)"
