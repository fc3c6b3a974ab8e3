/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hash, known-already, compress, pack. An id is claimed by the first worker that brings it: from then on everybody
 * refers to it, for no commit is written unless every claimed chunk stands in a pack. Ids and runs: ingest_ids.c.
 */
#include "archive/ingest_internal.h"
#include <string.h>

/* As far as zstd looks back at its level; and a quarter of a pack at most. */
#define BUNDLE_FULL    (4u << 20)
#define BUNDLE_MEMBERS 16384u       /* what is kept of a file takes as much memory as a very small one */
#define DENSE_FULL     (512u << 10) /* of content that does not compress: only so that frames are not small */
#define DENSE_LEAST    2048u        /* of less nothing can be said */
#define DENSE_SAMPLE   (16u << 10)
#define NODES_FULL     (384u << 10)
#define ZSTD_DATA      3
#define ZSTD_NODES     3
/* log2 of zstd's tables for a chunk of about 1 MiB: the larger ones of its level leave a processor's caches, and save
 * little. */
#define LARGE_HASHES 16
#define LARGE_CHAINS 15
#define PROBE_LEN    (32u << 10)

static void count(struct ingest *in, int is_new, size_t len)
{
	if (!is_new) {
		(void)__atomic_add_fetch(&in->stats.known_chunks, 1, __ATOMIC_RELAXED);
		return;
	}
	(void)__atomic_add_fetch(&in->stats.new_chunks, 1, __ATOMIC_RELAXED);
	(void)__atomic_add_fetch(&in->stats.new_bytes, len, __ATOMIC_RELAXED);
}

/* ---- frames ---- */

size_t ingest_zstd(ZSTD_CCtx *c, void *out, size_t room, const void *data, size_t len, int level, bool large)
{
	(void)ZSTD_CCtx_reset(c, ZSTD_reset_session_and_parameters);
	(void)ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level);
	if (large) {
		(void)ZSTD_CCtx_setParameter(c, ZSTD_c_hashLog, LARGE_HASHES);
		(void)ZSTD_CCtx_setParameter(c, ZSTD_c_chainLog, LARGE_CHAINS);
	}
	return ZSTD_compress2(c, out, room, data, len);
}

/* Stored bytes of a frame: compressed, or as they are where that saves less than 2 %. */
static int compress(struct worker *w, const void *data, size_t len, int level, bool large, const void **out,
	size_t *out_len, enum frame_method *method, hz_error **err)
{
	size_t bound = ZSTD_compressBound(len), n;

	buf_reset(&w->out);
	if (!buf_extend(&w->out, bound))
		return err_nomem(err);
	*out = data;
	*out_len = len;
	*method = METHOD_RAW;
	if (large && w->incompressible && len > PROBE_LEN) {
		/* Content that did not compress goes on not compressing: a small sample says when that ends. */
		n = ingest_zstd(w->zstd, w->out.data, bound, (const uint8_t *)data + (len - PROBE_LEN) / 2, PROBE_LEN,
			1, false);
		if (!ZSTD_isError(n) && n > PROBE_LEN - PROBE_LEN / 32)
			return 0;
	}
	n = ingest_zstd(w->zstd, w->out.data, bound, data, len, level, large);
	if (ZSTD_isError(n))
		return err_set(err, HZ_E_INTERNAL, "compression: %s", ZSTD_getErrorName(n));
	if (large)
		w->incompressible = n > len - len / 50;
	if (n < len - len / 50) {
		*out = w->out.data;
		*out_len = n;
		*method = METHOD_ZSTD;
	}
	return 0;
}

/* Compressed already, or encrypted, by the look of it: every byte value is about as frequent as any other. Archives and
 * pictures then neither cost zstd's time nor push out of its window what would have compressed. */
