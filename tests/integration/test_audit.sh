#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The sealed copy of evidence: nightly runs put it, a lister gets it back when the host's folder is gone, and what is done
# to that folder afterwards shows against it.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"
command -v ssh-keygen >/dev/null || exit 77
E=$HOZEN_STATE_DIR/evidence

make_repo
make_source
cp "$E/allowed_signers" "$T/allowed"
[ "$(repo_files audit)" = 1 ] || fail 'init left no copy of its record'
with_pass 0 "$HB" key export --role lister --out "$T/lister.key"
for _ in 1 2 3; do
  run 0 "$HB" create "$T/src"
done
[ "$(repo_files audit)" = 5 ] || fail "$(repo_files audit) copies instead of 5"
# What only reads puts nothing; the next night does.
run 0 "$HB" check
with_pass 0 "$HB" restore latest --target "$T/restored"
[ "$(repo_files audit)" = 5 ] || fail 'a command that only reads put something'
run 0 "$HB" create "$T/src"
[ "$(repo_files audit)" = 6 ] || fail "$(repo_files audit) copies instead of 6"
run 0 "$HB" create --dry-run "$T/src"
[ "$(repo_files audit)" = 6 ] || fail 'a dry run put something'
no_temporaries

listed() { # CODE ARGUMENT...
  code=$1
  shift
  run "$code" env HOZEN_KEY_FILE="$T/lister.key" "$HV" log --repo "$HOZEN_REPO" "$@"
}
# --- it is whole, and the host's folder is what it says
listed 0
prints '^8 entries; 8 records'
prints 'against that copy'
prints '^checked *the tail'
[ -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'hozen-evidence.*' -newer "$T/lister.key")" ] || fail 'the copy was left behind'
listed 0 --json
[ "$(grep -c '"type":"log_summary"' "$T/out")" = 2 ] || fail 'not a summary for each'
# Its key is registered: init did that.
prints '"registered":"admin-log"'
fingerprint=$(ssh-keygen -lf "$E/signing.pub" | cut -d' ' -f2)
run 0 env HOZEN_KEY_FILE="$T/lister.key" "$HB" key list --json
prints "\"kind\":\"evidence\".*\"id\":\"$fingerprint\".*\"name\":\"$(uname -n)\""
# Nobody without a lister's key reads it.
run 5 "$HV" log --repo "$HOZEN_REPO"
! grep -rq 'hozen-backup create' "$HOZEN_REPO/audit" || fail 'evidence lies open in the store'

# A reader that was written from the page alone finds the same.
run 0 python3 "$tests/vectors/read_repo.py" "$HOZEN_REPO" "$T/lister.key"
[ "$(grep -c '^audit ' "$T/out")" = 6 ] || fail 'the second reader finds other copies'
[ "$(awk '$1 == "audit" { n += $NF } END { print n }' "$T/out")" = 8 ] || fail 'the second reader finds other records'

# --- the host's folder is gone
cp -a "$HOZEN_STATE_DIR" "$T/kept"
put_back() {
  rm -rf "$HOZEN_STATE_DIR"
  cp -a "$T/kept" "$HOZEN_STATE_DIR"
}
rm -rf "$HOZEN_STATE_DIR"
listed 0 --trust "$T/allowed" --save "$T/saved"
prints '^8 entries; 8 records by keys that are believed'
saved=$(echo "$T/saved"/*)
run 0 "$HV" log --trust "$T/allowed" "$saved"
prints '^8 entries; 8 records'
diff -r "$T/kept/evidence/records" "$saved/records" || fail 'the records differ'
cmp "$T/kept/evidence/log" "$saved/log" || fail 'the logs differ'
listed 4
says 'not among the keys'
listed 5 --trust "$T/allowed" --save "$T/saved"
put_back

# --- what was done to it afterwards
sed -i 4d "$E/log"
listed 4
prints '^dropped *entry 3'
put_back
sed -i 's/"done"/"dome"/' "$E/records/$(sed -n '2s/ .*//p' "$E/log").json"
listed 4
prints '^changed *entry 1'
put_back
# Cut, with an older checkpoint: whole by itself, and for the copy not.
run 0 "$HB" create "$T/src"
rm -rf "$E"
cp -a "$T/kept/evidence" "$E"
run 0 "$HV" log
listed 4
prints '^cut *entry 8'
prints '^dropped *entry 8'
# The whole folder is gone: no new log takes its place in silence, and the backup is made all the same.
mv "$E" "$T/old"
run 4 "$HB" create "$T/src"
says 'the log that was here, signed with SHA256:.*, is gone'
says 'hozen-verify log --repo'
run 4 "$HV" selftest
[ ! -e "$E/signing.key" ] || fail 'a new key was made'
run 4 "$HV" log
# On purpose: another log, which says nothing of this one.
sed -i "\\,$E\$,d" "$HOZEN_STATE_DIR/signers"
run 0 "$HB" create "$T/src"
cp "$E/allowed_signers" "$T/other"
listed 4 --trust "$T/allowed"
listed 0 --trust "$T/allowed" --trust "$T/other"
[ "$(grep -c '^log of' "$T/out")" = 2 ] || fail 'not two logs'
# Its key was made after init: the commit says that it is this writer's.
prints '^signer *a writer of the repository vouches'
run 0 env HOZEN_KEY_FILE="$T/lister.key" "$HB" key list
prints "$(ssh-keygen -lf "$E/signing.pub" | cut -d' ' -f2 | cut -c1-15) *evidence .*by writer"
run 0 python3 "$tests/vectors/read_repo.py" "$HOZEN_REPO" "$T/lister.key"
prints 'item 8013 evidence key'
run 0 "$HB" check
rm -rf "$E"
mv "$T/old" "$E"
put_back

# --- check knows it
with_pass 0 "$HB" check --read-data
one=$(find "$HOZEN_REPO/audit" -type f | head -1)
cp "$one" "$T/one"
python3 - "$one" <<'P'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
for at in (100, 4200, 8300):
  data[at] ^= 1
open(sys.argv[1], "wb").write(data)
P
run 4 "$HB" check
says 'audit/'
listed 4
cp "$T/one" "$one"
run 0 "$HB" check

# --- no room: the snapshot is made, it is told, and the next night makes up for it
if [ "$(id -u)" = 0 ] && mount_tmpfs "$T/small" 64m; then
  export HOZEN_REPO="$T/small/repo" HOZEN_KEY_FILE="$T/small.key" HOZEN_RESERVE=16K
  with_pass 0 "$HB" init
  before=$(repo_files audit)
  # A folder in which nothing can be made is as good as a full one, and leaves room for the snapshot.
  mount -t tmpfs -o ro,size=4k hozen "$HOZEN_REPO/audit"
  run 3 "$HB" create "$T/src"
  prints '^snapshot'
  says 'not in the repository yet'
  umount "$HOZEN_REPO/audit"
  run 0 "$HB" create "$T/src"
  [ "$(repo_files audit)" = $((before + 1)) ] || fail 'nothing was made up for'
  with_pass 0 "$HV" log --repo "$HOZEN_REPO"
  prints '^checked *the tail'
fi

# A key of another state folder, as after a machine was set up anew, is registered by key export.
with_pass 0 env HOZEN_STATE_DIR="$T/anew" "$HB" key export --role reader --out "$T/anew.key"
again=$(ssh-keygen -lf "$T/anew/evidence/signing.pub" | cut -d' ' -f2)
[ "$again" != "$fingerprint" ] || fail 'the same key twice'
with_pass 0 "$HB" key list --json
prints "\"kind\":\"evidence\".*\"id\":\"$again\""
