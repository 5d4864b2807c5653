#!/bin/sh
# The C++ headers: compiled without warnings, their tests, and the five programs, which print what C prints.
. tests/bindings/common.sh
command -v "${CXX%% *}" >/dev/null || { echo "no C++ compiler"; exit 77; }
echo 'int main() {}' >"$work/empty.cpp"
# shellcheck disable=SC2086 # flags
$CXX -std=c++17 -o "$work/empty" "$work/empty.cpp" 2>/dev/null || { echo "no C++17"; exit 77; }

build() {
  # shellcheck disable=SC2086 # flags
  $CXX -std=c++17 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -Ibindings/cpp -Iinclude $CFLAGS -o "$2" "$1" \
    $LDFLAGS -L"$library" -ldni
}
for program in $programs; do
  build "bindings/cpp/examples/$program.cpp" "$work/cpp_$program" || { complain "$program does not compile"; continue; }
  same C++ "$program" "$work/cpp_$program"
done
short C++ bindings/cpp/examples/*.cpp
build bindings/cpp/tests/test.cpp "$work/test" && "$work/test" "$sample" || complain "the tests of bindings/cpp fail"
exit $code
