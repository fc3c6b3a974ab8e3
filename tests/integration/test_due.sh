#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What is overdue, by records alone: nobody who is not believed, nothing that failed, and nothing that was changed counts.
. "${HOZEN_TESTS:?}/integration/cli.sh"
E=$HOZEN_STATE_DIR/evidence

run 1 "$HV" due --max-age 1h
run 2 "$HV" due
run 2 "$HV" due --max-age 26
run 2 "$HV" due --max-age 0h
make_repo
make_source
# A repository without a backup is overdue.
run 6 "$HV" due --max-age 1h
prints 'OVERDUE .*backup  never'
run 1 "$HB" create "$T/missing"
run 6 "$HV" due --max-age 1h
run 3 "$HB" create "$T/src" "$T/missing"
run 0 "$HV" due --max-age 1h
prints '^in time'
sleep 2
run 6 "$HV" due --max-age 1s
prints '^OVERDUE'
run 0 "$HV" due --max-age 1h -q
silent
run 6 "$HV" due --max-age 1h --kind drill
run 0 "$HV" due --max-age 1h --json
prints '"overdue":false'
prints '"host":"[^"]*","paths":\["[^"]*/src","[^"]*/missing"\]'
run 2 "$HV" due --max-age 1h --kind dril
says '--kind dril: give backup'

# For monitoring.
run 0 "$HV" due --max-age 1h --nagios
prints '^HOZEN OK - backup: 0 of 1'
run 2 "$HV" due --max-age 1s --nagios
prints '^HOZEN CRITICAL - backup: 1 of 1'
run 3 env HOZEN_EVIDENCE_DIR="$T/none" "$HV" due --max-age 1s --nagios
prints '^HOZEN UNKNOWN - .*none'
# Wrong arguments end as unknown, with a line: their own exit code would be an alarm of which nobody knows why.
for wrong in '--max-age 26' '--kind drill' '--max-age 1h --kind dril' '--max-age 1h --unknown' '--max-age 1h a b' '--quiet=1'; do
  # shellcheck disable=SC2086 # several words
  run 3 "$HV" due $wrong --nagios
  prints '^HOZEN UNKNOWN - '
  [ "$(wc -l <"$T/out")" = 1 ] || fail "more than a line of $wrong"
done
run 3 "$HV" due --max-age 1h --nagios --prometheus "$T/none/x"
prints '^HOZEN UNKNOWN - '
run 0 "$HV" due --max-age 1h -q --prometheus "$T/hozen.prom"
time=$(sed -n 's/^hozen_last_success_timestamp_seconds{kind="backup",repository="[0-9a-f]*",host="[^"]*",paths="[^"]*"} //p' "$T/hozen.prom")
now=$(date +%s)
[ "$time" -gt $((now - 60)) ] && [ "$time" -le "$now" ] || fail "the time is $time"
metric() { # NAME VALUE
  [ "$(sed -n "s/^$1 //p" "$T/hozen.prom")" = "$2" ] || { cat "$T/hozen.prom" >&2; fail "$1 is not $2"; }
}
grep -q '^hozen_overdue{.*} 0$' "$T/hozen.prom" || fail 'no line about overdue'
metric hozen_records_bad 0
metric hozen_repositories 1
ran=$(sed -n 's/^hozen_due_run_timestamp_seconds //p' "$T/hozen.prom")
[ "$ran" -ge "$time" ] && [ "$ran" -le "$(date +%s)" ] || fail "it ran at $ran"
run 1 "$HV" due --max-age 1h --prometheus "$T/none/x"

# Each source by itself: what a host backs up together. A label has names as they are.
odd=$(printf '%s/a "b"\\c' "$T")
mkdir "$odd"
echo x >"$odd/x"
run 0 "$HB" create "$odd"
sleep 3.1
run 0 "$HB" create "$T/src"
run 6 "$HV" due --max-age 2s
prints '^OVERDUE .*a "b"'
prints ':[^ ]*/src$'
run 2 "$HV" due --max-age 2s --nagios
prints '^HOZEN CRITICAL - backup: [1-3] of 3'
last_of() { # of the source with just this path
  run 0 "$HV" due --max-age 1h --json
  python3 -c 'import json, sys; print(*[d["last"] for d in map(json.loads, open(sys.argv[1])) if d["paths"] == [sys.argv[2]]])' "$T/out" "$1"
}
run 0 "$HV" due --max-age 1h -q --prometheus "$T/hozen.prom"
metric hozen_repositories 1
grep -qF 'a \"b\"\\c"} 0' "$T/hozen.prom" || fail 'a label is not escaped'
# What backs up more serves as well.
before=$(last_of "$odd")
run 3 "$HB" create "$T/src" "$T/missing" "$odd"
[ -n "$before" ] && [ "$(last_of "$odd")" != "$before" ] || fail 'a backup of more does not count'

# What counts as done is one rule, with a policy and without.
run 6 "$HV" due --max-age 1h --kind verify
run 0 "$HV" repo --level L0
run 6 "$HV" due --max-age 1h --kind verify
prints 'verify  never'
with_pass 0 "$HV" repo
run 0 "$HV" due --max-age 1h --kind verify

# A signer who is not believed says nothing.
printf 'x ssh-ed25519 %s\n' AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f >"$T/others"
run 6 "$HV" due --max-age 1h --trust "$T/others"
prints 'no record names a repository'
# Silence is no good news for a monitor either.
run 6 "$HV" due --max-age 1h --trust "$T/others" -q --prometheus "$T/hozen.prom"
metric hozen_repositories 0
grep -q '^hozen_overdue{kind="backup",repository="",.*} 1$' "$T/hozen.prom" || fail 'nothing is overdue where nothing is known'
# Neither does a record that was changed: what is in time then, nobody knows.
last=$(tail -1 "$E/log" | cut -d' ' -f1)
sed -i 's/"done"/"exceptions"/' "$E/records/$last.json"
run 4 "$HV" due --max-age 1h -q --prometheus "$T/hozen.prom"
metric hozen_records_bad 1
! grep -q '^hozen_overdue{.*} 0$' "$T/hozen.prom" || fail 'something is in time though records were changed'
run 3 "$HV" due --max-age 1h --nagios
prints '^HOZEN UNKNOWN - backup: 0 of 4 sources overdue, 1 records unreadable'
sleep 2
run 2 "$HV" due --max-age 1s --nagios
