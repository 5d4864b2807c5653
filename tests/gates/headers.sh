#!/bin/sh
# The public headers: each part of dni.h refuses to be included alone; dni.h and dni/research.h, each
# by itself and both in either order, and the layout and values they promise (tests/header_test.c),
# compile in C99, C11, C++98 and C++17 without a warning.
set -u
: "${CC:=cc}" "${CXX:=c++}"
code=0
strict='-pedantic -Werror -Wall -Wextra -Wshadow -Wconversion -Iinclude -fsyntax-only'
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

for header in include/dni/*.h; do
  [ "$header" != include/dni/research.h ] || continue
  printf '#include "%s"\n' "${header#include/}" |
    $CC -Iinclude -fsyntax-only -x c - 2>/dev/null &&
    { echo "$header can be included alone"; code=1; }
  grep -q "include \"${header#include/}\"" include/dni.h ||
    { echo "$header is not included by dni.h"; code=1; }
done

echo '#include <dni.h>' >"$work/dni.c"
echo '#include <dni/research.h>' >"$work/research.c"
cat "$work/dni.c" "$work/research.c" >"$work/both.c"
cat "$work/research.c" "$work/dni.c" >"$work/reverse.c"

# compile LANGUAGE STANDARD COMPILER...
compile() {
  language=$1 standard=$2
  shift 2
  for file in "$work"/*.c tests/header_test.c; do
    # shellcheck disable=SC2086 # flags
    "$@" -std=$standard $strict -x "$language" "$file" ||
      { echo "${file##*/} does not compile as $standard"; code=1; }
  done
}

for standard in c99 c11; do
  # shellcheck disable=SC2086 # a compiler with options
  compile c $standard $CC -Wstrict-prototypes
done
if ! command -v "${CXX%% *}" >/dev/null; then
  echo "no C++ compiler (${CXX%% *}): C++ was not tried"
  [ $code -ne 0 ] || exit 77
  exit $code
fi
for standard in c++98 c++17; do
  # shellcheck disable=SC2086 # a compiler with options
  compile c++ $standard $CXX
done
exit $code
