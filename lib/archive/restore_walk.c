/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks a stored tree in depth-first order, without recursion, and tells a visitor what the patterns select. Invariant:
 * every walk of one restore sees the same entries under the same numbers. So a list that the first walk could not read
 * to its end is cut at that place in later walks, and what a visitor skipped once it skips again, by its state.
 */
#include "archive/restore.h"

struct walk {
	struct restore *r;
	const struct restore_visitor *v;
	struct restore_frame **stack;
	size_t depth, cap;
	size_t entered;                /* frames [0, entered) were told to the visitor */
	struct arena *items, *folders; /* the entry at hand; the folder that is entered or left */
	struct buf path;               /* of the entry at hand */
	uint64_t n, lists;
	unsigned steps;
};

static void frame_free(struct restore *r, struct restore_frame *f)
{
	if (!f)
		return;
	node_walk_free(f->list);
	restore_dir_unref(&r->dirs, f->dir);
	free(f->bytes);
	free(f);
}

static void drop_above(struct walk *w, size_t depth)
{
	while (w->depth > depth)
		frame_free(w->r, w->stack[--w->depth]);
}

static int cmp_gap(const void *a, const void *b)
{
	const struct restore_gap *x = a, *y = b;

	if (x->list != y->list)
		return x->list < y->list ? -1 : 1;
	return (x->items > y->items) - (x->items < y->items);
}

/* How many nodes the first walk missed at this place of the list. */
static uint64_t gap_here(const struct restore *r, const struct restore_frame *f)
{
	const struct restore_gap key = { f->number, f->items, 0 }, *gap = NULL;

	if (r->n_gaps > 0)
		gap = bsearch(&key, r->gaps, r->n_gaps, sizeof(key), cmp_gap);
	return gap ? gap->nodes : 0;
}

static int note_gap(struct restore *r, const struct restore_frame *f, hz_error **err)
{
	struct restore_gap *v = r->gaps;

	/* No other list is walked between two failures at one place. */
	if (r->n_gaps > 0 && v[r->n_gaps - 1].list == f->number && v[r->n_gaps - 1].items == f->items) {
		v[r->n_gaps - 1].nodes++;
		return 0;
	}
	v = realloc(v, (r->n_gaps + 1) * sizeof(*v));
	if (!v)
		return err_nomem(err);
	r->gaps = v;
	v[r->n_gaps++] = (struct restore_gap){ f->number, f->items, 1 };
	return 0;
}

static void tell_damage(const struct walk *w, const char *what, const hz_error *e)
{
	bool root = w->path.len == 0;

	w->r->result.failed_damage++;
	job_event(w->r->job, HZ_EVENT_DAMAGE, root ? (const void *)"." : w->path.data, root ? 1 : w->path.len, "%s: %s",
		what, hz_error_message(e));
}

/* A node of a folder's list cannot be read. */
static int list_failed(struct walk *w, struct restore_frame *f, int rc, hz_error **why, hz_error **err)
{
	w->path.len = f->path_len;
	f->failed++;
	if (restore_is_damage(rc) && w->r->first_walk) {
		tell_damage(w, "not everything in this folder can be restored", *why);
		return note_gap(w->r, f, err);
	}
	if (restore_is_damage(rc) && f->failed <= gap_here(w->r, f))
		return 0;
	if (err && !*err)
		*err = TAKE(*why);
	return rc;
}

/* What could not be read before and now can would come under numbers that others have. */
static int check_gap(const struct walk *w, struct restore_frame *f, hz_error **err)
{
	bool same = w->r->first_walk || f->failed == gap_here(w->r, f);

	f->failed = 0;
	return same ? 0 : err_set(err, HZ_E_CORRUPT, "the store gives what it did not give a moment ago");
}

/* ---- frames ---- */

static int decode_folder(struct walk *w, struct entry *e, const struct restore_frame *f, hz_error **err)
{
	arena_reset(w->folders);
	return entry_decode(e, w->folders, f->bytes, f->len, err);
}

/* Tells the visitor the folders on the way that it has not heard of. False when one of them is not to be walked: it is
 * on top then. */
static bool enter_pending(struct walk *w, int *rc, hz_error **err)
{
	while (w->entered < w->depth) {
		struct restore_frame *f = w->stack[w->entered];
		struct entry e;

		*rc = decode_folder(w, &e, f, err);
		if (*rc < 0)
			return false;
		f->n = w->n++;
		f->entered = true;
		*rc = w->v->enter(w->r, f, w->entered ? w->stack[w->entered - 1] : NULL, &e, err);
		if (*rc < 0)
			return false;
		w->entered++;
		if (f->skip) {
			drop_above(w, w->entered);
			return false;
		}
	}
	return true;
}

static int frame_new(struct walk *w, struct restore_frame **ret, const struct entry *e, const uint8_t *bytes,
	size_t len, hz_error **err)
{
	struct restore_frame *f = calloc(1, sizeof(*f));
	int rc = 0;

	if (!f)
		return err_nomem(err);
	f->bytes = malloc(len);
	if (!f->bytes)
		rc = err_nomem(err);
	if (rc == 0 && e->has_tree)
		rc = node_walk_new(&f->list, NODE_TREE, &e->tree, reader_get_node, &w->r->nodes, err);
	if (rc < 0) {
		frame_free(w->r, f);
		return rc;
	}
	memcpy(f->bytes, bytes, len);
	f->len = len;
	f->path_len = w->path.len;
	f->number = w->lists++;
	*ret = f;
	return 0;
}

