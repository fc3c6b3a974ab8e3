#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# evidence.sh [RECORDS]: makes so many records (default 1500: four commands a night for a year) in a new folder, and prints how
# long each command takes beside them. HOZEN_BIN: the folder of the tools, of a release build.
set -eu
records=${1:-1500}
verify=${HOZEN_BIN:?}/hozen-verify
work=$(mktemp -d "${TMPDIR:-/tmp}/hozen-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
export HOZEN_STATE_DIR="$work/state"
unset HOZEN_EVIDENCE_DIR

i=0
while [ $i -lt "$records" ]; do
  "$verify" selftest -q
  i=$((i + 1))
done
timed() {
  name=$1
  shift
  start=$(date +%s%N)
  "$@" >/dev/null
  end=$(date +%s%N)
  printf '%-28s %6d ms\n' "$name" $(((end - start) / 1000000))
}
timed 'a command with its record' "$verify" selftest -q
timed 'log' "$verify" log
timed 'report of all' "$verify" report "$work"/state/evidence/records/*/*.json
timed 'overview, text' "$verify" report --overview
timed 'overview, HTML' "$verify" report --overview --format html
timed 'overview, PDF' "$verify" report --overview --format pdf
timed 'overview, PDF, Japanese' "$verify" report --overview --format pdf --lang ja
timed 'bundle of a year, 4 pages' "$verify" bundle --period "$(date -u +%Y)" --out "$work/bundle"
timed 'verify.sh in it' sh "$work/bundle/verify.sh" "$work/state/evidence/allowed_signers" "$work/bundle"
