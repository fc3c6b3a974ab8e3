/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads lists that were split into nodes (docs/format/tree.md, Node). Invariant: memory is one node a level, and levels
 * only go down, so whatever is stored, a walk ends. Nodes come from outside: every one is taken apart by the bounded
 * reader.
 */
#include "archive/entry_internal.h"
#include "archive/node.h"

#define CHUNK_LEN     (ID_LEN + 4u)
#define EXTENT_LEN    16u
#define ENTRY_LEN_MIN 4u /* var length, and the tag, length and one byte of a name */

/* What has to ascend over a whole list. */
struct order {
	bool begun;
	uint8_t name[ENTRY_NAME_MAX];
	size_t name_len;
	uint64_t end;               /* of the extent before */
	uint8_t extent[EXTENT_LEN]; /* the item handed out */
};

/* One node being read. */
struct cursor {
	enum node_kind kind;
	unsigned level;
	struct dec d;
	uint64_t left;  /* items not read yet */
	uint64_t below; /* list items in and below what was read */
};

static int corrupt(hz_error **err, const char *what)
{
	return err_set(err, HZ_E_CORRUPT, "node: %s", what);
}

static size_t item_len_min(enum node_kind kind, unsigned level)
{
	if (level > 0)
		return ID_LEN + 1;
	return kind == NODE_TREE ? ENTRY_LEN_MIN : kind == NODE_CHUNKS ? CHUNK_LEN : 2;
}

static int cursor_open(
	struct cursor *c, enum node_kind kind, unsigned level, const uint8_t *data, size_t len, hz_error **err)
{
	if (level >= NODE_LEVELS_MAX)
		return corrupt(err, "level too high");
	if (len > NODE_BYTES_MAX)
		return corrupt(err, "too long");
	*c = (struct cursor){ .kind = kind, .level = level, .d = dec_of(data, len) };
	if (dec_u8(&c->d) != (uint8_t)kind)
		return corrupt(err, "of another kind");
	if (dec_u8(&c->d) != level || c->d.bad)
		return corrupt(err, "of another level");
	c->left = dec_count(&c->d, item_len_min(kind, level));
	if (c->d.bad || c->left == 0)
		return corrupt(err, "count of items");
	return 0;
}

static int reference_next(struct cursor *c, const uint8_t **item, size_t *len, uint64_t *below, hz_error **err)
{
	const uint8_t *p = dec_bytes(&c->d, ID_LEN);
	uint64_t n = dec_var(&c->d);

	if (c->d.bad || n == 0 || __builtin_add_overflow(c->below, n, &c->below))
		return corrupt(err, "reference");
	*item = p;
	*len = (size_t)(c->d.p - p);
	*below = n;
	return 1;
}

static bool name_ascends(struct order *o, const uint8_t *name, size_t len)
{
	size_t n = len < o->name_len ? len : o->name_len;
	int c = o->begun ? memcmp(o->name, name, n) : -1;

	if (c > 0 || (c == 0 && len <= o->name_len))
		return false;
	memcpy(o->name, name, len);
	o->name_len = len;
	return true;
}

/* The name is the first field of an entry; more of it is not looked at here. */
static int entry_next(struct cursor *c, struct order *o, const uint8_t **item, size_t *len, hz_error **err)
{
	const uint8_t *p = dec_blob(&c->d, ENTRY_MAX, len), *name;
	size_t name_len = 0;
	struct dec d;

	if (c->d.bad)
		return corrupt(err, "entry cut off");
	d = dec_of(p, *len);
	if (dec_u8(&d) != TAG_NAME)
		return corrupt(err, "entry without a name");
	name = dec_blob(&d, ENTRY_NAME_MAX, &name_len);
	if (d.bad || name_len == 0)
		return corrupt(err, "name of an entry");
	if (!name_ascends(o, name, name_len))
		return corrupt(err, "names out of order");
	*item = p;
	return 1;
}

static int chunk_next(struct cursor *c, const uint8_t **item, size_t *len, hz_error **err)
{
	const uint8_t *p = dec_bytes(&c->d, CHUNK_LEN);

	if (c->d.bad || get_le32(p + ID_LEN) == 0)
		return corrupt(err, "chunk");
	*item = p;
	*len = CHUNK_LEN;
	return 1;
}

static int extent_next(struct cursor *c, struct order *o, const uint8_t **item, size_t *len, hz_error **err)
{
	uint64_t gap = dec_var(&c->d), length = dec_var(&c->d), off, end;

	if (c->d.bad || length == 0 || (gap == 0 && o->begun))
		return corrupt(err, "extent");
	if (__builtin_add_overflow(o->end, gap, &off) || __builtin_add_overflow(off, length, &end) || end > INT64_MAX)
		return corrupt(err, "extent beyond any file");
	o->end = end;
	put_le64(o->extent, off);
	put_le64(o->extent + 8, length);
	*item = o->extent;
	*len = EXTENT_LEN;
	return 1;
}

/* 1 and an item or reference (then below is set), 0 at the end of the node. */
static int cursor_next(
	struct cursor *c, struct order *o, const uint8_t **item, size_t *len, uint64_t *below, hz_error **err)
{
	int rc;

