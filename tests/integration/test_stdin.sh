#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What is no path: standard input, what a command prints, and lists of paths with newlines in their names.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"

make_repo
snapshots() {
  ls "$HOZEN_REPO/commits" 2>/dev/null | wc -l
}
none_more() {
  [ "$(snapshots)" = "$1" ] || fail "$2: there is a snapshot"
}
sum() {
  sha256sum "$@" | cut -d' ' -f1
}
# fed CODE INPUT ARGUMENT...: create with standard input from a pipe.
fed() {
  want=$1
  input=$2
  shift 2
  # shellcheck disable=SC2002 # a pipe is what is tried
  cat "$input" | "$HB" create --json "$@" >"$T/out" 2>"$T/err"
  got=$?
  [ "$got" -eq "$want" ] || { cat "$T/out" "$T/err" >&2; fail "exit $got instead of $want: $*"; }
}
bytes() {
  python3 -c 'import random, sys; random.seed(int(sys.argv[2])); sys.stdout.buffer.write(random.randbytes(int(sys.argv[1])))' "$@"
}
get() {
  rm -rf "$T/restored"
  with_pass 0 "$HB" restore latest --target "$T/restored" --verify
}

# --- standard input, of all lengths that matter: none, where chunks begin, several, and what has no cuts
bytes 9000000 1 >"$T/large"
head -c 262145 "$T/large" >"$T/border"
head -c 12000000 /dev/zero >"$T/zeros"
: >"$T/none"
for f in none border large zeros; do
  fed 0 "$T/$f" --stdin --name "$f.d/$f"
  expect total_files_processed 1
  expect total_bytes_processed "$(stat -c %s "$T/$f")"
  get
  [ "$(find "$T/restored" -type f)" = "$T/restored/$f.d/$f" ] || fail "$f: not where it belongs"
  [ "$(sum "$T/$f")" = "$(sum "$T/restored/$f.d/$f")" ] || fail "$f: differs"
  [ "$(stat -c %a:%u "$T/restored/$f.d/$f")" = "600:$(id -u)" ] || fail "$f: mode or owner"
done
# A stream and a file share all chunks, either way round.
fed 0 "$T/large" --stdin
expect data_added 0
backup 0 "$T/large"
expect data_added 0
with_pass 0 "$HB" --json snapshots
prints '"paths":\["/large.d/large"\]'
prints '"paths":\["/stdin"\]'
fed 0 "$T/large" --stdin --dry-run --name new
expect dry_run true
expect files_new 1

# --- a large pipe in little memory (the limit of a sanitizer's own is not known)
if ! nm "$HB" 2>/dev/null | grep -q __asan_init; then
  bytes 300000000 2 | /usr/bin/env bash -c 'ulimit -v 700000; exec "$@"' - "$HB" create --json --stdin --name big >"$T/out" ||
    fail 'with 300 MB'
  get
  [ "$(bytes 300000000 2 | sha256sum)" = "$(sha256sum <"$T/restored/big")" ] || fail 'differs: 300 MB'
fi

# --- commands
run 0 "$HB" create --json --name dump --from-command -- sh -c 'cat "$1"; echo "a word of its own" >&2' sh "$T/large"
says 'a word of its own'
expect data_added 0
get
[ "$(sum "$T/large")" = "$(sum "$T/restored/dump")" ] || fail 'a command'
n=$(snapshots)
run 1 "$HB" create --json --from-command -- sh -c 'cat "$1"; exit 7' sh "$T/large"
says 'sh: the command failed with exit code 7'
none_more "$n" 'a command that fails'
run 1 "$HB" create --from-command -- sh -c 'echo half; kill -9 $$'
says 'killed by signal 9'
none_more "$n" 'a command that is killed'
run 1 "$HB" create --from-command -- sh -c 'exec >&-; kill -9 $$'
none_more "$n" 'killed after its end of output'
run 1 "$HB" create --from-command -- "$T/no such program"
says 'could not be started'
run 1 "$HB" create --from-command -- "$T/large"
none_more "$n" 'no command'
# It has ordinary signals: yes is ended by SIGPIPE, not by an error.
run 0 "$HB" create --from-command -- bash -o pipefail -c 'yes | head -c 100000; [ ${PIPESTATUS[0]} = 141 ]'
# Cancelled: the command is ended too.
n=$(snapshots)
"$HB" create -q --from-command -- sh -c "echo \$\$ >$T/pid; echo begun; exec sleep 1000" 2>"$T/err" &
pid=$!
while [ ! -s "$T/pid" ]; do sleep 0.1; done
kill -TERM $pid
wait $pid
[ $? -eq 130 ] || fail 'cancelled is not 130'
kill -0 "$(cat "$T/pid")" 2>/dev/null && fail 'the command goes on'
none_more "$n" cancelled
# The same of a pipe that says nothing.
mkfifo "$T/fifo"
sleep 1000 >"$T/fifo" &
writer=$!
"$HB" create -q --stdin <"$T/fifo" 2>"$T/err" &
pid=$!
sleep 1
kill -TERM $pid
wait $pid
[ $? -eq 130 ] || fail 'a silent pipe cannot be left'
kill $writer
run 1 sh -c "exec \"$HB\" create --stdin <$T" # a folder: nothing to be read
says 'standard input: reading'
none_more "$n" 'unreadable input'

# --- lists of paths
mkdir "$T/list"
nl=$(printf 'a\nb')
echo 1 >"$T/list/$nl"
echo 2 >"$T/list/ spaces "
echo 3 >"$T/list/not"
echo 4 >"$T/list/#4"
(cd "$T/list" && find . -name '*[ab4]*' -print0) >"$T/nul"
[ "$(tr -cd '\0' <"$T/nul" | wc -c)" = 3 ] || fail 'find'
cd "$T/list" || fail cd
backup 0 --files-from "$T/nul"
get
(cd "$T/restored" && find . -type f -print0 | sort -z) >"$T/got"
sort -z "$T/nul" | cmp - "$T/got" || fail '--files-from'
printf 'not' >"$T/nul2" # the last one needs no NUL
fed 0 "$T/nul2" --files-from - --files-from "$T/nul" '#4'
expect total_files_processed 4
run 1 "$HB" create --files-from "$T/missing"
run 2 "$HB" create --files-from /dev/null
says 'no path'
printf 'a\0\0b' >"$T/nul3"
run 2 "$HB" create --files-from "$T/nul3"

# --- what does not go together
n=$(snapshots)
for args in '--stdin .' '--stdin --files-from /dev/null' '--stdin --from-tar x' '--name x .' '--from-command' '--stdin --name ..' \
  '--stdin --name /' '--stdin --name a/../b' '--stdin --exclude x' '--stdin --one-file-system' '--from-tar x --read-special' \
  '--stdin --from-command -- true' "--stdin --name $(printf '%0256d' 0)"; do
  # shellcheck disable=SC2086 # words
  run 2 "$HB" create $args
done
none_more "$n" usage
