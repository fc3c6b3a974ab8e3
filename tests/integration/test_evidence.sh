#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every command that changes or proves something leaves a record that hozen-verify and ssh-keygen take, and both refuse when
# a byte of it is changed.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/cli.sh"
command -v python3 >/dev/null && command -v ssh-keygen >/dev/null || exit 77
E=$HOZEN_STATE_DIR/evidence

# fact FIELD...: of the newest record, a field of its predicate.
newest() {
  tail -1 "$E/log" | cut -d' ' -f1
}
fact() {
  python3 - "$E/records/$(newest).json" "$@" <<'P'
import json, sys
v = json.load(open(sys.argv[1]))["predicate"]
for key in sys.argv[2:]:
  v = v[key]
print(json.dumps(v) if not isinstance(v, str) else v)
P
}
is() { # VALUE FIELD...
  value=$1
  shift
  got=$(fact "$@")
  [ "$got" = "$value" ] || fail "$*: $got instead of $value"
}
entries() {
  if [ -f "$E/log" ]; then wc -l <"$E/log"; else echo 0; fi
}
# recorded N: so many records are there, and everything is as it should be.
recorded() {
  [ "$(entries)" = "$1" ] || fail "$(entries) entries instead of $1"
  run 0 "$HV" log
  prints "^$1 entries; $1 records"
}
ssh_takes() { # FOLDER RECORD
  ssh-keygen -Y verify -f "$T/allowed" -I hozen -n hozen-record -s "$1/$2.json.sig" <"$1/$2.json" >/dev/null 2>&1
}

make_repo
says 'signed with the new key SHA256:'
cp "$E/allowed_signers" "$T/allowed"
recorded 1
is init kind
is "hozen-backup init" command
make_source

