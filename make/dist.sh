#!/bin/sh
# dist.sh VERSION FOLDER: FOLDER/libdni-VERSION.tar.xz, all that is needed to build and to check libdni.
#
# The same source gives the same bytes, wherever and by whomever it is packed: names are sorted, owners are 0,
# modes are 644 or 755, and all times are one time. That is SOURCE_DATE_EPOCH, else that of the last commit.
# A checkout of git gives what is committed. Another tree, such as one that came out of a tarball, gives all
# files but those that git would ignore, and the time of the newest one.
set -u
unset TAR_OPTIONS XZ_DEFAULTS XZ_OPT
export LC_ALL=C
name=libdni-$1 folder=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

fail() {
  echo "libdni: $*" >&2
  exit 1
}

# The tree is copied to $work/$name; $time becomes its time.
from_git() {
  git rev-parse --verify -q HEAD >/dev/null || fail "there is .git, but git finds no commit in it"
  [ -z "$(git status --porcelain)" ] ||
    echo "libdni: the tarball is of the last commit; git status shows what it does not have" >&2
  # As it is in git, whatever ends of lines the user's checkouts have.
  git -c core.autocrlf=false -c core.eol=lf archive --format=tar --prefix="$name/" --output="$work/tree.tar" HEAD &&
    tar -x -C "$work" -f "$work/tree.tar" && time=$(git log -1 --format=%ct)
}
# $folder is in a folder BUILD, which may be in the tree and need not be the usual one. In .gitignore, /path/ is one
# path, and name/ is a name anywhere.
from_tree() {
  built=$(dirname "$folder")
  set -- -path "./${built#"$PWD/"}"
  while IFS=/ read -r top rest; do
    if [ -n "$top" ]; then set -- "$@" -o -name "$top"; else set -- "$@" -o -path "./${rest%/}"; fi
  done <.gitignore
  mkdir "$work/$name" &&
    find . \( "$@" \) -prune -o ! -type d -print0 >"$work/list" &&
    tar -c --null -T "$work/list" -f "$work/tree.tar" && tar -x -C "$work/$name" -f "$work/tree.tar" &&
    time=$(xargs -0 stat -c %Y <"$work/list" | sort -n | tail -n 1)
}

case ${SOURCE_DATE_EPOCH-0} in
'' | *[!0-9]*) fail "SOURCE_DATE_EPOCH='$SOURCE_DATE_EPOCH' is not a number of seconds" ;;
esac
if [ -e .git ]; then from_git; else from_tree; fi || fail "the source could not be copied"
mkdir -p "$folder" &&
  tar -c -C "$work" --format=gnu --sort=name --owner=0 --group=0 --numeric-owner \
    --mode=u=rwX,go=rX --mtime="@${SOURCE_DATE_EPOCH:-$time}" -f "$work/$name.tar" "$name" &&
  xz -6 -T1 "$work/$name.tar" && mv "$work/$name.tar.xz" "$folder/$name.tar.xz" || fail "no tarball was made"
echo "  $folder/$name.tar.xz"
