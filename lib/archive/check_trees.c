/* SPDX-License-Identifier: BSD-2-Clause */
/* Every folder and every list of every snapshot, each node once. What is below a node decides whether it is whole, so
 * nodes are judged when all below them are; a node that several snapshots share hurts all of them. */
#include "archive/check_internal.h"
#include <stdio.h>
#include <string.h>

#define PATHS_MAX  1000u
#define COUNT_MASK 0x3FFFFFFFu /* of the items below a node, as far as a slot of the map has room for them */
#define NODE_BAD   0x40000000u

/* What a node refers to. */
struct child {
	struct id id;
	enum node_kind kind;
	uint8_t level;
	bool same_list;        /* a node of the list that its parent is of */
	uint64_t expect;       /* items below, where the parent says so */
	size_t name, name_len; /* in names; none: the parent's path */
};
/* A node that is open: it was read, and its children are being looked at. */
struct visit {
	struct id key;
	enum node_kind kind;
	unsigned level;
	size_t path_len;
	struct child *v;
	size_t n, cap, next;
	struct buf names;
	uint64_t count;
	bool bad;
	bool same_list;
	uint64_t expect;
};

struct trees {
	struct check *c;
	struct reader_nodes nodes;
	uint32_t group;
	const struct snap *snap;
	struct idmap seen;
	struct visit *visits;
	size_t depth, cap;
	struct buf path;
	struct arena *arena;
	uint64_t paths; /* told of */
};

static void visit_release(struct visit *v)
{
	free(v->v);
	buf_release(&v->names);
}

static void trees_release(struct trees *t)
{
	while (t->depth > 0)
		visit_release(&t->visits[--t->depth]);
	free(t->visits);
	idmap_release(&t->seen);
	buf_release(&t->path);
	arena_free(t->arena);
}

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
static void tell_path(struct trees *t, const struct id *object, const char *what)
{
	struct check *c = t->c;

	if (object) {
		char name[2 * ID_LEN + 16];

		/* The path says more than a second line would. */
		(void)snprintf(name, sizeof(name), "chunk %s", id_hex(object).s);
		check_damage(c, name, false, "%s", what);
	}
	if (++t->paths > PATHS_MAX)
		return;
	job_event(c->job, HZ_EVENT_DAMAGE, t->path.len ? t->path.data : (const void *)"", t->path.len,
		"snapshot %.8s: %s", id_hex(&t->snap->commit.hash).s, what);
}

