#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A full ext4, XFS and Btrfs, which say so at different moments (at a write, a flush, a rename): create fails (1) and
# leaves no snapshot and no damage; with room made the next run goes on. The same for the target of a restore. Needs root,
# loop devices and the tools that make the file systems.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"
[ "$(id -u)" -eq 0 ] || exit 77
export HOZEN_RESERVE=0
make_passphrase
# Inodes and metadata of their own: they do not get full at the same byte.
tree "$T/src" 11 --files 40
cp -a "$T/src" "$T/was"
head -c 12000000 /dev/urandom >"$T/src/large"

# small KIND: an image of it, mounted at $T/disk. False where it cannot be made.
small() {
  rm -f "$T/image"
  case $1 in
    ext4) truncate -s 64M "$T/image" && mkfs.ext4 -q "$T/image" ;;
    xfs) truncate -s 320M "$T/image" && mkfs.xfs -q "$T/image" ;;
    btrfs) truncate -s 128M "$T/image" && mkfs.btrfs -q "$T/image" ;;
  esac >/dev/null 2>&1 || return 1
  mkdir -p "$T/disk"
  mount -o loop "$T/image" "$T/disk" 2>/dev/null || return 1
  mounted="$T/disk $mounted"
}
# fill BYTES: no more stays free, about. What was removed just before may be free later only, so it is looked at again.
fill() {
  sync -f "$T/disk"
  for again in 1 2 3; do
    left=$(df --output=avail -B1 "$T/disk" | tail -1)
    [ "$left" -gt $(($1 + 100000)) ] || break
    head -c $((left - $1)) /dev/zero >>"$T/disk/fill" 2>/dev/null
    sync -f "$T/disk"
  done
}

full_store() {
  place=$1
  host "$1"
  export HOZEN_REPO="$T/disk/repo"
  with_pass 0 "$HB" init
  backup 0 "$T/was"
  good=$(field snapshot_id)
  fill 6000000
  backup 1 "$T/src"
  prints '"code":"NOSPACE"'
  expect snapshot_id none
  [ "$(n_snapshots)" = 1 ] || fail "$place: a failed run left a snapshot"
  with_pass 0 "$HB" check --read-data
  restored "$good" "$T/was"
  rm "$T/disk/fill"
  sync -f "$T/disk"
  backup 0 "$T/src"
  expect alarms ''
  latest=$(field snapshot_id)
  no_temporaries
  with_pass 0 "$HB" check --read-data
  restored "$latest" "$T/src"
}

full_target() {
  cp -a "$T/disk/repo" "$T/copy"
  rm -rf "$T/disk/repo"
  export HOZEN_REPO="$T/copy"
  fill 6000000
  with_pass 1 "$HB" restore "$latest" --target "$T/disk/r"
  says 'No space left'
  rm -rf "$T/disk/fill" "$T/disk/r"
  sync -f "$T/disk"
  with_pass 0 "$HB" restore "$latest" --target "$T/disk/r" --verify
  same "$T/src" "$T/disk/r/${T#/}/src"
  rm -rf "$T/copy"
}

tried=
for kind in ext4 xfs btrfs; do
  small $kind || continue
  full_store $kind
  full_target
  umount "$T/disk" || fail "umount $kind"
  mounted=${mounted#"$T/disk "}
  tried="$tried $kind"
done
[ -n "$tried" ] || exit 77
echo "tried:$tried"
