/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of a stream: nodes by folder and name in one hash table, as its entries come in any order. At the end the
 * folders are written from the bottom up, without recursion: how deep a tree is, is not ours to decide.
 */
#include "archive/stream_internal.h"
#include <string.h>

#define BUCKETS_FIRST 1024u

/* ---- life ---- */

static struct stream_node *node_new(
	struct stream_tree *t, struct stream_node *parent, const char *name, size_t len, uint32_t hash)
{
	struct stream_node *n = arena_alloc(t->arena, sizeof(*n) + len + 1);

	if (!n)
		return NULL;
	*n = (struct stream_node){ .parent = parent, .hash = hash, .name_len = (uint32_t)len };
	memcpy(n->name, name, len);
	n->name[len] = '\0';
	return n;
}

int stream_tree_init(struct stream_tree *t, hz_error **err)
{
	int rc = arena_new(&t->arena, err);

	if (rc < 0)
		return rc;
	t->n_buckets = BUCKETS_FIRST;
	t->buckets = calloc(t->n_buckets, sizeof(*t->buckets));
	t->root = node_new(t, NULL, "root", 4, 0);
	if (!t->buckets || !t->root)
		return err_nomem(err);
	t->root->is_dir = true;
	return 0;
}

void stream_tree_release(struct stream_tree *t)
{
	for (struct stream_inode *i = t->inodes; i; i = i->next)
		free(i->entry);
	free(t->buckets);
	arena_free(t->arena);
}

struct stream_inode *stream_inode_new(struct stream_tree *t)
{
	struct stream_inode *i = arena_alloc(t->arena, sizeof(*i));

	if (!i)
		return NULL;
	*i = (struct stream_inode){ .next = t->inodes, .number = t->n_inodes++ };
	t->inodes = i;
	return i;
}

/* ---- paths ---- */

/* The next component of a path; false at its end. */
static bool next_name(const char **path, const char **name, size_t *len)
{
	const char *p = *path;

	for (;;) {
		p += strspn(p, "/");
		*name = p;
		*len = strcspn(p, "/");
		p += *len;
		*path = p;
		if (*len != 1 || (*name)[0] != '.')
			return *len > 0;
	}
}

const char *stream_path_check(const char *path, bool is_dir)
{
	const char *name;
	size_t len, n = 0;

	for (; path && next_name(&path, &name, &len); n++) {
		if (len == 2 && name[0] == '.' && name[1] == '.')
			return "has \"..\" in its path: left out";
		if (len > ENTRY_NAME_MAX)
			return "a name in its path is longer than 255 bytes: left out";
	}
	return !path || (n == 0 && !is_dir) ? "has no name: left out" : NULL;
}

/* ---- finding ---- */

/* Not keyed: who fills the tar may slow down the backup of it, and nothing else. */
static uint32_t hash_of(const struct stream_node *parent, const char *name, size_t len)
{
	uint64_t key = (uintptr_t)parent;

	return (uint32_t)crc64_xz(crc64_xz(0, &key, sizeof(key)), name, len);
}

static void rehash(struct stream_tree *t)
{
	size_t n = t->n_buckets * 2;
	struct stream_node **v = calloc(n, sizeof(*v));

	/* Longer chains do as well. */
	if (!v)
		return;
	for (size_t i = 0; i < t->n_buckets; i++) {
		for (struct stream_node *c = t->buckets[i], *next; c; c = next) {
			next = c->bucket;
			c->bucket = v[c->hash & (n - 1)];
			v[c->hash & (n - 1)] = c;
		}
	}
	free(t->buckets);
	t->buckets = v;
	t->n_buckets = n;
}

static struct stream_node *find_child(
	const struct stream_tree *t, const struct stream_node *parent, const char *name, size_t len, uint32_t hash)
{
	struct stream_node *c = t->buckets[hash & (t->n_buckets - 1)];

	while (c &&
		(c->is_dead || c->hash != hash || c->parent != parent || c->name_len != len ||
			memcmp(c->name, name, len) != 0))
		c = c->bucket;
	return c;
}

