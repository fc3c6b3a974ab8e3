/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carries out a batch: pack by pack, so that every frame is read once, whoever wants it. A worker that finds no pack
 * left helps with the frames of one that another reads: a batch may have fewer packs than there are workers.
 * Invariant: no byte goes to the target before the id of its chunk was recomputed (docs/format/pack.md); where it does
 * not match, or the pack is damaged, the other packs that claim the id are asked.
 */
#include "archive/restore.h"
#include <stdio.h>
#include <string.h>

#define NO_FRAME     UINT32_MAX
#define FINISH_SLICE 128u
#define WHOLE_PART   4u /* so much of a pack's size in content: it is compressed, as a rule */

static void tell_sink(struct restore *r, const char *name, const char *what, bool mended)
{
	const struct damage_sink *s = &r->reader->repo.sink;

	s->fn(s->user, name, what, mended);
}

/* ---- one want ---- */

static int want_done(struct restore *r, struct restore_worker *w, struct restore_file *f, hz_error **err)
{
	if (__atomic_sub_fetch(&f->wants, 1, __ATOMIC_ACQ_REL) > 0)
		return 0;
	return restore_file_finish(r, w, f, err);
}

static int give(
	struct restore *r, struct restore_worker *w, struct restore_want *want, const uint8_t *data, hz_error **err)
{
	int rc = restore_file_write(r, w, want, data, err);

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
		rc = reader_open_pack(&w->other, r->reader, uid, false, READER_DATA, err);
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
		n > 1 ? err_text("some of its content is damaged in every pack that holds it")
		      : err_text("some of its content is damaged or missing in the store"));
	return want_done(r, w, want->file, err);
}

/* ---- one pack ---- */

static int cmp_placed(const void *a, const void *b)
{
	const struct restore_placed *x = a, *y = b;

	if (x->frame != y->frame)
		return x->frame < y->frame ? -1 : 1;
	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return (x->want > y->want) - (x->want < y->want);
}

static void place(struct restore_placed *v, const struct restore_pack *t, const struct pack *p)
{
	for (size_t i = 0; i < t->n; i++) {
		struct restore_want *want = &t->wants[i];
		const struct pack_member *m = p ? pack_find(p, PACK_DATA, &want->id) : NULL;

		v[i] = (struct restore_placed){ want, NO_FRAME, 0, 0 };
		if (m && m->len == want->len)
			v[i] = (struct restore_placed){ want, m->frame, m->off, m->len };
	}
	qsort(v, t->n, sizeof(*v), cmp_placed);
}

/* Is it better read in one piece? Where each request takes its time, if much of it is wanted. On other stores frames
 * cost no more, take a tenth of the memory, and go from memory to the caches of the processor once. */
static bool read_whole(const struct restore *r, const struct restore_pack *t, uint32_t size)
{
	const struct store *st = r->reader->repo.store;
	uint64_t wanted = 0;

	if (!st->remote && !st->rotational)
		return false;
	for (size_t i = 0; i < t->n; i++)
		wanted += t->wants[i].len;
	return wanted >= size / WHOLE_PART;
}

/* *p stays NULL when nothing of the pack can be had. Damage beyond mending in one place leaves the rest to be read by
 * frames. */
static int open_pack(struct restore *r, const struct restore_pack *t, struct pack **p, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	struct run_pack info;
	bool whole;
	int rc = index_pack(r->index, t->wants[0].pack, &info, err);

	if (rc < 0)
		return rc;
	whole = read_whole(r, t, info.size);
	rc = reader_open_pack(p, r->reader, &info.uid, whole, READER_DATA, &why);
	if (rc == HZ_E_CORRUPT && whole) {
		err_clear(&why);
		rc = reader_open_pack(p, r->reader, &info.uid, false, READER_DATA, &why);
	}
	if (restore_is_damage(rc)) {
		tell_sink(r, name_pack(&info.uid).s, hz_error_message(why), false);
		return 0;
	}
	if (rc < 0 && err && !*err)
		*err = TAKE(why);
	return rc;
}

