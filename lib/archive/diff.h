/* SPDX-License-Identifier: BSD-2-Clause */
/* What differs between two entries of one name. */
#ifndef ARCHIVE_DIFF_H
#define ARCHIVE_DIFF_H

#include "archive/entry.h"
#include "hozen/diff.h"

#define DIFF_CONTENT (HZ_DIFF_F_CONTENT | HZ_DIFF_F_SIZE | HZ_DIFF_F_HOLES | HZ_DIFF_F_TARGET | HZ_DIFF_F_DEVICE)

/* HZ_DIFF_F_* of two entries of the same type. Ids are compared, so both must be of one group; else HZ_DIFF_F_CONTENT
 * of files is never set and those of equal size have to be read. Attributes of synthetic folders say nothing. */
uint32_t diff_fields(const struct entry *a, const struct entry *b, bool same_group);

#endif
