/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Large files: one worker reads and cuts, each chunk goes to whichever worker is free, or is done on the spot when all
 * are busy. The worker that ends the last piece writes the entry.
 */
#include "archive/scan_internal.h"
#include <errno.h>
#include <string.h>

#define READ_LEN       (1u << 20)
#define FIRST_TRY      (2u << 20) /* a cut is looked for in this much before more is read */
#define CHUNKS_PER_CPU 1u
#define PIECES_BYTES   (4u << 20) /* of chunks that were handed on, together: a chunk may be 8 MiB */
#define PIECE_ROOM     (2u << 20) /* most chunks fit in that: such pieces are kept for others */

struct large {
	struct scan *s;
	struct scan_dir *d;
	uint32_t slot;
	int fd;
	int pieces; /* atomic: chunks in work, and the reader */
	unsigned tries;
	struct chunk_ref *refs;
	size_t n, cap;
	pthread_mutex_t lock; /* refs */
	struct extent *x;
	size_t n_x;
	bool whole, changed, failed;
	uint64_t bytes, before; /* read, in this try and in those before */
};

struct piece {
	struct piece *next; /* spare */
	struct large *l;
	size_t index;
	size_t len, room;
	uint8_t data[];
};

static void large_free(struct large *l)
{
	fd_close(&l->fd);
	(void)pthread_mutex_destroy(&l->lock);
	free(l->refs);
	free(l->x);
	free(l);
}

static int large_run(void *arg, unsigned worker, hz_error **err);

