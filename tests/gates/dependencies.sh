#!/bin/sh
# The folders of lib/ stand on each other in one direction: a file includes only from its own folder
# and from those of lower rank. core/context.h has rank 0 and is what everyone may see of a context.
# The public headers are everybody's, dni/research.h too. Channels and files know nothing but core.
set -u
code=0

rank() {
  case $1 in
  core) echo 0 ;;
  file) echo 1 ;;
  math) echo 1 ;;
  backend) echo 2 ;;
  context) echo 3 ;;
  layer | loss | optimiser) echo 4 ;;
  sg) echo 5 ;;
  network) echo 6 ;;
  channel) echo 7 ;;
  pass) echo 8 ;;
  schedule) echo 9 ;;
  trainer) echo 10 ;;
  data | analysis) echo 11 ;;
  checkpoint) echo 12 ;;
  *) echo unknown ;;
  esac
}

complain() {
  echo "$*"
  code=1
}

# may_include FOLDER OTHER
may_include() {
  case $1 in
  channel | file) [ "$2" = core ] ;;
  data | analysis) [ "$(rank "$2")" -le "$(rank network)" ] ;;
  *) [ "$(rank "$2")" -lt "$(rank "$1")" ] ;;
  esac
}

for file in lib/*/*.[ch]; do
  folder=${file#lib/}
  folder=${folder%/*}
  [ "$(rank "$folder")" != unknown ] || complain "lib/$folder: has no rank"
  for included in $(sed -n 's/^ *# *include "\([^"]*\)".*/\1/p' "$file"); do
    case $included in
    dni.h | dni/research.h | "$folder"/*) ;;
    */*)
      other=${included%/*}
      [ "$(rank "$other")" != unknown ] && may_include "$folder" "$other" ||
        complain "$file includes $included: lib/$folder must not know lib/$other"
      ;;
    *) complain "$file includes $included: write folder/file.h, or dni.h for the public headers" ;;
    esac
  done
done
exit $code
