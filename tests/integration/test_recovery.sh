#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Disaster recovery: all that is left is the repository, and a passphrase or a reader's key file.
. "${HOZEN_TESTS:?}/integration/kit.sh"

make_passphrase
host first
with_pass 0 "$HB" init
tree "$T/src" 3
backup 0 "$T/src"
with_pass 0 "$HB" key export --role lister --out "$T/lister.key"
with_pass 0 "$HB" key export --role reader --out "$T/reader.key"
change "$T/src" 4
backup 0 "$T/src"
mv "$T/src" "$T/was" # the disaster: machine, data, key, state and cache are gone
rm -rf "$T/first"
cp -a "$T/repo" "$T/moved" && rm -rf "$T/repo"
export HOZEN_REPO="$T/moved"

# gone DIR: what was restored there is what was lost.
gone() {
  same "$T/was" "$1/${T#/}/src"
}

# --- the passphrase alone, on a machine that has never seen the repository
host new
rm -rf "$T/new"
mkdir "$T/new"
with_pass 0 "$HB" snapshots
with_pass 0 "$HB" check --read-data
prints 'no damage'
with_pass $whole "$HB" restore latest --target "$T/r1" --verify
gone "$T/r1"
run $whole sh -c 'printf "correct horse" | "$0" restore latest --target "$1" --passphrase-fd 0' "$HB" "$T/r2"
gone "$T/r2"

# --- a reader's key file alone
host newer
run $whole "$HB" restore latest --key-file "$T/reader.key" --target "$T/r3"
gone "$T/r3"
run 0 "$HB" check --read-data --key-file "$T/reader.key"
HOZEN_KEY_FILE=$T/reader.key run $whole "$HB" restore latest --target "$T/r4"

# --- a lister's key file lists and restores nothing
run 0 "$HB" snapshots --key-file "$T/lister.key"
run 0 "$HB" ls latest --key-file "$T/lister.key"
prints 'hard0'
run 0 "$HB" stats --key-file "$T/lister.key"
run 0 "$HB" key list --key-file "$T/lister.key"
run 0 "$HB" check --key-file "$T/lister.key"
run 5 "$HB" restore latest --key-file "$T/lister.key" --target "$T/none"
says reader
run 5 "$HB" check --read-data --key-file "$T/lister.key"
[ ! -e "$T/none" ] || fail 'a refused restore made its target'

# --- with neither: nothing, and the role that is needed
run 5 "$HB" snapshots
says lister
run 5 "$HB" restore latest --target "$T/none"
says reader
run 0 "$HB" check
prints 'not checked'

# --- the new machine goes on backing up with a key of its own
with_pass 0 "$HB" key export --role writer --out "$HOZEN_KEY_FILE"
backup 0 "$T/r1/${T#/}/src"
expect alarms ''
with_pass $whole "$HB" restore latest --target "$T/r5"
same "$T/was" "$T/r5/${T#/}/r1/${T#/}/src"
with_pass 0 "$HB" check --read-data
