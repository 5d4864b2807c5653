#!/bin/sh
# Rust's declarations: the sample compiles, and prints what C prints.
. tests/bindings/common.sh
command -v rustc >/dev/null || { echo "rustc is not there"; exit 77; }
rustc --edition 2021 -D warnings -L "$library" -o "$work/rust_custom_loop" bindings/rust/custom_loop.rs || exit 1
same Rust custom_loop "$work/rust_custom_loop"
exit $code
