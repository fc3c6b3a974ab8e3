#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Restore onto what is there: --update, --delete, and --resume of a restore that was interrupted. HOZEN_ROUNDS: how many
# changed trees and interrupted restores.
# test-timeout: 900
. "${HOZEN_TESTS:?}/integration/kit.sh"

root=no
[ "$(id -u)" = 0 ] && root=yes
rounds=${HOZEN_ROUNDS:-2}
host updater
make_passphrase
with_pass 0 "$HB" init

# With a reader's key: no passphrase has to be stretched each time.
with_pass 0 "$HB" key export --role reader --out "$T/reader.key"
restore() { # CODE ARGUMENT...
  code=$1
  shift
  run "$code" "$HB" --key-file "$T/reader.key" --json restore "$@"
}
snapshot_of() {
  run 0 sh -c 'cd "$1" && "$0" create -q --json .' "$HB" "$1"
  id=$(field snapshot_id)
}
# Events are lines of JSON.
says() {
  grep -q "$1" "$T/out" "$T/err" || fail "nothing says: $1"
}
exact() {
  python3 "$tests/integration/compare_trees.py" "$@" >"$T/compared" || { cat "$T/compared" >&2; fail "differ: $*"; }
}
nothing_left() {
  left=$(find "$1" \( -name '.hozen-*' -o -name '.tmp*' \) ! -name '.hozen-00000000.part')
  [ -z "$left" ] || fail "left behind: $left"
}
copy_of() {
  rm -rf "$2"
  cp -a "$1" "$2"
}

# --- a tree of every kind, changed in every way, is as it was
mkdir "$T/torture"
python3 "$tests/integration/make_torture.py" "$T/torture"
snapshot_of "$T/torture"
torture=$id
restore 0 "$torture" --target "$T/copy"
nothing_left "$T/copy"
restore 0 "$torture" --target "$T/copy" --update --verify
expect verify_mismatch 0
expect bytes_restored 0
expect files_unchanged "$(find "$T/torture" -type f -printf '%i\n' | sort -u | wc -l)"
exact "$T/torture" "$T/copy"
i=0
while [ $i -lt "$rounds" ]; do
  i=$((i + 1))
  python3 "$tests/integration/mutate_tree.py" "$T/copy" $i 60 >"$T/mutated" || fail 'mutate_tree.py'
  restore 0 "$torture" --target "$T/copy" --update --delete --verify
  expect verify_mismatch 0
  exact "$T/torture" "$T/copy" || cat "$T/mutated" >&2
  nothing_left "$T/copy"
done
rm -rf "$T/copy"

# --- of a large file only what differs is written, into the same inode or a clone of it
mkdir "$T/large"
head -c 50000000 /dev/urandom >"$T/large/image"
snapshot_of "$T/large"
large=$id
copy_of "$T/large" "$T/copy"
printf changed | dd of="$T/copy/image" bs=1 seek=20000000 conv=notrunc status=none
head -c 3000 /dev/urandom >>"$T/copy/image"
inode=$(stat -c %i "$T/copy/image")
restore 0 "$large" --target "$T/copy" --update
exact "$T/large" "$T/copy"
[ "$(field bytes_restored)" -lt 9000000 ] || fail "$(field bytes_restored) bytes written for a few"
[ "$(field bytes_unchanged)" -gt 40000000 ] || fail 'unchanged content was not seen'
if ! cp --reflink=always "$T/large/image" "$T/clone" 2>/dev/null; then
  [ "$inode" = "$(stat -c %i "$T/copy/image")" ] || fail 'the file was written anew'
fi
rm -f "$T/clone"

# --- names of one inode stay so, and inodes that the target has merged come apart, though all else is right
ino() {
  stat -c %i "$1"
}
mkdir "$T/groups"
(
  cd "$T/groups" || exit
  echo same >a
  : >e
  mkfifo p
  for i in c x; do cp -p a $i; done
  cp -p e g
  mkfifo -m "$(stat -c %a p)" r
  touch -r p r
  ln a b && ln c d && ln e f && ln g h && ln p q && ln r s
)
snapshot_of "$T/groups"
groups=$id
i=0
while [ $i -lt 3 ]; do
  i=$((i + 1))
  restore 0 "$groups" --target "$T/merged" --update
  (cd "$T/merged" && ln -f a c && ln -f a d && ln -f a x && ln -f e g && ln -f e h && ln -f p r && ln -f p s)
  was="$(ino "$T/merged/a") $(ino "$T/merged/e")"
  restore 0 "$groups" --target "$T/merged" --update --verify
  expect verify_mismatch 0
  exact "$T/groups" "$T/merged"
  for name in a e p; do
    other=$(echo $name | tr aep cgr)
    [ "$(ino "$T/merged/$name")" != "$(ino "$T/merged/$other")" ] || fail "$name and $other are still one inode"
  done
  # One group of each two keeps what there was.
  for name in $was; do
    [ "$(find "$T/merged" -inum "$name" | wc -l)" = 2 ] || fail "no group has kept inode $name"
  done
