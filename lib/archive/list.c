/* SPDX-License-Identifier: BSD-2-Clause */
/* Listing snapshots, and what is in one. A walk keeps one open list a level of folders, on the heap: no depth is too
 * deep. */
#include "archive/reader.h"
#include "hozen/snapshot.h"
#include <string.h>

/* ---- snapshots ---- */

static const char *text(struct arena *a, struct bytes b)
{
	char *s = arena_alloc(a, b.len + 1);

	if (!s)
		return NULL;
	if (b.len > 0)
		memcpy(s, b.p, b.len);
	s[b.len] = '\0';
	return s;
}

static const char *const *texts(struct arena *a, const struct bytes *v, size_t n)
{
	const char **list = arena_alloc(a, (n + 1) * sizeof(*list));

	for (size_t i = 0; list && i < n; i++) {
		list[i] = text(a, v[i]);
		if (!list[i])
			return NULL;
	}
	if (list)
		list[n] = NULL;
	return list;
}

static int fill_info(hz_snapshot_info *i, struct arena *a, const struct snap *s, hz_error **err)
{
	const struct commit_body *b = &s->body;

	*i = (hz_snapshot_info){ .size = sizeof(*i),
		.complete = b->complete,
		.clock_synchronized = b->start.synchronized,
		.time_sec = b->start.sec,
		.time_nsec = b->start.nsec,
		.forgotten = s->forgotten,
		.duration_ns = b->duration_ns,
		.hostname = text(a, b->host),
		.tool = text(a, b->tool),
		.paths = texts(a, b->paths, b->n_paths),
		.n_paths = b->n_paths,
		.tags = texts(a, b->tags, b->n_tags),
		.n_tags = b->n_tags,
		.total_files = b->counts[COUNT_FILES],
		.total_dirs = b->counts[COUNT_DIRS],
		.total_others = b->counts[COUNT_OTHERS],
		.total_bytes = b->counts[COUNT_BYTES],
		.source_errors = b->n_errors,
		.stored_bytes = b->counts[COUNT_STORED] };
	hex_encode(i->id, s->commit.hash.b, ID_LEN);
	hex_encode(i->writer_id, s->session.writer.b, UID_LEN);
	return i->hostname && i->tool && i->paths && i->tags ? 0 : err_nomem(err);
}

static int give_snapshots(struct hz_reader *r, hz_snapshot_fn fn, void *user, hz_error **err)
{
	AUTO(arena_free) struct arena *a = NULL;
	int rc = arena_new(&a, err);

	for (size_t i = 0; rc == 0 && i < r->n_snaps; i++) {
		hz_snapshot_info info;

		if (!snap_is_listed(&r->snaps[i]))
			continue;
		arena_reset(a);
		rc = fill_info(&info, a, &r->snaps[i], err);
		if (rc == 0)
			rc = fn(user, &info);
	}
	return rc;
}

int hz_snapshots(hz_reader *r, hz_snapshot_fn fn, void *user, hz_job *job, hz_error **err)
{
	int rc;

	r->repo.job = job;
	rc = reader_load_snaps(r, err);
	/* What is wrong is said first: who reads the list knows then that it is not all. */
	(void)job_tick(job, NULL);
	if (rc == 0)
		rc = give_snapshots(r, fn, user, err);
	if (rc == 0 && r->snaps_damaged > 0) {
		rc = err_set(err, HZ_E_CORRUPT,
			"%zu commits are damaged, missing or cannot be verified; the others are listed",
			r->snaps_damaged);
		err_hint(err, "'hozen-backup check' says what is wrong with each");
	}
	r->repo.job = NULL;
	return rc;
}

/* ---- ls ---- */

struct level {
	struct node_walk *walk;
	size_t path_len; /* of the folder */
};

struct ls {
	struct hz_reader *r;
	struct reader_nodes nodes;
	hz_entry_fn fn;
	void *user;
	struct arena *arena; /* of the entry at hand */
	struct buf path;
	struct level *levels;
	size_t depth, cap;
	uint64_t broken; /* folders that could not be read to their end */
};

static void ls_release(struct ls *l)
{
	while (l->depth > 0)
		node_walk_free(l->levels[--l->depth].walk);
	free(l->levels);
	buf_release(&l->path);
	arena_free(l->arena);
}

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

static int give_entry(struct ls *l, const struct entry *e)
{
	hz_entry_info i = { .size = sizeof(i),
		.type = type_of(e->mode),
		.path = (const char *)l->path.data,
		.path_len = l->path.len,
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
		.btime_nsec = e->btime_nsec,
		.btime_sec = e->btime_sec };

	return l->fn(l->user, &i);
}

/* Puts the name behind the first at bytes of the path; a NUL follows it, uncounted. */
static int set_path(struct ls *l, size_t at, const void *name, size_t len, hz_error **err)
{
	l->path.len = at;
	if ((at > 0 && buf_append(&l->path, "/", 1) < 0) || buf_append(&l->path, name, len) < 0 ||
		buf_append(&l->path, "", 1) < 0)
		return err_nomem(err);
	l->path.len--;
	return 0;
}

static int enter(struct ls *l, const struct entry *e, hz_error **err)
{
	if (!e->has_tree)
		return 0;
	if (l->depth == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 32;
		struct level *v = realloc(l->levels, cap * sizeof(*v));

		if (!v)
			return err_nomem(err);
		l->levels = v;
		l->cap = cap;
	}
	struct level *top = &l->levels[l->depth];

	top->path_len = l->path.len;
	int rc = node_walk_new(&top->walk, NODE_TREE, &e->tree, reader_get_node, &l->nodes, err);

	if (rc == 0)
		l->depth++;
	return rc;
}

