#!/bin/sh
# make check-matrix: the test suites, built in many ways, and a table of how that went. The whole product of
# compilers, -O levels, sanitizers, BLAS, FILES and paths would take a day. These cells have every pair of
# compiler and level, of compiler and sanitizer, and each other setting with both compilers. Warnings are
# errors in all of them.
#
#   matrix.sh            all cells, and each architecture in $ARCHITECTURES by tests/portability/check.sh
#   matrix.sh NAME...    these cells alone
#
# Logs and the table, matrix.md, are in $BUILD/matrix. Fails if a cell does.
set -u
: "${BUILD:=build}" "${MAKE:=make}" "${ARCHITECTURES:=}"
folder=$BUILD/matrix
mkdir -p "$folder" && table=$(cd "$folder" && pwd)/matrix.md || exit 1
code=0
# Other programs may be running beside, and sanitizers are slow.
export CK_TIMEOUT_MULTIPLIER=10

# name, compiler, level, sanitizer, BLAS, FILES, checkout
cells='
g0 gcc -O0 none openblas idx,csv here
g1 gcc -O1 none none none here
g2 gcc -O2 none openblas idx,csv spaces
g3 gcc -O3 none openblas idx,csv here
gs gcc -Os none none idx,csv here
gg gcc -Og none none none spaces
c0 clang -O0 none none none spaces
c1 clang -O1 none openblas none here
c2 clang -O2 none none idx,csv here
c3 clang -O3 none openblas idx,csv here
gl gcc -O2,-flto none none idx,csv here
cl clang -O2,-flto none none idx,csv here
ga gcc -O1 address,undefined none idx,csv here
gt gcc -O2 thread openblas idx,csv here
ca clang -O2 address,undefined openblas idx,csv spaces
ct clang -O1 thread none none here
'

row() {
  printf '| %s ' "$@"
  echo '|'
}

# copy PATH: what a fresh checkout has.
copy() {
  rm -rf "$1" && mkdir -p "$1" && cp -r Makefile make include lib bindings examples tests docs README.md "$1"
}

sanitizer_flags() {
  case $1 in
  none) ;;
  *)
    echo "-g -fno-omit-frame-pointer -fno-sanitize-recover=all$(echo ",$1" | sed 's/,/ -fsanitize=/g')"
    ;;
  esac
}

# report NAME EXIT_CODE SECONDS COLUMNS...: a row of the table. What passed is in the log.
report() {
  log=$folder/$1.log ended=$2 seconds=$3
  shift 3
  passed=$(grep -x '[0-9]* passed, [0-9]* failed' "$log" | tail -n 1)
  [ "$ended" -eq 0 ] || { passed="**failed** ${passed:-before the tests} ($log)" code=1; }
  row "$@" "$passed" "$seconds" | tee -a "$table"
}

# cell NAME COMPILER LEVEL SANITIZER BLAS FILES CHECKOUT
cell() {
  tree=. build=$BUILD/matrix/$1 start=$(date +%s)
  [ "$7" = here ] || { tree="$folder/a path with spaces/$1" build=build && copy "$tree" || exit 1; }
  flags=$(sanitizer_flags "$4") level=$(echo "$3" | tr ',' ' ')
  # In one process under a sanitizer, so that it sees leaks at exit and races between threads.
  [ "$4" = none ] || export CK_FORK=no
  "$MAKE" -C "$tree" BUILD="$build" CC="$2" CFLAGS="$level $flags" LDFLAGS="$level $flags" BLAS="$5" FILES="$6" CI=1 \
    check-suites >"$folder/$1.log" 2>&1 </dev/null
  report "$1" $? $(($(date +%s) - start)) "$@"
  unset CK_FORK
}

# architecture NAME: compiled by a cross compiler and run by an emulator.
architecture() {
  start=$(date +%s)
  sh tests/portability/check.sh "$1" >"$folder/$1.log" 2>&1 </dev/null
  report "$1" $? $(($(date +%s) - start)) "$1" 'gcc, qemu' -O2 none none idx,csv here
}

for name; do
  echo "$cells" | grep -q "^$name " || { echo "matrix: there is no cell $name" >&2; exit 2; }
done
wanted=" $* "
: >"$table"
row cell compiler level sanitizer BLAS FILES checkout tests seconds | tee -a "$table"
row --- --- --- --- --- --- --- --- --- | tee -a "$table"
while read -r name columns; do
  [ "$wanted" = '  ' ] || case $wanted in *" $name "*) ;; *) continue ;; esac
  # shellcheck disable=SC2086 # one word for each column
  cell "$name" $columns
done <<END
$(echo "$cells" | sed '/^$/d')
END
for name in $ARCHITECTURES; do
  architecture "$name"
done
echo "  $table"
exit $code
