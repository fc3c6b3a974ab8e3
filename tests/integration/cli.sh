# SPDX-License-Identifier: BSD-2-Clause
# Sourced by test_cli_*.sh: a folder of its own for everything, and what to expect of a command.
set -u
HB=${HOZEN_BIN:?}/hozen-backup
# shellcheck disable=SC2034 # of the tests
HV=$HOZEN_BIN/hozen-verify
# shellcheck disable=SC2034 # of the tests
HE=$HOZEN_BIN/hozen-erase
# shellcheck disable=SC2034 # of the tests
tests=${HOZEN_TESTS:?}
T=$(mktemp -d "${TMPDIR:-/tmp}/hozen-cli.XXXXXX")
cleanup() {
  rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

unset HOZEN_REPO HOZEN_PASSPHRASE_FILE HOZEN_PASSPHRASE_COMMAND HOZEN_RESERVE HOZEN_EVIDENCE_DIR HOZEN_OPERATOR HOZEN_TICKET HOZEN_POLICY
export HOME="$T/home" XDG_CONFIG_HOME="$T/config" XDG_STATE_HOME="$T/xdg-state" XDG_CACHE_HOME="$T/xdg-cache"
export HOZEN_STATE_DIR="$T/state" HOZEN_CACHE_DIR="$T/cache" HOZEN_KEY_FILE="$T/writer.key"
export LC_ALL=C.UTF-8 TZ=UTC
# Caches of cairo and fontconfig live as long as the process that draws a page.
export LSAN_OPTIONS="suppressions=$tests/support/lsan.supp:print_suppressions=0"
mkdir -p "$HOME"
umask 022

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# run CODE COMMAND...: runs it without a terminal; what it printed is in $T/out and $T/err.
run() {
  want=$1
  shift
  setsid -w "$@" >"$T/out" 2>"$T/err" </dev/null
  got=$?
  if [ "$got" -ne "$want" ]; then
    sed 's/^/  out: /' "$T/out" | tail -20 >&2
    sed 's/^/  err: /' "$T/err" | tail -20 >&2
    fail "exit $got instead of $want: $*"
  fi
}

# says PATTERN: the last command's stderr has it. prints PATTERN: its stdout has it.
says() {
  grep -q -e "$1" "$T/err" || { cat "$T/err" >&2; fail "stderr lacks: $1"; }
}
prints() {
  grep -q -e "$1" "$T/out" || { cat "$T/out" >&2; fail "stdout lacks: $1"; }
}
silent() {
  if [ -s "$T/out" ] || [ -s "$T/err" ]; then
    cat "$T/out" "$T/err" >&2
    fail "it printed something"
  fi
}

# A passphrase file, a repository that it opens, and a source of some files.
make_passphrase() {
  printf '%s\n' 'correct horse' >"$T/pass"
  chmod 600 "$T/pass"
}
make_repo() {
  make_passphrase
  export HOZEN_REPO="$T/repo"
  run 0 env HOZEN_PASSPHRASE_FILE="$T/pass" "$HB" init
}
make_source() {
  mkdir -p "$T/src/sub/empty"
  echo one >"$T/src/one"
  echo two >"$T/src/sub/two"
  ln -s one "$T/src/link"
}
with_pass() {
  want_pass=$1
  shift
  run "$want_pass" env HOZEN_PASSPHRASE_FILE="$T/pass" "$@"
}
