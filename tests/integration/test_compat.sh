#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test-timeout: 300
# The repositories of tests/compat, made once, open with this build: check, list, restore; and a reader that was written from
# docs/format alone (tests/vectors/read_repo.py) finds the same in them.
command -v python3 >/dev/null || exit 77
# shellcheck source=tests/integration/cli.sh
. "${HOZEN_TESTS:?}/integration/cli.sh"
compat=$tests/compat
read_repo=$tests/vectors/read_repo.py

# Without rights to owners, or attributes on the file system of $T, a restore ends with 3.
verify=
if [ "$(id -u)" -eq 0 ]; then complete=0 verify=--verify; else complete=3; fi
xattrs=
: >"$T/probe"
if ! python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.test", b"1")' "$T/probe" 2>"$T/err"; then
  xattrs=--no-xattrs
  complete=3
  verify=
fi

# expected FILE: without attributes where there are none.
expected() {
  if [ -n "$xattrs" ]; then awk '{ $7 = "-"; print }' "$compat/$1"; else cat "$compat/$1"; fi
}
# same FILE FILE WHAT
same() {
  diff "$1" "$2" >"$T/diff" || { head -20 "$T/diff" >&2; fail "$3"; }
}

open_with_tool() { # name
  export HOZEN_REPO="$T/$1/repo" HOZEN_KEY_FILE="$T/$1/reader.key"
  run 0 "$HB" check --read-data
  prints 'no damage found'
  run 0 "$HB" snapshots --json
  sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p' "$T/out" >"$T/ids"
  [ "$(wc -l <"$T/ids")" -eq 2 ] || fail "$1 has other snapshots than the two"
  run 0 env HOZEN_KEY_FILE="$T/$1/lister.key" "$HB" ls latest
  unset HOZEN_KEY_FILE
  run 0 env HOZEN_PASSPHRASE_FILE="$T/$1/passphrase" "$HB" check --read-data
  export HOZEN_KEY_FILE="$T/$1/reader.key"
}

# restored NAME ID NUMBER
restored() {
  run $complete "$HB" restore "$2" --target "$T/restored" $verify
  python3 "$compat/scan.py" "$T/restored" $xattrs >"$T/list" || fail "scan of $1, $3"
  expected "expected.$3" >"$T/expected"
  same "$T/expected" "$T/list" "$1: snapshot $3 is restored otherwise than it was backed up"
  rm -rf "$T/restored"
}

# second_reader NAME ID NUMBER
second_reader() {
  run 0 python3 "$read_repo" "$HOZEN_REPO" "$HOZEN_KEY_FILE" --tree "$2"
  cp "$T/out" "$T/list"
  same "$compat/expected.$3" "$T/list" "$1: snapshot $3 reads otherwise by the pages of docs/format"
}

# all_objects NAME: what the second reader says of objects: both snapshots, nothing ignored, nothing mended; the slot opens.
all_objects() {
  run 0 python3 "$read_repo" "$HOZEN_REPO" "$HOZEN_KEY_FILE" --passphrase "$T/$1/passphrase" --extract "$T/extracted"
  sed -n 's/^snapshot //p' "$T/out" | sort >"$T/found"
  sort "$T/ids" >"$T/sorted"
  same "$T/sorted" "$T/found" "$1: other ids of snapshots"
  ! grep -e '^damage' -e '^ignored' "$T/out" || fail "$1: damage"
  prints '^slot role 6 lock 1'
  read -r first <"$T/ids"
  [ "$(cat "$T/extracted/$(printf %.8s "$first")/src/small")" = 'a small file' ] || fail "$1: extracted content"
  rm -rf "$T/extracted"
}

# A host that has only its writer key goes on with it.
writes_on() { # name
  mkdir -p "$T/more"
  echo more >"$T/more/file"
  run 0 env HOZEN_KEY_FILE="$T/$1/writer.key" "$HB" create --quiet "$T/more"
  run 0 "$HB" check --read-data
  prints '3 snapshots'
}

# This snapshot was made before folders on the way were marked: what lies beside the way stays, and that is told.
deletes() {
  cp -r "$compat/v1-ways" "$T/ways"
  chmod 600 "$T/ways/reader.key"
  ways=$T/beside/tmp/hozen-ways
  restore_ways() { # CODE ARGUMENT...
    code=$1
    shift
    run "$code" "$HB" --repo "$T/ways/repo" --key-file "$T/ways/reader.key" restore latest --target "$T/beside" "$@"
  }
  restore_ways $complete
  restore_ways $complete --update --delete
  touch "$ways/beside" "$ways/a/beside" "$ways/c/beside" "$ways/a/b/new"
  restore_ways 3 --update --delete
  [ "$(grep -c ': 1 not removed' "$T/err")" = 3 ] || fail 'it is not told of each folder that something was not removed'
  [ -e "$ways/beside" ] && [ -e "$ways/a/beside" ] && [ -e "$ways/c/beside" ] ||
    fail 'something beside what was backed up was removed'
  [ ! -e "$ways/a/b/new" ] || fail 'something in what was backed up was not removed'
}
deletes

for name in v1-suite1 v1-suite2; do
  cp -r "$compat/$name" "$T/$name"
  chmod 600 "$T/$name"/*.key "$T/$name/passphrase"
  open_with_tool "$name"
  n=0
  while read -r id; do
    n=$((n + 1))
    second_reader "$name" "$id" $n
    restored "$name" "$id" $n
  done <"$T/ids"
  all_objects "$name"
  writes_on "$name"
done
