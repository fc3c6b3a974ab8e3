#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The man page and the README name every command, option and variable that the program has.
. "${HOZEN_TESTS:?}/integration/cli.sh"
docs=$tests/../docs

document() { # TOOL [COMMANDS: at least]
  man=$docs/man/$(basename "$1").1
  run 0 "$1" --help
  sed -n 's/^  \([a-z][a-z ]*[a-z]\)   *.*/\1/p' "$T/out" | sed '/HOZEN/d' >"$T/commands"
  [ "$(wc -l <"$T/commands")" -ge "${2:-3}" ] || fail 'the list of commands was not understood'
  grep -o 'HOZEN_[A-Z_]*' "$T/out" | sort -u >"$T/variables"
  while read -r c; do
    grep -q "^\.Ss $c\$" "$man" || fail "man page lacks the command $c"
    grep -q "\`$c" "$tests/../README.md" || fail "README lacks the command $c"
    # shellcheck disable=SC2086
    run 0 "$1" $c --help
    sed -n 's/^ *\(-[a-zA-Z], \)\{0,1\}--\([a-z-]*\).*/\2/p' "$T/out" | sort -u >"$T/options"
    [ -s "$T/options" ] || fail "the options of $c were not understood"
    while read -r o; do
      grep -q "Fl -$o\b" "$man" || fail "man page lacks --$o of $c"
    done <"$T/options"
  done <"$T/commands"
  while read -r v; do
    grep -q "Ev $v" "$man" || fail "man page lacks $v"
    grep -q "$v" "$tests/../README.md" || fail "README lacks $v"
  done <"$T/variables"

  if command -v groff >/dev/null; then
    groff -mandoc -Tutf8 -ww -z "$man" 2>"$T/err" || fail 'groff'
    [ ! -s "$T/err" ] || { cat "$T/err" >&2; fail 'groff has warnings'; }
  fi
}
document "$HB"
document "$HV"
document "$HE" 1
