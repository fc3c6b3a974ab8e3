#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# sh make.sh BUILD: makes v1-suite1, v1-suite2 and what is expected of them anew, with the tools of the build folder. Only for a
# format that is not released: what is committed here must open for ever. README.md says what is what.
set -eu
hb=$(cd "${1:?the build folder}" && pwd)/tools/hozen-backup
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/hozen-compat.XXXXXX")
trap 'rm -rf "$work"' EXIT
umask 022
export HOZEN_STATE_DIR="$work/state" HOZEN_CACHE_DIR="$work/cache" HOZEN_PASSPHRASE_FILE="$work/passphrase"
unset HOZEN_PASSPHRASE_COMMAND HOZEN_REPO HOZEN_KEY_FILE

(umask 077 && printf 'a passphrase of no secret\n' >"$work/passphrase")
cd "$work"

first() { # suite
  name=v1-suite$1
  mkdir "$name"
  "$hb" init --quiet --suite "$1" --repo "$name/repo" --key-file "$name/writer.key"
  "$hb" create --quiet --repo "$name/repo" --key-file "$name/writer.key" --host compat --tag first src
}
second() { # suite
  name=v1-suite$1
  "$hb" create --quiet --repo "$name/repo" --key-file "$name/writer.key" --host compat --tag second --tag 'another tag' src
  "$hb" key export --quiet --repo "$name/repo" --role reader --out "$name/reader.key"
  "$hb" key export --quiet --repo "$name/repo" --role lister --out "$name/lister.key"
  cp passphrase "$name/"
  chmod -R u=rwX,go=rX "$name"
  rm -rf "${here:?}/$name"
  cp -r "$name" "$here/"
}

python3 "$here/source.py" src 1
first 1
first 2
mkdir seen && mv src seen/ && python3 "$here/scan.py" seen >"$here/expected.1" && mv seen/src .
python3 "$here/source.py" src 2
second 1
second 2
mv src seen/ && python3 "$here/scan.py" seen >"$here/expected.2"
