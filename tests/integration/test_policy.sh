#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A policy against real repositories and records: nothing is met without a fact, and nothing by those who are not believed.
# test-timeout: 900
. "${HOZEN_TESTS:?}/integration/kit.sh"
E=$HOZEN_STATE_DIR/evidence
make_repo
make_source
host=$(hostname)
id_of() {
  with_pass 0 "$HB" --json init --repo "$1" --key-file "$1.key"
  field id
}
first=$(ls "$HOZEN_STATE_DIR" | grep -x '[0-9a-f]\{32\}')
second=$(id_of "$T/second")
cp "$E/allowed_signers" "$T/allowed"
with_pass 0 "$HB" key export --role lister --out "$T/lister.key"

# policy_of LINE...: a policy with these lines at the end of the system.
policy_of() {
  cat >"$T/p.ini" <<P
[policy]
id = test-policy
version = 3
owner = 情報システム部
approver = A. Person
approved = 2026-04-01
review = 2099-04-01
[repository main]
id = $first
location = $HOZEN_REPO
key_file = $T/lister.key
[repository second]
id = $second
location = $T/second
offline = yes
[system web]
owner = =HYPERLINK("http://x")
host = $host
path = $T/src
asset = SRV-1
repository = main
repository = second
rpo = 24h
P
  for line; do echo "$line"; done >>"$T/p.ini"
}
# status CHECK: of the last policy's summary.
status() {
  python3 - "$T/out" "$1" <<'P'
import json, sys
d = json.loads(open(sys.argv[1]).read().splitlines()[-1])
print(*[c["status"] for s in d["systems"] for c in s["checks"] if c["name"] == sys.argv[2]])
P
}
is() { # STATUS CHECK...
  want_status=$1
  shift
  for check; do
    [ "$(status "$check")" = "$want_status" ] || { cat "$T/out" >&2; fail "$check is $(status "$check") instead of $want_status"; }
  done
}
policy() { # CODE ARGUMENT...
  want_policy=$1
  shift
  run "$want_policy" "$HV" --json policy "$T/p.ini" "$@"
}
# fact FIELD...: of the newest record.
fact() {
  python3 - "$E/records/$(tail -1 "$E/log" | cut -d' ' -f1).json" "$@" <<'P'
import json, sys
v = json.load(open(sys.argv[1]))["predicate"]
for key in sys.argv[2:]:
  v = v[key]
print(v if isinstance(v, str) else json.dumps(v))
P
}

# --- what is wrong with a file is said with its line, and nothing is judged
policy_of 'rto = 4'
run 1 "$HV" policy "$T/p.ini"
says 'line 24: rto = 4: expected is a time'
[ "$(fact kind)" = policy ] || fail 'the failure has no record'
[ "$(fact policy)" = null ] || fail 'a policy that is none is in the record'
run 1 "$HV" policy "$T/none"
run 2 "$HV" policy "$T/p.ini" --csv list --output "$T/x"
run 2 "$HV" policy "$T/p.ini" --csv checklist

# --- nothing was done yet
policy_of 'drill = 90d' 'check = 7d' 'retention = 1d' 'key_age = 365d' 'rto = 1h' 'offline_copy = yes' 'copies = 1'
policy 3 --records-only
is not_evidenced rpo rpo_kept drill check retention key_age rto offline_copy copies
is met review
[ "$(fact result status)" = not_evidenced ] || fail 'the record has another result'
[ "$(fact result policy sha256)" = "$(sha256sum "$T/p.ini" | cut -d' ' -f1)" ] || fail 'the record has another policy'
[ "$(fact policy sha256)" = "$(sha256sum "$T/p.ini" | cut -d' ' -f1)" ] || fail 'the record was made under another policy'
fact not_checked | grep -q 'repository main' || fail 'the record does not say what was not looked at'
# A repository that is there and has no copy is no lack of evidence; one that cannot be opened is.
policy 3 --key-file "$T/lister.key"
prints 'repository second is not looked at'
is not_evidenced rpo copies key_age
export HOZEN_PASSPHRASE_FILE="$T/pass"
policy 4
is overdue rpo
is missed copies
is not_evidenced rpo_kept drill retention
is met key_age review

