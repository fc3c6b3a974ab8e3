#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What is refused, with which exit code, and that a refusal leaves everything as it was.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"

# unchanged COMMAND...: CODE first; the repository is the same afterwards.
unchanged() {
  find "$HOZEN_REPO" -printf '%P %s %T@\n' 2>/dev/null | sort >"$T/before"
  "$@"
  find "$HOZEN_REPO" -printf '%P %s %T@\n' 2>/dev/null | sort >"$T/after"
  cmp -s "$T/before" "$T/after" || { diff "$T/before" "$T/after" >&2; fail "it changed the repository: $*"; }
}

# --- before there is a repository: 1, and none comes to be
make_passphrase
make_source
run 1 "$HB" create "$T/src"
with_pass 1 "$HB" snapshots
with_pass 1 "$HB" check
with_pass 1 "$HB" restore latest --target "$T/x"
mkdir "$T/repo"
with_pass 1 "$HB" ls latest
with_pass 1 "$HB" stats
with_pass 1 "$HB" key list
with_pass 1 "$HB" key export --role reader --out "$T/k"
run 1 "$HB" create "$T/src"
says 'repository'
echo text >"$T/repo/readme"
run 1 "$HB" create "$T/src"
rm -r "$T/repo"
[ ! -e "$T/x" ] || fail 'a refused restore made its target'

# --- init: secrets that others can read, an empty passphrase, a key file that exists, a repository that exists
chmod 644 "$T/pass"
with_pass 5 "$HB" init
chmod 600 "$T/pass"
: >"$T/empty"
chmod 600 "$T/empty"
run 5 env HOZEN_PASSPHRASE_FILE="$T/empty" "$HB" init
run 5 "$HB" init
[ ! -e "$T/repo/repo" ] || fail 'init without a passphrase made a repository'
echo mine >"$HOZEN_KEY_FILE"
with_pass 5 "$HB" init
[ ! -e "$T/repo/repo" ] || fail 'a key file that exists: init made a repository all the same'
[ "$(cat "$HOZEN_KEY_FILE")" = mine ] || fail 'init overwrote a key file'
rm "$HOZEN_KEY_FILE"
make_repo
unchanged with_pass 5 "$HB" init
unchanged with_pass 5 "$HB" init --key-file "$T/other.key"
[ ! -e "$T/other.key" ] || fail 'a refused init left a key file'
[ "$(stat -c %a "$HOZEN_KEY_FILE")" = 600 ] || fail 'the key file can be read by others'

# --- paths
unchanged run 2 "$HB" create "$T/src/.."
unchanged run 2 "$HB" create ../src
unchanged run 2 "$HB" create "$T/src" "$T/src/sub/../../src/one"
backup 1 "$T/nothing" "$T/neither"
expect snapshot_id none
[ "$(n_snapshots)" = 0 ] || fail 'no source existed and there is a snapshot'
backup 3 "$T/src" "$T/nothing"
expect complete false
expect source_errors 1
backup 0 "$T/src"
unchanged run 5 "$HB" create "$T/repo"
unchanged run 5 "$HB" create "$T/repo/packs"
unchanged run 5 "$HB" create "$T/src" "$(find "$T/repo/packs" -type f | head -1)"
ln -s "$T/repo/index" "$T/by-link"
run 0 "$HB" create "$T/by-link"

# --- keys: 5, and the role that would do is named
unchanged run 5 "$HB" snapshots
says lister
unchanged run 5 "$HB" ls latest
says lister
unchanged run 5 "$HB" restore latest --target "$T/x"
says reader
unchanged run 5 "$HB" key export --role reader --out "$T/k"
says admin
unchanged run 5 "$HB" create --key-file "$T/nokey" "$T/src"
says writer
chmod 640 "$HOZEN_KEY_FILE"
unchanged run 5 "$HB" create "$T/src"
chmod 600 "$HOZEN_KEY_FILE"
printf 'wrong\n' >"$T/wrong"
chmod 600 "$T/wrong"
unchanged run 5 env HOZEN_PASSPHRASE_FILE="$T/wrong" "$HB" restore latest --target "$T/x"
says 'wrong passphrase'
unchanged run 5 env HOZEN_PASSPHRASE_FILE="$T/wrong" "$HB" check
with_pass 0 "$HB" key export --role lister --out "$T/lister.key"
with_pass 0 "$HB" key export --role reader --out "$T/reader.key"
unchanged run 5 "$HB" create --key-file "$T/lister.key" "$T/src"
unchanged run 5 "$HB" create --key-file "$T/reader.key" "$T/src"
says writer
unchanged run 5 "$HB" key export --key-file "$T/reader.key" --role writer --out "$T/k"
unchanged run 5 "$HB" check --read-data --key-file "$T/lister.key"
says reader
echo 'not a key' >"$T/garbage.key"
chmod 600 "$T/garbage.key"
unchanged run 4 "$HB" create --key-file "$T/garbage.key" "$T/src"
[ ! -e "$T/k" ] || fail 'a refused export left a key file'

# --- the key of another repository
export HOZEN_REPO="$T/second"
with_pass 0 "$HB" init --key-file "$T/second.key"
unchanged run 5 "$HB" create "$T/src"
says 'repository'
export HOZEN_REPO="$T/repo"

# --- snapshots and targets
unchanged with_pass 1 "$HB" ls 0000000000
unchanged with_pass 1 "$HB" ls zzzz
unchanged with_pass 1 "$HB" ls 1999-12-31
unchanged with_pass 1 "$HB" ls latest no/such/path
unchanged with_pass 1 "$HB" restore ffffffffffffffff --target "$T/x"
[ ! -e "$T/x" ] || fail 'a refused restore made its target'
backup 0 "$T/src"
mkdir "$T/full"
echo keep >"$T/full/file"
unchanged with_pass 5 "$HB" restore latest --target "$T/full"
[ "$(ls -A "$T/full")" = file ] || fail 'a refused restore wrote'
mkdir -p "$T/full/${T#/}/src"
echo mine >"$T/full/${T#/}/src/one"
with_pass 3 "$HB" restore latest --target "$T/full" --into-existing
[ "$(cat "$T/full/${T#/}/src/one")" = mine ] || fail '--into-existing replaced a file'
[ "$(cat "$T/full/${T#/}/src/sub/two")" = two ] || fail '--into-existing did not restore what was missing'
with_pass $whole "$HB" restore "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --target "$T/by-time"
same "$T/src" "$T/by-time/${T#/}/src"

# --- made by a newer version: 1 (the two bytes stand before anything that this version can verify)
cp -a "$T/repo" "$T/newer"
for f in "$T/newer/repo" "$T"/newer/admin/repo.*; do
  head -c "$(stat -c %s "$f")" /dev/urandom >"$T/random"
  cat "$T/random" >"$f"
  printf 'hozen\r\n\032\001\002' | dd of="$f" conv=notrunc status=none
done
export HOZEN_REPO="$T/newer"
unchanged with_pass 1 "$HB" snapshots
says later
unchanged run 1 "$HB" create "$T/src"
