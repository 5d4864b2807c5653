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
  layer | loss) echo 4 ;;
  optimiser) echo 5 ;;
  sg) echo 6 ;;
  network) echo 7 ;;
  channel) echo 8 ;;
  pass) echo 9 ;;
  schedule) echo 10 ;;
  trainer) echo 11 ;;
  data | analysis) echo 12 ;;
  checkpoint) echo 13 ;;
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
