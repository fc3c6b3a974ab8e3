/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash table from ids (keyed hashes, so uniformly spread) to a 32-bit value. One thread at a time. */
#ifndef ARCHIVE_IDMAP_H
#define ARCHIVE_IDMAP_H

#include "base/id.h"

struct idmap {
	struct idmap_slot {
		struct id id;
		uint32_t value; /* 0: empty slot; values are stored plus one */
	} * slots;
	size_t n, cap;
};

void idmap_release(struct idmap *m);
/* 1 added, 0 it was there (*value is then the old one), -1 out of memory. */
int idmap_add(struct idmap *m, const struct id *id, uint32_t value, uint32_t *old);
/* The slot of an id, empty (value 0) when it is not there; cap must not be 0. Valid until the next add. */
struct idmap_slot *idmap_slot(const struct idmap *m, const struct id *id);
bool idmap_get(const struct idmap *m, const struct id *id, uint32_t *value);

#endif