static bool is_dense(const uint8_t *data, size_t len)
{
	const size_t n = len < DENSE_SAMPLE ? len : DENSE_SAMPLE;
	uint32_t count[256] = { 0 };
	uint64_t pairs = 0;

	if (len < DENSE_LEAST)
		return false;
	data += (len - n) / 2;
	for (size_t i = 0; i < n; i++)
		count[data[i]]++;
	for (unsigned i = 0; i < 256; i++)
		pairs += (uint64_t)count[i] * count[i];
	/* Of random bytes n (n - 1) / 256 + n; one in twenty more is text with hardly any order already. */
	return pairs * 256 * 20 < ((uint64_t)n * (n - 1) + 256 * (uint64_t)n) * 21;
}

static int put_frame(struct ingest *in, unsigned worker, enum pack_role role, const void *data, size_t len, int level,
	bool large, const struct frame_member *m, size_t n, hz_error **err)
{
	struct worker *w = &in->w[worker];
	enum frame_method method = METHOD_RAW;
	const void *out = NULL;
	size_t out_len = 0;
	int rc = compress(w, data, len, level, large, &out, &out_len, &method, err);

	if (rc == 0)
		rc = packer_add(in->packer, worker, role, method, out, out_len, (uint32_t)len, m, n, err);
	return rc;
}

static int flush_bundle(struct ingest *in, unsigned worker, enum pack_role role, struct bundle_buf *b, hz_error **err)
{
	int rc = 0;

	if (b->n > 0 && b == &in->w[worker].dense)
		rc = packer_add(in->packer, worker, role, METHOD_RAW, b->raw.data, b->raw.len, (uint32_t)b->raw.len,
			b->m, b->n, err);
	else if (b->n > 0)
		rc = put_frame(in, worker, role, b->raw.data, b->raw.len, role == PACK_DATA ? ZSTD_DATA : ZSTD_NODES,
			false, b->m, b->n, err);
	buf_reset(&b->raw);
	b->n = 0;
	return rc;
}

