#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# From a clone to a proven backup on a bare Debian 12, as root or through sudo:   sh tools/quickstart.sh
# Installs what the build needs, builds, and runs the main job on real files of this machine: init, a first and a changed second
# backup, snapshots, check of all data, restore, comparison. Keys, state, cache and repository live in a temporary folder that is
# removed at the end; nothing of the system's is read for keys or written. KEEP=1 keeps the folder. SOURCES="..." names other
# folders than /usr/share and /etc; LIMIT_MB (1500) limits how much of them is taken.
set -eu
umask 022
cd "$(dirname "$0")/.."
top=$PWD

say() {
  printf '\n==> %s\n' "$*"
}
die() {
  printf 'quickstart: %s\n' "$*" >&2
  exit 1
}
now() {
  date +%s%N
}
# seconds START END, both of now: "12.3"
seconds() {
  awk -v ns="$(($2 - $1))" 'BEGIN { printf "%.1f", ns / 1e9 }'
}

# Installing packages and reading all of /etc take root.
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || die 'this takes root, and there is no sudo'
  exec sudo KEEP="${KEEP:-}" SOURCES="${SOURCES:-}" LIMIT_MB="${LIMIT_MB:-}" TMPDIR="${TMPDIR:-/tmp}" sh tools/quickstart.sh
fi

# What a build needs; tests/run.sh takes it from here.
packages='gcc cmake ninja-build pkgconf libc6-dev libsodium-dev libssl-dev libarchive-dev libblkid-dev libzstd-dev uuid-dev libisal-dev libjansson-dev liburing-dev libinih-dev libcairo2-dev libpango1.0-dev libqrencode-dev gettext'
missing_packages() {
  for p in $packages; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true) in
      installed) ;;
      *) printf '%s ' "$p" ;;
    esac
  done
}
install_packages() {
  missing=$(missing_packages)
  if [ -z "$missing" ]; then
    echo "the build's packages are installed"
    return
  fi
  command -v apt-get >/dev/null || die "no apt-get here; install: $missing"
  echo "installing: $missing"
  apt-get update -qq >"$work/apt.log" 2>&1 || { tail -20 "$work/apt.log" >&2; die 'apt-get update failed'; }
  # shellcheck disable=SC2086 # a list
  env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >"$work/apt.log" 2>&1 ||
    { tail -20 "$work/apt.log" >&2; die 'apt-get install failed'; }
}
build() {
  { cmake --preset release && cmake --build --preset release; } >"$work/build.log" 2>&1 ||
    { tail -30 "$work/build.log" >&2; die 'the build failed'; }
}

