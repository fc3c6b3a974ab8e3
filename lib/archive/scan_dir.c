/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One folder: open, list, stat, compare with what the cache remembers, hand out what must be read; and, when all of it
 * is done, its list of entries. An unchanged folder costs its stats and nothing else: the old list is referred to.
 */
#include "archive/scan_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* ---- life ---- */

static void dir_free(struct scan_dir *d)
{
	for (uint32_t i = 0; i < d->n; i++) {
		free(d->children[i].name);
		if (!d->children[i].borrowed)
			free(d->children[i].entry);
	}
	free(d->children);
	cache_dir_release(&d->cached);
	arena_free(d->arena);
	fd_close(&d->fd);
	fd_close(&d->slash_fd);
	free(d);
}

void dir_fd_release(struct scan_dir *d)
{
	if (__atomic_sub_fetch(&d->fd_refs, 1, __ATOMIC_ACQ_REL) == 0) {
		fd_close(&d->fd);
		fd_close(&d->slash_fd);
	}
}

int dir_fd_of(const struct scan_dir *d, const struct scan_child *c)
{
	return c->from_slash ? d->slash_fd : d->fd;
}

/* A stopped walk drops folders whose children never came: they and the way up are freed here. */
void dir_abandon(struct scan_dir *d)
{
	while (d) {
		struct scan_dir *parent = d->parent;

		if (__atomic_sub_fetch(&d->pending, 1, __ATOMIC_ACQ_REL) != 0)
			return;
		dir_free(d);
		d = parent;
	}
}

static void dir_drop(void *arg)
{
	struct dir_task *t = arg;

	if (t->d->parent)
		dir_fd_release(t->d->parent);
	dir_abandon(t->d);
	free(t);
}

int dir_submit(struct scan *s, struct scan_dir *d, hz_error **err)
{
	struct dir_task *t = malloc(sizeof(*t));
	int rc;

	if (!t) {
		if (d->parent)
			dir_fd_release(d->parent);
		dir_abandon(d);
		return err_nomem(err);
	}
	*t = (struct dir_task){ s, d };
	rc = pool_submit(s->o.pool, CLASS_DIR, dir_run, dir_drop, t, err);
	if (rc < 0)
		dir_drop(t);
	return rc;
}

int subdir_start(struct scan *s, struct scan_dir *d, uint32_t slot, hz_error **err)
{
	struct scan_child *c = &d->children[slot];
	struct scan_dir *n = calloc(1, sizeof(*n));

	if (!n)
		return err_nomem(err);
	n->fd = n->slash_fd = -1;
	n->parent = d;
	n->slot = slot;
	n->pending = n->fd_refs = 1;
	n->node = c->node;
	n->st = c->st;
	n->root_dev = c->node && c->node->whole ? c->st.sig.dev : d->root_dev;
	if (arena_new(&n->arena, NULL) < 0) {
		free(n);
		return err_nomem(err);
	}
	(void)__atomic_add_fetch(&d->pending, 1, __ATOMIC_RELAXED);
	(void)__atomic_add_fetch(&d->fd_refs, 1, __ATOMIC_RELAXED);
	return dir_submit(s, n, err);
}

/* ---- the task ---- */

static int open_at(int dirfd, const char *name, bool follow)
{
	int flags = O_RDONLY | O_DIRECTORY | (follow ? 0 : O_NOFOLLOW);
	int fd = vfs()->openat(dirfd, name, flags | O_NOATIME, 0);

	return fd < 0 && errno == EPERM ? vfs()->openat(dirfd, name, flags, 0) : fd;
}

/* A folder that is only on the way need not be readable: what was asked for lies below it. *closed: it can only be
 * passed. */
static int open_way(int dirfd, const char *name, bool *closed)
{
	int fd = open_at(dirfd, name, true);

	*closed = fd < 0 && errno == EACCES;
	return *closed ? vfs()->openat(dirfd, name, O_PATH | O_DIRECTORY, 0) : fd;
}