# --- what each command leaves
run 0 "$HB" create --operator 'A. Person' --ticket CHG-7 "$T/src"
recorded 2
is backup kind
is done outcome
is 'A. Person' operator name
is option operator from
is CHG-7 ticket
is passed tool self_test
is "$(sha256sum "$HB" | cut -d' ' -f1)" tool sha256
repo=$(fact identity | sed -n 's/.*"repository":"\([0-9a-f]*\)".*/\1/p')
[ ${#repo} = 32 ] || fail 'the record does not name the repository'
fact identity | grep -q '"snapshot":"[0-9a-f]\{64\}"' || fail 'the record does not name the snapshot'
is 0 failures_total
run 0 "$HB" create --dry-run "$T/src"
recorded 2
run 3 env HOZEN_OPERATOR=cron "$HB" create "$T/src" "$T/missing"
recorded 3
is exceptions outcome
is environment operator from
is 1 failures_total
fact failures | grep -q missing || fail 'the failure is not in the record'
run 1 "$HB" create "$T/missing"
recorded 4
is failed outcome
is 'none of the paths exists' error
with_pass 5 "$HB" init
recorded 5
is refused outcome
with_pass 0 "$HB" check --read-data
recorded 6
is '[]' not_checked
run 0 "$HB" check
recorded 7
fact not_checked | grep -q decrypted || fail 'the record does not say what was not looked at'
with_pass 0 "$HB" restore latest --target "$T/restored"
recorded 8
is restore kind
with_pass 0 "$HB" export latest
recorded 9
with_pass 0 "$HB" key export --role reader --out "$T/reader.key"
recorded 10
is key kind
run 0 "$HV" selftest
recorded 11
# Reading changes and proves nothing.
with_pass 0 "$HB" snapshots
with_pass 0 "$HB" ls latest
recorded 11
! grep -r 'correct horse' "$E" || fail 'a secret is in a record'

# --- somebody else's tool takes every one of them
while read -r name _; do
  ssh_takes "$E/records" "$name" || fail "ssh-keygen refuses $name"
  run 0 "$HV" report --trust "$T/allowed" "$E/records/$name.json"
done <"$E/log"

# --- whoever is not believed is unknown, and that is no success
ssh-keygen -q -t ed25519 -N '' -f "$T/other"
echo "somebody $(cat "$T/other.pub")" >"$T/others"
run 4 "$HV" report --trust "$T/others" "$E/records/$(newest).json"
prints 'intact, signer unknown'
run 4 "$HV" log --trust "$T/others"
prints 'nothing was dropped'
echo "hozen valid-before=\"20200101\" $(cut -d' ' -f3- "$T/allowed")" >"$T/expired"
run 4 "$HV" report --trust "$T/expired" "$E/records/$(newest).json"
prints 'not believed for that time'
# Signed by somebody who is believed, in the same way.
mkdir "$T/foreign"
cp "$E/records/$(newest).json" "$T/foreign/r.json"
ssh-keygen -q -Y sign -f "$T/other" -n hozen-record "$T/foreign/r.json"
run 0 "$HV" report --trust "$T/others" "$T/foreign/r.json"
rm "$T/foreign/r.json.sig"
ssh-keygen -q -Y sign -f "$T/other" -n file "$T/foreign/r.json"
run 4 "$HV" report --trust "$T/others" "$T/foreign/r.json"

# --- each changed byte is refused by both, in a seeded part here (unit.report.record has all for ours)
python3 - "$E/records/$(newest).json" "$T/foreign" "$T/allowed" "$HV" <<'P' || fail 'a changed byte was taken'
import pathlib, random, subprocess, sys
source, folder, allowed, verify = sys.argv[1:]
files = {s: pathlib.Path(source + s).read_bytes() for s in ("", ".sig")}
random.seed(1)
target = pathlib.Path(folder) / "r.json"
for suffix, data in files.items():
  for at in random.sample(range(len(data)), 60):
    for other, whole in files.items():
      pathlib.Path(str(target) + other).write_bytes(whole)
    changed = bytearray(data)
    changed[at] ^= 1 << random.randrange(8)
    pathlib.Path(str(target) + suffix).write_bytes(changed)
    ssh = subprocess.run(["ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "hozen", "-n", "hozen-record", "-s", str(target) + ".sig"],
                         input=target.read_bytes(), capture_output=True)
    ours = subprocess.run([verify, "report", "--trust", allowed, str(target)], capture_output=True)
    # In the armor ssh-keygen overlooks changes of the text that mean the same signature; the log has the hash of the file.
    same = suffix == ".sig" and ssh.returncode == 0
    if ours.returncode != 4 or (ssh.returncode == 0 and not same):
      sys.exit("%s: byte %d: ours %d, ssh-keygen %d" % (suffix or "record", at, ours.returncode, ssh.returncode))
P

# --- a text that is no UTF-8 spoils nothing
before=$(entries)
run 0 env HOZEN_TICKET="$(printf 'caf\351 \355\240\200')" HOZEN_OPERATOR="$(printf '\351va')" "$HV" selftest
run 1 "$HB" create --repo "$(printf '%s/none\377' "$T")" "$T/src"
run 0 "$HB" check
recorded $((before + 3))

# --- a key that is gone is not replaced under its log, and what the old one signed stays
cp -a "$E" "$T/kept"
rm "$E/signing.key"
run 4 "$HV" selftest
says 'signing.key is gone'
cmp "$E/checkpoint" "$T/kept/checkpoint" || fail 'the checkpoint of a lost key was written over'
rm -rf "$E"
mv "$T/kept" "$E"

# --- entries behind the checkpoint are signed by nobody; records by another key do not belong
cp -a "$E" "$T/kept"
cp "$T/kept/checkpoint" "$T/old"
run 0 "$HV" selftest
cp "$T/old" "$E/checkpoint"
run 4 "$HV" log
prints '^inserted *entry .*behind the checkpoint'
rm -rf "$E"
cp -a "$T/kept" "$E"
env HOZEN_STATE_DIR="$T/b" "$HV" selftest -q
cat "$T/allowed" "$T/b/evidence/allowed_signers" >"$T/both"
cat "$T/b/evidence/log" >>"$E/log"
cp -a "$T/b/evidence/records/." "$E/records/"
run 4 "$HV" log --trust "$T/both"
prints "by another key than the log's"
rm -rf "$E"
mv "$T/kept" "$E"

# --- the clock's source is what runs on this machine
if unshare -m true 2>/dev/null; then
  unshare -m sh -c 'mount -t tmpfs t /run && mkdir -p /run/chrony /run/systemd/timesync && : >/run/chrony/chronyd.pid && "$1" selftest -q &&
    rm -r /run/chrony && : >/run/systemd/timesync/synchronized && "$1" selftest -q && rm -r /run/systemd && "$1" selftest -q' x "$HV" ||
    fail 'selftest under another /run'
  [ "$(for r in $(tail -3 "$E/log" | cut -d' ' -f1); do
    python3 -c 'import json, sys
c = json.load(open(sys.argv[1]))["predicate"]["time"]["clock"]
print(c["source"], type(c["synchronized"]).__name__)' "$E/records/$r.json"
  done | tr '\n' ' ')" = 'chrony bool systemd-timesyncd bool unknown bool ' ] || fail "the clock in the records is another"
fi

# --- looking while others write is no alarm
for i in 1 2 3; do
  (for _ in 1 2 3 4 5 6 7 8; do "$HV" selftest -q; done) &
done
for i in 1 2 3 4 5 6; do run 0 "$HV" log -q; done
wait

# --- nothing in pending/ makes anybody wait
mkfifo "$E/pending/00000000-0000-4000-8000-000000000000.tmp" "$E/pending/00000000-0000-4000-8000-000000000000.begun"
run 0 timeout 20 "$HV" selftest
rm "$E"/pending/00000000*
# What is no record is told once by who meets it, and by who looks at the log until it is gone.
echo junk >"$E/pending/00000000-0000-4000-8000-000000000000.json"
run 4 "$HV" selftest
says 'is no record'
run 0 "$HV" selftest
run 4 "$HV" log
prints '^bad_record'
rm "$E"/pending/00000000*
run 0 "$HV" log

# --- what happens to the log is named
cp -a "$E" "$T/kept"
put_back() {
  rm -rf "$E"
  cp -a "$T/kept" "$E"
}
cp "$E/checkpoint" "$T/head"
sed -i 3d "$E/log"
run 4 "$HV" log
prints '^inserted '
prints '^rewritten '
run 4 "$HB" check
says 'was changed'
put_back
rm "$E/records/$(sed -n '4s/ .*//p' "$E/log").json"
run 4 "$HV" log
prints '^dropped *entry 3'
put_back
sed -i 's/"done"/"dome"/' "$E/records/$(sed -n '2s/ .*//p' "$E/log").json"
run 4 "$HV" log
prints '^changed *entry 1'
put_back
run 0 "$HB" create "$T/src"
# An older head says nothing of what came after it.
run 0 "$HV" log --head "$T/head"
prints '^not checked *tail'
cp "$E/checkpoint" "$T/head"
run 0 "$HV" log --head "$T/head"
prints '^checked *the tail'
put_back
run 0 "$HV" log
prints '^not checked *tail'
run 4 "$HV" log --head "$T/head"
prints '^cut *entr'

# --- killed: the next one says so
mkfifo "$T/pipe"
exec 9<>"$T/pipe"
"$HB" create --name x --stdin <"$T/pipe" >/dev/null 2>&1 9>&- &
pid=$!
until [ "$(ls "$E/pending" | grep -c begun)" -gt 0 ]; do sleep 0.05; done
kill -KILL $pid
wait $pid 2>/dev/null
exec 9>&-
run 0 "$HB" check
is check kind
grep -l '"interrupted"' "$E"/records/*/*.json >"$T/interrupted" || fail 'nothing says that a command was interrupted'
run 0 "$HV" report "$(cat "$T/interrupted")"
prints 'interrupted'
run 0 "$HV" log

# --- several at once
before=$(entries)
for i in 1 2 3 4 5 6; do
  mkdir -p "$T/many/$i"
  echo "$i" >"$T/many/$i/file"
  "$HB" create -q "$T/many/$i" &
done
wait
recorded $((before + 6))

# --- no place for records: the backup is made, and it is not as if nothing were wrong
run 3 env HOZEN_EVIDENCE_DIR="$T/src/one" "$HB" create "$T/src"
prints '^snapshot'
says 'evidence'

# --- a record that cannot be logged after a commit: the snapshot stays, the next command logs it
before=$(entries)
mv "$E/checkpoint" "$T/checkpoint"
mkdir "$E/checkpoint"
run 3 "$HB" create "$T/src"
prints '^snapshot'
[ "$(ls "$E/pending" | grep -c 'json$')" = 1 ] || fail 'the record is not pending'
rmdir "$E/checkpoint"
mv "$T/checkpoint" "$E/checkpoint"
run 0 "$HB" check
recorded $((before + 2))

# --- a disk that fills up meanwhile does not cost the record
if [ "$(id -u)" = 0 ] && mkdir "$T/small" && mount -t tmpfs -o size=600k,mode=700 hozen "$T/small" 2>/dev/null; then
  trap 'umount "$T/small"; cleanup' EXIT
  E=$T/small/evidence
  export HOZEN_EVIDENCE_DIR="$E"
  run 0 "$HB" create "$T/src"
  run 0 "$HB" create --name fill --from-command -- sh -c "cat /dev/zero >$T/small/fill; echo done"
  says 'No space left'
  recorded 2
fi
