/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The content of a stream: cut as that of files is, so that both share chunks, and handed to whichever worker is free,
 * or stored on the spot when all are busy. A file's entry is complete when its last piece is.
 */
#include "archive/stream_internal.h"
#include <errno.h>
#include <string.h>

#define FIRST_TRY      (2u << 20) /* a cut is looked for in this much, and then each time that there is so much more: */
#define NEXT_TRY       (1u << 20)
#define HANDED_ON      (64u << 10)
#define PIECES_PER_CPU 1u
#define PIECES_BYTES   (4u << 20)

struct stream_file {
	struct stream *s;
	struct stream_inode *inode;
	int pieces;           /* atomic: in work, and the stream itself */
	pthread_mutex_t lock; /* refs */
	struct chunk_ref *refs;
	size_t n, cap;
	struct extent *x;
	size_t n_x, cap_x;
	uint64_t size, bytes;
};

struct piece {
	struct stream_file *f;
	size_t index, len;
	uint8_t data[];
};

bool stream_is_stopped(void *stream)
{
	struct stream *s = stream;

	return pool_stopped(s->scan.o.pool);
}

struct owner_names *stream_owner_names(struct stream *s)
{
	return s->scan.names;
}

void stream_problem(struct stream *s, enum source_error kind, const char *path, const char *what)
{
	s->is_incomplete = s->is_incomplete || kind != SOURCE_ATTRS;
	scan_error(&s->scan, (uint8_t)kind, &s->top, path, what, 0);
}

/* ---- entries ---- */

static int inode_set(struct stream *s, unsigned worker, struct stream_inode *i, const struct entry *e, hz_error **err)
{
	struct buf *b = &s->scan.w[worker].encoded;
	int rc;

	buf_reset(b);
	rc = entry_encode(b, e, err);
	if (rc < 0)
		return rc;
	free(i->entry);
	i->entry = malloc(b->len);
	if (!i->entry)
		return err_nomem(err);
	memcpy(i->entry, b->data, b->len);
	i->len = (uint32_t)b->len;
	return 0;
}

static bool is_excluded(const struct stream *s, const char *path, bool is_dir)
{
	const struct patterns *p = s->scan.o.excludes;

	while (path[0] == '/' || (path[0] == '.' && path[1] == '/'))
		path++;
	return p && !patterns_is_empty(p) && patterns_match_or_parent(p, path, strlen(path), is_dir);
}

static int put(struct stream *s, const char *path, struct stream_inode *i, bool is_dir, hz_error **err)
{
	bool lost = false;

	if (!stream_tree_put(&s->tree, path, i, is_dir, &lost))
		return err_nomem(err);
	if (lost)
		stream_problem(s, SOURCE_CHANGED, path,
			"takes the place of an earlier entry of another kind, which is left out");
	return 0;
}

static int file_begin(struct stream *s, struct stream_inode *i, hz_error **err)
{
	struct stream_file *f = calloc(1, sizeof(*f));

	if (!f)
		return err_nomem(err);
	f->s = s;
	f->inode = i;
	f->pieces = 1;
	(void)pthread_mutex_init(&f->lock, NULL);
	s->file = f;
	buf_reset(&s->window);
	s->wanted = FIRST_TRY;
	return 1;
}

int stream_add(struct stream *s, const char *path, const struct entry *e, hz_error **err)
{
	AUTO(hz_error_free) hz_error *bad = NULL;
	const char *wrong = stream_path_check(path, S_ISDIR(e->mode));
	struct entry named = *e;
	struct stream_inode *i;
	int rc;

	if (wrong) {
		stream_problem(s, SOURCE_UNREADABLE, path ? path : "", wrong);
		return 0;
	}
	if (is_excluded(s, path, S_ISDIR(e->mode)))
		return 0;
	named.name = (const uint8_t *)"x";
	named.name_len = 1;
	i = stream_inode_new(&s->tree);
	if (!i)
		return err_nomem(err);
	rc = inode_set(s, s->worker, i, &named, &bad);
	if (rc == HZ_E_INVAL) {
		stream_problem(s, SOURCE_UNREADABLE, path, hz_error_message(bad));
		return 0;
	}
	if (rc < 0)
		return err_nomem(err);
	rc = put(s, path, i, S_ISDIR(e->mode), err);
	return rc == 0 && S_ISREG(e->mode) ? file_begin(s, i, err) : rc;
}

