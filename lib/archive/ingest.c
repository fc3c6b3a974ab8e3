/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hash, known-already, compress, pack. An id is claimed by the first worker that brings it: from then on everybody
 * refers to it, for no commit is written unless every claimed chunk stands in a pack. Runs are written on the way, so
 * that memory stays bounded and a dead session leaves little in its journal.
 */
#include "archive/ingest.h"
#include "archive/idmap.h"
#include <pthread.h>
#include <string.h>
#include <zstd.h>

#define SHARDS 32u
#define BUNDLE_FULL \
	(4u << 20) /* and a quarter of a pack at most: what zstd looks back over at its level: larger gains nothing */
#define BUNDLE_MEMBERS 16384u       /* what is kept of a file takes as much memory as a very small one */
#define DENSE_FULL     (512u << 10) /* of content that does not compress: only so that frames are not small */
#define DENSE_LEAST    2048u        /* of less nothing can be said */
#define DENSE_SAMPLE   (16u << 10)
#define NODES_FULL     (384u << 10)
#define ZSTD_DATA      3
#define ZSTD_NODES     3
#define PROBE_LEN      (32u << 10)
#define RUN_IDS        ((size_t)96 << 10) /* a run has no more, unless one pack does: they just fit 4 MiB */
#define KNOWN_IDS_MAX  ((size_t)2 << 10)  /* in one shard, before those that the index knows are forgotten */

enum claim { CLAIM_NEW = 1, CLAIM_KNOWN = 2 };

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
	struct shard shards[SHARDS];
	pthread_mutex_t run_lock; /* everything below */
	struct run_pack *packs;
	size_t n_packs, cap_packs;
	struct run_entry *entries;
	size_t n_entries, cap_entries;
	struct run_ref *runs;
	size_t n_runs;
	struct ingest_stats stats;
};

/* ---- the ids of this session ---- */

static struct shard *shard_of(struct ingest *in, const struct id *id)
{
	return &in->shards[id->b[31] % SHARDS];
}

/* With the shard's lock held: forgets what the index can answer. */
static int shrink(struct shard *s)
{
	struct idmap kept = { 0 };

	for (size_t i = 0; i < s->ids.cap; i++) {
		struct idmap_slot *slot = &s->ids.slots[i];

		if (slot->value == CLAIM_NEW + 1 && idmap_add(&kept, &slot->id, CLAIM_NEW, NULL) < 0) {
			idmap_release(&kept);
			return -1;
		}
	}
	idmap_release(&s->ids);
	s->ids = kept;
	s->known = 0;
	return 0;
}

/* 1: the caller must store it; 0: it is there, or another worker stores it. */
static int claim(struct ingest *in, const struct id *id, hz_error **err)
{
	struct shard *s = shard_of(in, id);
	int added, rc;

	(void)pthread_mutex_lock(&s->lock);
	added = idmap_add(&s->ids, id, CLAIM_NEW, NULL);
	(void)pthread_mutex_unlock(&s->lock);
	if (added < 0)
		return err_nomem(err);
	if (added == 0)
		return 0;
	rc = index_has(in->o.index, id, err);
	if (rc <= 0)
		return rc < 0 ? rc : 1;
	(void)pthread_mutex_lock(&s->lock);
	struct idmap_slot *slot = s->ids.cap ? idmap_slot(&s->ids, id) : NULL;

	if (slot && slot->value) {
		slot->value = CLAIM_KNOWN + 1;
		s->known++;
	}
	rc = s->known > KNOWN_IDS_MAX ? shrink(s) : 0;
	(void)pthread_mutex_unlock(&s->lock);
	return rc < 0 ? err_nomem(err) : 0;
}

static void count(struct ingest *in, int is_new, size_t len)
{
	if (!is_new) {
		(void)__atomic_add_fetch(&in->stats.known_chunks, 1, __ATOMIC_RELAXED);
		return;
	}
	(void)__atomic_add_fetch(&in->stats.new_chunks, 1, __ATOMIC_RELAXED);
	(void)__atomic_add_fetch(&in->stats.new_bytes, len, __ATOMIC_RELAXED);
}

/* ---- runs ---- */

/* Builds and puts a run. Its bytes are gone when this returns: the index reads the object anew. */
static int put_run(struct ingest *in, struct run_ref *ref, hz_error **err)
{
	AUTO_IN(buf_release) struct buf object = BUF_INIT;
	struct iovec iov;
	int rc = run_build(&object, ref, in->o.repo, &in->o.session->id, &in->o.session->writer, in->o.seed,
		in->o.group, in->packs, in->n_packs, in->entries, in->n_entries, err);

	if (rc < 0)
		return rc;
	iov = (struct iovec){ object.data, object.len };
	rc = reserve_check(in->o.store, object.len, err);
	return rc < 0 ? rc : store_put(in->o.store, name_run(&ref->uid).s, &iov, 1, err);
}

