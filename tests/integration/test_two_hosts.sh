#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Two machines, each with its own writer key, state and cache, back up into one repository, also at the same moment.
# test-label: tsan
# test-timeout: 600
. "${HOZEN_TESTS:?}/integration/kit.sh"

make_passphrase
host a
with_pass 0 "$HB" init
writer_a=$(with_pass 0 "$HB" key list --json; sed -n 's/.*"role":"writer".*/&/p' "$T/out" | head -1 | sed 's/.*"id":"\([0-9a-f]*\)".*/\1/')
[ -n "$writer_a" ] || fail 'key list shows no writer'
with_pass 0 "$HB" key export --role writer --out "$T/own.key"
with_pass 0 "$HB" key export --role writer --join "$writer_a" --out "$T/joined.key"
with_pass 0 "$HB" key list
make_reader
host b && cp -p "$T/own.key" "$HOZEN_KEY_FILE"
host c && cp -p "$T/joined.key" "$HOZEN_KEY_FILE"

# --- who stores again what another has stored
mkdir "$T/data"
head -c 3000000 /dev/urandom >"$T/data/random"
stored() {
  host "$1"
  shift
  backup 0 "$@" "$T/data"
  field stored_bytes
}
[ "$(stored a)" -gt 3000000 ] || fail 'the first host did not store it'
[ "$(stored b)" -gt 3000000 ] || fail 'a group of its own used what another group stored'
[ "$(stored b --host b2 --trust all)" -lt 300000 ] || fail 'the host did not find its own'
[ "$(stored c)" -gt 3000000 ] || fail 'a writer used what another of its group stored, without --trust all'
rm -rf "$T/data" && mkdir "$T/data"
head -c 3000000 /dev/urandom >"$T/data/more"
[ "$(stored a)" -gt 3000000 ] || fail 'new content was not stored'
[ "$(stored b --trust all)" -gt 3000000 ] || fail '--trust all reached into another group'
[ "$(stored c --trust all)" -lt 300000 ] || fail 'with --trust all what the group has was stored again'
host c
restored latest "$T/data"

# --- both at once, again and again
for i in 1 2 3; do
  for h in a b c; do
    rm -rf "$T/src-$h"
    tree "$T/src-$h" "$i$(printf %d "'$h")" --large 3000000 --files 40
    cp -a "$T/data" "$T/src-$h/"
  done
  for h in a b c; do
    (host $h && exec "$HB" create --json --trust all "$T/src-$h" >"$T/out-$h" 2>"$T/err-$h" </dev/null) &
    eval "pid_$h=$!"
  done
  for h in a b c; do
    eval "wait \$pid_$h" || fail "host $h, round $i: $(cat "$T/err-$h")"
    cp "$T/out-$h" "$T/out"
    expect alarms ''
    field snapshot_id >"$T/id-$h"
  done
  for h in a b c; do
    host fourth
    restored "$(cat "$T/id-$h")" "$T/src-$h"
  done
done
with_pass 0 "$HB" check --read-data
no_temporaries
[ "$(n_snapshots)" = 16 ] || fail "there are $(n_snapshots) snapshots"

# --- one writer, several sources at once: no alarm, now or later
host a
for i in 1 2 3; do
  for s in a b c; do
    change "$T/src-$s" "$i"
    "$HB" create --json "$T/src-$s" >"$T/out-$s" 2>"$T/err-$s" </dev/null &
    eval "pid_$s=$!"
  done
  for s in a b c; do
    eval "wait \$pid_$s" || fail "source $s, round $i: $(cat "$T/err-$s")"
    cp "$T/out-$s" "$T/out"
    expect alarms ''
  done
done
backup 0 "$T/src-a"
expect alarms ''
restored latest "$T/src-a"
run 0 "$HB" check