/* The root of the stored tree: "." when that was asked for, else only where relative paths begin, if there are any. */
static void root_open(struct scan *s, struct scan_dir *d)
{
	bool closed;

	d->slash_fd = open_way(AT_FDCWD, "/", &closed);
	if (!d->node->whole) {
		d->fd = open_way(AT_FDCWD, ".", &closed);
		return;
	}
	d->fd = open_at(AT_FDCWD, d->node->real ? d->node->real : ".", true);
	if (d->fd >= 0)
		bump(&s->r->sources_found, 1);
}

static void could_not_open(struct scan *s, struct scan_dir *d, int e)
{
	/* As with files: what vanished since it was listed was removed in time. */
	d->vanished = e == ENOENT && d->parent && !d->parent->children[d->slot].node;
	if (d->vanished)
		return;
	scan_error(s, e == ENOENT ? SOURCE_MISSING : SOURCE_UNREADABLE, d, NULL, "folder cannot be opened", e);
	d->unreadable = d->partial = true;
}

/* Opens and reads the folder's own attributes; a folder that cannot be opened keeps what its stat says. */
static int dir_open(struct scan *s, struct scan_dir *d, hz_error **err)
{
	struct scan_child *c = d->parent ? &d->parent->children[d->slot] : NULL;
	const char *what = NULL;
	bool closed = false, only_way = !d->parent && !d->node->whole;
	int e;

	if (!d->parent)
		root_open(s, d);
	else if (d->node && !d->node->whole && !d->node->covered)
		d->fd = open_way(dir_fd_of(d->parent, c), c->name, &closed);
	else
		d->fd = open_at(dir_fd_of(d->parent, c), c->name, false);
	if (d->fd < 0 && !only_way) {
		could_not_open(s, d, errno);
	} else if (d->fd >= 0) {
		e = source_stat_fd(&d->st, d->fd);
		if (e)
			scan_error(s, SOURCE_ATTRS, d, NULL, "stat", e);
		if (c)
			c->st = d->st;
	}
	if (!d->parent)
		d->root_dev = d->st.sig.dev;
	if (only_way || d->vanished)
		return 0;
	e = entry_read(&d->entry, d->arena, s->names, &d->st, d->parent ? dir_fd_of(d->parent, c) : d->fd,
		c ? c->name : ".", closed ? -1 : d->fd, &what);
	if (e == ENOMEM)
		return err_nomem(err);
	if (e && d->fd >= 0)
		scan_error(s, SOURCE_ATTRS, d, NULL, what ? what : "attributes", e);
	d->has_entry = true;
	return 0;
}

static bool is_other_file_system(const struct scan *s, const struct scan_dir *d)
{
	return s->o.one_file_system && d->parent && d->st.sig.dev != d->root_dev;
}

/* Of a folder on the way, and of one on a file system that is not entered, only what was asked for by name. */
static int dir_list(struct scan *s, struct scan_dir *d, hz_error **err)
{
	bool other = is_other_file_system(s, d);

	if (d->node && (other || !(d->node->whole || d->node->covered)))
		return dir_list_nodes(d, err);
	return other ? 0 : dir_list_all(s, d, err);
}

int dir_run(void *arg, unsigned worker, hz_error **err)
{
	struct dir_task *t = arg;
	struct scan *s = t->s;
	struct scan_dir *d = t->d;
	int rc;

	free(t);
	rc = dir_open(s, d, err);
	if (d->parent) {
		const struct scan_child *c = &d->parent->children[d->slot];

		if (c->cached && c->cached->record && s->o.cache)
			d->has_cached = cache_read(s->o.cache, c->cached->record, &d->cached) == 0;
		dir_fd_release(d->parent);
	}
	if (rc == 0 && (d->fd >= 0 || !d->parent) && !d->unreadable) {
		rc = dir_list(s, d, err);
		if (rc == 0)
			rc = dir_children_start(s, worker, d, err);
	}
	dir_fd_release(d);
	if (rc < 0) {
		dir_abandon(d);
		return rc;
	}
	return dir_done(s, worker, d, err);
}

/* ---- the end of a folder ---- */

static bool all_same(const struct scan_dir *d)
{
	if (!d->has_cached || d->cached.n != d->n)
		return false;
	for (uint32_t i = 0; i < d->n; i++) {
		const struct scan_child *c = &d->children[i];

		if (!c->cached || !c->entry || c->entry_len != c->cached->entry_len ||
			memcmp(c->entry, c->cached->entry, c->entry_len) != 0)
			return false;
	}
	return true;
}