done
# A name that has gone is linked again, and another group comes off, with a file that may not be changed too.
if [ "$root" = yes ] && chattr +i "$T/groups/a" 2>/dev/null; then
  snapshot_of "$T/groups"
  chattr -i "$T/groups/a"
  restore 0 "$id" --target "$T/merged" --update
  for change in 'rm b' 'ln -f a c'; do
    chattr -i "$T/merged/a" || fail 'the flag was not restored'
    (cd "$T/merged" && $change)
    chattr +i "$T/merged/a"
    restore 0 "$id" --target "$T/merged" --update --verify
    expect verify_mismatch 0
    [ "$(ino "$T/merged/a")" = "$(ino "$T/merged/b")" ] || fail "$change: a name of an immutable file is a copy"
    [ "$(ino "$T/merged/a")" != "$(ino "$T/merged/c")" ] || fail "$change: another group has the immutable inode"
    lsattr "$T/merged/a" | grep -q '^[^ ]*i' || fail "$change: it is not immutable any more"
  done
  chattr -i "$T/merged/a"
fi
rm -rf "$T/groups" "$T/merged"

# --- another name of it, outside, is not touched
printf changed | dd of="$T/copy/image" bs=1 seek=100 conv=notrunc status=none
ln "$T/copy/image" "$T/outside"
cp "$T/outside" "$T/outside.was"
restore 0 "$large" --target "$T/copy" --update
exact "$T/large" "$T/copy"
cmp "$T/outside" "$T/outside.was" || fail 'another name of a file outside the target was changed'
rm -f "$T/outside" "$T/outside.was"

# --- without --delete what the snapshot does not have stays, and a folder with things in it is no file
mkdir -p "$T/copy/mine/deep"
echo mine >"$T/copy/mine/deep/file"
rm "$T/copy/image"
mkdir "$T/copy/image"
restore 0 "$large" --target "$T/copy" --update
[ -f "$T/copy/image" ] || fail 'an empty folder was not replaced by a file'
rm "$T/copy/image"
mkdir "$T/copy/image"
echo mine >"$T/copy/image/file"
restore 3 "$large" --target "$T/copy" --update
says 'image'
[ "$(cat "$T/copy/image/file")" = mine ] || fail 'a folder with things in it was removed without --delete'
[ "$(cat "$T/copy/mine/deep/file")" = mine ] || fail 'something was removed without --delete'

# --- --delete: a dry run says what, and removes nothing; then it is gone, however deep and whatever its rights
python3 - "$T/copy/mine" <<'P'
import os, sys
os.chdir(sys.argv[1])
for i in range(300):
  os.mkdir('d%d' % i + 'x' * 50)
  os.chdir('d%d' % i + 'x' * 50)
  open('f', 'w').close()
P
chmod 000 "$T/copy/mine/deep"
before=$(find "$T/copy" | wc -l)
restore 0 "$large" --target "$T/copy" --update --delete --dry-run
says 'mine.*would be removed'
[ "$(find "$T/copy" | wc -l)" = "$before" ] || fail 'a dry run removed something'
restore 0 "$large" --target "$T/copy" --update --delete
[ "$(field deleted)" -ge 603 ] || fail "only $(field deleted) names removed"
exact "$T/large" "$T/copy"
run_usage() {
  restore 2 "$large" --target "$T/copy" "$@"
}
run_usage --delete
run_usage --update --into-existing
run_usage --update --resume

# --- by patterns: nothing beside what they select is removed
mkdir "$T/two" "$T/two/a" "$T/two/b"
echo a >"$T/two/a/file"
echo b >"$T/two/b/file"
snapshot_of "$T/two"
copy_of "$T/two" "$T/copy"
echo x >"$T/copy/a/x"
echo x >"$T/copy/b/x"
echo x >"$T/copy/x"
restore 0 latest --target "$T/copy" --update --delete '/a/'
[ ! -e "$T/copy/a/x" ] || fail 'what the folder has too many is there'
[ -e "$T/copy/b/x" ] && [ -e "$T/copy/x" ] || fail 'something beside the selection was removed'

# --- what is mounted in the target stays
if mount_tmpfs "$T/copy/a/mounted" 1m; then
  echo x >"$T/copy/a/mounted/file"
  restore 3 latest --target "$T/copy" --update --delete
  [ -e "$T/copy/a/mounted/file" ] || fail 'something that is mounted in the target was emptied'
  says 'mounted'
  umount "$T/copy/a/mounted"
  mounted=
fi

# --- a snapshot of absolute paths, restored over a tree: the way to them is nobody's to clean
run 0 "$HB" create -q "$T/two/a"
copy_of "$T/two" "$T/copy"
mkdir -p "$T/whole$T/two"
cp -a "$T/two/." "$T/whole$T/two"
echo x >"$T/whole/x"
echo x >"$T/whole$T/two/a/x"
restore 0 latest --target "$T/whole" --update --delete
[ -e "$T/whole/x" ] && [ -e "$T/whole$T/two/b/file" ] || fail 'something outside the backed-up paths was removed'
[ ! -e "$T/whole$T/two/a/x" ] || fail 'what the folder has too many is there'

