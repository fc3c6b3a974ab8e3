#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# kill -9 at any time: what is left is no damage, the next run goes on with it and stores little twice, and restores
# exactly. The moments are drawn anew in each run; SEED=n repeats one.
# test-timeout: 600
. "${HOZEN_TESTS:?}/integration/kit.sh"

seed=${SEED:-$(date +%s)}
echo "SEED=$seed"
# moment I D: seconds, below 1/D, mostly small.
moment() {
  awk -v s="$seed" -v i="$1" -v d="$2" 'BEGIN { srand(s + i * 7919); r = rand(); r = rand(); printf "%.3f", r * r / d }'
}

# die I PACKS: a create is killed once it has put so many packs more, and its moment has passed.
die() {
  goal=$(($(repo_files packs) + $2))
  "$HB" create -q "$T/src" >"$T/out1" 2>"$T/err1" </dev/null &
  pid=$!
  while [ "$(repo_files packs)" -lt $goal ] && kill -0 $pid 2>/dev/null; do
    :
  done
  sleep "$(moment "$1" $((2 + 20 * $2)))"
  kill -KILL $pid 2>/dev/null
  wait $pid 2>/dev/null
  case $? in
    137) killed=$((killed + 1)) ;;
    0) ;;
    *) fail "it failed by itself: $(cat "$T/err1")" ;;
  esac
  run 0 "$HB" check
}

make_repo
tree "$T/src" 21
taken=0
killed=0
base=$(repo_bytes)
round=0
# Three rounds, and more where chance, on a busy machine, let no run die between two packs.
while [ $round -lt 3 ] || { [ $round -lt 8 ] && { [ $killed -lt 3 ] || [ $taken -lt 1 ]; }; }; do
  round=$((round + 1))
  head -c 60000000 /dev/urandom >"$T/src/large"
  die ${round}0 0
  die ${round}1 1
  die ${round}2 1
  backup 0 "$T/src"
  expect alarms ''
  taken=$((taken + $(field packs_taken_over)))
  restored latest "$T/src"
  no_temporaries
  change "$T/src" $round
done
[ $killed -ge 3 ] || fail "only $killed runs were killed before they ended"
[ $taken -ge 1 ] || fail 'no pack of a dead run was ever taken over'
with_pass 0 "$HB" check --read-data
# 60 MB a round that no compression helps, and some. A death may cost what was not yet in the journal: packs that were
# being filled or put.
limit=$((base + round * 80000000 + killed * 20000000))
[ "$(repo_bytes)" -lt $limit ] || fail "$(repo_bytes) bytes in all: more than the deaths explain ($limit)"
echo "$killed killed, $taken packs taken over, $(repo_bytes) bytes"
# Journals and locks of the dead are gone too.
left=$(find "$HOZEN_STATE_DIR" -name 'journal.*' -o -name 'session.*')
[ -z "$left" ] || fail "left in the state: $left"