static void large_leave(struct large *l)
{
	struct scan_dir *d = l->d;

	if (__atomic_sub_fetch(&l->pieces, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	large_free(l);
	dir_fd_release(d);
	dir_abandon(d);
}

static void large_drop(void *arg)
{
	large_leave(arg);
}

/* A spare one, or a new one. Fresh memory costs a page fault for each 4 KiB, as much as a tenth of all else. */
static struct piece *piece_take(struct scan *s, size_t len)
{
	struct piece *p = NULL;
	size_t room = len > PIECE_ROOM ? len : PIECE_ROOM;

	if (len <= PIECE_ROOM) {
		(void)pthread_mutex_lock(&s->spare_lock);
		p = s->spare;
		if (p) {
			s->spare = p->next;
			s->spare_bytes -= p->room;
		}
		(void)pthread_mutex_unlock(&s->spare_lock);
	}
	if (!p) {
		p = malloc(sizeof(*p) + room);
		if (p)
			p->room = room;
	}
	return p;
}

static void piece_give(struct scan *s, struct piece *p)
{
	if (p->room == PIECE_ROOM) {
		(void)pthread_mutex_lock(&s->spare_lock);
		if (s->spare_bytes + p->room <= PIECES_BYTES) {
			s->spare_bytes += p->room;
			p->next = s->spare;
			s->spare = TAKE(p);
		}
		(void)pthread_mutex_unlock(&s->spare_lock);
	}
	free(p);
}

void large_release(struct scan *s)
{
	while (s->spare) {
		struct piece *p = s->spare;

		s->spare = p->next;
		free(p);
	}
}

/* NULL: no worker to hand it to, or too much on its way already. */
static struct piece *piece_new(struct large *l, size_t index, const void *data, size_t len)
{
	struct scan *s = l->s;
	struct piece *p = NULL;

	if (s->workers == 1)
		return NULL;
	if (__atomic_add_fetch(&s->piece_bytes, len, __ATOMIC_RELAXED) <= PIECES_BYTES)
		p = piece_take(s, len);
	if (!p) {
		(void)__atomic_sub_fetch(&s->piece_bytes, len, __ATOMIC_RELAXED);
		return NULL;
	}
	p->l = l;
	p->index = index;
	p->len = len;
	memcpy(p->data, data, len);
	return p;
}

static void piece_free(struct piece *p)
{
	struct scan *s = p->l->s;

	(void)__atomic_sub_fetch(&s->piece_bytes, p->len, __ATOMIC_RELAXED);
	piece_give(s, p);
}

/* ---- the end ---- */

static int large_entry(struct large *l, unsigned worker, hz_error **err)
{
	struct scan *s = l->s;
	struct scan_child *c = &l->d->children[l->slot];
	struct scan_worker *w = &s->w[worker];
	const char *what = NULL;
	struct entry e = { .user = "" };
	int rc, r;

	arena_reset(w->arena);
	r = entry_read(&e, w->arena, s->names, &c->st, dir_fd_of(l->d, c), c->name, l->fd, &what);
	if (r == ENOMEM)
		return err_nomem(err);
	if (r)
		scan_error(s, SOURCE_ATTRS, l->d, c->name, what ? what : "attributes", r);
	e.name = (const uint8_t *)c->name;
	e.name_len = c->name_len;
	e.size = c->st.sig.size;
	if (l->changed)
		e.flags |= ENTRY_CHANGED;
	entry_set_hardlink(s, worker, &e, l->d, c);
	rc = entry_set_chunks(s, worker, &e, l->refs, l->n, err);
	if (rc == 0 && !l->whole)
		rc = entry_set_extents(s, worker, &e, l->x, l->n_x, err);
	if (rc == 0)
		rc = child_set_entry(s, worker, c, &e, err);
	if (rc == 0) {
		bump(&s->r->counts.total_bytes, c->st.sig.size - (l->bytes - l->before)); /* holes */
		bump(c->cached ? &s->r->counts.files_changed : &s->r->counts.files_new, 1);
		bump(&s->r->counts.read_bytes, l->bytes);
	}
	return rc;
}

/* A piece, or the reader, is done. */
static int large_done(struct large *l, unsigned worker, hz_error **err)
{
	struct scan *s = l->s;
	struct scan_dir *d = l->d;
	struct scan_child *c = &d->children[l->slot];
	int rc = 0;

	if (__atomic_sub_fetch(&l->pieces, 1, __ATOMIC_ACQ_REL) != 0)
		return 0;
	if (l->failed || (l->changed && l->tries < READ_TRIES))
		bump(&s->r->counts.total_bytes, 0 - (l->bytes - l->before));
	if (l->changed && !l->failed && l->tries < READ_TRIES) {
		l->pieces = 1;
		rc = pool_submit(s->o.pool, CLASS_FILES, large_run, large_drop, l, err);
		if (rc < 0)
			large_leave(l);
		return rc;
	}
	if (l->changed && !l->failed) {
		scan_error(s, SOURCE_CHANGED, d, c->name, "changed while it was read, every time it was tried", 0);
		c->flags |= CACHE_RACY;
	}
	if (l->failed)
		__atomic_store_n(&d->partial, true, __ATOMIC_RELAXED);
	else
		rc = large_entry(l, worker, err);
	large_free(l);
	dir_fd_release(d);
	int rc2 = dir_done(s, worker, d, rc < 0 ? NULL : err);

	return rc < 0 ? rc : rc2;
}

/* ---- chunks ---- */

static int store_ref(struct large *l, unsigned worker, size_t index, const void *data, size_t len, hz_error **err)
{
	struct id id;
	int rc = ingest_chunk(l->s->o.ingest, worker, data, len, &id, err);

	if (rc < 0)
		return rc;
	(void)pthread_mutex_lock(&l->lock);
	l->refs[index] = (struct chunk_ref){ id, (uint32_t)len };
	(void)pthread_mutex_unlock(&l->lock);
	bump(&l->s->r->counts.total_bytes, len);
	return 0;
}

static int piece_run(void *arg, unsigned worker, hz_error **err)
{
	struct piece *p = arg;
	struct large *l = p->l;
	int rc = store_ref(l, worker, p->index, p->data, p->len, err);

	piece_free(p);
	if (rc < 0) {
		large_leave(l);
		return rc;
	}
	return large_done(l, worker, err);
}

static void piece_drop(void *arg)
{
	struct piece *p = arg;
	struct large *l = p->l;

	piece_free(p);
	large_leave(l);
}

static int add_chunk(struct large *l, unsigned worker, const uint8_t *data, size_t len, hz_error **err)
{
	struct scan *s = l->s;
	size_t index = l->n;
	struct piece *p;

	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 16;
		struct chunk_ref *v;

		(void)pthread_mutex_lock(&l->lock);
		v = realloc(l->refs, cap * sizeof(*v));
		if (v) {
			l->refs = v;
			l->cap = cap;
		}
		(void)pthread_mutex_unlock(&l->lock);
		if (!v)
			return err_nomem(err);
	}
	l->n++;
	l->bytes += len;
	p = piece_new(l, index, data, len);
	if (p) {
		(void)__atomic_add_fetch(&l->pieces, 1, __ATOMIC_RELAXED);
		if (pool_try_submit(s->o.pool, CLASS_CHUNK, s->workers * CHUNKS_PER_CPU, piece_run, piece_drop, p))
			return 0;
		(void)__atomic_sub_fetch(&l->pieces, 1, __ATOMIC_RELAXED);
		piece_free(p);
	}
	return store_ref(l, worker, index, data, len, err);
}

/* ---- reading ---- */

struct window {
	struct buf *b;
	size_t at; /* first byte that is not yet cut */
	bool end;
	size_t extent;
	uint64_t in_extent;
};

/* Reads up to want more bytes of the data extents. 0 or an errno. */
static int fill(struct large *l, struct window *w, size_t want)
{
	struct extent all = { 0, l->d->children[l->slot].st.sig.size };
	const struct extent *x = l->whole ? &all : l->x;
	size_t n = l->whole ? 1 : l->n_x;

	if (w->at > 0) {
		memmove(w->b->data, w->b->data + w->at, w->b->len - w->at);
		w->b->len -= w->at;
		w->at = 0;
	}
	while (want > 0 && w->extent < n) {
		uint64_t left = x[w->extent].len - w->in_extent;
		size_t len = left < want ? (size_t)left : want;
		uint8_t *room;
		ssize_t r;

		if (left == 0) {
			w->extent++;
			w->in_extent = 0;
			continue;
		}
		room = buf_extend(w->b, len);
		if (!room)
			return ENOMEM;
		r = vfs()->pread(l->fd, room, len, (off_t)(x[w->extent].off + w->in_extent));
		w->b->len -= len - (r > 0 ? (size_t)r : 0);
		if (r < 0)
			return errno;
		if (r == 0)
			return ESTALE;
		w->in_extent += (uint64_t)r;
		want -= (size_t)r;
	}
	while (w->extent < n && w->in_extent == x[w->extent].len) {
		w->extent++;
		w->in_extent = 0;
	}
	w->end = w->extent == n;
	return 0;
}

/* Cuts and hands out everything. *e: an errno of the source. */
static int read_all(struct large *l, unsigned worker, int *e, hz_error **err)
{
	struct scan *s = l->s;
	const struct chunker *ch = s->o.chunker;
	struct window w = { .b = &s->w[worker].data };
	int rc = 0;

	buf_reset(w.b);
	*e = 0;
	while (rc == 0 && !pool_stopped(s->o.pool)) {
		size_t have = w.b->len - w.at, cut;

		if (!w.end && have < FIRST_TRY) {
			*e = fill(l, &w, FIRST_TRY + READ_LEN - have);
			if (*e)
				return 0;
			have = w.b->len - w.at;
		}
		if (have == 0)
			return 0;
		cut = chunker_cut(ch, w.b->data + w.at, have);
		while (cut == have && !w.end && have < ch->max) {
			/* No cut in what is here: it depends on what follows. */
			*e = fill(l, &w, READ_LEN);
			if (*e)
				return 0;
			have = w.b->len - w.at;
			cut = chunker_cut(ch, w.b->data + w.at, have);
		}
		rc = add_chunk(l, worker, w.b->data + w.at, cut, err);
		w.at += cut;
	}
	return rc;
}

static int large_run(void *arg, unsigned worker, hz_error **err)
{
	struct large *l = arg;
	struct scan *s = l->s;
	struct scan_child *c = &l->d->children[l->slot];
	struct source_stat now;
	int e, rc = 0;

	l->tries++;
	l->n = 0;
	l->before = l->bytes;
	l->changed = false;
	free(TAKE(l->x));
	l->n_x = 0;
	l->whole = true;
	e = file_stat(&c->st, c, l->fd);
	if (!e)
		e = file_extents(&l->x, &l->n_x, &l->whole, l->fd, c->st.sig.size);
	if (!e)
		rc = read_all(l, worker, &e, err);
	if (rc < 0 || e == ENOMEM || pool_stopped(s->o.pool)) {
		large_leave(l);
		return rc < 0 ? rc : e == ENOMEM ? err_nomem(err) : 0;
	}
	if (e == 0)
		e = file_stat(&now, c, l->fd);
	if (e == 0 && !stat_sig_equal(&now.sig, &c->st.sig))
		l->changed = true;
	if (e == ESTALE && l->tries < READ_TRIES) {
		l->changed = true;
	} else if (e) {
		scan_error(s, e == ESTALE ? SOURCE_CHANGED : SOURCE_UNREADABLE, l->d, c->name,
			e == ESTALE ? "shrank while it was read, every time it was tried" : "read",
			e == ESTALE ? 0 : e);
		l->failed = true;
	}
	return large_done(l, worker, err);
}

int large_start(struct scan *s, unsigned worker, struct scan_dir *d, uint32_t slot, int fd, hz_error **err)
{
	struct large *l = calloc(1, sizeof(*l));

	if (!l) {
		fd_close(&fd);
		return err_nomem(err);
	}
	*l = (struct large){ .s = s, .d = d, .slot = slot, .fd = fd, .pieces = 1 };
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)__atomic_add_fetch(&d->pending, 1, __ATOMIC_RELAXED);
	(void)__atomic_add_fetch(&d->fd_refs, 1, __ATOMIC_RELAXED);
	if (pool_try_submit(s->o.pool, CLASS_FILES, s->workers, large_run, large_drop, l))
		return 0;
	return large_run(l, worker, err);
}
