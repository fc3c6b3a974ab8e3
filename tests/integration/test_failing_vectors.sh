#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test-timeout: 300
# What must be refused is refused, for the reason that tests/vectors/objects/index.json gives, by the reader in Python and by
# check; and what only looks odd is accepted by both.
command -v python3 >/dev/null || exit 77
# shellcheck source=tests/integration/cli.sh
. "${HOZEN_TESTS:?}/integration/cli.sh"
vectors=$tests/vectors

# The second implementations themselves, against the vectors that the unit tests read too.
for script in make_object make_chunker check_crypto check_tree check_reader; do
  python3 "$vectors/$script.py" || fail "$script.py"
done
python3 "$vectors/make_failing.py" "$tests/compat/v1-suite1" --out "$T/cases" || fail 'the reader in Python disagrees'

# One line a case: name, error, snapshots, and whether the tool is known to differ.
python3 -c '
import json, sys
for c in json.load(open(sys.argv[1])):
    print(c["name"], c["expect"], c.get("snapshots", "-"), "differs" if "differs" in c else "-")
' "$vectors/objects/index.json" >"$T/list" || fail 'no index of the cases'

# as_expected NAME ERROR SNAPSHOTS: of what is in $got, $T/out and $T/err.
as_expected() {
  case $2 in
    OK) want=0 ;;
    DAMAGE | CORRUPT) want=4 ;;
    AUTH) want=5 ;;
    *) want=1 ;;
  esac
  [ "$got" -eq $want ] || return 1
  case $2 in
    OK | DAMAGE) grep -q "\"snapshots\":$3," "$T/out" ;;
    CORRUPT) : ;;
    *) grep -q "\"code\":\"$2\"" "$T/out" ;;
  esac
}

bad=0
cases=0
while read -r name error snapshots differs; do
  cases=$((cases + 1))
  export HOZEN_STATE_DIR="$T/state/$name"
  setsid -w "$HB" check --read-data --json --repo "$T/cases/$name/repo" --key-file "$T/cases/$name/reader.key" \
    >"$T/out" 2>"$T/err" </dev/null
  got=$?
  if as_expected "$name" "$error" "$snapshots"; then
    [ "$differs" = - ] || echo "$name: no longer differs; its mark can go"
    continue
  fi
  echo "$name: $error expected, exit $got"
  if [ "$differs" = - ]; then
    sed 's/^/  /' "$T/out" "$T/err" >&2
    bad=$((bad + 1))
  fi
done <"$T/list"
[ $cases -gt 100 ] || fail "$cases cases only"
[ $bad -eq 0 ] || fail "$bad of $cases cases"
