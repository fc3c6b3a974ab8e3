#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# How hozen-backup scales: scale.sh workers|files|chunks|slow|bundles [--counts N,N,...]; docs/PERFORMANCE.md says what is measured.
# Takes the programs of HOZEN_BIN (a build folder's tools), or else builds the release.
here=$(cd "$(dirname "$0")" && pwd) || exit 2
top=$here/../..
if [ -z "$HOZEN_BIN" ]; then
	(cd "$top" && cmake --preset release -B build/bench -DHOZEN_TESTS=ON &&
		cmake --build build/bench --target hozen-backup bench_gen_runs bench_slow_backup bench_bundles) >&2 || exit 1
	HOZEN_BIN=$top/build/bench/tools
fi
export HOZEN_BIN PYTHONDONTWRITEBYTECODE=1
exec python3 "$here/scale.py" "$@"
