#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# hozen-erase file: confirmation, refusals with their reasons, hostile names, folders, records.
. "${HOZEN_TESTS:?}/integration/kit.sh"
HE=$HOZEN_BIN/hozen-erase
D=$T/d
mkdir "$D"
# What the file system beneath this test misses is its affair: done is 0 or 3.
done_code() {
  setsid -w "$@" >"$T/out" 2>"$T/err" </dev/null
  code=$?
  [ $code = 0 ] || [ $code = 3 ] || { cat "$T/out" "$T/err" >&2; fail "exit $code: $*"; }
}

# --- nobody confirmed: nothing is touched
echo secret >"$D/a"
run 5 "$HE" file "$D/a"
says 'nothing was touched'
[ "$(cat "$D/a")" = secret ] || fail 'it was touched'
yes | setsid -w "$HE" file "$D/a" >"$T/out" 2>"$T/err" && fail 'a pipe confirmed it'
[ "$(cat "$D/a")" = secret ] || fail 'it was touched'
run 2 "$HE" file
done_code "$HE" file --yes "$D/a"
[ ! -e "$D/a" ] || fail 'it is still there'

# --- refusals, each with its reason, and the others are done all the same
echo one >"$D/one"
ln "$D/one" "$D/two"
ln -s "$T/target" "$D/link"
echo target >"$T/target"
mkfifo "$D/pipe"
mkdir "$D/folder"
echo good >"$D/good"
exec 9<"$D/good"
run 5 "$HE" file --yes "$D/one" "$D/link" "$D/pipe" "$D/folder" /dev/null
exec 9<&-
says '2 names (hard links)'
says 'symbolic link'
says 'no regular file'
says '--recursive'
[ "$(cat "$D/one")" = one ] && [ "$(cat "$T/target")" = target ] || fail 'something refused was touched'
run 1 "$HE" file --yes "$D/missing"
sleep 60 <"$D/good" &
sleeper=$!
until [ -e /proc/$sleeper/fd/0 ]; do :; done
run 5 "$HE" file --yes "$D/good"
says "process $sleeper has it open"
done_code "$HE" --json file --yes --open-too "$D/good"
kill $sleeper
expect removed 1
grep -q 'had open were overwritten too' "$T"/state/evidence/records/*/*.json || fail 'the override is not in a record'
if [ "$(id -u)" -eq 0 ] && chattr +i "$D/two" 2>/dev/null; then
  run 5 "$HE" file --yes "$D/two"
  says 'names (hard links).*immutable'
  chattr -i "$D/two"
fi
rm "$D/two"

# --- folders need the option, links lead nowhere, hostile names are names
mkdir -p "$D/folder/deep/er"
echo x >"$D/folder/-rf"
echo x >"$D/folder/deep/$(printf 'new\nline\033[31m')"
echo x >"$D/folder/deep/er/$(printf '\377\376')"
echo x >"$D/folder/deep/er/$(printf '%0255d' 7)"
ln -s "$T" "$D/folder/out"
ln -s ../../../target "$D/folder/deep/out"
: >"$D/folder/empty"
done_code "$HE" --json file --yes --recursive "$D/folder"
expect removed 5
expect links 2
expect folders 3
[ ! -e "$D/folder" ] || fail 'the folder is still there'
[ "$(cat "$T/target")" = target ] || fail 'a link was followed'
python3 "$tests/integration/schema_check.py" "$tests/../docs/schemas" shred_summary <"$T/out" || fail 'the summary is not its schema'

# What is refused inside a folder keeps the folder, and nothing else of it.
mkdir "$D/mixed"
echo x >"$D/mixed/a"
mkfifo "$D/mixed/p"
run 5 "$HE" file --yes -r "$D/mixed"
[ -p "$D/mixed/p" ] && [ ! -e "$D/mixed/a" ] || fail 'not what was to be left is left'

# --- records: signed, of their own kind, and a refusal has one too
for f in "$T"/state/evidence/records/*/*.json; do
  grep -q 'urn:hozen:record:shred:v1' "$f" || fail "$f is of another kind"
  run 0 "$HV" report "$f"
done
grep -l '"outcome": *"refused"' "$T"/state/evidence/records/*/*.json >/dev/null || fail 'no record of a refusal'

# --- free space: bad places
run 1 "$HE" free-space --yes "$T/missing"
run 1 "$HE" free-space --yes "$T/target"
run 5 "$HE" free-space "$T"
says 'nothing was touched'
run 2 "$HE" free-space --yes --leave nonsense "$T"
if mount_tmpfs "$T/memory" 8M; then
  run 1 "$HE" free-space --yes "$T/memory"
  says 'no medium'
fi
# Another file system below a folder is not entered.
if mount_tmpfs "$D/mixed/other" 1M; then
  echo keep >"$D/mixed/other/keep"
  run 5 "$HE" file --yes -r "$D/mixed"
  says 'another file system'
  [ "$(cat "$D/mixed/other/keep")" = keep ] || fail 'another file system was entered'
fi
exit 0
