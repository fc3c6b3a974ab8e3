#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Nothing is erased that a person did not name: what is not confirmed, what was named wrongly, what is stopped at the
# question, what the plan does not allow. Each refusal touches nothing and is on record.
# test-label: root
# test-timeout: 400
. "${HOZEN_TESTS:?}/integration/loops.sh"

# refused DEVICE FILE: on record as such, and untouched.
refused() {
  says_of "$1" touched no
  says_of "$1" certificate false
  says_of "$1" record.written true
  [ "$(summary "$1" record.uuid)" = "$(basename "$(summary "$1" record.path)" .json)" ] || fail 'the record has another name'
  run_out=$(summary "$1" record.path)
  grep -q '"outcome": *"\(refused\|cancelled\)"' "$run_out" || fail "$run_out is none of a refusal"
  same_as_before "$2"
}
tty() {
  python3 "$tests/integration/on_terminal.py" "$@" >"$T/out" 2>&1 || { cat "$T/out" >&2; fail "$*"; }
}
records() { find "$T/state/evidence/records" -name '*.json' | wc -l; }

make_loop one "$T/one" 8388608
make_loop two "$T/two" 8388608
# shellcheck disable=SC2154 # set by make_loop
id=$(id_of "$one")
# shellcheck disable=SC2154
id2=$(id_of "$two")

# --- in the way at the first look, and not at the second: that is no confirmation
for s in 1.2 1.7 2.2 2.7; do
  sleep $s <"$one" &
  run 5 "$HE" run "$one" --goal clear --json
  wait $!
  refused "$one" "$T/one"
  schema sanitize_summary
done
says_of "$one" exit 5
says_of "$one" confirm_id "$id"

# --- an override is none either, nor is a wrong name
printf 'LUKS\272\276\000\001' | dd of="$T/one" conv=notrunc status=none
cp "$T/one" "$T/luks"
for confirm in '' '--confirm WRONG'; do
  # shellcheck disable=SC2086 # none or two words
  run 5 "$HE" run "$one" --goal clear --override "signature=$id" $confirm --json
  cmp "$T/one" "$T/luks" || fail "touched: $confirm"
  says_of "$one" touched no
done
run 5 "$HE" run "$one" --goal clear --confirm "$id" --json
cmp "$T/one" "$T/luks" || fail 'touched without an override'
run 5 "$HE" run "$one" --goal clear --confirm "$id" --override "open=$id"
# What names nothing is not passed over.
for override in "signatur=$id" "signature=$id.not" signature "=$id"; do
  run 2 "$HE" run "$one" --goal clear --confirm "$id" --override "signature=$id" --override "$override"
  says override
done
cmp "$T/one" "$T/luks" || fail 'touched with a wrong override'
run 0 "$HE" run "$one" --goal clear --confirm "$id" --override "signature=$id" --json
says_of "$one" certificate true
grep -q signature "$(record)" || fail 'the override is not in the record'
is overrides.0 signature
detach "$one"
make_loop one "$T/one" 8388608
id=$(id_of "$one")

# --- a --confirm of none of them: somebody means another disk
run 5 "$HE" run "$one" "$two" --goal clear --confirm "$id" --confirm "$id2.not" --json
refused "$one" "$T/one"
refused "$two" "$T/two"
says_of "$one" exit 5

# --- typed at the prompt: right, wrong, nothing, end of file, Ctrl-C
export TERM=xterm
for answer in "$id.not" '' '^D'; do
  n=$(records)
  tty 5 "type its identity=$answer" -- "$HE" run "$one" --goal clear
  prints 'NO CERTIFICATE. nothing was touched'
  [ "$(records)" -eq $((n + 1)) ] || fail "no record of the answer '$answer'"
  is outcome refused
  same_as_before "$T/one"
done
for signal in '^C' '^TERM'; do
  n=$(records)
  tty 130 "type its identity=$id" "type its identity ($id2=$signal" -- "$HE" run "$one" "$two" --goal clear
  prints "$one  $id: NO CERTIFICATE. nothing was touched"
  prints "$two  $id2: NO CERTIFICATE. nothing was touched"
  [ "$(records)" -eq $((n + 2)) ] || fail 'no record of each'
  is outcome cancelled
  is result.exit 130
  same_as_before "$T/one"
  same_as_before "$T/two"
