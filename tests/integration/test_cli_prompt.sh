#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Prompts, progress and signals on a terminal (a pseudo terminal made by python3).
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/cli.sh"
command -v python3 >/dev/null || exit 77

tty() {
  python3 "$tests/integration/on_terminal.py" "$@" >"$T/out" 2>&1 || { cat "$T/out" >&2; fail "$*"; }
}

export HOZEN_REPO="$T/repo" TERM=xterm
# Twice the same makes a repository; otherwise, and empty, nothing is made.
tty 5 'passphrase:=one' 'again:=two' -- "$HB" init
prints 'not the same'
[ ! -e "$T/repo/repo" ] || fail 'a refused passphrase made a repository'
[ ! -e "$T/writer.key" ] || fail 'a refused passphrase made a key file'
tty 5 'passphrase:=' -- "$HB" init
prints 'empty'
tty 0 'passphrase:=secret words' 'again:=secret words' -- "$HB" init
if grep -q 'secret words' "$T/out"; then fail 'the passphrase was shown'; fi

tty 0 'Passphrase:=secret words' -- "$HB" snapshots
tty 5 'Passphrase:=wrong' -- "$HB" snapshots
# ^C and SIGTERM at the prompt: 130; ^\ kills; echo is on again each time (the helper looks).
tty 130 'Passphrase:=abc^C' -- "$HB" snapshots
tty 130 'Passphrase:=^TERM' -- "$HB" snapshots
tty -3 'Passphrase:=abc^Q' -- "$HB" snapshots

# Names cannot drive the terminal.
mkdir "$T/src"
: >"$T/src/$(printf 'a\033[31mb')"
run 0 "$HB" create "$T/src"
tty 0 'Passphrase:=secret words' -- "$HB" ls latest
prints 'a\\x1b\[31mb'
# No colours with NO_COLOR, and not on a dumb terminal.
tty 2 -- "$HB" bogus
prints "$(printf '\033\\[1;31m')"
NO_COLOR=1 tty 2 -- "$HB" bogus
if grep -q "$(printf '\033')" "$T/out"; then fail 'colours in spite of NO_COLOR'; fi
