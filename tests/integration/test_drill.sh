#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A drill: its numbers are those that find, stat and sha256sum give; it tells a changed source from damage, names what is
# damaged, and leaves nothing behind and nothing touched.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"
make_repo
make_reader
S=$T/src
stored=${S#/}
export T_SRC="$S"
export TMPDIR="$T/sandbox"
mkdir -p "$TMPDIR" "$S/deep/er"
for i in 1 2 3 4 5 6 7 8 9; do
  { printf f && head -c $((i * 7000)) /dev/urandom; } >"$S/f$i"
  head -c $((i * 311)) /dev/urandom >"$S/deep/g$i"
done
head -c 3000000 /dev/urandom >"$S/deep/large"
# Names that are patterns, and no text.
for name in '*' '[f]1' '!x' 'back\slash' '{a,b}' ' space ' "$(printf 'new\nline')" "$(printf 'latin\351')"; do
  printf '%s' "$name" >"$S/deep/er/$name"
done
ln -s f1 "$S/link"
ln "$S/f1" "$S/hard"
aged
backup 0 "$S"
export HOZEN_KEY_FILE="$reader"

# drill CODE ARGUMENT...
drill() {
  want_drill=$1
  shift
  run "$want_drill" "$HV" --json drill "$@"
  left=$(ls -A "$TMPDIR")
  [ -z "$left" ] || fail "left in the sandbox's folder: $left"
}
# Lines of files of the last drill; the last line is the summary.
chosen() {
  grep '"type":"drill_file"' "$T/out"
}
# record FIELD...: of the newest record.
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
state_of() { # everything of a tree, with its times
  find "$1" -printf '%P %y %s %m %U %G %T@ %C@ %A@\n' | sort
  find "$1" -type f -exec sha256sum {} + | sort
}

# --- everything
find "$S" -type f -exec sha256sum {} + | sed "s|$S/||" >"$T/sums"
files=$(find "$S" -type f -printf x | wc -c)
bytes=$(find "$S" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')
once=$(find "$S" -type f -printf '%i %s\n' | sort -u | awk '{ n += $2 } END { print n }')
entries=$(find "$S" -printf x | wc -c)
state_of "$S" >"$T/source.before"
state_of "$HOZEN_REPO" >"$T/repo.before"
state_of "$S" >"$T/source.before"
drill 0 --level L4 --test-command "cd '$stored' && sha256sum -c --quiet '$T/sums' && test \$(find . -type f | wc -l) -gt 20"
expect level L4
expect snapshot_files "$files"
expect snapshot_bytes "$bytes"
expect files "$files"
expect bytes "$once"
expect compared "$entries"
expect same "$entries"
expect source_changed 0
expect damaged 0
expect read_back_differ 0
expect seed null
expect confidence "$files of $files files, none bad"
[ "$(record kind)" = drill ] || fail 'kind of the record'
[ "$(record controls)" = '["8.13"]' ] || fail 'controls of the record'
[ "$(record result schema)" = drill_summary-v1 ] || fail 'the record lacks the summary'
[ "$(record result files)" = "$files" ] || fail 'the record has other numbers'
[ "$(record outcome)" = 'done' ] || fail 'outcome of the record'
state_of "$S" >"$T/source.after"
state_of "$HOZEN_REPO" >"$T/repo.after"
cmp "$T/source.before" "$T/source.after" || fail 'the drill touched the source'
cut -d' ' -f1-8 "$T/repo.before" >"$T/a"
cut -d' ' -f1-8 "$T/repo.after" >"$T/b"
cmp "$T/a" "$T/b" || fail 'the drill touched the repository'

# --- a sample
drill 0 --files 7 --seed 11
[ "$(chosen | wc -l)" = 7 ] || fail 'not as many as were asked for'
expect chosen_files 7
expect files 7
expect seed 11
expect same "$(python3 - "$T/out" <<'P'
import base64, json, os, sys
folders, files, size = set(), 0, 0
lines = [json.loads(l) for l in open(sys.argv[1])]
for l in lines[:-1]:
  p = base64.b64decode(l["path_b64"]) if "path_b64" in l else l["path"].encode()
  st = os.stat(b"/" + p)
  assert st.st_size == l["size"] and l["state"] == "same", l
  size += st.st_size
  files += 1
  while os.path.dirname(p):
    p = os.path.dirname(p)
    folders.add(p)
last = lines[-1]
assert last["chosen_bytes"] == size, size
assert last["dirs"] == len(folders), folders
want = last["seconds"] * max(last["snapshot_files"] / files, last["snapshot_bytes"] / size)
assert abs(last["estimated_seconds"] - want) < 1e-6, want
assert "with 99 % confidence fewer than 49 % are bad" in last["confidence"], last["confidence"]
assert any("estimate" in a for a in last["assumptions"])
root = os.environ["T_SRC"].encode()[1:]
print(files + sum(f == root or f.startswith(root + b"/") for f in folders))
P
)"
chosen >"$T/first"
drill 0 --files 7 --seed 11
chosen | cmp - "$T/first" || fail 'the same seed chose other files'
drill 0 --files 7 --seed 12
chosen | cmp -s - "$T/first" && fail 'another seed chose the same files'
drill 0 --sample 10% --seed 3
expect chosen_files $(((files + 9) / 10))
expect turn_files 0
expect turn_from null

# --- in turn: with every file's turn over, each was restored, and the next round begins with the first again
: >"$T/seen"
turns=0
while [ $turns -lt "$files" ]; do
  drill 0 --files 1
  expect turn_files 1
  [ $turns -gt 0 ] || { chosen >"$T/first"; from=$(field turn_from) seed=$(field seed); }
  chosen >>"$T/seen"
  turns=$((turns + 1))
done
[ "$(sort -u "$T/seen" | wc -l)" = "$files" ] || fail "$files turns did not restore each file"
drill 0 --files 1 --seed "$seed" --turn "$from"
chosen | cmp - "$T/first" || fail 'seed and turn chose other files'
drill 0
expect chosen_files "$files"
[ "$(chosen | grep -c '"state":"same"')" = "$files" ] || fail 'a file is missing'

# --- objectives
drill 6 --rto 0
[ "$(record outcome)" = overdue ] || fail 'the record does not say overdue'
[ "$(record result rto verdict)" = missed ] || fail 'the record does not say missed'
drill 6 --rpo 0 --rto 3600
[ "$(record result rpo verdict) $(record result rto verdict)" = 'missed met' ] || fail 'verdicts'
drill 0 --rpo 3600 --rto 3600

# --- the test command
drill 4 --level L4 --test-command 'exit 7'
says 'failed with exit code 7'
[ "$(record outcome)" = damage ] || fail 'the record does not say that the test failed'
drill 4 --level L4 --test-command 'sleep 60 & sleep 60' --test-timeout 1
drill 4 --level L4 --test-command 'chmod 500 . && kill -9 $$'
says 'signal 9'
drill 0 --level L4 --test-command "cat /proc/net/dev; ip=\$(grep -c : /proc/net/dev); echo interfaces \$ip"
if [ "$(record result test_command isolated)" = true ]; then
  says '^interfaces 1$'
else
  record not_checked | grep -q 'network isolation' || fail 'no isolation, and nobody says so'
fi

# --- where the sandbox may be
run 5 "$HV" drill --sandbox "$S"
says 'is backed up'
run 5 "$HV" drill --sandbox "$S/deep/er"
run 5 "$HV" drill --sandbox "$HOZEN_REPO/packs"
ln -s "$S/deep" "$T/way"
run 5 "$HV" drill --sandbox "$T/way"
run 5 "$HV" drill --source "$T" --sandbox "$TMPDIR"
run 1 "$HV" drill --sandbox "$T/nowhere"
run 2 "$HV" drill --files 3 --sample 3%
run 2 "$HV" drill --level L4 --files 3
run 2 "$HV" drill --test-command true
run 2 "$HV" drill --level L2
if mount_tmpfs "$T/small" 1M 2>/dev/null; then
  run 1 "$HV" drill --level L4 --sandbox "$T/small"
  says 'there is room for'
fi
state_of "$S" | cmp - "$T/source.before" || fail 'a refusal touched the source'

# --- gone, whatever happens
gone() { # SIGNAL CODE COMMAND
  "$HV" drill --level L4 --test-command "$3" >"$T/out" 2>"$T/err" </dev/null &
  pid=$!
  i=0
  while [ ! -e "$T/running" ] && [ $i -lt 600 ]; do sleep 0.05; i=$((i + 1)); done
  [ -n "$(ls "$TMPDIR")" ] || fail 'no sandbox'
  [ "$(stat -c %a "$TMPDIR"/hozen-drill.*)" = 700 ] || fail 'others may look into the sandbox'
  kill -"$1" $pid
  wait $pid
  code=$?
  [ $code = "$2" ] || { cat "$T/err"; fail "exit $code instead of $2 after SIG$1"; }
  i=0
  while [ -n "$(ls "$TMPDIR")" ] && [ $i -lt 100 ]; do sleep 0.05; i=$((i + 1)); done
  [ -z "$(ls "$TMPDIR")" ] || fail "the sandbox is there after SIG$1"
  rm -f "$T/running"
}
gone TERM 130 "touch '$T/running'; sleep 60"
gone INT 130 "touch '$T/running'; sleep 60"
gone KILL 137 "touch '$T/running'; sleep 60"
# In the restore, as far as it is caught there.
"$HV" drill --level L4 >"$T/out" 2>"$T/err" </dev/null &
pid=$!
i=0
while [ -z "$(ls "$TMPDIR")" ] && kill -0 $pid 2>/dev/null; do i=$((i + 1)); done
kill -TERM $pid 2>/dev/null
wait $pid
code=$?
[ $code = 130 ] || [ $code = 0 ] || fail "exit $code after SIGTERM"
[ -z "$(ls "$TMPDIR")" ] || fail 'the sandbox is there after SIGTERM'

# --- a source that has changed, one way or the other
mkdir "$T/kept"
cp -a "$S" "$T/kept/src"
echo more >>"$S/f2"
stamp=$(stat -c %y "$S/f3")
printf X | dd of="$S/f3" conv=notrunc status=none
touch -d "$stamp" "$S/f3"
chmod 600 "$S/f4"
rm "$S/f5"
ln -sf f2 "$S/link"
drill 0 --level L4
expect damaged 0
expect source_gone 1
# The folder has changed too, and of f1 nothing.
expect source_changed 5
for name in f2 f3 f4 link; do
  grep -q "\"kind\":\"note\".*$stored/$name\".*has changed since" "$T/out" || fail "$name is not told"
done
[ "$(record failures)" = '[]' ] || fail 'changes of the source are failures of the record'
rm -rf "$S"
mv "$T/kept/src" "$S"

# --- a source that says that it has not changed, and is another
mkdir -p "$T/other$T"
cp -a "$S" "$T/other$S"
printf X | dd of="$T/other$S/f6" conv=notrunc status=none
touch -r "$S/f6" "$T/other$S/f6"
aged
HOZEN_KEY_FILE="$T/writer.key" backup 0 "$S"
drill 4 --level L4 --source "$T/other"
grep -q "\"kind\":\"damage\".*$stored/f6\".*has not changed since the backup: content" "$T/out" || fail 'f6 is not told'
expect damaged 1
record failures | grep -q "$stored/f6" || fail 'the record does not name f6'
drill 0 --level L4

# --- attributes alone: what was changed by somebody shows by the time of the inode, and is no damage; a source whose inode
# was not touched since the backup, with other attributes, is told as damage. Of another modification time the source
# itself says that it has changed.
drill 0 --level L4
same_before=$(field same)
chmod 640 "$S/f7"
touch -d '2001-02-03 04:05:06' "$S/f8"
drill 0 --level L4
expect damaged 0
expect source_changed 2
expect same $((same_before - 2))
grep -q "\"kind\":\"note\".*$stored/f7\".*has changed since the backup: mode" "$T/out" || fail 'the mode of f7 is not told'
grep -q "\"kind\":\"note\".*$stored/f8\".*has changed since the backup: modification time" "$T/out" || fail 'the time of f8 is not told'
[ "$(record failures)" = '[]' ] || fail 'changed attributes are failures of the record'
rm -rf "$T/other"
mkdir -p "$T/other$T"
cp -a "$S" "$T/other$S"
chmod 604 "$T/other$S/f9"
attributes=
if command -v setfattr >/dev/null && setfattr -n user.said -v other "$T/other$S/f4" 2>/dev/null &&
  setfacl -m u:12345:r "$T/other$S/f3" 2>/dev/null; then
  attributes=2
fi
touch -d '2002-02-03 04:05:06' "$T/other$S/deep/g3"
aged
HOZEN_KEY_FILE="$T/writer.key" backup 0 "$S"
drill 4 --level L4 --source "$T/other"
expect damaged $((1 + ${attributes:-0}))
expect source_changed 1
[ -z "$attributes" ] || for name in f3 f4; do
  grep -q "\"kind\":\"damage\".*$stored/$name\".*has not changed since the backup: .*attributes" "$T/out" || fail "the attributes of $name are not told"
done
grep -q "\"kind\":\"damage\".*$stored/f9\".*has not changed since the backup: mode" "$T/out" || fail 'the mode of f9 is not told as damage'
grep -q "\"kind\":\"note\".*$stored/deep/g3\".*: modification time" "$T/out" || fail 'the time of g3 is not told'
drill 0 --level L4

# --- a source in which nothing of it is: restored and read back, and nothing is compared
mkdir "$T/void"
drill 0 --source "$T/void"
expect files_compared 0
expect damaged 0
record not_checked | grep -q 'files against the source: none was compared' || fail 'nobody says that nothing was compared'

# --- of another host there is no source here
HOZEN_KEY_FILE="$T/writer.key" backup 0 --host elsewhere "$S"
drill 0 --host elsewhere
expect compared 0
record not_checked | grep -q 'of another host, elsewhere' || fail 'nobody says that nothing was compared'
drill 0 --host elsewhere --source /
[ "$(field compared)" -gt "$files" ] || fail 'nothing was compared'

# --- damage beyond parity
for pack in "$HOZEN_REPO"/packs/*; do
  [ "$(stat -c %s "$pack")" -lt 1000000 ] || python3 "$tests/integration/damage_object.py" "$pack" 3 20
done
drill 4 --level L4
grep -q "\"kind\":\"damage\".*$stored/deep/large" "$T/out" || fail 'the damaged file is not named'
[ "$(field failed_damage)" -gt 0 ] || fail 'no damage counted'
prints 'and there is damage'
record failures | grep -q "$stored/deep/large" || fail 'the record does not name the damaged file'
[ "$(record outcome)" = damage ] || fail 'the record does not say damage'
run 0 "$HV" log

# --- nothing can be restored, or listed, any more: damage, not a snapshot without files
for pack in "$HOZEN_REPO"/packs/*; do
  python3 - "$pack" <<'P'
import os, sys
os.chmod(sys.argv[1], 0o600)
size = os.path.getsize(sys.argv[1])
with open(sys.argv[1], "r+b") as f:
  f.seek(8192)
  f.write(os.urandom(size - 12288))
P
done
# Of all files that were listed none can be restored, and no time for that is met.
drill 4 --level L4 --rto 100
expect files 0
[ "$(record result rto verdict)" = null ] || fail 'a restore of nothing was in time'
rm -rf "${HOZEN_CACHE_DIR:?}"
for pack in "$HOZEN_REPO"/packs/*; do
  head -c "$(stat -c %s "$pack")" /dev/urandom >"$T/noise"
  cp "$T/noise" "$pack"
done
for level in L3 L4; do
  drill 4 --level $level --rto 100 --rpo 100
  expect level $level
  expect host elsewhere
  expect estimated_seconds null
  expect chosen_files 0
  python3 "$tests/integration/schema_check.py" "$tests/../docs/schemas" <"$T/out" >"$T/types" || fail schema
  [ "$(record result level)" = $level ] || fail 'the record has no result'
  [ "$(record result rto verdict)" = null ] || fail 'a time of nothing has a verdict'
  record not_checked | grep -q 'no file could be listed' || fail 'the record does not say that nothing was restored'
done

# --- paths that were given relative to a folder: compared beneath the folder that is named, and without one it is said
export HOZEN_REPO="$T/repo2" HOZEN_KEY_FILE="$T/writer2.key"
with_pass 0 "$HB" init
mkdir -p "$T/relative/docs"
echo one >"$T/relative/docs/one"
cd "$T/relative" || fail cd
run 0 "$HB" create -q docs
cd / || fail cd
with_pass 0 "$HV" drill latest
prints '^not checked *the source: its paths'
with_pass 0 "$HV" drill latest --source "$T/relative"
prints '^compared *[1-9]'
