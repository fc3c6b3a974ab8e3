/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A store that notes what is read of another, in the order in which it is asked for, and that says of itself what a
 * test wants it to say: remote, rotational. Where its objects lie follows from their names alone, and has nothing to do
 * with the order of these.
 */
#ifndef SUPPORT_LOGSTORE_H
#define SUPPORT_LOGSTORE_H

#include "store/store_backend.h"

struct log_read {
	char name[STORE_NAME_MAX];
	uint64_t off, len, size; /* size: of the object */
};

/* Around below, which it closes. */
int logstore_new(struct store **ret, struct store *below, hz_error **err);
/* What was read so far; borrowed, until the next call of the store. */
const struct log_read *logstore_reads(struct store *s, size_t *n);

#endif
