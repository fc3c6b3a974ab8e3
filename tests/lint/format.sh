#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# All C is as clang-format leaves it (Debian 12's version 14; others differ in details). CLANG_FORMAT names another one.
cd "$(dirname "$0")/../.." || exit 2
format=${CLANG_FORMAT:-clang-format}
if ! command -v "$format" >/dev/null; then
	echo "$format is missing"
	exit 1
fi
out=$(git ls-files -- '*.c' '*.h' | while read -r f; do [ -f "$f" ] && echo "$f"; done |
	xargs "$format" --dry-run -Werror 2>&1 | grep 'error:' | cut -d: -f1 | sort | uniq -c)
if [ -n "$out" ]; then
	printf 'lines that clang-format would change:\n%s\n' "$out"
	exit 1
fi