/* The list that the base has for this folder, from the entry remembered by the parent. */
static bool old_tree(struct scan_dir *d, struct scan *s, struct list_ref *ref, bool *has)
{
	const struct cache_child *k = d->parent ? d->parent->children[d->slot].cached : NULL;
	struct entry e;

	if (!s->o.trust_cache || !k || entry_decode(&e, d->arena, k->entry, k->entry_len, NULL) < 0)
		return false;
	*ref = e.tree;
	*has = e.has_tree;
	return true;
}

static int build_tree(
	struct scan *s, unsigned worker, struct scan_dir *d, bool *has, struct list_ref *ref, hz_error **err)
{
	struct node_user u = { s, worker };
	AUTO(node_builder_free) struct node_builder *b = NULL;
	int rc;

	if (all_same(d) && old_tree(d, s, ref, has))
		return 0;
	rc = node_builder_new(&b, NODE_TREE, scan_put_node, &u, err);
	for (uint32_t i = 0; rc == 0 && i < d->n; i++) {
		const struct scan_child *c = &d->children[i];

		if (c->entry)
			rc = node_builder_add(b, c->entry, c->entry_len, c->name, strlen(c->name), err);
	}
	return rc < 0 ? rc : node_builder_finish(b, has, ref, err);
}

static uint64_t write_cache(struct scan *s, const struct scan_dir *d)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	uint32_t n = 0;

	if (!s->o.new_cache)
		return 0;
	for (uint32_t i = 0; i < d->n; i++) {
		const struct scan_child *c = &d->children[i];
		struct cache_child k = { .name = (const uint8_t *)c->name,
			.name_len = (uint32_t)strlen(c->name),
			.sig = c->st.sig,
			.flags = c->flags,
			.record = c->record,
			.entry = c->entry,
			.entry_len = c->entry_len };

		if (!c->entry)
			continue;
		cache_child_encode(&b, &k);
		n++;
	}
	return cache_write(s->o.new_cache, n, &b);
}

static void count_dir(struct scan *s, const struct scan_dir *d, const struct scan_child *c)
{
	struct scan_counts *n = &s->r->counts;
	const struct cache_child *k = c ? c->cached : NULL;

	if (!d->has_entry)
		return;
	if (!k)
		bump(&n->dirs_new, 1);
	else if (k->entry_len == c->entry_len && memcmp(k->entry, c->entry, k->entry_len) == 0)
		bump(&n->dirs_same, 1);
	else
		bump(&n->dirs_changed, 1);
}

static int dir_end(struct scan *s, unsigned worker, struct scan_dir *d, hz_error **err)
{
	struct scan_child *c = d->parent ? &d->parent->children[d->slot] : NULL;
	struct entry *e = &d->entry;
	uint64_t record;
	int rc;

	if (d->vanished)
		return 0;
	if (!d->has_entry)
		*e = (struct entry){ .mode = S_IFDIR | 0755, .user = "", .group = "", .flags = ENTRY_SYNTHETIC };
	e->name = (const uint8_t *)(c ? c->name : "root");
	e->name_len = (uint32_t)strlen((const char *)e->name);
	if (__atomic_load_n(&d->partial, __ATOMIC_RELAXED))
		e->flags |= ENTRY_PARTIAL;
	rc = build_tree(s, worker, d, &e->has_tree, &e->tree, err);
	if (rc < 0)
		return rc;
	record = write_cache(s, d);
	if (c) {
		c->record = record;
		rc = child_set_entry(s, worker, c, e, err);
	} else {
		rc = entry_encode(&s->r->root, e, err);
		s->r->cache_record = record;
	}
	if (rc == 0)
		count_dir(s, d, c);
	return rc;
}

int dir_done(struct scan *s, unsigned worker, struct scan_dir *d, hz_error **err)
{
	while (d) {
		struct scan_dir *parent = d->parent;
		int rc;

		if (__atomic_sub_fetch(&d->pending, 1, __ATOMIC_ACQ_REL) != 0)
			return 0;
		rc = dir_end(s, worker, d, err);
		dir_free(d);
		if (rc < 0) {
			dir_abandon(parent);
			return rc;
		}
		d = parent;
	}
	return 0;
}
