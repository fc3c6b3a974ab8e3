#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A proof that the log has a record: made from the folder, checked without it, and by a reader that was written from the
# specification alone.
. "${HOZEN_TESTS:?}/integration/cli.sh"
command -v python3 >/dev/null && command -v openssl >/dev/null || exit 77
E=$HOZEN_STATE_DIR/evidence

for _ in 1 2 3 4 5 6 7; do run 0 "$HV" selftest; done
cp "$E/allowed_signers" "$T/allowed"
mkdir "$T/auditor"
n=0
for name in $(cut -d' ' -f1 "$E/log"); do
  run 0 "$HV" log --prove "$E/records/$name.json" --output "$T/auditor/$n.tlog-proof"
  cp "$E/records/$name.json" "$T/auditor/$n.json"
  cp "$E/records/$name.json.sig" "$T/auditor/$n.json.sig"
  run 0 "$HV" log --prove "$(basename "$name")"
  cmp "$T/out" "$T/auditor/$n.tlog-proof" || fail 'the UUID gives another proof than the file'
  n=$((n + 1))
done
cp -r "$E" "$T/gone"
for i in 0 3 6; do
  run 0 env HOZEN_STATE_DIR="$T/none" "$HV" log --check-proof "$T/auditor/$i.tlog-proof" --trust "$T/allowed" "$T/auditor/$i.json"
  prints "is entry $i of the log hozen.log/"
done

# --- from the specification, with hashlib and openssl
python3 - "$T/auditor" "$n" "$(cut -d' ' -f2 "$E/signing.pub")" "$T" <<'P' || fail 'a second reader does not take it'
import base64, hashlib, json, subprocess, sys
folder, n, key, tmp = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
pub = base64.b64decode(key)[-32:]
sha = lambda b: hashlib.sha256(b).digest()
open(tmp + "/pub.der", "wb").write(bytes.fromhex("302a300506032b6570032100") + pub)
for i in range(n):
  proof = open("%s/%d.tlog-proof" % (folder, i)).read()
  head, note = proof.split("\n\n", 1)
  lines = head.split("\n")
  assert lines[0] == "c2sp.org/tlog-proof@v1"
  index = int(lines[1].removeprefix("index "))
  assert index == i
  path = [base64.b64decode(l, validate=True) for l in lines[2:]]
  text, sigs = note.split("\n\n", 1)
  text += "\n"
  origin, size, root = text.split("\n")[:3]
  record = open("%s/%d.json" % (folder, i), "rb").read()
  sig = open("%s/%d.json.sig" % (folder, i), "rb").read()
  p = json.loads(record)["predicate"]
  leaf = "%s/%s %s %s\n" % (p["time"]["start"][:7], p["id"], sha(record).hex(), sha(sig).hex())
  h, fn, sn = sha(b"\0" + leaf.encode()), index, int(size) - 1
  for v in path:
    assert sn > 0
    if fn & 1 or fn == sn:
      h = sha(b"\1" + v + h)
      while not fn & 1 and fn:
        fn, sn = fn >> 1, sn >> 1
    else:
      h = sha(b"\1" + h + v)
    fn, sn = fn >> 1, sn >> 1
  assert sn == 0 and h == base64.b64decode(root), "root"
  dash, name, blob = sigs.splitlines()[0].split(" ")
  blob = base64.b64decode(blob)
  assert dash == "\u2014" and name == origin == "hozen.log/" + sha(pub).hex()
  assert blob[:4] == sha(name.encode() + b"\n\1" + pub)[:4]
  open(tmp + "/sig", "wb").write(blob[4:])
  open(tmp + "/text", "w").write(text)
  subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", tmp + "/pub.der", "-rawin", "-in", tmp + "/text",
                  "-sigfile", tmp + "/sig"], check=True, capture_output=True)
P

# --- attacks
check() { # CODE PROOF RECORD [ARGUMENT...]
  want_check=$1 proof=$2 record=$3
  shift 3
  run "$want_check" "$HV" log --check-proof "$proof" "$record" "$@"
}
check 4 "$T/auditor/1.tlog-proof" "$T/auditor/2.json" --trust "$T/allowed"
says 'none of this record in that log'
# A log of somebody else that took our record.
env HOZEN_STATE_DIR="$T/b" "$HV" selftest -q
cp -r "$T/b/evidence" "$T/theirs"
head -1 "$E/log" >"$T/theirs/log"
cp -r "$E/records" "$T/theirs/"
run 4 "$HV" log --prove "$T/auditor/0.json" "$T/theirs"
env HOZEN_STATE_DIR="$T/b" "$HV" log --prove "$(cut -d' ' -f1 "$T/b/evidence/log")" "$T/b/evidence" --output "$T/b.proof" -q
check 4 "$T/b.proof" "$T/auditor/0.json" --trust "$T/allowed"
check 4 "$T/auditor/0.tlog-proof" "$T/auditor/0.json" --trust "$T/b/evidence/allowed_signers"
says 'nothing is proved: the key of the log'
# A record that was changed, or signed by another.
sed 's/selftest/selfrest/' "$T/auditor/3.json" >"$T/auditor/x.json"
cp "$T/auditor/3.json.sig" "$T/auditor/x.json.sig"
check 4 "$T/auditor/3.tlog-proof" "$T/auditor/x.json" --trust "$T/allowed"
check 1 "$T/none" "$T/auditor/0.json"
check 4 "$T/auditor/0.json" "$T/auditor/0.json"
says 'no proof of a log'
run 1 "$HV" log --prove 00000000-0000-4000-8000-000000000000
says 'the log has no record'
run 2 "$HV" log --check-proof "$T/auditor/0.tlog-proof"
run 2 "$HV" log --prove x --check-proof y z
run 2 "$HV" log --output "$T/x"
