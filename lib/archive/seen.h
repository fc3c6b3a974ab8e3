/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What earlier runs found out about commits in the store, so that a night does not verify years of them again: which
 * are this writer's, and their place in its chain. In the cache folder, CRC-64 at the end; losing it costs time. A
 * commit counts only while the store lists it.
 */
#ifndef ARCHIVE_SEEN_H
#define ARCHIVE_SEEN_H

#include "archive/session.h"

#define SEEN_OTHER 0x80u

struct seen_commit {
	struct uid session;
	uint32_t attempt;
	uint8_t kind; /* enum commit_kind, SEEN_OTHER with it for another writer's */
	struct id hash;
	uint64_t number;
	struct id *parents; /* owned */
	uint32_t n_parents;
};
struct seen {
	struct seen_commit *v; /* ascending by session and attempt, once sorted */
	size_t n, cap;
	size_t sorted; /* how many are in order */
};

/* Nothing when there is none. HZ_E_NOMEM only. */
int seen_load(struct seen *s, const char *cache_dir, const struct uid *writer);
const struct seen_commit *seen_find(const struct seen *s, const struct uid *session, unsigned attempt);
/* parents are copied. -1 out of memory. */
int seen_add(struct seen *s, const struct seen_commit *c);
/* Best effort. */
void seen_save(struct seen *s, const char *cache_dir, const struct uid *writer);
void seen_release(struct seen *s);

#endif
