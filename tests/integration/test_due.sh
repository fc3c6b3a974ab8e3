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

# For monitoring.
run 0 "$HV" due --max-age 1h --nagios
prints '^HOZEN OK - backup: 0 of 1'
run 2 "$HV" due --max-age 1s --nagios
prints '^HOZEN CRITICAL - backup: 1 of 1'
run 3 env HOZEN_EVIDENCE_DIR="$T/none" "$HV" due --max-age 1s --nagios
run 0 "$HV" due --max-age 1h -q --prometheus "$T/hozen.prom"
time=$(sed -n 's/^hozen_last_success_timestamp_seconds{kind="backup",repository="[0-9a-f]*"} //p' "$T/hozen.prom")
now=$(date +%s)
[ "$time" -gt $((now - 60)) ] && [ "$time" -le "$now" ] || fail "the time is $time"
grep -q '^hozen_overdue{.*} 0$' "$T/hozen.prom" || fail 'no line about overdue'
run 1 "$HV" due --max-age 1h --prometheus "$T/none/x"

# A signer who is not believed says nothing.
printf 'x ssh-ed25519 %s\n' AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f >"$T/others"
run 6 "$HV" due --max-age 1h --trust "$T/others"
prints 'no record names a repository'
# Neither does a record that was changed.
last=$(tail -1 "$E/log" | cut -d' ' -f1)
sed -i 's/"exceptions"/"done"/' "$E/records/$last.json"
run 4 "$HV" due --max-age 1h
prints '^OVERDUE'
run 2 "$HV" due --max-age 1h --nagios
