#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Everything that Linux keeps of files comes back, from and onto ext4, XFS, Btrfs and tmpfs, each where it can be mounted;
# what a file system cannot keep is told. Needs root. With FIDELITY_LONG=1 also large contents and 100000 entries in one
# folder.
# test-timeout: 1800
. "${HOZEN_TESTS:?}/integration/kit.sh"
[ "$(id -u)" -eq 0 ] || exit 77

long=${FIDELITY_LONG:-}
size=512m coarse=256m
options=--light
[ -z "$long" ] || { size=8g coarse=4g; options='--entries 100000'; }
make_passphrase
with_pass 0 "$HB" init
with_pass 0 "$HB" key export --role reader --out "$T/reader.key"

unlock() {
  for m in $mounted; do
    chattr -R -f -i -a "$m/"*/flags 2>/dev/null
  done
  cleanup
}
trap unlock EXIT
restore() {
  code=$1
  shift
  run "$code" env HOZEN_KEY_FILE="$T/reader.key" "$HB" restore "$@"
}
exact() {
  python3 "$tests/integration/compare_trees.py" "$@" >"$T/compared" || { cat "$T/compared" >&2; fail "$kind: differ: $*"; }
}
# drop DIR: also what nothing may change.
drop() {
  chattr -R -f -i -a "$1/flags" "$1"/*/flags 2>/dev/null
  rm -rf "$1"
}

n_kinds=0
for kind in ext4 xfs btrfs tmpfs; do
  M="$T/$kind"
  if ! mount_image $kind "$M" $size; then
    echo "not on $kind: $(tail -1 "$T/mount-failed")"
    continue
  fi
  n_kinds=$((n_kinds + 1))
  mkdir "$M/src"
  # shellcheck disable=SC2086 # a list
  python3 "$tests/integration/make_torture.py" $options --locked "$M/src" || fail "$kind: make_torture.py"
  aged
  cd "$M/src" || fail cd
  backup 0 .
  restore 0 latest --target "$M/copy" --verify
  exact "$M/src" "$M/copy"
  drop "$M/copy"

  # The time of birth is kept, though no system lets it be set.
  birth=$(stat -c %w sizes/1 | sed 's/ /T/; s/ +0000/Z/')
  run 0 env HOZEN_KEY_FILE="$T/reader.key" "$HB" --json ls latest sizes/1
  [ "$birth" = - ] || expect btime "$birth"

  # The same again: nothing is new, and it is the same.
  backup 0 .
  expect data_added 0
  expect files_changed 0
  expect files_new 0
  if [ -n "$long" ] || [ $kind = tmpfs ]; then
    restore 0 latest --target "$M/copy"
    exact "$M/src" "$M/copy"
    drop "$M/copy"
  fi

  # Names of one file below several of create's paths.
  [ -n "$long" ] || [ $kind = ext4 ] || continue
  mkdir "$M/paths"
  cp -a "$M/src/links" "$M/paths/one"
  cp -al "$M/paths/one" "$M/paths/two"
  cd / || fail cd
  backup 0 "$M/paths/one" "$M/paths/two"
  restore 0 latest --target "$M/copy" --verify
  exact --no-root "$M/paths" "$M/copy/$M/paths"
  drop "$M/copy"
done
[ $n_kinds -gt 0 ] || exit 77

# --- onto another file system: what it cannot keep is told, and nothing else is lost
# onto SOURCE TARGET: the tree that was made on SOURCE
onto() {
  kind="$1 onto $2"
  [ -d "$T/$1/src" ] && [ -d "$T/$2" ] || return 0
  (cd "$T/$1/src" && "$HB" create -q .) || fail "$kind: create"
  restore 3 latest --target "$T/$2/copy" --json
  exact --told "$T/out" "$T/$1/src" "$T/$2/copy"
  drop "$T/$2/copy"
}
# An ext4 with seconds only, and none after 2038.
mount_image ext4 "$T/coarse" $coarse -I 128 -b 4096 || rmdir "$T/coarse"
onto btrfs coarse
onto ext4 tmpfs
if [ -n "$long" ]; then
  for from in ext4 xfs btrfs tmpfs; do
    for to in ext4 xfs btrfs tmpfs coarse; do
      [ $from = $to ] || onto $from $to
    done
  done
fi