static int add_to_bundle(struct ingest *in, unsigned worker, enum pack_role role, struct bundle_buf *b, size_t full,
	const void *data, size_t len, const struct id *id, hz_error **err)
{
	if (b->n == b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 256;
		struct frame_member *v = realloc(b->m, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		b->m = v;
		b->cap = cap;
	}
	if (buf_append(&b->raw, data, len) < 0)
		return err_nomem(err);
	b->m[b->n++] = (struct frame_member){ *id, (uint32_t)len };
	return b->raw.len >= full || b->n == BUNDLE_MEMBERS ? flush_bundle(in, worker, role, b, err) : 0;
}

int ingest_chunk(struct ingest *in, unsigned worker, const void *data, size_t len, struct id *id, hz_error **err)
{
	struct frame_member m = { .len = (uint32_t)len };
	int rc;

	if (len <= SMALL_MAX)
		return ingest_small(in, worker, data, len, id, err);
	m.id = *id = mac_compute(in->w[worker].content, DOMAIN_DATA, data, len);
	rc = ingest_claim(in, id, err);
	if (rc < 0)
		return rc;
	count(in, rc, len);
	return rc ? put_frame(in, worker, PACK_DATA, data, len, ZSTD_DATA, true, &m, 1, err) : 0;
}

int ingest_small(struct ingest *in, unsigned worker, const void *data, size_t len, struct id *id, hz_error **err)
{
	struct worker *w = &in->w[worker];
	int rc;

	*id = mac_compute(w->content, DOMAIN_DATA, data, len);
	rc = ingest_claim(in, id, err);
	if (rc < 0)
		return rc;
	count(in, rc, len);
	if (rc == 0)
		return 0;
	if (is_dense(data, len))
		return add_to_bundle(in, worker, PACK_DATA, &w->dense, DENSE_FULL, data, len, id, err);
	return add_to_bundle(in, worker, PACK_DATA, &w->data, in->bundle_full, data, len, id, err);
}

int ingest_node(struct ingest *in, unsigned worker, enum node_kind kind, const void *data, size_t len, struct id *id,
	hz_error **err)
{
	struct worker *w = &in->w[worker];
	int rc;

	*id = mac_compute(w->metadata, (uint8_t)kind, data, len);
	rc = ingest_claim(in, id, err);
	return rc <= 0 ? rc : add_to_bundle(in, worker, PACK_META, &w->nodes, NODES_FULL, data, len, id, err);
}

struct id ingest_hardlink(struct ingest *in, unsigned worker, const void *data, size_t len)
{
	return mac_compute(in->w[worker].metadata, DOMAIN_HARDLINK, data, len);
}

/* ---- life ---- */

int ingest_new(struct ingest **ret, const struct ingest_options *o, hz_error **err)
{
	AUTO(ingest_free) struct ingest *in = calloc(1, sizeof(*in));
	struct packer_hooks hooks = { ingest_before_put, ingest_after_put, in, ingest_cancelled };
	int rc;

	if (!in)
		return err_nomem(err);
	in->o = *o;
	in->bundle_full = (size_t)1 << o->repo->pack_log2 >> 2;
	if (in->bundle_full > BUNDLE_FULL)
		in->bundle_full = BUNDLE_FULL;
	(void)pthread_mutex_init(&in->run_lock, NULL);
	for (unsigned i = 0; i < INGEST_SHARDS; i++)
		(void)pthread_mutex_init(&in->shards[i].lock, NULL);
	in->w = calloc(o->workers + 1u, sizeof(*in->w));
	if (!in->w)
		return err_nomem(err);
	rc = packer_new(&in->packer, o->store, o->repo, o->session, o->workers, o->puts, &hooks, err);
	for (unsigned i = 0; rc == 0 && i <= o->workers; i++) {
		rc = mac_new(&in->w[i].content, o->repo->suite, o->group->content, err);
		if (rc == 0)
			rc = mac_new(&in->w[i].metadata, o->repo->suite, o->group->metadata, err);
		in->w[i].zstd = ZSTD_createCCtx();
		if (rc == 0 && !in->w[i].zstd)
			rc = err_nomem(err);
	}
	if (rc < 0)
		return rc;
	*ret = TAKE(in);
	return 0;
}

void ingest_free(struct ingest *in)
{
	if (!in)
		return;
	/* Before all that its threads use. */
	packer_free(TAKE(in->packer));
	for (unsigned i = 0; in->w && i <= in->o.workers; i++) {
		struct worker *w = &in->w[i];

		mac_free(w->content);
		mac_free(w->metadata);
		(void)ZSTD_freeCCtx(w->zstd);
		buf_release(&w->out);
		buf_release(&w->data.raw);
		buf_release(&w->dense.raw);
		buf_release(&w->nodes.raw);
		free(w->data.m);
		free(w->dense.m);
		free(w->nodes.m);
	}
	free(in->w);
	for (unsigned i = 0; i < INGEST_SHARDS; i++) {
		idmap_release(&in->shards[i].ids);
		(void)pthread_mutex_destroy(&in->shards[i].lock);
	}
	(void)pthread_mutex_destroy(&in->run_lock);
	free(in->packs);
	free(in->entries);
	free(in->runs);
	free(in);
}

int ingest_finish(struct ingest *in, const struct run_ref **runs, size_t *n_runs, hz_error **err)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i <= in->o.workers; i++) {
		rc = flush_bundle(in, i, PACK_DATA, &in->w[i].data, err);
		if (rc == 0)
			rc = flush_bundle(in, i, PACK_DATA, &in->w[i].dense, err);
		if (rc == 0)
			rc = flush_bundle(in, i, PACK_META, &in->w[i].nodes, err);
	}
	if (rc == 0)
		rc = packer_finish(in->packer, err);
	if (rc == 0 && in->o.store)
		rc = ingest_write_run(in, err);
	/* After a failure packs may still be under way, and runs with them. */
	if (rc < 0)
		return rc;
	*runs = in->runs;
	*n_runs = in->n_runs;
	return 0;
}

const struct ingest_stats *ingest_stats(const struct ingest *in)
{
	return &in->stats;
}

uint64_t ingest_stored(const struct ingest *in)
{
	return packer_stored(in->packer);
}