int stream_link(struct stream *s, const char *path, const char *target, hz_error **err)
{
	const char *wrong = stream_path_check(path, false);
	struct stream_node *to;

	if (!wrong && is_excluded(s, path, false))
		return 0;
	if (!wrong && stream_path_check(target, false))
		wrong = "is a hard link to what cannot be: left out";
	to = wrong ? NULL : stream_tree_find(&s->tree, target);
	if (!wrong && (!to || !to->inode || to->is_dir))
		wrong = "is a hard link to what did not come before it: left out";
	if (wrong) {
		stream_problem(s, SOURCE_MISSING, path ? path : "", wrong);
		return 0;
	}
	return to == stream_tree_find(&s->tree, path) ? 0 : put(s, path, to->inode, false, err);
}

/* ---- pieces ---- */

static void file_free(struct stream_file *f)
{
	(void)pthread_mutex_destroy(&f->lock);
	free(f->refs);
	free(f->x);
	free(f);
}

static void file_leave(struct stream_file *f)
{
	if (__atomic_sub_fetch(&f->pieces, 1, __ATOMIC_ACQ_REL) == 0)
		file_free(f);
}

static int file_entry(struct stream_file *f, unsigned worker, hz_error **err)
{
	struct stream *s = f->s;
	struct arena *a = s->scan.w[worker].arena;
	struct stream_inode *i = f->inode;
	struct entry e;
	int rc;

	arena_reset(a);
	rc = entry_decode(&e, a, i->entry, i->len, err);
	if (rc < 0)
		return rc;
	e.size = f->size;
	rc = entry_set_chunks(&s->scan, worker, &e, f->refs, f->n, err);
	if (rc == 0 && f->bytes < f->size)
		rc = entry_set_extents(&s->scan, worker, &e, f->x, f->n_x, err);
	if (rc == 0)
		rc = inode_set(s, worker, i, &e, err);
	bump(&s->scan.r->counts.files_new, 1);
	return rc;
}

/* A piece, or the stream's part, is done. */
static int file_done(struct stream_file *f, unsigned worker, hz_error **err)
{
	int rc;

	if (__atomic_sub_fetch(&f->pieces, 1, __ATOMIC_ACQ_REL) != 0)
		return 0;
	rc = file_entry(f, worker, err);
	file_free(f);
	return rc;
}

static int store_ref(struct stream_file *f, unsigned worker, size_t index, const void *data, size_t len, hz_error **err)
{
	struct id id;
	int rc = ingest_chunk(f->s->scan.o.ingest, worker, data, len, &id, err);

	if (rc < 0)
		return rc;
	(void)pthread_mutex_lock(&f->lock);
	f->refs[index] = (struct chunk_ref){ id, (uint32_t)len };
	(void)pthread_mutex_unlock(&f->lock);
	bump(&f->s->scan.r->counts.total_bytes, len);
	bump(&f->s->scan.r->counts.read_bytes, len);
	return 0;
}

static void piece_free(struct piece *p)
{
	(void)__atomic_sub_fetch(&p->f->s->piece_bytes, p->len, __ATOMIC_RELAXED);
	free(p);
}

static int piece_run(void *arg, unsigned worker, hz_error **err)
{
	struct piece *p = arg;
	struct stream_file *f = p->f;
	int rc = store_ref(f, worker, p->index, p->data, p->len, err);

	piece_free(p);
	if (rc < 0) {
		file_leave(f);
		return rc;
	}
	return file_done(f, worker, err);
}

static void piece_drop(void *arg)
{
	struct piece *p = arg;
	struct stream_file *f = p->f;

	piece_free(p);
	file_leave(f);
}

/* True when another worker has it. */
static bool hand_on(struct stream_file *f, size_t index, const void *data, size_t len)
{
	struct stream *s = f->s;
	struct piece *p = NULL;

	if (s->scan.workers == 1 || len < HANDED_ON)
		return false;
	if (__atomic_add_fetch(&s->piece_bytes, len, __ATOMIC_RELAXED) <= PIECES_BYTES)
		p = malloc(sizeof(*p) + len);
	if (!p) {
		(void)__atomic_sub_fetch(&s->piece_bytes, len, __ATOMIC_RELAXED);
		return false;
	}
	*p = (struct piece){ .f = f, .index = index, .len = len };
	memcpy(p->data, data, len);
	(void)__atomic_add_fetch(&f->pieces, 1, __ATOMIC_RELAXED);
	if (pool_try_submit(s->scan.o.pool, CLASS_CHUNK, s->scan.workers * PIECES_PER_CPU, piece_run, piece_drop, p))
		return true;
	(void)__atomic_sub_fetch(&f->pieces, 1, __ATOMIC_RELAXED);
	piece_free(p);
	return false;
}

