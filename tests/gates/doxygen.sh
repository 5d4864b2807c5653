#!/bin/sh
# Doxygen reads the headers without a warning, its pages have no path of this machine,
# and no function, type, struct, field, constant or macro has an empty entry. The last line counts
# the entries.
set -u
command -v doxygen >/dev/null && command -v python3 >/dev/null || {
  echo "doxygen or python3 is not there"
  exit 77
}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
code=0

sh make/docs.sh "$work" 'GENERATE_XML = YES' || {
  echo "doxygen fails or warns"
  exit 1
}
paths=$(grep -rlF -e "$PWD/" -e "${TMPDIR:-/tmp}/" "$work/html" "$work/xml" | sed "s:^$work/::" | grep -v '^xml/Doxyfile')
[ -z "$paths" ] || { echo "paths of this machine in:" $paths; code=1; }

python3 -B - "$work/xml" <<'END' || code=1
import sys, pathlib
import xml.etree.ElementTree as tree

entries, empty = 0, []


def look(node, name):
    global entries
    entries += 1
    texts = [node.find("briefdescription"), node.find("detaileddescription")]
    if not any("".join(text.itertext()).strip() for text in texts if text is not None):
        empty.append(name)


for page in sorted(pathlib.Path(sys.argv[1]).glob("*.xml")):
    compound = tree.parse(page).getroot().find("compounddef")
    kind = None if compound is None else compound.get("kind")
    if kind not in ("struct", "file") or compound.findtext("compoundname").endswith(".md"):
        continue
    of = compound.findtext("compoundname")
    look(compound, of)
    for member in compound.iter("memberdef"):
        name = member.findtext("name")
        # Enums have no names here; each constant has its own entry.
        if member.get("kind") != "enum":
            look(member, of + ": " + name)
        for value in member.iter("enumvalue"):
            look(value, of + ": " + value.findtext("name"))
for name in empty:
    print(name + " has an empty entry")
print("%d entries" % entries)
sys.exit(1 if empty or entries < 500 else 0)
END
exit $code
