#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# erase.sh [MIB [ROUNDS]]: one pass over a loop device with direct I/O, on a file in memory (TMPDIR, or /dev/shm) and on
# one on a disk (DISK, default /var/tmp): the erase engine beside fio with the same requests and depth, and beside nwipe,
# shred and dd where they are installed. Rounds alternate. MB/s, the median and the best of the rounds, and the ratio of the
# medians to fio's better engine with the same content. Then how fast the streams are made. Needs root, fio, and a build of
# bench_erase in release mode (BENCH_ERASE, or it is built into build/bench). ONLY: a pattern of names, for a part.
set -eu
mib=${1:-2048} rounds=${2:-5} depth=8 request=1048576
top=$(cd "$(dirname "$0")/../.." && pwd)
if [ -z "${BENCH_ERASE:-}" ]; then
  cmake -S "$top" -B "$top/build/bench" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo >/dev/null
  cmake --build "$top/build/bench" --target bench_erase >&2
  BENCH_ERASE=$top/build/bench/tests/bench/bench_erase
fi
work=$(mktemp -d)
file='' loop=''
undo() {
  [ -z "$loop" ] || losetup -d "$loop" || true
  [ -z "$file" ] || rm -f "$file"
  rm -rf "$work"
}
trap undo EXIT
trap 'exit 1' INT TERM

# rate_NAME: writes the whole of $loop once and prints MB/s.
by_clock() {
  start=$(date +%s%N)
  "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; echo 0; return; }
  end=$(date +%s%N)
  awk -v b=$((mib << 20)) -v n=$((end - start)) 'BEGIN { printf "%.0f\n", b * 1000 / n }'
}
hozen() {
  "$BENCH_ERASE" write "$loop" --request $request --depth $depth "$@" | sed -n 's/.*MB\/s=\([0-9]*\).*/\1/p'
}
fio_() {
  fio --name=x --filename="$loop" --rw=write --bs=$request --direct=1 --end_fsync=1 --size="${mib}M" --output-format=terse \
    --terse-version=3 "$@" | awk -F';' '{ printf "%.0f\n", $48 * 1.024 / 1000 }'
}
rate() {
  case $1 in
  'fio sync') fio_ --ioengine=psync ;;
  'fio sync, zeros') fio_ --ioengine=psync --zero_buffers ;;
  'fio io_uring') fio_ --ioengine=io_uring --iodepth=$depth ;;
  'fio io_uring, zeros') fio_ --ioengine=io_uring --iodepth=$depth --zero_buffers ;;
  'hozen stream') hozen ;;
  'hozen zeros') hozen --zeros ;;
  'hozen stream, threads') hozen --no-uring ;;
  'dd zeros') by_clock dd if=/dev/zero of="$loop" bs=1M count="$mib" oflag=direct conv=fdatasync status=none ;;
  'shred random') by_clock shred -n 1 "$loop" ;;
  'nwipe zeros') by_clock nwipe --nogui --autonuke --nowait --noblank --method=zero --rounds=1 --verify=off "$loop" ;;
  'nwipe random') by_clock nwipe --nogui --autonuke --nowait --noblank --method=random --rounds=1 --verify=off "$loop" ;;
  esac
}
all='fio sync|fio sync, zeros|fio io_uring|fio io_uring, zeros|hozen stream|hozen zeros|hozen stream, threads|dd zeros'
[ -z "$(command -v shred)" ] || all="$all|shred random"
[ -z "$(command -v nwipe)" ] || all="$all|nwipe zeros|nwipe random"

[ -z "${ONLY:-}" ] || all=$(echo "$all" | tr '|' '\n' | grep -E -e "$ONLY" | paste -sd '|')

echo "$mib MiB, requests of $request bytes, depth $depth, $rounds rounds; load before: $(cut -d' ' -f1-3 /proc/loadavg)"
for place in memory disk; do
  if [ $place = memory ]; then
    file=$(mktemp "${TMPDIR:-/dev/shm}/hozen-bench.XXXXXX")
  else
    file=$(mktemp "${DISK:-/var/tmp}/hozen-bench.XXXXXX")
  fi
  head -c "${mib}M" /dev/zero >"$file"
  : >"$work/$place"
  round=0
  while [ $round -lt "$rounds" ]; do
    echo "$all" | tr '|' '\n' >"$work/names"
    while read -r name; do
      # A device for each: what one leaves behind is not the next one's.
      loop=$(losetup -f --show --direct-io=on "$file" 2>/dev/null || losetup -f --show "$file")
      printf '%s\t%s\n' "$name" "$(rate "$name" </dev/null)" >>"$work/$place"
      losetup -d "$loop"
      loop=
    done <"$work/names"
    round=$((round + 1))
  done
  rm -f "$file"
  file=
  sort -t "$(printf '\t')" -k1,1 -k2,2n "$work/$place" | awk -F'\t' -v place=$place -v rounds="$rounds" '
    { if (!($1 in n)) order[names++] = $1; value[$1, n[$1]++] = $2 }
    END {
      for (i = 0; i < names; i++) {
        k = order[i]
        median[k] = value[k, int((n[k] - 1) / 2)]
        if (k ~ /^fio/ && median[k] > fio[k ~ /zeros/]) fio[k ~ /zeros/] = median[k]
      }
      for (i = 0; i < names; i++) {
        k = order[i]
        printf "%-7s %-24s %6d MB/s, best %6d", place, k, median[k], value[k, n[k] - 1]
        if (fio[k ~ /zeros/]) printf "  %5.2f of fio", median[k] / fio[k ~ /zeros/]
        print ""
      }
    }'
done
"$BENCH_ERASE" stream
