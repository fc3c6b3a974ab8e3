#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Several snapshots of a tree that changes, in both suites: each restores exactly, whatever was made after it.
# test-label: tsan
# test-timeout: 600
. "${HOZEN_TESTS:?}/integration/kit.sh"
make_passphrase

for suite in 1 2; do
  host "suite$suite"
  export HOZEN_REPO="$T/repo$suite"
  with_pass 0 "$HB" init --suite $suite
  make_reader
  tree "$T/src$suite" $suite --large 9000000
  aged
  for i in 1 2 3; do
    backup 0 --tag "$i" "$T/src$suite"
    expect complete true
    expect alarms ''
    field snapshot_id >"$T/id$i"
    cp -a "$T/src$suite" "$T/was$suite.$i"
    [ "$i" = 1 ] || [ "$(field files_unmodified)" -gt 80 ] || fail 'unchanged files were not recognised'
    change "$T/src$suite" "$i"
  done
  with_pass 0 "$HB" check --read-data
  for i in 1 2 3; do
    rm -rf "$T/restored"
    with_reader $whole "$HB" restore "$(cat "$T/id$i")" --target "$T/restored" --verify
    same "$T/was$suite.$i" "$T/restored/${T#/}/src$suite"
  done
  with_pass $whole "$HB" restore latest --target "$T/some$suite" '/**/*.moved'
  [ -z "$(find "$T/some$suite" -type f ! -name '*.moved')" ] || fail 'a pattern restored what it does not match'
done
