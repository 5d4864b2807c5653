#!/bin/sh
# What libdni.a may define and use. Every global is dni_ or dni__, so that nothing clashes in the
# program it is linked into. It never ends the process, prints, reads the environment, changes
# global state, or gets memory other than through the context's allocator.
set -u
: "${BUILD:=build}" "${NM:=nm}" "${CFLAGS:=}"
archive=$BUILD/lib/libdni.a
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
code=0
case $CFLAGS in
*-fsanitize* | *--coverage* | *-flto*) echo "these CFLAGS add symbols of their own"; exit 77 ;;
esac

# Lines "libdni.a:core_memory.o: U free" become "core_memory.o free".
symbols() {
  "$NM" -A "$@" "$archive" | sed 's/.*libdni\.a:\([^:]*\):.* \([^ ]*\)$/\1 \2/'
}

# A compiler may add its own, weak and hidden, where exceptions pass.
names=$(symbols -g --defined-only | grep -v -e ' dni_' -e ' DW\.ref\.__gcc_personality_v0$')
[ -z "$names" ] || { printf 'global without the prefix dni_:\n%s\n' "$names"; code=1; }

forbidden='
  abort exit _exit _Exit quick_exit raise __assert_fail
  printf fprintf vprintf vfprintf dprintf puts fputs putc putchar perror psignal
  __printf_chk __fprintf_chk __vprintf_chk __vfprintf_chk stdout stderr stdin
  getenv secure_getenv setenv putenv unsetenv system popen
  rand srand rand_r random srandom drand48 srand48 setlocale signal sigaction atexit
  malloc calloc realloc reallocarray aligned_alloc posix_memalign free strdup strndup asprintf
  vasprintf getline getdelim alloca'
# The default allocator is the one place that calls the C library's.
allowed='core_memory.o posix_memalign
core_memory.o free'
for name in $forbidden; do
  echo " $name"
done >"$work/forbidden"
symbols -u | grep -v -x -F "$allowed" >"$work/used"
users=$(sed 's/^[^ ]*//' "$work/used" | sort -u | grep -x -F -f "$work/forbidden")
for name in $users; do
  sed -n "s/ $name\$/ uses $name, which must not be used in the library/p" "$work/used"
  code=1
done
exit $code
