#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Media are erased, verified and signed for; what must not be touched is not; what was interrupted goes on.
# test-label: root
# test-timeout: 600
. "${HOZEN_TESTS:?}/integration/loops.sh"

# --- a clear of both sector sizes, every address read back
for sector in 512 4096; do
  make_loop one "$T/one.$sector" 16777216 "$sector"
  # shellcheck disable=SC2154 # set by make_loop
  id=$(id_of "$one")
  run 0 "$HE" run "$one" --goal clear --confirm "$id" --property-no HW-7 --witness 'Y. Sato'
  prints 'verified'
  nothing_left "$T/one.$sector"
  is kind sanitize
  is outcome done
  is result.level clear
  is result.certificate true
  is result.touched all
  is result.custody.property_no HW-7
  is result.steps.0.verification.kind full
  is result.steps.0.verification.sectors $((16777216 / sector))
  run 0 "$HV" report "$(record)"
  detach "$one"
done

# --- a final pass of zeros, and the quick way
make_loop one "$T/zeros" 8388608
id=$(id_of "$one")
run 0 "$HE" run "$one" --goal clear --confirm "$id" --final zeros
cmp -n 8388608 "$T/zeros" /dev/zero || fail 'no zeros'
is result.steps.1.verification.kind sampled
run 0 "$HE" run "$one" --goal clear --confirm "$id" --quick
grep -q 'not excluded beyond what was read back' "$(record)" || fail 'the record of a quick pass does not say what it misses'

# --- refused, and nothing is touched: a wrong name, none, a goal out of reach, no such device, a file, no folder for the report
make_loop two "$T/two" 8388608
# shellcheck disable=SC2154
id=$(id_of "$two")
run 5 "$HE" run "$two" --goal clear --confirm "$id.not"
run 5 "$HE" run "$two" --goal clear
is outcome refused
is result.touched no
run 5 "$HE" run "$two" --goal purge --confirm "$id"
says 'destroy it'
run 2 "$HE" run "$two"
run 2 "$HE" run "$two" --goal destroy
run 1 "$HE" run "$T/nothing" --goal clear --confirm x
run 1 "$HE" run "$T/two" --goal clear --confirm x
echo >"$T/file"
run 1 "$HE" run "$two" --goal clear --confirm "$id" --report-dir "$T/file/x"
same_as_before "$T/two"

# --- in use: mounted, read-only, a partition, open elsewhere
mkdir "$T/mnt"
if mkfs.ext4 -q "$two" && mount "$two" "$T/mnt" 2>/dev/null; then
  loop_mounts="$T/mnt"
  cp "$HOZEN_TESTS/integration/loops.sh" "$T/mnt/x"
  run 5 "$HE" run "$two" --goal clear --confirm "$id"
  says 'mount'
  cmp "$HOZEN_TESTS/integration/loops.sh" "$T/mnt/x" || fail 'a mounted file system was touched'
  umount "$T/mnt"
  loop_mounts=
fi
detach "$two"
make_loop three "$T/three" 8388608
# shellcheck disable=SC2154
detach "$three"
attach three "$T/three" 512 -r
run 5 "$HE" run "$three" --goal clear --confirm "$(id_of "$three")"
detach "$three"
attach three "$T/three" 512
id=$(id_of "$three")
exec 8<"$three"
run 5 "$HE" run "$three" --goal clear --confirm "$id"
says 'open'
exec 8<&-
same_as_before "$T/three"

# --- several at once, one of them refused: the others are done, the worst code counts
make_loop four "$T/four" 8388608
# shellcheck disable=SC2154
run 5 "$HE" run "$three" "$four" --goal clear --confirm "$(id_of "$four")" --json
same_as_before "$T/three"
nothing_left "$T/four"
[ "$(grep -c '"type":"sanitize_summary"' "$T/out")" -eq 2 ] || fail 'not one summary for each'
python3 "$HOZEN_TESTS/integration/schema_check.py" "$HOZEN_TESTS/../docs/schemas" sanitize_summary <"$T/out" >/dev/null ||
  fail 'schema'
