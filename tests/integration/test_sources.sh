#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What is read and under which names: paths as given, overlaps, patterns, caches, file systems, odd names, dry runs, and
# files that change while they are read.
# test-timeout: 300
. "${HOZEN_TESTS:?}/integration/kit.sh"

make_repo
make_reader
# listed: the stored paths of the latest snapshot, one a line, in $T/names, without the way to $T.
listed() {
  with_reader 0 "$HB" --json ls latest
  sed -n 's/.*"path":"\([^"]*\)".*/\1/p' "$T/out" | sed "s|^${T#/}/||" | sort >"$T/names"
}
has() {
  for name in "$@"; do
    grep -qx -e "$name" "$T/names" || { cat "$T/names" >&2; fail "not stored: $name"; }
  done
}
lacks() {
  for name in "$@"; do
    if grep -qx -e "$name" "$T/names"; then cat "$T/names" >&2; fail "stored: $name"; fi
  done
}

# --- names
mkdir -p "$T/p/a/b/c" "$T/p/x"
echo 1 >"$T/p/a/one"
echo 2 >"$T/p/a/b/two"
echo 3 >"$T/p/a/b/c/three"
echo 4 >"$T/p/x/four"
cd "$T/p" || fail cd
backup 0 .
listed
has a a/one a/b/c/three x/four
restored_dot() {
  rm -rf "$T/dot"
  with_reader 0 "$HB" restore latest --target "$T/dot"
  same "$T/p" "$T/dot"
}
restored_dot
backup 0 ./a x/four
listed
has a/b/two x x/four
backup 0 "$T/p/a"
listed
has p/a/one
lacks p/x p/x/four
prints "\"path\":\"${T#/}/p/a/one\""
# Overlapping paths are stored once, whatever their order; slashes and dots make no difference.
backup 0 "$T/p/a/b" "$T/p/a" "$T//p/./a/b/c/" "$T/p/a/one"
expect total_files_processed 3
listed
[ "$(grep -c . "$T/names")" = "$(sort -u "$T/names" | grep -c .)" ] || fail 'something is stored twice'
has p/a/one p/a/b/two p/a/b/c/three
with_reader 0 "$HB" --json snapshots
prints "\"paths\":\\[\"$T/p/a/b\",\"$T/p/a\","
run 2 "$HB" create . "$T/p/x" # two things to stand at the root
# One name for two things is refused.
mkdir -p "$T/q/${T#/}/p/x"
echo other >"$T/q/${T#/}/p/x/four"
cd "$T/q" || fail cd
run 2 "$HB" create "${T#/}/p/x/four" "$T/p/x/four"
cd "$T" || fail cd

# --- tags and host
backup 0 --tag one --tag 'two words' --host 'other.example' "$T/p"
with_reader 0 "$HB" --json snapshots
tail -1 "$T/out" | grep -q '"hostname":"other.example".*"tags":\["one","two words"\]' || fail 'host and tags are not noted'

# --- patterns
patterns() {
  backup 0 "$@" "$T/p"
  listed
}
touch "$T/p/a/k.tmp" "$T/p/a/b/k.tmp" "$T/p/k.tmp" "$T/p/a/b/keep"
mkdir "$T/p/x/b" "$T/p/a/b/k" && touch "$T/p/x/b/file" "$T/p/a/b/k/file"
patterns --exclude '*.tmp'
lacks p/k.tmp p/a/k.tmp p/a/b/k.tmp
has p/a/b/keep p/a/b/two
patterns --exclude "$T/p/*.tmp" # * stops at /
lacks p/k.tmp
has p/a/k.tmp p/a/b/k.tmp
patterns --exclude "$T/p/**.tmp"
lacks p/k.tmp p/a/k.tmp p/a/b/k.tmp
patterns --exclude b # at any depth, with all below
lacks p/a/b p/a/b/two p/a/b/c/three p/x/b p/x/b/file
has p/a/one p/x/four
patterns --exclude 'a/b'
lacks p/a/b p/a/b/two
has p/x/b/file
patterns --exclude '/p/a/b' # anchored at the root of the stored paths, which this is not
has p/a/b/two
patterns --exclude "$T/p/a/b"
lacks p/a/b p/a/b/c/three
has p/x/b/file
patterns --exclude 'two/' --exclude 'c/' # folders only
has p/a/b/two
lacks p/a/b/c p/a/b/c/three
printf '# a comment\n\n*.tmp\n%s/p/x/\n' "$T" >"$T/patterns"
patterns --exclude-from "$T/patterns"
lacks p/k.tmp p/x p/x/four
has p/a/one
# The same patterns choose what is restored.
backup 0 "$T/p"
with_reader $whole "$HB" restore latest --target "$T/some" 'c/' "$T/p/x/four"
(cd "$T/some" && find . -type f | sed "s|^\./${T#/}/||" | sort) >"$T/names"
has p/a/b/c/three p/x/four
[ "$(wc -l <"$T/names")" = 2 ] || fail 'more was restored than what matches'

