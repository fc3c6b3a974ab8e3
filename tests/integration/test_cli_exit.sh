#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every exit code by what a user does. Usage (2) has its own test.
# test-timeout: 600
. "${HOZEN_TESTS:?}/integration/cli.sh"

make_source
# 1: there is no repository; the folder is not one.
export HOZEN_REPO="$T/repo"
run 1 "$HB" create "$T/src"
mkdir "$T/repo"
run 1 "$HB" check
rmdir "$T/repo"
make_passphrase
with_pass 1 "$HB" init --repo nosuchscheme://x

# 0
make_repo
prints 'Keep safe'
prints 'does not protect'
run 0 "$HB" create "$T/src"
prints 'complete'
prints 'not protected from this host'
run 0 "$HB" create -q "$T/src"
silent
# 2: less memory than any backup takes; what it takes is enough.
run 2 "$HB" create --memory 10M "$T/src"
says 'it takes [0-9]* MiB at least'
with_pass 2 "$HB" check --memory 10240K
run 0 "$HB" create -q --workers 1 --memory "$(sed -n 's/.*takes \([0-9]*\) MiB at least.*/\1/p' "$T/err")M" "$T/src"
run 0 "$HB" check --workers 1
run 0 "$HB" check
with_pass 0 "$HB" check --read-data
prints 'no damage found'
with_pass 0 "$HB" snapshots
prints "$T/src"
with_pass 0 "$HB" ls latest "${T#/}/src"
prints 'sub/two'
with_pass 0 "$HB" stats
with_pass 0 "$HB" key list
with_pass 0 "$HB" restore latest --target "$T/dry" --dry-run
[ ! -e "$T/dry/${T#/}/src/one" ] || fail 'a dry run restored'
with_pass 0 "$HB" restore latest --target "$T/out1" --verify
diff -r --no-dereference "$T/src" "$T/out1/${T#/}/src" || fail 'restored content differs'
run 0 sh -c 'cd "$1" && "$0" create .' "$HB" "$T/src"
with_pass 0 "$HB" restore latest --target "$T/out2"
diff -r --no-dereference "$T/src" "$T/out2" || fail 'create . did not restore directly under the target'
run 0 "$HB" create --dry-run "$T/src"
prints 'dry run'

# 1: nothing of that name.
run 1 "$HB" create "$T/nothing"
with_pass 1 "$HB" restore 00000000000000000000 --target "$T/x"
with_pass 1 "$HB" ls 1970-01-02
with_pass 1 "$HB" ls latest no/such/path
with_pass 1 "$HB" restore latest 'no-such-*' --target "$T/x"

# 2: the library finds it, the command line is to blame.
run 2 "$HB" create "$T/../$T/src"
run 2 "$HB" --json create "$T/src/sub/../one"
prints '"exit":2'

# 3: done, with exceptions.
run 3 "$HB" create "$T/src" "$T/nothing"
says nothing
prints INCOMPLETE
run 3 "$HB" create -q "$T/src" "$T/nothing"
says nothing
with_pass 3 "$HB" restore latest --target "$T/out1" --into-existing
says 'left as they are'

# 5: refused.
printf 'wrong\n' >"$T/wrong"
chmod 600 "$T/wrong"
run 5 env HOZEN_PASSPHRASE_FILE="$T/wrong" "$HB" snapshots
with_pass 5 "$HB" init
with_pass 5 "$HB" init --repo "$T/other"
[ ! -e "$T/other/repo" ] || fail 'init over a key file left a repository'
with_pass 5 "$HB" restore latest --target "$T/out1"
with_pass 0 "$HB" key export --role lister --out "$T/lister.key"
with_pass 5 "$HB" key export --role lister --out "$T/lister.key"
[ "$(stat -c %a "$T/lister.key")" = 600 ] || fail 'a key file that others can read'
run 0 "$HB" snapshots --key-file "$T/lister.key"
run 5 "$HB" restore latest --target "$T/x" --key-file "$T/lister.key"
says reader
chmod 644 "$T/lister.key"
run 5 "$HB" snapshots --key-file "$T/lister.key"
run 5 "$HB" create --key-file "$T/nokey" "$T/src"
run 5 "$HB" create "$T/repo/packs"

# 4: damage.
cp -a "$T/repo" "$T/damaged"
pack=$(find "$T/damaged/packs" -type f | head -1)
printf 'DAMAGE' | dd of="$pack" bs=1 seek=2000 conv=notrunc 2>/dev/null
with_pass 4 env HOZEN_STATE_DIR="$T/state4" "$HB" check --read-data --repo "$T/damaged"
says DAMAGE
rm "$pack"
run 4 env HOZEN_STATE_DIR="$T/state4" "$HB" check --repo "$T/damaged"
