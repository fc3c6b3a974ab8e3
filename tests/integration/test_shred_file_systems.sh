#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# hozen-erase file and free-space on real file systems in images: what they say was reached is true of the bytes of the
# image, and what they say was not reached is still there. Needs root, loop devices and the tools that make file systems.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"
[ -d /sys/block ] || { echo 'skipped: no /sys'; exit 77; }
[ "$(id -u)" -eq 0 ] || exit 77
HE=$HOZEN_BIN/hozen-erase
M=$T/m
mkdir "$M"

# top NAME: a value of the last line of JSON, at its top; lists as a,b.
top() {
  tail -1 "$T/out" | python3 -c 'import json, sys
v = json.load(sys.stdin)[sys.argv[1]]
print(",".join(v) if isinstance(v, list) else v)' "$1"
}
# missed WORDS: what it says it did not reach.
missed() {
  [ "$(top missed)" = "$1" ] || { cat "$T/out" "$T/err" >&2; fail "$kind: missed is $(top missed) instead of $1"; }
}

loop=
# small KIND [OPTION of mount]: a file system in an image that only this test has, on a device that says it turns.
small() {
  large=64M
  [ "$1" = xfs ] && large=320M
  [ "$1" = btrfs ] && large=128M
  rm -f "$T/image"
  truncate -s $large "$T/image"
  { command -v "mkfs.$1" && "mkfs.$1" -q "$T/image"; } >"$T/mkfs" 2>&1 || return 1
  loop=$(losetup --show -f "$T/image" 2>/dev/null) || return 1
  echo 1 >"/sys/block/${loop#/dev/}/queue/rotational"
  mount ${2:+-o "$2"} "$loop" "$M" 2>/dev/null || { losetup -d "$loop"; return 1; }
  mounted=$M
  [ "$1" != ext4 ] || echo 0 >"/sys/fs/ext4/${loop#/dev/}/reserved_clusters"
}
gone() {
  umount "$M" && losetup -d "$loop"
  loop=
  mounted=
}
trap '[ -z "$loop" ] || { umount -l "$M" 2>/dev/null; losetup -d "$loop"; mounted=; }; cleanup' EXIT

# secret FILE: 200,000 bytes that nothing else has, on the medium.
secret() {
  yes "hozen-secret-$1" | head -c 200000 >"$M/$1"
  sync -f "$M"
}
# in_image NAME: how often it is on the medium.
in_image() {
  sync -f "$M"
  blockdev --flushbufs "$loop"
  grep -a -o "hozen-secret-$1" "$T/image" | wc -l
}

plain() {
  secret one
  [ "$(in_image one)" -gt 1000 ] || fail "$kind: the secret never was on the medium"
  run 0 "$HE" --json file --yes "$M/one"
  missed ''
  expect removed 1
  [ "$(in_image one)" = 0 ] || fail "$kind: erased in place, and still on the medium"
  [ ! -e "$M/one" ] || fail "$kind: it still has its name"
}

# A secret that was only removed: what free space is for.
free_space() {
  secret two
  rm "$M/two"
  sync -f "$M"
  before=$(df --output=avail -B1 "$M" | tail -1)
  setsid -w "$HE" --json free-space --yes "$M" >"$T/out" 2>"$T/err" </dev/null
  code=$?
  [ $code = 0 ] || [ $code = 3 ] || { cat "$T/err" >&2; fail "$kind: free-space: exit $code"; }
  # ext4 keeps some for itself, unless it is told not to: then nothing is left.
  { [ $code = 3 ] && [ "$kind" != ext4 ]; } || missed ''
  [ "$(top bytes)" -gt 20000000 ] || fail "$kind: only $(top bytes) bytes were filled"
  [ $code = 3 ] || [ "$(in_image two)" = 0 ] || fail "$kind: $(in_image two) copies are left in free space"
  after=$(df --output=avail -B1 "$M" | tail -1)
  [ "$after" -gt $((before - 8000000)) ] || fail "$kind: $before bytes were free, now $after"
  [ -z "$(find "$M" -name '.hozen*')" ] || fail "$kind: a file is left"
}

leaves_some() {
  run 3 "$HE" --json free-space --yes --leave 30M "$M"
  missed "$1"
  [ "$(field left_bytes)" -ge 30000000 ] || fail "$kind: only $(field left_bytes) were left free"
}

# Stopped by Ctrl-C, or killed, everything is free again: at once after the one; after the other when the kernel has ended
# what was queued in the ring, which holds the file a moment longer than the process lives.
stopped() {
  for signal in INT KILL; do
    before=$(df --output=avail -B1 "$M" | tail -1)
    "$HE" free-space --yes "$M" >"$T/out1" 2>"$T/err1" </dev/null &
    pid=$!
    while [ "$(df --output=avail -B1 "$M" | tail -1)" -gt $((before - 4000000)) ] && kill -0 $pid 2>/dev/null; do :; done
    kill -$signal $pid 2>/dev/null
    wait $pid
    code=$?
    sync -f "$M"
    [ $code = 130 ] || [ $code = 137 ] || [ $code = 0 ] || [ $code = 3 ] || { cat "$T/err1" >&2; fail "$signal: exit $code"; }
    tries=0
    while after=$(df --output=avail -B1 "$M" | tail -1) && [ "$after" -le $((before - 8000000)) ] &&
      [ $signal = KILL ] && [ $tries -lt 100 ]; do
      tries=$((tries + 1))
      sleep 0.1
    done
    [ "$after" -gt $((before - 8000000)) ] || fail "$kind: after $signal $after of $before bytes are free"
    [ -z "$(find "$M" -name '.hozen*')" ] || fail "$kind: a file is left after $signal"
  done
}

tried=
for kind in ext4 xfs; do
  small $kind || continue
  plain
  free_space
  [ $kind = ext4 ] && leaves_some left_free
  [ $kind = ext4 ] && stopped
  if [ $kind = xfs ]; then
    secret three
    if cp --reflink=always "$M/three" "$M/four" 2>/dev/null; then
      sync -f "$M"
      run 3 "$HE" --json file --yes "$M/three"
      missed 'shared_blocks,moved_blocks'
      [ "$(in_image three)" -gt 1000 ] || fail 'the other file lost its content'
    fi
  fi
  gone
  tried="$tried $kind"
done

# Data that goes through the journal: named by the mount.
kind=ext4
if small ext4 data=journal; then
  secret five
  run 3 "$HE" --json file --yes "$M/five"
  top missed | grep -q data_journal || fail "data=journal was not told: $(top missed)"
  gone
fi

# Copy on write: what it says is so, the content is still on the medium.
kind=btrfs
if small btrfs; then
  secret six
  run 3 "$HE" --json file --yes "$M/six"
  top missed | grep -q 'copy_on_write.*moved_blocks' || fail "btrfs: $(top missed)"
  [ ! -e "$M/six" ] || fail 'btrfs: it was not removed'
  [ "$(in_image six)" -gt 1000 ] || fail 'btrfs: the old blocks are gone: the statement is wrong'
  gone
  tried="$tried btrfs"
fi

# Flash, by the device's own word.
kind=ext4
if small ext4; then
  echo 0 >"/sys/block/${loop#/dev/}/queue/rotational"
  secret seven
  run 3 "$HE" --json file --yes "$M/seven"
  missed flash_translation
  says 'flash translation'
  gone
fi
[ -n "$tried" ] || exit 77
exit 0
