/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by index.c (loading runs) and index_find.c (lookups). */
#ifndef ARCHIVE_INDEX_INTERNAL_H
#define ARCHIVE_INDEX_INTERNAL_H

#include "archive/idmap.h"
#include "archive/index.h"
#include <pthread.h>

enum pack_state { PACK_UNKNOWN, PACK_THERE, PACK_GONE };

struct known_pack {
	struct run_pack p;
	uint8_t state; /* enum pack_state; atomic */
};

/* A run that stays in the store. */
struct disk_run {
	struct run run;
	uint32_t *numbers; /* of its packs */
	uint64_t *first;   /* big-endian prefix of each page's first id */
	uint64_t *filter;
	uint64_t filter_blocks; /* of 512 bits */
	pthread_mutex_t lock;   /* the cipher and the page below */
	uint32_t page;
	unsigned n;
	struct run_entry entries[RUN_ENTRIES];
};

/* Entries in memory: an id may have several packs, chained. */
struct more {
	uint32_t number, next; /* next: place in more plus one */
};

struct index {
	struct store *store;
	const struct admin_log *log;
	const struct group *group;
	struct index_options opts;
	const struct damage_sink *sink;
	struct known_pack *packs;
	size_t n_packs, cap_packs;
	struct idmap by_uid; /* pack uid (zero-extended) to number */
	struct idmap memory; /* id to place in more */
	struct more *more;
	size_t n_more, cap_more;
	struct disk_run **disk;
	size_t n_disk, n_runs;
	uint64_t entries;
	pthread_rwlock_t lock; /* index_add_run against lookups */
};

/* The filter of a run on disk: false means that the id is not in it. */
void filter_add(struct disk_run *d, const struct id *id);
bool filter_has(const struct disk_run *d, const struct id *id);

#endif