/* All wants of one frame. */
static int run_frame(struct restore *r, struct restore_worker *w, struct pack *p, const struct restore_placed *v,
	size_t n, hz_error **err)
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

		/* Placed by the table of who opened it first: the store may have given another since. */
		if (i == 0 || v[i].off != v[i - 1].off)
			right = v[i].off <= w->frame.len && v[i].len <= w->frame.len - v[i].off &&
				chunk_is_right(w, data, v[i].len, &v[i].want->id);
		if (!right)
			tell_sink(r, p->name.s, "a chunk has other content than its id says", false);
		rc = right ? give(r, w, v[i].want, data, err) : from_others(r, w, v[i].want, err);
	}
	return rc;
}

/* Under the lock: is so much left that it pays to open it once more? */
static bool is_long(const struct restore_pack *t)
{
	return t->next < t->n && t->placed[t->next].frame != t->placed[t->n - 1].frame;
}

/* Where requests take their time packs are read whole, or opening one again costs more than it helps. */
static bool can_share(const struct restore *r)
{
	const struct store *st = r->reader->repo.store;

	return !st->remote && !st->rotational;
}

/* Others may help from now on, or they have waited in vain. */
static void tell_opened(struct restore *r, struct restore_batch *b, struct restore_pack *t, const struct pack *p)
{
	(void)pthread_mutex_lock(&r->sharing);
	b->opening--;
	t->shared = p && !p->whole.data && can_share(r) && is_long(t);
	(void)pthread_cond_broadcast(&r->opened);
	(void)pthread_mutex_unlock(&r->sharing);
}

/* Chunks that no pack has, as far as the index knows. */
static int run_lost(
	struct restore *r, struct restore_worker *w, struct restore_batch *b, struct restore_pack *t, hz_error **err)
{
	int rc = 0;

	tell_opened(r, b, t, NULL);
	for (size_t i = 0; rc == 0 && i < t->n; i++) {
		char why[192];

		(void)snprintf(why, sizeof(why), err_text("chunk %.16s is in no pack that the index knows"),
			id_hex(&t->wants[i].id).s);
		restore_file_damaged(r, t->wants[i].file, why);
		rc = want_done(r, w, t->wants[i].file, err);
	}
	return rc;
}

/* The wants of one frame that nobody has taken: how many, from *from on; 0 when none is left. */
static size_t take_frame(struct restore *r, struct restore_pack *t, size_t *from)
{
	const struct restore_placed *v = t->placed;
	size_t n = 0;

	(void)pthread_mutex_lock(&r->sharing);
	*from = t->next;
	while (*from + n < t->n && v[*from + n].frame == v[*from].frame)
		n++;
	t->next += n;
	t->shared = t->shared && is_long(t);
	(void)pthread_mutex_unlock(&r->sharing);
	return n;
}

static int run_frames(
	struct restore *r, struct restore_worker *w, struct restore_pack *t, struct pack *p, hz_error **err)
{
	size_t from, n;
	int rc = 0;

	while (rc == 0 && !pool_stopped(r->pool) && (n = take_frame(r, t, &from)) > 0)
		rc = run_frame(r, w, p, t->placed + from, n, err);
	if (p && p->health.repaired)
		tell_sink(r, p->name.s, "damaged; parity mended it", true);
	return rc;
}

static int run_pack(
	struct restore *r, struct restore_worker *w, struct restore_batch *b, struct restore_pack *t, hz_error **err)
{
	AUTO(pack_close) struct pack *p = NULL;
	int rc;

