#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# find names every snapshot and path that matches, and none else, also where folders are shared between snapshots; diff
# says exactly what was done to a tree.
. "${HOZEN_TESTS:?}/integration/kit.sh"
make_repo
mkdir -p "$T/src/conf/deep/er" "$T/src/stays/same" "$T/src/goes"
echo 1 >"$T/src/conf/a.conf"
echo 1 >"$T/src/conf/deep/er/b.conf"
echo 1 >"$T/src/stays/same/c.conf"
echo 1 >"$T/src/stays/plain"
echo 1 >"$T/src/goes/away"
: >"$T/src/$(printf 'latin\351.conf')"
ln -s conf "$T/src/link"
mkfifo "$T/src/turns"
p=${T#/}/src

# snapshot N: its short id is $T/id.N then.
snapshot() {
  backup 0 --host "h$1" --tag "t$1" "$T/src"
  field snapshot_id | cut -c1-8 >"$T/id.$1"
}
snapshot 1
echo 2 >"$T/src/conf/deep/er/b.conf"
mkdir "$T/src/new"
echo 1 >"$T/src/new/d.conf"
rm -r "$T/src/goes"
chmod 600 "$T/src/stays/plain"
touch -h -d '2001-01-01 UTC' "$T/src/link"
rm "$T/src/turns"
mkdir "$T/src/turns"
echo 1 >"$T/src/turns/in"
aged
snapshot 2
snapshot 3
with_pass 0 "$HB" key export --role lister --out "$T/lister.key"
export HOZEN_KEY_FILE="$T/lister.key"

# found LINES ARGUMENT...: exactly these lines, each "N path".
found() {
  printf '%s\n' "$1" | while read -r n path; do
    [ -z "$n" ] || printf '%s  %s/%s\n' "$(cat "$T/id.$n")" "$p" "$path"
  done >"$T/want"
  shift
  run 0 "$HB" find "$@"
  cmp -s "$T/want" "$T/out" || { diff "$T/want" "$T/out" >&2; fail "find $*"; }
}
found '1 conf/deep/er/b.conf
2 conf/deep/er/b.conf
3 conf/deep/er/b.conf' b.conf
found '2 new/d.conf
3 new/d.conf' 'd.c*'
found '1 goes/away' away
found '' nothing
found '1 conf/deep
2 conf/deep
3 conf/deep' 'deep/'
found '2 turns
3 turns' 'turns/'
found '2 conf/a.conf
2 stays/plain' --host h2 a.conf plain
found '3 conf/a.conf' --tag t3 "/$p/conf/*.conf"
found '' "/conf/*.conf"
run 0 "$HB" --json find --tag t1 'latin*' link
grep -q '"path_b64".*"snapshot_id"\|"snapshot_id".*"path_b64"' "$T/out" || fail 'a path that is not UTF-8'
prints '"node_type":"symlink"'
[ "$(wc -l <"$T/out")" -eq 2 ] || fail 'lines of find --json'
run 2 "$HB" find '[a'
run 2 "$HB" find
run 5 env HOZEN_KEY_FILE="$T/writer.key" "$HB" find x

# --- diff
# differ LINES ARGUMENT...: exactly these lines but for the times of folders, whose entries came and went, and for those
# on the way, which change by what others do.
differ() {
  printf '%s\n' "$1" | sed "s,\$p,$p," >"$T/want"
  shift
  run 0 "$HB" -q diff "$@"
  grep -F "$p/" "$T/out" | sed 's/ (mtime\(, birth time\)*)$/ (mtime)/' >"$T/got"
  cmp -s "$T/want" "$T/got" || { diff "$T/want" "$T/got" >&2; fail "diff $*"; }
}
one=$(cat "$T/id.1") two=$(cat "$T/id.2") three=$(cat "$T/id.3")
differ 'U  $p/ (mtime)
M  $p/conf/deep/er/b.conf
-  $p/goes/
-  $p/goes/away
U  $p/link (mtime)
+  $p/new/
+  $p/new/d.conf
U  $p/stays/plain (mode)
T  $p/turns/
+  $p/turns/in' "$one" "$two"
differ 'U  $p/ (mtime)
M  $p/conf/deep/er/b.conf
+  $p/goes/
+  $p/goes/away
U  $p/link (mtime)
-  $p/new/
-  $p/new/d.conf
U  $p/stays/plain (mode)
T  $p/turns
-  $p/turns/in' "$two" "$one"
run 0 "$HB" -q diff "$two" "$three" "$p"
silent
differ 'M  $p/conf/deep/er/b.conf' "$one" "$two" "$T/src/conf"
differ '+  $p/new/
+  $p/new/d.conf' "$one" "$two" "$p/new"
differ '-  $p/goes/
-  $p/goes/away' "$one" latest "$p/goes/"
run 1 "$HB" diff "$one" "$two" "$p/nowhere"
run 2 "$HB" diff "$one" "$two" ..
run 2 "$HB" diff "$one"
run 0 "$HB" diff "$one" "$two"
prints '^3 added (4 B), 2 removed (2 B), 1 with other content'
run 0 "$HB" --json diff "$one" "$two"
prints '"change":"type"'
expect added 3
expect removed 2
expect content 1
expect type_changed 1
expect added_bytes 4
expect exit 0

# --- of two groups, whose chunks have other ids: content is read, and only real differences are told
with_pass 0 "$HB" key export --role writer --name other --out "$T/other.key"
with_pass 0 "$HB" key export --role reader --out "$T/reader.key"
export HOZEN_KEY_FILE="$T/other.key"
snapshot 4
echo 3 >"$T/src/conf/a.conf"
touch -r "$T/src/stays/plain" "$T/src/conf/a.conf"
aged
snapshot 5
run 5 env HOZEN_KEY_FILE="$T/lister.key" "$HB" diff "$three" latest
export HOZEN_KEY_FILE="$T/reader.key"
run 0 "$HB" -q diff "$three" "$(cat "$T/id.4")" "$p"
silent
run 0 "$HB" -q diff "$three" "$(cat "$T/id.5")" "$p"
prints "^M  $p/conf/a.conf\$"
[ "$(wc -l <"$T/out")" -eq 1 ] || { cat "$T/out" >&2; fail 'diff of two groups'; }

# --- a folder whose list is lost is not taken for an empty one
cp -a "$T/repo" "$T/whole"
for pack in "$T"/repo/packs/*; do
  : >"$pack"
done
run 4 "$HB" diff "$one" "$two"
if grep -q '^[-+]' "$T/out"; then cat "$T/out" >&2; fail 'what cannot be read was taken for removed or added'; fi
run 4 "$HB" find b.conf
