/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the bytes of a file's chunks lie in the file (docs/format/tree.md, chunks and extents). Both lists may be long
 * and are read side by side, one node a level; nothing here grows with the file.
 */
#include "archive/restore.h"
#include "base/codec.h"

static int corrupt(hz_error **err, const char *what)
{
	return err_set(err, HZ_E_CORRUPT, "%s", what);
}

int restore_content_open(struct restore_content *c, const struct entry *e, node_get_fn get, void *user, hz_error **err)
{
	int rc = 0;

	*c = (struct restore_content){ .e = e };
	if (!e->has_extents && !e->has_extent_list)
		c->left.len = e->size;
	if (e->has_chunk_list)
		rc = node_walk_new(&c->chunks, NODE_CHUNKS, &e->chunk_list, get, user, err);
	if (rc == 0 && e->has_extent_list)
		rc = node_walk_new(&c->extents, NODE_EXTENTS, &e->extent_list, get, user, err);
	if (rc < 0)
		restore_content_release(c);
	return rc;
}

void restore_content_release(struct restore_content *c)
{
	node_walk_free(c->chunks);
	node_walk_free(c->extents);
	free(c->pieces);
	*c = (struct restore_content){ 0 };
}

bool restore_content_is_sparse(const struct entry *e)
{
	return e->has_extents || e->has_extent_list;
}

static int next_chunk(struct restore_content *c, struct chunk_ref *chunk, hz_error **err)
{
	const uint8_t *item = NULL;
	size_t len = 0;
	int rc;

	if (!c->chunks) {
		if (c->chunk_at == c->e->n_chunks)
			return 0;
		*chunk = c->e->chunks[c->chunk_at++];
		return 1;
	}
	rc = node_walk_next(c->chunks, &item, &len, err);
	if (rc > 0) {
		memcpy(chunk->id.b, item, ID_LEN);
		chunk->len = get_le32(item + ID_LEN);
	}
	return rc;
}

/* 1 and the next extent of data in c->left, 0: there is none. */
static int next_extent(struct restore_content *c, hz_error **err)
{
	const uint8_t *item = NULL;
	size_t len = 0;
	int rc;

	if (!c->extents) {
		if (!c->e->has_extents || c->extent_at == c->e->n_extents)
			return 0;
		c->left.off = c->e->extents[c->extent_at].off;
		c->left.len = c->e->extents[c->extent_at++].len;
		return 1;
	}
	rc = node_walk_next(c->extents, &item, &len, err);
	if (rc <= 0)
		return rc;
	c->left.off = get_le64(item);
	c->left.len = get_le64(item + 8);
	if (c->left.off > c->e->size || c->left.len > c->e->size - c->left.off)
		return corrupt(err, "its extents reach beyond its end");
	return 1;
}

static int add_piece(struct restore_content *c, uint64_t off, uint64_t len, hz_error **err)
{
	if (c->n_pieces == c->cap_pieces) {
		size_t cap = c->cap_pieces ? c->cap_pieces * 2 : 16;
		struct restore_piece *v = realloc(c->pieces, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		c->pieces = v;
		c->cap_pieces = cap;
	}
	c->pieces[c->n_pieces++] = (struct restore_piece){ off, len };
	return 0;
}

/* Lays len bytes into the extents. */
static int place(struct restore_content *c, uint64_t len, hz_error **err)
{
	int rc = 0;

	c->n_pieces = 0;
	while (len > 0) {
		uint64_t n;

		if (c->left.len == 0) {
			rc = next_extent(c, err);
			if (rc == 0)
				rc = corrupt(err, "its chunks hold more than its data");
			if (rc < 0)
				return rc;
		}
		n = len < c->left.len ? len : c->left.len;
		rc = add_piece(c, c->left.off, n, err);
		if (rc < 0)
			return rc;
		c->left.off += n;
		c->left.len -= n;
		len -= n;
	}
	return 0;
}

int restore_content_next(struct restore_content *c, struct chunk_ref *chunk, hz_error **err)
{
	int rc = next_chunk(c, chunk, err);

	if (rc < 0)
		return rc;
	if (rc == 0) {
		if (c->left.len == 0)
			rc = next_extent(c, err);
		return rc == 0 && c->left.len == 0 ? 0
			: rc < 0                   ? rc
						   : corrupt(err, "its chunks hold less than its data");
	}
	if (chunk->len > FRAME_RAW_MAX)
		return corrupt(err, "a chunk longer than any frame");
	rc = place(c, chunk->len, err);
	return rc < 0 ? rc : 1;
}