static struct stream_node *child_of(struct stream_tree *t, struct stream_node *parent, const char *name, size_t len)
{
	uint32_t hash = hash_of(parent, name, len);
	struct stream_node *c = find_child(t, parent, name, len, hash);

	if (c)
		return c;
	if (t->n >= t->n_buckets)
		rehash(t);
	c = node_new(t, parent, name, len, hash);
	if (!c)
		return NULL;
	c->next = parent->child;
	parent->child = c;
	c->bucket = t->buckets[hash & (t->n_buckets - 1)];
	t->buckets[hash & (t->n_buckets - 1)] = c;
	t->n++;
	return c;
}

struct stream_node *stream_tree_find(const struct stream_tree *t, const char *path)
{
	struct stream_node *n = t->root;
	const char *name;
	size_t len;

	while (n && next_name(&path, &name, &len))
		n = find_child(t, n, name, len, hash_of(n, name, len));
	return n;
}

/* Of another kind than what stands there: that one goes, with all below it. */
static struct stream_node *of_kind(struct stream_tree *t, struct stream_node *n, bool is_dir, bool *lost)
{
	if (n->is_dir == is_dir || (!n->inode && !n->child)) {
		n->is_dir = is_dir;
		return n;
	}
	*lost = true;
	n->is_dead = true;
	if (n->inode)
		n->inode->names--;
	n = child_of(t, n->parent, n->name, n->name_len);
	if (n)
		n->is_dir = is_dir;
	return n;
}

struct stream_node *stream_tree_put(
	struct stream_tree *t, const char *path, struct stream_inode *inode, bool is_dir, bool *lost)
{
	struct stream_node *n = t->root, *c;
	const char *name;
	size_t len;

	while (next_name(&path, &name, &len)) {
		/* The way to it: folders, whatever stood there. */
		n = n == t->root ? n : of_kind(t, n, true, lost);
		c = n ? child_of(t, n, name, len) : NULL;
		if (!c)
			return NULL;
		n = c;
	}
	if (n != t->root)
		n = of_kind(t, n, is_dir, lost);
	if (!n)
		return NULL;
	if (n->inode)
		n->inode->names--;
	n->inode = inode;
	inode->names++;
	return n;
}

/* ---- writing ---- */

static int node_order(const void *a, const void *b)
{
	return strcmp((*(struct stream_node *const *)a)->name, (*(struct stream_node *const *)b)->name);
}

/* Drops the dead, and sorts. */
static int sort_children(struct stream_node *n, hz_error **err)
{
	AUTO_FREE struct stream_node **v = NULL;
	size_t count = 0;

	for (struct stream_node *c = n->child; c; c = c->next)
		count += !c->is_dead;
	if (count > 0) {
		v = malloc(count * sizeof(*v));
		if (!v)
			return err_nomem(err);
	}
	count = 0;
	for (struct stream_node *c = n->child; c; c = c->next) {
		if (!c->is_dead)
			v[count++] = c;
	}
	if (count > 1)
		qsort(v, count, sizeof(*v), node_order);
	n->child = NULL;
	while (count-- > 0) {
		v[count]->next = n->child;
		n->child = v[count];
	}
	return 0;
}

static void count_entry(struct scan_counts *c, const struct entry *e)
{
	if (S_ISREG(e->mode)) {
		c->files_new++;
		c->total_bytes += e->size;
	} else if (S_ISDIR(e->mode)) {
		c->dirs_new += !(e->flags & ENTRY_SYNTHETIC);
	} else {
		c->others++;
	}
}

/* Names of one inode share an id that the same stream gives again. */
static void set_hardlink(struct stream *s, struct entry *e, const struct stream_inode *i)
{
	uint8_t key[14] = "stream";

	if (i->names < 2)
		return;
	put_le64(key + 6, i->number);
	e->has_hardlink = true;
	e->hardlink = ingest_hardlink(s->scan.o.ingest, s->worker, key, sizeof(key));
}

