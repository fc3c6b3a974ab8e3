#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Bad news is not lost on the way to the paper: a drill or check that could read nothing, a path that stopped while
# another goes on, and what was never copied, whatever was given to the backup.
# test-timeout: 600
. "${HOZEN_TESTS:?}/integration/kit.sh"
host fresh
export HOZEN_REPO="$T/repo"
make_repo
E=$HOZEN_STATE_DIR/evidence
id=$(ls "$HOZEN_STATE_DIR" | grep -x '[0-9a-f]\{32\}')
with_pass 0 "$HB" key export --role lister --out "$T/lister.key"
with_pass 0 "$HB" key export --role reader --out "$T/reader.key"
make_source
mkdir -p "$T/src2/secret" "$T/src2/open"
echo s >"$T/src2/secret/s"
echo o >"$T/src2/open/o"

# policy_of PATH...: one system with these paths, and what else it asks for in $asks.
asks='drill = 90d
full_drill = 90d
rto = 1h'
policy_of() {
  cat >"$T/p.ini" <<I
[policy]
id = p
owner = me
approver = she
approved = 2026-04-01
review = 2099-04-01
[repository main]
id = $id
location = $HOZEN_REPO
key_file = $T/lister.key
[system web]
owner = me
host = $(hostname)
repository = main
rpo = 24h
$asks
I
  for path; do echo "path = $path"; done >>"$T/p.ini"
}
policy() { # CODE ARGUMENT...
  want_policy=$1
  shift
  run "$want_policy" "$HV" --json policy "$T/p.ini" "$@"
}
is() { # STATUS CHECK...
  want_status=$1
  shift
  for check; do
    got_status=$(python3 - "$T/out" "$check" <<'I'
import json, sys
d = json.loads(open(sys.argv[1]).read().splitlines()[-1])
print(*[c["status"] for s in d["systems"] for c in s["checks"] if c["name"] == sys.argv[2]])
I
    )
    [ "$got_status" = "$want_status" ] || { cat "$T/out" >&2; fail "$check is $got_status instead of $want_status"; }
  done
}
overview() { # HEADLINE, and what else it says
  run 0 "$HV" report --overview --format text --lang en
  # A hash is broken where the line ends.
  tr -d '\n ' <"$T/out" | grep -q "SHA-256ofthepolicy$(sha256sum "$T/p.ini" | cut -c1-64)" || fail 'the policy is not named by its hash'
  for fact; do prints "$fact"; done
}
drill() { # CODE ARGUMENT...
  want_drill=$1
  shift
  run "$want_drill" env HOZEN_KEY_FILE="$T/reader.key" "$HV" --json drill --level L4 --sandbox "$T" "$@"
}
last_record() {
  echo "$E/records/$(tail -1 "$E/log" | cut -d' ' -f1).json"
}

# --- what was given to the backup and was not there was not copied, and not restored
run 3 "$HB" create "$T/src" "$T/gone"
drill 0
expect paths_missing "$T/gone"
policy_of "$T/gone"
policy 6
is overdue rpo
is not_evidenced drill full_drill rto
run 6 "$HV" policy "$T/p.ini" --csv checklist --output "$T/list.csv"
! grep '適合' "$T/list.csv" | grep '定めた間隔(RPO)' | grep -v '不適合' || fail 'what was never copied is 適合'
policy 3 --records-only
is not_evidenced rpo drill full_drill rto

# --- nor is it what was left out below a path that was; the record says what that is
run 0 "$HB" create --exclude src2/secret --one-file-system "$T/src2"
grep -q -- '--exclude src2/secret' "$(last_record)" || fail 'the record does not say what was left out'
grep -q 'whether what was left out is needed' "$(last_record)" || fail 'the record does not say that nobody knows'
drill 0
policy_of "$T/src2/secret"
policy 6
is overdue rpo
is not_evidenced drill
policy 3 --records-only
is not_evidenced rpo drill
policy_of "$T/src2/open"
policy 3
is met rpo drill full_drill rto
policy 3 --records-only
is not_evidenced rpo drill