	if (c->left == 0)
		return dec_done(&c->d) ? 0 : corrupt(err, "bytes after the last item");
	c->left--;
	if (c->level > 0)
		return reference_next(c, item, len, below, err);
	c->below++;
	switch (c->kind) {
	case NODE_TREE:
		rc = entry_next(c, o, item, len, err);
		break;
	case NODE_CHUNKS:
		rc = chunk_next(c, item, len, err);
		break;
	case NODE_EXTENTS:
		rc = extent_next(c, o, item, len, err);
		break;
	default:
		rc = corrupt(err, "of an unknown kind");
	}
	o->begun = true;
	return rc;
}

struct frame {
	struct cursor cursor;
	uint8_t *data;
	uint64_t expect; /* list items that the reference promised; 0 for the root, of which nobody said */
};

struct node_walk {
	enum node_kind kind;
	node_get_fn get;
	void *user;
	struct list_ref root;
	struct order order;
	struct frame frames[NODE_LEVELS_MAX];
	unsigned depth; /* frames in use */
	bool begun;
	bool can_skip; /* what failed is a node that has no frame yet */
	int failed;
};

int node_walk_new(struct node_walk **ret, enum node_kind kind, const struct list_ref *root, node_get_fn get, void *user,
	hz_error **err)
{
	struct node_walk *w = calloc(1, sizeof(*w));

	if (!w)
		return err_nomem(err);
	w->kind = kind;
	w->root = *root;
	w->get = get;
	w->user = user;
	*ret = w;
	return 0;
}

void node_walk_free(struct node_walk *w)
{
	if (!w)
		return;
	while (w->depth > 0)
		free(w->frames[--w->depth].data);
	free(w);
}

static int walk_down(struct node_walk *w, const struct id *id, unsigned level, uint64_t expect, hz_error **err)
{
	AUTO_FREE uint8_t *data = NULL;
	struct frame *f = &w->frames[w->depth];
	size_t len = 0;
	int rc;

	if (level >= NODE_LEVELS_MAX)
		return corrupt(err, "level too high");
	rc = w->get(w->user, w->kind, id, &data, &len, err);
	if (rc == 0)
		rc = cursor_open(&f->cursor, w->kind, level, data, len, err);
	if (rc < 0)
		return rc;
	if (expect == 0 && level > 0 && f->cursor.left < 2)
		return corrupt(err, "root with one reference");
	f->data = TAKE(data);
	f->expect = expect;
	w->depth++;
	return 0;
}

static int walk_up(struct node_walk *w, hz_error **err)
{
	struct frame *f = &w->frames[w->depth - 1];

	if (f->expect && f->cursor.below != f->expect)
		return corrupt(err, "holds fewer items than its reference says");
	free(TAKE(f->data));
	w->depth--;
	return 0;
}

static int walk_begin(struct node_walk *w, hz_error **err)
{
	if (w->begun)
		return 0;
	w->begun = true;
	return walk_down(w, &w->root.root, w->root.level, 0, err);
}

/* One step down or up (2), or 1 and an item. */
static int walk_step(struct node_walk *w, const uint8_t **item, size_t *len, hz_error **err)
{
	struct frame *f = &w->frames[w->depth - 1];
	uint64_t below = 0;
	struct id id;
	int rc = cursor_next(&f->cursor, &w->order, item, len, &below, err);

	if (rc < 0)
		return rc;
	if (rc == 0)
		rc = walk_up(w, err);
	else if (f->expect && f->cursor.below > f->expect)
		rc = corrupt(err, "holds more items than its reference says");
	else if (f->cursor.level == 0)
		return 1;
	else {
		memcpy(id.b, *item, ID_LEN);
		rc = walk_down(w, &id, f->cursor.level - 1, below, err);
		w->can_skip = rc < 0;
	}
	return rc < 0 ? rc : 2;
}

int node_walk_next(struct node_walk *w, const uint8_t **item, size_t *len, hz_error **err)
{
	const uint8_t *p = NULL;
	size_t n = 0;
	int rc;

	if (w->failed < 0)
		return err_set(err, w->failed, "walk was given up after a failure");
	rc = walk_begin(w, err);
	if (rc == 0)
		rc = 2;
	while (rc == 2)
		rc = w->depth > 0 ? walk_step(w, &p, &n, err) : 0;
	if (rc < 0)
		w->failed = rc;
	if (rc == 1) {
		*item = p;
		*len = n;
	}
	return rc;
}

bool node_walk_skip(struct node_walk *w)
{
	bool can = w->failed < 0 && w->can_skip;

	if (can)
		w->failed = 0;
	w->can_skip = false;
	return can;
}

int node_decode(enum node_kind kind, unsigned level, const uint8_t *data, size_t len, node_item_fn fn, void *user,
	hz_error **err)
{
	struct order order = { .begun = false };
	struct cursor c;
	int rc = cursor_open(&c, kind, level, data, len, err);

	while (rc >= 0) {
		const uint8_t *item = NULL;
		uint64_t below = 0;
		size_t item_len = 0;

		rc = cursor_next(&c, &order, &item, &item_len, &below, err);
		if (rc <= 0)
			break;
		rc = fn(user, level, item, item_len, err);
		if (rc != 0)
			break;
	}
	return rc;
}
