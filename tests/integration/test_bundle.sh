#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A bundle is checked by its own verify.sh, without hozen: a good one is taken, and every change of a byte is refused.
# HOZEN_EVERY_BYTE=1: really every one (minutes); otherwise a seeded part.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/cli.sh"
for tool in python3 ssh-keygen openssl basenc; do command -v $tool >/dev/null || exit 77; done
E=$HOZEN_STATE_DIR/evidence

for _ in 1 2 3 4 5; do run 0 "$HV" selftest; done
cp "$E/allowed_signers" "$T/allowed"
month=$(sed -n '1s,/.*,,p' "$E/log")
run 0 "$HV" bundle --period "$month" --out "$T/bundle"
prints "^5 records of $month"
[ ! -e "$T/bundle/signing.key" ] || fail 'the secret key is in the bundle'
run 0 sh "$T/bundle/verify.sh"
prints 'everything is as it was signed'
prints '^not checked *whose key'
prints "$(ssh-keygen -l -f "$E/signing.pub" | cut -d' ' -f2)"
run 0 sh "$T/bundle/verify.sh" "$T/allowed"
! grep 'whose key' "$T/out" || fail 'a key that was given is not believed'
run 0 "$HV" log --trust "$T/allowed" "$T/bundle"

# --- somebody else's key
ssh-keygen -q -t ed25519 -N '' -f "$T/other"
echo "x $(cat "$T/other.pub")" >"$T/others"
run 4 sh "$T/bundle/verify.sh" "$T/others"

# --- more than one month; another period's records are not in it
run 0 "$HV" bundle --period "${month%-*}" --out "$T/year"
run 0 sh "$T/year/verify.sh" "$T/allowed"
run 1 "$HV" bundle --period 1999-01 --out "$T/none"
[ ! -e "$T/none" ] || fail 'something is left of a bundle that failed'
run 2 "$HV" bundle --period 1999-1 --out "$T/none"
run 2 "$HV" bundle --period "$month"
run 5 "$HV" bundle --period "$month" --out "$T/bundle"
run 0 sh "$T/bundle/verify.sh" "$T/allowed"

# --- every byte of a record, its signature, the log and the checkpoint; each file gone, one more, one moved
python3 - "$T/bundle" "$T/allowed" <<'P' || fail 'a change was taken'
import glob, os, pathlib, random, subprocess, sys
bundle, allowed = sys.argv[1:]
def refused(what):
  if subprocess.run(["sh", bundle + "/verify.sh", allowed], capture_output=True).returncode != 4:
    sys.exit("taken: " + what)
record = sorted(glob.glob(bundle + "/records/*/*.json"))[2]
random.seed(7)
for name in (record, record + ".sig", bundle + "/log", bundle + "/checkpoint"):
  path = pathlib.Path(name)
  data = path.read_bytes()
  every = range(len(data))
  for at in every if os.environ.get("HOZEN_EVERY_BYTE") else sorted(random.sample(every, 25)):
    changed = bytearray(data)
    changed[at] ^= 1 << random.randrange(8)
    path.write_bytes(changed)
    refused("%s, byte %d" % (name, at))
  for cut in (0, 1, len(data) // 2, len(data) - 1):
    path.write_bytes(data[:cut])
    refused("%s, cut to %d" % (name, cut))
  path.write_bytes(data + b"\n")
  refused(name + ", longer")
  path.unlink()
  refused(name + ", gone")
  path.write_bytes(data)
log = pathlib.Path(bundle) / "log"
lines = log.read_bytes().splitlines(True)
for what, new in (("moved", lines[:1] + [lines[2], lines[1]] + lines[3:]), ("dropped", lines[1:]), ("twice", lines + lines[-1:]),
                  ("cut", lines[:-1]), ("more", lines + [lines[0].replace(b"0", b"1")])):
  log.write_bytes(b"".join(new))
  refused("an entry " + what)
log.write_bytes(b"".join(lines))
extra = pathlib.Path(record + "x")
extra.write_bytes(b"x")
refused("a file more")
extra.unlink()
sys.exit(subprocess.run(["sh", bundle + "/verify.sh", allowed], capture_output=True).returncode)
P
