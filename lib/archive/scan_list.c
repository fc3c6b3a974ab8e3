/* SPDX-License-Identifier: BSD-2-Clause */
/* The children of a folder: which there are, which of them count, which are as the cache remembers them, and who reads
 * the rest. */
#include "archive/scan_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define RACY_SEC 1
#define GROUP    32u

static struct scan_child *child_add(struct scan_dir *d, const char *name)
{
	struct scan_child *c;

	if (d->n == d->cap) {
		uint32_t cap = d->cap ? d->cap * 2 : 16;
		struct scan_child *v = realloc(d->children, cap * sizeof(*v));

		if (!v)
			return NULL;
		d->children = v;
		d->cap = cap;
	}
	c = &d->children[d->n];
	*c = (struct scan_child){ .name = strdup(name) };
	if (!c->name)
		return NULL;
	d->n++;
	return c;
}

static int list_child(void *user, const char *name, uint64_t ino, unsigned char type)
{
	(void)ino;
	(void)type;
	return child_add(user, name) ? 0 : HZ_E_NOMEM;
}

static int cmp_child(const void *a, const void *b)
{
	return strcmp(((const struct scan_child *)a)->name, ((const struct scan_child *)b)->name);
}

/* The children of a folder that is only on the way: what was asked for. */
int dir_list_nodes(struct scan_dir *d, hz_error **err)
{
	for (const struct source_node *n = d->node->child; n; n = n->next) {
		struct scan_child *c = child_add(d, n->name);

		if (!c)
			return err_nomem(err);
		c->node = n;
		c->from_slash = !d->parent && n->real && n->real[0] == '/';
	}
	return 0;
}

/* Keeps the cache tag and leaves the rest out (bford's CACHEDIR.TAG convention). */
static bool is_cache_folder(const struct scan_dir *d)
{
	static const char signature[] = "Signature: 8a477f597d28d172789f06886806bc55";
	char b[sizeof(signature) - 1];
	AUTO_FD int fd = vfs()->openat(d->fd, "CACHEDIR.TAG", O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);

	return fd >= 0 && vfs_pread_all(fd, b, sizeof(b), 0) == 0 && memcmp(b, signature, sizeof(b)) == 0;
}

/* A name that was put into place while the folder was read may be listed as the old file and as the new one. */
static void drop_twins(struct scan_dir *d)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < d->n; i++) {
		if (kept > 0 && strcmp(d->children[kept - 1].name, d->children[i].name) == 0)
			free(d->children[i].name);
		else
			d->children[kept++] = d->children[i];
	}
	d->n = kept;
}

static int list_found(struct scan *s, struct scan_dir *d, hz_error **err)
{
	AUTO(hz_error_free) hz_error *e = NULL;
	int rc;

	if (s->o.exclude_caches && is_cache_folder(d))
		return child_add(d, "CACHEDIR.TAG") ? 0 : err_nomem(err);
	rc = vfs_readdir(d->fd, list_child, d, &e);
	if (rc == HZ_E_NOMEM)
		return err_nomem(err);
	/* ENOENT: it was removed since it was opened, and so was empty. */
	if (rc < 0 && hz_error_errno(e) != ENOENT) {
		scan_error(s, SOURCE_UNREADABLE, d, NULL, "folder cannot be listed", hz_error_errno(e));
		d->partial = true;
	}
	return 0;
}

static void sort_children(struct scan_dir *d)
{
	if (d->n > 1)
		qsort(d->children, d->n, sizeof(*d->children), cmp_child);
}

/* What was asked for by name is missed when it is not there, and is read though its file system or a tag says no. */
static int mark_asked(struct scan_dir *d, hz_error **err)
{
	uint32_t found = d->n;

	for (const struct source_node *n = d->node->child; n; n = n->next) {
		struct scan_child key = { .name = n->name };
		struct scan_child *c = found ? bsearch(&key, d->children, found, sizeof(*d->children), cmp_child)
					     : NULL;

		if (!c)
			c = child_add(d, n->name);
		if (!c)
			return err_nomem(err);
		c->node = n;
	}
	sort_children(d);
	return 0;
}

int dir_list_all(struct scan *s, struct scan_dir *d, hz_error **err)
{
	int rc = list_found(s, d, err);

	if (rc < 0)
		return rc;
	sort_children(d);
	drop_twins(d);
	return d->node ? mark_asked(d, err) : 0;
}

/* ---- which of them count ---- */

static bool is_excluded(struct scan *s, unsigned worker, const struct scan_dir *d, const struct scan_child *c)
{
	struct buf *b = &s->w[worker].path;

	if (!s->o.excludes || patterns_is_empty(s->o.excludes) || scan_path(b, d, c->name) < 0)
		return false;
	return patterns_match(s->o.excludes, (const char *)b->data, b->len, S_ISDIR(c->st.sig.mode));
}

static bool is_ours(struct scan *s, const struct scan_dir *d, const struct scan_child *c)
{
	for (size_t i = 0; i < s->o.n_skip; i++) {
		if (S_ISDIR(c->st.sig.mode) && s->o.skip[i].dev == c->st.sig.dev && s->o.skip[i].ino == c->st.sig.ino) {
			AUTO_IN(buf_release) struct buf b = BUF_INIT;

			if (scan_path(&b, d, c->name) == 0)
				job_event(s->o.job, HZ_EVENT_NOTE, b.data, b.len,
					"left out: it belongs to hozen (repository, state or cache)");
			return true;
		}
	}
	return false;
}