# --- each fact makes what it shows, and no more
run 0 "$HB" create "$T/src"
first_record=$(tail -1 "$E/log" | cut -d' ' -f1 | cut -d/ -f2)
policy 3
is met rpo copies
is not_evidenced rpo_kept drill check retention rto offline_copy
# More than a second, however its parts are cut off: see rpo_kept below.
sleep 2.1
run 0 "$HB" create "$T/src"
policy 3
is met rpo_kept
run 0 "$HV" repo
policy 3
# Both repositories are to be looked at.
is not_evidenced check
run 0 "$HV" repo --repo "$T/second" --key-file "$T/second.key"
policy 3
is met check
run 0 "$HV" drill --sandbox "$T" --policy "$T/p.ini"
[ "$(fact result system)" = web ] || fail 'the drill did not find its system'
[ "$(fact result rto seconds)" = 3600 ] && [ "$(fact result rpo seconds)" = 86400 ] || fail 'the drill has other times'
[ "$(fact policy id)" = test-policy ] || fail 'the record of the drill lacks the policy'
drill_record=$(tail -1 "$E/log" | cut -d' ' -f1 | cut -d/ -f2)
policy 3
is met drill rto
is not_evidenced retention offline_copy
grep -q "\"records\":\\[\"$drill_record\"\\]" "$T/out" || fail 'the drill is not cited'
run 0 "$HB" --json snapshots
snapshot=$(tail -1 "$T/out" | sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p')
policy 3
grep -q "\"snapshots\":\\[\"$snapshot\"" "$T/out" || fail 'the commit is not cited'
# By records alone, what they say.
policy 3 --records-only
is met rpo rpo_kept check drill rto copies
is not_evidenced key_age retention
grep -q "\"records\":\\[.*\"$first_record\"" "$T/out" || fail 'the first backup is not cited'
run 3 "$HV" policy "$T/p.ini"
prints '^web: not evidenced'
prints ' met *drill '

# --- without what nobody can show yet, everything is met
policy_of 'drill = 90d' 'check = 7d' 'key_age = 365d' 'rto = 1h' 'copies = 1'
policy 0
is met rpo rpo_kept copies check drill rto key_age review
[ "$(fact outcome)" = 'done' ] || fail 'outcome of the record'

# --- what is due, for monitoring
run 0 "$HV" due --policy "$T/p.ini"
prints '^in time *web  drill'
run 0 "$HV" due --policy "$T/p.ini" --nagios
prints '^HOZEN OK - policy: 0 of'
# The second repository has a record, and no backup.
run 2 "$HV" due --policy "$T/p.ini" --max-age 1h --nagios
prints '^HOZEN CRITICAL - policy: 1 of'
run 0 env HOZEN_POLICY="$T/p.ini" "$HV" due -q --prometheus "$T/prom"
grep -q '^hozen_policy_overdue{system="web",check="key_age"} 0$' "$T/prom" || fail 'no line of the key'
run 2 "$HV" due --policy "$T/p.ini" --kind drill
run 1 "$HV" due --policy "$T/none"
sed 's/^review = .*/review = 2026-05-01/' "$T/p.ini" >"$T/q.ini"
run 6 "$HV" due --policy "$T/q.ini"
prints '^OVERDUE *web  review'
run 2 "$HV" due --policy "$T/q.ini" --nagios
prints '^HOZEN CRITICAL - policy: 1 of'
# What was never done is due.
echo 'full_drill = 365d' >>"$T/p.ini"
run 6 "$HV" due --policy "$T/p.ini" --json
prints '"check":"full_drill".*"status":"not_evidenced".*"last":null,"overdue":true'

# --- a record of any command names the policy it was made under
run 0 env HOZEN_POLICY="$T/q.ini" "$HB" check
[ "$(fact policy sha256)" = "$(sha256sum "$T/q.ini" | cut -d' ' -f1)" ] || fail 'the record has another policy'
run 3 "$HB" check --policy "$T/none"
says 'none: No such file'
[ "$(fact policy)" = null ] || fail 'a policy that is not there is in the record'

# --- a drill takes its times from the policy
run 6 "$HV" drill --sandbox "$T" --policy "$T/q.ini" --rpo 0
run 1 "$HV" drill --sandbox "$T" --policy "$T/q.ini" --system none
says 'no system none'
run 2 "$HV" drill --sandbox "$T" --system web
run 0 "$HV" drill --sandbox "$T" --policy "$T/q.ini" --system web
policy_of 'drill = 90d' 'check = 7d' 'key_age = 365d' 'rto = 1h' 'copies = 1'
policy 0
drill_record=$(fact result systems | python3 -c 'import json, sys; print([c for c in json.load(sys.stdin)[0]["checks"] if c["name"] == "drill"][0]["records"][0])')

# --- a policy that was changed shows by its digest
before=$(fact policy sha256)
policy_of 'drill = 90d' 'check = 7d' 'key_age = 365d' 'rto = 2h' 'copies = 1'
policy 0
[ "$(fact policy sha256)" != "$before" ] || fail 'the change does not show'

# --- whoever is not believed shows nothing
ssh-keygen -q -t ed25519 -N '' -f "$T/other"
echo "somebody $(cat "$T/other.pub")" >"$T/others"
policy 3 --trust "$T/others"
is not_evidenced drill check rto
is met rpo copies key_age
says 'do not count'
policy 3 --trust "$T/others" --records-only
is not_evidenced rpo copies
policy 0 --trust "$T/allowed"
# A record of somebody else with the best of news, in a folder of theirs.
mkdir "$T/theirs"
run 0 env HOZEN_STATE_DIR="$T/theirs" "$HV" repo
run 0 env HOZEN_STATE_DIR="$T/theirs" "$HV" repo --repo "$T/second" --key-file "$T/second.key"
policy 3 --evidence "$T/theirs/evidence" --trust "$T/allowed" --records-only
is not_evidenced check
policy 3 --evidence "$T/theirs/evidence" --trust "$T/theirs/evidence/allowed_signers" --records-only
is met check
is not_evidenced drill
policy 3 --evidence "$T/theirs/evidence" --evidence "$E" --trust "$T/allowed" --records-only
is met check drill
# A record that was changed is none, and an alarm.
cp -a "$E" "$T/copy"
grep -l '"level": "L3"' "$T/copy/records/"*/*.json | xargs sed -i 's/"level": "L3"/"level": "L4"/'
policy 4 --evidence "$T/copy"
is not_evidenced drill
says 'missing or not what they should be'
rm -rf "$T/copy"

# --- overdue
policy_of 'drill = 1s' 'review = 2026-05-01'
sleep 1.1
policy 6
is overdue drill review
is met rpo
policy_of 'rpo_extra = 1'
run 1 "$HV" policy "$T/p.ini"
says 'rpo_extra is no key'
policy_of
sed -i 's/^rpo = .*/rpo = 1s/' "$T/p.ini"
policy 4
is overdue rpo
# Between two backups lay more than a second.
is missed rpo_kept

# --- a policy that is about other repositories
policy_of
sed -i "s/^id = $second/id = 00000000000000000000000000000000/" "$T/p.ini"
run 1 "$HV" policy "$T/p.ini"
says 'by the policy its id is 0000'

# --- assets, and tables that a spreadsheet may open
policy_of 'drill = 90d' 'retention = 1d'
printf '\357\273\277資産名,ホスト名,パス\r\nSRV-1,,\r\n"=cmd|""/c calc""!A1",%s,%s\r\n"@x, y",other,/srv\r\n' "$host" "$T/src/sub" >"$T/assets.csv"
policy 3 --assets "$T/assets.csv" --csv checklist --output "$T/list.csv"
python3 - "$T/out" "$(sha256sum "$T/assets.csv" | cut -d' ' -f1)" <<'P' || fail 'assets'
import json, sys
a = json.loads(open(sys.argv[1]).read().splitlines()[-1])["assets"]
assert a == {"sha256": sys.argv[2], "total": 3, "covered": 2, "not_covered": 1, "not_covered_names": ["@x, y"]}, a
P
policy 3 --assets "$T/assets.csv" --csv effectiveness --output "$T/measure.csv"
python3 - "$T/list.csv" "$T/measure.csv" "$T/out" "$drill_record" "$E" <<'P' || fail 'tables'
import csv, glob, hashlib, io, json, sys
lists, measures, out, drill, folder = sys.argv[1:]
def read(path):
  raw = open(path, "rb").read()
  assert raw.startswith(b"\xef\xbb\xbf"), "no byte order mark"
  text = raw[3:].decode("utf-8")
  assert text.endswith("\r\n") and raw.count(b"\r") == raw.count(b"\r\n"), "rows end otherwise"
  rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
  assert len({len(r) for r in rows}) == 1, "rows of different length"
  for r in rows:
    for cell in r:
      assert not cell.lstrip(" \n")[:1] in tuple("=+-@\t\r"), cell
  return rows[0], rows[1:]
head, rows = read(lists)
assert head == ["No.", "管理策", "対象システム", "監査項目", "確認方法", "証跡(記録のUUIDとSHA-256)", "結果", "所見", "確認日", "確認者"], head
assert [r[0] for r in rows] == [str(i + 1) for i in range(len(rows))]
assert {r[6] for r in rows} <= {"適合", "不適合", "観察", "未確認"}
assert all(r[9] == "" for r in rows)
summary = json.loads(open(out).read().splitlines()[-1])
checks = summary["systems"][0]["checks"]
assert len(rows) == len(checks) + 3
for r, c in zip(rows, checks):
  assert r[1] == c["control"] and r[2] == "web"
  assert (r[6] in ("適合", "観察")) == (c["status"] == "met"), r
  assert (r[6] == "未確認") == (c["status"] == "not_evidenced"), r
[row] = [r for r, c in zip(rows, checks) if c["name"] == "drill"]
digest = hashlib.sha256(open(glob.glob(folder + "/records/*/%s.json" % drill)[0], "rb").read()).hexdigest()
assert "%s SHA-256:%s" % (drill, digest) in row[5].split("\n"), row
assert [r[6] for r in rows[-3:]] == ["適合", "適合", "不適合"]
assert rows[-2][7].startswith("'=cmd|\"/c calc\"!A1"), rows[-2]
assert rows[-1][7].startswith("'@x, y"), rows[-1]
head, rows = read(measures)
assert head == ["No.", "目標", "管理策", "指標", "目標値", "実績値", "評価", "評価日", "根拠"], head
assert {r[6] for r in rows} <= {"達成", "未達成", "未確認"}
assert rows[-1][4:7] == ["3", "2", "未達成"], rows[-1]
P
run 1 "$HV" policy "$T/p.ini" --assets "$T/p.ini"
says 'none is asset or'
run 1 "$HV" policy "$T/p.ini" --csv checklist --output "$T/none/x.csv"
says 'none/x.csv'
[ ! -e "$T/none" ] || fail 'a folder was made'

# --- a copy that a record names and that is gone
policy_of 'retention = 1d'
cp -a "$HOZEN_REPO" "$T/kept-repo"
sleep 1.1
run 0 "$HB" create "$T/src"
gone=$(tail -1 "$E/log" | cut -d' ' -f1 | cut -d/ -f2)
rm -rf "${HOZEN_REPO:?}"
mv "$T/kept-repo" "$HOZEN_REPO"
# What this host remembers of the repository would be an alarm of its own.
rm -rf "${HOZEN_STATE_DIR:?}/$first" "${HOZEN_CACHE_DIR:?}/$first"
policy 4
is missed retention
grep -q "\"records\":\\[\"$gone\"\\]" "$T/out" || fail 'the copy that is gone is not named'
