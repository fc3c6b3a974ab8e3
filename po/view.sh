#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# view.sh JA.PO OUT.MO: the messages of pages (lib/view) alone, for the module that draws them.
set -eu
po=$1
out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$(dirname "$0")/.."
find lib/view -name '*.[ch]' | LC_ALL=C sort |
  xargs xgettext --language=C --from-code=UTF-8 --package-name=hozen -k -kN_ -klang_say:2 -o "$work/view.pot"
msgmerge -q --no-fuzzy-matching --no-location -o "$work/view.po" "$po" "$work/view.pot"
msgattrib --translated --no-obsolete -o "$work/ja.po" "$work/view.po"
# The order of bytes of this machine is that of the program which is built here.
msgfmt --check-format -o "$work/ja.mo" "$work/ja.po"
cp "$work/ja.mo" "$out.new" && mv "$out.new" "$out"
