/* SPDX-License-Identifier: BSD-2-Clause */
/* A medium of a test: a file behind a link, the options to go over it with, and what is on it afterwards. */
#ifndef UNIT_SANITIZE_MEDIUM_H
#define UNIT_SANITIZE_MEDIUM_H

#include "support/hzt.h"
#include "support/filelink.h"
#include "sanitize/engine.h"
#include "sanitize/extents.h"

#define KIB ((uint64_t)1024)
#define MIB (KIB * 1024)

enum way { WAY_URING, WAY_THREADS, WAY_CALLS, WAY_LANES, WAYS };

struct medium {
	char *dir, *path;
	struct filelink *file;
	struct link *link;
	struct engine_options eo;
	struct secret *key;
	struct fill fill;
	uint64_t bytes;
};

static inline void medium_open(struct medium *m, uint64_t bytes, uint32_t sector, enum way way)
{
	hz_error *err = NULL;
	uint8_t *old;

	*m = (struct medium){ .bytes = bytes };
	assert_ok(crypto_init(&err), &err);
	m->dir = hzt_tmpdir();
	m->path = hzt_path(m->dir, "medium");
	/* What must go. */
	old = malloc(bytes);
	assert_non_null(old);
	memset(old, 0x5A, bytes);
	hzt_put(m->path, old, bytes);
	free(old);
	m->file = filelink_open(m->path, bytes, sector, sector, way != WAY_CALLS);
	m->link = &m->file->link;
	m->eo = (struct engine_options){ .request_bytes = 256 * 1024,
		.depth = way == WAY_LANES ? 16 : 8,
		.no_uring = way == WAY_THREADS,
		.lanes = way == WAY_LANES ? 4 : 1 };
	assert_ok(secret_random(&m->key, STREAM_KEY_LEN, &err), &err);
	m->fill = (struct fill){ .kind = FILL_STREAM, .key = m->key };
}

static inline void medium_close(struct medium *m)
{
	filelink_close(m->file);
	secret_free(m->key);
	hzt_tmpdir_remove(m->dir);
	free(m->path);
}

/* How many sectors of the file are not what belongs there; the first of them. */
static inline uint64_t medium_differs(const struct medium *m, uint64_t *first)
{
	const uint32_t sector = m->link->info.logical_sector;
	AUTO(filler_free) struct filler *g = NULL;
	AUTO_FREE uint8_t *want = malloc(m->bytes), *is = NULL;
	uint64_t n = 0;
	size_t len;

	assert_non_null(want);
	assert_int_equal(filler_new(&g, &m->fill, NULL), 0);
	assert_int_equal(filler_make(g, want, m->bytes, 0), 0);
	is = hzt_get(m->path, &len);
	assert_int_equal(len, m->bytes);
	for (uint64_t lba = m->bytes / sector; lba-- > 0;) {
		if (memcmp(want + lba * sector, is + lba * sector, sector) != 0) {
			n++;
			if (first)
				*first = lba;
		}
	}
	return n;
}

static inline void assert_extent(const struct extents *e, size_t i, uint64_t lba, uint64_t count)
{
	assert_true(i < e->n);
	assert_int_equal(e->at[i].lba, lba);
	assert_int_equal(e->at[i].count, count);
}

#endif
