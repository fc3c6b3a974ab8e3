#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# compare_trees.py, which other tests believe, sees each single difference of two trees. Needs root.
. "${HOZEN_TESTS:?}/integration/kit.sh"
[ "$(id -u)" -eq 0 ] || exit 77
# ext4 has all the properties; elsewhere those that there are.
if mount_image ext4 "$T/disk" 64m; then
  set -- --all "$T/disk"
else
  mkdir "$T/disk"
  set -- "$T/disk"
fi
python3 "$tests/integration/each_difference.py" "$@" || fail 'the comparer is blind'
