#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every header compiles alone: public ones as strict C11 and C++11, those of the layers as our C.
cd "$(dirname "$0")/../.." || exit 2
failed=0
only() { # compiler options... header
	for last; do :; done
	printf '#include <%s>\n' "$last" >"$tmp/x"
	set -- "$@" end
	cmd=
	while [ "$2" != end ]; do cmd="$cmd $1" && shift; done
	# shellcheck disable=SC2086
	$cmd "$tmp/x" || { echo "$last: does not compile alone:$cmd" && failed=1; }
}
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
for h in lib/include/*.h lib/include/hozen/*.h; do
	h=${h#lib/include/}
	only gcc -std=c11 -pedantic -Wall -Wextra -Werror -fsyntax-only -Ilib/include -x c "$h"
	only g++ -std=c++11 -pedantic -Wall -Wextra -Werror -fsyntax-only -Ilib/include -x c++ "$h"
done
# Headers of others that are not where the compiler looks.
others=$(pkg-config --cflags pangocairo)
for h in lib/*/*.h; do
	case $h in lib/include/*) continue ;; esac
	# shellcheck disable=SC2086
	only gcc -std=gnu11 -D_GNU_SOURCE -DHZ_BUILD -Wall -Wextra -Werror -fsyntax-only -Ilib -Ilib/include $others -x c "${h#lib/}"
done
exit $failed
