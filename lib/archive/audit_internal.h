/* SPDX-License-Identifier: BSD-2-Clause */
/* Between audit.c and audit_body.c. */
#ifndef ARCHIVE_AUDIT_INTERNAL_H
#define ARCHIVE_AUDIT_INTERNAL_H

#include "archive/audit.h"

/* The compressed inside, appended to plain. */
int audit_pack(struct buf *plain, const struct audit *a, const struct buf *entries, hz_error **err);

#endif
