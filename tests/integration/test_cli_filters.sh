#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# --host, --path and --tag choose among snapshots, wherever one is named or all are listed.
. "${HOZEN_TESTS:?}/integration/cli.sh"
make_repo
make_source
mkdir "$T/etc"
echo e >"$T/etc/file"

# snapshot NAME ARGUMENT...: makes one and remembers its id as $T/id.NAME.
snapshot() {
  name=$1
  shift
  run 0 "$HB" --json create "$@"
  sed -n 's/.*"snapshot_id":"\([0-9a-f]*\)".*/\1/p' "$T/out" >"$T/id.$name"
}
snapshot 1 --host web1 --tag nightly "$T/src"
snapshot 2 --host web1 --tag weekly --tag kept "$T/src" "$T/etc"
snapshot 3 --host web2 --tag nightly "$T/etc"
snapshot 4 --host db "$T/etc"
with_pass 0 "$HB" key export --role reader --out "$T/reader.key"
export HOZEN_KEY_FILE="$T/reader.key"

# listed NAMES OPTION...: snapshots lists exactly these, in this order.
listed() {
  names=$1
  shift
  run 0 "$HB" --json snapshots "$@"
  sed -n 's/.*[{,]"id":"\([0-9a-f]*\)".*/\1/p' "$T/out" >"$T/listed"
  for n in $names; do
    cat "$T/id.$n"
  done >"$T/want"
  cmp -s "$T/want" "$T/listed" || { cat "$T/listed" >&2; fail "snapshots $* lists other than $names"; }
}
listed '1 2 3 4'
listed '1 2' --host web1
listed '1 2 3' --host web1 --host web2
listed '2' --host web1 --tag kept
listed '1 3' --tag nightly
listed '1 2 3' --tag nightly --tag weekly
listed '2 3 4' --path "$T/etc"
listed '2 3 4' --path "$T/etc/"
listed '2' --path "$T/etc" --host web1
listed '' --path "$T"
listed '' --host web
listed '' --host web1 --tag none
run 0 "$HB" snapshots --host nobody
prints 'no such snapshots'
run 2 "$HB" snapshots --path etc
run 2 "$HB" snapshots --host

# latest NAME OPTION...: 'latest' is that one.
latest() {
  name=$1
  shift
  rm -rf "$T/r"
  run "$whole" "$HB" --json restore latest --target "$T/r" "$@"
  prints "\"snapshot_id\":\"$(cat "$T/id.$name")\""
}
whole=0
[ "$(id -u)" -eq 0 ] || whole=3
latest 4
latest 2 --host web1
latest 3 --tag nightly
latest 2 --path "$T/src"
run 0 "$HB" ls latest --host web1
prints 'src/one'
run 0 "$HB" ls latest --host web2
if grep -q 'src/one' "$T/out"; then fail 'ls of another host'; fi
run 0 "$HB" cat latest "$T/src/one" --tag weekly
prints '^one$'
run 0 "$HB" ls 2999-01-01 --host web1
prints 'src/one'
run 1 "$HB" ls latest --host nobody
says 'no snapshot of that host'
run 0 "$HB" ls "$(cat "$T/id.1")" --host web1
run 1 "$HB" ls "$(cat "$T/id.1")" --host web2
