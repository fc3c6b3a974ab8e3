/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by ingest.c (content to frames) and ingest_ids.c (which ids are known, and the runs that name them). */
#ifndef ARCHIVE_INGEST_INTERNAL_H
#define ARCHIVE_INGEST_INTERNAL_H

#include "archive/idmap.h"
#include "archive/ingest.h"
#include "crypto/suite.h"
#include <pthread.h>

#define INGEST_SHARDS 32u

struct bundle_buf {
	struct buf raw;
	struct frame_member *m;
	size_t n, cap;
};

struct worker {
	struct mac *content, *metadata;
	ZSTD_CCtx *zstd;
	struct buf out;
	struct bundle_buf data, dense, nodes;
	bool incompressible; /* the last large chunk was */
};

struct shard {
	pthread_mutex_t lock;
	struct idmap ids;
	size_t known;
};

struct ingest {
	struct ingest_options o;
	struct packer *packer;
	struct worker *w; /* workers + 1: the last is the calling thread's */
	size_t bundle_full;
	struct shard shards[INGEST_SHARDS];
	pthread_mutex_t run_lock; /* everything below */
	struct run_pack *packs;
	size_t n_packs, cap_packs;
	struct run_entry *entries;
	size_t n_entries, cap_entries;
	struct run_ref *runs;
	size_t n_runs;
	struct ingest_stats stats;
};

/* 1: the caller must store it; 0: it is there, or another worker stores it. */
int ingest_claim(struct ingest *in, const struct id *id, hz_error **err);
/* The hooks of the packer; user is the struct ingest. */
int ingest_before_put(void *user, const struct pack_done *p, hz_error **err);
int ingest_after_put(void *user, const struct pack_done *p, hz_error **err);
int ingest_cancelled(void *user, hz_error **err);
/* What no run names yet. */
int ingest_write_run(struct ingest *in, hz_error **err);

#endif
