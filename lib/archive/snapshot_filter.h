/* SPDX-License-Identifier: BSD-2-Clause */
/* Which snapshots a call looks at. */
#ifndef ARCHIVE_SNAPSHOT_FILTER_H
#define ARCHIVE_SNAPSHOT_FILTER_H

#include "archive/reader.h"
#include "hozen/snapshot.h"

/* Takes a caller's filter, which may be NULL. HZ_E_INVAL, HZ_E_UNSUPPORTED. */
int snapshot_filter_take(hz_snapshot_filter *own, const hz_snapshot_filter *callers, hz_error **err);
bool snapshot_filter_is_empty(const hz_snapshot_filter *f);
/* Is it listed (snap_is_listed), and does it fit? */
bool snapshot_filter_has(const hz_snapshot_filter *f, const struct snap *s);

#endif