# --- cache folders: the folder and its tag are kept
mkdir "$T/p/cache" "$T/p/nocache"
printf 'Signature: 8a477f597d28d172789f06886806bc55\n# more\n' >"$T/p/cache/CACHEDIR.TAG"
printf 'Signature: something else\n' >"$T/p/nocache/CACHEDIR.TAG"
touch "$T/p/cache/big" "$T/p/nocache/kept"
patterns --exclude-caches
has p/cache p/cache/CACHEDIR.TAG p/nocache/kept
lacks p/cache/big
patterns
has p/cache/big

# --- folders that say so themselves, by whatever file they are told to
mkdir -p "$T/p/left/deep" "$T/p/mark.d/.nobackup"
touch "$T/p/left/.nobackup" "$T/p/left/big" "$T/p/left/deep/big" "$T/p/a/b/stop here" "$T/p/mark.d/file"
patterns --exclude-if-present .nobackup --exclude-if-present 'stop here'
has p/left p/left/.nobackup p/a/b 'p/a/b/stop here' p/a/one p/mark.d/file
lacks p/left/big p/left/deep p/a/b/two p/a/b/c
patterns --exclude-if-present nobackup # the whole name
has p/left/big p/a/b/two
patterns --exclude-if-present b # a file
has p/a/one
backup 0 --exclude-if-present .nobackup "$T/p/left" "$T/p/left/deep" # what is asked for by name is stored all the same
listed
has p/left/.nobackup p/left/deep/big
lacks p/left/big
for name in '' . .. a/b /; do
  run 2 "$HB" create --exclude-if-present "$name" "$T/p"
done
rm -r "$T/p/left" "$T/p/mark.d" "$T/p/a/b/stop here"

# --- repository, state and cache inside a source are left out, and said
backup 0 "$T"
prints '"path":"[^"]*/repo".*left out'
prints '"path":"[^"]*/state".*left out'
prints '"path":"[^"]*/cache".*left out'
listed
has p/a/one pass
lacks repo repo/repo state cache

# --- names that are not UTF-8, and others that hurt
mkdir "$T/odd"
latin=$(printf 'caf\351')
echo latin >"$T/odd/$latin"
echo newline >"$T/odd/$(printf 'a\nb')"
echo utf >"$T/odd/ünïcödé"
echo quote >"$T/odd/\"quote\\\""
backup 0 "$T/odd"
restored latest "$T/odd"
with_reader 0 "$HB" --json ls latest "${T#/}/odd"
python3 - "$T/out" "${T#/}/odd/" <<'END' || fail 'names in JSON'
import base64, json, sys
seen = set()
for line in open(sys.argv[1], encoding="utf-8"):
    v = json.loads(line)
    path = base64.b64decode(v["path_b64"]) if "path_b64" in v else v["path"].encode()
    if "path" in v and "path_b64" in v:
        sys.exit("both: " + line)
    seen.add(path)
for name in (b"caf\xe9", b"a\nb", "ünïcödé".encode(), b'"quote\\"'):
    if sys.argv[2].encode() + name not in seen:
        sys.exit("missing: %r in %r" % (name, seen))
END
run 3 "$HB" --json create "$T/odd" "$T/gone-$latin"
python3 - "$T/out" "$T/gone-" <<'END' || fail 'an error about a name that is not UTF-8'
import base64, json, sys
lines = [json.loads(l) for l in open(sys.argv[1], encoding="utf-8")]
paths = [base64.b64decode(v["path_b64"]) for v in lines if v["type"] == "error" and "path_b64" in v]
sys.exit(not any(p.endswith(b"gone-caf\xe9") for p in paths))
END

# --- a dry run puts nothing, remembers nothing
find "$T/repo" "$T/state" "$T/cache" -printf '%p %s %T@\n' | sort >"$T/before"
echo new >"$T/p/new"
backup 0 --dry-run "$T/p"
expect dry_run true
expect snapshot_id none
[ "$(field data_added)" -gt 0 ] || fail 'a dry run found nothing new'
find "$T/repo" "$T/state" "$T/cache" -printf '%p %s %T@\n' | sort >"$T/after"
cmp -s "$T/before" "$T/after" || { diff "$T/before" "$T/after" >&2; fail 'a dry run changed something'; }

run 0 "$HB" check
