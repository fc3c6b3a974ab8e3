#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# hozen-verify writes nothing to a repository but what --publish asks for.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"
make_repo
make_source
run 0 "$HB" create "$T/src"
with_pass 0 "$HB" key export --role lister --out "$T/lister.key"

# --- hozen-verify puts its records there when it is asked to, with a writer's key, and only then
with_pass 0 "$HB" key export --role reader --out "$T/reader.key"
count=$(repo_files audit)
more() { # N: so many copies more than before
  [ "$(repo_files audit)" = $((count + $1)) ] || fail "$(repo_files audit) copies instead of $((count + $1))"
  count=$((count + $1))
}
run 0 "$HV" repo
run 0 "$HV" drill --sandbox "$T" --key-file "$T/reader.key"
more 0
run 0 "$HV" drill --sandbox "$T" --key-file "$T/reader.key" --publish
more 1
run 0 "$HV" repo --level L2 --key-file "$T/reader.key" --publish="$HOZEN_KEY_FILE"
more 1
sleep 1 # within its second a snapshot is 0 s old
run 6 "$HV" drill --sandbox "$T" --key-file "$T/reader.key" --publish --rpo 0
more 1
# A key that cannot is said, and the record is in the folder all the same.
run 3 "$HV" repo --key-file "$T/reader.key" --publish="$T/reader.key"
says 'not in the repository yet'
more 0
run 0 "$HV" repo --publish
more 1
repo_id=$(ls "$HOZEN_STATE_DIR" | grep -x '[0-9a-f]\{32\}')
cat >"$T/policy.ini" <<P
[policy]
id = p
owner = o
approver = a
approved = 2026-01-01
review = 2099-01-01
[repository r]
id = $repo_id
[system s]
owner = o
host = $(hostname)
path = $T/src
repository = r
rpo = 24h
P
run 3 "$HV" policy "$T/policy.ini" --publish
more 1
run 2 env -u HOZEN_REPO "$HV" policy "$T/policy.ini" --publish

# --- all of them are in the copy
run 0 "$HB" create "$T/src"
run 0 env HOZEN_KEY_FILE="$T/lister.key" "$HV" log --repo "$HOZEN_REPO" --save "$T/saved"
for kind in drill verify policy; do
  grep -qs "\"kind\": \"$kind\"" "$T/saved"/*/records/*/*.json || fail "no record of $kind is in the repository"
done
no_temporaries

