#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# hozen-erase run when things go wrong: its processes are killed or stopped, nothing can be written about it, the disk fails or
# lies. Each drive ends with a summary that claims no more than what is proven, and holds up no other.
# test-label: root
# test-timeout: 600
. "${HOZEN_TESTS:?}/integration/loops.sh"

# begin DEVICE...: a clear of them with --json in the background, $pid, what it prints in $T/out.
begin() {
  confirms=
  for d in "$@"; do confirms="$confirms --confirm $(id_of "$d")"; done
  # shellcheck disable=SC2086 # several words
  "$HE" run "$@" --goal clear --json $confirms >"$T/out" 2>"$T/err" </dev/null &
  pid=$!
  loop_pids=$pid
}
# under_way DEVICE: its bytes are written, or read back.
under_way() {
  until_there $pid "sanitize_progress.*\"path\":\"$1\"" "$T/out"
}
ended() { # CODE
  wait $pid
  got=$?
  loop_pids=
  [ $got -eq "$1" ] || { cat "$T/out" "$T/err" >&2; fail "exit $got instead of $1"; }
}

make_loop one "$T/one" 8388608
loop_new large 768M
large=$loop
id=$(id_of "$large")

# --- nothing wrong: progress by its schema, nothing on stderr of a pipe
# shellcheck disable=SC2154
run 0 "$HE" run "$one" "$large" --goal clear --confirm "$(id_of "$one")" --confirm "$id" --json
schema sanitize_progress sanitize_summary
grep -q "sanitize_progress.*\"confirm_id\":\"$id\",\"goal\":\"clear\"" "$T/out" || fail 'progress without its goal'
[ -s "$T/err" ] && fail 'stderr is not quiet'
says_of "$large" exit 0
run 0 "$HE" run "$one" --goal clear --confirm "$(id_of "$one")"
[ -s "$T/err" ] && fail 'stderr is not quiet'
prints "^  record: $(record)\$"

# --- one process is stopped: the other drive is done meanwhile
for again in 1 2 3; do
  begin "$large" "$one"
  if under_way "$large" && child=$(child_of $pid "$large") && kill -STOP "$child"; then
    until_there $pid "sanitize_summary.*\"path\":\"$one\"" "$T/out" || fail "a stopped process holds up another drive ($again)"
    grep -q "sanitize_summary.*\"path\":\"$large\"" "$T/out" && fail 'it was not stopped'
    kill -CONT "$child"
  fi
  ended 0
  says_of "$one" certificate true
  says_of "$large" certificate true
done

# --- one process is killed: its drive has a summary, which knows nothing; the other one is done
begin "$large" "$one"
if under_way "$large" && child=$(child_of $pid "$large") && kill -KILL "$child"; then
  ended 1
  schema sanitize_summary
  says_of "$one" certificate true
  says_of "$large" certificate false
  says_of "$large" touched unknown
  says_of "$large" level none
  says_of "$large" exit 1
  says_of "$large" record.written false
  uuid=$(summary "$large" record.uuid)
  path=$(summary "$large" record.path)
  run 0 "$HE" status
  prints "^OPEN .*$id"
  run 0 "$HE" resume --confirm "$id"
  grep -q '"interrupted"' "$path" || fail "no record of the one that was killed: $uuid"
else
  ended 0
fi

# --- Ctrl-C: each drive has its end
begin "$large" "$one"
if under_way "$large"; then
  kill -INT $pid
  wait $pid
  got=$?
  loop_pids=
  [ $got -eq 130 ] || [ $got -eq 0 ] || fail "exit $got after SIGINT"
  schema sanitize_summary
  [ "$(summary "$large" exit)" -eq $got ] || fail 'another exit code in the summary'
  summary "$one" exit >/dev/null
  grep -q "$large: stopping" "$T/err" || [ $got -eq 0 ] || fail 'it was not told'
  # The small one was done by then, or was not.
  also=
  "$HE" status | grep -q "^OPEN .*$(id_of "$one")" && also="--confirm $(id_of "$one")"
  # shellcheck disable=SC2086 # none or two words
  run 0 "$HE" resume --confirm "$id" $also
