#!/bin/sh
# The package for Node.js: its tests, and the five programs, which print what C prints. koffi is in $BUILD/node,
# where make deps-checks puts it.
. tests/bindings/common.sh
command -v node >/dev/null || { echo "node is not there"; exit 77; }
[ -d "$BUILD/node/node_modules/koffi" ] || { echo "koffi is not there: make deps-checks"; exit 77; }

# A project that has installed both.
mkdir -p "$work/node_modules"
cp -r bindings/node "$work/node_modules/libdni" && cp -r "$BUILD"/node/node_modules/* "$work/node_modules/" || exit 1
for program in $programs; do
  NODE_PATH=$work/node_modules same Node "$program" node "bindings/node/examples/$program.js"
done
short Node bindings/node/examples/*.js
(
  cd "$work/node_modules/libdni" && sed -i "s:join(__dirname, '../../../examples/mnist_sample'):'$sample':" \
    tests/support.js && node --expose-gc --test tests/ >"$work/tests" 2>&1
) || { cat "$work/tests"; complain "the tests of bindings/node fail"; }
if [ -x "$work/node_modules/.bin/tsc" ]; then
  cp tests/bindings/types.ts "$work" && (cd "$work" && node_modules/.bin/tsc --noEmit --strict types.ts) ||
    complain "the types of bindings/node do not fit"
fi
exit $code