/* The rest of a folder that cannot be read is left out, and said; what stands beside it is still listed. */
static int leave_broken(struct ls *l, struct level *top, hz_error *e)
{
	job_event(l->r->repo.job, HZ_EVENT_DAMAGE, top->path_len ? l->path.data : NULL, top->path_len,
		"the list of this folder cannot be read to its end: %s", hz_error_message(e));
	l->broken++;
	node_walk_free(top->walk);
	l->depth--;
	return 0;
}

/* The next entry of the top folder, or out of it. */
static int step(struct ls *l, hz_error **err)
{
	struct level *top = &l->levels[l->depth - 1];
	AUTO(hz_error_free) hz_error *e = NULL;
	const uint8_t *item = NULL;
	struct entry entry;
	size_t len = 0;
	int rc = node_walk_next(top->walk, &item, &len, &e);

	if (rc == 0) {
		node_walk_free(top->walk);
		l->depth--;
		return 0;
	}
	arena_reset(l->arena);
	if (rc == 1)
		rc = entry_decode(&entry, l->arena, item, len, &e);
	if (rc == HZ_E_CORRUPT || rc == HZ_E_TOONEW)
		return leave_broken(l, top, e);
	if (rc < 0) {
		if (err && !*err)
			*err = TAKE(e);
		return rc;
	}
	rc = set_path(l, top->path_len, entry.name, entry.name_len, err);
	if (rc == 0)
		rc = give_entry(l, &entry);
	return rc != 0 ? rc : enter(l, &entry, err);
}

static int walk_all(struct ls *l, hz_error **err)
{
	hz_progress p = { .phase = HZ_PHASE_PLAN };
	int rc = 0;

	while (rc == 0 && l->depth > 0) {
		rc = step(l, err);
		p.files_done++;
		if (rc == 0 && job_tick(l->r->repo.job, &p) != 0)
			rc = job_check(l->r->repo.job, err);
	}
	return rc;
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

/* Looks the name up in folder e and makes e its entry, decoded into the arena, which keeps a copy of its bytes. */
static int find_name(struct ls *l, struct entry *e, const char *name, size_t name_len, hz_error **err)
{
	AUTO(node_walk_free) struct node_walk *w = NULL;
	const uint8_t *item = NULL;
	size_t len = 0;
	int rc;

	if (!e->has_tree)
		return HZ_E_NOTFOUND;
	rc = node_walk_new(&w, NODE_TREE, &e->tree, reader_get_node, &l->nodes, err);
	while (rc == 0 && (rc = node_walk_next(w, &item, &len, err)) == 1) {
		struct entry found;

		arena_reset(l->arena);
		uint8_t *copy = arena_copy(l->arena, item, len);

		rc = copy ? entry_decode(&found, l->arena, copy, len, err) : err_nomem(err);
		if (rc == 0 && found.name_len == name_len && memcmp(found.name, name, name_len) == 0) {
			*e = found;
			return 0;
		}
	}
	return rc < 0 ? rc : HZ_E_NOTFOUND;
}

static int find_path(struct ls *l, struct entry *e, const char *path, hz_error **err)
{
	const char *at = path;
	size_t len;

	while ((len = next_component(&at)) > 0) {
		int rc = find_name(l, e, at, len, err);

		if (rc == 0)
			rc = set_path(l, l->path.len, at, len, err);
		if (rc == HZ_E_NOTFOUND) {
			err_clear(err);
			return err_set(err, HZ_E_NOTFOUND, "no such path in the snapshot: %s", path);
		}
		if (rc < 0)
			return rc;
		at += len;
	}
	if (*path && path[strlen(path) - 1] == '/' && (e->mode & S_IFMT) != S_IFDIR)
		return err_set(err, HZ_E_NOTFOUND, "no such folder in the snapshot: %s", path);
	return 0;
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

static int ls_snap(struct ls *l, const struct snap *s, const char *path, hz_error **err)
{
	struct index *ix = NULL;
	struct entry e;
	int rc = reader_index(l->r, l->nodes.g, &ix, err);

	if (rc == 0)
		rc = arena_new(&l->arena, err);
	if (rc == 0)
		rc = snap_root(&e, l->arena, s, err);
	if (rc == 0)
		rc = find_path(l, &e, path, err);
	/* The root has no name to be listed under. */
	if (rc == 0 && l->path.len > 0)
		rc = give_entry(l, &e);
	if (rc == 0)
		rc = enter(l, &e, err);
	if (rc == 0)
		rc = walk_all(l, err);
	if (rc == 0 && l->broken > 0)
		rc = err_set(err, HZ_E_CORRUPT,
			"snapshot %.8s: the lists of %llu folders are damaged; what could be read is listed",
			id_hex(&s->commit.hash).s, (unsigned long long)l->broken);
	return rc;
}

int hz_ls(hz_reader *r, const char *id, const char *path, hz_entry_fn fn, void *user, hz_job *job, hz_error **err)
{
	AUTO_IN(ls_release) struct ls l = { .r = r, .fn = fn, .user = user, .path = BUF_INIT };
	struct snap *s = NULL;
	int rc;

	if (!path)
		path = "";
	if (goes_up(path))
		return err_set(err, HZ_E_INVAL, "\"..\" in a path: %s", path);
	job_begin(job);
	r->repo.job = job;
	l.nodes.r = r;
	rc = reader_snap(r, id, &s, &l.nodes.g, err);
	if (rc == 0)
		rc = ls_snap(&l, s, path, err);
	(void)job_tick(job, NULL);
	r->repo.job = NULL;
	return rc;
}
