#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Restore: everything that Linux keeps of files, patterns, targets that are not empty, full, or another user's, and packs
# that are damaged.
# test-label: tsan
# test-timeout: 900
. "${HOZEN_TESTS:?}/integration/kit.sh"

root=no
[ "$(id -u)" = 0 ] && root=yes
host restorer
make_passphrase
with_pass 0 "$HB" init
make_reader

# restore CODE ARGUMENT...: of the latest snapshot
restore() {
  code=$1
  shift
  with_reader "$code" "$HB" restore latest "$@"
}
# snapshot_of DIR: what is in it, without its name.
snapshot_of() {
  run 0 sh -c 'cd "$1" && "$0" create -q .' "$HB" "$1"
}
no_parts() {
  parts=$(find "$1" -name '.hozen-*.part' ! -name '.hozen-00000000.part')
  [ -z "$parts" ] || fail "temporary files are left: $parts"
}
exact() {
  python3 "$tests/integration/compare_trees.py" "$@" >"$T/compared" || { cat "$T/compared" >&2; fail "differ: $*"; }
}

# --- every kind of file there is, exactly; also what only root may have
mkdir "$T/torture"
python3 "$tests/integration/make_torture.py" "$T/torture"
snapshot_of "$T/torture"
restore 0 --target "$T/copy" --verify
prints '0 differ'
exact "$T/torture" "$T/copy"
no_parts "$T/copy"
with_pass 0 "$HB" --json restore latest --target "$T/not/made" --dry-run
[ ! -e "$T/not" ] || fail 'a dry run made the target'
expect others_restored "$(find "$T/torture" ! -type f ! -type d -printf x | wc -c)"
expect files_restored "$(find "$T/torture" -type f -printf x | wc -c)"

# --- not empty: refused; allowed: nothing is replaced, what is missing is added
restore 5 --target "$T/copy"
says 'not empty'
exact "$T/torture" "$T/copy"
echo mine >"$T/copy/sizes/large"
rm "$T/copy/sizes/again" "$T/copy/links/z/1" "$T/copy/kinds/absolute"
ln -s "$T/aside" "$T/copy/kinds/absolute"
rm -r "$T/copy/many"
mkdir "$T/aside"
ln -s "$T/aside" "$T/copy/many"
chmod 700 "$T/copy/names"
restore 3 --target "$T/copy" --into-existing --verify
says 'sizes/large'
says 'many'
[ "$(cat "$T/copy/sizes/large")" = mine ] || fail 'an existing file was replaced'
[ "$(readlink "$T/copy/kinds/absolute")" = "$T/aside" ] || fail 'an existing symlink was replaced'
[ -z "$(ls -A "$T/aside")" ] || fail 'a symlink in place of a folder was followed'
[ "$(stat -c %a "$T/copy/names")" = 700 ] || fail 'the rights of an existing folder were changed'
cmp -s "$T/torture/sizes/again" "$T/copy/sizes/again" || fail 'a missing file was not added'
cmp -s "$T/torture/links/m" "$T/copy/links/z/1" || fail 'a missing name of a file was not added'
[ ! "$T/copy/links/z/1" -ef "$T/copy/links/m" ] || fail 'a link was made to a file that was there before'
no_parts "$T/copy"
rm -rf "$T/copy" "$T/aside"

# --- patterns: a folder with all below it, one name anywhere, one place; those above keep what they are
restore 0 --target "$T/some" 'folders/' '4096' '/links/z/0'
find "$T/some" ! -type d | sed "s|$T/some/||" | LC_ALL=C sort >"$T/got"
{ (cd "$T/torture" && find folders ! -type d); echo links/z/0; echo sizes/4096; } | LC_ALL=C sort >"$T/want"
cmp "$T/want" "$T/got" || fail 'patterns restored something else'
[ "$(stat -c '%a %Y' "$T/some/links/z")" = "$(stat -c '%a %Y' "$T/torture/links/z")" ] || fail 'a folder above lost its rights'
exact "$T/torture/folders" "$T/some/folders"
restore 1 --target "$T/none" 'no-such-name'
[ ! -e "$T/none" ] || fail 'nothing matched, and a target was made'
restore 0 --target "$T/linked" '/links/a/' '/links/z/'
[ "$T/linked/links/a/0" -ef "$T/linked/links/z/1" ] || fail 'names of one file are two'
rm -rf "$T/some" "$T/linked"

# --- a target that is no folder
echo x >"$T/file"
restore 1 --target "$T/file"
[ "$(cat "$T/file")" = x ] || fail 'a file in place of the target was touched'

# --- trees of this machine
if [ $root = yes ]; then
  real=/etc
  for d in /usr/share/zoneinfo /usr/share/doc/bash /usr/share/perl5; do
    [ -d $d ] && real="$real $d"
  done
  # shellcheck disable=SC2086 # a list
  run 0 "$HB" create -q $real
  restore 0 --target "$T/real" --verify
  for d in $real; do
    exact "$d" "$T/real$d"
  done
  rm -rf "$T/real"
fi

# --- files that nothing may change, also with several names; folders too
if [ $root = yes ] && mkdir "$T/locked" && echo x >"$T/locked/probe" && chattr +i "$T/locked/probe" 2>/dev/null; then
  unlock() {
    chattr -R -f -i -a "$T/locked" "$T/lockout" 2>/dev/null
    cleanup
  }
  trap unlock EXIT
  mkdir -p "$T/locked/a" "$T/locked/z"
  echo one >"$T/locked/a/one"
  ln "$T/locked/a/one" "$T/locked/z/one"
  echo log >"$T/locked/z/log"
  chattr +i "$T/locked/a/one"
  chattr +a "$T/locked/z/log"
  chattr +i "$T/locked/a"
  snapshot_of "$T/locked"
  restore 0 --target "$T/lockout" --verify
  exact "$T/locked" "$T/lockout"
  lsattr -d "$T/lockout/a/one" | grep -q '^....i' || fail 'the immutable flag was lost'
  chattr -R -f -i -a "$T/locked" "$T/lockout"
  rm -rf "$T/lockout"
