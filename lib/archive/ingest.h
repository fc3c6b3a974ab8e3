/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking in content: identical workers bring a chunk, or a small file, or a metadata node, through hash, known-already,
 * zstd, bundle and pack. A session's own ids are kept until a run names them; the index knows the rest.
 */
#ifndef ARCHIVE_INGEST_H
#define ARCHIVE_INGEST_H

#include "archive/index.h"
#include "archive/job.h"
#include "archive/node.h"
#include "archive/pack.h"
#include "archive/state.h"
#include <zstd.h>

#define SMALL_MAX (256u << 10) /* files up to this go into bundles */

struct ingest_stats {
	uint64_t new_chunks, known_chunks, new_bytes; /* atomic */
};

struct ingest_options {
	struct store *store; /* NULL: dry run */
	const struct repo_header *repo;
	const struct session *session;
	const struct group *group;
	const struct secret *seed; /* signs runs */
	struct index *index;
	struct journal *journal; /* NULL in a dry run */
	unsigned workers;
	unsigned puts;     /* packs on their way to the store at once; 0: one */
	const hz_job *job; /* ends waiting for them when it is cancelled; may be NULL */
};

/* How frames are compressed; large: a chunk of a large file, which is one by itself. What zstd returns. */
size_t ingest_zstd(ZSTD_CCtx *c, void *out, size_t room, const void *data, size_t len, int level, bool large);

struct ingest;
int ingest_new(struct ingest **ret, const struct ingest_options *o, hz_error **err);
void ingest_free(struct ingest *in);
DEFINE_AUTO(struct ingest, ingest_free)

/* One chunk of a large file. */
int ingest_chunk(struct ingest *in, unsigned worker, const void *data, size_t len, struct id *id, hz_error **err);
/* A whole small file (at most SMALL_MAX). */
int ingest_small(struct ingest *in, unsigned worker, const void *data, size_t len, struct id *id, hz_error **err);
/* A metadata node; kind is its domain. */
int ingest_node(struct ingest *in, unsigned worker, enum node_kind kind, const void *data, size_t len, struct id *id,
	hz_error **err);
/* The id of a hard link's inode. */
struct id ingest_hardlink(struct ingest *in, unsigned worker, const void *data, size_t len);

/* What a dead session's journal says is in packs that are there: goes into the next run. */
int ingest_take_over(struct ingest *in, const struct run_pack *pack, const struct id *ids, size_t n, hz_error **err);

/* Ends bundles, packs and runs. No other thread may use in now. runs (borrowed) are what the commit names. */
int ingest_finish(struct ingest *in, const struct run_ref **runs, size_t *n_runs, hz_error **err);
const struct ingest_stats *ingest_stats(const struct ingest *in);
uint64_t ingest_stored(const struct ingest *in);

/* HZ_E_NOSPACE when the store's free space is below the reserve: max(64 MiB, 0.1 %), at most 10 % of it; HOZEN_RESERVE
 * (bytes, with K, M, G) overrides. */
int reserve_check(struct store *st, uint64_t about_to_put, hz_error **err);

#endif
