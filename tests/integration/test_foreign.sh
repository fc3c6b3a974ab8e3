#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What does not belong where it lies: objects of another repository, objects under other names, older ones put back, and
# files that are none of ours. Nothing of it is believed or deleted, and what is an object of ours is said.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"

make_passphrase
host other
export HOZEN_REPO="$T/other-repo"
with_pass 0 "$HB" init
tree "$T/other-src" 41 --files 30
backup 0 "$T/other-src"
with_pass 0 "$HB" key export --role lister --out "$T/other-lister.key" # entry 2 of its admin log
host mine
export HOZEN_REPO="$T/good"
with_pass 0 "$HB" init
tree "$T/src" 42 --files 30
backup 0 "$T/src"
cp -a "$T/src" "$T/was"
change "$T/src" 1
backup 0 "$T/src"
cp -a "$HOZEN_STATE_DIR" "$T/state-then"
export HOZEN_REPO="$T/bad"
fresh() {
  rm -rf "$T/bad" "$HOZEN_STATE_DIR" && cp -a "$T/good" "$T/bad" && cp -a "$T/state-then" "$HOZEN_STATE_DIR"
}
# works: lists two snapshots, restores, backs up without alarm; nothing of ours or theirs is gone.
works() {
  find "$T/bad" -type f | sort >"$T/before"
  [ "$(n_snapshots)" = 2 ] || fail 'wrong number of snapshots'
  restored latest "$T/src"
  backup 0 "$T/src"
  expect alarms ''
  find "$T/bad" -type f | sort >"$T/after"
  [ -z "$(comm -23 "$T/before" "$T/after")" ] || fail 'something was deleted'
}

# --- files that are none of ours are no matter
fresh
for name in readme.txt .hidden packs/.DS_Store packs/UPPER packs/0123 'index/name with blanks' commits/notes.txt \
  sessions/0123456789abcdef0123456789abcdeg admin/00000.1 lost+found keys/slot.old audit/x parity/y; do
  echo 'not an object' >"$T/bad/$name"
done
mkdir "$T/bad/packs/folder" "$T/bad/backup-of-backup"
with_pass 0 "$HB" check --read-data
works
[ "$(cat "$T/bad/packs/UPPER")" = 'not an object' ] || fail 'it was touched'

# --- objects of another repository, one kind after the other, under their own names
for kind in packs index commits sessions keys; do
  fresh
  cp -n "$T/other-repo/$kind"/* "$T/bad/$kind/"
  with_pass 0 "$HB" check --read-data
  says "$kind/.*belongs to another repository"
  works
done
fresh
cp -n "$T/other-repo"/admin/repo.* "$T/bad/admin/"
works

# --- the next entry of the admin log is another repository's: its try is skipped
fresh
cp "$T/other-repo"/admin/0000000002.0* "$T/bad/admin/"
works
with_pass 0 "$HB" key export --role reader --out "$T/reader.key"
[ -e "$T/bad/admin/0000000002.1" ] || fail 'the next try was not taken'
with_pass $whole "$HB" restore latest --key-file "$T/reader.key" --target "$T/r"
with_pass 0 "$HB" key list

# --- `repo` is another repository's, and so is its whole admin log: the key and the memory notice
fresh
cp "$T/other-repo/repo" "$T/bad/repo"
run 4 "$HB" create "$T/src"
rm -rf "$T/bad" && cp -a "$T/other-repo" "$T/bad"
run 5 "$HB" create "$T/src"
says 'repository'

# --- an older commit under another name: put back as the newest session's, as another try, as another session
fresh
old=$(ls -tr "$T/good/commits" | head -1)
new=$(ls -t "$T/good/commits" | head -1)
cp "$T/good/commits/$old" "$T/bad/commits/$new"
with_pass 4 "$HB" check
says "commits/$new"
fresh
cp "$T/good/commits/$old" "$T/bad/commits/${old%.0}.1"
restored latest "$T/src"
fresh
cp "$T/good/commits/$old" "$T/bad/commits/0123456789abcdef0123456789abcdef.0"
restored latest "$T/src"

# --- a pack and a run under another name
fresh
pack=$(ls "$T/good/packs" | head -1)
run=$(ls "$T/good/index" | head -1)
cp "$T/good/packs/$pack" "$T/bad/packs/0123456789abcdef0123456789abcdef"
cp "$T/good/index/$run" "$T/bad/index/0123456789abcdef0123456789abcdef"
works
fresh
cp "$T/good/sessions/$(ls "$T/good/sessions" | head -1)" "$T/bad/sessions/0123456789abcdef0123456789abcdef"
works
