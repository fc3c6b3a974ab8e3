#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# --one-file-system: what is mounted below is left out, what was asked for is read wherever it lies. Needs root, for mounts.
. "${HOZEN_TESTS:?}/integration/kit.sh"

make_repo
# listed: the stored paths of the latest snapshot, one a line, in $T/names, without the way to $T.
listed() {
  with_pass 0 "$HB" --json ls latest
  sed -n 's/.*"path":"\([^"]*\)".*/\1/p' "$T/out" | sed "s|^${T#/}/||" | sort >"$T/names"
}
has() {
  for name in "$@"; do
    grep -qx -e "$name" "$T/names" || { cat "$T/names" >&2; fail "not stored: $name"; }
  done
}
lacks() {
  for name in "$@"; do
    if grep -qx -e "$name" "$T/names"; then cat "$T/names" >&2; fail "stored: $name"; fi
  done
}

mkdir -p "$T/p/a" "$T/p/mount"
echo 1 >"$T/p/a/one"
[ "$(id -u)" -eq 0 ] && mount_tmpfs "$T/p/mount" 1m || exit 77
mkdir -p "$T/p/mount/deep/er"
echo inside >"$T/p/mount/file"
echo inside >"$T/p/mount/deep/er/file"
patterns() {
  backup 0 "$@" "$T/p"
  listed
}
patterns --one-file-system
has p/mount p/a/one
lacks p/mount/file
patterns
has p/mount/file
# Overlapping paths, in both orders; and only a part of what is mounted.
backup 0 --one-file-system "$T/p" "$T/p/mount"
listed
has p/mount/file p/mount/deep/er/file p/a/one
backup 0 --one-file-system "$T/p/mount" "$T/p"
listed
has p/mount/file p/a/one
backup 0 --one-file-system "$T/p" "$T/p/mount/deep/er"
listed
has p/a/one p/mount/deep/er/file
lacks p/mount/file
# What lies on another file system than the working folder.
backup 0 --one-file-system "$T/p/mount"
listed
has p/mount/file
cd "$T/p/mount" || fail cd
backup 0 --one-file-system "$T/p/a"
listed
has p/a/one
cd "$T" || fail cd
# A path that does not exist is missed, also below one that is read whole.
backup 3 "$T/p" "$T/p/gone"
grep -q '"path":"[^"]*/p/gone"' "$T/out" || fail 'the missing path is not named'
# What was asked for by name is not excluded by a tag.
printf 'Signature: 8a477f597d28d172789f06886806bc55\n' >"$T/p/a/CACHEDIR.TAG"
backup 0 --exclude-caches "$T/p" "$T/p/a/one"
listed
has p/a/one p/a/CACHEDIR.TAG
