/* SPDX-License-Identifier: BSD-2-Clause */
/* What libarchive says of a tar's entry, as an entry of ours. */
#ifndef ARCHIVE_STREAM_TAR_ATTRS_H
#define ARCHIVE_STREAM_TAR_ATTRS_H

#include "archive/entry.h"

struct archive_entry;

/* All but name and content; into a what has to be kept. *short_of: what could not be taken over, or untouched. 0, or
 * HZ_E_NOMEM. */
int tar_entry(struct entry *e, struct arena *a, struct archive_entry *ae, const char **short_of);

#endif
