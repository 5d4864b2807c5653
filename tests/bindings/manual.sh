#!/bin/sh
# Every program in Python, Lua, JavaScript and C++ of README.md, docs/ and bindings/*/README.md runs as it stands, in
# each language that is there. Those of docs/manual/languages.md print what the one in C prints. A block of another
# language, or one that is only indented, fails the check: nothing would run it.
. tests/bindings/common.sh

# Blocks that are not run: FILE:LANGUAGE and the reason, a line each.
not_run=''

# What blocks.awk finds in some files.
blocks() {
  awk -v work="$work/blocks" -f tests/bindings/blocks.awk "$@"
}
mkdir "$work/blocks" || exit 1
blocks README.md NEWS.md docs/*.md docs/*/*.md bindings/README.md bindings/*/README.md >"$work/found" || exit 1
printf '0 xor 0: 0\n0 xor 1: 1\n1 xor 0: 1\n1 xor 1: 0\n' >"$work/expected"

# Which languages are there?
python=
for candidate in "${PYTHON:-/usr/bin/python3}" python3; do
  [ -z "$python" ] && "$candidate" -c 'import numpy' 2>/dev/null && python=$candidate
done
node=
if command -v node >/dev/null && [ -d "$BUILD/node/node_modules/koffi" ]; then
  node=node
  mkdir "$work/node_modules" && cp -r bindings/node "$work/node_modules/libdni" &&
    cp -r "$BUILD"/node/node_modules/* "$work/node_modules/" || exit 1
fi

# run LANGUAGE BLOCK: 77 if the language is not there. A program finds files of the source, in whose top it runs.
run() {
  case $1 in
  python) [ -n "$python" ] || return 77
    PYTHONPATH=$top/bindings/python "$python" -B "$2" ;;
  lua) command -v luajit >/dev/null || return 77
    LUA_PATH="$top/bindings/lua/?.lua;;" luajit "$2" ;;
  js) [ -n "$node" ] || return 77
    node "$2" ;;
  cpp)
    # shellcheck disable=SC2086 # flags
    $CXX -std=c++17 -Ibindings/cpp -Iinclude $CFLAGS -o "$work/program" "$2" $LDFLAGS -L"$library" -ldni &&
      "$work/program" ;;
  esac
}

done=
while read -r number language place; do
  file=${place%:*}
  if echo "$not_run" | grep -q "^$file:$language "; then continue; fi
  [ "$number" != - ] || { complain "$place: nothing runs this block (language: $language)"; continue; }
  run "$language" "$work/blocks/$number.$language" >"$work/got" </dev/null
  case $? in
  0) done="$done $language" ;;
  77) continue ;;
  *) complain "$place: the program for $language fails" ;;
  esac
  [ "$file" != docs/manual/languages.md ] || diff "$work/expected" "$work/got" ||
    complain "$place: the program for $language prints something else"
done <"$work/found"
echo "$not_run" | while read -r name _; do
  [ -z "$name" ] || grep -q " ${name#*:} ${name%:*}:" "$work/found" || echo "not_run names $name, which is not there"
done >"$work/stale"
[ ! -s "$work/stale" ] || complain "$(cat "$work/stale")"
for language in python lua js cpp; do
  grep -q " $language docs/manual/languages.md:" "$work/found" ||
    complain "docs/manual/languages.md has no program for $language"
done

# Is a block that nothing runs noticed?
noticed() {
  printf '%b' "$1" >"$work/page.md"
  blocks "$work/page.md" | grep -q "^- $2 .*page.md:$3\$" || complain "not noticed: $1"
}
# shellcheck disable=SC2016 # fences
noticed 'x\n\n```rust\nfn main() {}\n```\n' rust 3
noticed 'x\n\n    import dni\n    context = dni.Context()\n' none 3
# shellcheck disable=SC2016 # fences
noticed '```\nlocal dni = require "dni"\n```\n' none 2
[ -n "$done" ] || [ $code -ne 0 ] || { echo "none of the languages is there"; exit 77; }
exit $code
