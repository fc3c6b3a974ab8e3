#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The test of the equipment, approval before a run, and validation after it, on a loop device of this test. Needs root,
# loop devices and ssh-keygen.
. "${HOZEN_TESTS:?}/integration/kit.sh"
[ -d /sys/block ] || { echo 'skipped: no /sys'; exit 77; }
[ "$(id -u)" -eq 0 ] || exit 77
command -v ssh-keygen >/dev/null || exit 77
HE=$HOZEN_BIN/hozen-erase
unset SUDO_USER HOZEN_APPROVERS
truncate -s 20M "$T/image"
loop=$(losetup --show -f "$T/image" 2>/dev/null) || exit 77
trap 'losetup -d "$loop"; cleanup' EXIT

run 0 "$HE" --json plan "$loop" --goal clear
id=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["confirm_id"])' <"$T/out")
before=$(sha256sum "$T/image")
untouched() {
  [ "$(sha256sum "$T/image")" = "$before" ] || fail "it was touched: $1"
}
schema() {
  python3 "$tests/integration/schema_check.py" "$tests/../docs/schemas" "$1" <"$T/out" || fail "$1 is not its schema"
}
# record KIND: the newest record of it.
record() {
  newest=$(grep -l "urn:hozen:record:$1:v1" "$T"/state/evidence/records/*/*.json | xargs ls -t | head -1)
  [ -n "$newest" ] || fail "no record of kind $1"
  echo "$newest"
}

# --- approval
key() {
  ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/$1" || fail 'ssh-keygen'
}
key mori
key stranger
key late
{
  echo "mori namespaces=\"hozen-approval\" $(cat "$T/mori.pub")"
  echo "old valid-before=\"20200101Z\" $(cat "$T/late.pub")"
  echo "clerk namespaces=\"hozen-record\" $(cat "$T/stranger.pub")"
} >"$T/approvers"
# approve KEY FILE LINE...
approve() {
  who=$1
  file=$T/$2
  shift 2
  rm -f "$file" "$file.sig"
  printf '%s\n' hozen-approval-v1 "$@" >"$file"
  ssh-keygen -q -Y sign -n hozen-approval -f "$T/$who" "$file" || fail 'ssh-keygen -Y sign'
}
erase() {
  want_erase=$1
  shift
  run "$want_erase" "$HE" --json run "$loop" --goal clear --confirm "$id" --operator sato "$@"
}
# Nobody says who may approve, and the policy asks for it, or cannot be read.
{
  printf '[policy]\nid = P1\nowner = A\napprover = B\napproved = 2026-01-01\nreview = 2036-01-01\n'
  printf '[repository r]\nid = 00000000000000000000000000000000\n[system s]\nowner = A\nhost = h\npath = /srv\nrepository = r\nrpo = 1d\n'
} >"$T/policy.one"
sed 's/^review.*/&\ntwo_persons = yes/' "$T/policy.one" >"$T/policy.two"
erase 5 --policy "$T/policy.two"
prints 'policy asks for another person'
erase 5 --policy "$T/none"
run 5 env HOZEN_POLICY="$T/policy.two" "$HE" selftest "$loop" --confirm "$id"
erase 5 --approvers "$T/approvers"
# Refused, and on record as such.
schema sanitize_summary
grep -q '"type":"sanitize_summary".*"exit":5,.*"touched":"no"' "$T/out" || fail 'the summary of what was not approved'
grep -q '"outcome": *"refused"' "$(record sanitize)" || fail 'no record of a run that was not approved'
grep -q 'another person has to approve' "$(record sanitize)" || fail 'the record does not say why'
run 5 env HOZEN_APPROVERS="$T/approvers" "$HE" run "$loop" --goal clear --confirm "$id"
says 'another person has to approve'
erase 2 --approval "$T/approvers"
approve mori good 'goal: clear' "device: other" "device: $id" 'until: 2999-12-31T23:59:59Z'
run 5 "$HE" run "$loop" --goal clear --confirm "$id" --operator Mori --approvers "$T/approvers" --approval "$T/good"
says 'cannot approve what he carries out'
run 5 env SUDO_USER=mori "$HE" run "$loop" --goal clear --confirm "$id" --operator sato --approvers "$T/approvers" --approval "$T/good"
approve stranger bad 'goal: clear' "device: $id"
erase 5 --approvers "$T/approvers" --approval "$T/bad"
prints 'none of an approver'
grep -q 'none of an approver' "$(record sanitize)" || fail 'no record of a bad approval'
approve late bad 'goal: clear' "device: $id"
erase 5 --approvers "$T/approvers" --approval "$T/bad"
prints 'not valid now'
approve mori bad 'goal: purge' "device: $id"
erase 5 --approvers "$T/approvers" --approval "$T/bad"
prints 'approved is purge, not clear'
approve mori bad 'goal: clear' 'device: other'
erase 5 --approvers "$T/approvers" --approval "$T/bad"
prints 'does not name'
approve mori bad 'goal: clear' "device: $id" 'until: 2020-01-01T00:00:00Z'
erase 5 --approvers "$T/approvers" --approval "$T/bad"
approve mori bad 'goal: clear' "device: $id"
echo "device: more" >>"$T/bad"
erase 4 --approvers "$T/approvers" --approval "$T/bad"
# A signature for another purpose is none.
rm -f "$T/bad.sig"
ssh-keygen -q -Y sign -n file -f "$T/mori" "$T/bad"
erase 4 --approvers "$T/approvers" --approval "$T/bad"
erase 1 --approvers "$T/approvers" --approval "$T/missing"
untouched 'a run that was not approved'
erase 0 --approvers "$T/approvers" --approval "$T/good"
of=$(record sanitize)
python3 - "$of" "$(sha256sum <"$T/good" | cut -d' ' -f1)" <<'END' || fail 'the approval is not in the record'
import json, sys
r = json.load(open(sys.argv[1]))
a = r["predicate"]["result"]["approval"]
assert a["approver"] == "mori" and a["sha256"] == sys.argv[2] and a["fingerprint"].startswith("SHA256:"), a
assert {"name": "approval", "digest": {"sha256": sys.argv[2]}} in r["subject"], r["subject"]
assert json.loads(r["predicate"]["identity"])["approver"] == "mori"
END

# --- what is gone on with is approved as a run is. Without its last entry a journal is one that was interrupted.
# shellcheck disable=SC2012 # names of ours
journal=$(ls -t "$T"/state/erase/*.journal | head -1)
open_again() {
  truncate -s -3 "$journal"
  run 0 "$HE" status "$journal"
  prints 'OPEN'
}
resume() {
  want_resume=$1
  shift
  run "$want_resume" "$HE" --json resume "$journal" --confirm "$id" --operator sato "$@"
}
open_again
resume 5 --approvers "$T/approvers"
run 5 env HOZEN_APPROVERS="$T/approvers" "$HE" resume "$journal" --confirm "$id"
says 'another person has to approve'
approve mori bad 'goal: purge' "device: $id"
resume 5 --approvers "$T/approvers" --approval "$T/bad"
run 0 "$HE" status "$journal"
prints 'OPEN'
resume 0 --approvers "$T/approvers" --approval "$T/good"
grep -q '"approver": *"mori"' "$(record sanitize)" || fail 'the record of a resumed job does not name its approver'
# Where nobody has to approve, the record still says who did.
open_again
resume 0
python3 - "$(record sanitize)" "$(sha256sum <"$T/good" | cut -d' ' -f1)" <<'END' || fail 'the approval of the run that was interrupted is lost'
import json, sys
r = json.load(open(sys.argv[1]))
a = r["predicate"]["result"]["approval"]
assert r["predicate"]["result"]["resumed"] and a["approver"] == "mori" and a["sha256"] == sys.argv[2], a
assert {"name": "approval", "digest": {"sha256": sys.argv[2]}} in r["subject"], r["subject"]
assert json.loads(r["predicate"]["identity"])["approver"] == "mori"
END

# --- validation
decide() {
  want_decide=$1
  shift
  run "$want_decide" env SUDO_USER=mori HOZEN_OPERATOR=mori "$HV" --json validate "$@"
}
run 2 "$HV" validate "$of"
run 2 "$HV" validate --decision rejected "$of"
run 5 env HOZEN_OPERATOR=sato "$HV" validate --decision accepted "$of"
says 'same person'
# Another name, the same uid on the same machine.
run 5 env HOZEN_OPERATOR=mori "$HV" validate --decision accepted "$of"
decide 0 --decision accepted "$of"
schema validate_summary
[ "$(field sha256)" = "$(sha256sum "$of" | cut -d' ' -f1)" ] || fail 'another record was validated'
run 0 "$HV" report "$(record validate)"
grep -q "\"sha256\": *\"$(sha256sum "$of" | cut -d' ' -f1)\"" "$(record validate)" || fail 'the subject is not the first record'
run 5 env HOZEN_OPERATOR=sato HOZEN_POLICY="$T/policy.two" "$HV" validate --one-person --decision accepted "$of"
says 'policy asks for two persons'
run 0 env HOZEN_OPERATOR=sato HOZEN_POLICY="$T/policy.one" "$HV" validate --one-person --decision rejected --reason 'only a test' "$of"
grep -q 'not asked whether two persons' "$(record validate)" || fail 'the override is not in the record'
# Whose signature is not believed, what was changed, what is of no sanitization, and what is no certificate.
decide 5 --decision accepted --trust "$T/approvers" "$of"
cp "$of" "$T/changed.json"
cp "$of.sig" "$T/changed.json.sig"
printf ' ' >>"$T/changed.json"
decide 4 --decision accepted "$T/changed.json"
decide 5 --decision accepted "$(record validate)"
prints 'not of a sanitization'
run 5 "$HE" --json run "$loop" --goal purge --confirm "$id" --operator sato
of=$(record sanitize)
grep -q '"outcome": *"refused"' "$of" || fail 'no record of the refused run'
decide 5 --decision accepted "$of"
prints 'no certificate'
decide 0 --decision rejected --reason 'purge cannot be reached' "$of"

# --- the equipment
run 5 "$HE" selftest "$loop"
run 5 "$HE" selftest "$loop" --confirm other
run 1 "$HE" selftest /dev/missing --confirm x
# It erases too: where a run needs another person, so does it.
before=$(sha256sum "$T/image")
run 5 env HOZEN_APPROVERS="$T/approvers" "$HE" --json selftest "$loop" --confirm "$id"
grep -q '"approval":null,"checks":\[\],"passed":false,"why":"[^"]*another person has to approve' "$T/out" || fail 'selftest was not refused'
grep -q '"outcome": *"refused"' "$(record selftest)" || fail 'no record of a selftest that was not approved'
untouched 'a selftest that was not approved'
run 5 env HOZEN_APPROVERS="$T/approvers" "$HE" selftest "$loop" --confirm "$id" --approval "$T/good" --operator mori
untouched 'a selftest that its own operator approved'
run 0 env HOZEN_APPROVERS="$T/approvers" "$HE" --json selftest "$loop" --confirm "$id" --approval "$T/good" --operator sato
grep -q '"approval":{"approver":"mori"' "$T/out" || fail 'the approval is not in the summary'
run 0 "$HE" --json selftest "$loop" --confirm "$id"
grep -q '"passed":true,"why":null' "$T/out" || fail 'it did not pass'
sed 's/"clear":{.*},"passed":true,"why"/"passed":true,"why"/' "$T/out" >"$T/short"
python3 "$tests/integration/schema_check.py" "$tests/../docs/schemas" equipment_summary <"$T/short" || fail 'the summary is not its schema'
run 0 "$HV" report "$(record selftest)"
grep -q 'known data' "$(record selftest)" || fail 'the checks are not in the record'
# A medium that cannot be written tests nothing.
blockdev --setro "$loop"
run 5 "$HE" selftest "$loop" --confirm "$id"
blockdev --setrw "$loop"