# --- the record is cited beside the snapshot that it made
policy_of "$T/src2"
run 3 "$HV" policy "$T/p.ini" --csv checklist --output "$T/list.csv"
made=$(grep -l '"kind": "backup"' "$E"/records/*/*.json | xargs grep -l 'src2/secret')
python3 - "$T/list.csv" "$made" <<'I' || fail 'the record of the backup is not in the checklist'
import csv, hashlib, os, sys
rows = list(csv.reader(open(sys.argv[1], encoding="utf-8-sig", newline="")))
name = os.path.basename(sys.argv[2])[:-5]
line = "%s SHA-256:%s" % (name, hashlib.sha256(open(sys.argv[2], "rb").read()).hexdigest())
[row] = [r for r in rows if "定めた間隔" in r[3]]
assert line in row[5].split("\n") and "スナップショット" in row[5], row
I

# A single backup is a run, and no month without records.
overview 'Not everything is evidenced: 1 of 1' 'Last run .*done'
! grep 'no record 30' "$T/out" || fail 'the backup is not in the strip'

# --- a drill that compares nothing says so, and is none that was compared
rm -rf "$T/empty"
mkdir "$T/empty"
drill 0 --source "$T/empty" --path "$T/src2"
expect files_compared 0
grep -q 'files against the source: none was compared' "$(last_record)" || fail 'nobody says that nothing was compared'

# --- two paths with backups of their own: the one that stops is seen, whatever the other does
run 0 "$HB" create "$T/src"
run 0 "$HB" create "$T/src2"
drill 0 --path "$T/src"
drill 0 --path "$T/src2"
policy_of "$T/src" "$T/src2"
policy 0
overview 'All is well: 1 of 1' 'Last run .*done'
mv "$T/src2" "$T/src2.away"
run 1 "$HB" create "$T/src2"
run 0 "$HB" create "$T/src"
overview 'Action needed: 1 of 1' 'Last run .*failed' 'The last backup failed'
mv "$T/src2.away" "$T/src2"
run 0 "$HB" create "$T/src2"
overview 'All is well: 1 of 1'

# --- damage that a check found is bad until one that looks as deep finds none
cp -a "$HOZEN_REPO" "$T/kept"
spoil() { # every pack, beyond parity
  for pack in "$HOZEN_REPO"/packs/*; do
    python3 - "$pack" <<'I'
import os, sys
os.chmod(sys.argv[1], 0o600)
size = os.path.getsize(sys.argv[1])
with open(sys.argv[1], "r+b") as f:
  f.write(os.urandom(size))
I
  done
  rm -rf "${HOZEN_CACHE_DIR:?}"
}
spoil
run 4 env HOZEN_KEY_FILE="$T/reader.key" "$HV" repo --level L2
overview 'Action needed: 1 of 1' 'A check of the repository found damage' 'Check of the repository .*damage found'
rm -rf "${HOZEN_REPO:?}"
cp -a "$T/kept" "$HOZEN_REPO"
run 0 env HOZEN_KEY_FILE="$T/reader.key" "$HV" repo --level L0
overview 'Action needed: 1 of 1' 'A check of the repository found damage'
run 0 env HOZEN_KEY_FILE="$T/reader.key" "$HV" repo --level L2
overview 'All is well: 1 of 1'

# --- a drill that can list nothing: there is a summary, and it counts
spoil
drill 4 --path "$T/src2"
expect level L4
expect estimated_seconds null
expect host "$(hostname)"
python3 "$tests/integration/schema_check.py" "$tests/../docs/schemas" <"$T/out" || fail schema
grep -q 'no file could be listed' "$(last_record)" || fail 'the record does not say that nothing was restored'
overview 'Action needed: 1 of 1' 'The last restore drill failed'
policy 4 --records-only
is missed drill full_drill rto
rm -rf "${HOZEN_REPO:?}"
cp -a "$T/kept" "$HOZEN_REPO"
policy 4
is missed drill full_drill rto
# A good drill of the other path does not make it good. Within one second, damage counts.
sleep 1.1
drill 0 --path "$T/src"
overview 'Action needed: 1 of 1'
policy 4
drill 0 --path "$T/src2"
policy 0
overview 'All is well: 1 of 1'

# --- nothing can be opened at all: by its place it is that repository
find "$HOZEN_REPO" -type f ! -path '*/packs/*' -exec sh -c 'chmod 600 "$1"; head -c 4096 /dev/urandom >"$1"' - {} \;
run 4 env HOZEN_KEY_FILE="$T/reader.key" "$HV" drill --sandbox "$T"
overview 'Action needed: 1 of 1'
policy 4 --records-only
is missed drill

# --- the page of a record of each kind names what it shows in words, and no key of JSON
with_pass 0 "$HV" selftest
rm -rf "${HOZEN_REPO:?}"
cp -a "$T/kept" "$HOZEN_REPO"
run 0 env HOZEN_KEY_FILE="$T/reader.key" "$HV" drill --sandbox "$T"
run $whole env HOZEN_KEY_FILE="$T/reader.key" "$HB" restore latest --target "$T/restored"
run 0 env HOZEN_KEY_FILE="$T/reader.key" "$HB" check
for kind in init key backup drill verify check policy restore selftest; do
  newest=$(grep -l "\"kind\": \"$kind\"" "$E"/records/*/*.json | xargs ls -t | head -1)
  [ -n "$newest" ] || fail "no record of $kind"
  run 0 "$HV" report "$newest" --format text --lang en
  ! grep -E '^ *[a-z]+(_[a-z0-9]+)+ ' "$T/out" || fail "the page of $kind has keys"
done
