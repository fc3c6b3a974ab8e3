#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Where the passphrase comes from, in which order, and what is refused.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/cli.sh"

make_repo
printf 'wrong\n' >"$T/wrong"
chmod 600 "$T/wrong"

# Each way opens the repository; the earlier one wins.
with_pass 0 "$HB" snapshots
run 0 env HOZEN_PASSPHRASE_COMMAND='echo correct horse' "$HB" snapshots
run 0 env HOZEN_PASSPHRASE_FILE="$T/pass" HOZEN_PASSPHRASE_COMMAND='echo wrong' "$HB" snapshots
run 0 env HOZEN_PASSPHRASE_FILE="$T/wrong" sh -c '"$0" snapshots --passphrase-fd 3 3<"$1"' "$HB" "$T/pass"
run 0 sh -c 'printf "correct horse" | "$0" snapshots --passphrase-fd=0' "$HB"
run 5 env HOZEN_PASSPHRASE_FILE="$T/pass" sh -c '"$0" snapshots --passphrase-fd 3 3<"$1"' "$HB" "$T/wrong"

# One newline is dropped, not two; a carriage return belongs to the passphrase.
printf 'correct horse\n\n' >"$T/wrong"
run 5 env HOZEN_PASSPHRASE_FILE="$T/wrong" "$HB" snapshots
printf 'correct horse\r\n' >"$T/wrong"
run 5 env HOZEN_PASSPHRASE_FILE="$T/wrong" "$HB" snapshots

# Empty, from everywhere.
: >"$T/empty"
chmod 600 "$T/empty"
run 5 env HOZEN_PASSPHRASE_FILE="$T/empty" "$HB" snapshots
says empty
echo >"$T/empty"
run 5 env HOZEN_PASSPHRASE_FILE="$T/empty" "$HB" snapshots
run 5 env HOZEN_PASSPHRASE_COMMAND=true "$HB" snapshots
run 5 env HOZEN_PASSPHRASE_FILE="$T/empty" HOZEN_KEY_FILE="$T/k2" "$HB" init --repo "$T/repo2"
run 5 sh -c '"$0" snapshots --passphrase-fd 0 </dev/null' "$HB"

# A command that fails is not believed.
run 5 env HOZEN_PASSPHRASE_COMMAND='echo correct horse; exit 3' "$HB" snapshots
says 'status 3'
run 5 env HOZEN_PASSPHRASE_COMMAND='kill -9 $$' "$HB" snapshots
says 'signal 9'

# Files that others can read, or that are another's.
for mode in 640 604 660 644; do
  chmod $mode "$T/pass"
  run 5 env HOZEN_PASSPHRASE_FILE="$T/pass" "$HB" snapshots
  says 'others can read'
done
chmod 600 "$T/pass"
if [ "$(id -u)" -eq 0 ]; then
  chown 65534 "$T/pass"
  run 5 env HOZEN_PASSPHRASE_FILE="$T/pass" "$HB" snapshots
  says 'another user'
  chown 0 "$T/pass"
fi
run 1 env HOZEN_PASSPHRASE_FILE="$T/missing" "$HB" snapshots

# Nobody to ask: refused, and the role that would do is named. The key file here is a writer's.
run 5 "$HB" snapshots
says lister
run 5 "$HB" check --read-data
says reader
run 5 "$HB" --json snapshots
prints '"code":"AUTH"'
# check without a passphrase looks at what it can and says so.
run 0 "$HB" check
prints 'not checked'
