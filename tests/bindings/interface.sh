#!/bin/sh
# include/dni/interface.json and what bindings have of it are those of the headers, and versions agree. A function,
# field or constant that is new is in all languages, or its generator says that somebody has to write it.
set -u
command -v clang >/dev/null || { echo "clang is not there"; exit 77; }
command -v python3 >/dev/null || { echo "python3 is not there"; exit 77; }
code=0
python3 -B bindings/generate/main.py --check || { echo "run python3 bindings/generate/main.py"; code=1; }
version=$(sed -n 's/^#define DNI_VERSION_STRING "\(.*\)"/\1/p' include/dni/status.h)
for file in bindings/python/pyproject.toml bindings/node/package.json; do
  grep -q "version\"* *[=:] \"$version\"" $file || { echo "$file is not of version $version"; code=1; }
done
exit $code
