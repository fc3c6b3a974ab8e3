#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What export writes, GNU tar unpacks to the same tree: every kind of file, name, right, time, ACL, attribute and hole that
# tar can hold; what it cannot is said. A damaged file is left out, and the archive is whole all the same.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"
tar --version 2>/dev/null | grep -q 'GNU tar' || exit 77
make_repo
with_pass 0 "$HB" key export --role reader --out "$T/reader.key"
root=no
[ "$(id -u)" -eq 0 ] && root=yes

# unpack: what is in $T/out, into a new $T/unpacked.
unpack() {
  rm -rf "$T/unpacked"
  mkdir "$T/unpacked"
  tar -x -f "$T/out" -C "$T/unpacked" --xattrs --xattrs-include='*' --acls -p --numeric-owner \
    --warning=no-unknown-keyword --warning=no-timestamp 2>"$T/tar-err" || { cat "$T/tar-err" >&2; fail 'tar -x'; }
  [ ! -s "$T/tar-err" ] || { cat "$T/tar-err" >&2; fail 'tar -x said something'; }
}

# --- everything there is
mkdir "$T/torture"
python3 "$tests/integration/make_torture.py" "$T/torture" || fail make_torture.py
rm -rf "$T/torture/deep" # GNU tar cannot make what is beyond PATH_MAX
# Of inode flags GNU tar knows nothing; the others tar cannot hold, which is told further below.
[ ! -d "$T/torture/flags" ] || chattr -R -f -d -A "$T/torture/flags"
python3 - "$T/torture" <<'P'
import os, sys
os.chdir(sys.argv[1])
for p, ns in (('times/3', 0), ('times/folder', -7 * 10**9)):
  if os.path.exists(p):
    os.utime(p, ns=(ns, ns))
for n in os.listxattr('rights/xattr') if os.path.exists('rights/xattr') else ():
  if not n.isascii() or not n.isprintable():
    os.removexattr('rights/xattr', n)
P
run 0 env "$HB" create "$T/torture"
sockets=$(find "$T/torture" -type s -printf x | wc -c)
find "$T/torture" -type s | while read -r s; do
  touch -r "${s%/*}" "$T/time"
  rm "$s"
  touch -r "$T/time" "${s%/*}"
done
export HOZEN_KEY_FILE="$T/reader.key"
run 3 "$HB" export latest
says 'kinds/socket: not in the archive'
says "$sockets entries were left out"
unpack
if [ $root = yes ]; then
  same "$T/torture" "$T/unpacked/${T#/}/torture"
else
  same --no-owner "$T/torture" "$T/unpacked/${T#/}/torture"
fi

# --- what tar cannot hold is told, name by name
mkdir "$T/edge"
echo x >"$T/edge/early"
echo x >"$T/edge/odd"
python3 - "$T/edge" <<'P' && odd=yes || odd=no
import os, sys
os.utime(sys.argv[1] + '/early', ns=(-1, -1))
try:
  os.setxattr(sys.argv[1] + '/odd', b'user.\xff', b'x')
except OSError:
  sys.exit(1)
P
run 0 env HOZEN_KEY_FILE="$T/writer.key" "$HB" create -q "$T/edge"
run 3 "$HB" export latest
says 'edge/early: .*fraction of a second'
[ $odd = no ] || says 'edge/odd: .*xattr'

# --- a part of it: its parents come first, with their attributes
run 3 "$HB" export latest --path "$T/torture" '/**/links/' '*.nothing' readonly
tar -tf "$T/out" >"$T/list"
grep -q "^${T#/}/torture/\$" "$T/list" || { cat "$T/list" >&2; fail 'a parent is missing'; }
grep -q "torture/links/z/symlink\$" "$T/list" || fail 'what a folder holds is missing'
grep -q "torture/folders/\$" "$T/list" || fail 'a parent is missing'
if grep -q 'kinds\|sparse\|folders/empty' "$T/list"; then fail 'more than was asked for'; fi
[ "$(sort "$T/list" | uniq -d | wc -l)" -eq 0 ] || fail 'something is there twice'
unpack

# --- nothing of it; and not to where it makes no sense
run 1 "$HB" export latest '*.nothing'
says 'matches the patterns'
[ ! -s "$T/out" ] || fail 'an archive of nothing'
run 2 "$HB" export latest '[x'
run 2 "$HB" --json export latest
setsid -w "$HB" export latest >/dev/full 2>"$T/err" </dev/null
[ $? -eq 1 ] || fail 'a full disk was not noticed'
says 'No space left'
run 0 python3 "$tests/integration/on_terminal.py" 5 -- "$HB" export latest

# --- what is real
export HOZEN_KEY_FILE="$T/writer.key"
mkdir "$T/real"
cp -a /etc /usr/include "$T/real/" 2>/dev/null
if [ $root = yes ]; then
  run 0 "$HB" create "$T/real"
  export HOZEN_KEY_FILE="$T/reader.key"
  run 0 "$HB" export latest --path "$T/real"
  unpack
  same "$T/real" "$T/unpacked/${T#/}/real"
fi

# --- the pack of one file is lost: it is left out, the rest is there
export HOZEN_KEY_FILE="$T/writer.key"
mkdir "$T/two"
echo small >"$T/two/small"
run 0 "$HB" create "$T/two"
head -c 9000000 /dev/urandom >"$T/two/random"
ln "$T/two/random" "$T/two/other-name"
aged
run 0 "$HB" create "$T/two"
pack=$(ls -t "$T"/repo/packs/* | head -1)
touch "$T/two/more"
run 0 "$HB" create "$T/two"
dd if=/dev/zero of="$pack" bs=1000000 seek=3 count=3 conv=notrunc status=none
export HOZEN_KEY_FILE="$T/reader.key"
run 4 "$HB" export latest
says 'two/random: not in the archive'
says 'two/other-name: not in the archive'
unpack
[ "$(cat "$T/unpacked/${T#/}/two/small")" = small ] || fail 'a whole file is missing'
[ ! -e "$T/unpacked/${T#/}/two/random" ] || fail 'a damaged file is in the archive'
