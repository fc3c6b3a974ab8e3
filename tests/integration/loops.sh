# SPDX-License-Identifier: BSD-2-Clause
# Sourced, instead of cli.sh, by tests that need block devices: loop devices over files of the test's own folder, and zram
# devices that it made, and nothing else. Everything here refuses a device that it did not make; all are gone at the end,
# whatever happens. Needs root, loop devices and python3; skips (77) without.
. "${HOZEN_TESTS:?}/integration/cli.sh"
[ "$(id -u)" -eq 0 ] || { echo 'skipped: needs root'; exit 77; }
command -v losetup >/dev/null && command -v python3 >/dev/null || { echo 'skipped: no losetup or python3'; exit 77; }
[ -d /sys/block ] || { echo 'skipped: no /sys'; exit 77; }
# A report of a sanitizer must not pass for an exit code of ours.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99" UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}exitcode=99"

loops=
zrams=
loop_mounts=
loop_swaps=
loop_pids= # that run now, and no other
bad_pid=
cleanup() {
  for m in $loop_mounts; do umount -l "$m" 2>/dev/null; done
  for s in $loop_swaps; do swapoff "$s" 2>/dev/null; done
  for l in $loops; do
    partx -d "$l" >/dev/null 2>&1
    losetup -d "$l" 2>/dev/null
  done
  # Processes last: a device that one holds goes with it.
  for p in $loop_pids; do kill -9 "$p" 2>/dev/null && wait "$p" 2>/dev/null; done
  [ -z "$bad_pid" ] || kill "$bad_pid" 2>/dev/null
  for z in $zrams; do
    echo 1 >"/sys/block/${z#/dev/}/reset"
    echo "${z#/dev/zram}" >/sys/class/zram-control/hot_remove
  done
  rm -rf "$T"
}

