#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Help, version, and everything that ends with exit code 2. None of it needs a repository.
. "${HOZEN_TESTS:?}/integration/cli.sh"

run 0 "$HB" --help
prints 'Commands:'
prints 'Exit codes:'
run 0 "$HB" help
run 0 "$HB" --version
prints '^hozen-backup [0-9]'
run 0 "$HB" --version --json
prints '"type":"version"'
for c in init create snapshots ls stats restore check 'key list' 'key export'; do
  # shellcheck disable=SC2086 # two words
  run 0 "$HB" $c --help
  prints 'Examples:'
  prints "^Usage: hozen-backup $c"
  # shellcheck disable=SC2086
  run 0 "$HB" -h $c
  # shellcheck disable=SC2086
  run 0 "$HB" help $c
done

run 2 "$HB"
says 'no command'
run 2 "$HB" bogus
says "unknown command 'bogus'"
run 2 "$HB" key
run 2 "$HB" key bogus
run 2 "$HB" --bogus create /x
says 'unknown option --bogus'
says 'see: hozen-backup --help'
run 2 "$HB" create --bogus /x
says 'see: hozen-backup create --help'
run 2 "$HB" create -Z /x
says 'unknown option -Z'
run 2 "$HB" create --suite 1 /x
run 2 "$HB" --suite 1 create /x
says 'create has no option --suite'
run 2 "$HB" create --json=yes /x
says 'takes no value'
run 2 "$HB" create /x --tag
says 'needs a value'

export HOZEN_REPO="$T/repo"
run 2 "$HB" create
says 'needs PATH'
run 2 "$HB" ls
run 2 "$HB" ls a b c
says "unexpected argument 'c'"
run 2 "$HB" snapshots x
run 2 "$HB" restore latest
says 'target'
run 2 "$HB" restore latest --target ''
run 2 "$HB" init --suite 3
run 2 "$HB" init --suite x
run 2 "$HB" create --wait -1 /x
run 2 "$HB" create --wait 1h /x
run 2 "$HB" create --trust some /x
run 2 "$HB" snapshots --passphrase-fd -1
run 2 "$HB" snapshots --passphrase-fd abc
for n in 0 65 -1 x 2x ''; do
  run 2 "$HB" snapshots --workers "$n"
  says 'workers'
done
for n in 0 0M -1 M 100T 1MM 1.5G '' 99999999999999999999 18000000000G; do
  run 2 "$HB" snapshots --memory "$n"
  says 'no size'
done
run 2 "$HB" key export --out "$T/k"
run 2 "$HB" key export --role writer
run 2 "$HB" key export --role admin --out "$T/k"
run 2 "$HB" key export --role lister --join x --out "$T/k"
run 2 env -u HOZEN_REPO "$HB" snapshots
says 'no repository'
run 2 env HOZEN_REPO= "$HB" snapshots
run 1 "$HB" create --exclude-from "$T/missing" /x
run 1 "$HB" create --exclude-from "$T" /x

# With --json a failure is a line on stdout too.
run 2 "$HB" --json bogus
prints '"type":"error".*"code":"USAGE".*"exit":2'
run 2 "$HB" create --json
prints '"exit":2'
# After -- it is an argument.
run 2 "$HB" ls a b -- --json
says "unexpected argument '--json'"

# Output that could not be written is a failure.
"$HB" --help >/dev/full 2>"$T/err" && fail '--help into a full device succeeded'
says 'standard output'
"$HB" --version --json >/dev/full 2>"$T/err"
[ $? -eq 1 ] || fail 'a line of JSON into a full device is not exit 1'
"$HB" --version >&- 2>"$T/err" && fail '--version into a closed stdout succeeded'
"$HB" bogus >&- 2>"$T/err"
[ $? -eq 2 ] || fail 'a closed stdout that nobody writes to changed the exit code'
[ ! -e "$T/repo" ] || fail 'a usage error made something'
