/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walking a source with identical workers: a task is a folder, a group of small files, or a large file; whoever ends
 * the last thing in a folder writes its list and goes on with the parent. Source errors are collected here and never
 * stop the walk; only storage errors and cancellation are returned.
 */
#ifndef ARCHIVE_SCAN_H
#define ARCHIVE_SCAN_H

#include "archive/cache.h"
#include "archive/chunker.h"
#include "archive/ingest.h"
#include "archive/job.h"
#include "archive/pattern.h"
#include "archive/sources.h"
#include "base/clock.h"
#include "base/pool.h"
#include <pthread.h>

struct scan_counts { /* atomic */
	uint64_t files_new, files_changed, files_same;
	uint64_t dirs_new, dirs_changed, dirs_same;
	uint64_t others, read_bytes, total_bytes;
	uint64_t errors;
};

struct file_key {
	uint64_t dev, ino;
};
#define SCAN_SKIP_MAX 8

struct scan_options {
	const struct sources *sources;
	struct ingest *ingest;
	struct index *index;
	struct pool *pool;
	const struct chunker *chunker;
	struct cache_reader *cache; /* NULL: none */
	uint64_t cache_root;
	bool trust_cache;               /* its base was checked: no lookups */
	struct cache_writer *new_cache; /* NULL: none */
	const struct patterns *excludes;
	bool one_file_system, exclude_caches, exclude_nodump, read_special;
	const char *const *marks; /* of a folder that holds a file of such a name only the file is kept */
	size_t n_marks;
	struct file_key skip[SCAN_SKIP_MAX]; /* repository, state, cache folders */
	size_t n_skip;
	struct walltime start;
	hz_job *job;
	uint64_t expect_files, expect_bytes; /* of the last run, for the ETA */
};

struct scan_result {
	struct buf root; /* the encoded root entry */
	uint64_t cache_record;
	struct scan_counts counts;
	struct buf errors; /* as in a commit's body, up to ERRORS_BYTES_MAX */
	uint64_t n_listed;
	uint64_t sources_found;
};
/* What bounds memory: how many children of a folder are held at once. All that are held on the way from the root to one
 * folder count together, but each folder may hold the minimum. Tests make it small. */
struct scan_limits {
	uint32_t children, children_min;
};
extern struct scan_limits scan_limits;

void scan_result_release(struct scan_result *r);
/* Runs to the end. r is set as far as known on failure too. */
int scan_run(const struct scan_options *o, struct scan_result *r, hz_error **err);

#endif