fi

# --- a target that is full: an error, whole files only, nothing half-done; the same with room is good
mkdir "$T/bulk"
for i in 1 2 3 4 5 6 7 8 9; do
  head -c 2000000 /dev/urandom >"$T/bulk/$i"
done
head -c 9000000 /dev/urandom >"$T/bulk/large"
snapshot_of "$T/bulk"
if mount_tmpfs "$T/small" 6m; then
  restore 1 --target "$T/small/out"
  says 'No space left'
  no_parts "$T/small"
  for f in "$T"/small/out/*; do
    [ ! -e "$f" ] || cmp "$f" "$T/bulk/${f##*/}" || fail 'half a file under its name'
  done
fi
restore 0 --target "$T/bulk-out"
exact "$T/bulk" "$T/bulk-out"
rm -rf "$T/bulk-out"

# --- stopped: 130, whole files only
HOZEN_PASSPHRASE_FILE="$T/pass" setsid "$HB" restore latest --target "$T/stopped" >"$T/out1" 2>&1 &
pid=$!
while [ ! -e "$T/stopped" ] && kill -0 $pid 2>/dev/null; do
  :
done
kill -INT $pid 2>/dev/null
wait $pid
code=$?
[ $code = 130 ] || [ $code = 0 ] || fail "exit $code of a restore that was stopped"
[ ! -e "$T/stopped" ] || no_parts "$T/stopped"
for f in "$T"/stopped/*; do
  [ ! -e "$f" ] || cmp "$f" "$T/bulk/${f##*/}" || fail 'half a file under its name'
done
rm -rf "$T/stopped"

# --- damage that parity mends: a warning and 0
big=$(find "$HOZEN_REPO/packs" -type f -size +15M -printf '%T@ %p\n' | sort | tail -1 | cut -d' ' -f2)
[ -n "$big" ] || fail 'no full pack'
cp "$big" "$T/pack"
python3 "$tests/integration/damage_object.py" "$big" 2
restore 0 --target "$T/mended" --verify
says 'mended by parity'
exact "$T/bulk" "$T/mended"
with_pass 0 "$HB" --json restore latest --target "$T/mended-again"
expect mended 1
rm -rf "$T/mended" "$T/mended-again"

# --- damage beyond it: 4, the files that need those bytes are named and not there, all others are right
cp "$T/pack" "$big"
python3 "$tests/integration/damage_object.py" "$big" 3
restore 4 --target "$T/damaged"
says 'not restored'
no_parts "$T/damaged"
lost=0
for f in "$T"/bulk/*; do
  if [ -e "$T/damaged/${f##*/}" ]; then
    cmp "$f" "$T/damaged/${f##*/}" || fail 'a damaged file was restored'
  else
    says "^.*${f##*/}"
    lost=$((lost + 1))
  fi
done
[ $lost -ge 1 ] && [ $lost -le 3 ] || fail "$lost files lost to three blocks"

# --- the same content in another pack of the group takes its place
with_pass 0 "$HB" key export --role writer --join "$(hostname)" --name second --out "$T/second.key"
(cd "$T/bulk" && HOZEN_KEY_FILE="$T/second.key" HOZEN_STATE_DIR="$T/second" HOZEN_CACHE_DIR="$T/second-cache" "$HB" create -q .) ||
  fail 'the second writer'
restore 0 --target "$T/rescued" --verify
exact "$T/bulk" "$T/rescued"
rm -rf "$T/rescued" "$T/damaged"
cp "$T/pack" "$big"

# --- an ordinary user gets what he may have, and what he may not is said
if [ $root = yes ] && command -v setpriv >/dev/null; then
  mkdir "$T/plain" "$T/theirs"
  cp -a "$T/torture/sizes" "$T/torture/many" "$T/torture/names" "$T/plain"
  chown -R 65534:65534 "$T/plain"
  chown 65534:65534 "$T/theirs"
  chmod 755 "$T"
  # The build may lie where only root looks.
  mkdir "$T/bin" && cp "$HB" "$T/bin" && cp -L "$(dirname "$HB")"/../lib/libhozen.so.0 "$T/bin"
  with_pass 0 "$HB" key export --role reader --out "$T/reader.key"
  chown 65534:65534 "$T/reader.key"
  # shellcheck disable=SC2016 # for the other shell
  as_nobody() {
    run "$1" setpriv --reuid 65534 --regid 65534 --clear-groups env HOZEN_KEY_FILE="$T/reader.key" HOME="$T/theirs" \
      HOZEN_STATE_DIR="$T/theirs/state" HOZEN_CACHE_DIR="$T/theirs/cache" \
      LD_LIBRARY_PATH="$T/bin" "$T/bin/hozen-backup" restore latest --target "$2" --verify
  }
  snapshot_of "$T/plain"
  chmod -R a+rX "$HOZEN_REPO"
  as_nobody 0 "$T/theirs/plain"
  exact "$T/plain" "$T/theirs/plain"
  chown 0:0 "$T/plain/sizes/text"
  chmod 4755 "$T/plain/sizes/text"
  snapshot_of "$T/plain"
  chmod -R a+rX "$HOZEN_REPO"
  as_nobody 3 "$T/theirs/again"
  says 'sizes/text: could not be set: owner'
  [ "$(stat -c %a "$T/theirs/again/sizes/text")" = 755 ] || fail 'setuid was given to another user'
fi
echo passed
