#!/bin/sh
# The programs of docs/manual/languages.md run in each language that is there, and print what the one in C prints.
. tests/bindings/common.sh
page=docs/manual/languages.md
printf '0 xor 0: 0\n0 xor 1: 1\n1 xor 0: 1\n1 xor 1: 0\n' >"$work/expected"

# program LANGUAGE: its block of the page.
program() {
  awk -v fence="\`\`\`$1" '$0 == fence { inside = 1; next } /^```/ { inside = 0 } inside' "$page"
}

# prints LANGUAGE COMMAND...: the command, run on $work/LANGUAGE, prints what is expected.
prints() {
  language=$1
  shift
  "$@" >"$work/got" && diff "$work/expected" "$work/got" || complain "$page: the program for $language"
}

for language in python lua js cpp; do
  program $language >"$work/xor.$language"
  [ -s "$work/xor.$language" ] || complain "$page has no program for $language"
done
done=
python=$(for one in "${PYTHON:-/usr/bin/python3}" python3; do "$one" -c 'import numpy' 2>/dev/null && echo "$one"; done | head -n 1)
if [ -n "$python" ]; then
  PYTHONPATH=$top/bindings/python prints python "$python" -B "$work/xor.python"
  done="$done python"
fi
if command -v luajit >/dev/null; then
  LUA_PATH="$top/bindings/lua/?.lua;;" prints lua luajit "$work/xor.lua"
  done="$done lua"
fi
if command -v node >/dev/null && [ -d "$BUILD/node/node_modules/koffi" ]; then
  mkdir "$work/node_modules" && cp -r bindings/node "$work/node_modules/libdni" &&
    cp -r "$BUILD"/node/node_modules/* "$work/node_modules/" || exit 1
  prints js node "$work/xor.js"
  done="$done js"
fi
# shellcheck disable=SC2086 # flags
if $CXX -std=c++17 -Ibindings/cpp -Iinclude $CFLAGS -o "$work/xor" "$work/xor.cpp" $LDFLAGS -L"$library" -ldni; then
  prints cpp "$work/xor"
  done="$done cpp"
fi
[ -n "$done" ] || { echo "none of the languages is there"; exit 77; }
exit $code
