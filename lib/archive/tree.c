/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk that everything shares that reads a snapshot's tree once. (Restore walks several times and numbers what it
 * sees: restore_walk.c.) */
#include "archive/tree.h"
#include <string.h>

int tree_open(struct tree *t, struct hz_reader *r, const char *id, hz_error **err)
{
	struct index *ix = NULL;
	int rc;

	*t = (struct tree){ .r = r, .path = BUF_INIT, .nodes = { .r = r } };
	rc = reader_snap(r, id, &t->snap, &t->nodes.g, err);
	if (rc == 0)
		rc = reader_index(r, t->nodes.g, &ix, err);
	if (rc == 0)
		rc = arena_new(&t->arena, err);
	return rc;
}

static void leave(struct tree *t)
{
	t->left = t->levels[--t->depth];
	node_walk_free(TAKE(t->left.walk));
}

void tree_release(struct tree *t)
{
	while (t->depth > 0)
		leave(t);
	free(t->levels);
	buf_release(&t->path);
	arena_free(t->arena);
}

/* ---- paths ---- */

int tree_set_path(struct buf *path, size_t at, const void *name, size_t len, hz_error **err)
{
	path->len = at;
	if ((at > 0 && buf_append(path, "/", 1) < 0) || buf_append(path, name, len) < 0 || buf_append(path, "", 1) < 0)
		return err_nomem(err);
	path->len--;
	return 0;
}

/* The next component of a path that is neither empty nor "."; 0 at the end. */
static size_t next_component(const char **path)
{
	for (;;) {
		*path += strspn(*path, "/");

		size_t len = strcspn(*path, "/");

		if (len != 1 || **path != '.')
			return len;
		++*path;
	}
}

static bool goes_up(const char *path)
{
	size_t len;

	for (; (len = next_component(&path)) > 0; path += len) {
		if (len == 2 && path[0] == '.' && path[1] == '.')
			return true;
	}
	return false;
}

/* Looks the name up in folder e and makes e its entry, decoded into the arena, which keeps a copy of its bytes. */
static int find_name(struct tree *t, struct entry *e, const char *name, size_t name_len, hz_error **err)
{
	AUTO(node_walk_free) struct node_walk *w = NULL;
	const uint8_t *item = NULL;
	size_t len = 0;
	int rc;

	if (!e->has_tree)
		return HZ_E_NOTFOUND;
	rc = node_walk_new(&w, NODE_TREE, &e->tree, reader_get_node, &t->nodes, err);
	while (rc == 0 && (rc = node_walk_next(w, &item, &len, err)) == 1) {
		struct entry found;

		arena_reset(t->arena);
		uint8_t *copy = arena_copy(t->arena, item, len);

		rc = copy ? entry_decode(&found, t->arena, copy, len, err) : err_nomem(err);
		if (rc == 0 && found.name_len == name_len && memcmp(found.name, name, name_len) == 0) {
			*e = found;
			return 0;
		}
	}
	return rc < 0 ? rc : HZ_E_NOTFOUND;
}

int tree_find(struct tree *t, struct entry *e, const char *path, hz_error **err)
{
	const char *at = path ? path : "", *all = at;
	size_t len;
	int rc;

	if (goes_up(all))
		return err_set(err, HZ_E_INVAL, "\"..\" in a path: %s", all);
	t->path.len = 0;
	arena_reset(t->arena);
	rc = snap_root(e, t->arena, t->snap, err);
	while (rc == 0 && (len = next_component(&at)) > 0) {
		rc = find_name(t, e, at, len, err);
		if (rc == 0)
			rc = tree_set_path(&t->path, t->path.len, at, len, err);
		if (rc == HZ_E_NOTFOUND) {
			err_clear(err);
			return err_set(err, HZ_E_NOTFOUND, "no such path in the snapshot: %s", all);
		}
		at += len;
	}
	if (rc == 0 && *all && all[strlen(all) - 1] == '/' && (e->mode & S_IFMT) != S_IFDIR)
		return err_set(err, HZ_E_NOTFOUND, "no such folder in the snapshot: %s", all);
	return rc;
}

/* ---- the walk ---- */