# attach VARIABLE FILE SECTOR [OPTION of losetup...]: a loop device over a file of this test. Skips where there are none.
attach() {
  attach_to=$1
  attach_file=$2
  attach_sector=$3
  shift 3
  case $attach_file in "$T"/*) ;; *) fail "not a file of this test: $attach_file" ;; esac
  attached=$(losetup -f --show -b "$attach_sector" "$@" "$attach_file" 2>"$T/losetup") || {
    cat "$T/losetup" >&2
    [ -z "$loops" ] && echo 'skipped: no loop devices here' && exit 77
    fail "no loop device over $attach_file"
  }
  loops="$attached $loops"
  [ -b "$attached" ] || fail "$attached is no block device"
  eval "$attach_to=\$attached"
}
detach() {
  ours "$1"
  losetup -d "$1" || fail "detach $1"
  loops=$(echo " $loops" | sed "s, $1 , ,")
}
# make_loop VARIABLE FILE SIZE [SECTOR]: a new file full of data that is not blank, and a device over it.
make_loop() {
  head -c "$3" /dev/zero | openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 0 2>/dev/null >"$2"
  attach "$1" "$2" "${4:-512}"
}
# loop_new NAME SIZE [SECTOR [OPTION of losetup...]]: the same over a new file of holes, $T/NAME; the device is $loop.
loop_new() {
  truncate -s "$2" "$T/$1" || fail "no file $1"
  loop_file=$T/$1
  loop_sector=${3:-512}
  shift "$(($# < 3 ? $# : 3))"
  attach loop "$loop_file" "$loop_sector" "$@"
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
# id_of DEVICE: what confirms it.
id_of() {
  ours "$1"
  "$HE" plan "$1" --goal clear --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["confirm_id"])'
}

# The newest record, a field of its predicate ("result.steps.0.method", as JSON unless it is a text or a number), and what it is.
record() {
  # shellcheck disable=SC2012 # names of ours
  ls -t "$T"/state/evidence/records/*/*.json | head -1
}
result() {
  python3 -c 'import json, sys
v = json.load(open(sys.argv[1]))["predicate"]
for k in sys.argv[2].split("."):
    v = v[int(k) if k.isdigit() else k]
print(json.dumps(v) if isinstance(v, (dict, list, bool)) or v is None else v)' "$(record)" "$1"
}
is() {
  got=$(result "$1")
  [ "$got" = "$2" ] || fail "$1 is $got, not $2"
}
# summary DEVICE FIELD: of the line of type sanitize_summary in $T/out for that device, as result.
summary() {
  python3 -c 'import json, sys
of = [j for j in map(json.loads, open(sys.argv[1])) if j["type"] == "sanitize_summary" and j["path"] == sys.argv[2]]
v = of[0] if len(of) == 1 else sys.exit(f"{len(of)} summaries of {sys.argv[2]}")
for k in sys.argv[3].split("."):
    v = v[int(k) if k.isdigit() else k]
print(json.dumps(v) if isinstance(v, (dict, list, bool)) or v is None else v)' "$T/out" "$1" "$2"
}
says_of() { # DEVICE FIELD VALUE
  got=$(summary "$1" "$2")
  [ "$got" = "$3" ] || { cat "$T/out" >&2; fail "$1: $2 is $got, not $3"; }
}
# schema TYPE...: what was printed is by docs/schemas, and has lines of these types.
schema() {
  python3 "$tests/integration/schema_check.py" "$tests/../docs/schemas" "$@" <"$T/out" >/dev/null || fail "schema of $*"
}
# until_there PID PATTERN FILE: waits for a line, as long as the process runs.
until_there() {
  i=0
  until grep -q -e "$2" "$3"; do
    i=$((i + 1))
    [ $i -lt 1200 ] && kill -0 "$1" 2>/dev/null || return 1
    sleep 0.05
  done
}
# child_of PID DEVICE: the process of hozen-erase that works on it.
child_of() {
  ours "$2"
  for c in $(ps -o pid= --ppid "$1"); do
    # shellcheck disable=SC2010 # names of the kernel
    ls -l "/proc/$c/fd" 2>/dev/null | grep -q " $2\$" && echo "$c" && return 0
  done
  return 1
}
# bad_loop VARIABLE FILE SECTOR VARIABLE=LIST...: as make_loop, of 64 MiB, but the disk fails and lies so (support/disk). Skips
# the rest of the test without FUSE.
bad_loop() {
  bad_disk=$HOZEN_BIN/../tests/bench/test_bad_disk
  [ -x "$bad_disk" ] && [ -w /dev/fuse ] || { echo 'no FUSE: the failing disk is left out' >&2; exit 0; }
  bad_to=$1
  bad_file=$2
  bad_sector=$3
  shift 3
  head -c 67108864 /dev/zero | openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 0 2>/dev/null >"$bad_file"
  mkdir -p "$bad_file.fuse"
  env "$@" ASAN_OPTIONS=detect_leaks=0 "$bad_disk" "$bad_file" "$bad_file.fuse" 2>"$T/fuse.err" &
  bad_pid=$!
  loop_mounts="$bad_file.fuse $loop_mounts"
  i=0
  until [ -e "$bad_file.fuse/disk" ]; do
    i=$((i + 1))
    [ $i -lt 200 ] || { cat "$T/fuse.err" >&2; exit 77; }
    sleep 0.05
  done
  attach "$bad_to" "$bad_file.fuse/disk" "$bad_sector"
}
# bad_detach DEVICE FILE
bad_detach() {
  detach "$1"
  umount "$2.fuse" || fail "umount $2.fuse"
  wait "$bad_pid"
  bad_pid=
}

# same_as_before FILE: of make_loop; nothing of it was touched.
same_as_before() {
  head -c "$(stat -c %s "$1")" /dev/zero | openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 0 2>/dev/null |
    cmp -s - "$1" || fail "touched: $1"
}
# nothing_left FILE [LBA COUNT]...: no sector of it is what it was, but for these.
nothing_left() {
  python3 - "$@" <<'P' || fail "not what must be left on $1"
import subprocess, sys
size = len(data := open(sys.argv[1], 'rb').read())
old = subprocess.run(['openssl', 'enc', '-aes-128-ctr', '-K', '00112233445566778899aabbccddeeff', '-iv', '0'],
                     input=bytes(size), capture_output=True, check=True).stdout
left = [at // 512 for at in range(0, size, 512) if data[at:at + 512] == old[at:at + 512]]
pairs = list(map(int, sys.argv[2:]))
want = [s for lba, n in zip(pairs[::2], pairs[1::2]) for s in range(lba, lba + n)]
sys.exit('sectors left: %d, the first at %d' % (len(left), left[0]) if left != want and left else left != want)
P
}
