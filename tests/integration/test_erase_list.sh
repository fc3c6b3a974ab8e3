#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What list says of real devices: free ones, and each way in which one can be in use. On loop and zram devices of its own.
# test-label: root
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/loops.sh"
schemas=$tests/../docs/schemas

# look DEVICE...: what list says, as JSON, by the schema; the first line is also in $T/line.
look() {
  run 0 "$HE" list --json "$@"
  python3 "$tests/integration/schema_check.py" "$schemas" device <"$T/out" >/dev/null || fail 'schema of device'
  head -1 "$T/out" >"$T/line"
}
# gate DEVICE NAME [TEXT]: it is refused for that, and for that text.
gate() {
  look "$1"
  grep -q "{\"gate\":\"$2\",\"override\":[a-z]*,\"message\":\"[^\"]*${3:-}" "$T/line" || {
    cat "$T/line" >&2
    fail "$1: no obstacle $2 ${3:-}"
  }
}
free() {
  look "$1"
  grep -q '"obstacles":\[\],"obstacles_total":0' "$T/line" || { cat "$T/line" >&2; fail "$1 is not free"; }
}
has() {
  grep -q -e "$1" "$T/line" || { cat "$T/line" >&2; fail "lacks $1"; }
}

# --- the guard itself
loop_new probe 1M
(ours /dev/null) 2>/dev/null && fail 'the guard lets /dev/null through'
(ours "$T/probe") 2>/dev/null && fail 'the guard lets a file through'
(ours "${loop}p7") 2>/dev/null && fail 'the guard lets a name without a node through'

# --- free devices, and their facts
loop_new disk 64M
disk=$loop
free "$disk"
has "\"confirm_id\":\"${disk#/dev/}:$T/disk:67108864\""
has '"bytes":67108864,"logical_sector":512,'
has '"transport":"loop","medium":"virtual"'
has '"can":\["write","discard","write-zeroes"\]'
loop_new disk4k 64M 4096
disk4k=$loop
free "$disk4k"
has '"logical_sector":4096'
ln -s "$disk" "$T/by-id"
free "$T/by-id"
has "\"path\":\"$disk\""
run 0 "$HE" list "$disk" "$disk4k"
prints "^$disk  64.0 MiB  virtual, loop  may be erased\$"
python3 - "$T/out" <<'PY' || fail 'a line is wider than 80 columns'
import sys
# One word may be longer: the path of a file.
sys.exit(any(len(l.rstrip('\n')) > 80 and len(l.split()) > 3 for l in open(sys.argv[1])))
PY

# --- what is no disk
run 1 "$HE" list "$T/disk"
says 'is no block device'
run 1 "$HE" list "$T/nothing"
says 'No such file'
run 1 "$HE" list /dev/null
run 1 "$HE" list "$T/nothing" "$disk"
prints "^$disk "
run 2 "$HE" list --no-such-option

# --- read-only: opening for writing succeeds, and is not asked
loop_new ro 8M 512 -r
gate "$loop" read-only

# --- somebody holds it
sleep 60 <"$disk" &
holder=$!
gate "$disk" open "process $holder (sleep)"
has '"gate":"open","override":true'
kill $holder
wait $holder 2>/dev/null
free "$disk"

# --- mounted: the disk, and the other one is free; unmounted: free again
mkfs.ext4 -q -F "$disk" || exit 77
loop_mount "$disk" "$T/mnt" || { echo 'skipped: no mounts here'; exit 77; }
gate "$disk" mounted "mounted on $T/mnt (ext4)"
gate "$disk" busy
free "$disk4k"
umount "$T/mnt"
free "$disk"

# --- a partition: the disk is refused for what is mounted on it, and the partition is no disk
if command -v sfdisk >/dev/null && command -v partx >/dev/null; then
  loop_new parted 64M
  parted=$loop
  printf 'label: gpt\nsize=16M\nsize=16M\n' | sfdisk -q "$parted" >/dev/null 2>&1 || fail sfdisk
  # Kernels that read the table themselves have made them already.
  [ -b "${parted}p2" ] || partx -a "$parted" || fail partx
  free "$parted"
  gate "${parted}p1" partition
  ours "${parted}p2"
  mkfs.ext4 -q -F "${parted}p2" || fail mkfs.ext4
  loop_mount "${parted}p2" "$T/mnt-part" || fail mount
  gate "$parted" mounted "mounted on $T/mnt-part (ext4, through ${parted#/dev/}p2)"
  umount "$T/mnt-part"
  loop_swap "${parted}p1" && gate "$parted" swap "swap space, through ${parted#/dev/}p1"
  swapoff "${parted}p1" 2>/dev/null
fi

# --- btrfs of two: each is refused, the one that the mount does not name too
if command -v mkfs.btrfs >/dev/null; then
  loop_new b1 256M
  b1=$loop
  loop_new b2 256M
  b2=$loop
  mkfs.btrfs -q -f -d raid0 "$b1" "$b2" >/dev/null 2>&1 || fail mkfs.btrfs
  if loop_mount "$b1" "$T/mnt-btrfs" -o "device=$b2"; then
    gate "$b1" mounted "mounted on $T/mnt-btrfs (btrfs"
    gate "$b2" mounted "mounted on $T/mnt-btrfs (btrfs"
    gate "$b2" busy
    umount "$T/mnt-btrfs"
  fi
  # Not mounted it is part of something all the same.
  gate "$b2" signature btrfs
fi

# --- signatures: on the disk, and in a partition that has no node
loop_new signed 64M
printf 'LUKS\272\276\000\001' | dd of="$T/signed" conv=notrunc status=none
gate "$loop" signature crypto_LUKS
has '"gate":"signature","override":true'
if command -v sfdisk >/dev/null; then
  loop_new inside 64M
  printf 'label: gpt\nsize=16M\n' | sfdisk -q --no-reread --no-tell-kernel "$T/inside" >/dev/null 2>&1 || fail sfdisk
  printf 'LUKS\272\276\000\001' | dd of="$T/inside" bs=1M seek=1 conv=notrunc status=none
  gate "$loop" signature 'crypto_LUKS, in partition 1'
fi

# --- swap on a whole disk, and zram
loop_new swap 64M
if loop_swap "$loop"; then
  gate "$loop" swap 'swap space'
  swapoff "$loop"
fi
if zram_new 16M; then
  free "$zram"
  has '"transport":"zram","medium":"virtual"'
  has '"logical_sector":4096'
fi

# --- a loop device on a device: what stands on it is found, although the kernel makes no link
upper=$(losetup -f --show "$disk4k") || fail losetup
loops="$upper $loops"
gate "$disk4k" holder "${upper#/dev/} stands on it"

# --- the list has ours, and each line is by the schema
look
for d in $loops; do
  grep -q "\"path\":\"$d\"" "$T/out" || fail "the list lacks $d"
done

# --- an ordinary user is told what could not be seen, and nothing is free
if command -v setpriv >/dev/null; then
  chmod 755 "$T"
  run 0 setpriv --reuid 65534 --regid 65534 --clear-groups "$HE" list --json "$disk"
  prints '"gate":"permission"'
  prints '"gate":"unknown"'
fi