# --- files that nothing may change
if [ $root = yes ] && echo x >"$T/two/b/locked" && chattr +i "$T/two/b/locked" 2>/dev/null; then
  unlock() {
    chattr -R -f -i -a "$T/two" "$T/copy" 2>/dev/null
    cleanup
  }
  trap unlock EXIT
  snapshot_of "$T/two"
  copy_of "$T/two" "$T/copy"
  echo y >"$T/copy/b/locked"
  echo y >"$T/copy/b/extra"
  chattr +i "$T/copy/b/locked" "$T/copy/b/extra" "$T/copy/b" "$T/copy/a/file"
  restore 0 latest --target "$T/copy" --update --delete --verify
  exact "$T/two" "$T/copy"
  chattr -R -f -i "$T/two" "$T/copy"
fi

# --- damage: what cannot be had is not under its name, and what was there is kept
copy_of "$T/large" "$T/copy"
dd if=/dev/zero of="$T/copy/image" bs=1M seek=10 count=30 conv=notrunc status=none
cp "$T/copy/image" "$T/image.was"
cp -a "$HOZEN_REPO/packs" "$T/packs.was"
for p in $(find "$HOZEN_REPO/packs" -type f -size +15M); do
  python3 "$tests/integration/damage_object.py" "$p" 3
done
restore 4 "$large" --target "$T/copy" --update
says 'not restored'
if [ -e "$T/copy/image" ]; then
  cmp -s "$T/image.was" "$T/copy/image" || cmp "$T/large/image" "$T/copy/image" ||
    fail 'a file that is neither old nor new stands under its name'
else
  says 'is kept'
fi
rm "$T/image.was"
cp -a "$T/packs.was/." "$HOZEN_REPO/packs"

# --- interrupted: the journal says so; only the same goes on, and then all is exact and nothing is left
restore 5 "$torture" --target "$T/none" --resume
restore 5 "$torture" --target "$T/large" --resume
mkdir "$T/bulk"
for i in 1 2 3 4 5 6; do
  head -c 5000000 /dev/urandom >"$T/bulk/$i"
  mkdir -m 555 "$T/bulk/dir$i"
done
tree "$T/bulk/tree" 7
touch -d '2001-02-03 04:05:06.789' "$T/bulk"
snapshot_of "$T/bulk"
bulk=$id
i=0 interrupted=0
while [ $i -lt $((rounds * 3)) ]; do
  i=$((i + 1))
  chmod -R u+rwx "$T/goes-on" 2>/dev/null
  rm -rf "$T/goes-on"
  "$HB" --key-file "$T/reader.key" -q restore "$bulk" --target "$T/goes-on" >/dev/null 2>&1 &
  pid=$!
  while [ ! -e "$T/goes-on/.hozen-restore" ] && kill -0 $pid 2>/dev/null; do
    :
  done
  sleep "0.0$((i * 7 % 10))"
  kill -KILL $pid 2>/dev/null
  wait $pid 2>/dev/null
  [ -e "$T/goes-on/.hozen-restore" ] || continue
  interrupted=$((interrupted + 1))
  grep -q "$bulk" "$T/goes-on/.hozen-restore" || fail 'the journal does not name the snapshot'
  restore 5 "$bulk" --target "$T/goes-on"
  says 'resume'
  restore 5 "$large" --target "$T/goes-on" --resume
  restore 5 "$bulk" --target "$T/goes-on" --resume '/dir1/'
  if [ $((i % 3)) = 0 ]; then
    restore 0 "$bulk" --target "$T/goes-on" --update --delete --verify
  else
    restore 0 "$bulk" --target "$T/goes-on" --resume --verify
  fi
  expect verify_mismatch 0
  exact "$T/bulk" "$T/goes-on"
  nothing_left "$T/goes-on"
done
[ $interrupted -gt 0 ] || fail 'no restore was interrupted'

# --- by SIGINT: the same
setsid "$HB" --key-file "$T/reader.key" -q restore "$bulk" --target "$T/stopped" >/dev/null 2>&1 &
pid=$!
while [ ! -e "$T/stopped/.hozen-restore" ] && kill -0 $pid 2>/dev/null; do
  :
done
kill -INT $pid 2>/dev/null
wait $pid
[ $? = 0 ] || restore 0 "$bulk" --target "$T/stopped" --resume
exact "$T/bulk" "$T/stopped"

# --- a full disk, then room
if mount_tmpfs "$T/small" 8m; then
  restore 1 "$bulk" --target "$T/small/out"
  says 'No space left'
  mount -o remount,size=200m "$T/small"
  restore 0 "$bulk" --target "$T/small/out" --resume --verify
  exact "$T/bulk" "$T/small/out"
  nothing_left "$T/small/out"
fi
echo passed
