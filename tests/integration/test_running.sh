#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The same source twice at once: 5, or it waits. Other sources, hosts and dry runs are not held up. A run that is
# interrupted ends with 130, leaves no snapshot, and the next one goes on with what it had stored.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"

make_repo
make_reader
tree "$T/src" 1 --large 40000000
mkdir "$T/small"
echo small >"$T/small/file"

# --- twice at once
seed=1
until stop_in_the_middle "$HB" create "$T/src"; do
  seed=$((seed + 1))
  [ $seed -lt 20 ] || fail 'no run was ever caught in the middle'
  rm -rf "$T/src"
  tree "$T/src" $seed --large 40000000
done
run 5 "$HB" create "$T/src"
says 'being backed up already'
run 5 "$HB" create --wait 1 "$T/src"
run 5 "$HB" create --json "$T/src/" # the same set of paths, written in another way
prints '"code":"BUSY"'
run 5 "$HB" create "$T/src" "$T/src"
run 0 "$HB" create "$T/src/d0" # another source
run 0 "$HB" create --host elsewhere "$T/small"
run 0 "$HB" create --dry-run "$T/src"
[ "$(n_snapshots)" = 2 ] || fail 'wrong number of snapshots'
# What goes on is no damage.
with_reader 0 "$HB" check --read-data
"$HB" create --wait 120 "$T/src" >"$T/out2" 2>"$T/err2" </dev/null &
second=$!
sleep 1
kill -0 $second 2>/dev/null || fail 'it did not wait'
kill -CONT "$pid"
wait "$pid" || fail "the first run: $(cat "$T/err1")"
wait $second || fail "the one that waited: $(cat "$T/err2")"
if grep -q ALARM "$T/err1" "$T/err2"; then fail 'a false alarm'; fi
[ "$(n_snapshots)" = 4 ] || fail 'wrong number of snapshots'
restored latest "$T/src"
with_reader 0 "$HB" check --read-data
no_temporaries

# --- interrupted: large enough for several packs (of 16 MiB)
tree "$T/big" 77 --large 120000000
caught=0
for i in 1 2 3 4 5 6; do
  packs=$(repo_files packs)
  snapshots=$(n_snapshots)
  bytes=$(repo_bytes)
  "$HB" create --json "$T/big" >"$T/out1" 2>"$T/err1" </dev/null &
  pid=$!
  while [ "$(repo_files packs)" -lt $((packs + 2)) ] && kill -0 $pid 2>/dev/null; do
    :
  done
  kill -INT $pid 2>/dev/null
  wait $pid
  got=$?
  [ $got -ne 130 ] || { caught=1; break; }
  [ $got -eq 0 ] || fail "SIGINT gave exit $got: $(cat "$T/err1")"
  rm -rf "$T/big"
  tree "$T/big" $i --large 120000000
done
[ $caught -eq 1 ] || fail 'no run was interrupted in the middle'
tail -1 "$T/out1" | grep -q '"exit":130' || fail 'the summary does not say that it was cancelled'
if grep -q snapshot_id "$T/out1"; then fail 'a cancelled run names a snapshot'; fi
[ "$(n_snapshots)" = "$snapshots" ] || fail 'a cancelled run left a snapshot'
run 0 "$HB" check
backup 0 "$T/big"
[ "$(field packs_taken_over)" -ge 1 ] || fail 'nothing of the interrupted run was used'
# All that was stored is what one run would have stored, and a little: nothing of the file is there twice.
added=$(($(repo_bytes) - bytes))
[ $added -lt 150000000 ] || fail "$added bytes were added for 120 MB"
no_temporaries
restored latest "$T/big"
with_reader 0 "$HB" check --read-data
