#!/bin/sh
# The public headers: each refuses to be included alone; dni.h by itself, and the layout and values
# it promises (tests/header_test.c), compile in C99, C11, C++98 and C++17 without a warning.
set -u
: "${CC:=cc}" "${CXX:=c++}"
code=0
strict='-pedantic -Werror -Wall -Wextra -Wshadow -Wconversion -Iinclude -fsyntax-only'

for header in include/dni/*.h; do
  printf '#include "%s"\n' "${header#include/}" |
    $CC -Iinclude -fsyntax-only -x c - 2>/dev/null &&
    { echo "$header can be included alone"; code=1; }
  grep -q "include \"${header#include/}\"" include/dni.h ||
    { echo "$header is not included by dni.h"; code=1; }
done

for standard in c99 c11; do
  $CC -std=$standard $strict -Wstrict-prototypes -x c tests/header_test.c ||
    { echo "dni.h does not compile as $standard"; code=1; }
done
if ! command -v "${CXX%% *}" >/dev/null; then
  echo "no C++ compiler (${CXX%% *}): C++ was not tried"
  [ $code -ne 0 ] || exit 77
  exit $code
fi
for standard in c++98 c++17; do
  $CXX -std=$standard $strict -x c++ tests/header_test.c ||
    { echo "dni.h does not compile as $standard"; code=1; }
done
exit $code
