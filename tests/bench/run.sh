#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Backup programs side by side on this machine; docs/PERFORMANCE.md says what the figures mean. Options: --help.
# Takes the program of HOZEN_BIN, or else builds the release.
here=$(cd "$(dirname "$0")" && pwd) || exit 2
top=$here/../..
if [ -z "$HOZEN_BIN" ]; then
	(cd "$top" && cmake --preset release && cmake --build --preset release --target hozen-backup) >&2 || exit 1
	HOZEN_BIN=$top/build/release/tools
fi
export HOZEN_BIN PYTHONDONTWRITEBYTECODE=1
exec python3 "$here/bench.py" "$@"
