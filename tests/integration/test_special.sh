#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What is told by the inode itself: the flag nodump, and block devices that are read like files. Needs root, loop devices
# and ext4 for the second half of it.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"

loop=
unloop() {
  for m in $mounted; do
    umount -l "$m"
  done
  [ -z "$loop" ] || losetup -d "$loop"
  rm -rf "$T"
}
trap unloop EXIT
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

# --- block devices
umount "$T/m" && mounted=
losetup -d "$loop"
loop=
python3 -c 'import random, sys; random.seed(7); sys.stdout.buffer.write(random.randbytes(5 << 20) + bytes(3 << 20) + random.randbytes(12345))' >"$T/image"
truncate -s %512 "$T/image"
truncate -s 100K "$T/image2"
loop=$(losetup -f --show -r "$T/image")
[ -n "$loop" ] || fail losetup
sum() {
  sha256sum <"$1"
}
image_sum=$(sum "$T/image")
mkdir "$T/dev"
cd "$T/dev" || fail cd
cp -a "$loop" disk # a device node of our own, so that not all of /dev is walked
ln -s disk link
ln -s "$loop" other
mkfifo fifo
cp -a /dev/zero zero
backup 0 "$T/dev" # a device stays one as long as nothing else is asked for
expect others 5
expect files_new 0
backup 0 --read-special "$T/dev"
expect others 4
expect files_changed 1
expect total_bytes_processed "$(stat -c %s "$T/image")"
backup 0 --read-special "$T/dev" # and is read each time
expect files_changed 1
expect data_added 0
rm -rf "$T/restored"
with_pass $whole "$HB" restore latest --target "$T/restored" --verify
r=$T/restored/${T#/}/dev
[ -f "$r/disk" ] && [ "$(sum "$r/disk")" = "$image_sum" ] || fail 'the device did not come back as it was'
[ "$(stat -c %a "$r/disk")" = "$(stat -L -c %a disk)" ] || fail 'its mode'
[ "$(readlink "$r/link")" = disk ] && [ -p "$r/fifo" ] && [ -c "$r/zero" ] || fail 'the others are what they were'
backup 0 --read-special "$T/dev/other" link # named: what they lead to
expect files_new 2
with_pass $whole "$HB" restore latest --target "$T/named" --verify
[ "$(sum "$T/named/link")" = "$image_sum" ] && [ "$(sum "$T/named/${T#/}/dev/other")" = "$image_sum" ] || fail 'symlinks to devices'
[ ! -L "$T/named/link" ] || fail 'a link came back'
# One that is short is like a small file, and one that cannot be read is an exception.
losetup -d "$loop"
loop=$(losetup -f --show "$T/image2")
rm disk
cp -a "$loop" disk
mknod gone b 240 77
backup 3 --read-special disk gone link
expect total_files_processed 2
expect source_errors 1
