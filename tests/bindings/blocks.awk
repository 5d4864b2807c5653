# The programs of Markdown files in languages other than C, for manual.sh.
#
#     awk -v work=FOLDER -f blocks.awk FILE...
#
# Each fenced block of python, lua, js or cpp becomes FOLDER/N.LANGUAGE, and gets a line "N LANGUAGE FILE:LINE" on
# the standard output. A block of a language that nobody runs gets the line "- LANGUAGE FILE:LINE". So does code that
# is only indented, or in a fence without a language, and looks like one of these languages. Blocks of c are those of
# tests/gates/snippets.sh; commands, and files of build systems, are not programs.

function say(number, language, line) { print number, language, FILENAME ":" line }

FNR == 1 { fence = indented = 0 }

/^ *```/ && fence { fence = 0; close(file); next }
/^ *```/ {
  fence = FNR
  language = $0
  sub(/^ *```[ {.]*/, "", language)
  sub(/[ }].*/, "", language)
  file = ""
  if (language ~ /^(python|lua|js|cpp)$/) {
    say(++blocks, language, FNR)
    printf "" >(file = work "/" blocks "." language)
  } else if (language !~ /^(c|sh|console|cmake|meson|make|text|json|)$/) say("-", language, FNR)
  next
}
fence && file != "" { print >file; next }
fence && language != "" { next }

# Prose, or code without a language.
!fence && !/^    / { indented = 0; next }
/^ *(import [a-z]+(, [a-z]+)*|from [a-z]+ import .*|local [a-z]+ = require.*|(const|let|var) .*= require\(.*|import .* from .*|#include <[a-z\/]*\.hpp>)( *(#|--|\/\/).*)?;?$/ {
  if (!indented) say("-", "none", FNR)
  indented = 1
}
