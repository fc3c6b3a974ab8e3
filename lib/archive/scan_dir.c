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
	slice_free(d);
	free(d->children);
	names_release(&d->names);
	node_builder_free(d->list);
	cache_record_release(&d->record);
	cache_folder_close(&d->cached);
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
	n->limit = d->limit > d->n ? d->limit - d->n : 0;
	if (n->limit < scan_limits.children_min)
		n->limit = scan_limits.children_min;
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

/* What the list called a folder could not be opened, and tells by its stat what it is. False: it is left out. */
static bool stat_unopened(struct scan *s, struct scan_dir *d, struct scan_child *c)
{
	int e = source_stat(&d->st, dir_fd_of(d->parent, c), c->name);

	if (e == 0 && !S_ISDIR(d->st.sig.mode))
		e = ENOTDIR;
	if (e && e != ENOENT) {
		scan_error(s, SOURCE_UNREADABLE, d, NULL, "stat", e);
		__atomic_store_n(&d->parent->partial, true, __ATOMIC_RELAXED);
	}
	return e == 0;
}

static void could_not_open(struct scan *s, struct scan_dir *d, struct scan_child *c, int e)
{
	/* As with files: what vanished since it was listed was removed in time. */
	d->left_out = c && !c->node && (e == ENOENT || (!c->has_stat && !stat_unopened(s, d, c)));
	if (d->left_out)
		return;
	scan_error(s, e == ENOENT ? SOURCE_MISSING : SOURCE_UNREADABLE, d, NULL, "folder cannot be opened", e);
	d->unreadable = d->partial = true;
}

static bool is_ours(struct scan *s, const struct scan_dir *d)
{
	for (size_t i = 0; i < s->o.n_skip; i++) {
		if (s->o.skip[i].dev == d->st.sig.dev && s->o.skip[i].ino == d->st.sig.ino) {
			AUTO_IN(buf_release) struct buf b = BUF_INIT;

			if (scan_path(&b, d, NULL) == 0)
				job_event(s->o.job, HZ_EVENT_NOTE, b.data, b.len,
					"left out: it belongs to hozen (repository, state or cache)");
			return true;
		}
	}
	return false;
}

/* The folder's descriptor, and its stat by it. *closed: it can only be passed. */
static void open_and_stat(struct scan *s, struct scan_dir *d, struct scan_child *c, bool only_way, bool *closed)
{
	int e;

	if (!c)
		root_open(s, d);
	else if (d->node && !d->node->whole && !d->node->covered)
		d->fd = open_way(dir_fd_of(d->parent, c), c->name, closed);
	else
		d->fd = open_at(dir_fd_of(d->parent, c), c->name, false);
	if (d->fd < 0 && !only_way) {
		could_not_open(s, d, c, errno);
	} else if (d->fd >= 0) {
		e = source_stat_fd(&d->st, d->fd);
		if (e)
			scan_error(s, SOURCE_ATTRS, d, NULL, "stat", e);
		if (e && c && !c->has_stat)
			d->left_out = !stat_unopened(s, d, c);
	}
	if (!d->parent)
		d->root_dev = d->st.sig.dev;
	else if (!d->left_out)
		d->left_out = is_ours(s, d);
}

/* A folder whose stat is as it was has the attributes that it had, as a file has: what sets them sets its ctime. The
 * names of its owners may be others. */
static bool is_as_it_was(struct scan *s, const struct scan_dir *d, const struct cache_child *k, const struct entry *e)
{
	return !(k->flags & CACHE_RACY) && stat_sig_equal(&k->sig, &d->st.sig) && !(e->flags & ENTRY_SYNTHETIC) &&
		e->has_btime == d->st.has_btime && e->btime_sec == d->st.btime_sec &&
		e->btime_nsec == d->st.btime_nsec && strcmp(e->user, owner_names_user(s->names, e->uid)) == 0 &&
		strcmp(e->group, owner_names_group(s->names, e->gid)) == 0;
}

/* What the base has of this folder: its children, its list, and its attributes if they are what they were. */
static void dir_recall(struct scan *s, struct scan_dir *d, const struct cache_child *k)
{
	struct entry e;

	if (!k || !k->record || cache_folder_open(&d->cached, s->o.cache, k->record) < 0)
		return;
	d->has_cached = true;
	if (entry_decode(&e, d->arena, k->entry, k->entry_len, NULL) < 0)
		return;
	d->old_tree = e.tree;
	d->has_old_tree = e.has_tree;
	d->is_same = s->o.trust_cache;
	if (d->fd < 0 || !is_as_it_was(s, d, k, &e))
		return;
	d->entry = e;
	d->entry.has_tree = false;
	d->entry.flags = 0;
	d->has_entry = true;
}

/* Reads the folder's own attributes. */
static int read_attributes(struct scan *s, struct scan_dir *d, struct scan_child *c, bool closed, hz_error **err)
{
	const char *what = NULL;
	int e = entry_read(&d->entry, d->arena, s->names, &d->st, c ? dir_fd_of(d->parent, c) : d->fd,
		c ? c->name : ".", closed ? -1 : d->fd, &what);

	if (e == ENOMEM)
		return err_nomem(err);
	if (e && d->fd >= 0)
		scan_error(s, SOURCE_ATTRS, d, NULL, what ? what : "attributes", e);
	/* Not all that there is: to be tried, and told, the next time too. */
	if (c && (e || closed || d->fd < 0))
		c->flags |= CACHE_RACY;
	d->has_entry = true;
	return 0;
}

