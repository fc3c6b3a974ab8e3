#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A tar becomes a snapshot: what GNU tar extracts and what is restored is the same, in everything a tar can hold; and what
# is cut off, damaged or hostile does no harm.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"
tar --version | grep -q 'GNU tar' || exit 77
# Owners, devices and trusted xattrs.
[ "$(id -u)" -eq 0 ] || exit 77

make_repo
snapshots() {
  ls "$HOZEN_REPO/commits" 2>/dev/null | wc -l
}
# as_tar OPTION...: what tar extracts of $T/t.tar and what comes back of it are compared.
as_tar() {
  rm -rf "$T/extracted" "$T/restored"
  mkdir "$T/extracted"
  tar -C "$T/extracted" -x --numeric-owner "$@" -f "$T/t.tar" || fail 'tar -x'
  with_pass 0 "$HB" restore latest --target "$T/restored" --verify
  python3 "$tests/integration/compare_trees.py" --no-root "$T/extracted" "$T/restored" >"$T/compared" ||
    { cat "$T/compared" >&2; fail "differs: $*"; }
}

# --- a tree with all that there is
s=$T/source
mkdir -p "$s/dir/empty" "$s/closed"
python3 -c 'import random, sys; random.seed(3); sys.stdout.buffer.write(random.randbytes(3000000))' >"$s/large"
echo text >"$s/dir/text"
ln "$s/dir/text" "$s/another name"
ln -s dir/text "$s/symlink"
ln -s "$(printf '%0300d' 7)" "$s/long link"
ln "$s/symlink" "$s/dir/same symlink"
mkfifo "$s/fifo"
mknod "$s/char" c 1 3
mknod "$s/block" b 7 200
chmod 4755 "$s/large"
chmod 1777 "$s/dir"
chmod 000 "$s/closed"
chown 1234:4321 "$s/dir/text" "$s/dir"
chown -h 77:88 "$s/symlink"
truncate -s 40M "$s/holes"
printf begin | dd of="$s/holes" conv=notrunc bs=1M seek=3 status=none
printf end | dd of="$s/holes" conv=notrunc bs=1M seek=30 status=none
truncate -s 1M "$s/all hole"
: >"$s/nothing"
touch -d '1955-11-05 06:15:00.123456789' "$s/nothing"
touch -d '2300-01-01 00:00:00.000000001' "$s/dir/empty"
touch -h -d '2001-02-03 04:05:06.7' "$s/symlink"
touch "$s/$(printf 'latin\351')" "$s/$(printf 'e\314\201 decomposed')" "$s/ünïcödé" "$s/$(printf 'a\nb')" "$s/$(printf '%0255d' 1)"
deep=$s/deep
for i in 1 2 3 4 5 6; do deep=$deep/$(printf '%0100d' $i); done
mkdir -p "$deep" && echo deep >"$deep/file"
setfattr -n user.a -v value "$s/dir/text"
setfattr -n user.binary -v 0s$(head -c 300 "$s/large" | base64 -w0) "$s/large"
setfattr -n trusted.t -v t "$s/dir"
setfacl -m u:1000:rwx,g:2000:r--,u:3000:--- "$s/large" "$s/another name"
setfacl -d -m u:1000:r-x "$s/dir/empty"
setfacl -m u:daemon:r-x "$s/dir/empty"
tar -C "$s" --format=posix --xattrs --xattrs-include='*' --acls --sparse -cf "$T/t.tar" .
backup 0 --from-tar "$T/t.tar"
as_tar --xattrs --xattrs-include='*' --acls
[ "$(stat -c %b "$T/restored/holes")" -lt 1000 ] || fail 'holes were filled'
python3 "$tests/integration/compare_trees.py" --no-root "$s" "$T/restored" >"$T/compared" || { cat "$T/compared"; fail 'the source differs'; }
# The same once more: every chunk is known. In the locale of an odd world too.
LC_ALL=C run 0 "$HB" create --json --from-tar "$T/t.tar"
expect data_added 0

# --- other formats; GNU's own has whole seconds and no xattrs
rm -rf "$s/nothing" "$s/dir/empty"
tar -C "$s" --format=gnu -cf "$T/t.tar" .
backup 0 --from-tar "$T/t.tar" --name "a name"
as_tar

