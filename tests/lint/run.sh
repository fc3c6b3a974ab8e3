#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# All checks of the source. With a build folder as argument also those of what was built there.
here=$(cd "$(dirname "$0")" && pwd) || exit 2
build=${1:-}
failed=
run() { # name command...
	name=$1
	shift
	if out=$("$@" 2>&1); then
		echo "ok      $name"
	else
		echo "FAILED  $name"
		failed="$failed $name"
	fi
	[ -z "$out" ] || printf '%s\n' "$out" | sed 's/^/        /'
}
export PYTHONDONTWRITEBYTECODE=1
# Which files are ours is what git tracks; a checkout that belongs to another user is fine here, for it is only read.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
if ! git -C "$here" rev-parse --is-inside-work-tree >/dev/null; then
	echo 'lint: this is no git checkout'
	exit 1
fi
run layers python3 "$here/layers.py"
run complexity python3 "$here/complexity.py"
run banned python3 "$here/banned.py"
run messages python3 "$here/messages.py"
run words sh "$here/words.sh"
run format sh "$here/format.sh"
run headers sh "$here/headers.sh"
[ -z "$build" ] || run symbols python3 "$here/symbols.py" "$build/lib/libhozen.so"
[ -z "$failed" ] || echo "lint:$failed failed"
[ -z "$failed" ]
