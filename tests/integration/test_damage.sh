#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every object of a small repository, damaged: check says so, by name (4), and as long as parity or a copy can mend it,
# everything is listed and restored all the same (0). What is beyond that hurts only what it held.
# test-timeout: 600
. "${HOZEN_TESTS:?}/integration/kit.sh"

make_passphrase
export HOZEN_REPO="$T/good"
with_pass 0 "$HB" init
tree "$T/src" 31 --files 60
backup 0 "$T/src"
first=$(field snapshot_id)
cp -a "$T/src" "$T/was"
find "$T/good/packs" -type f >"$T/packs1"
mkdir "$T/src/second"
head -c 400000 /dev/urandom >"$T/src/second/random"
backup 0 "$T/src"
random_pack=packs/$(ls -t "$T/good/packs" | head -1)
# The third one writes all folders anew, so that the second one's pack holds no folder that the third one needs.
echo small >"$T/src/second/small"
backup 0 "$T/src"
last=$(field snapshot_id)
with_pass 0 "$HB" key export --role reader --out "$T/reader.key"
unset HOZEN_KEY_FILE
export HOZEN_KEY_FILE="$T/reader.key" HOZEN_REPO="$T/bad"
first_run=index/$(ls -tr "$T/good/index" | head -1)

fresh() {
  rm -rf "$T/bad" && cp -a "$T/good" "$T/bad"
}
# flip NAME AT: one bit; AT below 0 counts from the end.
flip() {
  size=$(stat -c %s "$T/bad/$1")
  at=$((($2 + size) % size))
  byte=$(od -An -tu1 -j $at -N1 "$T/bad/$1")
  # shellcheck disable=SC2059 # the format is the byte
  printf "\\$(printf %o $((byte ^ 64)))" | dd of="$T/bad/$1" bs=1 seek=$at conv=notrunc status=none
}
zero() {
  head -c "$(stat -c %s "$T/bad/$1")" /dev/zero >"$T/bad/$1.zero" && mv "$T/bad/$1.zero" "$T/bad/$1"
}
# found NAME: check sees it and says its name.
found() {
  run 4 "$HB" check --read-data
  says "$1"
}
mends() {
  rm -rf "$T/restored"
  run $whole "$HB" restore "$last" --target "$T/restored"
  same "$T/src" "$T/restored/${T#/}/src"
}
fresh
run 0 "$HB" check --read-data
mends
(cd "$T/good" && find . -type f -printf '%P\n' | sort) >"$T/objects"
for kind in repo admin/ keys/ sessions/ packs/ index/ commits/; do
  grep -q "^$kind" "$T/objects" || fail "no object of kind $kind"
done

# --- one byte anywhere
place=1
while read -r name; do
  place=$(((place * 7 + 4099) % 1000003))
  fresh
  flip "$name" $place
  found "$name"
  mends
done <"$T/objects"
# In headers and in the last block; one byte of every object at once, passphrase slot too.
fresh
while read -r name; do
  flip "$name" 12
done <"$T/objects"
run 4 "$HB" check
mends
with_pass $whole env HOZEN_KEY_FILE="$T/none" "$HB" restore latest --target "$T/by-pass"
fresh
while read -r name; do
  flip "$name" -1
done <"$T/objects"
run 4 "$HB" check --read-data
while read -r name; do
  says "$name"
done <"$T/objects"
mends

# --- gone, or beyond mending, while there is a copy; and the copy
grep '\.copy$' "$T/objects" | sed 's/\.copy$//' >"$T/twins"
[ "$(wc -l <"$T/twins")" -ge 7 ] || fail 'copies are missing'
while read -r name; do
  fresh
  rm "$T/bad/$name"
  found "$name"
  fresh
  zero "$name"
  found "$name"
  fresh
  rm "$T/bad/$name.copy"
  found "$name.copy"
done <"$T/twins"
for name in repo "admin/$(basename "$T"/good/admin/repo.*)"; do
  fresh
  rm "$T/bad/$name"
  found "$name"
  mends
done
# All that have a copy, at once.
fresh
while read -r name; do
  rm "$T/bad/$name"
done <"$T/twins"
run 4 "$HB" check
mends
with_pass 0 env HOZEN_KEY_FILE="$T/none" "$HB" ls latest

# --- a pack is lost: by zeros, by deletion, cut in half, exchanged for another. The other files come back.
others() {
  found "$random_pack"
  rm -rf "$T/restored"
  run 4 "$HB" restore "$last" --target "$T/restored"
  says 'second/random'
  [ ! -e "$T/restored/${T#/}/src/second/random" ] || fail 'a file without its content stands under its name'
  [ "$(cat "$T/restored/${T#/}/src/second/small")" = small ] || fail 'another file of the folder is gone'
  rm -r "$T/restored/${T#/}/src/second"
  touch -r "$T/was" "$T/restored/${T#/}/src"
  same "$T/was" "$T/restored/${T#/}/src"
  rm -rf "$T/restored"
  run $whole "$HB" restore "$first" --target "$T/restored"
  same "$T/was" "$T/restored/${T#/}/src"
}
fresh
zero "$random_pack"
others
fresh
rm "$T/bad/$random_pack"
others
run 4 "$HB" check
fresh
truncate -s 300000 "$T/bad/$random_pack"
others
run 4 "$HB" check
fresh
head -c "$(stat -c %s "$T/bad/$random_pack")" /dev/urandom >"$T/bad/$random_pack"
others

# --- a little too short, or too long: mended, and said
fresh
truncate -s -4096 "$T/bad/$random_pack"
found "$random_pack"
mends
fresh
truncate -s -1000 "$T/bad/$random_pack"
found "$random_pack"
mends
fresh
echo more >>"$T/bad/$random_pack"
found "$random_pack"
mends

# --- a run or a commit is lost
fresh
zero "$first_run"
found "$first_run"
run 4 "$HB" restore "$first" --target "$T/r-run"
fresh
commit=$(ls -tr "$T/good/commits" | head -1)
zero "commits/$commit"
found "commits/$commit"
run 4 "$HB" snapshots
prints "$(echo "$last" | cut -c1-8)"
if grep -q "$(echo "$first" | cut -c1-8)" "$T/out"; then fail 'a destroyed commit is listed'; fi
mends
fresh
rm "$T/bad/commits/$commit" # a gap in the chain that nobody accepted
run 4 "$HB" check
mends

# --- packs exchanged for each other
fresh
other=packs/$(basename "$(cat "$T/packs1")")
cp "$T/good/$other" "$T/bad/$random_pack"
cp "$T/good/$random_pack" "$T/bad/$other"
found "$random_pack"
says "$other"
run 4 "$HB" restore "$last" --target "$T/r-exchanged"
