/* SPDX-License-Identifier: BSD-2-Clause */
/* Every folder and every list of every snapshot, each node once. What is below a node decides whether it is whole, so
 * nodes are judged when all below them are; a node that several snapshots share hurts all of them. */
#include "archive/check_trees.h"
#include <string.h>

#define COUNT_MASK 0x3FFFFFFFu /* of the items below a node, as far as a slot of the map has room for them */
#define NODE_BAD   0x40000000u

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

/* Kinds and groups do not share ids, whatever a node says. */
static struct id node_key(const struct trees *t, enum node_kind kind, unsigned level, const struct id *id)
{
	struct id key = *id;
	uint8_t *last = key.b + ID_LEN - 4;

	put_le32(last, get_le32(last) ^ (t->group << 8 | (uint32_t)kind << 4 | level));
	return key;
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
	return check_node(t, v, &c->id, err);
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
		check_tell_path(t, &c->id, err_text("a list says another number of items than there are"));
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
	int rc = check_set_path(t, v->path_len, v->names.data ? v->names.data + c.name : NULL, c.name_len, err);

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
	if (t.paths > CHECK_PATHS_MAX)
		job_event(c->job, HZ_EVENT_DAMAGE, NULL, 0, "%llu more paths are damaged",
			(unsigned long long)(t.paths - CHECK_PATHS_MAX));
	if (rc == 0)
		c->res.looked_at |= HZ_LOOKED_TREES;
	return rc;
}