# --- compressed, by a pipe, without a root of its own, with what is not wanted
tar -C / --format=posix -cf "$T/t.tar" --no-recursion etc --recursion etc/init.d etc/alternatives etc/passwd etc/group etc/hosts
backup 0 --from-tar "$T/t.tar"
as_tar
for z in gzip bzip2 xz zstd lz4; do
  command -v $z >/dev/null || continue
  $z -c <"$T/t.tar" | "$HB" create --json --from-tar - >"$T/out" || fail "$z"
  expect data_added 0
done
backup 0 --from-tar "$T/t.tar" --name 'a name' --exclude '/etc/p*' --exclude hosts
with_pass 0 "$HB" --json snapshots
prints "\"paths\":\\[\"$T/t.tar\"\\]"
prints '"paths":\["/a name"\]'
with_pass 0 "$HB" --json ls latest
if grep -q '"path":"etc/\(passwd\|p[^"]*\|hosts\)"' "$T/out"; then fail 'excluded, and there'; fi
prints '"path":"etc/group"'

# --- a tar that was added to: the later wins
mkdir -p "$T/twice"
(cd "$T/twice" && echo old >f && echo stays >g && tar -cf "$T/t.tar" f g && echo newer >f && ln g h && tar -rf "$T/t.tar" f h g)
backup 0 --from-tar "$T/t.tar"
as_tar

# --- nothing of what is cut off or damaged
n=$(snapshots)
for cut in 0 511 512 1024 1500 1536 2560; do
  head -c $cut "$T/t.tar" >"$T/cut"
  run 1 "$HB" create --from-tar "$T/cut"
  says 'tar cannot be read\|cut off'
done
head -c 1024 "$T/t.tar" >"$T/cut" # what is left out counts too
run 1 "$HB" create --from-tar "$T/cut" --exclude f
says 'cut off'
tar -C / -cJf "$T/t.xz" etc/passwd etc/group
size=$(stat -c %s "$T/t.xz")
for cut in $((size / 2)) $((size - 1)); do
  head -c "$cut" "$T/t.xz" >"$T/cut"
  run 1 "$HB" create --from-tar "$T/cut"
done
cp "$T/t.xz" "$T/flipped" # the checksum of the content, which stands behind it
printf '\377\377' | dd of="$T/flipped" bs=1 seek=$((size - 60)) conv=notrunc status=none
run 1 "$HB" create --from-tar "$T/flipped"
run 1 "$HB" create --from-tar /bin/sh
run 1 "$HB" create --from-tar "$T"
run 1 "$HB" create --from-tar "$T/missing"
[ "$(snapshots)" = "$n" ] || fail 'there is a snapshot of something damaged'

# --- hostile ones
python3 "$tests/integration/make_tar.py" "$T/t.tar" || fail make_tar.py
backup 3 --from-tar "$T/t.tar"
expect source_errors 13
[ "$(grep -c '"code":"SOURCE"' "$T/out")" = 13 ] || fail 'not all was told'
rm -rf "$T/restored"
with_pass 0 "$HB" restore latest --target "$T/in/restored"
[ ! -e "$T/in/up" ] && [ ! -e "$T/up" ] || fail 'it got out'
r=$T/in/restored
[ "$(cat "$r/ok-absolute")" = 'made relative' ] || fail absolute
[ "$(cat "$r/ok-dir/twice")" = 'the later wins' ] || fail twice
[ ! -L "$r/ok-link" ] && [ -f "$r/ok-link/shadow" ] || fail 'below a link'
[ "$(cat "$r/ok-kind")" = 'a file now' ] || fail 'a folder that became a file'
[ "$(ls "$r/ok-again")" = new ] || fail 'a file that became a folder again'
[ "$(cat "$r/ok-self")" = self ] || fail 'a link to itself'
[ "$(cd "$r" && find . -mindepth 1 -maxdepth 1 | grep -c -v '^\./ok-')" = 0 ] || fail 'something else is there'
for name in ok-hard ok-hard2 ok-long-link; do
  [ ! -e "$r/$name" ] && [ ! -L "$r/$name" ] || fail "$name is there"
done