static bool is_racy(const struct scan *s, const struct stat_sig *sig)
{
	return sig->ctime_sec >= s->o.start.sec - RACY_SEC;
}

/* A file remembered from a tree that is not the session's base may be used only if all its chunks are found. 1, 0, <0.
 */
static int chunks_are_known(struct scan *s, unsigned worker, const struct cache_child *k, hz_error **err)
{
	struct arena *a = s->w[worker].arena;
	struct entry e;
	int rc = 1;

	arena_reset(a);
	if (entry_decode(&e, a, k->entry, k->entry_len, NULL) < 0 || e.has_chunk_list || e.has_extent_list)
		return 0;
	for (uint32_t i = 0; rc == 1 && i < e.n_chunks; i++)
		rc = index_has(s->o.index, &e.chunks[i].id, err);
	return rc;
}

static int try_reuse(
	struct scan *s, unsigned worker, struct scan_dir *d, struct scan_child *c, bool *reused, hz_error **err)
{
	const struct cache_child *k = c->cached;
	int rc = 1;

	*reused = false;
	if (!k || (k->flags & CACHE_RACY) || S_ISDIR(c->st.sig.mode) || !stat_sig_equal(&k->sig, &c->st.sig))
		return 0;
	if (S_ISREG(c->st.sig.mode) && !s->o.trust_cache)
		rc = chunks_are_known(s, worker, k, err);
	if (rc <= 0)
		return rc;
	(void)d;
	c->entry = (uint8_t *)(uintptr_t)k->entry;
	c->entry_len = k->entry_len;
	c->borrowed = *reused = true;
	if (S_ISREG(c->st.sig.mode)) {
		bump(&s->r->counts.files_same, 1);
		bump(&s->r->counts.total_bytes, c->st.sig.size);
	} else {
		bump(&s->r->counts.others, 1);
	}
	return 0;
}

/* Stats a child; false: it does not count. */
static bool child_stat(struct scan *s, unsigned worker, struct scan_dir *d, struct scan_child *c)
{
	int e;

	if (c->node && !c->node->whole && !c->node->covered) {
		/* Only on the way to what was asked for: symlinks in it are followed. */
		AUTO_FD int fd = vfs()->openat(dir_fd_of(d, c), c->name, O_PATH | O_DIRECTORY, 0);

		e = fd < 0 ? errno : source_stat_fd(&c->st, fd);
	} else {
		e = source_stat(&c->st, dir_fd_of(d, c), c->name);
	}
	if (e) {
		if (c->node || e != ENOENT) {
			scan_error(s, e == ENOENT ? SOURCE_MISSING : SOURCE_UNREADABLE, d, c->name,
				e == ENOENT ? "does not exist" : "stat", e == ENOENT ? 0 : e);
			d->partial = true;
		}
		return false;
	}
	if (c->node && c->node->whole)
		bump(&s->r->sources_found, 1);
	if (strlen(c->name) > ENTRY_NAME_MAX) {
		scan_error(s, SOURCE_UNREADABLE, d, c->name, "name is longer than 255 bytes", 0);
		d->partial = true;
		return false;
	}
	if (is_excluded(s, worker, d, c) || is_ours(s, d, c))
		return false;
	if (c->node && c->node->child && !S_ISDIR(c->st.sig.mode))
		scan_error(s, SOURCE_MISSING, d, c->name, "is no folder, and something below it was asked for", 0);
	c->is_dir = S_ISDIR(c->st.sig.mode);
	c->flags = is_racy(s, &c->st.sig) ? CACHE_RACY : 0;
	c->cached = d->has_cached ? cache_find(&d->cached, c->name, strlen(c->name)) : NULL;
	return true;
}

/* Drops children that do not count, starts folders (last first: the pool takes the newest), reads the rest. */
int dir_children_start(struct scan *s, unsigned worker, struct scan_dir *d, hz_error **err)
{
	AUTO_FREE uint32_t *files = NULL;
	uint32_t kept = 0, n_files = 0;
	int rc = 0;

	for (uint32_t i = 0; i < d->n; i++) {
		struct scan_child c = d->children[i];

		if (child_stat(s, worker, d, &c))
			d->children[kept++] = c;
		else
			free(c.name);
	}
	d->n = kept;
	files = malloc((kept + 1u) * sizeof(*files));
	if (!files)
		return err_nomem(err);
	for (uint32_t i = kept; rc == 0 && i-- > 0;) {
		if (d->children[i].is_dir)
			rc = subdir_start(s, d, i, err);
	}
	for (uint32_t i = 0; rc == 0 && i < kept; i++) {
		struct scan_child *c = &d->children[i];
		bool reused = false;

		if (c->is_dir)
			continue;
		rc = try_reuse(s, worker, d, c, &reused, err);
		if (rc < 0 || reused)
			continue;
		if (S_ISREG(c->st.sig.mode))
			files[n_files++] = i;
		else
			rc = other_read(s, worker, d, c, err);
	}
	for (uint32_t i = 0; rc == 0 && i < n_files; i += GROUP)
		rc = files_submit(s, worker, d, files + i, n_files - i < GROUP ? n_files - i : GROUP, err);
	return rc;
}
