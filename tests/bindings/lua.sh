#!/bin/sh
# The LuaJIT module: its tests, and the five programs, which print what C prints.
. tests/bindings/common.sh
command -v luajit >/dev/null || { echo "luajit is not there"; exit 77; }

export LUA_PATH="$top/bindings/lua/?.lua;;"
for program in $programs; do
  same Lua "$program" luajit "bindings/lua/examples/$program.lua"
done
# In C and Lua the folder for temporary files is the program's own work.
without_folder() {
  TMPDIR=$work/none "$@" "$sample" >"$work/got" 2>&1 && complain "$1: resume does not look at TMPDIR"
}
without_folder "$work/c_resume"
without_folder luajit bindings/lua/examples/resume.lua
short Lua bindings/lua/examples/*.lua
luajit bindings/lua/tests/test.lua "$sample" || complain "the tests of bindings/lua fail"
exit $code
