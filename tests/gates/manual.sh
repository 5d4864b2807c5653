#!/bin/sh
# The manual of `make docs` can be made and is whole: every page of docs/manual/pages.txt is there, every link
# inside it and every anchor leads somewhere, no image is missing, and nothing is loaded from elsewhere.
set -u
for program in pandoc doxygen python3; do
  command -v $program >/dev/null && continue
  echo "$program is not there"
  exit 77
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
site="$work/the site"
code=0

python3 -B make/manual.py "$site" || exit 1

# docs/manual/errors.md is errors.html, docs/ABI.md docs-abi.html: as make/manual.py names them.
pages=$(sed -n 's/^\([A-Za-z][^ ]*\)\.md .*/\1/p' docs/manual/pages.txt | sed 's:^docs/manual/::; s:/:-:g; s/$/.html/' | tr '[:upper:]' '[:lower:]')
look() {
  # shellcheck disable=SC2086 # names without spaces
  python3 -B tests/gates/manual.py "$1" $pages
}
look "$site" || code=1

# Headers and names lead into the reference.
for link in 'href="reference/trainer_8h.html"' 'href="reference/trainer_8h.html#' 'href="reference/structdni__batch.html'; do
  grep -qF "$link" "$site/docs-api.html" || { echo "docs/API.md has no link like $link"; code=1; }
done

# Every Markdown file of the manual is in the list.
for file in docs/manual/*.md; do
  grep -q "^$file " docs/manual/pages.txt || { echo "$file is not in docs/manual/pages.txt"; code=1; }
done
paths=$(grep -rlF -e "$PWD/" -e "$work" "$site" | sed "s:^$site/::")
[ -z "$paths" ] || { echo "paths of this machine in: $paths"; code=1; }

# Does the check find what it is for? A small site is right, and then damaged in each way.
# damaged WHAT COMMAND: after the command, run in a copy, it must be refused in words with WHAT.
small=$work/small
mkdir "$small" && : >"$small/x.svg" && echo '@import "style.css";' >"$small/style.css" || exit 1
for name in $pages; do
  echo "<h2 id=a>A</h2><a href=\"faq.html#a\">x</a><img src=x.svg><link href=style.css>" >"$small/$name"
done
look "$small" || { echo "a right site is refused"; code=1; }
damaged() {
  rm -rf "$work/copy" && cp -r "$small" "$work/copy" && (cd "$work/copy" && eval "$2") || exit 1
  look "$work/copy" >"$work/said" && { echo "not noticed: $1"; code=1; }
  grep -q "$1" "$work/said" || { echo "not said: $1"; code=1; }
}
damaged 'leads nowhere' 'echo "<a href=\"no.html\">x</a>" >>faq.html'
damaged 'no anchor' 'echo "<a href=\"faq.html#no\">x</a>" >>index.html'
damaged 'is missing' 'rm x.svg'
damaged 'is not there' 'rm errors.html'
damaged 'comes twice' 'echo "<p id=a>" >>faq.html'
damaged 'from elsewhere' 'echo "<img src=\"https://example.org/x.png\">" >>faq.html'
damaged 'from elsewhere' 'echo "@import url(https://example.org/x.css);" >>style.css'
exit $code
