#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Everything as somebody who is not root: places by XDG, files that cannot be read (3), owners that cannot be set (3).
. "${HOZEN_TESTS:?}/integration/kit.sh"
as=
if [ "$(id -u)" -eq 0 ]; then
  command -v setpriv >/dev/null || exit 77
  # The build may lie where only root can look.
  mkdir "$T/bin" && cp "$HB" "$T/bin" && cp -L "$(dirname "$HB")"/../lib/libhozen.so.0 "$T/bin"
  export LD_LIBRARY_PATH="$T/bin" HB="$T/bin/hozen-backup"
  chmod 711 "$T"
  as='setpriv --reuid 65534 --regid 65534 --clear-groups'
  $as "$HB" --version >/dev/null 2>&1 || exit 77
fi
make_passphrase
mkdir -p "$T/own/home" "$T/src/secret-folder"
echo readable >"$T/src/readable"
echo hidden >"$T/src/hidden"
echo inside >"$T/src/secret-folder/inside"
ln "$T/src/readable" "$T/src/readable-too"
cp "$T/pass" "$T/own/pass"
[ -z "$as" ] || chown -R 65534:65534 "$T/own"
chmod 000 "$T/src/hidden" "$T/src/secret-folder"
unset HOZEN_STATE_DIR HOZEN_CACHE_DIR HOZEN_KEY_FILE
unset XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME
export HOME="$T/own/home" HOZEN_REPO="$T/own/repo" HOZEN_PASSPHRASE_FILE="$T/own/pass"

# shellcheck disable=SC2086 # a command of several words, or none
user() {
  want_user=$1
  shift
  run "$want_user" $as "$@"
}
user 0 "$HB" init --json
id=$(field repo_id)
[ "$id" != none ] || id=$(field id)
[ -f "$HOME/.config/hozen/$id/writer.key" ] || fail 'the key file is not where XDG says'
user 3 "$HB" create --json "$T/src"
expect complete false
expect source_errors 2
grep -q '"code":"SOURCE".*"path":"[^"]*/hidden"' "$T/out" || fail 'the unreadable file is not named'
grep -q '"code":"SOURCE".*"path":"[^"]*/secret-folder"' "$T/out" || fail 'the unreadable folder is not named'
[ -d "$HOME/.local/state/hozen/$id" ] || fail 'the state is not where XDG says'
[ -d "$HOME/.cache/hozen/$id" ] || fail 'the cache is not where XDG says'
user 3 "$HB" create -q "$T/src"
says hidden
user 0 "$HB" snapshots --json
grep -q '"complete":false' "$T/out" || fail 'the snapshot passes for complete'
user 0 "$HB" check --read-data
# A snapshot with exceptions restores what it has.
user 0 "$HB" ls latest "${T#/}/src"
prints readable
if grep -q inside "$T/out"; then fail 'what could not be read is listed'; fi
# The folders on the way, and here src itself, belong to root: nobody cannot give them back, and that is said.
user 3 "$HB" restore latest --target "$T/own/restored"
[ "$(cat "$T/own/restored/${T#/}/src/readable")" = readable ] || fail 'the readable file is not restored'
[ ! -e "$T/own/restored/${T#/}/src/secret-folder/inside" ] || fail 'where does that come from'
# What could not be set of a file was said once, and is no difference when its other names are read back.
user 3 "$HB" restore latest --json --verify --target "$T/own/verified"
expect verify_mismatch 0

# A damaged key file in the default place is told, and keeps no passphrase from working; one that was named does.
key="$HOME/.config/hozen/$id/writer.key"
cp -p "$key" "$T/key.whole"
head -c 3000 /dev/zero >"$key"
user 4 "$HB" snapshots
says 'key file'
prints "$(hostname)"
user 4 "$HB" ls latest "${T#/}/src"
prints readable
user 4 "$HB" --key-file "$key" snapshots
if grep -q "$(hostname)" "$T/out"; then fail 'a damaged key file that was named did not matter'; fi
user 4 "$HB" create -q "$T/src/readable"
cat "$T/key.whole" >"$key"
user 0 "$HB" snapshots

# Of its own tree everything comes back.
mkdir "$T/own/tree" && echo mine >"$T/own/tree/file"
[ -z "$as" ] || chown -R 65534:65534 "$T/own/tree"
user 0 sh -c 'cd "$1" && "$0" create .' "$HB" "$T/own/tree"
user 0 "$HB" restore latest --target "$T/own/tree2" --verify
same "$T/own/tree" "$T/own/tree2"

# Where the command is given does not matter to absolute paths, even if that folder is closed to the user.
mkdir -m 700 "$T/closed"
user 0 sh -c 'cd "$1" 2>/dev/null; "$0" create "$2"' "$HB" "$T/closed" "$T/own/tree"
cd "$T/closed" || fail cd
user 0 "$HB" create -q "$T/own/tree"

# Everything there is, made by root: what the kernel forbids to the user is told, path by path; the rest is exact.
[ -n "$as" ] || exit 0
chmod 711 "$T"
exact_but_told() {
  python3 "$tests/integration/compare_trees.py" "$@" >"$T/compared" || { cat "$T/compared" >&2; fail "differ: $*"; }
}
nobody() {
  code=$1
  shift
  # shellcheck disable=SC2086
  run "$code" $as env HOZEN_KEY_FILE="$T/own/reader.key" "$@"
}
with_pass 0 "$HB" key export --role reader --out "$T/own/reader.key"
with_pass 0 "$HB" key export --role writer --join "$(hostname)" --name second --out "$T/root.key"
chown 65534:65534 "$T/own/reader.key"
mkdir "$T/torture" "$T/own/torture"
chown 65534:65534 "$T/own/torture"
python3 "$tests/integration/make_torture.py" --light "$T/torture" || fail make_torture.py
(cd "$T/torture" && HOME="$T/root" HOZEN_KEY_FILE="$T/root.key" "$HB" create -q .) || fail 'create as root'
chown -R 65534:65534 "$HOZEN_REPO"
nobody 3 "$HB" restore latest --target "$T/own/torture/copy" --json
exact_but_told --told "$T/out" "$T/torture" "$T/own/torture/copy"
chmod -R u+rwx "$T/own/torture/copy" 2>/dev/null
rm -rf "$T/own/torture/copy"

# Made by the user: only what its own rights forbid it to read is missing, and told.
mkdir "$T/own/torture/src"
chown 65534:65534 "$T/own/torture/src"
python3 "$tests/integration/make_torture.py" --light --user 65534 "$T/own/torture/src" || fail 'make_torture.py --user'
user 3 sh -c 'cd "$1" && "$0" create --json .' "$HB" "$T/own/torture/src"
cp "$T/out" "$T/unread"
nobody 0 "$HB" restore latest --target "$T/own/torture/copy" --json
exact_but_told --told "$T/unread" --told "$T/out" "$T/own/torture/src" "$T/own/torture/copy"
