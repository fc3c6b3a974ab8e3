#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Text: no trailing white space, no carriage returns, no merge marks, a licence line in every source, and what is still
# to do carries the number of an issue.
cd "$(dirname "$0")/../.." || exit 2
failed=0
found() { # message, then lines on stdin
	lines=$(cat)
	[ -z "$lines" ] && return
	printf '%s:\n%s\n' "$1" "$lines"
	failed=1
}
text() { git grep -nI "$@" -- . ':!tests/vectors/**' ':!tests/fuzz/corpora/**' ':!LICENSE*'; }

found 'white space at the end of a line' <<-END
	$(text -E '[[:blank:]]+$')
END
found 'carriage return' <<-END
	$(text -P '\r$')
END
found 'merge mark' <<-END
	$(text -E '^(<<<<<<<|>>>>>>>) ')
END
found 'to do without an issue: write it as TODO(#12)' <<-END
	$(text -wE 'TODO|FIXME|XXX' | grep -v 'TODO(#[0-9][0-9]*)' | grep -v '^tests/lint/words.sh:')
END
found 'no licence line' <<-END
	$(git ls-files -- '*.c' '*.h' '*.py' '*.sh' '*CMakeLists.txt' | while read -r f; do
		[ ! -f "$f" ] || head -3 "$f" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' || echo "$f"
	done)
END
exit $failed
