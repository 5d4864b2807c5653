"""Reads the public headers: what they declare, and whether each declaration has a comment.

    header_test.py          prints tests/header_test.c anew (a C compiler gives offsets and values)
    header_test.py --check  complains about declarations without a comment of their own, about those
                            that tests/header_test.c does not have, and about structs that grow and
                            have no first size or no test of it

A new version of the library adds lines to tests/header_test.c and changes none, research apart.
"""

import os
import re
import subprocess
import sys
import tempfile

HEADERS = ["types", "status", "matrix", "settings", "context", "file", "backend", "layer", "loss",
           "schedule", "optimiser", "sg", "network", "dataset", "trainer", "checkpoint"]
RESEARCH = "include/dni/research.h"
TEST = "tests/header_test.c"
SIZES, SIZES_TEST = "lib/core/first_size.h", "tests/test_struct_sizes.c"

# What stands for a comment in the text: before a declaration, and behind it.
BEFORE, BEHIND = "\x01", "\x02"

# Their values belong to a release, not to the interface.
OF_A_RELEASE = re.compile(r"DNI_VERSION\w*$")


class Header:
    """The declarations of one header. Each is (name, ..., whether it has a comment)."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        text = re.sub(r"/\*\* \\file.*?\*/", "", text, flags=re.S)
        text = re.sub(r"/\*\*<.*?\*/", BEHIND, text, flags=re.S)
        text = re.sub(r"/\*\*.*?\*/", BEFORE, text, flags=re.S)
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S).replace("\\\n", " ")
        self.functions = self.find_functions(text)
        self.structs = self.find_structs(text)
        self.constants = self.find_constants(text)
        self.types = self.find_types(text)

    @staticmethod
    def find_functions(text):
        """(name, prototype, documented)"""
        found = []
        for comment, declaration in re.findall(r"(\x01?)\s*^DNI_API\b([^;]*);", text, flags=re.M):
            declaration = " ".join(declaration.split())
            prototype = re.sub(r"\b(DNI_EXPERIMENTAL|DNI_MUST_USE|DNI_DEPRECATED\(.*?\)) ", "", declaration)
            name = re.search(r"\b(dni_\w+)\(", prototype).group(1)
            found.append((name, prototype, bool(comment)))
        return found

    @staticmethod
    def find_structs(text):
        """(struct, [(field, documented)])"""
        found = []
        for name, body in re.findall(r"typedef struct (dni_\w+) \{(.*?)\} \1;", text, flags=re.S):
            pieces = body.split(";")
            fields = []
            for piece, following in zip(pieces, pieces[1:]):
                pointer = re.search(r"\(DNI_CALL \*(\w+)\)", piece)
                field = pointer.group(1) if pointer else re.findall(r"\w+", piece)[-1]
                behind = following.lstrip().startswith(BEHIND)
                fields.append((field, BEFORE in piece or behind))
            found.append((name, fields))
        return found

    @staticmethod
    def find_constants(text):
        """(name, documented)"""
        found = []
        for body in re.findall(r"\benum \{(.*?)\};", text, flags=re.S):
            pieces = body.split(",")
            for piece, following in zip(pieces, pieces[1:] + [""]):
                name = re.search(r"(DNI_\w+)\s*=", piece).group(1)
                behind = following.lstrip().startswith(BEHIND) or piece.rstrip().endswith(BEHIND)
                found.append((name, BEFORE in piece or behind))
        # Macros with a value. A comment serves all those on the lines right below it.
        for comment, lines in re.findall(r"(\x01?)\n((?:#define DNI_\w+ +[(\"\d].*\n)+)", text):
            found += [(name, bool(comment)) for name in re.findall(r"#define (DNI_\w+)", lines)]
        return found

    @staticmethod
    def find_types(text):
        """(name, documented): those that are numbers."""
        found = re.findall(r"(\x01?)\s*^typedef u?int\d+_t (dni_\w+);", text, flags=re.M)
        return [(name, bool(comment)) for comment, name in found]


def read_headers():
    main = [Header("include/dni/%s.h" % name) for name in HEADERS]
    missing = {name for name in os.listdir("include/dni") if name.endswith(".h")}
    missing -= {name + ".h" for name in HEADERS + ["research"]}
    if missing:
        sys.exit("header_test.py does not know " + ", ".join(sorted(missing)))
    return main, [Header(RESEARCH)]


def measure(headers):
    """Offset of each field, value of each constant, size of each type, by the compiler."""
    lines = ["#include <dni.h>", "#include <dni/research.h>", "#include <stdio.h>", "int main(void) {"]
    for header in headers:
        for struct, fields in header.structs:
            lines += ['printf("%s.%s %%zu\\n", offsetof(%s, %s));' % (struct, field, struct, field)
                      for field, _ in fields]
        for name, _ in header.types:
            lines.append('printf("%s %%zu\\n", sizeof(%s));' % (name, name))
        for name, _ in header.constants:
            if not OF_A_RELEASE.match(name):
                lines.append('printf("%s %%lld\\n", (long long)%s);' % (name, name))
    lines += ["return 0;", "}"]
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "measure.c"), os.path.join(folder, "measure")
        with open(source, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        subprocess.run([os.environ.get("CC", "cc"), "-Iinclude", "-o", program, source], check=True)
        output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return dict(line.split() for line in output.splitlines())


PROLOGUE = """\
/* What a program or binding compiled against dni.h relies on, and no later version may change: the
 * layout of every public struct, the numbers of the constants, the types of the functions.
 *
 * Only compiled, in C99, C11, C++98 and C++17 (tests/gates/headers.sh). A struct may grow at its
 * end: the new field gets a line here, and no line is ever changed. tests/gates/header_test.py writes
 * the lines; tests/gates/declared.sh misses those that are not there. */
