/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of sectors, beside what outcome.h says of them. */
#ifndef SANITIZE_EXTENTS_H
#define SANITIZE_EXTENTS_H

#include "sanitize/outcome.h"

/* More than this is no list any more: who collects them gives up. */
#define EXTENTS_MAX ((size_t)65536)

/* to becomes the same list; what it held is freed. */
int extents_copy(struct extents *to, const struct extents *from, hz_error **err);
/* What of e is not in less. HZ_E_NOMEM: e is as it was. */
int extents_minus(struct extents *e, const struct extents *less, hz_error **err);
/* Whether any of [lba, lba + count) is in it. */
bool extents_touch(const struct extents *e, uint64_t lba, uint64_t count);

#endif
