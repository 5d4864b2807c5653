#!/bin/sh
# The LuaJIT module: its tests, and the five programs, which print what C prints.
. tests/bindings/common.sh
command -v luajit >/dev/null || { echo "luajit is not there"; exit 77; }

export LUA_PATH="$top/bindings/lua/?.lua;;"
for program in $programs; do
  same Lua "$program" luajit "bindings/lua/examples/$program.lua"
done
short Lua bindings/lua/examples/*.lua
luajit bindings/lua/tests/test.lua "$sample" || complain "the tests of bindings/lua fail"
exit $code
