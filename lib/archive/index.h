/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index of one group: which packs claim an id. Small runs live together in one table in memory; of large ones only
 * a filter and a first-id per page are kept (about 1.6 bytes an entry), a lookup that passes the filter reads one page.
 * After loading, lookups come from any thread.
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
	size_t memory_entries; /* how many entries may live in memory; 0: the default */
	/* Packs that count as absent (marks, final lists); NULL: none. */
	bool (*is_gone)(void *user, const struct uid *pack);
	void *user;
};

/* Lists the store's index folder and loads the runs of the group. Runs that are damaged or badly signed are told to the
 * sink and left out: what they name is found through other runs, or stored again, or reported as missing. */
int index_new(struct index **ret, struct store *st, const struct admin_log *log, const struct group *g,
	const struct index_options *opts, const struct damage_sink *sink, hz_error **err);
void index_free(struct index *ix);
DEFINE_AUTO(struct index, index_free)

/* A run that this session has just put. */
int index_add_run(struct index *ix, const struct uid *run, hz_error **err);

#define INDEX_CANDIDATES 64
struct pack_ref {
	struct uid uid;
	uint32_t size;
	uint32_t number; /* of the pack within this index: small, dense, stable */
};
/* Up to INDEX_CANDIDATES packs that claim the id; *n = 0: none. */
int index_find(
	struct index *ix, const struct id *id, struct pack_ref out[INDEX_CANDIDATES], unsigned *n, hz_error **err);
/* For a writer: is the id in a pack that is there? Stats each pack once. 1 yes, 0 no, <0 a storage error. */
int index_has(struct index *ix, const struct id *id, hz_error **err);

/* These not while a run is added. */
size_t index_packs(const struct index *ix);
struct run_pack index_pack(const struct index *ix, uint32_t number);
uint64_t index_entries(const struct index *ix);
size_t index_runs(const struct index *ix);
/* Number of a pack, or -1. */
int64_t index_pack_number(const struct index *ix, const struct uid *uid);

#endif
