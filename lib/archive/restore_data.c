/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carries out a batch: one task a pack, so that every pack is opened once and every frame read once, whoever wants it.
 * Invariant: no byte goes to the target before the id of its chunk was recomputed (docs/format/pack.md); where it does
 * not match, or the pack is damaged, the other packs that claim the id are asked.
 */
#include "archive/restore.h"
#include <string.h>

#define NO_FRAME     UINT32_MAX
#define FINISH_SLICE 128u

struct pack_task {
	struct restore *r;
	struct restore_want *wants; /* all of one pack */
	size_t n;
};
struct finish_task {
	struct restore *r;
	struct restore_file **files;
	size_t n;
};

/* A want and where the pack has it. */
struct placed {
	struct restore_want *want;
	uint32_t frame, off, len;
};

static void tell_sink(struct restore *r, const char *name, const char *what, bool mended)
{
	const struct damage_sink *s = &r->reader->repo.sink;

	s->fn(s->user, name, what, mended);
}

/* ---- one want ---- */

static int want_done(struct restore *r, struct restore_worker *w, struct restore_file *f, hz_error **err)
{
	if (__atomic_sub_fetch(&f->wants, 1, __ATOMIC_ACQ_REL) > 0 || !f->planned)
		return 0;
	return restore_file_finish(r, w, f, err);
}

static int give(
	struct restore *r, struct restore_worker *w, struct restore_want *want, const uint8_t *data, hz_error **err)
{
	int rc = restore_file_write(r, want, data, err);

	return rc < 0 ? rc : want_done(r, w, want->file, err);
}

static bool chunk_is_right(struct restore_worker *w, const uint8_t *data, uint32_t len, const struct id *id)
{
	return chunk_id_matches(w->content, DOMAIN_DATA, data, len, id);
}

/* The chunk out of another pack, if that has it whole: *data is borrowed until the next call. */
static int from_other(struct restore *r, struct restore_worker *w, const struct uid *uid,
	const struct restore_want *want, const uint8_t **data, hz_error **err)
{
	const struct pack_member *m;
	int rc = 0;

	if (!w->other || !uid_eq(&w->other->uid, uid)) {
		pack_close(TAKE(w->other));
		w->other_at = NO_FRAME;
		rc = reader_open_pack(&w->other, r->reader, uid, false, err);
	}
	if (rc < 0)
		return rc;
	m = pack_find(w->other, PACK_DATA, &want->id);
	if (!m || m->len != want->len)
		return err_set(err, HZ_E_CORRUPT, "does not hold chunk %.16s that a run names", id_hex(&want->id).s);
	if (w->other_at != m->frame) {
		w->other_at = NO_FRAME;
		rc = pack_read_frame(w->other, PACK_DATA, m->frame, &w->other_frame, err);
		if (rc < 0)
			return rc;
		w->other_at = m->frame;
	}
	if (!chunk_is_right(w, w->other_frame.data + m->off, m->len, &want->id))
		return err_set(
			err, HZ_E_CORRUPT, "chunk %.16s has other content than its id says", id_hex(&want->id).s);
	*data = w->other_frame.data + m->off;
	return 0;
}

/* The pack that was chosen does not give it. */
static int from_others(struct restore *r, struct restore_worker *w, struct restore_want *want, hz_error **err)
{
	struct pack_ref refs[INDEX_CANDIDATES];
	const uint8_t *data = NULL;
	unsigned n = 0;
	int rc = index_find(r->index, &want->id, refs, &n, err);

	for (unsigned i = 0; rc == 0 && !data && i < n; i++) {
		AUTO(hz_error_free) hz_error *why = NULL;

		if (refs[i].number == want->pack)
			continue;
		rc = from_other(r, w, &refs[i].uid, want, &data, &why);
		if (restore_is_damage(rc)) {
			tell_sink(r, name_pack(&refs[i].uid).s, hz_error_message(why), false);
			rc = 0;
		}
		if (rc < 0 && err && !*err)
			*err = TAKE(why);
	}
	if (rc < 0)
		return rc;
	if (data)
		return give(r, w, want, data, err);
	restore_file_damaged(r, want->file,
		n > 1 ? "some of its content is damaged in every pack that holds it"
		      : "some of its content is damaged or missing in the store");
	return want_done(r, w, want->file, err);
}