#include <dni.h>
#include <dni/research.h>

#define HOLDS(name, condition)  typedef char name[(condition) ? 1 : -1]
#define AT(type, field, offset) HOLDS(offset_of_##type##_##field, offsetof(type, field) == (offset))
#define SIZE(type, bytes)       HOLDS(size_of_##type, sizeof(type) == (bytes))
#define VALUE(name, number)     HOLDS(value_of_##name, name == (number))

/* The numbers of a release agree with each other. */
HOLDS(version_is_one_number,
      DNI_VERSION == DNI_VERSION_MAJOR * 10000 + DNI_VERSION_MINOR * 100 + DNI_VERSION_PATCH);
HOLDS(version_is_text, sizeof(DNI_VERSION_STRING) >= sizeof("0.0.0"));
"""

RESEARCH_BANNER = """
/* dni/research.h, which may change in any release: here lines may change too. ------------------ */
"""


def section(header, numbers):
    """The lines of one header, struct after struct and enum after enum."""
    lines = []
    lines += ["SIZE(%s, %s);" % (name, numbers[name]) for name, _ in header.types]
    constants = [name for name, _ in header.constants if not OF_A_RELEASE.match(name)]
    if constants:
        lines += [""]
    for name in constants:
        value = "((size_t)-1)" if numbers[name] == "-1" else numbers[name]
        lines.append("VALUE(%s, %s);" % (name, value))
    if header.structs:
        lines += ["", "/* Pointers of 8 bytes; elsewhere the offsets follow from the same declarations. */",
                  "#if UINTPTR_MAX == UINT64_MAX"]
        for struct, fields in header.structs:
            lines += [""] + ["AT(%s, %s, %s);" % (struct, field, numbers[struct + "." + field])
                             for field, _ in fields]
        lines += ["", "#endif"]
    return lines


def prototypes(header):
    """The functions declared a second time: a compiler refuses another type."""
    lines = ["", "#ifdef __cplusplus", 'extern "C" {', "#endif", ""]
    lines += [prototype + ";" for _, prototype, _ in header.functions]
    return lines + ["", "#ifdef __cplusplus", "}", "#endif"]


def generate():
    main, research = read_headers()
    numbers = measure(main + research)
    lines = [PROLOGUE]
    for name, header in zip(HEADERS + ["research"], main + research):
        body = section(header, numbers) + (prototypes(header) if header.functions else [])
        banner = "/* dni/%s.h. " % name
        lines.append("" if name != "research" else RESEARCH_BANNER)
        if name != "research":
            lines.append(banner + "-" * (97 - len(banner)) + " */")
        lines += [""] + body
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"
    layout = subprocess.run(["clang-format", "--assume-filename=" + TEST], input=text, text=True,
                            check=True, capture_output=True)
    sys.stdout.write(layout.stdout)


def check():
    """Answers the complaints, and counts what there is."""
    main, research = read_headers()
    with open(TEST, encoding="utf-8") as file:
        test = file.read()
    complaints, functions, fields, constants = [], 0, 0, 0

    def expect(name, documented, pattern):
        if not documented:
            complaints.append("%s has no comment of its own" % name)
        if not re.search(pattern, test):
            complaints.append("%s has no line in %s" % (name, TEST))

    for header in main + research:
        for name, _, documented in header.functions:
            expect(name, documented, r"\b%s\(" % name)
        for struct, members in header.structs:
            for field, documented in members:
                expect(struct + "." + field, documented, r"\bAT\(%s, %s, \d+\);" % (struct, field))
            fields += len(members)
        for name, documented in header.constants:
            expect(name, documented, r"\b%s\b" % name)
        for name, documented in header.types:
            expect(name, documented, r"\bSIZE\(%s, \d\);" % name)
        functions += len(header.functions)
        constants += len(header.constants)
    # Structs that grow and are the caller's: the library makes dni_product and the *_call itself.
    with open(SIZES, encoding="utf-8") as file, open(SIZES_TEST, encoding="utf-8") as use:
        sizes, uses = file.read(), use.read()
    for struct, members in [pair for header in main for pair in header.structs]:
        if members[0][0] != "struct_size" or re.search(r"_call$|^dni_product$", struct):
            continue
        if not re.search(r"\bDNI__FIRST_SIZE_%s\b" % struct, sizes):
            complaints.append("%s has no line in %s" % (struct, SIZES))
        if not re.search(r"\bCASE\(\w+, %s," % struct, uses):
            complaints.append("%s is not tried in %s" % (struct, SIZES_TEST))
    if not functions or not fields or not constants:
        complaints.append("found no functions, no fields or no constants")
    print("\n".join(complaints + ["%d functions, %d fields, %d constants"
                                  % (functions, fields, constants)]))
    return 1 if complaints else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(check())
    generate()
