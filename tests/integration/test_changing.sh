#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Files that change while they are read are read again a few times, then recorded, and said (3): what is restored is a
# state between the first and the last byte, never a crash or a torn length. Files that vanish do no harm.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"

make_repo
make_reader
mkdir "$T/src" "$T/src/coming-and-going"
echo stable >"$T/src/stable"
head -c 30000000 /dev/urandom >"$T/src/growing"
head -c 30000000 /dev/urandom >"$T/src/shrinking"

# Writes without a pause until it is killed: into small files in place, at the end of one, over the length of another;
# makes and removes names.
python3 - "$T/src" <<'END' &
import os, sys
os.chdir(sys.argv[1])
grow = os.open("growing", os.O_WRONLY | os.O_APPEND)
shrink = os.open("shrinking", os.O_RDWR)
torn = os.open("torn", os.O_RDWR | os.O_CREAT)
n = 0
while True:
    n += 1
    os.write(grow, b"x" * 1000)
    os.ftruncate(shrink, 30000000 - n % 1000 * 20000)
    os.pwrite(torn, b"%020d\n" % n * 10000, 0)
    for i in range(5):
        name = "coming-and-going/%d" % (n * 5 + i)
        open(name, "w").close()
        os.unlink(name)
    if n == 20:
        open("ready", "w").close()
END
writer=$!
# shellcheck disable=SC2064 # the pid of now
trap "kill $writer 2>/dev/null; cleanup" EXIT
while [ ! -e "$T/src/ready" ]; do
  kill -0 $writer || fail 'the writer ended'
  sleep 0.1
done
backup 3 "$T/src"
expect complete false
[ "$(field snapshot_id)" != none ] || fail 'no snapshot'
grep -q '"code":"SOURCE".*changed' "$T/out" || { cat "$T/out" >&2; fail 'nothing says that a file changed'; }
backup 3 "$T/src"
kill $writer
wait $writer 2>/dev/null
with_reader 0 "$HB" check --read-data
with_reader $whole "$HB" restore latest --target "$T/restored" --verify
r=$T/restored/${T#/}/src
[ "$(cat "$r/stable")" = stable ] || fail 'a file that did not change'
cmp -n "$(stat -c %s "$r/growing")" "$r/growing" "$T/src/growing" || fail 'a file that only grew is not a piece of what it became'
with_reader 0 "$HB" --json ls latest
grep -q '"changed_while_read":true' "$T/out" || fail 'the snapshot does not know which files changed'
grep '/stable"' "$T/out" | grep -q '"changed_while_read":false' || fail 'a quiet file is taken for one that changed'
# Once it is quiet the next backup is complete, and exact.
backup 0 "$T/src"
expect complete true
restored latest "$T/src"
