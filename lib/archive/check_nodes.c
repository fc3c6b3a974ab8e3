/* SPDX-License-Identifier: BSD-2-Clause */
/* One node of a tree or list: its form, the chunks that its files name, and what it refers to. Damage is told by path.
 */
#include "archive/check_trees.h"
#include <stdio.h>
#include <string.h>

/* ---- telling ---- */

/* Was a pack told of that should hold the id? */
static bool is_explained(struct trees *t, const struct id *id)
{
	struct pack_ref refs[INDEX_CANDIDATES];
	unsigned n = 0;

	if (index_find(t->nodes.g->index, id, refs, &n, NULL) < 0)
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (check_is_told(t->c, name_pack(&refs[i].uid).s))
			return true;
	}
	return false;
}

/* What was lost, by where it belongs. object: what to count when nothing else was told that explains it; NULL:
 * something was. */
void check_tell_path(struct trees *t, const struct id *object, const char *what)
{
	struct check *c = t->c;

	if (object) {
		char name[2 * ID_LEN + 16];

		/* The path says more than a second line would. */
		(void)snprintf(name, sizeof(name), "chunk %s", id_hex(object).s);
		check_damage(c, name, false, "%s", what);
	}
	if (++t->paths > CHECK_PATHS_MAX)
		return;
	job_event(c->job, HZ_EVENT_DAMAGE, t->path.len ? t->path.data : (const void *)"", t->path.len,
		"snapshot %.8s: %s", id_hex(&t->snap->commit.hash).s, what);
}

int check_set_path(struct trees *t, size_t at, const void *name, size_t len, hz_error **err)
{
	t->path.len = at;
	if (len == 0)
		return 0;
	if ((at > 0 && buf_append(&t->path, "/", 1) < 0) || buf_append(&t->path, name, len) < 0)
		return err_nomem(err);
	return 0;
}

/* ---- what a node holds ---- */

struct collecting {
	struct trees *t;
	struct visit *v;
};

static struct child *add_child(struct visit *v, hz_error **err)
{
	if (v->n == v->cap) {
		size_t cap = v->cap ? v->cap * 2 : 16;
		struct child *p = realloc(v->v, cap * sizeof(*p));

		if (!p) {
			(void)err_nomem(err);
			return NULL;
		}
		v->v = p;
		v->cap = cap;
	}
	v->v[v->n] = (struct child){ .level = 0 };
	return &v->v[v->n++];
}

static int add_list(
	struct visit *v, enum node_kind kind, const struct list_ref *list, const struct entry *e, hz_error **err)
{
	struct child *c = add_child(v, err);

	if (!c)
		return HZ_E_NOMEM;
	c->id = list->root;
	c->kind = kind;
	c->level = list->level;
	c->name = v->names.len;
	c->name_len = e->name_len;
	return buf_append(&v->names, e->name, e->name_len) < 0 ? err_nomem(err) : 0;
}

static int add_reference(struct visit *v, const uint8_t *item, size_t len, hz_error **err)
{
	struct dec d = dec_of(item, len);
	struct child *c = add_child(v, err);

	if (!c)
		return HZ_E_NOMEM;
	dec_copy(&d, c->id.b, ID_LEN);
	c->expect = dec_var(&d);
	c->kind = v->kind;
	c->level = (uint8_t)(v->level - 1);
	c->same_list = true;
	return 0;
}

static void lost_chunks(struct trees *t, unsigned lost, const struct id *first)
{
	char what[256];

	(void)snprintf(what, sizeof(what),
		err_text("content is lost: %u chunks are in no pack that is there and whole"), lost);
	check_tell_path(t, is_explained(t, first) ? NULL : first, what);
}

/* Inline lists must add up; longer ones are put together by whoever restores. */
static bool lengths_fit(const struct entry *e)
{
	uint64_t have = 0, want = e->size;

	if (e->has_chunk_list || e->has_extent_list)
		return true;
	for (uint32_t i = 0; i < e->n_chunks; i++)
		have += e->chunks[i].len;
	if (e->has_extents) {
		want = 0;
		for (uint32_t i = 0; i < e->n_extents; i++)
			want += e->extents[i].len;
	}
	return have == want;
}

struct tally {
	unsigned lost;
	struct id first;
};

static int count_chunk(struct trees *t, const struct id *id, struct tally *tally, hz_error **err)
{
	int rc = check_chunk(t->c, t->nodes.g, id, err);

	if (rc == 0 && tally->lost++ == 0)
		tally->first = *id;
	return rc < 0 ? rc : 0;
}

