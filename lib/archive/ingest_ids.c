/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ids of a session: claimed by the first worker that brings them, then named by runs, which are written on the way
 * so that memory stays bounded and a dead session leaves little in its journal; then the index knows them.
 */
#include "archive/ingest_internal.h"
#include "base/heap.h"
#include <string.h>

#define RUN_IDS       ((size_t)96 << 10) /* a run has no more, unless one pack does: they just fit 4 MiB */
#define KNOWN_IDS_MAX ((size_t)2 << 10)  /* in one shard, before those that the index knows are forgotten */

enum claim { CLAIM_NEW = 1, CLAIM_KNOWN = 2 };

/* ---- the ids of this session ---- */

static struct shard *shard_of(struct ingest *in, const struct id *id)
{
	return &in->shards[id->b[31] % INGEST_SHARDS];
}

/* With the shard's lock held: forgets what the index can answer. As much will be claimed again: the table stays as
 * large as it is, for tables that grow leave holes in memory. */
static int shrink(struct shard *s)
{
	struct idmap kept = { .cap = s->ids.cap, .slots = calloc(s->ids.cap + 1, sizeof(*kept.slots)) };

	if (!kept.slots)
		return -1;
	for (size_t i = 0; i < s->ids.cap; i++) {
		struct idmap_slot *slot = &s->ids.slots[i];

		if (slot->value == CLAIM_NEW + 1)
			(void)idmap_add(&kept, &slot->id, CLAIM_NEW, NULL);
	}
	idmap_release(&s->ids);
	s->ids = kept;
	s->known = 0;
	return 0;
}

/* 1: the caller must store it; 0: it is there, or another worker stores it. */
int ingest_claim(struct ingest *in, const struct id *id, hz_error **err)
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
	for (unsigned i = 0; i < INGEST_SHARDS; i++) {
		(void)pthread_mutex_lock(&in->shards[i].lock);
		rc = shrink(&in->shards[i]) < 0 ? err_nomem(err) : rc;
		(void)pthread_mutex_unlock(&in->shards[i].lock);
	}
	return rc;
}

int ingest_write_run(struct ingest *in, hz_error **err)
{
	struct run_ref ref;
	struct run_ref *v;
	int rc;

	if (in->n_entries == 0 && in->n_packs == 0)
		return 0;
	/* Seldom, and the largest that there is at once: what was freed since the last time makes room for it. */
	heap_trim();
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
	/* Of one pack of very small chunks: the next is far off, and takes its time. */
	if (in->cap_entries > RUN_IDS) {
		free(TAKE(in->entries));
		in->cap_entries = 0;
	}
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
		rc = ingest_write_run(in, err);
	return rc < 0 ? rc : add_entries(in, pack, ids, n, err);
}

static int write_full_run(struct ingest *in, hz_error **err)
{
	return in->n_entries >= RUN_IDS ? ingest_write_run(in, err) : 0;
}

int ingest_before_put(void *user, const struct pack_done *p, hz_error **err)
{
	struct ingest *in = user;
	int rc = reserve_check(in->o.store, p->size, err);

	return rc < 0 ? rc : journal_add(in->o.journal, p, err);
}

int ingest_after_put(void *user, const struct pack_done *p, hz_error **err)
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

int ingest_cancelled(void *user, hz_error **err)
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
