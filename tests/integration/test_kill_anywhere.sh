#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# kill -9 at a random moment of init, of a first and of a later create, and of a restore, in turn: no damage is left, the
# last commit restores exactly, and the next run goes on without an alarm. KILLS=n: how often (hundreds: see CONTRIBUTING);
# the moments are drawn anew in each run, SEED=n repeats one.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"

seed=${SEED:-$(date +%s)}
kills=${KILLS:-4}
echo "SEED=$seed KILLS=$kills"
now() {
  date +%s%N
}

# doomed I KIND COMMAND...: kills the command within about took_KIND nanoseconds, which follows how long it takes.
# $died: 1 when it had not ended before.
doomed() {
  moment_of=$1
  kind=$2
  eval "ns=\$took_$kind"
  shift 2
  moment=$(awk -v s="$seed" -v i="$moment_of" -v ns="$ns" \
    'BEGIN { srand(s + i * 7919); r = rand(); r = rand(); printf "%.4f", r * ns / 1e9 }')
  "$@" >"$T/out1" 2>"$T/err1" </dev/null &
  pid=$!
  sleep "$moment"
  kill -KILL $pid 2>/dev/null
  wait $pid 2>/dev/null
  case $? in
    137) died=1 dead=$((dead + 1)) ns=$((ns + ns / 16)) ;;
    0 | "$whole") died=0 ns=$((ns - ns / 4)) ;;
    *) fail "it failed by itself: $(cat "$T/err1")" ;;
  esac
  eval "took_$kind=$ns"
}
# as_reader CODE COMMAND...: without the passphrase, which takes its time.
as_reader() {
  want_reader=$1
  shift
  run "$want_reader" env HOZEN_KEY_FILE="$T/$of/reader.key" "$@"
}
sound() {
  as_reader 0 "$HB" check --read-data
}
# snapshots: their ids, oldest first, one a line, in $T/ids.
snapshots() {
  as_reader 0 "$HB" --json snapshots
  sed -n 's/.*"type":"snapshot".*"id":"\([0-9a-f]*\)".*/\1/p' "$T/out" >"$T/ids"
}
# exact ID DIR: the snapshot is what DIR, made under the name of $T/src, is.
exact() {
  rm -rf "$T/restored"
  as_reader $whole "$HB" restore "$1" --target "$T/restored"
  same "$2" "$T/restored/${T#/}/src"
}
# next_create: goes on, and stores what is there. Leaves the snapshot's id in last and a copy of the source in was, both
# in the folder of the place.
next_create() {
  backup 0 "$T/src"
  expect alarms ''
  last=$(field snapshot_id)
  echo "$last" >"$T/$of/last"
  rm -rf "$T/$of/was"
  cp -a "$T/src" "$T/$of/was"
  no_temporaries
  sound
  exact "$last" "$T/src"
}

# place NAME: from now on another repository with its own keys, state and cache.
place() {
  of=$1
  host "$1"
  export HOZEN_REPO="$T/$1/repo"
}
reader_key() {
  with_pass 0 "$HB" key export --role reader --out "$T/$of/reader.key"
}

kill_init() {
  rm -rf "$T/init"
  place init
  doomed "$1" init env HOZEN_PASSPHRASE_FILE="$T/pass" "$HB" init
  [ $died = 1 ] || [ -e "$HOZEN_KEY_FILE" ] || fail 'init succeeded without a key file'
  if [ ! -e "$HOZEN_REPO/repo" ]; then
    [ ! -e "$HOZEN_KEY_FILE" ] || fail 'a key file of no repository'
    with_pass 0 "$HB" init
  else
    # It stands. Its key file may be missing yet, and is made anew.
    with_pass 5 "$HB" init
    [ -e "$HOZEN_KEY_FILE" ] || with_pass 0 "$HB" key export --role writer --out "$HOZEN_KEY_FILE"
  fi
  reader_key
  next_create
}

kill_first() {
  rm -rf "$T/first"
  cp -a "$T/fresh" "$T/first"
  place first
  doomed "$1" first "$HB" create -q "$T/src"
  sound
  snapshots
  [ $died = 1 ] || [ -s "$T/ids" ] || fail 'create succeeded without a snapshot'
  [ ! -s "$T/ids" ] || exact "$(cat "$T/ids")" "$T/src"
  next_create
}

kill_later() {
  place long
  last=$(cat "$T/long/last")
  change "$T/src" "$1"
  head -c 4000000 /dev/urandom >"$T/src/large"
  doomed "$1" later "$HB" create -q "$T/src"
  sound
  exact "$last" "$T/long/was"
  snapshots
  newest=$(tail -1 "$T/ids")
  [ $died = 1 ] || [ "$newest" != "$last" ] || fail 'create succeeded without a snapshot'
  [ "$newest" = "$last" ] || exact "$newest" "$T/src"
  next_create
}

# sums DIR: of all files that have their own names.
sums() {
  (cd "$1" && find . -type f ! -name '.hozen-*.part' -print0 | xargs -0 -r sha256sum | sort)
}

kill_restore() {
  place long
  last=$(cat "$T/long/last")
  rm -rf "$T/restored"
  doomed "$1" restore env HOZEN_KEY_FILE="$T/long/reader.key" "$HB" restore -q "$last" --target "$T/restored"
  sound
  # What is there under its own name is whole, and the restore goes on where it was.
  partial="$T/restored/${T#/}/src"
  if [ -d "$partial" ]; then
    sums "$T/long/was" >"$T/all"
    sums "$partial" >"$T/there"
    [ -z "$(comm -13 "$T/all" "$T/there")" ] || fail 'a file is not what it was'
  fi
  if [ -e "$T/restored/.hozen-restore" ]; then
    as_reader $whole "$HB" restore -q "$last" --target "$T/restored" --resume
    same "$T/long/was" "$partial"
  fi
  exact "$last" "$T/long/was"
}

make_passphrase
dead=0
tree "$T/src" 21 --files 60 --large 4000000
place fresh
began=$(now)
with_pass 0 "$HB" init
took_init=$(($(now) - began))
reader_key
cp -a "$T/fresh" "$T/long"
place long
began=$(now)
backup 0 "$T/src"
took_first=$(($(now) - began))
took_later=$took_first
next_create
began=$(now)
exact "$last" "$T/long/was"
took_restore=$(($(now) - began))

i=0
while [ $i -lt "$kills" ]; do
  kill_init $((i + 1))
  kill_first $((i + 2))
  kill_later $((i + 3))
  kill_restore $((i + 4))
  i=$((i + 4))
done
[ $dead -ge $((i / 4)) ] || fail "only $dead of $i were killed before they ended"
left=$(find "$T/long/state" -name 'journal.*' -o -name 'session.*')
[ -z "$left" ] || fail "left in the state: $left"
echo "$i runs, $dead of them killed before they ended"
