/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a list as nodes (docs/format/tree.md, Node). Each level has one open node; a node that ends is put, and its
 * reference is added to the open node of the level above. Invariant: where a node ends depends only on what is in it,
 * so lists that share a stretch share the nodes inside of it.
 */
#include "archive/entry_internal.h"
#include "archive/node.h"
#include "archive/object.h"

#define CHUNK_LEN     (ID_LEN + 4u)
#define EXTENT_KEY    16u
#define EXTENT_MAX    (2u * VAR_MAX)
#define NODE_HEAD_MAX (2u + VAR_MAX)

_Static_assert(
	NODE_HEAD_MAX + VAR_MAX + ENTRY_MAX <= NODE_BYTES_MAX, "a leaf of the longest entry is no longer than a node");

struct level {
	struct buf items;
	uint64_t count; /* items in the open node */
	uint64_t below; /* list items in and below it */
	uint64_t ended; /* nodes of this level that were put */
};

/* An item or a reference on its way into a node: its bytes in two parts, and what decides about a boundary. */
struct piece {
	uint8_t head[ID_LEN + VAR_MAX];
	size_t head_len;
	const void *data;
	size_t len;
	const void *key;
	size_t key_len;
	uint64_t below;
};

struct node_builder {
	enum node_kind kind;
	node_put_fn put;
	void *user;
	/* The last one only ever holds the reference to a root of the highest level. */
	struct level levels[NODE_LEVELS_MAX + 1];
	struct buf node;
	uint8_t name[ENTRY_NAME_MAX]; /* of the entry before */
	size_t name_len;
	int failed;
};

int node_builder_new(struct node_builder **ret, enum node_kind kind, node_put_fn put, void *user, hz_error **err)
{
	struct node_builder *b = calloc(1, sizeof(*b));

	if (!b)
		return err_nomem(err);
	b->kind = kind;
	b->put = put;
	b->user = user;
	*ret = b;
	return 0;
}

void node_builder_free(struct node_builder *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < ARRAY_LEN(b->levels); i++)
		buf_release(&b->levels[i].items);
	buf_release(&b->node);
	free(b);
}

static int level_add(struct node_builder *b, unsigned level, const struct piece *p, hz_error **err);

static int node_end(struct node_builder *b, unsigned level, hz_error **err)
{
	struct level *l = &b->levels[level];
	struct piece ref = { .key_len = ID_LEN, .below = l->below };
	struct enc o;
	struct id id;
	int rc;

	if (level >= NODE_LEVELS_MAX)
		return err_set(err, HZ_E_INVAL, "list too long");
	buf_reset(&b->node);
	o = enc_to(&b->node);
	enc_u8(&o, (uint8_t)b->kind);
	enc_u8(&o, (uint8_t)level);
	enc_var(&o, l->count);
	enc_bytes(&o, l->items.data, l->items.len);
	if (o.bad)
		return err_nomem(err);
	rc = b->put(b->user, b->kind, b->node.data, b->node.len, &id, err);
	if (rc < 0)
		return rc;
	buf_reset(&l->items);
	l->count = 0;
	l->below = 0;
	l->ended++;
	ref.key = id.b;
	memcpy(ref.head, id.b, ID_LEN);
	ref.head_len = ID_LEN + entry_put_var(ref.head + ID_LEN, ref.below);
	return level_add(b, level + 1, &ref, err);
}

static bool is_boundary(const struct piece *p)
{
	return (crc64_xz(0, p->key, p->key_len) & NODE_MASK) == NODE_MASK;
}

static int level_add(struct node_builder *b, unsigned level, const struct piece *p, hz_error **err)
{
	struct level *l = &b->levels[level];
	int rc = 0;

	if (l->count > 0 && l->items.len + p->head_len + p->len > NODE_MAX)
		rc = node_end(b, level, err);
	if (rc < 0)
		return rc;
	if (buf_append(&l->items, p->head, p->head_len) < 0 || buf_append(&l->items, p->data, p->len) < 0)
		return err_nomem(err);
	l->count++;
	l->below += p->below;
	if (l->items.len >= NODE_MIN && is_boundary(p))
		return node_end(b, level, err);
	return 0;
}

static int name_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	size_t n = a_len < b_len ? a_len : b_len;
	int c = n ? memcmp(a, b, n) : 0;

	return c ? c : (a_len > b_len) - (a_len < b_len);
}

static bool item_fits(const struct node_builder *b, size_t len, const void *key, size_t key_len)
{
	switch (b->kind) {
	case NODE_TREE:
		return len > 0 && len <= ENTRY_MAX && key_len > 0 && key_len <= ENTRY_NAME_MAX &&
			name_compare(b->name, b->name_len, key, key_len) < 0;
	case NODE_CHUNKS:
		return len == CHUNK_LEN && key_len == ID_LEN;
	case NODE_EXTENTS:
		return len >= 2 && len <= EXTENT_MAX && key_len == EXTENT_KEY;
	}
	return false;
}

int node_builder_add(
	struct node_builder *b, const void *item, size_t len, const void *key, size_t key_len, hz_error **err)
{
	struct piece p = { .data = item, .len = len, .key = key, .key_len = key_len, .below = 1 };

	if (b->failed < 0)
		return err_set(err, b->failed, "list was given up after a failure");
	if (!item_fits(b, len, key, key_len))
		return err_set(err, HZ_E_INVAL, "item is out of order or of the wrong length");
	if (b->kind == NODE_TREE)
		p.head_len = entry_put_var(p.head, len);
	b->failed = level_add(b, 0, &p, err);
	if (b->failed == 0 && b->kind == NODE_TREE) {
		memcpy(b->name, key, key_len);
		b->name_len = key_len;
	}
	return b->failed;
}

static void builder_reset(struct node_builder *b)
{
	for (size_t i = 0; i < ARRAY_LEN(b->levels); i++) {
		struct level *l = &b->levels[i];

		buf_reset(&l->items);
		l->count = l->below = l->ended = 0;
	}
	b->name_len = 0;
}

/* Ends the open nodes from below until a level has one node in all. */
static int finish_levels(struct node_builder *b, struct list_ref *ref, hz_error **err)
{
	for (unsigned level = 0; level < NODE_LEVELS_MAX; level++) {
		const struct level *above = &b->levels[level + 1];
		int rc = b->levels[level].count ? node_end(b, level, err) : 0;

		if (rc < 0)
			return rc;
		if (above->ended == 0 && above->count == 1) {
			memcpy(ref->root.b, above->items.data, ID_LEN);
			ref->level = (uint8_t)level;
			return 0;
		}
	}
	return err_set(err, HZ_E_INVAL, "list too long");
}

int node_builder_finish(struct node_builder *b, bool *has, struct list_ref *ref, hz_error **err)
{
	struct list_ref root;

	if (b->failed < 0)
		return err_set(err, b->failed, "list was given up after a failure");
	if (b->levels[0].count == 0 && b->levels[0].ended == 0) {
		*has = false;
		return 0;
	}
	b->failed = finish_levels(b, &root, err);
	if (b->failed < 0)
		return b->failed;
	builder_reset(b);
	*has = true;
	*ref = root;
	return 0;
}
