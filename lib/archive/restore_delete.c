/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Removing what the snapshot does not have. Invariants: only in folders of which the snapshot knows everything; never
 * through a symlink, never what is mounted there; and no depth is too deep: what lies too deep for the descriptors that
 * are held is moved up first.
 */
#include "archive/restore.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define DEEP 64u /* folders that are open at once */

/* ---- names of a folder ---- */

struct names {
	char **v;
	size_t n, cap;
};

static void names_release(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

static int names_add(void *user, const char *name, uint64_t ino, unsigned char type)
{
	struct names *l = user;

	(void)ino, (void)type;
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		char **v = realloc(l->v, cap * sizeof(*v));

		if (!v)
			return HZ_E_NOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n] = strdup(name);
	return l->v[l->n++] ? 0 : HZ_E_NOMEM;
}

/* As the snapshot's lists are sorted. */
static int cmp_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int names_read(struct names *l, int fd, hz_error **err)
{
	int rc = vfs_readdir(fd, names_add, l, err);

	if (rc == HZ_E_NOMEM)
		return err_nomem(err);
	if (rc == 0 && l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), cmp_name);
	return rc;
}

/* ---- a folder with all in it ---- */

struct emptying {
	int fd;
	char *name;
	struct names names;
	size_t next;
};
struct removing {
	struct restore *r;
	int top; /* the folder that it stands in */
	const char *name;
	struct emptying v[DEEP];
	unsigned depth;
	int failed; /* an errno: something stays */
};

static int open_folder(struct restore *r, int parent, const char *name)
{
	int fd = restore_open_folder(&r->dirs, parent, name, O_RDONLY);

	/* As an ordinary user one's own may have no rights to look into. */
	if (fd < 0 && errno == EACCES && vfs()->fchmodat(parent, name, 0700) == 0)
		fd = restore_open_folder(&r->dirs, parent, name, O_RDONLY);
	return fd;
}

static int unlink_name(struct restore *r, int parent, const char *name, bool is_folder)
{
	AUTO_FD int fd = -1;

	if (vfs()->unlinkat(parent, name, is_folder ? AT_REMOVEDIR : 0) == 0)
		return 0;
	if (errno != EPERM && errno != EACCES)
		return errno;
	fd = is_folder ? open_folder(r, parent, name) : restore_open_name(parent, name);
	(void)restore_unlock(fd);
	return vfs()->unlinkat(parent, name, is_folder ? AT_REMOVEDIR : 0) < 0 ? errno : 0;
}

static int enter(struct removing *m, int parent, const char *name, hz_error **err)
{
	struct emptying *t = &m->v[m->depth];

	*t = (struct emptying){ .fd = open_folder(m->r, parent, name), .name = strdup(name) };
	if (!t->name || t->fd < 0) {
		m->failed = t->name ? errno : ENOMEM;
		fd_close(&t->fd);
		free(t->name);
		return 0;
	}
	m->depth++;
	(void)restore_unlock(t->fd);
	/* What is in it cannot be removed without these rights. */
	(void)vfs()->fchmod(t->fd, 0700);
	return names_read(&t->names, t->fd, err);
}

/* Too deep: up into the first one, which is emptied once more at the end. */
static int move_up(struct removing *m, int parent, const char *name)
{
	char up[RESTORE_TEMP_LEN];
	int rc = EEXIST;

	for (unsigned i = 0; rc == EEXIST && i < 1000; i++) {
		(void)snprintf(up, sizeof(up), ".hozen-up-%08x", __atomic_add_fetch(&m->r->temp, 1, __ATOMIC_RELAXED));
		rc = vfs()->renameat2(parent, name, m->v[0].fd, up, RENAME_NOREPLACE) < 0 ? errno : 0;
	}
	return rc;
}

static int empty_name(struct removing *m, const char *name, hz_error **err)
{
	int parent = m->v[m->depth - 1].fd;
	struct source_stat st;
	int rc = source_stat(&st, parent, name);

	if (rc == 0 && !S_ISDIR(st.sig.mode)) {
		rc = unlink_name(m->r, parent, name, false);
		m->r->result.deleted += rc == 0;
	} else if (rc == 0 && st.is_mount_root) {
		rc = EBUSY;
	} else if (rc == 0 && m->depth == DEEP) {
		rc = move_up(m, parent, name);
	} else if (rc == 0) {
		return enter(m, parent, name, err);
	}
	m->failed = rc == ENOENT ? 0 : rc;
	return 0;
}