# Prints the sources, one a line. A folder that is larger than the limit is replaced by those of its subfolders that fit.
choose_sources() {
  left=$limit_kb
  for folder in $sources; do
    [ -d "$folder" ] || continue
    size=$(du -sxk "$folder" 2>/dev/null | cut -f1)
    if [ "$size" -le "$left" ]; then
      echo "$folder"
      left=$((left - size))
      continue
    fi
    for sub in "$folder"/*/; do
      size=$(du -sxk "$sub" 2>/dev/null | cut -f1)
      [ "$size" -le "$left" ] || continue
      echo "${sub%/}"
      left=$((left - size))
    done
  done
}

# The metadata of a tree, in an order that does not depend on the file system: all that -printf shows and a restore must keep.
describe() {
  (cd "$1" && find . -xdev \( -type d -printf '%p|%y|%m|%U|%G|%T@\n' \) -o -printf '%p|%y|%m|%U|%G|%s|%T@|%l\n' | LC_ALL=C sort)
}
# same SOURCE RESTORED: content and metadata.
same() {
  diff -r --no-dereference "$1" "$2" >"$work/diff" 2>&1 || { head -20 "$work/diff" >&2; die "content differs: $1"; }
  describe "$1" >"$work/meta1"
  describe "$2" >"$work/meta2"
  diff "$work/meta1" "$work/meta2" >"$work/diff" || { head -20 "$work/diff" >&2; die "metadata differs: $1"; }
}

# step NAME COMMAND...: runs it, shows it and what it printed, and notes the time.
step() {
  name=$1
  shift
  shown=$*
  [ ${#shown} -le 160 ] || shown="$(printf '%.160s' "$shown") ..."
  say "$name: hozen-backup $shown"
  start=$(now)
  rc=0
  "$hb" "$@" || rc=$?
  took=$(seconds "$start" "$(now)")
  [ $rc -eq 0 ] || die "$name ended with exit code $rc"
  printf '%-38s %8s s\n' "$name" "$took" >>"$work/times"
}
stored() {
  du -sb "$work/repo" | awk '{ printf "%.1f MB", $1 / 1e6 }'
}

work=$(mktemp -d "${TMPDIR:-/tmp}/hozen-quickstart.XXXXXX")
finish() {
  rc=$?
  trap - EXIT
  if [ "${KEEP:-}" = 1 ]; then
    echo "kept: $work"
  else
    rm -rf "$work"
  fi
  exit $rc
}
trap finish EXIT
trap 'exit 130' INT TERM
sources=${SOURCES:-/usr/share /etc}
limit_kb=$((${LIMIT_MB:-1500} * 1000))
# Repository and restored copy together need at most a bit more than twice the sources.
room_kb=$(($(df -Pk "$work" | awk 'NR == 2 { print $4 }') / 3))
[ "$room_kb" -ge "$limit_kb" ] || limit_kb=$room_kb

say 'packages'
install_packages
say 'build into build/release'
start=$(now)
build
echo "built in $(seconds "$start" "$(now)") s"
hb=$top/build/release/tools/hozen-backup

# Everything of its own; what the caller's environment says of real repositories is not looked at.
unset HOZEN_PASSPHRASE_COMMAND HOZEN_RESERVE
export HOZEN_REPO="$work/repo" HOZEN_KEY_FILE="$work/writer.key" HOZEN_PASSPHRASE_FILE="$work/passphrase"
export HOZEN_STATE_DIR="$work/state" HOZEN_CACHE_DIR="$work/cache"
(umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$work/passphrase")

# A copy that may be changed stands for the folder in which people work.
say 'sources'
mkdir "$work/docs"
cp -a "$top/docs" "$top/lib" "$top/tools" "$work/docs/"
choose_sources >"$work/sources"
[ -s "$work/sources" ] || die 'nothing to back up'
set -- "$work/docs"
while read -r s; do
  set -- "$@" "$s"
done <"$work/sources"
du -scxh "$@" 2>/dev/null | sort -h | tail -8

step 'init' init
step 'first backup' create "$@"
first=$(stored)
echo "changed" >>"$work/docs/docs/STYLE.md"
mv "$work/docs/tools" "$work/docs/tools-renamed"
rm -r "$work/docs/lib/include"
head -c 3000000 /dev/urandom >"$work/docs/new-file"
step 'second backup, after changes' create "$@"
second=$(stored)
step 'snapshots' snapshots
step 'check of all data' check --read-data
step 'restore' restore latest --target "$work/restored"

say 'compare what was restored with the sources'
start=$(now)
for s in "$@"; do
  same "$s" "$work/restored/${s#/}"
done
echo "the same: content, types, modes, owners, times and links of everything in $# folders"
printf '%-38s %8s s\n' 'comparison' "$(seconds "$start" "$(now)")" >>"$work/times"

say 'times'
cat "$work/times"
echo
echo "stored after the first backup:  $first"
echo "stored after the second backup: $second"
cat <<EOT

Everything that was restored is what was backed up. Next, for real:
  sudo cmake --install build/release && sudo ldconfig
  sudo hozen-backup init --repo /srv/backup             # asks for a passphrase: keep it safe
  sudo hozen-backup create --repo /srv/backup /etc /home
  sudo hozen-backup snapshots --repo /srv/backup
  sudo hozen-backup restore latest --repo /srv/backup --target /srv/restored
Every night: docs/systemd, or the cron line in README.md. All commands: hozen-backup --help
EOT
[ "${KEEP:-}" = 1 ] || echo "The keys and the repository of this run are removed now; KEEP=1 keeps them."
