#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The erase engine on loop devices of 512 and 4096 byte sectors that are made here: all is written, two bad spots leave
# exactly those sectors, lost writes are caught, a pass that was killed goes on. Every device is made by this test and
# detached in the end.
# test-timeout: 240
. "${HOZEN_TESTS:?}/integration/cli.sh"
engine=$HOZEN_BIN/../tests/bench/bench_erase
bad_disk=$HOZEN_BIN/../tests/bench/test_bad_disk
[ "$(id -u)" = 0 ] && [ -x "$engine" ] && command -v losetup >/dev/null && command -v cmp >/dev/null || exit 77
loops='' mounts='' pids=''
undo() {
  for l in $loops; do losetup -d "$l" 2>/dev/null; done
  for m in $mounts; do umount "$m" 2>/dev/null || umount -l "$m" 2>/dev/null; done
  for p in $pids; do kill "$p" 2>/dev/null && wait "$p" 2>/dev/null; done
  cleanup
}
trap undo EXIT

# attach FILE SECTOR: a new loop device, in $loop.
attach() {
  loop=$(losetup -f --show -b "$2" --direct-io=on "$1" 2>"$T/err") || loop=$(losetup -f --show -b "$2" "$1" 2>"$T/err") || exit 77
  loops="$loops $loop"
}
detach() {
  losetup -d "$loop" || fail "detach $loop"
  loops=$(echo "$loops" | sed "s,$loop\$,,")
}
old_disk() { # FILE MIB: what must go
  yes 'the old secret' | head -c "$(($2 << 20))" >"$1"
}
# Bytes of old_disk that still stand where they stood, in sectors of 512: "first last count".
left() {
  yes 'the old secret' | head -c "$(stat -c %s "$1")" >"$T/old"
  python3 - "$1" "$T/old" <<'END'
import sys
a, b = (open(p, 'rb').read() for p in sys.argv[1:3])
left = [i // 512 for i in range(0, len(a), 512) if a[i:i + 512] == b[i:i + 512]]
print(left[0] if left else -1, left[-1] if left else -1, len(left))
END
}
is() {
  [ "$1" = "$2" ] || fail "$3: \"$1\" instead of \"$2\""
}

for sector in 512 4096; do
  for how in '' --no-uring '--lanes 3' --zeros; do
    old_disk "$T/disk" 8
    attach "$T/disk" $sector
    # shellcheck disable=SC2086 # options
    run 0 "$engine" write "$loop" $how
    prints 'state=2 bad=0:'
    # shellcheck disable=SC2086
    run 0 "$engine" verify "$loop" $how
    prints "bytes=$((8 << 20)) "
    detach
    is "$(left "$T/disk")" '-1 -1 0' "sectors of $sector, $how"
  done
  # One byte that was changed behind its back.
  attach "$T/disk" $sector
  run 0 "$engine" write "$loop"
  detach
  printf 'x' | dd of="$T/disk" bs=1 seek=5000000 conv=notrunc status=none
  attach "$T/disk" $sector
  run 1 "$engine" verify "$loop"
  prints "mismatched=1:$((5000000 / sector))+1 unreadable=0:"
  detach
done

# A device of another process's: a whole disk is claimed.
old_disk "$T/disk" 8
attach "$T/disk" 512
mkfs.ext4 -q "$loop" 2>/dev/null && mkdir -p "$T/mnt" && mount "$loop" "$T/mnt" 2>/dev/null && {
  mounts=$T/mnt
  run 1 "$engine" write "$loop"
  says busy
  umount "$T/mnt"
  mounts=
}
detach

# Killed in the middle, then resumed: what was durable is not written again, and all of it is there. Killed again while
# it resumes.
old_disk "$T/disk" 64
attach "$T/disk" 512
mkdir "$T/journal"
set -- job "$loop" "$T/journal" --request 65536 --depth 4 --checkpoint 1048576 --slow 1500
"$engine" "$@" --kill-after 2 >"$T/out" 2>"$T/err"
is $? 137 'killed'
prints '^from=0$'
"$engine" "$@" --kill-after 2 >"$T/out" 2>"$T/err"
is $? 137 'killed again'
from=$(sed -n 's/^from=//p' "$T/out")
[ "$from" -gt 0 ] && [ "$from" -lt $((64 << 20)) ] || fail "it did not go on in the middle but at $from"
run 0 "$engine" job "$loop" "$T/journal"
again=$(sed -n 's/^from=//p' "$T/out")
[ "$again" -ge "$from" ] || fail "it went back from $from to $again"
prints 'job state=2 touched=2 bad=0:'
prints "verify bytes=$((64 << 20)) .*mismatched=0: unreadable=0:"
detach
is "$(left "$T/disk")" '-1 -1 0' 'resumed'
# The journal is this device's.
truncate -s 32M "$T/small"
attach "$T/small" 512
run 1 "$engine" job "$loop" "$T/journal"
says 'not'
detach
is "$(tr -d '\0' <"$T/small" | wc -c)" 0 'another device was left alone'

# A journal that has no room: nothing begins.
mkdir "$T/full"
mount -t tmpfs -o size=4k,mode=700 tmpfs "$T/full" 2>/dev/null && {
  mounts=$T/full
  head -c 8192 /dev/zero >"$T/full/fill" 2>/dev/null
  old_disk "$T/disk" 8
  attach "$T/disk" 512
  run 1 "$engine" job "$loop" "$T/full"
  says 'journal'
  detach
  is "$(left "$T/disk")" "0 $(((8 << 11) - 1)) $((8 << 11))" 'without a journal it was left alone'
  umount "$T/full"
  mounts=
}

# A disk that fails, and one that lies: needs FUSE.
if [ ! -x "$bad_disk" ] || [ ! -w /dev/fuse ]; then
  echo 'no FUSE: the failing disk is left out' >&2
  exit 0
fi
bad() { # SECTOR VARIABLE=LIST...: a 64 MiB disk that does so, in $loop
  sector=$1
  shift
  old_disk "$T/back" 64
  mkdir -p "$T/fuse"
  env "$@" ASAN_OPTIONS=detect_leaks=0 "$bad_disk" "$T/back" "$T/fuse" 2>"$T/fuse.err" &
  pids=$!
  mounts=$T/fuse
  i=0
  until [ -e "$T/fuse/disk" ]; do
    i=$((i + 1))
    [ $i -lt 200 ] || { cat "$T/fuse.err" >&2; exit 77; }
    sleep 0.05
  done
  attach "$T/fuse/disk" "$sector"
}
good() {
  detach
  umount "$T/fuse" || fail 'umount'
  wait "$pids"
  pids='' mounts=
}
# Where others leave megabytes: bad spots of 4 KiB at 50 % and at 75 %.
for sector in 512 4096; do
  n=$((4096 / sector))
  bad $sector BAD_WRITE=0x2000000-0x1000,0x3000000-0x1000
  run 1 "$engine" write "$loop"
  prints "state=3 bad=$((2 * n)):$((0x2000000 / sector))+$n,$((0x3000000 / sector))+$n\$"
  run 1 "$engine" verify "$loop"
  prints "mismatched=$((2 * n)):$((0x2000000 / sector))+$n,$((0x3000000 / sector))+$n unreadable=0:"
  good
  is "$(left "$T/back")" "$((0x2000000 / 512)) $((0x3000000 / 512 + 7)) 16" 'two bad spots'
done
# Acknowledged and lost: the pass says yes, the read-back does not.
bad 512 DROP=0x1000000-0x10000 BAD_READ=0x2800000-0x1000
run 0 "$engine" write "$loop"
run 1 "$engine" verify "$loop" --no-uring
# A request that touches the range is lost as a whole.
prints 'mismatched=[0-9]*:32768+'
prints "unreadable=8:$((0x2800000 / 512))+8\$"
good
exit 0