/* Out of the innermost folder, which is removed when all in it is. */
static int leave(struct removing *m, hz_error **err)
{
	struct emptying *t = &m->v[--m->depth];
	int parent = m->depth ? m->v[m->depth - 1].fd : m->top, rc = 0;

	if (!m->failed) {
		m->failed = unlink_name(m->r, parent, t->name, true);
		m->r->result.deleted += m->failed == 0;
	}
	fd_close(&t->fd);
	names_release(&t->names);
	free(t->name);
	/* What was moved up meanwhile. */
	if (m->failed == ENOTEMPTY && m->depth == 0) {
		m->failed = 0;
		rc = enter(m, m->top, m->name, err);
	}
	return rc;
}

static int remove_folder(struct removing *m, hz_error **err)
{
	int rc = enter(m, m->top, m->name, err);

	while (m->depth > 0) {
		struct emptying *t = &m->v[m->depth - 1];
		bool done = rc < 0 || m->failed || t->next == t->names.n;

		if (rc < 0 && !m->failed)
			m->failed = EIO;
		if (done) {
			int one = leave(m, rc < 0 ? NULL : err);

			rc = rc < 0 ? rc : one;
			continue;
		}
		rc = empty_name(m, t->names.v[t->next++], err);
		if (rc == 0 && t->next % 64 == 0)
			rc = restore_tick(m->r, err);
	}
	return rc;
}

static int remove_in(struct restore *r, struct restore_dir *dir, int fd, const char *name, hz_error **err)
{
	struct removing m = { .r = r, .name = name, .top = fd };
	struct source_stat st;
	int rc = 0, why = source_stat(&st, fd, name);
	bool is_folder = why == 0 && S_ISDIR(st.sig.mode);

	if (why == ENOENT)
		return 1;
	if (r->opts.flags & HZ_RESTORE_DRY_RUN) {
		restore_event(r, HZ_EVENT_NOTE, dir, name, "would be removed%s",
			is_folder ? err_text(", with all in it") : "");
		r->result.deleted++;
		return 0;
	}
	if (why == 0 && is_folder && st.is_mount_root)
		why = EBUSY;
	if (why == 0 && is_folder) {
		rc = remove_folder(&m, err);
		why = m.failed;
	} else if (why == 0) {
		why = unlink_name(r, fd, name, false);
		r->result.deleted += why == 0;
	}
	if (rc < 0 || !why)
		return rc < 0 ? rc : 1;
	r->result.failed_target++;
	return restore_target_failed(r, dir, name, is_folder ? "remove, with all in it" : "remove", why, err);
}

int restore_remove(struct restore *r, struct restore_dir *dir, const char *name, hz_error **err)
{
	int fd = -1, rc = restore_dir_get(&r->dirs, dir, &fd);

	if (rc) {
		r->result.failed_target++;
		return restore_target_failed(r, dir, name, "remove", rc, err);
	}
	rc = remove_in(r, dir, fd, name, err);
	restore_dir_put(&r->dirs, dir);
	return rc;
}

/* ---- what a folder has too many ---- */

/* Left behind by a restore of this snapshot that was interrupted. */
static bool is_ours(const struct restore *r, const char *name)
{
	return strncmp(name, ".hozen-", 7) == 0 && strncmp(name + 7, r->tag, strlen(r->tag)) == 0 &&
		name[7 + strlen(r->tag)] == '-';
}

static int extra_name(struct restore *r, const struct restore_frame *f, const char *name, hz_error **err)
{
	bool journal = !f->dir->parent && strcmp(name, RESTORE_JOURNAL) == 0;
	int rc;

	if (journal || (!r->deletes && !is_ours(r, name)))
		return 0;
	rc = restore_remove(r, f->dir, name, err);
	return rc < 0 ? rc : 0;
}

/* Did the way to something that was asked for lead through this name? folder: its path, "" for the target. */
static bool is_on_way(const struct commit_body *b, const char *folder, const char *name)
{
	AUTO_FREE char *part = NULL;
	int len = asprintf(&part, "%s%s/%s", *folder ? "/" : "", folder, name);

	for (size_t i = 0; len > 0 && i < b->n_paths; i++) {
		const uint8_t *at = b->paths[i].p, *end = at + b->paths[i].len;

		while ((at = memmem(at, (size_t)(end - at), part, (size_t)len))) {
			at++;
			if (at + len - 1 == end || at[len - 1] == '/')
				return true;
		}
	}
	return len < 0;
}