int tree_enter(struct tree *t, const struct entry *e, bool *entered, hz_error **err)
{
	int rc;

	if (entered)
		*entered = e->has_tree;
	if (!e->has_tree)
		return 0;
	if (t->depth == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 32;
		struct tree_level *v = realloc(t->levels, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		t->levels = v;
		t->cap = cap;
	}
	t->levels[t->depth] = (struct tree_level){ .path_len = t->path.len, .root = e->tree.root };
	rc = node_walk_new(&t->levels[t->depth].walk, NODE_TREE, &e->tree, reader_get_node, &t->nodes, err);
	if (rc == 0)
		t->depth++;
	return rc;
}

static bool is_damage(int rc)
{
	return rc == HZ_E_CORRUPT || rc == HZ_E_NOTFOUND || rc == HZ_E_TOONEW;
}

/* What cannot be read is left out, and said; what stands behind and beside it still comes. */
static int broken(struct tree *t, const char *what, int rc, hz_error **e, hz_error **err)
{
	const struct tree_level *top = &t->levels[t->depth - 1];

	if (!is_damage(rc)) {
		if (err && !*err)
			*err = TAKE(*e);
		return rc;
	}
	job_event(t->r->repo.job, HZ_EVENT_DAMAGE, top->path_len ? t->path.data : NULL, top->path_len, "%s: %s", what,
		hz_error_message(*e));
	t->broken++;
	return 0;
}

/* 1, TREE_LEFT, or 0 when something was left out. */
static int step(struct tree *t, struct entry *e, hz_error **err)
{
	struct tree_level *top = &t->levels[t->depth - 1];
	AUTO(hz_error_free) hz_error *why = NULL;
	const uint8_t *item = NULL;
	size_t len = 0;
	int rc = node_walk_next(top->walk, &item, &len, &why);

	if (rc < 0) {
		rc = broken(t, err_text("part of the list of this folder cannot be read"), rc, &why, err);
		if (rc == 0 && !node_walk_skip(top->walk)) {
			leave(t);
			rc = TREE_LEFT;
		}
		return rc;
	}
	if (rc == 0) {
		leave(t);
		return TREE_LEFT;
	}
	arena_reset(t->arena);
	rc = entry_decode(e, t->arena, item, len, &why);
	if (rc < 0)
		return broken(t, err_text("an entry of this folder cannot be read"), rc, &why, err);
	rc = tree_set_path(&t->path, top->path_len, e->name, e->name_len, err);
	return rc < 0 ? rc : TREE_ENTRY;
}

int tree_next(struct tree *t, struct entry *e, hz_error **err)
{
	int rc = 0;

	while (rc == 0 && t->depth > 0)
		rc = step(t, e, err);
	return rc;
}

int tree_next_tick(struct tree *t, struct entry *e, hz_progress *p, hz_error **err)
{
	int rc = tree_next(t, e, err);

	p->files_done += rc == TREE_ENTRY;
	if (rc >= 0 && job_tick(t->r->repo.job, p) != 0)
		rc = job_check(t->r->repo.job, err);
	return rc;
}

int tree_verdict(const struct tree *t, const char *what, hz_error **err)
{
	if (t->broken == 0)
		return 0;
	return err_set(err, HZ_E_CORRUPT, "snapshot %.8s: %llu parts of folders' lists are damaged; the rest is %s",
		id_hex(&t->snap->commit.hash).s, (unsigned long long)t->broken, what);
}

/* ---- entries ---- */

static uint32_t type_of(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return HZ_TYPE_DIR;
	case S_IFLNK:
		return HZ_TYPE_SYMLINK;
	case S_IFCHR:
		return HZ_TYPE_CHAR;
	case S_IFBLK:
		return HZ_TYPE_BLOCK;
	case S_IFIFO:
		return HZ_TYPE_FIFO;
	case S_IFSOCK:
		return HZ_TYPE_SOCKET;
	default:
		return HZ_TYPE_FILE;
	}
}

void tree_entry_info(hz_entry_info *i, const struct buf *path, const struct entry *e)
{
	*i = (hz_entry_info){ .size = sizeof(*i),
		.type = type_of(e->mode),
		.path = (const char *)path->data,
		.path_len = path->len,
		.link = (const char *)e->link,
		.link_len = e->link_len,
		.mode = e->mode & 07777,
		.uid = e->uid,
		.gid = e->gid,
		.mtime_sec = e->mtime_sec,
		.mtime_nsec = e->mtime_nsec,
		.user = e->user ? e->user : "",
		.group = e->group ? e->group : "",
		.content_bytes = e->size,
		.rdev_major = e->rdev_major,
		.rdev_minor = e->rdev_minor,
		.changed_while_read = (e->flags & ENTRY_CHANGED) != 0,
		.has_hardlinks = e->has_hardlink,
		.has_btime = e->has_btime,
		.btime_sec = e->btime_sec,
		.btime_nsec = e->btime_nsec };
}
