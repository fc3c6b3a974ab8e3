#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What is told by the inode itself: the flag nodump, and block devices that are read like files. Needs root, loop devices
# and ext4 for the second half of it.
. "${HOZEN_TESTS:?}/integration/kit.sh"

loop=
cleanup_kit() {
  for m in $mounted; do
    umount -l "$m"
  done
  [ -z "$loop" ] || losetup -d "$loop"
  rm -rf "$T"
}
trap cleanup_kit EXIT
if [ "$(id -u)" -ne 0 ] || ! command -v mkfs.ext4 >/dev/null || ! command -v chattr >/dev/null; then exit 77; fi
truncate -s 24M "$T/image"
mkfs.ext4 -q "$T/image" || exit 77
loop=$(losetup -f --show "$T/image") || exit 77
mkdir "$T/m"
mount "$loop" "$T/m" || exit 77
mounted=$T/m
make_repo

# listed: the stored names below the mount, sorted and in one line
listed() {
  with_pass 0 "$HB" --json ls latest
  sed -n 's/.*"path":"\([^"]*\)".*/\1/p' "$T/out" | sed -n "s|^${T#/}/m/||p" | sort | tr '\n' ' '
}
stores() {
  got=$(listed)
  [ "$got" = "$1 " ] || fail "stored: $got, instead of: $1"
}

# --- nodump
rmdir "$T/m/lost+found"
mkdir -p "$T/m/d/below" "$T/m/e/f"
touch "$T/m/d/below/file" "$T/m/e/f/no" "$T/m/e/f/yes" "$T/m/plain"
ln -s no "$T/m/e/f/link"
backup 0 --exclude-nodump "$T/m"
stores 'd d/below d/below/file e e/f e/f/link e/f/no e/f/yes plain'
chattr +d "$T/m/d" "$T/m/e/f/no" || fail chattr
backup 0 --exclude-nodump "$T/m" # what the cache knows is left out too
stores 'e e/f e/f/link e/f/yes plain'
backup 0 --exclude-nodump "$T/m"
expect files_unmodified 2
stores 'e e/f e/f/link e/f/yes plain'
backup 0 --exclude-nodump "$T/m/d" "$T/m/e/f/no" # what is named is meant
stores 'd d/below d/below/file e e/f e/f/no'
backup 0 "$T/m" # without the option the flag is a flag
stores 'd d/below d/below/file e e/f e/f/link e/f/no e/f/yes plain'
with_pass 0 "$HB" restore latest --target "$T/m/back" "${T#/}/m/e"
lsattr "$T/m/back/${T#/}/m/e/f/no" | grep -q '^[^ ]*d' || fail 'nodump did not come back'
chattr -d "$T/m/d" "$T/m/e/f/no"
backup 0 --exclude-nodump "$T/m/d" "$T/m/e" "$T/m/plain"
stores 'd d/below d/below/file e e/f e/f/link e/f/no e/f/yes plain'