else
  ended 0
fi

# --- no room for the report: nothing is touched
make_loop two "$T/two" 8388608
mkdir "$T/full"
if mount -t tmpfs -o size=4k,mode=700 tmpfs "$T/full" 2>/dev/null; then
  loop_mounts="$T/full $loop_mounts"
  head -c 8192 /dev/zero >"$T/full/fill" 2>/dev/null
  # shellcheck disable=SC2154
  run 1 "$HE" run "$two" --goal clear --confirm "$(id_of "$two")" --report-dir "$T/full" --json
  says_of "$two" touched no
  says_of "$two" record.written true
  same_as_before "$T/two"
  umount "$T/full"
fi

# --- the record cannot be put away once all is erased and verified: no certificate, not in words either, until it is
for how in --json ''; do
  reports=$T/reports$how
  evidence=$T/evidence$how
  # shellcheck disable=SC2086 # none or one word
  HOZEN_EVIDENCE_DIR=$evidence "$HE" run "$large" --goal clear --confirm "$id" --report-dir "$reports" $how >"$T/out" 2>"$T/err" </dev/null &
  pid=$!
  loop_pids=$pid
  # It has begun: there is a record, and a journal. The folder of its month cannot be made now.
  until [ -n "$(ls "$reports" 2>/dev/null)" ] || ! kill -0 $pid; do :; done
  month=$evidence/records/$(date -u +%Y-%m)
  [ ! -e "$month" ] || { ended 0 && continue; }
  : >"$month"
  ended 3
  if [ -n "$how" ]; then
    schema sanitize_summary
    says_of "$large" certificate false
    says_of "$large" touched all
    says_of "$large" exit 3
    says_of "$large" record.written false
  else
    prints 'NO CERTIFICATE. all of it was written over'
    grep -q ', verified\. ' "$T/out" && fail 'called verified without a record'
    says "$(ls "$reports")"
  fi
  # What waits is signed by the next command.
  rm "$month"
  run 5 env HOZEN_EVIDENCE_DIR="$evidence" "$HE" run "$two" --goal clear
  [ "$(grep -l '"certificate": *true' "$month"/*.json | wc -l)" -eq 1 ] || fail 'the record was lost'
done
same_as_before "$T/two"
detach "$two"
detach "$one"
detach "$large"
run 0 "$HV" log

# --- the disk fails: two spots that cannot be written, and nothing else is left; it lies: what it lost is found
for sector in 512 4096; do
  n=$((4096 / sector))
  bad_loop bad "$T/bad.$sector" $sector BAD_WRITE=0x2000000-0x1000,0x3000000-0x1000
  # shellcheck disable=SC2154
  "$HE" run "$bad" --goal clear --confirm "$(id_of "$bad")" --json >"$T/out" 2>"$T/err" </dev/null
  # 1: bad areas; 4 only where other data was found than is known not to be written.
  code=$?
  [ $code -eq "$([ "$(summary "$bad" steps.0.verification.mismatched)" -eq 0 ] && echo 1 || echo 4)" ] || fail "exit $code"
  schema sanitize_summary
  says_of "$bad" certificate false
  says_of "$bad" level none
  says_of "$bad" touched partly
  says_of "$bad" exit $code
  says_of "$bad" steps.0.bad "[[$((0x2000000 / sector)), $n], [$((0x3000000 / sector)), $n]]"
  says_of "$bad" steps.0.bad_sectors $((2 * n))
  bad_detach "$bad" "$T/bad.$sector"
  nothing_left "$T/bad.$sector" $((0x2000000 / 512)) 8 $((0x3000000 / 512)) 8
done
bad_loop liar "$T/liar" 512 DROP=0x1000000-0x10000
# shellcheck disable=SC2154
run 4 "$HE" run "$liar" --goal clear --confirm "$(id_of "$liar")" --json
says_of "$liar" certificate false
says_of "$liar" exit 4
says_of "$liar" steps.0.state completed
[ "$(summary "$liar" steps.0.verification.mismatched)" -ge 128 ] || fail 'not all that was lost is found'
bad_detach "$liar" "$T/liar"
run 0 "$HV" log
exit 0
