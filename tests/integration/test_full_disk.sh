#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A full file system: the run fails (1), leaves no snapshot and no damage; with more room the next run goes on and stores
# nothing twice. The same for the file system of the state. Needs root, for small file systems.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"
[ "$(id -u)" -eq 0 ] || exit 77
mount_tmpfs "$T/disk" 60m || exit 77
export HOZEN_REPO="$T/disk/repo" HOZEN_RESERVE=0
make_passphrase
with_pass 0 "$HB" init
tree "$T/src" 11
backup 0 "$T/src"
good=$(field snapshot_id)
cp -a "$T/src" "$T/was"
head -c 90000000 /dev/urandom >"$T/src/large"

# --- the repository is full
backup 1 "$T/src"
prints '"code":"NOSPACE"'
expect snapshot_id none
[ "$(n_snapshots)" = 1 ] || fail 'a failed run left a snapshot'
with_pass 0 "$HB" check --read-data
rm -rf "$T/restored"
with_pass $whole "$HB" restore "$good" --target "$T/restored"
same "$T/was" "$T/restored/${T#/}/src"
# Again: it fails again, and what the first one stored is not stored again (there is no room for that either).
packs=$(repo_files packs)
backup 1 "$T/src"
[ "$(repo_files packs)" -le $((packs + 1)) ] || fail 'the second run stored again what the first had stored'

# --- with more room it goes on
mount -o remount,size=160m "$T/disk" || fail remount
before=$(repo_bytes)
backup 0 "$T/src"
[ "$(field packs_taken_over)" -ge 1 ] || fail 'nothing was taken over from the runs that failed'
no_temporaries
# 90 MB and 5 % parity, once.
[ "$(repo_bytes)" -lt 115000000 ] || fail "$(repo_bytes) bytes in all: something was stored twice"
[ "$(repo_bytes)" -gt "$before" ] || fail 'it grew by nothing'
with_pass 0 "$HB" check --read-data
restored latest "$T/src"

# --- the reserve: it fails before the disk is full
head -c 20000000 /dev/urandom >"$T/src/more"
HOZEN_RESERVE=60M
backup 1 "$T/src"
prints '"code":"NOSPACE"'
[ "$(df --output=avail -B1 "$T/disk" | tail -1)" -ge 60000000 ] || fail 'the reserve was used'
HOZEN_RESERVE=0
backup 0 "$T/src"
restored latest "$T/src"

# --- the state folder is full
mount_tmpfs "$T/small" 300k || fail 'no second tmpfs'
cp -a "$HOZEN_STATE_DIR" "$T/small/state"
dd if=/dev/zero of="$T/small/fill" bs=4096 status=none 2>/dev/null
export HOZEN_STATE_DIR="$T/small/state"
change "$T/src" 12
n=$(n_snapshots)
backup 1 "$T/src"
expect snapshot_id none
[ "$(n_snapshots)" = "$n" ] || fail 'a run that could not remember left a snapshot'
rm "$T/small/fill"
backup 0 "$T/src"
expect alarms ''
restored latest "$T/src"

# --- the cache is full: that costs time only
mount_tmpfs "$T/tiny" 16k || fail 'no third tmpfs'
dd if=/dev/zero of="$T/tiny/fill" bs=4096 status=none 2>/dev/null
export HOZEN_CACHE_DIR="$T/tiny/cache"
change "$T/src" 13
backup 0 "$T/src"
backup 0 "$T/src"
expect files_unmodified 0
restored latest "$T/src"
with_pass 0 "$HB" check --read-data

# --- the target of a restore is full
mount_tmpfs "$T/target" 20m || fail 'no fourth tmpfs'
with_pass 1 "$HB" restore latest --target "$T/target/r"
