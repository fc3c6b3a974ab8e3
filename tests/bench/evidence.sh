#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# evidence.sh [NIGHTS]: a year (default: 365 nights) of create and three more records a night, and of check and hozen-verify repo each week, in a
# new folder, and a drill at the end; then how long each command takes beside them. HOZEN_BIN: the folder of the tools, of a
# release build. TMPDIR on tmpfs: a year's nights within minutes leave ext4 with inodes that it may not use again yet, and
# passing over those is half of the time of the bundle then, as it is not where nights are nights.
set -eu
nights=${1:-365}
backup=${HOZEN_BIN:?}/hozen-backup verify=$HOZEN_BIN/hozen-verify
work=$(mktemp -d "${TMPDIR:-/tmp}/hozen-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
export HOZEN_STATE_DIR="$work/state" HOZEN_CACHE_DIR="$work/cache" HOZEN_REPO="$work/repo" HOZEN_KEY_FILE="$work/writer.key"
export HOZEN_PASSPHRASE_FILE="$work/passphrase"
unset HOZEN_EVIDENCE_DIR HOZEN_POLICY
(umask 077 && echo 'correct horse battery staple' >"$work/passphrase")
mkdir "$work/source"
echo something >"$work/source/file"

"$backup" init -q
for role in lister reader; do "$backup" key export -q --role $role --out "$work/$role.key"; done
cat >"$work/policy.ini" <<P
[policy]
id = nightly
version = 1
owner = an owner
approver = an approver
approved = 2026-01-01
review = 2099-01-01
[repository main]
id = $(ls "$HOZEN_STATE_DIR" | grep -x '[0-9a-f]\{32\}')
location = $HOZEN_REPO
key_file = $work/lister.key
[system one]
owner = an owner
host = $(hostname)
path = $work/source
asset = A-1
repository = main
rpo = 24h
check = 7d
drill = 90d
P
i=0
while [ $i -lt "$nights" ]; do
  echo "$i" >"$work/source/night"
  "$backup" create -q "$work/source"
  "$verify" due -q --max-age 26h >/dev/null
  for n in 1 2 3; do "$verify" selftest -q; done
  # Not by the passphrase, which takes its time on purpose.
  [ $((i % 7)) -ne 6 ] || for command in "$backup check" "$verify repo"; do
    env -u HOZEN_PASSPHRASE_FILE HOZEN_KEY_FILE="$work/lister.key" $command -q
  done
  i=$((i + 1))
done
unset HOZEN_PASSPHRASE_FILE
HOZEN_KEY_FILE=$work/reader.key "$verify" drill -q --sandbox "$work"
timed() {
  name=$1
  shift
  start=$(date +%s%N)
  "$@" >"$work/said" 2>&1 || {
    cat "$work/said" >&2
    exit 1
  }
  end=$(date +%s%N)
  printf '%-30s %6d ms\n' "$name" $(((end - start) / 1000000))
}
printf '%d records, %d snapshots\n' "$(find "$work/state/evidence/records" -name '*.json' | wc -l)" "$nights"
timed 'create' "$backup" create -q "$work/source"
timed 'check' env HOZEN_KEY_FILE="$work/lister.key" "$backup" check -q
timed 'snapshots' env HOZEN_KEY_FILE="$work/lister.key" "$backup" snapshots
export HOZEN_KEY_FILE="$work/reader.key"
timed 'stats' "$backup" stats
timed 'key list' "$backup" key list
timed 'ls' "$backup" ls latest
timed 'find' "$backup" find night
timed 'diff' "$backup" diff "$("$backup" snapshots --json | sed -n '1s/.*"id":"\([0-9a-f]*\)".*/\1/p')" latest
timed 'cat' "$backup" cat latest "${work#/}/source/night"
timed 'restore' "$backup" restore -q latest --target "$work/restored"
timed 'check --read-data' "$backup" check -q --read-data
export HOZEN_KEY_FILE="$work/writer.key"
timed 'verify repo' env HOZEN_KEY_FILE="$work/lister.key" "$verify" repo -q
timed 'verify drill' env HOZEN_KEY_FILE="$work/reader.key" "$verify" drill -q --sandbox "$work"
timed 'due' "$verify" due --max-age 26h
timed 'policy' "$verify" policy "$work/policy.ini"
timed 'log' "$verify" log
timed 'log, copy in the repository' env HOZEN_KEY_FILE="$work/lister.key" "$verify" log --repo "$HOZEN_REPO"
record=$(ls "$work"/state/evidence/records/*/*.json | head -1)
timed 'log --prove' "$verify" log --prove "$record"
timed 'report of one' "$verify" report "$record"
timed 'report of all' "$verify" report "$work"/state/evidence/records/*/*.json
timed 'overview, text' "$verify" report --overview
timed 'overview, HTML' "$verify" report --overview --format html
timed 'overview, PDF' "$verify" report --overview --format pdf
timed 'overview, PDF, Japanese' "$verify" report --overview --format pdf --lang ja
timed 'bundle of a year, 4 pages' "$verify" bundle --period "$(date -u +%Y)" --out "$work/bundle"
timed 'verify.sh in it' sh "$work/bundle/verify.sh" "$work/state/evidence/allowed_signers" "$work/bundle"
