#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What a host remembers: lost state is adopted and said; a clone, and a store that was set back, are alarms (4) beside
# which the backup is made; a lost cache costs time only.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"

make_passphrase
host a
with_pass 0 "$HB" init
tree "$T/src" 5
aged
backup 0 "$T/src"
expect files_unmodified 0

# --- the cache is lost or damaged: everything is read, nothing is stored
again() {
  backup 0 "$T/src"
  expect alarms ''
  expect files_unmodified 0
  [ "$(field read_bytes)" -gt 500000 ] || fail 'nothing was read'
  expect data_blobs 0
  [ "$(field stored_bytes)" -lt 100000 ] || fail "stored $(field stored_bytes) bytes again"
  backup 0 "$T/src"
  [ "$(field files_unmodified)" -gt 100 ] || fail 'the new cache is not used'
  expect read_bytes 0
}
backup 0 "$T/src"
[ "$(field files_unmodified)" -gt 100 ] || fail 'the cache is not used'
rm -rf "$HOZEN_CACHE_DIR"
again
find "$HOZEN_CACHE_DIR" -type f -exec sh -c 'for f; do printf garbage | dd of="$f" bs=1 seek=300 conv=notrunc status=none; done' - {} +
backup 0 "$T/src"
expect alarms ''
expect data_blobs 0
find "$HOZEN_CACHE_DIR" -type f -exec sh -c 'for f; do : >"$f"; done' - {} +
again
restored latest "$T/src"

# --- the state is lost: adopted with a warning
mv "$HOZEN_STATE_DIR" "$T/old-state"
backup 0 "$T/src"
prints 'no memory'
expect alarms ''
backup 0 "$T/src"
expect alarms ''
if grep -q 'no memory' "$T/out" "$T/err"; then fail 'it said so twice'; fi
# Damaged is as good as lost.
find "$HOZEN_STATE_DIR" -name heads -exec sh -c 'printf garbage >"$1"' - {} \;
backup 0 "$T/src"
expect alarms ''

# --- an older state comes back (the machine was set back): what was done since is not known
rm -rf "$HOZEN_STATE_DIR"
mv "$T/old-state" "$HOZEN_STATE_DIR"
backup 4 "$T/src"
expect alarms foreign_head
expect complete true
restored latest "$T/src"
backup 0 "$T/src"
expect alarms ''

# --- the host is cloned, and both go on
cp -a "$T/a" "$T/clone"
backup 0 "$T/src"
host clone
change "$T/src" 6
backup 4 "$T/src"
expect alarms foreign_head
[ "$(field snapshot_id)" != none ] || fail 'the clone made no backup'
restored latest "$T/src"
backup 0 "$T/src"
host a
backup 4 "$T/src"
expect alarms foreign_head
restored latest "$T/src"
run 0 "$HB" check

# --- the store is set back
cp -a "$T/repo" "$T/older"
change "$T/src" 7
backup 0 "$T/src"
newest=$(field snapshot_id)
mv "$T/repo" "$T/newer"
cp -a "$T/older" "$T/repo"
backup 4 "$T/src"
expect alarms rollback
expect complete true
restored latest "$T/src"
with_pass 1 "$HB" ls "$newest"
backup 0 "$T/src"
expect alarms ''
with_pass 0 "$HB" check --read-data

# --- and the admin log with it, from before a key was made: every command notices
cp -a "$T/repo" "$T/before"
with_pass 0 "$HB" key export --role lister --out "$T/lister.key"
backup 0 "$T/src"
rm -rf "$T/repo"
cp -a "$T/before" "$T/repo"
backup 4 "$T/src"
expect alarms rollback
with_pass 4 "$HB" check
says 'rolled back'
run 4 "$HB" snapshots --key-file "$T/lister.key"
prints "$T/src"
with_pass 4 "$HB" restore latest --target "$T/all-the-same" --verify
same "$T/src" "$T/all-the-same/${T#/}/src"
