#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# hozen-verify repo: each level looks at what it says and sees the damage of that level; a sample has its confidence, and the
# same seed reads the same packs.
. "${HOZEN_TESTS:?}/integration/kit.sh"
make_repo
make_reader
mkdir "$T/src"
for i in 1 2 3 4 5 6 7 8 9 10; do
  head -c 20000 /dev/urandom >"$T/src/$i"
  run 0 "$HB" create "$T/src"
done
packs=$(repo_files packs)
[ "$packs" -ge 10 ] || fail "only $packs packs"
writer=$HOZEN_KEY_FILE

# verify CODE ARGUMENT...
verify() {
  want_verify=$1
  shift
  run "$want_verify" "$HV" --json repo "$@"
}
record() {
  python3 - "$HOZEN_STATE_DIR/evidence" "$@" <<'P'
import json, sys
folder, *keys = sys.argv[1:]
name = open(folder + "/log").read().split("\n")[-2].split(" ")[0]
v = json.load(open("%s/records/%s.json" % (folder, name)))["predicate"]
for key in keys:
  v = v[key]
print(v if isinstance(v, str) else json.dumps(v))
P
}

# --- what each level looks at, and what is said of the rest
export HOZEN_KEY_FILE="$reader"
verify 0 --level L0
expect looked_at structure
expect confidence null
record not_checked | grep -q 'folders and file lists of every snapshot: it is of level L1' || fail 'L0 passes for more'
verify 0
expect level L1
expect looked_at structure,trees
record not_checked | grep -q 'every byte against its checksum: it is of level L2' || fail 'L1 passes for more'
verify 0 --level L2
expect looked_at structure,trees,checksums,content
expect confidence "$packs of $packs packs, none bad"
[ "$(record kind) $(record controls)" = 'verify ["8.13", "8.34"]' ] || fail 'kind or controls of the record'
[ "$(record result schema)" = repo_summary-v1 ] || fail 'the record lacks the summary'
HOZEN_KEY_FILE=$writer verify 0
expect looked_at structure
record not_checked | grep -q 'folders and file lists.*the key at hand does not open' || fail 'what the key does not open is not said'
HOZEN_KEY_FILE=$writer run 5 "$HV" repo --level L2

# --- samples: (1 - 1/5)^4 is the first power that is at most a half
verify 0 --confidence 50 --bad 20
expect sample_packs 4
expect sample_of_packs "$packs"
expect confidence "4 of $packs packs, none bad: with 50 % confidence fewer than 20 % are bad"
[ "$(record result seed)" = "$(field seed)" ] || fail 'the seed is not recorded'
for pair in '99 45' '95 30' '75 50' '99.9 60' '10 5'; do
  # shellcheck disable=SC2086 # two numbers
  set -- $pair
  verify 0 --confidence "$1" --bad "$2%"
  expect sample_packs "$(python3 -c "import math; print(math.ceil(round(math.log(1 - $1 / 100) / math.log(1 - $2 / 100), 9)))")"
done
verify 0 --confidence 99 --bad 1
expect confidence "$packs of $packs packs, none bad"
expect seed none
verify 0 --sample 30%
n=$(((packs * 3 + 9) / 10))
bound=$(python3 -c "
import math
p = 100 * (1 - 0.01 ** (1 / $n))
print('%g' % math.ceil(p) if p >= 10 else '')")
expect confidence "$n of $packs packs, none bad: with 99 % confidence fewer than $bound % are bad"

run 2 "$HV" repo --level L3
run 2 "$HV" repo --level L1 --sample 3%
run 2 "$HV" repo --seed 3
run 2 "$HV" repo --bad 1
run 2 "$HV" repo --confidence 99
run 2 "$HV" repo --confidence 100 --bad 1
run 2 "$HV" repo --confidence 99 --bad 1 --sample 1%
run 2 "$HV" repo --sample 0

# --- damage that only reading shows; a seed finds it always or never
pack=$(ls "$T"/repo/packs/* | head -1)
python3 -c '
import sys
with open(sys.argv[1], "r+b") as f:
  f.seek(9000)
  byte = f.read(1)[0]
  f.seek(9000)
  f.write(bytes([byte ^ 0x5a]))
' "$pack"
verify 0
verify 4 --level L2
expect num_errors 1
expect mendable 1
expect confidence "$packs of $packs packs, and there is damage"
[ "$(record outcome)" = damage ] || fail 'the record does not say damage'
record failures | grep -q "packs/" || fail 'the record does not name the pack'
seed=0
for want in 0 4; do
  while seed=$((seed + 1)); do
    [ $seed -lt 200 ] || fail "no seed gives exit $want"
    "$HV" --json repo --sample 50% --seed $seed >"$T/out" 2>"$T/err" </dev/null
    [ $? -ne $want ] || break
  done
  verify $want --sample 50% --seed $seed
done
expect seed $seed
grep -q 'nothing follows for the others' "$T/out" || fail 'a sample with damage says something of the others'

# --- chance may leave the pack out for years: in turn it is read, and a run is repeated with what it printed
rounds=0 found=
while [ $rounds -lt $((packs + 1)) ] && [ -z "$found" ]; do
  rounds=$((rounds + 1))
  "$HV" --json repo --sample 0.1% >"$T/out" 2>"$T/err" </dev/null
  [ $? -ne 4 ] || found=1
  expect sample_packs 1
  expect turn_packs 1
done
[ -n "$found" ] || fail "$packs packs, each had its turn, and the damage was not found"
turn=$(field turn_from) seed=$(field seed)
[ "$(record result turn_from)" = "$turn" ] || fail 'where the turn began is not recorded'
verify 4 --sample 0.1% --seed "$seed" --turn "$turn"
expect turn_from "$turn"
run 2 "$HV" repo --sample 1% --turn "$turn"
run 2 "$HV" repo --sample 1% --seed 1 --turn 4294967296

# --- what is missing or too short shows at L0
chmod 600 "$pack"
truncate -s -4096 "$pack"
verify 4 --level L0
rm "$pack"
verify 4 --level L0
record failures | grep -q missing || fail 'nobody says that the pack is missing'
