# SPDX-License-Identifier: BSD-2-Clause
# Sourced by tests of whole runs: cli.sh, and trees, comparisons and hosts on top. Needs python3.
. "${HOZEN_TESTS:?}/integration/cli.sh"
command -v python3 >/dev/null || exit 77
# A report of a sanitizer must not pass for an exit code of ours.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99" UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}exitcode=99"
export TSAN_OPTIONS="${TSAN_OPTIONS:+$TSAN_OPTIONS:}exitcode=99"
: "${HOZEN_REPO:=$T/repo}"
export HOZEN_REPO

# Exit code of a whole restore of absolute paths: to others than root the folders on the way cannot be given back.
whole=0
[ "$(id -u)" -eq 0 ] || whole=3

mounted=
# mount_tmpfs DIR SIZE: gone again at the end. False where it is not allowed.
mount_tmpfs() {
  mkdir -p "$1"
  mount -t tmpfs -o "size=$2" tmpfs "$1" 2>/dev/null || return 1
  mounted="$1 $mounted"
}
# mount_image KIND DIR SIZE [OPTION of mkfs...]: a new file system (ext4, xfs, btrfs, ...) in a file beside DIR; tmpfs too.
# False where its mkfs or its driver is missing, or loop devices are not allowed; why is in $T/mount-failed.
mount_image() {
  kind=$1
  at=$2
  size=$3
  shift 3
  if [ "$kind" = tmpfs ]; then
    mount_tmpfs "$at" "$size" 2>"$T/mount-failed"
    return
  fi
  mkdir -p "$at"
  truncate -s "$size" "$at.img"
  { command -v "mkfs.$kind" && "mkfs.$kind" "$@" "$at.img" && mount -o loop "$at.img" "$at"; } >"$T/mount-failed" 2>&1 || return 1
  mounted="$at $mounted"
}
cleanup() {
  for m in $mounted; do
    umount -l "$m"
  done
  chmod -R u+rwx "$T" 2>/dev/null
  rm -rf "$T"
}

# host NAME: from now on the commands are those of another machine, with its own key, state and cache.
host() {
  export HOZEN_STATE_DIR="$T/$1/state" HOZEN_CACHE_DIR="$T/$1/cache" HOZEN_KEY_FILE="$T/$1/writer.key" HOME="$T/$1"
  mkdir -p "$T/$1"
}

# tree DIR SEED [OPTION...], change DIR SEED: see make_tree.py.
tree() {
  python3 "$tests/integration/make_tree.py" make "$@" || fail "make_tree.py $*"
}
change() {
  python3 "$tests/integration/make_tree.py" change "$@" || fail "make_tree.py change $*"
}
same() {
  python3 "$tests/integration/compare_trees.py" --no-root "$@" >"$T/compared" || { cat "$T/compared" >&2; fail "differ: $*"; }
}

# What changed just before it was read is read again the next time; files in real life have aged.
aged() {
  sleep 2.1
}

# make_reader: exports a reader's key of $HOZEN_REPO. From then on with_reader, and what is below, use it and not the
# passphrase, which takes its time: many times what the rest of a small restore does.
reader=
make_reader() {
  reader=$T/reader-of-$(basename "$HOZEN_REPO")
  with_pass 0 "$HB" key export --role reader --out "$reader"
}
# with_reader CODE COMMAND...
with_reader() {
  if [ -z "$reader" ]; then
    with_pass "$@"
    return
  fi
  want_reader=$1
  shift
  run "$want_reader" env HOZEN_KEY_FILE="$reader" "$@"
}

# field NAME: its value in the last line of JSON that was printed, lists as a,b; "none" when it has none.
field() {
  value=$(tail -1 "$T/out" | sed -n 's/.*[{,]"'"$1"'":\(\[[^]]*\]\|"[^"]*"\|[^],}]*\).*/=\1/p' | tr -d '"[]')
  [ -n "$value" ] && echo "${value#=}" || echo none
}
# expect NAME VALUE: of the last line of JSON.
expect() {
  got_field=$(field "$1")
  [ "$got_field" = "$2" ] || { cat "$T/out" "$T/err" >&2; fail "$1 is $got_field instead of $2"; }
}
# backup CODE ARGUMENT...: create with --json.
backup() {
  want_backup=$1
  shift
  run "$want_backup" "$HB" create --json "$@"
}
n_snapshots() {
  with_reader 0 "$HB" --json snapshots
  grep -c '"type":"snapshot"' "$T/out"
}
# restored SNAPSHOT DIR [ARGUMENT...]: restores into a new $T/restored and compares what was DIR with it.
restored() {
  of=$1
  dir=$2
  shift 2
  rm -rf "$T/restored"
  with_reader $whole "$HB" restore "$of" --target "$T/restored" --verify "$@"
  same "$dir" "$T/restored/${dir#/}"
}
repo_bytes() {
  find "$HOZEN_REPO" -type f -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }'
}
repo_files() {
  find "$HOZEN_REPO/$1" -type f | wc -l
}
no_temporaries() {
  left=$(find "$HOZEN_REPO" -name '.tmp*')
  [ -z "$left" ] || fail "temporary files are left: $left"
}

# stop_in_the_middle COMMAND...: starts it, and stops it (SIGSTOP) as soon as it has begun a session; its pid is $pid.
# False when it had ended before.
stop_in_the_middle() {
  before=$(repo_files sessions)
  "$@" >"$T/out1" 2>"$T/err1" </dev/null &
  pid=$!
  while [ "$(repo_files sessions)" -le "$before" ]; do
    kill -0 $pid 2>/dev/null || return 1
  done
  kill -STOP $pid 2>/dev/null
}
