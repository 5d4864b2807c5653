#!/bin/sh
# What README.md, docs/*.md and docs/manual/*.md say is there: their C compiles, the names and files they mention exist,
# and docs/API.md has every public function.
#
# A block marked ```c is one of three: with main() a whole program, which is built and run; with a
# line that starts with "static" functions of a file; otherwise statements inside a function that is
# given the objects listed in `objects` below. docs/API.md and docs/COOKBOOK.md say so to their readers.
set -u
: "${BUILD:=build}" "${CC:=cc}" "${CFLAGS:=}" "${LDFLAGS:=}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
library=$(cd "$BUILD/lib" && pwd) || exit 1
code=0
strict='-std=c99 -D_POSIX_C_SOURCE=200809L -pedantic -Wall -Wextra -Werror -Iinclude -pthread'
# Snippets declare things to show how, and need not use them.
incomplete='-Wno-unused-function -Wno-unused-parameter -Wno-unused-variable
  -Wno-unused-but-set-variable'

cat >"$work/prelude" <<'END'
#include <dni/research.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void check(dni_status status) {
  if (status != DNI_OK) exit(1);
}
END
objects='dni_context *context, dni_backend *backend, dni_layer *layer, dni_loss *loss,
  dni_optimiser *optimiser, dni_sg *sg, dni_network *network, dni_trainer *trainer,
  dni_dataset *dataset, dni_dataset *validation, dni_matrix x, dni_matrix y, dni_matrix h,
  dni_matrix delta, dni_matrix target'

complain() {
  echo "$*"
  code=1
}

# Blocks become $work/block_N, each starting with a #line that names its place.
awk -v work="$work" '
  /^```/ && inside { inside = 0; close(file); next }
  /^```c$/ {
    inside = 1
    file = work "/block_" ++blocks
    print "#line " FNR + 1 " \"" FILENAME "\"" >file
    next
  }
  inside { print >file }
' README.md docs/*.md docs/manual/*.md
[ -f "$work/block_1" ] || complain "found no C in README.md and docs/"

for block in "$work"/block_*; do
  name=$(sed -n '1s/#line \([0-9]*\) "\(.*\)"/\2:\1/p' "$block")
  if grep -q '^int main(' "$block"; then
    # shellcheck disable=SC2086 # flags
    $CC $strict $CFLAGS -x c "$block" -x none -o "$work/program" $LDFLAGS -L"$library" -ldni -lm &&
      LD_LIBRARY_PATH=$library "$work/program" >/dev/null || complain "$name: the program fails"
    continue
  fi
  before="void snippet($objects); void snippet($objects) {{" after='}}'
  grep -q '^static ' "$block" && before='' after=''
  { cat "$work/prelude"; echo "$before"; cat "$block"; echo "$after"; } >"$work/snippet.c"
  # shellcheck disable=SC2086 # flags
  $CC $strict $incomplete -c -o "$work/snippet.o" "$work/snippet.c" ||
    complain "$name: does not compile"
done

# Names of functions, types and constants; "dni_layer_create_*" stands for several.
name='(dni_+|DNI_)[A-Za-z0-9][A-Za-z0-9_]*'
grep -o -h -w -E "$name\*?" README.md docs/*.md docs/manual/*.md | grep -v '[*_]$' | sort -u >"$work/names"
grep -r -o -h -w -E "$name" include lib bindings examples programs tests Makefile | sort -u >"$work/known"
comm -23 "$work/names" "$work/known" >"$work/unknown"
while read -r name; do
  complain "the documentation mentions $name, which does not exist"
done <"$work/unknown"

# The map has every function; those of research.h are in the section of that name alone.
sed '/^## Research/,/^## Rules/d' docs/API.md | grep -o -w -E 'dni_[a-z0-9_]+' | sort -u >"$work/map"
sed -n '/^## Research/,/^## Rules/p' docs/API.md | grep -o -w -E 'dni_[a-z0-9_]+' | sort -u >"$work/research"
functions() {
  tr '\n' ' ' <"$1" | sed 's:/\*:\n/*:g; s:\*/:&\n:g' | grep -v '^/\*' | grep -o 'DNI_API [^;(]*(' |
    grep -o 'dni_[a-z0-9_]*($' | tr -d '('
}
for header in include/dni/*.h; do
  map=$work/map
  [ "$header" != include/dni/research.h ] || map=$work/research
  for function in $(functions "$header"); do
    grep -q -x "$function" "$map" || complain "docs/API.md does not have $function of $header"
  done
done

# Files and folders of the source.
grep -o -h -E '(^|[^A-Za-z0-9_./-])(lib|include|bindings|examples|programs|tests|docs|pkgconfig)/[A-Za-z0-9_./*<-]*' \
  README.md docs/*.md docs/manual/*.md | sed 's/^[^a-z]//; s/\.$//' | grep -v '[*<]' | sort -u >"$work/files"
while read -r file; do
  [ -e "$file" ] || complain "the documentation mentions $file, which does not exist"
done <"$work/files"
exit $code
