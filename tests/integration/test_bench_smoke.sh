#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The bench works, restores the same, and leaves nothing behind. No figure is looked at.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/cli.sh"
command -v python3 >/dev/null || exit 77
bench=$tests/bench
export HOZEN_BIN
mkdir "$T/made" "$T/store"
set -- --source-dir "$T/made" --store-dir "$T/store" --rounds 1
nothing_left() {
  left=$(find "$T/made" "$T/store" -mindepth 1)
  [ -z "$left" ] || fail "left behind: $left"
}

run 0 sh "$bench/run.sh" "$@" --scale 0.05 --corpora many,random --only hozen,pipe --restic /nonexistent --json "$T/json"
says 'restic is left out'
prints '^many: 100 files'
prints '^random: 32 files'
prints 'first backup'
prints 'nothing changed'
[ "$(grep -c '    hozen .* same$' "$T/out")" = 2 ] || { cat "$T/out" >&2; fail 'restored trees are not the same'; }
python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); assert d["corpora"]["many"]["runs"]["hozen"][0]["backup"]["rss"] > 0' \
  "$T/json" || fail 'the record of figures'
nothing_left
run 2 sh "$bench/run.sh" "$@" --corpora no-such
run 1 sh "$bench/run.sh" "$@" --corpora many --scale 0.01 --only no-such
nothing_left
if [ -x "$HOZEN_BIN/../tests/bench/bench_gen_runs" ]; then
  run 0 sh "$bench/scale.sh" chunks "$@" --counts 2000
  prints '^ *2,000 '
  nothing_left
fi
if [ -x "$HOZEN_BIN/../tests/bench/bench_slow_backup" ]; then
  run 0 sh "$bench/scale.sh" slow "$@" --mb 3 --options '--workers 2' --json "$T/json"
  prints '^ *3 '
  python3 -c 'import json, sys; r = json.load(open(sys.argv[1]))["rows"][0]; assert r["stored MB"] > 3 and 0 < r["of limit"] < 1.05' \
    "$T/json" || fail 'the record of figures'
  nothing_left
fi