/* Takes the names that the snapshot has out of l. Both lists ascend. *only_ways: there is nothing in the snapshot's
 * list but what leads to the paths that were asked for. */
static int drop_known(
	struct restore *r, const struct entry *e, const char *folder, struct names *l, bool *only_ways, hz_error **err)
{
	AUTO(node_walk_free) struct node_walk *w = NULL;
	AUTO(arena_free) struct arena *a = NULL;
	const uint8_t *item = NULL;
	size_t len = 0, at = 0;
	int rc = arena_new(&a, err);

	*only_ways = e->has_tree;
	if (rc == 0 && e->has_tree)
		rc = node_walk_new(&w, NODE_TREE, &e->tree, reader_get_node, &r->nodes, err);
	while (rc == 0 && w && (rc = node_walk_next(w, &item, &len, err)) > 0) {
		char name[ENTRY_NAME_MAX + 1] = "";
		struct entry one;

		arena_reset(a);
		rc = entry_decode(&one, a, item, len, err);
		if (rc < 0)
			break;
		memcpy(name, one.name, one.name_len);
		*only_ways = *only_ways && is_on_way(&r->snap->body, folder, name);
		while (at < l->n && strcmp(l->v[at], name) < 0)
			at++;
		if (at < l->n && strcmp(l->v[at], name) == 0) {
			free(TAKE(l->v[at]));
			at++;
		}
	}
	return rc;
}

static int open_frame(struct restore *r, const struct restore_frame *f)
{
	int fd = -1, parent = -1;

	if (!f->dir->parent)
		return vfs()->openat(r->target, ".", O_RDONLY | O_DIRECTORY, 0);
	if (restore_dir_get(&r->dirs, f->dir->parent, &parent) != 0)
		return -1;
	fd = restore_open_folder(&r->dirs, parent, f->dir->name, O_RDONLY);
	restore_dir_put(&r->dirs, f->dir->parent);
	return fd;
}

/* Early writers did not mark the folders that are on the way only (docs/format/tree.md): what looks like one is taken
 * for one, and everything beside the way stays. */
static void keep_beside_way(struct restore *r, const struct restore_frame *f, struct names *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		bool keeps = l->v[i] && (f->dir->parent || strcmp(l->v[i], RESTORE_JOURNAL) != 0) &&
			!is_ours(r, l->v[i]);

		if (keeps)
			free(TAKE(l->v[i]));
		kept += keeps;
	}
	if (kept == 0)
		return;
	r->result.failed_target += kept;
	restore_event(r, HZ_EVENT_TARGET, f->dir, NULL,
		"%zu not removed: the snapshot does not tell whether it has all of this folder or only the way to what "
		"was "
		"backed up; look, and remove by hand what is too many",
		kept);
}

int restore_remove_extra(struct restore *r, const struct restore_frame *f, const struct entry *e, hz_error **err)
{
	AUTO_IN(names_release) struct names l = { 0 };
	AUTO(hz_error_free) hz_error *why = NULL;
	AUTO_FREE char *folder = NULL;
	AUTO_FD int fd = -1;
	bool only_ways = false;
	size_t len;
	int rc;

	/* A folder on the way only, or one that was not read to its end. */
	if (!f->selected || (e->flags & (ENTRY_SYNTHETIC | ENTRY_PARTIAL)))
		return 0;
	fd = open_frame(r, f);
	if (fd < 0)
		return restore_target_failed(r, f->dir, NULL, "look for what is to be removed", errno, err);
	rc = names_read(&l, fd, err);
	if (rc < 0)
		return rc;
	folder = restore_path(f->dir, NULL, &len);
	if (!folder)
		return err_nomem(err);
	rc = drop_known(r, e, f->dir->parent ? folder : "", &l, &only_ways, &why);
	if (restore_is_damage(rc)) {
		restore_event(r, HZ_EVENT_DAMAGE, f->dir, NULL,
			"nothing is removed here: the stored list of this folder is damaged");
		return 0;
	}
	if (rc < 0 && err && !*err)
		*err = TAKE(why);
	if (rc == 0 && r->deletes && only_ways)
		keep_beside_way(r, f, &l);
	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = l.v[i] ? extra_name(r, f, l.v[i], err) : 0;
	return rc;
}
