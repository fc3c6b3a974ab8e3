# SPDX-License-Identifier: BSD-2-Clause
# Sourced by tests that erase: loop devices over files of the test's own folder, and nothing else. Everything here refuses a
# device that it did not make; all are detached at the end, whatever happens.
. "${HOZEN_TESTS:?}/integration/cli.sh"
HE=$HOZEN_BIN/hozen-erase
[ "$(id -u)" -eq 0 ] || exit 77
command -v losetup >/dev/null || exit 77

loops=
# make_loop VARIABLE FILE SIZE [SECTOR]: a new file full of data that is not blank, and a device over it.
make_loop() {
  head -c "$3" /dev/zero | openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 0 2>/dev/null >"$2"
  attach "$1" "$2" "${4:-512}"
}
# attach VARIABLE FILE SECTOR [OPTION...]
attach() {
  attach_to=$1
  attach_file=$2
  attach_sector=$3
  shift 3
  case $attach_file in "$T"/*) ;; *) fail "not a file of this test: $attach_file" ;; esac
  attached=$(losetup -f --show -b "$attach_sector" "$@" "$attach_file" 2>"$T/losetup") || { cat "$T/losetup" >&2; exit 77; }
  loops="$loops $attached"
  eval "$attach_to=\$attached"
}
detach() {
  case " $loops " in *" $1 "*) losetup -d "$1" ;; *) fail "not a device of this test: $1" ;; esac
}
# id_of DEVICE: what confirms it.
id_of() {
  case " $loops " in *" $1 "*) ;; *) fail "not a device of this test: $1" ;; esac
  "$HE" plan "$1" --goal clear --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["confirm_id"])'
}
# same_as_before FILE: nothing of it was touched.
same_as_before() {
  head -c "$(stat -c %s "$1")" /dev/zero | openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 0 2>/dev/null |
    cmp -s - "$1" || fail "touched: $1"
}
# nothing_left FILE: no 4 KiB of it are what they were.
nothing_left() {
  python3 - "$1" <<'P' || fail "data is left on $1"
import subprocess, sys
size = len(data := open(sys.argv[1], 'rb').read())
old = subprocess.run(['openssl', 'enc', '-aes-128-ctr', '-K', '00112233445566778899aabbccddeeff', '-iv', '0'],
                     input=bytes(size), capture_output=True, check=True).stdout
left = [at for at in range(0, size, 512) if data[at:at + 512] == old[at:at + 512]]
sys.exit('sectors left: %d, the first at %d' % (len(left), left[0] // 512) if left else 0)
P
}

cleanup() {
  for m in $loop_mounts; do
    umount -l "$m" 2>/dev/null
  done
  for l in $loops; do
    losetup -d "$l" 2>/dev/null
  done
  rm -rf "$T"
}
loop_mounts=
