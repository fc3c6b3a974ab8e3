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
  run 0 "$HE" resume
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
  run 0 "$HE" resume
fi
detach "$five"

# --- the log of all that is whole
run 0 "$HV" log
