/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index of one group: which packs claim an id. Runs stay in the store. Of a large one a filter, a prefix for each
 * page and one byte for each pack are kept, about 1.7 bytes an entry; small ones share a table of bounded size. A
 * lookup that passes reads one page of entries and one of packs, through a cache of bounded size. Loading takes one
 * object at a time beside that. After loading, lookups come from any thread.
 */
#ifndef ARCHIVE_INDEX_H
#define ARCHIVE_INDEX_H

#include "archive/run.h"

struct index;

/* Which runs are used, by who signed them. */
enum index_trust {
	INDEX_ALL,  /* a reader: ids are recomputed from what packs hold */
	INDEX_OWN,  /* a writer: its own and attesters' */
	INDEX_GROUP /* --trust all */
};

struct index_options {
	enum index_trust trust;
	struct uid self;       /* the writer, for INDEX_OWN */
	size_t memory_entries; /* of small runs, how many the table may hold; 0: the default */
	size_t cache_pages;    /* of 4 KiB; 0: the default, for who writes */
	/* Packs that count as absent (marks, final lists); NULL: none. */
	bool (*is_gone)(void *user, const struct uid *pack);
	void *user;
};

/* Lists the store's index folder: the runs that stand there now are those that count. They are loaded by index_load, or
 * by the first lookup, from whatever thread, which may fail for it with a storage error; the next one goes on. Of
 * these, runs of the group are used; such as are damaged or badly signed are told to the sink and left out, also when
 * it shows later: what they name is found through other runs, or stored again, or reported as missing. */
int index_new(struct index **ret, struct store *st, const struct admin_log *log, const struct group *g,
	const struct index_options *opts, const struct damage_sink *sink, hz_error **err);
int index_load(struct index *ix, hz_error **err);
void index_free(struct index *ix);
DEFINE_AUTO(struct index, index_free)

/* A run that this session has just put. */
int index_add_run(struct index *ix, const struct uid *run, hz_error **err);

#define INDEX_CANDIDATES 64
struct pack_ref {
	struct uid uid;
	uint32_t size;
	uint32_t number; /* of the pack within this index: dense, stable. A pack that several runs name has several. */
};
/* Up to INDEX_CANDIDATES packs that claim the id, each once, by the number that the first run gives it; *n = 0: none.
 */
int index_find(
	struct index *ix, const struct id *id, struct pack_ref out[INDEX_CANDIDATES], unsigned *n, hz_error **err);
/* For a writer: is the id in a pack that is there? Stats each pack once for each run that names it. 1 yes, 0 no, <0 a
 * storage error. */
int index_has(struct index *ix, const struct id *id, hz_error **err);

/* The pack of a number that a lookup gave. */
int index_pack(struct index *ix, uint32_t number, struct run_pack *pack, hz_error **err);
/* Does a run name the pack? 1 yes, with a number of it (NULL: not asked for), 0 no, <0 a storage error. */
int index_pack_number(struct index *ix, const struct uid *uid, uint32_t *number, hz_error **err);
/* Every pack of every run, in the order of runs; no run may be added from fn. */
typedef int (*index_pack_fn)(void *user, const struct run_pack *pack, hz_error **err);
int index_each_pack(struct index *ix, index_pack_fn fn, void *user, hz_error **err);

/* These of what is loaded, and not while a run is added. Packs: as many as runs name, each run for itself. */
size_t index_packs(const struct index *ix);
uint64_t index_entries(const struct index *ix);
size_t index_runs(const struct index *ix);

#endif