run 0 "$HE" run "$three" "$four" --goal clear --confirm "$id" --confirm "$(id_of "$four")"
nothing_left "$T/three"
detach "$three"
detach "$four"

# --- killed in the middle: on record as interrupted; resume finishes it, on the same medium under another name
make_loop five "$T/five" 268435456
# shellcheck disable=SC2154
id=$(id_of "$five")
setsid "$HE" run "$five" --goal clear --confirm "$id" --json >"$T/progress" 2>&1 &
pid=$!
i=0
while ! grep -q '"doing":"write"' "$T/progress" && [ $i -lt 600 ] && kill -0 $pid 2>/dev/null; do
  sleep 0.05
  i=$((i + 1))
done
pkill -9 -s $pid
wait $pid 2>/dev/null
# Each drive has a process of its own, in a group of its own.
sleep 0.2
run 0 "$HE" status
if grep -q '^OPEN' "$T/out"; then
  run 0 "$HE" status --json
  python3 "$HOZEN_TESTS/integration/schema_check.py" "$HOZEN_TESTS/../docs/schemas" journal <"$T/out" >/dev/null || fail 'schema'
  # Not without being told which medium, once more.
  run 5 "$HE" resume
  is outcome refused
  is result.touched no
  run 5 "$HE" resume --confirm "$id.not"
  run 0 "$HE" resume --confirm "$id"
  is outcome done
  is result.resumed true
  grep -l '"interrupted"' "$T"/state/evidence/records/*/*.json >/dev/null || fail 'no record of the one that was killed'
else
  echo 'it was done before it could be killed' >&2
fi
nothing_left "$T/five"
run 0 "$HE" status
grep -q '^OPEN' "$T/out" && fail 'still open'
run 0 "$HE" resume
prints 'nothing to go on with'

# --- stopped by a signal: 130, and resume
setsid "$HE" run "$five" --goal clear --confirm "$id" --json >"$T/progress" 2>&1 &
pid=$!
i=0
while ! grep -q '"doing":"write"' "$T/progress" && [ $i -lt 600 ] && kill -0 $pid 2>/dev/null; do
  sleep 0.05
  i=$((i + 1))
done
kill -INT $pid
wait $pid
code=$?
[ $code -eq 130 ] || [ $code -eq 0 ] || { cat "$T/progress"; fail "exit $code after SIGINT"; }
if [ $code -eq 130 ]; then
  is outcome cancelled
  run 0 "$HE" resume --confirm "$id"
fi
detach "$five"

# --- stopped while it writes: a slow disk, for a test's files are fast
bad_loop six "$T/six" 512 MBS=60
# shellcheck disable=SC2154
id=$(id_of "$six")

# stopped OPTION...: a run on $six that is stopped by Ctrl-C while it writes, with something durable; its journal is $old. It
# may be done before that: then another one.
stopped() {
  tries=0
  while [ $tries -lt 8 ]; do
    tries=$((tries + 1))
    setsid "$HE" run "$six" --goal clear --confirm "$id" --json "$@" >"$T/progress" 2>&1 &
    pid=$!
    i=0
    while ! grep -q '"doing":"write"' "$T/progress" && [ $i -lt 2000 ] && kill -0 $pid 2>/dev/null; do
      sleep 0.01
      i=$((i + 1))
    done
    kill -INT $pid
    wait $pid
    # shellcheck disable=SC2012 # names of ours
    old=$(ls -t "$T"/state/erase/*.journal | head -1)
    "$HE" status "$old" --json | grep -q '"state":"running","durable_bytes":[1-9]' && return 0
  done
  fail 'no run could be stopped while it wrote'
}
said() { # FIELD of all that the newest record says
  result "$1" | python3 -c 'import json, sys; print(sorted(json.load(sys.stdin)))'
}

# --- what is gone on with ends with the record of a run in one piece
set -- --quick --property-no HW-9 --witness 'Y. Sato' --destination recycler
run 0 "$HE" run "$six" --goal clear --confirm "$id" "$@"
whole=$(said assumptions)
custody=$(result result.custody)
if stopped "$@"; then
  run 0 "$HE" resume --confirm "$id"
  is result.resumed true
  [ "$(said assumptions)" = "$whole" ] || fail "assumptions of a resumed job: $(said assumptions), not $whole"
  [ "$(result result.custody)" = "$custody" ] || fail "custody of a resumed job: $(result result.custody), not $custody"
fi
if stopped "$@"; then
  run 0 "$HE" resume --confirm "$id" --destination shelf
  is result.custody.destination shelf
  is result.custody.witness 'Y. Sato'
fi

exec 8<"$six"
if stopped --override "open=$id"; then
  # As for a run: what is in the way now has to be overridden now.
  run 5 "$HE" resume --confirm "$id"
  says 'open'
  exec 8<&-
  run 0 "$HE" resume --confirm "$id"
  [ "$(said overrides)" = "['open']" ] || fail "overrides of a resumed job: $(said overrides)"
fi
exec 8<&-

# --- asked for at a terminal, which shows the device
if stopped; then
  python3 "$HOZEN_TESTS/integration/on_terminal.py" 0 "To go on type its identity=$id" -- "$HE" resume >"$T/out" ||
    { cat "$T/out"; fail 'resume at a terminal'; }
  prints "$six"
  prints 'of 64.0 MiB'
fi

# --- a medium that is back in use: whoever goes on with an old job must not destroy it
used() { # a file system with a file on it, unmounted
  mkfs.ext4 -q -F "$six" && mount "$six" "$T/mnt" 2>/dev/null || return 1
  loop_mounts="$T/mnt"
  cp "$HOZEN_TESTS/integration/loops.sh" "$T/mnt/x"
  umount "$T/mnt"
  loop_mounts=
  sync "$six"
  now=$(sha256sum <"$T/six")
}
still_used() {
  [ "$(sha256sum <"$T/six")" = "$now" ] || fail "it was touched: $1"
}
if stopped; then
  # Another run closes the journal, and says so.
  run 0 "$HE" run "$six" --goal clear --confirm "$id"
  run 0 "$HE" status "$old"
  prints 'finished'
  prints 'superseded'
  if used; then
    run 5 "$HE" resume "$old" --confirm "$id"
    run 0 "$HE" resume --confirm "$id"
    prints 'nothing to go on with'
    still_used 'void by a later run'
  fi
fi
if stopped && used; then
  run 5 "$HE" resume --confirm "$id" --json
  prints '"goal":"clear"'
  prints "\"journal\":\"$old\""
  prints 'does not stand there'
  python3 "$HOZEN_TESTS/integration/schema_check.py" "$HOZEN_TESTS/../docs/schemas" sanitize_summary <"$T/out" >/dev/null || fail 'schema'
  is outcome refused
  still_used 'what was written did not stand there'
  run 0 "$HE" run "$six" --goal clear --confirm "$id"
  run 0 "$HE" resume
  prints 'nothing to go on with'
fi

# --- more journals than a drawer has: each is gone on with, or refused
if stopped; then
  i=0
  while [ $i -lt 70 ]; do
    cp "$old" "$T/state/erase/copy$i.journal"
    i=$((i + 1))
  done
  run 5 "$HE" resume --json
  [ "$(grep -c '"type":"sanitize_summary"' "$T/out")" -eq 71 ] || fail 'journals were dropped'
  rm "$T"/state/erase/copy*.journal
  # Somebody works with it.
  exec 9<"$old"
  flock -x 9
  run 5 "$HE" resume --confirm "$id"
  exec 9<&-
  # Not plugged in, or another one where it was: nothing is touched, and it goes on when it is back.
  detach "$six"
  make_loop small "$T/small" 1048576
  run 5 "$HE" resume --confirm "$id"
  prints 'is not here'
  same_as_before "$T/small"
  # shellcheck disable=SC2154
  detach "$small"
  attach six "$T/six.fuse/disk" 512
  # Numbers of loop devices come back in turn.
  [ "$(id_of "$six")" = "$id" ] && run 0 "$HE" resume --confirm "$id"
fi
bad_detach "$six" "$T/six"

# --- the log of all that is whole
run 0 "$HV" log
