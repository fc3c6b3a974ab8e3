#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# systemd accepts the units, and calls them well confined. An unknown key is only a warning to it, so any word is a failure.
. "${HOZEN_TESTS:?}/integration/cli.sh"
command -v systemd-analyze >/dev/null || exit 77
units=$tests/../docs/systemd

# The program need not be installed: the copy names one that exists. Instances are checked under their own names.
sed "s|/usr/bin/hozen-backup|/bin/true|" "$units/hozen-backup@.service" >"$T/hozen-backup@nightly.service"
cp "$units/hozen-backup@.timer" "$T/hozen-backup@nightly.timer"
grep -q '^ExecStart=/bin/true create' "$T/hozen-backup@nightly.service" || fail 'the service does not create a backup'
systemd-analyze verify --man=no "$T/hozen-backup@nightly.service" "$T/hozen-backup@nightly.timer" >"$T/out" 2>&1 ||
  { cat "$T/out" >&2; fail 'systemd-analyze verify'; }
[ ! -s "$T/out" ] || { cat "$T/out" >&2; fail 'systemd-analyze verify has something to say'; }
# A check that cannot fail is none.
sed 's/^Type=/Typo=/' "$T/hozen-backup@nightly.service" >"$T/broken@nightly.service"
systemd-analyze verify --man=no "$T/broken@nightly.service" >"$T/out" 2>&1
[ -s "$T/out" ] || fail 'systemd-analyze verify does not notice an unknown key'
systemd-analyze security --offline=true --threshold=40 "$T/hozen-backup@nightly.service" >"$T/out" 2>&1 ||
  { tail -3 "$T/out" >&2; fail 'exposure is above 4.0'; }
systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$units/hozen-backup@.timer")" >/dev/null || fail 'OnCalendar'
