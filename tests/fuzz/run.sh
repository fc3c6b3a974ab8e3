#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh BUILD WORK SECONDS [DECODER ...]: fuzzes each decoder (default: all) for so many seconds, one after the other, on one
# processor and at the lowest priority. BUILD is a tree of the `fuzz` preset. WORK/<decoder> keeps what was found new, over
# runs too, WORK/<decoder>.log what happened; an input that crashes or hangs lies in WORK as <decoder>-crash-... A line
# for each decoder says how long, on a processor how long of that, how many inputs, and how many of them were new; ends
# with 1 when anything was found.
set -u
build=${1:?} work=${2:?} seconds=${3:?}
shift 3
corpora=$(dirname "$0")/corpora
[ $# -gt 0 ] || set -- $(ls "$corpora")
found=0

# Seconds of processor time of the children so far.
processor_seconds() {
  times >"$work/times"
  awk 'NR == 2 { split($1, user, /[ms]/); split($2, sys, /[ms]/); printf "%d", (user[1] + sys[1]) * 60 + user[2] + sys[2] }' \
    "$work/times"
}

mkdir -p "$work" || exit 2
for decoder; do
  mkdir -p "$work/$decoder"
  log=$work/$decoder.log
  processor_seconds >"$work/before"
  # As many bytes as the largest sample, or 4096: libFuzzer would take the same, but grow there slowly.
  nice -n 19 "$build/tests/fuzz_$decoder" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$work/$decoder-" "$work/$decoder" "$corpora/$decoder" >"$log" 2>&1
  rc=$?
  processor_seconds >"$work/after"
  cpu=$(($(cat "$work/after") - $(cat "$work/before")))
  stat() { sed -n "s/^stat::$1: *//p" "$log"; }
  echo "$decoder: ${seconds} s, on a processor ${cpu} s, $(stat number_of_executed_units) inputs, $(stat new_units_added) new, $(stat peak_rss_mb) MiB, exit $rc"
  [ $rc -eq 0 ] || found=1
done
exit $found