/* Opens it, and finds out what it is besides its children; a folder that cannot be opened keeps what its stat says. */
static int dir_open(struct scan *s, struct scan_dir *d, hz_error **err)
{
	struct scan_child *c = d->parent ? &d->parent->children[d->slot] : NULL;
	bool closed = false, only_way = !d->parent && !d->node->whole;

	open_and_stat(s, d, c, only_way, &closed);
	if (d->left_out)
		return 0;
	if (c)
		c->st = d->st;
	dir_recall(s, d, dir_cached(s, d));
	return only_way || d->has_entry ? 0 : read_attributes(s, d, c, closed, err);
}

static bool is_other_file_system(const struct scan *s, const struct scan_dir *d)
{
	return s->o.one_file_system && d->parent && d->st.sig.dev != d->root_dev;
}

/* Of a folder on the way, and of one on a file system that is not entered, only what was asked for by name. */
static int dir_list(struct scan *s, struct scan_dir *d, hz_error **err)
{
	bool other = is_other_file_system(s, d);
	bool way = d->node && !(d->node->whole || d->node->covered);

	/* Who restores onto a tree must not take what is missing here for removed. */
	if (other || way)
		__atomic_store_n(&d->partial, true, __ATOMIC_RELAXED);
	if (d->node && (other || way))
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
	if (d->parent)
		dir_fd_release(d->parent);
	if (rc == 0 && (d->fd >= 0 || !d->parent) && !d->unreadable && !d->left_out)
		rc = dir_list(s, d, err);
	if (rc == 0)
		rc = slice_start(s, worker, d, err);
	if (rc < 0) {
		dir_abandon(d);
		return rc;
	}
	return dir_done(s, worker, d, err);
}

/* ---- the end of a folder ---- */

static void count_dir(struct scan *s, const struct scan_dir *d, const uint8_t *entry, size_t len)
{
	struct scan_counts *n = &s->r->counts;
	const struct cache_child *k = dir_cached(s, d);

	if (!d->has_entry)
		return;
	if (!k)
		bump(&n->dirs_new, 1);
	else if (k->entry_len == len && memcmp(k->entry, entry, len) == 0)
		bump(&n->dirs_same, 1);
	else
		bump(&n->dirs_changed, 1);
}

/* As a folder of one child: see recall_root. */
static void cache_root_put(struct scan *s, unsigned worker, const struct scan_dir *d, uint64_t record)
{
	struct cache_out *o = &s->w[worker].out;
	struct cache_record r = { 0 };
	struct cache_child k = { .name = (const uint8_t *)"root",
		.name_len = 4,
		.sig = d->st.sig,
		.flags = is_racy(s, &d->st.sig) ? CACHE_RACY : 0,
		.record = record,
		.entry = s->r->root.data,
		.entry_len = (uint32_t)s->r->root.len };

	if (!s->o.new_cache || record == 0)
		return;
	cache_out_add(o, &k);
	cache_write_slice(s->o.new_cache, &r, o);
	s->r->cache_record = cache_write_folder(s->o.new_cache, &r);
	cache_record_release(&r);
}

static int dir_end(struct scan *s, unsigned worker, struct scan_dir *d, hz_error **err)
{
	struct scan_child *c = d->parent ? &d->parent->children[d->slot] : NULL;
	struct entry *e = &d->entry;
	uint64_t record = 0;
	int rc = 0;

	if (d->left_out)
		return 0;
	if (!d->has_entry)
		*e = (struct entry){ .mode = S_IFDIR | 0755, .user = "", .group = "", .flags = ENTRY_SYNTHETIC };
	e->name = (const uint8_t *)(c ? c->name : "root");
	e->name_len = (uint32_t)strlen((const char *)e->name);
	if (__atomic_load_n(&d->partial, __ATOMIC_RELAXED))
		e->flags |= ENTRY_PARTIAL;
	e->has_tree = d->has_old_tree;
	e->tree = d->old_tree;
	if (!d->is_same)
		rc = node_builder_finish(d->list, &e->has_tree, &e->tree, err);
	if (rc < 0)
		return rc;
	if (s->o.new_cache)
		record = cache_write_folder(s->o.new_cache, &d->record);
	if (c) {
		c->record = record;
		rc = child_set_entry(s, worker, c, e, err);
	} else {
		rc = entry_encode(&s->r->root, e, err);
		if (rc == 0)
			cache_root_put(s, worker, d, record);
	}
	if (rc == 0)
		count_dir(s, d, c ? c->entry : s->r->root.data, c ? c->entry_len : s->r->root.len);
	return rc;
}

/* Nothing of a slice is in work any more. 1: the folder is ended; 0: its next slice has begun. */
static int dir_go_on(struct scan *s, unsigned worker, struct scan_dir *d, hz_error **err)
{
	int rc = slice_end(s, worker, d, err);

	if (rc == 0 && !slice_is_last(d))
		return slice_start(s, worker, d, err);
	if (rc == 0)
		rc = dir_end(s, worker, d, err);
	return rc < 0 ? rc : 1;
}

int dir_done(struct scan *s, unsigned worker, struct scan_dir *d, hz_error **err)
{
	while (d) {
		struct scan_dir *parent = d->parent;
		int rc = 0;

		if (__atomic_sub_fetch(&d->pending, 1, __ATOMIC_ACQ_REL) != 0)
			return 0;
		/* Held by what follows. */
		__atomic_store_n(&d->pending, 1, __ATOMIC_RELAXED);
		/* A stopped walk has dropped some of it. */
		if (!pool_stopped(s->o.pool))
			rc = dir_go_on(s, worker, d, err);
		if (rc < 0 || pool_stopped(s->o.pool)) {
			dir_abandon(d);
			return rc < 0 ? rc : 0;
		}
		if (rc == 0)
			continue;
		dir_free(d);
		d = parent;
	}
	return 0;
}
