#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every line that --json prints is what docs/schemas says, and every schema is used.
# test-timeout: 900
. "${HOZEN_TESTS:?}/integration/cli.sh"
command -v python3 >/dev/null || exit 77
schemas=$tests/../docs/schemas
: >"$T/all"

# checked CODE TYPES COMMAND...: runs it with --json and validates what it printed.
checked() {
  want_exit=$1
  types=$2
  shift 2
  with_pass "$want_exit" "$HB" --json "$@"
  # shellcheck disable=SC2086 # a list of types
  python3 "$tests/integration/schema_check.py" "$schemas" $types <"$T/out" >"$T/types" || fail "schema: $*"
  cat "$T/out" >>"$T/all"
  tail -1 "$T/out" >"$T/last"
}
last() {
  grep -q -e "$1" "$T/last" || { cat "$T/last" >&2; fail "the last line lacks $1"; }
}

# The checker itself can fail.
echo '{"type":"version","schema":"version-v1","tool":"x","version":1,"library":"y"}' >"$T/wrong"
echo '{"type":"version","schema":"version-v1","tool":"x","version":"1","library":"y","more":1}' >>"$T/wrong"
echo '{"type":"version","schema":"version-v1","tool":"x","version":"1"}' >>"$T/wrong"
while read -r line; do
  echo "$line" | python3 "$tests/integration/schema_check.py" "$schemas" >/dev/null 2>&1 && fail "not noticed: $line"
done <"$T/wrong"

make_source
: >"$T/src/$(printf 'latin\351')"
mkfifo "$T/src/fifo"
export HOZEN_REPO="$T/repo"
make_passphrase
checked 0 version --version
checked 0 initialized init
last '"exit":0'
checked 5 error init
last '"exit":5'
checked 0 summary create --tag nightly --tag zwei "$T/src"
last '"snapshot_id":"[0-9a-f]\{64\}"'
last '"complete":true'
last '"protected":false'
checked 0 summary create --dry-run "$T/src"
last '"dry_run":true'
checked 3 'error summary' create "$T/src" "$T/missing" "$(printf '%s/not-utf8-\351' "$T")"
prints '"path_b64"'
last '"exit":3'
checked 1 'error summary' create "$T/missing"
last '"exit":1'
checked 2 error create "$T/src/.."
last '"exit":2'
checked 0 snapshot snapshots
prints '"tags":\["nightly","zwei"\]'
prints "\"paths\":\\[\"$T/src\""
prints '"short_id":"[0-9a-f]\{8\}"'
checked 0 node ls latest
prints '"name_b64"'
prints '"node_type":"fifo"'
prints '"linktarget":"one"'
checked 0 stats stats
checked 0 check_summary check
prints '"looked_at":\["structure"'
checked 0 check_summary check --read-data
prints '"not_looked_at":\[\]'
checked 0 check_summary check --read-data=1%
prints '"not_looked_at":\["checksums","content"\]'
last '"seed":[1-9]'
checked 0 found find '*'
checked 0 snapshot snapshots --tag zwei
first=$(sed -n 's/.*"short_id":"\([0-9a-f]*\)".*/\1/p' "$T/out" | head -1)
echo other >"$T/src/one"
touch "$T/src/two"
checked 0 summary create --host other "$T/src"
checked 0 'difference diff_summary' diff "$first" latest
last '"added":1'
checked 0 restore_summary restore latest --target "$T/r"
checked 3 'restore_summary event' restore latest --target "$T/r" --into-existing
last '"exit":3'
checked 5 'restore_summary error' restore latest --target "$T/r"
checked 0 key key list
checked 0 benchmark benchmark cpu
checked 0 key_exported key export --role reader --out "$T/reader.key"

checked_verify() {
  HB=$HV
  checked "$@"
  HB=$HOZEN_BIN/hozen-backup
}
checked_verify 0 log_summary log
checked_verify 0 selftest selftest
checked_verify 0 repo_summary repo --sample 1%
last '"confidence":"[0-9]'
checked_verify 0 'drill_file drill_summary' drill --sandbox "$T" --rto 3600
prints '"path_b64"'
last '"verdict":"met"'
checked_verify 0 drill_summary drill --sandbox "$T" --level L4 --test-command true
last '"test_command":{"exit":0'
checked_verify 0 due due --max-age 1h
repo_id=$(sed -n 's/.*"type":"due".*"repository":"\([0-9a-f]*\)".*/\1/p' "$T/all" | tail -1)
cat >"$T/policy.ini" <<P
[policy]
id = p
owner = o
approver = a
approved = 2026-01-01
review = 2099-01-01
[repository r]
id = $repo_id
location = $HOZEN_REPO
[system s]
owner = o
host = $(hostname)
path = $T/src
repository = r
rpo = 24h
P
printf 'asset,host,path\nA,x,/y\n' >"$T/assets.csv"
checked_verify 0 policy_summary policy "$T/policy.ini"
checked_verify 3 policy_summary policy "$T/policy.ini" --assets "$T/assets.csv"
checked_verify 0 policy_due due --policy "$T/policy.ini"
checked_verify 0 bundle bundle --period "$(date -u +%Y)" --out "$T/bundle"
for record in "$HOZEN_STATE_DIR"/evidence/records/*/*.json; do
  checked_verify 0 record_check report "$record"
  python3 -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1]))))' "$record"
done >"$T/records"
python3 "$tests/integration/schema_check.py" "$schemas" record <"$T/records" >"$T/types" || fail 'schema: a record'
record=$(ls "$HOZEN_STATE_DIR"/evidence/records/*/*.json | head -1)
checked_verify 0 log_proof log --prove "$record" --output "$T/proof"
checked_verify 0 log_proof_check log --check-proof "$T/proof" "$record"
checked_verify 0 view report --format html --output "$T/page.html" "$record"
echo x >"$T/shredded"
# What the file system here does not reach is its affair.
HB=$HOZEN_BIN/hozen-erase
setsid -w "$HB" --json file --yes "$T/shredded" >"$T/out" 2>"$T/err" </dev/null
code=$?
echo x >"$T/shredded"
checked $code shred_summary file --yes "$T/shredded"
HB=$HOZEN_BIN/hozen-backup
checked_verify 0 validate_summary validate --one-person --decision rejected --reason test \
  "$(grep -l 'record:shred:v1' "$HOZEN_STATE_DIR"/evidence/records/*/*.json | head -1)"
sed -i 1d "$HOZEN_STATE_DIR/evidence/log"
checked_verify 4 'log_finding log_summary' log

HB=$HE
[ ! -d /sys/block ] || checked 0 device list --all
HB=$HOZEN_BIN/hozen-backup

for file in "$schemas"/*.json; do
  name=$(basename "$file" .json)
  # Those of media need a device: test_media.sh, test_two_persons.sh, test_erase_run.sh.
  case $name in record-v1 | media_* | equipment_* | sanitize_* | plan-v1 | journal-v1) continue ;; esac
  [ "$name" != device-v1 ] || [ -d /sys/block ] || continue
  grep -q "\"schema\":\"$name\"" "$T/all" || fail "no command printed a line of $name"
done
