#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# cat gives exactly the file, holes as zeros; where stored bytes are gone it stops, and what it gave is the beginning.
. "${HOZEN_TESTS:?}/integration/cli.sh"
make_repo
make_source
: >"$T/src/empty-file"
head -c 3000000 /dev/urandom >"$T/src/large"
truncate -s 20000000 "$T/src/sparse"
printf 'in the middle' | dd of="$T/src/sparse" bs=1 seek=9000001 conv=notrunc status=none
truncate -s 500000 "$T/src/all-hole"
i=0
while [ $i -lt 30 ]; do # so many extents go into a list of their own
  printf 'extent %d' $i | dd of="$T/src/many-extents" bs=1 seek=$((i * 131072 + 7)) conv=notrunc status=none
  i=$((i + 1))
done
truncate -s 9000000 "$T/src/many-extents"
cp -a /usr/lib/os-release "$T/src/os-release" 2>/dev/null
ln "$T/src/one" "$T/src/other-name"
run 0 "$HB" create "$T/src"
with_pass 0 "$HB" key export --role reader --out "$T/reader.key"

export HOZEN_KEY_FILE="$T/reader.key"
find "$T/src" -type f >"$T/files"
[ "$(wc -l <"$T/files")" -ge 8 ] || fail 'the source was not made'
while read -r f; do
  run 0 "$HB" cat latest "$f"
  cmp "$f" "$T/out" || fail "cat gave something else: $f"
  [ ! -s "$T/err" ] || { cat "$T/err" >&2; fail 'it said something'; }
done <"$T/files"

# --- what is no file, or not there, or not to be read with this key
run 2 "$HB" cat latest "$T/src/sub"
says 'no regular file'
[ ! -s "$T/out" ] || fail 'bytes of a folder'
run 2 "$HB" cat latest "$T/src/link"
says 'no regular file'
run 1 "$HB" cat latest "$T/src/missing"
says 'no such path'
run 1 "$HB" cat latest "$T/src/one/two"
run 2 "$HB" cat latest "$T/src/sub/../one"
run 2 "$HB" cat latest
run 2 "$HB" --json cat latest "$T/src/one"
prints '"type":"error"'
run 5 env HOZEN_KEY_FILE="$T/writer.key" "$HB" cat latest "$T/src/one"

# --- what cannot be written is a failure
setsid -w "$HB" cat latest "$T/src/large" >/dev/full 2>"$T/err" </dev/null
[ $? -eq 1 ] || fail 'a full disk was not noticed'
says 'No space left'
setsid -w "$HB" cat latest "$T/src/large" 2>"$T/err" | head -c 10 >"$T/out"
cmp -n 10 "$T/src/large" "$T/out" || fail 'cat | head'

# --- beyond what parity mends: in the middle of one file's pack
export HOZEN_KEY_FILE="$T/writer.key"
mkdir "$T/two"
head -c 12000000 /dev/urandom >"$T/two/random"
run 0 "$HB" create "$T/two"
export HOZEN_KEY_FILE="$T/reader.key"
pack=$(ls -t "$T"/repo/packs/* | head -1)
size=$(stat -c %s "$pack")
[ "$size" -gt 12000000 ] || fail 'the newest pack is not that of the file'
dd if=/dev/zero of="$pack" bs=1000 seek=$((size / 2500)) count=$((size / 5000)) conv=notrunc status=none
run 4 "$HB" cat latest "$T/two/random"
got=$(stat -c %s "$T/out")
says "damaged from byte $got of 12000000"
if [ "$got" -eq 0 ] || [ "$got" -ge 12000000 ]; then fail "$got bytes of a file that is damaged in the middle"; fi
cmp -n "$got" "$T/two/random" "$T/out" || fail 'wrong bytes were given'
run 0 "$HB" cat latest "$T/src/one" --path "$T/src"
cmp "$T/src/one" "$T/out" || fail 'another file of another pack'
