#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# check --read-data=PERCENT reads some packs whole; the same seed reads the same ones, and finds what is wrong with them.
. "${HOZEN_TESTS:?}/integration/kit.sh"
make_repo
mkdir "$T/src"
for i in 1 2 3 4 5 6 7 8 9 10; do
  head -c 20000 /dev/urandom >"$T/src/$i"
  run 0 "$HB" create "$T/src"
done
with_pass 0 "$HB" key export --role reader --out "$T/reader.key"
export HOZEN_KEY_FILE="$T/reader.key"
packs=$(repo_files packs)
[ "$packs" -ge 10 ] || fail "only $packs packs"

run 0 "$HB" --json check --read-data
[ "$(field seed)" = none ] || fail 'a seed without a part'
all=$(field bytes_read)
run 0 "$HB" --json check --read-data=10%
expect sample_packs $(((packs + 9) / 10))
expect sample_of_packs "$packs"
[ "$(field bytes_read)" -lt "$all" ] || fail 'a tenth reads as much as all'
run 0 "$HB" --json check --read-data=100%
[ "$(field bytes_read)" -eq "$all" ] || fail '100% is not all'
expect seed none
run 0 "$HB" check --read-data=0.1
prints "of 1 of $packs packs"

# One pack is damaged where only reading it shows that; each seed finds it always or never.
pack=$(ls "$T"/repo/packs/* | head -1)
python3 -c '
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(9000)
    byte = f.read(1)[0]
    f.seek(9000)
    f.write(bytes([byte ^ 0x5a]))
' "$pack"
run 4 "$HB" check --read-data
run 0 "$HB" check
seed=0
for want in 0 4; do
  while seed=$((seed + 1)); do
    [ $seed -lt 200 ] || fail "no seed gives exit $want"
    "$HB" --json check --read-data=50% --seed $seed >"$T/out" 2>"$T/err" </dev/null
    [ $? -ne $want ] || break
  done
  expect seed $seed
  run $want "$HB" check --read-data=50% --seed $seed
done

run 2 "$HB" check --read-data=0%
run 2 "$HB" check --read-data=101%
run 2 "$HB" check --read-data=ten
run 2 "$HB" check --read-data=
run 2 "$HB" check --seed 7
run 2 "$HB" check --read-data=10% --seed 0
