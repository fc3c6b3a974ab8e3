/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A batch as a whole: which pack each of its chunks is read from, in which order, and what became of its files. While
 * the workers carry one out (restore_data.c) the walk collects the next; the two never touch what belongs to the other.
 * The next is begun before the last is over: its struct is used again when it is.
 */
#include "archive/restore.h"
#include "base/sort.h"
#include <string.h>

int restore_batch_add(struct restore_batch *b, struct restore_file *f, hz_error **err)
{
	if (b->n_files == b->cap_files) {
		size_t cap = b->cap_files ? b->cap_files * 2 : 256;
		struct restore_file **v = realloc(b->files, cap * sizeof(struct restore_file *));

		if (!v)
			return err_nomem(err);
		b->files = v;
		b->cap_files = cap;
	}
	b->files[b->n_files++] = f;
	b->bytes += sizeof(*f) + f->len + strlen(f->name);
	return 0;
}

int restore_batch_idle(struct restore_batch *b, struct restore_file *f, hz_error **err)
{
	if (b->n_idle == b->cap_idle) {
		size_t cap = b->cap_idle ? b->cap_idle * 2 : 256;
		struct restore_file **v = realloc(b->idle, cap * sizeof(struct restore_file *));

		if (!v)
			return err_nomem(err);
		b->idle = v;
		b->cap_idle = cap;
	}
	b->idle[b->n_idle++] = f;
	return 0;
}

static int cmp_id(const void *a, const void *b)
{
	return id_cmp(&((const struct restore_want *)a)->id, &((const struct restore_want *)b)->id);
}

struct key {
	uint32_t pack, at; /* at: where the want stands */
};

static int cmp_key(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->pack != y->pack)
		return x->pack < y->pack ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* By way of keys: qsort of the wants themselves would take as much memory as the batch. */
static int sort_by_pack(struct restore_batch *b, hz_error **err)
{
	AUTO_FREE struct key *k = malloc((b->n_wants + 1) * sizeof(*k));
	struct restore_want *w = b->wants;

	if (!k)
		return err_nomem(err);
	for (size_t i = 0; i < b->n_wants; i++)
		k[i] = (struct key){ w[i].pack, (uint32_t)i };
	qsort(k, b->n_wants, sizeof(*k), cmp_key);
	/* Each goes where it belongs, one cycle after the other. */
	for (uint32_t i = 0; i < b->n_wants; i++) {
		struct restore_want first = w[i];
		uint32_t to = i;

		for (uint32_t from; (from = k[to].at) != i; to = from) {
			w[to] = w[from];
			k[to].at = to;
		}
		w[to] = first;
		k[to].at = to;
	}
	return 0;
}

/* A pack for each want: one that is read anyway, if it has the chunk. In order of ids, so that no page of a run is read
 * twice. */
static int choose_packs(struct restore *r, struct restore_batch *b, hz_error **err)
{
	AUTO_FREE uint8_t *read = NULL;
	struct pack_ref refs[INDEX_CANDIDATES];
	unsigned n;
	int loaded = index_load(r->index, err);

	if (loaded < 0)
		return loaded;
	read = calloc(index_packs(r->index) / 8 + 1, 1);
	if (!read)
		return err_nomem(err);
	sort_spread(b->wants, b->n_wants, sizeof(*b->wants), cmp_id);
	for (size_t i = 0; i < b->n_wants; i++) {
		AUTO(hz_error_free) hz_error *why = NULL;
		struct restore_want *w = &b->wants[i];
		int rc = i > 0 && id_eq(&w->id, &b->wants[i - 1].id) ? 1 : index_find(r->index, &w->id, refs, &n, &why);
		unsigned best = 0;

		if (rc < 0 && !restore_is_damage(rc)) {
			if (err && !*err)
				*err = TAKE(why);
			return rc;
		}
		w->pack = rc > 0 ? b->wants[i - 1].pack : RESTORE_NO_PACK;
		if (rc != 0 || n == 0)
			continue;
		for (unsigned k = n; k-- > 0;)
			best = read[refs[k].number / 8] & (1u << refs[k].number % 8) ? k : best;
		w->pack = refs[best].number;
		read[w->pack / 8] |= (uint8_t)(1u << w->pack % 8);
	}
	return sort_by_pack(b, err);
}

static int list_packs(struct restore_batch *b, hz_error **err)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n_wants; i++)
		n += i == 0 || b->wants[i].pack != b->wants[i - 1].pack;
	b->packs = calloc(n + 1, sizeof(*b->packs));
	if (!b->packs)
		return err_nomem(err);
	for (size_t i = 0; i < b->n_wants; i++) {
		if (i == 0 || b->wants[i].pack != b->wants[i - 1].pack)
			b->packs[b->n_packs++] = (struct restore_pack){ .wants = b->wants + i };
		b->packs[b->n_packs - 1].n++;
	}
	return 0;
}

