/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by index.c (loading runs), index_find.c (lookups), index_pages.c (pages of runs) and index_filter.c (which
 * run may hold an id). */
#ifndef ARCHIVE_INDEX_INTERNAL_H
#define ARCHIVE_INDEX_INTERNAL_H

#include "archive/index.h"
#include "archive/listing.h"
#include <pthread.h>

enum pack_state { PACK_UNKNOWN, PACK_THERE, PACK_GONE };

/* A run stays in the store: what is kept of it says which page may hold an id. */
struct known_run {
	struct run run;         /* without its packs and its cipher */
	uint32_t place;         /* among the runs */
	uint32_t base;          /* number of its first pack */
	uint64_t first_page;    /* of all runs' pages, counted through */
	uint64_t *pack_first;   /* big-endian prefix of the first uid of each page of packs */
	uint64_t *entry_first;  /* the same of ids */
	uint8_t *state;         /* of each pack: enum pack_state; atomic */
	uint64_t *filter;       /* NULL: its ids are in the table of small runs */
	uint64_t filter_blocks; /* of 512 bits */
	bool left_out;          /* atomic: it was found to be damaged, or gone */
};

/* The ids of small runs, 40 bits of each, and the place of the run plus one in 24: open addressing, at most 3/4 full.
 * Equal bits are no proof: the page is looked at. */
struct small_table {
	uint64_t *slots;
	size_t cap, n;
	unsigned bits; /* cap is 2 to that */
};

/* A page that was read, and a cipher that was keyed, wait here for the next who needs them. Where one stands follows
 * from its number. */
struct page_slot {
	pthread_mutex_t lock;
	const struct known_run *run; /* NULL: empty */
	uint32_t page;
	uint8_t *plain;
};
struct cipher_slot {
	pthread_mutex_t lock;
	const struct known_run *run;
	struct aead *aead;
};

struct index {
	struct store *store;
	const struct admin_log *log;
	const struct group *group;
	struct index_options opts;
	const struct damage_sink *sink;
	struct listing listed; /* the runs that count, and which is the next to load */
	size_t next;
	bool loaded;             /* atomic: all of them */
	struct known_run **runs; /* small ones first, then as they were added */
	size_t n_runs;
	size_t n_packs;
	uint64_t n_pages, entries;
	struct small_table small;
	struct page_slot *pages;
	struct cipher_slot *ciphers;
	pthread_rwlock_t lock; /* loading and index_add_run against lookups */
};

/* ---- index_filter.c ---- */

/* False means that the id is not in the run. */
int filter_new(struct known_run *k, hz_error **err);
void filter_add(struct known_run *k, const struct id *id);
bool filter_has(const struct known_run *k, const struct id *id);

int small_add(struct small_table *t, const struct id *id, uint32_t run, hz_error **err);
/* The next run after *at (0 to begin) that may hold the id, or -1. */
int64_t small_next(const struct small_table *t, const struct id *id, size_t *at);

/* ---- index_pages.c ---- */

int index_pages_new(struct index *ix, hz_error **err);
void index_pages_free(struct index *ix);
/* A page of a run, borrowed until page_unlock. */
int page_lock(struct index *ix, const struct known_run *k, uint32_t page, struct page_slot **slot, hz_error **err);
void page_unlock(struct page_slot *slot);
/* The same past the cache, for who reads all. */
int page_read(struct index *ix, const struct known_run *k, uint32_t page, uint8_t plain[RUN_PLAIN], hz_error **err);

#endif