/* What a run names the index answers. */
static int forget_claims(struct ingest *in, hz_error **err)
{
	int rc = 0;

	for (size_t i = 0; i < in->n_entries; i++) {
		struct shard *s = shard_of(in, &in->entries[i].id);

		(void)pthread_mutex_lock(&s->lock);
		struct idmap_slot *slot = s->ids.cap ? idmap_slot(&s->ids, &in->entries[i].id) : NULL;

		if (slot && slot->value)
			slot->value = CLAIM_KNOWN + 1;
		(void)pthread_mutex_unlock(&s->lock);
	}
	for (unsigned i = 0; i < SHARDS; i++) {
		(void)pthread_mutex_lock(&in->shards[i].lock);
		rc = shrink(&in->shards[i]) < 0 ? err_nomem(err) : rc;
		(void)pthread_mutex_unlock(&in->shards[i].lock);
	}
	return rc;
}

static int write_run(struct ingest *in, hz_error **err)
{
	struct run_ref ref;
	struct run_ref *v;
	int rc;

	if (in->n_entries == 0 && in->n_packs == 0)
		return 0;
	rc = put_run(in, &ref, err);
	if (rc == 0)
		rc = index_add_run(in->o.index, &ref.uid, err);
	if (rc < 0)
		return rc;
	v = realloc(in->runs, (in->n_runs + 1) * sizeof(*v));
	if (!v)
		return err_nomem(err);
	in->runs = v;
	v[in->n_runs++] = ref;
	rc = forget_claims(in, err);
	in->n_entries = in->n_packs = 0;
	return rc;
}

static int add_entries(struct ingest *in, const struct run_pack *pack, const struct id *ids, size_t n, hz_error **err)
{
	if (in->n_packs == in->cap_packs) {
		size_t cap = in->cap_packs ? in->cap_packs * 2 : 64;
		struct run_pack *v = realloc(in->packs, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		in->packs = v;
		in->cap_packs = cap;
	}
	if (in->n_entries + n > in->cap_entries) {
		size_t cap = in->n_entries + n;
		struct run_entry *v = realloc(in->entries, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		in->entries = v;
		in->cap_entries = cap;
	}
	in->packs[in->n_packs] = *pack;
	for (size_t i = 0; i < n; i++)
		in->entries[in->n_entries++] = (struct run_entry){ ids[i], (uint32_t)in->n_packs };
	in->n_packs++;
	return 0;
}

/* With the run lock held. All ids of a pack go into one run. */
static int take_pack(struct ingest *in, const struct run_pack *pack, const struct id *ids, size_t n, hz_error **err)
{
	int rc = 0;

	if (in->n_entries > 0 && in->n_entries + n > RUN_IDS)
		rc = write_run(in, err);
	return rc < 0 ? rc : add_entries(in, pack, ids, n, err);
}

static int write_full_run(struct ingest *in, hz_error **err)
{
	return in->n_entries >= RUN_IDS ? write_run(in, err) : 0;
}

static int before_put(void *user, const struct pack_done *p, hz_error **err)
{
	struct ingest *in = user;
	int rc = reserve_check(in->o.store, p->size, err);

	return rc < 0 ? rc : journal_add(in->o.journal, p, err);
}

static int after_put(void *user, const struct pack_done *p, hz_error **err)
{
	struct ingest *in = user;
	struct run_pack rp = { p->uid, p->size, p->hash };
	int rc;

	(void)pthread_mutex_lock(&in->run_lock);
	rc = take_pack(in, &rp, p->ids, p->n_ids, err);
	if (rc == 0)
		rc = write_full_run(in, err);
	(void)pthread_mutex_unlock(&in->run_lock);
	return rc;
}

static int cancelled(void *user, hz_error **err)
{
	const struct ingest *in = user;

	return job_check(in->o.job, err);
}

int ingest_take_over(struct ingest *in, const struct run_pack *pack, const struct id *ids, size_t n, hz_error **err)
{
	int rc;

	(void)pthread_mutex_lock(&in->run_lock);
	rc = take_pack(in, pack, ids, n, err);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct shard *s = shard_of(in, &ids[i]);

		/* They are in a pack that is there: claimed, and nobody's to store. */
		(void)pthread_mutex_lock(&s->lock);
		rc = idmap_add(&s->ids, &ids[i], CLAIM_NEW, NULL) < 0 ? err_nomem(err) : 0;
		(void)pthread_mutex_unlock(&s->lock);
	}
	if (rc == 0)
		rc = write_full_run(in, err);
	(void)pthread_mutex_unlock(&in->run_lock);
	return rc;
}

/* ---- frames ---- */

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
		n = ZSTD_compressCCtx(
			w->zstd, w->out.data, bound, (const uint8_t *)data + (len - PROBE_LEN) / 2, PROBE_LEN, 1);
		if (!ZSTD_isError(n) && n > PROBE_LEN - PROBE_LEN / 32)
			return 0;
	}
	n = ZSTD_compressCCtx(w->zstd, w->out.data, bound, data, len, level);
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
	rc = claim(in, id, err);
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
	rc = claim(in, id, err);
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
	rc = claim(in, id, err);
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
	struct packer_hooks hooks = { before_put, after_put, in, cancelled };
	int rc;

	if (!in)
		return err_nomem(err);
	in->o = *o;
	in->bundle_full = (size_t)1 << o->repo->pack_log2 >> 2;
	if (in->bundle_full > BUNDLE_FULL)
		in->bundle_full = BUNDLE_FULL;
	(void)pthread_mutex_init(&in->run_lock, NULL);
	for (unsigned i = 0; i < SHARDS; i++)
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
	for (unsigned i = 0; i < SHARDS; i++) {
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
		rc = write_run(in, err);
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