struct ordering {
	const struct restore *r;
	const struct restore_batch *b;
};

static int pack_at(void *user, uint32_t i, struct uid *uid, hz_error **err)
{
	const struct ordering *o = user;
	uint32_t number = o->b->packs[i].wants[0].pack;
	struct run_pack p;
	int rc;

	if (number == RESTORE_NO_PACK)
		return 0;
	rc = index_pack(o->r->index, number, &p, err);
	if (rc < 0)
		return rc;
	*uid = p.uid;
	return 1;
}

/* Counts a file that is done, for good or ill. */
static int collect(struct restore *r, struct restore_file *f, hz_error **err)
{
	const struct entry regular = { .mode = S_IFREG };
	bool made = f->state == RESTORE_MADE || f->state == RESTORE_SHORT;
	int rc;

	if (f->state == RESTORE_NONE)
		return 0;
	if (made)
		r->result.bytes += f->data;
	rc = restore_outcome(r, &regular, f->n, f->state, err);
	if (rc == 0 && f->link)
		rc = restore_link_set(r, f->link, f->dir, f->name, f->state, err);
	return rc;
}

static int empty(struct restore *r, struct restore_batch *b, hz_error **err)
{
	int rc = 0;

	for (size_t i = 0; i < b->n_files; i++) {
		struct restore_file *f = b->files[i];
		int one = collect(r, f, rc == 0 ? err : NULL);

		rc = rc < 0 ? rc : one;
		restore_file_discard(r, f);
		restore_file_free(r, f);
	}
	for (size_t i = 0; i < b->n_packs; i++)
		free(b->packs[i].placed);
	free(TAKE(b->packs));
	free(TAKE(b->order));
	b->bytes = b->n_files = b->n_wants = b->n_pieces = b->n_packs = b->n_idle = b->next_pack = b->next_idle =
		b->opening = 0;
	return rc;
}

/* Who has nothing left to do in the one before takes them. */
static int submit(struct restore *r, struct restore_batch *b, hz_error **err)
{
	int rc = 0;

	b->tasks = pool_workers(r->pool);
	for (unsigned i = 0, n = b->tasks; rc == 0 && i < n; i++)
		rc = pool_submit(r->pool, 0, restore_work, NULL, b, err);
	return rc;
}

/* Until nothing is carried out. */
static int end_running(struct restore *r, hz_error **err)
{
	int rc = restore_wait(r, NULL, err), one = empty(r, r->running, rc < 0 ? NULL : err);

	return rc < 0 ? rc : one;
}

int restore_data_begin(struct restore *r, hz_error **err)
{
	struct restore_batch *b = r->batch;
	int rc = 0, one;

	if (r->progress.phase == HZ_PHASE_PLAN)
		rc = restore_phase(r, HZ_PHASE_DATA, err);
	if (rc == 0 && r->updates && b->n_wants > 0) {
		rc = end_running(r, err);
		if (rc == 0)
			rc = restore_compare(r, err);
	}
	if (rc == 0 && b->n_wants > 0)
		rc = choose_packs(r, b, err);
	if (rc == 0)
		rc = list_packs(b, err);
	if (rc == 0)
		rc = pack_order(&b->order, r->reader->repo.store, (uint32_t)b->n_packs, pack_at,
			&(struct ordering){ r, b }, err);
	if (rc < 0)
		return rc;
	r->batch = r->running;
	r->running = b;
	r->batches_begun++;
	if (r->open)
		r->open->begun = true;
	rc = submit(r, b, err);
	if (rc < 0)
		return rc;
	rc = restore_wait(r, &r->batch->tasks, err);
	one = empty(r, r->batch, rc < 0 ? NULL : err);
	return rc < 0 ? rc : one;
}

int restore_data_run(struct restore *r, hz_error **err)
{
	int rc = restore_data_begin(r, err);

	return rc < 0 ? rc : end_running(r, err);
}

void restore_batches_release(struct restore *r)
{
	for (size_t i = 0; i < ARRAY_LEN(r->batches); i++) {
		struct restore_batch *b = &r->batches[i];

		(void)empty(r, b, NULL);
		free(b->wants);
		free(b->files);
		free(b->pieces);
		free(b->idle);
	}
	if (r->open) {
		restore_file_discard(r, r->open);
		restore_file_free(r, TAKE(r->open));
	}
}