static int set_path(struct trees *t, size_t at, const void *name, size_t len, hz_error **err)
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
	char what[128];

	(void)snprintf(what, sizeof(what), "content is lost: %u chunks are in no pack that is there and whole", lost);
	tell_path(t, is_explained(t, first) ? NULL : first, what);
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
	int rc = set_path(t, v->path_len, e->name, e->name_len, err);

	for (uint32_t i = 0; rc == 0 && i < e->n_chunks; i++)
		rc = count_chunk(t, &e->chunks[i].id, &tally, err);
	if (rc == 0 && tally.lost > 0) {
		v->bad = true;
		lost_chunks(t, tally.lost, &tally.first);
	} else if (rc == 0 && !lengths_fit(e)) {
		v->bad = true;
		tell_path(t, &v->key, "its chunks do not add up to its size");
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

/* ---- the walk ---- */

/* Kinds and groups do not share ids, whatever a node says. */
static struct id node_key(const struct trees *t, enum node_kind kind, unsigned level, const struct id *id)
{
	struct id key = *id;
	uint8_t *last = key.b + ID_LEN - 4;

	put_le32(last, get_le32(last) ^ (t->group << 8 | (uint32_t)kind << 4 | level));
	return key;
}

static int read_node(struct trees *t, struct visit *v, const struct id *id, hz_error **err)
{
	struct collecting at = { t, v };
	AUTO(hz_error_free) hz_error *e = NULL;
	AUTO_FREE uint8_t *data = NULL;
	size_t len = 0;
	int rc = reader_get_node(&t->nodes, v->kind, id, &data, &len, &e);
	const char *what = v->kind == NODE_TREE ? "the list of the folder" : "the list of the file's content";
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
	(void)snprintf(text, sizeof(text), "%s %s: %s", what, fetched ? "is malformed" : "cannot be read",
		hz_error_message(e));
	/* A pack that does not give it was told of; an id in no pack, or a malformed node, explains itself only here.
	 */
	tell_path(t, !fetched && is_explained(t, id) ? NULL : id, text);
	v->bad = true;
	v->n = 0;
	return 0;
}

static int push(struct trees *t, const struct child *c, size_t path_len, hz_error **err)
{
	struct visit *v;

	if (t->depth == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 32;
		struct visit *p = realloc(t->visits, cap * sizeof(*p));

		if (!p)
			return err_nomem(err);
		t->visits = p;
		t->cap = cap;
	}
	v = &t->visits[t->depth++];
	*v = (struct visit){ .kind = c->kind,
		.level = c->level,
		.path_len = path_len,
		.names = BUF_INIT,
		.same_list = c->same_list,
		.expect = c->expect };
	v->key = node_key(t, c->kind, c->level, &c->id);
	return read_node(t, v, &c->id, err);
}

/* What a child that was judged means to the node above it; NULL: to nobody. */
static void report_up(struct trees *t, struct visit *parent, const struct child *c, uint32_t value)
{
	if (!parent)
		return;
	parent->bad = parent->bad || (value & NODE_BAD);
	if (!c->same_list)
		return;
	parent->count += value & COUNT_MASK;
	if (!(value & NODE_BAD) && (c->expect & COUNT_MASK) != (value & COUNT_MASK)) {
		tell_path(t, &c->id, "a list says another number of items than there are");
		parent->bad = true;
	}
}

static int pop(struct trees *t, uint32_t *value, hz_error **err)
{
	struct visit *v = &t->visits[t->depth - 1];

	*value = (uint32_t)(v->count & COUNT_MASK) | (v->bad ? NODE_BAD : 0);
	if (idmap_add(&t->seen, &v->key, *value, NULL) < 0)
		return err_nomem(err);
	visit_release(v);
	t->depth--;
	return 0;
}

/* The next child of the top node: known already, or put on top. */
static int descend(struct trees *t, struct visit *v, hz_error **err)
{
	/* A copy: the stack may move. */
	struct child c = v->v[v->next++];
	struct id key = node_key(t, c.kind, c.level, &c.id);
	uint32_t value = 0;
	int rc = set_path(t, v->path_len, v->names.data ? v->names.data + c.name : NULL, c.name_len, err);

	if (rc < 0)
		return rc;
	if (idmap_get(&t->seen, &key, &value)) {
		report_up(t, v, &c, value);
		return 0;
	}
	return push(t, &c, t->path.len, err);
}

static int walk(struct trees *t, const struct child *root, bool *bad, hz_error **err)
{
	struct id key = node_key(t, root->kind, root->level, &root->id);
	uint32_t value = 0;
	int rc = 0;

	t->path.len = 0;
	if (!idmap_get(&t->seen, &key, &value))
		rc = push(t, root, 0, err);
	while (rc == 0 && t->depth > 0) {
		struct visit *v = &t->visits[t->depth - 1];

		if (v->next < v->n) {
			rc = descend(t, v, err);
		} else {
			struct child c = { .id = v->key, .same_list = v->same_list, .expect = v->expect };

			t->path.len = v->path_len;
			rc = pop(t, &value, err);
			if (rc == 0)
				report_up(t, t->depth ? &t->visits[t->depth - 1] : NULL, &c, value);
		}
		if (rc == 0)
			rc = check_tick(t->c, err);
	}
	*bad = value & NODE_BAD;
	return rc;
}

static int check_snap(struct trees *t, const struct snap *s, bool *bad, hz_error **err)
{
	struct hz_reader *r = t->c->r;
	AUTO(hz_error_free) hz_error *e = NULL;
	struct index *ix = NULL;
	struct entry root;
	int rc;

	t->snap = s;
	t->path.len = 0;
	t->nodes = (struct reader_nodes){ r, reader_group(r, &s->session.group) };
	*bad = true;
	if (!t->nodes.g) {
		check_damage(t->c, s->name.s, false, "snapshot %.8s: the keys of its group do not open",
			id_hex(&s->commit.hash).s);
		return 0;
	}
	t->group = (uint32_t)(t->nodes.g - r->groups);
	rc = reader_index(r, t->nodes.g, &ix, err);
	if (rc < 0)
		return rc;
	arena_reset(t->arena);
	rc = snap_root(&root, t->arena, s, &e);
	if (rc < 0)
		return check_verdict(t->c, s->name.s, rc, &e, err);
	*bad = false;
	if (!root.has_tree)
		return 0;
	return walk(t, &(struct child){ .id = root.tree.root, .kind = NODE_TREE, .level = root.tree.level }, bad, err);
}

int check_trees(struct check *c, hz_error **err)
{
	AUTO_IN(trees_release) struct trees t = { .c = c, .path = BUF_INIT };
	int rc = arena_new(&t.arena, err);

	/* Newest first: damage is told by the paths that matter most. */
	for (size_t i = c->r->n_snaps; rc == 0 && i-- > 0;) {
		bool bad = false;

		if (!snap_is_listed(&c->r->snaps[i]))
			continue;
		rc = check_snap(&t, &c->r->snaps[i], &bad, err);
		c->res.snapshots_hurt += bad;
	}
	if (t.paths > PATHS_MAX)
		job_event(c->job, HZ_EVENT_DAMAGE, NULL, 0, "%llu more paths are damaged",
			(unsigned long long)(t.paths - PATHS_MAX));
	if (rc == 0)
		c->res.looked_at |= HZ_LOOKED_TREES;
	return rc;
}
