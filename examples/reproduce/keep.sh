#!/bin/sh
# Copy a run's JSON, tables and figures: keep.sh RESULTS_DIR DESTINATION. The matrices behind colour
# maps stay out: they are large, and the figures show them. README.md has the claims.
set -eu
from=$1 to=$2
[ -f "$from/meta.json" ] || {
  echo "keep.sh: $from has no meta.json: make reproduce first" >&2
  exit 1
}
rm -rf "$to"
mkdir -p "$to"
cp "$from"/*.json "$to"
for folder in "$from"/*/; do
  name=$(basename "$folder")
  [ -f "$from/$name.json" ] || continue
  mkdir "$to/$name"
  cp "$folder"*.svg "$folder"*.tsv "$to/$name"
done
rm -f "$to/rdm/rdm.tsv" "$to"/loss_estimation/loss_hy.tsv "$to"/loss_estimation/loss_h.tsv \
  "$to"/loss_estimation/loss_y.tsv
python3 examples/reproduce/report.py "$to" "$to/README.md"