/* ---- one pack ---- */

static int cmp_placed(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->frame != y->frame)
		return x->frame < y->frame ? -1 : 1;
	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return (x->want > y->want) - (x->want < y->want);
}

static void place(struct placed *v, const struct pack_task *t, const struct pack *p)
{
	for (size_t i = 0; i < t->n; i++) {
		struct restore_want *want = &t->wants[i];
		const struct pack_member *m = p ? pack_find(p, PACK_DATA, &want->id) : NULL;

		v[i] = (struct placed){ want, NO_FRAME, 0, 0 };
		if (m && m->len == want->len)
			v[i] = (struct placed){ want, m->frame, m->off, m->len };
	}
	qsort(v, t->n, sizeof(*v), cmp_placed);
}

/* *p stays NULL when nothing of the pack can be had. Read by frames, not whole: that costs no more on a local store,
 * takes a tenth of the memory, and damage in one place leaves the rest of the pack to be read. */
static int open_pack(struct restore *r, const struct pack_task *t, struct pack **p, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	struct run_pack info;
	int rc = index_pack(r->index, t->wants[0].pack, &info, err);

	if (rc < 0)
		return rc;
	rc = reader_open_pack(p, r->reader, &info.uid, false, &why);
	if (restore_is_damage(rc)) {
		tell_sink(r, name_pack(&info.uid).s, hz_error_message(why), false);
		return 0;
	}
	if (rc < 0 && err && !*err)
		*err = TAKE(why);
	return rc;
}

/* All wants of one frame. */
static int run_frame(
	struct restore *r, struct restore_worker *w, struct pack *p, const struct placed *v, size_t n, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	bool right = false;
	int rc = v[0].frame == NO_FRAME ? HZ_E_CORRUPT : pack_read_frame(p, PACK_DATA, v[0].frame, &w->frame, &why);

	if (rc < 0 && !restore_is_damage(rc)) {
		if (err && !*err)
			*err = TAKE(why);
		return rc;
	}
	if (rc < 0 && why)
		tell_sink(r, p->name.s, hz_error_message(why), false);
	if (rc < 0) {
		for (size_t i = 0; i < n; i++) {
			rc = from_others(r, w, v[i].want, err);
			if (rc < 0)
				return rc;
		}
		return 0;
	}
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const uint8_t *data = w->frame.data + v[i].off;

		if (i == 0 || v[i].off != v[i - 1].off)
			right = chunk_is_right(w, data, v[i].len, &v[i].want->id);
		if (!right)
			tell_sink(r, p->name.s, "a chunk has other content than its id says", false);
		rc = right ? give(r, w, v[i].want, data, err) : from_others(r, w, v[i].want, err);
	}
	return rc;
}

static int run_pack(void *arg, unsigned worker, hz_error **err)
{
	const struct pack_task *t = arg;
	struct restore_worker *w = &t->r->workers[worker];
	AUTO(pack_close) struct pack *p = NULL;
	AUTO_FREE struct placed *v = calloc(t->n, sizeof(*v));
	int rc = v ? open_pack(t->r, t, &p, err) : err_nomem(err);

	if (rc < 0)
		return rc;
	place(v, t, p);
	if (p && v[t->n - 1].frame == NO_FRAME)
		tell_sink(t->r, p->name.s, "does not hold chunks that a run names", false);
	for (size_t i = 0, n; rc == 0 && i < t->n && !pool_stopped(t->r->pool); i += n) {
		for (n = 1; i + n < t->n && v[i + n].frame == v[i].frame;)
			n++;
		rc = run_frame(t->r, w, p, v + i, n, err);
	}
	if (p && p->health.repaired)
		tell_sink(t->r, p->name.s, "damaged; parity mended it", true);
	return rc;
}

/* Files that want nothing any more: empty ones, and those that an earlier batch has filled. */
static int run_finish(void *arg, unsigned worker, hz_error **err)
{
	const struct finish_task *t = arg;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < t->n && !pool_stopped(t->r->pool); i++)
		rc = restore_file_finish(t->r, &t->r->workers[worker], t->files[i], err);
	return rc;
}

/* ---- the batch ---- */

static int cmp_want(const void *a, const void *b)
{
	const struct restore_want *x = a, *y = b;

	return (x->pack > y->pack) - (x->pack < y->pack);
}

