#!/bin/sh
# The library and its suites on other processors: check.sh [ARCHITECTURE ...]
#
# For each architecture the suites are built by Debian's cross compiler with warnings as errors,
# and run by qemu's user emulation; zlib, jansson, xxhash and Check come from sysroot.sh. `musl` is this
# processor with another C library and static programs; its packages come from musl.sh. One line for each
# suite, at the end a table. What was built and the reports stay in build/portability.
set -u
: "${BUILD:=build}" "${MAKE:=make}" "${PORTABILITY_CFLAGS:=-O2}" "${PORTABILITY_SUITES:=}"
[ $# -gt 0 ] || set -- musl i386-x87 i386-sse aarch64 s390x riscv64
base=$BUILD/portability
code=0

# Debian's architecture, the release that has it, the compiler's triplet, qemu's name, flags.
describe() {
  case $1 in
  i386-x87) echo i386 bookworm i686-linux-gnu i386 -mfpmath=387 ;;
  i386-sse) echo i386 bookworm i686-linux-gnu i386 -msse2 -mfpmath=sse ;;
  aarch64) echo arm64 bookworm aarch64-linux-gnu aarch64 ;;
  s390x) echo s390x bookworm s390x-linux-gnu s390x ;;
  riscv64) echo riscv64 trixie riscv64-linux-gnu riscv64 ;;
  *) echo "no architecture $1; there are musl i386-x87 i386-sse aarch64 s390x riscv64" >&2; return 1 ;;
  esac
}

# Suites that take hours under emulation: large products and long trainings; of the x87, whose arithmetic is emulated
# bit by bit, one more. PORTABILITY_SUITES runs them.
slow='test_backend'
# Suites that put functions of their own in front of the C library's, or load libraries, which a static
# program cannot.
dynamic='test_io_faults test_thread_faults test_messages'

# The C library is the cross compiler's, except where Debian's release is newer than that.
packages='check libsubunit-dev zlib1g-dev libjansson-dev libxxhash-dev'
packages_with_libc='libc6 libc6-dev linux-libc-dev libgcc-s1 libatomic1'

# run_suites NAME PREFIX WITHOUT WHY: those that were built or asked for, by a command that runs them.
run_suites() {
  suites=$(ls "$base/$1"/tests/test_*)
  [ -z "$PORTABILITY_SUITES" ] ||
    suites=$(for suite in $PORTABILITY_SUITES; do echo "$base/$1/tests/$suite"; done)
  for suite in $3; do
    echo "skipped $suite: $4"
    suites=$(echo "$suites" | grep -v "/$suite\$")
  done
  # shellcheck disable=SC2086 # words
  BUILD="$base/$1" TEST_PREFIX="$2" CK_TIMEOUT_MULTIPLIER=200 sh tests/run.sh $suites
}

# gcc's unwinder is for glibc, so without exceptions.
run_musl() {
  sh tests/portability/musl.sh "$base/musl-packages" || return 1
  unset PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
  export PKG_CONFIG_LIBDIR="$base/musl-packages/lib/pkgconfig"
  $MAKE CC=musl-gcc BLAS=none CI=1 BUILD="$base/musl" CFLAGS="$PORTABILITY_CFLAGS -fno-exceptions" \
    LDFLAGS=-static tests || return 1
  run_suites musl '' "$dynamic" 'not for static programs'
}

# run_one ARCHITECTURE DEBIAN RELEASE TRIPLET QEMU FLAGS...
run_one() {
  name=$1 debian=$2 release=$3 triplet=$4 qemu=qemu-$5
  shift 5
  for program in "$triplet-gcc" "$qemu"; do
    command -v "$program" >/dev/null || { echo "$program is not there: install gcc-$triplet and qemu-user"; return 1; }
  done
  sysroot=$base/$debian libc=/usr/$triplet flags="$*" test_flags= more=
  [ "$debian" != riscv64 ] || { more=$packages_with_libc libc=$sysroot flags="$flags --sysroot=$sysroot"; }
  unset PKG_CONFIG_PATH
  # shellcheck disable=SC2086 # words
  sh tests/portability/sysroot.sh "$debian" "$release" "$sysroot" $packages $more || return 1
  folder=$(cd "$sysroot/usr/lib" && ls -d ./*-linux-gnu | head -n 1)
  libraries=$sysroot/usr/lib/${folder#./}
  export PKG_CONFIG_LIBDIR="$libraries/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$sysroot"
  # The x87 computes with more digits than a double has. What tests expect is computed in doubles, by SSE.
  [ "$name" != i386-x87 ] || { test_flags="-msse2 -mfpmath=sse" slow="$slow test_stack"; }
  $MAKE CC="$triplet-gcc" AR="$triplet-ar" BLAS=none CI=1 BUILD="$base/$name" \
    CFLAGS="$PORTABILITY_CFLAGS $flags" TEST_CFLAGS="$test_flags" LDFLAGS="-L$libraries" tests || return 1
  [ -z "$PORTABILITY_SUITES" ] || slow=
  # The path, since otherwise the linker of one C library would load another that the system has.
  run_suites "$name" "$qemu -L $libc -E LD_LIBRARY_PATH=$libc/lib:$libraries" "$slow" \
    'too slow under emulation'
}

for architecture; do
  run=run_musl words=
  [ "$architecture" = musl ] || { run="run_one $architecture" words=$(describe "$architecture") || exit 1; }
  echo "== $architecture"
  mkdir -p "$base"
  # shellcheck disable=SC2086 # words
  { $run $words 2>&1; echo $? >"$base/$architecture.code"; } |
    tee "$base/$architecture.txt"
  [ "$(cat "$base/$architecture.code")" -eq 0 ] || code=1
done

printf '\n| architecture | suites | result |\n|---|---|---|\n'
for architecture; do
  report=$base/$architecture.txt
  printf '| %s | %d of %d | %s |\n' "$architecture" "$(grep -c '^ok ' "$report")" \
    "$(grep -c -e '^ok ' -e '^FAILED ' "$report")" "$(tail -n 1 "$report")"
done
exit $code
