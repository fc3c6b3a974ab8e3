#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# hozen-verify media: a loop device of the test, erased, against a record of it: good; one changed byte, another device, a
# changed record, a signer that nobody knows, an erasure without known content.
. "${HOZEN_TESTS:?}/integration/cli.sh"
[ -d /sys/block ] || { echo 'skipped: no /sys'; exit 77; }
engine=$HOZEN_BIN/../tests/bench/bench_erase
record=$HOZEN_BIN/../tests/bench/test_make_record
schemas=$tests/../docs/schemas
[ "$(id -u)" = 0 ] && [ -x "$engine" ] && [ -x "$record" ] && command -v losetup >/dev/null && command -v python3 >/dev/null || exit 77
loop=''
undo() {
  [ -z "$loop" ] || losetup -d "$loop" 2>/dev/null
  cleanup
}
trap undo EXIT
attach() { # FILE
  loop=$(losetup -f --show --direct-io=on "$1" 2>"$T/err") || loop=$(losetup -f --show "$1" 2>"$T/err") || exit 77
}
detach() {
  losetup -d "$loop" || fail "detach $loop"
  loop=''
}
# The key that bench_erase writes with.
key=$(printf 'bench' | od -An -tx1 | tr -d ' \n')$(printf '00%.0s' $(seq 27))
seed=$(printf 'ab%.0s' $(seq 32))
bytes=$((24 << 20))
media() { # CODE RECORD OPTION...
  want_code=$1 file=$2
  shift 2
  run "$want_code" "$HV" --json media "$loop" --report "$file" "$@"
  # shellcheck disable=SC2046 # a list
  python3 "$tests/integration/schema_check.py" "$schemas" $(sed 's/{"type":"\([a-z_]*\)".*/\1/' "$T/out" | sort -u) <"$T/out" >"$T/types" || fail 'schema'
}

truncate -s $bytes "$T/disk"
attach "$T/disk"
run 0 "$engine" write "$loop"
r=$("$record" $bytes 512 512 - "$key" "$seed") || fail 'make a record'
media 0 "$r"
prints '"same_medium":true,"named":false,"comparable":true,"full":false'
prints '"mismatched":0,"unreadable":0,"excepted":0,"findings":0,"exit":0'
prints '"signer":"trusted"'
run 0 "$HV" media "$loop" --report "$r" --full
prints 'compared   all 49152 sectors'
# It left records of its own.
run 0 "$HV" log
prints '^3 entries; 3 records'
grep -q '"kind": "media"' "$HOZEN_STATE_DIR"/evidence/records/*/*.json || fail 'no record of the kind media'
grep -q 'sectors beyond the samples' "$HOZEN_STATE_DIR"/evidence/records/*/*.json || fail 'the record does not say what was not read'

# What it holds changed: first and last sector are always looked at, any other one with --full.
detach
printf x | dd of="$T/disk" bs=1 seek=$((bytes - 1)) conv=notrunc status=none
attach "$T/disk"
media 4 "$r"
prints '"kind":"content","lba":49151,"count":1'
detach
printf xx | dd of="$T/disk" bs=1 seek=$((512 * 7001 - 1)) conv=notrunc status=none
attach "$T/disk"
media 4 "$r" --full
prints '"kind":"content","lba":7000,"count":2'
prints '"mismatched":3,'

# Another device: of another size, and by its serial number.
detach
truncate -s $((bytes * 2)) "$T/other"
attach "$T/other"
media 4 "$r"
prints '"kind":"identity"'
prints '"same_medium":false'
prints '"replayed":0,"drawn":0'
s=$("$record" $((bytes * 2)) 512 512 SERIAL7 "$key" "$seed")
media 4 "$s"
prints 'SERIAL7'
# An erasure that leaves nothing known.
n=$("$record" $((bytes * 2)) 512 512 - - "$seed")
media 3 "$n"
prints '"comparable":false'
says 'nothing was compared'

# A record that was changed, that is of another kind, that is missing, whose signer nobody knows.
cp "$r" "$T/r.json" && cp "$r.sig" "$T/r.json.sig"
sed -i "s/$bytes/$((bytes * 2))/" "$T/r.json"
media 4 "$T/r.json"
prints '"type":"error"'
m=$(grep -l '"kind": "media"' "$HOZEN_STATE_DIR"/evidence/records/*/*.json | head -1)
media 2 "$m"
says 'not of an erasure'
media 1 "$T/missing.json"
printf 'other ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n' >"$T/trust"
detach
attach "$T/disk"
media 4 "$r" --trust "$T/trust"
says 'not among the keys'
# What hozen-erase itself did and signed for: its record, by the other implementation; a failure is none, even where the
# medium is as the record says.
detach
attach "$T/disk"
id=$("$HOZEN_BIN/hozen-erase" plan "$loop" --goal clear --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["confirm_id"])')
run 0 "$HOZEN_BIN/hozen-erase" run "$loop" --goal clear --confirm "$id"
e=$(grep -l '"kind": "sanitize"' "$HOZEN_STATE_DIR"/evidence/records/*/*.json | xargs ls -t | head -1)
# Its page is the certificate, in both languages and every form.
for lang in en ja; do
  case $lang in en) title='Certificate of sanitization' ;; *) title='データ消去証明書' ;; esac
  for form in text html pdf; do
    LC_ALL=C.UTF-8 run 0 "$HV" report "$e" --format $form --lang $lang --output "$T/page.$form"
    case $form in pdf) command -v pdftotext >/dev/null || continue && pdftotext -layout "$T/page.pdf" "$T/page" ;; *) cp "$T/page.$form" "$T/page" ;; esac
    grep -q "$title" "$T/page" || fail "the $form page in $lang is no certificate"
    grep -q "$(sha256sum "$e" | cut -c1-16)" "$T/page" || fail "the $form page in $lang does not name its record"
  done
done
media 0 "$e" --full
prints '"certified":true,"same_medium":true'
media 0 "$e"
f=$("$record" $bytes 512 512 - "$key" "$seed" failed) || fail 'make a record'
run 0 "$engine" write "$loop"
media 3 "$f"
prints '"certified":false,"same_medium":true'
prints '"findings":0'
says 'the record is no certificate'
# No block device, none at all, no record named.
run 2 "$HV" media "$T/disk" --report "$r"
run 1 "$HV" media "$T/nothing" --report "$r"
run 2 "$HV" media "$loop"
says 'report FILE'
exit 0