/* The entry of a node under its own name, of a folder with its list. */
static int node_entry(
	struct stream *s, struct entry *e, const struct stream_node *n, const struct list_ref *tree, hz_error **err)
{
	struct arena *a = s->scan.w[s->worker].arena;
	int rc = 0;

	arena_reset(a);
	*e = (struct entry){ .mode = S_IFDIR | 0755, .user = "", .group = "", .flags = ENTRY_SYNTHETIC };
	if (n->inode)
		rc = entry_decode(e, a, n->inode->entry, n->inode->len, err);
	if (rc < 0)
		return rc;
	/* Who restores onto a tree must not take what is missing here for removed. */
	if (n->is_dir && (s->is_incomplete || (e->flags & ENTRY_SYNTHETIC)))
		e->flags |= ENTRY_PARTIAL;
	e->name = (const uint8_t *)n->name;
	e->name_len = n->name_len;
	if (tree) {
		e->has_tree = true;
		e->tree = *tree;
	}
	if (n->inode && !n->is_dir)
		set_hardlink(s, e, n->inode);
	return 0;
}

/* The list of a folder all of whose folders are done. Afterwards its entry is its final one. */
static int dir_write(struct stream *s, struct stream_node *d, hz_error **err)
{
	struct node_user u = { &s->scan, s->worker };
	AUTO(node_builder_free) struct node_builder *b = NULL;
	AUTO_IN(buf_release) struct buf out = BUF_INIT;
	struct list_ref tree;
	struct entry e;
	bool has = false;
	int rc = node_builder_new(&b, NODE_TREE, scan_put_node, &u, err);

	for (struct stream_node *c = d->child; rc == 0 && c; c = c->next) {
		buf_reset(&out);
		rc = node_entry(s, &e, c, NULL, err);
		if (rc == 0)
			rc = entry_encode(&out, &e, err);
		if (rc == 0)
			rc = node_builder_add(b, out.data, out.len, e.name, e.name_len, err);
		if (rc == 0)
			count_entry(&s->scan.r->counts, &e);
	}
	if (rc == 0)
		rc = node_builder_finish(b, &has, &tree, err);
	if (rc == 0)
		rc = node_entry(s, &e, d, has ? &tree : NULL, err);
	buf_reset(&out);
	if (rc == 0)
		rc = entry_encode(&out, &e, err);
	if (rc == 0 && !d->inode)
		d->inode = stream_inode_new(&s->tree);
	if (rc < 0 || !d->inode)
		return rc < 0 ? rc : err_nomem(err);
	free(d->inode->entry);
	d->inode->len = (uint32_t)out.len;
	d->inode->entry = buf_take(&out, &(size_t){ 0 });
	return 0;
}

static struct stream_node *first_dir(struct stream_node *n)
{
	while (n && !n->is_dir)
		n = n->next;
	return n;
}

int stream_tree_build(struct stream *s, hz_error **err)
{
	struct stream_node *n = s->tree.root, *below;
	struct scan_counts *c = &s->scan.r->counts;
	int rc = sort_children(n, err);

	c->files_new = c->dirs_new = c->others = c->total_bytes = 0;
	while (rc == 0) {
		/* Down as far as it goes, ... */
		while (rc == 0 && (below = first_dir(n->child))) {
			n = below;
			rc = sort_children(n, err);
		}
		/* ... and up from the last folder of each. */
		while (rc == 0 && (rc = dir_write(s, n, err)) == 0 && n->parent && !(below = first_dir(n->next)))
			n = n->parent;
		if (rc < 0 || !n->parent)
			break;
		n = below;
		rc = sort_children(n, err);
	}
	if (rc == 0)
		c->dirs_new += s->tree.root->inode->names;
	if (rc == 0 && buf_append(&s->scan.r->root, s->tree.root->inode->entry, s->tree.root->inode->len) < 0)
		rc = err_nomem(err);
	return rc;
}
