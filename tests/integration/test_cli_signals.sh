#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Two runs at once, and runs that are stopped. How far a run gets until it is stopped is chance; each try must end well, and
# one of them in the middle of the work.
# test-timeout: 900
. "${HOZEN_TESTS:?}/integration/cli.sh"

make_repo
mkdir "$T/big"
head -c 48000000 /dev/urandom >"$T/big/file"

# stopped SIGNAL: starts a create, sends SIGNAL after some time, and wants 130 in one of the tries.
stopped() {
  for wait in 0.4 0.2 0.8 0.1 0.05 1.6 0.02; do
    "$HB" create "$T/big" >"$T/out" 2>"$T/err" </dev/null &
    pid=$!
    sleep $wait
    kill -"$1" $pid 2>/dev/null
    wait $pid
    got=$?
    case $got in
      130) return 0 ;;
      0 | 143 | 129) ;; # finished before, or hit before it had a handler
      *) fail "$1 gave exit $got: $(cat "$T/err")" ;;
    esac
    head -c 48000000 /dev/urandom >"$T/big/file"
  done
  fail "no run was stopped in the middle by $1"
}
stopped INT
stopped TERM
run 0 "$HB" check
run 0 "$HB" create "$T/big"
with_pass 0 "$HB" check --read-data

# The same source twice: the second is refused, or waits.
busy=0
for wait in 0.4 0.2 0.8 0.1 0.05 1.6; do
  head -c 48000000 /dev/urandom >"$T/big/file"
  "$HB" create -q "$T/big" </dev/null 2>"$T/err1" &
  pid=$!
  sleep $wait
  if kill -STOP $pid 2>/dev/null; then
    "$HB" create "$T/big" >"$T/out" 2>"$T/err" </dev/null
    [ $? -eq 5 ] && busy=1
    "$HB" create --wait 600 "$T/big" >"$T/out" 2>"$T/err" </dev/null &
    second=$!
    kill -CONT $pid
    wait $second || fail "the one that waited: $(cat "$T/err")"
  fi
  wait $pid || fail "the first one: $(cat "$T/err1")"
  [ $busy -eq 0 ] || break
done
[ $busy -eq 1 ] || fail 'two runs of one source at once were never refused'
