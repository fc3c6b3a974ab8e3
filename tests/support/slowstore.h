/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A folder as if it were far away: slow://LATENCYms,RATE[K|M]/PATH, as in slow://30ms,50M/srv/backup. Each request
 * takes the latency; those under way at once wait for it together. Content shares one link, RATE bytes a second (K and
 * M: 10^3 and 10^6) in each direction, one request after the other. What is local about it (the folder's own work)
 * happens in the meantime and costs time only where it takes longer.
 */
#ifndef SUPPORT_SLOWSTORE_H
#define SUPPORT_SLOWSTORE_H

#include "store/store_backend.h"

/* One direction of a link. */
struct slow_link {
	uint64_t rate;    /* bytes a second */
	uint64_t free_ns; /* when it has carried what it was given */
};
/* When len bytes, which are ready at from, have been carried. */
uint64_t slow_link_take(struct slow_link *l, uint64_t from_ns, uint64_t len);

int slowstore_open(struct store **ret, const char *location, enum store_mode mode, hz_error **err);
/* For store_open from now on. */
int slowstore_register(void);

#endif