static int push(struct walk *w, const struct entry *e, const uint8_t *bytes, size_t len, bool selected, hz_error **err)
{
	struct restore_frame *f = NULL;
	int rc = 0;

	/* Parents first: when one of them is skipped, this folder is gone with it. */
	if (selected && !enter_pending(w, &rc, err))
		return rc;
	if (w->depth == w->cap) {
		size_t cap = w->cap ? w->cap * 2 : 64;
		struct restore_frame **v = realloc(w->stack, cap * sizeof(struct restore_frame *));

		if (!v)
			return err_nomem(err);
		w->stack = v;
		w->cap = cap;
	}
	rc = frame_new(w, &f, e, bytes, len, err);
	if (rc < 0)
		return rc;
	f->selected = selected;
	w->stack[w->depth++] = f;
	if (selected)
		(void)enter_pending(w, &rc, err);
	return rc;
}

static int pop(struct walk *w, hz_error **err)
{
	struct restore_frame *f = w->stack[w->depth - 1];
	struct entry e;
	int rc = 0;

	if (f->entered) {
		w->entered = w->depth - 1;
		if (!f->skip && w->v->leave) {
			rc = decode_folder(w, &e, f, err);
			if (rc == 0)
				rc = w->v->leave(w->r, f, w->entered ? w->stack[w->entered - 1] : NULL, &e, err);
		}
	}
	drop_above(w, w->depth - 1);
	return rc;
}

/* ---- items ---- */

static int leaf(struct walk *w, const struct entry *e, const uint8_t *bytes, size_t len, hz_error **err)
{
	struct restore_item it = { .e = e, .bytes = bytes, .len = len };
	int rc = 0;

	if (!enter_pending(w, &rc, err))
		return rc;
	it.n = w->n++;
	return w->v->leaf(w->r, w->stack[w->depth - 1], &it, err);
}

static int set_path(struct walk *w, const struct restore_frame *f, const struct entry *e, hz_error **err)
{
	w->path.len = f->path_len;
	if ((f->path_len > 0 && buf_append(&w->path, "/", 1) < 0) || buf_append(&w->path, e->name, e->name_len) < 0)
		return err_nomem(err);
	return 0;
}

static int take_item(struct walk *w, struct restore_frame *f, const uint8_t *bytes, size_t len, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	const struct patterns *p = w->r->patterns;
	bool selected = f->selected, is_dir;
	struct entry e;
	int rc;

	arena_reset(w->items);
	rc = entry_decode(&e, w->items, bytes, len, &why);
	if (restore_is_damage(rc)) {
		w->path.len = f->path_len;
		if (w->r->first_walk)
			tell_damage(w, "an entry of this folder cannot be restored", why);
		return 0;
	}
	if (rc < 0)
		return err_set(err, rc, "%s", hz_error_message(why));
	rc = set_path(w, f, &e, err);
	if (rc < 0)
		return rc;
	is_dir = S_ISDIR(e.mode);
	selected = selected || !p || patterns_match(p, (char *)w->path.data, w->path.len, is_dir);
	if (selected && w->r->first_walk)
		w->r->result.matched++;
	if (is_dir && (selected || patterns_may_match_below(p, (char *)w->path.data, w->path.len)))
		return push(w, &e, bytes, len, selected, err);
	return !is_dir && selected ? leaf(w, &e, bytes, len, err) : 0;
}

static int step(struct walk *w, hz_error **err)
{
	struct restore_frame *f = w->stack[w->depth - 1];
	AUTO(hz_error_free) hz_error *why = NULL;
	const uint8_t *item = NULL;
	size_t len = 0;
	int rc = 0, checked;

	if (!f->list || f->skip)
		return pop(w, err);
	rc = node_walk_next(f->list, &item, &len, &why);
	if (rc < 0) {
		rc = list_failed(w, f, rc, &why, err);
		return rc < 0 || node_walk_skip(f->list) ? rc : pop(w, err);
	}
	checked = check_gap(w, f, err);
	if (checked < 0 || rc == 0)
		return checked < 0 ? checked : pop(w, err);
	f->items++;
	return take_item(w, f, item, len, err);
}

int restore_walk(struct restore *r, const struct restore_visitor *v, hz_error **err)
{
	struct walk w = { .r = r, .v = v, .path = BUF_INIT };
	struct entry root;
	int rc = arena_new(&w.items, err);

	if (rc == 0)
		rc = arena_new(&w.folders, err);
	if (rc == 0)
		rc = snap_root(&root, w.items, r->snap, err);
	if (rc == 0)
		rc = push(&w, &root, r->snap->body.root.p, r->snap->body.root.len, !r->patterns, err);
	while (rc == 0 && w.depth > 0) {
		rc = step(&w, err);
		if (rc == 0 && ++w.steps % 64 == 0)
			rc = restore_tick(r, err);
	}
	drop_above(&w, 0);
	free(w.stack);
	buf_release(&w.path);
	arena_free(w.items);
	arena_free(w.folders);
	if (r->first_walk && r->n_gaps > 1)
		qsort(r->gaps, r->n_gaps, sizeof(*r->gaps), cmp_gap);
	r->first_walk = false;
	return rc;
}