static int submit_packs(struct restore *r, struct pack_task **tasks, hz_error **err)
{
	struct restore_batch *b = &r->batch;
	size_t n = 0, at = 0;
	int rc = 0;

	if (b->n_wants == 0)
		return 0;
	qsort(b->wants, b->n_wants, sizeof(*b->wants), cmp_want);
	for (size_t i = 0; i < b->n_wants; i++)
		n += i == 0 || b->wants[i].pack != b->wants[i - 1].pack;
	*tasks = calloc(n, sizeof(**tasks));
	if (!*tasks)
		return err_nomem(err);
	for (size_t i = 0; rc == 0 && i < b->n_wants; at++) {
		struct pack_task *t = &(*tasks)[at];

		*t = (struct pack_task){ r, b->wants + i, 0 };
		for (; i < b->n_wants && b->wants[i].pack == t->wants[0].pack; i++)
			t->n++;
		rc = pool_submit(r->pool, 0, run_pack, NULL, t, err);
	}
	return rc;
}

static int submit_finishes(
	struct restore *r, struct restore_file **files, size_t n, struct finish_task **tasks, hz_error **err)
{
	size_t n_tasks = (n + FINISH_SLICE - 1) / FINISH_SLICE;
	int rc = 0;

	if (n == 0)
		return 0;
	*tasks = calloc(n_tasks, sizeof(**tasks));
	if (!*tasks)
		return err_nomem(err);
	for (size_t i = 0; rc == 0 && i < n_tasks; i++) {
		size_t left = n - i * FINISH_SLICE;

		(*tasks)[i] = (struct finish_task){ r, files + i * FINISH_SLICE,
			left < FINISH_SLICE ? left : FINISH_SLICE };
		rc = pool_submit(r->pool, 0, run_finish, NULL, &(*tasks)[i], err);
	}
	return rc;
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

/* Empties the batch. A file whose plan goes on stays, unless all is over. */
static int empty(struct restore *r, bool over, hz_error **err)
{
	struct restore_batch *b = &r->batch;
	size_t kept = 0;
	int rc = 0;

	b->bytes = 0;
	for (size_t i = 0; i < b->n_files; i++) {
		struct restore_file *f = b->files[i];
		int one = collect(r, f, rc == 0 ? err : NULL);

		rc = rc < 0 ? rc : one;
		f->wants = 0;
		if (!over && !f->planned) {
			b->bytes += sizeof(*f) + f->len;
			b->files[kept++] = f;
			continue;
		}
		restore_file_discard(r, f);
		restore_file_free(r, f);
	}
	b->n_files = kept;
	b->n_wants = b->n_pieces = 0;
	return rc;
}

int restore_data_run(struct restore *r, hz_error **err)
{
	struct restore_batch *b = &r->batch;
	AUTO_FREE struct restore_file **idle = calloc(b->n_files + 1, sizeof(struct restore_file *));
	AUTO_FREE struct pack_task *packs = NULL;
	AUTO_FREE struct finish_task *finishes = NULL;
	size_t n_idle = 0;
	int rc = idle ? 0 : err_nomem(err), waited;

	if (rc == 0 && r->progress.phase == HZ_PHASE_PLAN)
		rc = restore_phase(r, HZ_PHASE_DATA, err);
	for (size_t i = 0; rc == 0 && i < b->n_files; i++) {
		struct restore_file *f = b->files[i];

		f->alone = f->planned && f->wants <= 1 && !f->has_temp;
		if (f->planned && f->wants == 0)
			idle[n_idle++] = f;
	}
	if (rc == 0)
		rc = submit_packs(r, &packs, err);
	if (rc == 0)
		rc = submit_finishes(r, idle, n_idle, &finishes, err);
	if (rc < 0)
		pool_cancel(r->pool);
	/* The tasks point into what is freed here. */
	waited = restore_wait(r, err);
	rc = rc < 0 ? rc : waited;
	waited = empty(r, rc < 0, rc < 0 ? NULL : err);
	return rc < 0 ? rc : waited;
}

void restore_batch_release(struct restore *r)
{
	struct restore_batch *b = &r->batch;

	(void)empty(r, true, NULL);
	free(b->wants);
	free(b->files);
	free(b->pieces);
	*b = (struct restore_batch){ 0 };
}