done
tty 130 'type its identity=^C' -- "$HE" selftest "$one"
same_as_before "$T/one"
make_loop large "$T/large" 536870912
# shellcheck disable=SC2154
tty 0 "type its identity=$(id_of "$large")" -- "$HE" run "$large" --goal clear
# Level, step, what is done, and how far it is.
prints "$large  *clear 1/1 \(writing\|verifying\)  *[0-9.]* %"
prints "$large  $(id_of "$large"): clear, verified"
prints "^  record: $(record)"
nothing_left "$T/large"
detach "$large"
# The path once, however often it is told.
run 5 "$HE" run "$two" --goal clear
if grep -q "$two.*$two: \|$two: $two" "$T/out" "$T/err"; then cat "$T/out" "$T/err" >&2; fail 'the path twice'; fi

# A path is taken as it is, or not at all.
run 2 "$HE" run "$two$(printf '%0300d' 0)" --goal clear --confirm "$id2"

# --- the plan does not allow it: out of reach, and below what the decision flow asks for
run 5 "$HE" run "$two" --goal purge --json
refused "$two" "$T/two"
says_of "$two" goal purge
for profile in nist-800-88r1 nist-800-88r2+ieee2883 soumu-jp; do
  run 0 "$HE" plan "$two" --goal clear --profile "$profile" --json
  schema plan
  grep -q "\"profile\":\"$profile\",.*\"reachable\":true,\"cannot_pass\":null" "$T/out" || fail "the plan of $profile"
done
run 5 "$HE" plan "$two" --goal clear --confidentiality high --json
schema plan
prints '"confidentiality":"high","below_decision":true'
run 5 "$HE" plan "$two" --goal clear --confidentiality high
prints 'BELOW WHAT THE DECISION FLOW ASKS FOR: destroy'
run 5 "$HE" run "$two" --goal clear --confidentiality high --confirm "$id2" --json
refused "$two" "$T/two"
says_of "$two" decision.asks_for destroy
run 0 "$HE" plan "$two" --goal clear --confidentiality low --leaves-control no --json
prints '"below_decision":false'
run 0 "$HE" run "$two" --confidentiality low --leaves-control no --confirm "$id2" --json
says_of "$two" decision.confidentiality low
says_of "$two" goal clear
is result.decision '{"confidentiality": "low", "reused": true, "leaves_control": false, "asks_for": "clear"}'
is result.exit 0
detach "$one"
detach "$two"

# --- a partition; the second disk of a mounted btrfs
if command -v sfdisk >/dev/null && command -v partx >/dev/null; then
  loop_new parted 64M
  parted=$loop
  printf 'label: gpt\nsize=16M\nsize=16M\n' | sfdisk -q "$parted" >/dev/null 2>&1 || fail sfdisk
  ls "${parted}p1" >/dev/null 2>&1 || partx -a "$parted" >/dev/null 2>&1
  if [ -b "${parted}p1" ]; then
    before=$(sha256sum "$T/parted")
    part_id=$("$HE" plan "${parted}p1" --goal clear --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["confirm_id"])')
    run 5 "$HE" run "${parted}p1" --goal clear --confirm "$part_id"
    says 'a partition of'
    [ "$(sha256sum "$T/parted")" = "$before" ] || fail 'a partition was touched'
  fi
fi
if command -v mkfs.btrfs >/dev/null; then
  loop_new b1 256M
  b1=$loop
  loop_new b2 256M
  b2=$loop
  mkfs.btrfs -q -f -d raid0 -m raid1 "$b1" "$b2" >/dev/null 2>&1 || fail mkfs.btrfs
  if loop_mount "$b1" "$T/mnt" -o "device=$b2"; then
    head -c 3000000 "$T/two" >"$T/mnt/data"
    sync
    run 5 "$HE" run "$b2" --goal clear --confirm "$(id_of "$b2")"
    says 'mounted on'
    umount "$T/mnt"
    mount -o "device=$b2" "$b1" "$T/mnt" || fail 'it cannot be mounted any more'
    head -c 3000000 "$T/two" | cmp - "$T/mnt/data" || fail 'the second disk of a mounted btrfs was touched'
    umount "$T/mnt"
  fi
fi

# --- the log of all that is whole
run 0 "$HV" log