static int grow_refs(struct stream_file *f, hz_error **err)
{
	size_t cap = f->cap ? f->cap * 2 : 4;
	struct chunk_ref *v;

	if (f->n < f->cap)
		return 0;
	(void)pthread_mutex_lock(&f->lock);
	v = realloc(f->refs, cap * sizeof(*v));
	if (v) {
		f->refs = v;
		f->cap = cap;
	}
	(void)pthread_mutex_unlock(&f->lock);
	return v ? 0 : err_nomem(err);
}

static int add_chunk(struct stream *s, const uint8_t *data, size_t len, hz_error **err)
{
	struct stream_file *f = s->file;
	int rc = grow_refs(f, err);

	if (rc < 0)
		return rc;
	f->n++;
	return hand_on(f, f->n - 1, data, len) ? 0 : store_ref(f, s->worker, f->n - 1, data, len, err);
}

/* Cuts what is in the window as far as a cut does not depend on what is still to come. */
static int cut_window(struct stream *s, bool last, hz_error **err)
{
	const struct chunker *ch = s->scan.o.chunker;
	struct buf *b = &s->window;
	size_t at = 0;
	int rc = 0;

	/* As small files are: whole. */
	if (last && s->file->bytes <= SMALL_MAX && b->len > 0) {
		rc = add_chunk(s, b->data, b->len, err);
		buf_reset(b);
		return rc;
	}
	while (rc == 0 && at < b->len && (last || b->len - at >= s->wanted)) {
		size_t have = b->len - at, cut = chunker_cut(ch, b->data + at, have);

		if (cut == have && !last && have < ch->max) {
			s->wanted = have + NEXT_TRY;
			break;
		}
		s->wanted = FIRST_TRY;
		rc = add_chunk(s, b->data + at, cut, err);
		at += cut;
	}
	if (at > 0)
		memmove(b->data, b->data + at, b->len - at);
	b->len -= at;
	return rc;
}

/* ---- content ---- */

static int add_extent(struct stream_file *f, uint64_t off, uint64_t len, hz_error **err)
{
	struct extent *last = f->n_x ? &f->x[f->n_x - 1] : NULL;

	if (last && last->off + last->len == off) {
		last->len += len;
		return 0;
	}
	if (f->n_x == f->cap_x) {
		size_t cap = f->cap_x ? f->cap_x * 2 : 1;
		struct extent *v = realloc(f->x, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		f->x = v;
		f->cap_x = cap;
	}
	f->x[f->n_x++] = (struct extent){ off, len };
	return 0;
}

int stream_data(struct stream *s, uint64_t off, const void *data, size_t len, hz_error **err)
{
	struct stream_file *f = s->file;
	int rc;

	if (len == 0)
		return 0;
	if (off < f->size)
		return err_set(err, HZ_E_IO, "content goes backwards");
	rc = add_extent(f, off, len, err);
	f->size = off + len;
	f->bytes += len;
	if (rc == 0 && buf_append(&s->window, data, len) < 0)
		rc = err_nomem(err);
	return rc < 0 ? rc : cut_window(s, false, err);
}

int stream_end(struct stream *s, uint64_t size, hz_error **err)
{
	struct stream_file *f = s->file;
	int rc = size < f->size ? err_set(err, HZ_E_IO, "more content than the file is long") : 0;

	if (rc == 0)
		rc = cut_window(s, true, err);
	f->size = size;
	s->file = NULL;
	if (rc < 0) {
		file_leave(f);
		return rc;
	}
	return file_done(f, s->worker, err);
}

/* ---- the whole ---- */

static int stream_task(void *arg, unsigned worker, hz_error **err)
{
	struct stream *s = arg;
	int rc;

	s->worker = worker;
	rc = s->fn(s->user, s, err);
	if (s->file)
		file_leave(TAKE(s->file));
	return rc > 0 ? 0 : rc;
}

static void stream_drop(void *arg)
{
	(void)arg;
}

int stream_run(const struct scan_options *o, struct scan_result *r, stream_fn fn, void *user, hz_error **err)
{
	struct stream s = { .fn = fn, .user = user };
	int rc = scan_begin(&s.scan, o, r, err);

	if (rc == 0)
		rc = stream_tree_init(&s.tree, err);
	if (rc == 0)
		rc = pool_submit(o->pool, CLASS_DIR, stream_task, stream_drop, &s, err);
	if (rc == 0)
		rc = scan_wait(&s.scan, err);
	s.worker = s.scan.workers;
	if (rc == 0)
		rc = stream_tree_build(&s, err);
	r->sources_found = 1;
	buf_release(&s.window);
	stream_tree_release(&s.tree);
	scan_end(&s.scan);
	return rc;
}
