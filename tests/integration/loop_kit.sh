# SPDX-License-Identifier: BSD-2-Clause
# Sourced by tests that need block devices, instead of cli.sh: loop and zram devices that the test made itself, gone again
# at its end, and nothing else. Needs root and loop devices; skips (77) without.
. "${HOZEN_TESTS:?}/integration/cli.sh"
[ "$(id -u)" -eq 0 ] || { echo 'skipped: needs root'; exit 77; }
command -v losetup >/dev/null || { echo 'skipped: no losetup'; exit 77; }
# A report of a sanitizer must not pass for an exit code of ours.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99" UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}exitcode=99"

loops=
zrams=
loop_mounts=
loop_swaps=
cleanup() {
  for m in $loop_mounts; do umount -l "$m" 2>/dev/null; done
  for s in $loop_swaps; do swapoff "$s" 2>/dev/null; done
  for l in $loops; do
    partx -d "$l" >/dev/null 2>&1
    losetup -d "$l" 2>/dev/null
  done
  for z in $zrams; do
    echo 1 >"/sys/block/${z#/dev/}/reset"
    echo "${z#/dev/zram}" >/sys/class/zram-control/hot_remove
  done
  rm -rf "$T"
}

# loop_new NAME SIZE [OPTION of losetup...]: a new file $T/NAME as a loop device, which is $loop. False where that is not
# allowed.
loop_new() {
  name=$1
  truncate -s "$2" "$T/$name" || return 1
  shift 2
  loop=$(losetup -f --show "$@" "$T/$name") || return 1
  [ -b "$loop" ] || return 1
  loops="$loop $loops"
}
# zram_new SIZE: a new zram device, which is $zram.
zram_new() {
  [ -r /sys/class/zram-control/hot_add ] || return 1
  n=$(cat /sys/class/zram-control/hot_add) || return 1
  zram=/dev/zram$n
  zrams="$zram $zrams"
  echo "$1" >"/sys/block/zram$n/disksize" || return 1
  [ -b "$zram" ]
}
# ours DEVICE: fails the test unless this test made it, so that nothing else can be touched by a slip. A name without a
# node is refused, too: writing to it would make a file.
ours() {
  [ -b "$1" ] || fail "$1 is no block device"
  for d in $loops $zrams; do
    case $1 in
    "$d" | "$d"p[0-9]*) return 0 ;;
    esac
  done
  fail "$1 was not made by this test"
}
# loop_mount DEVICE DIR [OPTION of mount...]
loop_mount() {
  ours "$1"
  mkdir -p "$2"
  device=$1
  at=$2
  shift 2
  mount "$@" "$device" "$at" || return 1
  loop_mounts="$at $loop_mounts"
}
loop_swap() {
  ours "$1"
  mkswap "$1" >/dev/null 2>&1 && swapon "$1" || return 1
  loop_swaps="$1 $loop_swaps"
}

loop_new probe 1M || { echo 'skipped: no loop devices here'; exit 77; }
