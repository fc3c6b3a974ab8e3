#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Where the time of a row goes: profile.sh small|big|many|random first|check|restore [--top N]; docs/PERFORMANCE.md says more.
# Takes the programs of HOZEN_BIN (a build folder's tools), or else builds the release. Needs perf.
here=$(cd "$(dirname "$0")" && pwd) || exit 2
top=$here/../..
if [ -z "$HOZEN_BIN" ]; then
	(cd "$top" && cmake --preset release -B build/bench -DHOZEN_TESTS=ON && cmake --build build/bench --target hozen-backup) >&2 || exit 1
	HOZEN_BIN=$top/build/bench/tools
fi
export HOZEN_BIN PYTHONDONTWRITEBYTECODE=1
exec python3 "$here/row_profile.py" "$@"