static int check_file(struct trees *t, struct visit *v, const struct entry *e, hz_error **err)
{
	struct tally tally = { .lost = 0 };
	int rc = check_set_path(t, v->path_len, e->name, e->name_len, err);

	for (uint32_t i = 0; rc == 0 && i < e->n_chunks; i++)
		rc = count_chunk(t, &e->chunks[i].id, &tally, err);
	if (rc == 0 && tally.lost > 0) {
		v->bad = true;
		lost_chunks(t, tally.lost, &tally.first);
	} else if (rc == 0 && !lengths_fit(e)) {
		v->bad = true;
		check_tell_path(t, &v->key, err_text("its chunks do not add up to its size"));
	}
	if (rc == 0 && e->has_chunk_list)
		rc = add_list(v, NODE_CHUNKS, &e->chunk_list, e, err);
	if (rc == 0 && e->has_extent_list)
		rc = add_list(v, NODE_EXTENTS, &e->extent_list, e, err);
	t->path.len = v->path_len;
	return rc;
}

static int take_entry(struct trees *t, struct visit *v, const uint8_t *item, size_t len, hz_error **err)
{
	struct entry e;
	int rc;

	arena_reset(t->arena);
	rc = entry_decode(&e, t->arena, item, len, err);
	if (rc < 0)
		return rc;
	t->c->progress.files_done++;
	if ((e.mode & S_IFMT) == S_IFREG)
		return check_file(t, v, &e, err);
	return e.has_tree ? add_list(v, NODE_TREE, &e.tree, &e, err) : 0;
}

static int take_item(void *user, unsigned level, const uint8_t *item, size_t len, hz_error **err)
{
	struct collecting *at = user;
	struct visit *v = at->v;

	if (level > 0)
		return add_reference(v, item, len, err);
	v->count++;
	return v->kind == NODE_TREE ? take_entry(at->t, v, item, len, err) : 0;
}

/* A node of a file's chunks: told as one, however many are lost. */
static int take_chunk(void *user, unsigned level, const uint8_t *item, size_t len, hz_error **err)
{
	struct collecting *at = user;
	struct visit *v = at->v;

	if (level > 0)
		return add_reference(v, item, len, err);
	v->count++;
	struct child *c = add_child(v, err);

	if (!c)
		return HZ_E_NOMEM;
	memcpy(c->id.b, item, ID_LEN);
	return 0;
}

static int check_chunk_leaf(struct trees *t, struct visit *v, hz_error **err)
{
	struct tally tally = { .lost = 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < v->n; i++)
		rc = count_chunk(t, &v->v[i].id, &tally, err);
	v->n = 0; /* they are no nodes */
	if (rc == 0 && tally.lost > 0) {
		v->bad = true;
		lost_chunks(t, tally.lost, &tally.first);
	}
	return rc;
}

int check_node(struct trees *t, struct visit *v, const struct id *id, hz_error **err)
{
	struct collecting at = { t, v };
	AUTO(hz_error_free) hz_error *e = NULL;
	AUTO_FREE uint8_t *data = NULL;
	size_t len = 0;
	int rc = reader_get_node(&t->nodes, v->kind, id, &data, &len, &e);
	const char *what = v->kind == NODE_TREE ? err_text("the list of the folder")
						: err_text("the list of the file's content");
	bool fetched = rc == 0;
	char text[400];

	if (fetched)
		rc = node_decode(
			v->kind, v->level, data, len, v->kind == NODE_CHUNKS ? take_chunk : take_item, &at, &e);
	if (rc == 0 && v->kind == NODE_CHUNKS && v->level == 0)
		rc = check_chunk_leaf(t, v, &e);
	if (rc == 0)
		return 0;
	if (rc != HZ_E_CORRUPT && rc != HZ_E_TOONEW && rc != HZ_E_NOTFOUND) {
		if (err && !*err)
			*err = TAKE(e);
		return rc;
	}
	(void)snprintf(text, sizeof(text), err_text("%s %s: %s"), what,
		fetched ? err_text("is malformed") : err_text("cannot be read"), hz_error_message(e));
	/* A pack that does not give it was told of; an id in no pack, or a malformed node, explains itself only here.
	 */
	check_tell_path(t, !fetched && is_explained(t, id) ? NULL : id, text);
	v->bad = true;
	v->n = 0;
	return 0;
}