	t->placed = calloc(t->n, sizeof(*t->placed));
	rc = t->placed ? open_pack(r, t, &p, err) : err_nomem(err);
	if (rc == 0)
		place(t->placed, t, p);
	else
		pack_close(TAKE(p));
	tell_opened(r, b, t, p);
	if (rc < 0)
		return rc;
	if (p && t->placed[t->n - 1].frame == NO_FRAME)
		tell_sink(r, p->name.s, "does not hold chunks that a run names", false);
	return run_frames(r, w, t, p, err);
}

/* The next pack of the batch, told to those who wait for something to help with. */
static struct restore_pack *take_pack(struct restore *r, struct restore_batch *b)
{
	struct restore_pack *t = NULL;

	(void)pthread_mutex_lock(&r->sharing);
	if (b->next_pack < b->n_packs) {
		t = &b->packs[b->order ? b->order[b->next_pack] : b->next_pack];
		b->next_pack++;
		b->opening++;
	}
	(void)pthread_mutex_unlock(&r->sharing);
	return t;
}

/* One that another reads, as soon as there is one; NULL when nothing is left to help with. The one that was begun last
 * has most left, as a rule. */
static struct restore_pack *to_help(struct restore *r, struct restore_batch *b)
{
	struct restore_pack *t = NULL;

	(void)pthread_mutex_lock(&r->sharing);
	for (;;) {
		for (size_t i = b->n_packs; !t && i-- > 0;) {
			struct restore_pack *at = &b->packs[b->order ? b->order[i] : i];

			t = at->shared ? at : NULL;
		}
		if (t || b->opening == 0)
			break;
		(void)pthread_cond_wait(&r->opened, &r->sharing);
	}
	(void)pthread_mutex_unlock(&r->sharing);
	return t;
}

static int help(struct restore *r, struct restore_worker *w, struct restore_pack *t, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	AUTO(pack_close) struct pack *p = NULL;
	int rc = open_pack(r, t, &p, &why);

	if (rc == 0 && p)
		return run_frames(r, w, t, p, err);
	/* Whoever opened it goes on alone. */
	(void)pthread_mutex_lock(&r->sharing);
	t->shared = false;
	(void)pthread_mutex_unlock(&r->sharing);
	if (rc == HZ_E_NOMEM)
		return 0;
	if (rc < 0 && err && !*err)
		*err = TAKE(why);
	return rc;
}

/* ---- the batch ---- */

/* Files that want nothing any more. */
static int run_idle(struct restore *r, struct restore_worker *w, struct restore_batch *b, hz_error **err)
{
	int rc = 0;

	while (rc == 0 && !pool_stopped(r->pool)) {
		size_t from = __atomic_fetch_add(&b->next_idle, FINISH_SLICE, __ATOMIC_RELAXED);
		size_t to = from + FINISH_SLICE < b->n_idle ? from + FINISH_SLICE : b->n_idle;

		if (from >= b->n_idle)
			break;
		for (; rc == 0 && from < to; from++)
			rc = restore_file_finish(r, w, b->idle[from], err);
	}
	return rc;
}

/* What every worker does until nothing is left of the batch: packs in their order, then the files that want nothing any
 * more (empty ones, and those that an earlier batch has filled), then what is left of others' packs. */
int restore_work(void *arg, unsigned worker, hz_error **err)
{
	struct restore_batch *b = arg;
	struct restore *r = b->restore;
	struct restore_worker *w = &r->workers[worker];
	struct restore_pack *t;
	int rc = 0;

	w->batch = b;
	while (rc == 0 && !pool_stopped(r->pool) && (t = take_pack(r, b)))
		rc = t->wants[0].pack == RESTORE_NO_PACK ? run_lost(r, w, b, t, err) : run_pack(r, w, b, t, err);
	if (rc == 0)
		rc = run_idle(r, w, b, err);
	while (rc == 0 && can_share(r) && !pool_stopped(r->pool) && (t = to_help(r, b)))
		rc = help(r, w, t, err);
	/* The last thing: b may be another batch after this. */
	(void)__atomic_sub_fetch(&b->tasks, 1, __ATOMIC_RELEASE);
	return rc;
}
