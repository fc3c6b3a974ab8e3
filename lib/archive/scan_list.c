/* SPDX-License-Identifier: BSD-2-Clause */
/* The names in a folder: which there are, and which were asked for. They are all that is held of a whole folder. */
#include "archive/scan_internal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* ---- names ---- */

int names_add(struct scan_names *v, const char *name, unsigned char type)
{
	size_t len = strlen(name) + 1, at = v->b.len + 1;
	uint8_t *p;

	if (v->n == v->cap) {
		uint32_t cap = v->cap ? v->cap * 2 : 64;
		uint32_t *more = realloc(v->at, cap * sizeof(*more));

		if (!more)
			return -1;
		v->at = more;
		v->cap = cap;
	}
	/* Offsets are below BUF_MAX_DEFAULT. */
	p = buf_extend(&v->b, 1 + len);
	if (!p)
		return -1;
	*p = type;
	memcpy(p + 1, name, len);
	v->at[v->n++] = (uint32_t)at;
	return 0;
}

static int cmp_name(const void *a, const void *b, void *names)
{
	const char *base = names;

	return strcmp(base + *(const uint32_t *)a, base + *(const uint32_t *)b);
}

/* A name that was put into place while the folder was read may be listed as the old file and as the new one; and what
 * was asked for was added to what was found. */
static void drop_twins(struct scan_names *v)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < v->n; i++) {
		if (kept == 0 || strcmp(names_get(v, kept - 1), names_get(v, i)) != 0)
			v->at[kept++] = v->at[i];
		else if (names_type(v, kept - 1) != names_type(v, i))
			v->b.data[v->at[kept - 1] - 1] = DT_UNKNOWN;
	}
	v->n = kept;
}

static bool is_ascending(const struct scan_names *v)
{
	for (uint32_t i = 1; i < v->n; i++) {
		if (strcmp(names_get(v, i - 1), names_get(v, i)) >= 0)
			return false;
	}
	return true;
}

void names_sort(struct scan_names *v)
{
	if (is_ascending(v))
		return;
	qsort_r(v->at, v->n, sizeof(*v->at), cmp_name, v->b.data);
	drop_twins(v);
}

void names_release(struct scan_names *v)
{
	buf_release(&v->b);
	free(v->at);
	*v = (struct scan_names){ .b = BUF_INIT };
}

/* ---- listing ---- */

static int list_child(void *user, const char *name, uint64_t ino, unsigned char type)
{
	(void)ino;
	return names_add(user, name, type) < 0 ? HZ_E_NOMEM : 0;
}

/* Keeps the cache tag and leaves the rest out (bford's CACHEDIR.TAG convention). */
static bool is_cache_folder(const struct scan_dir *d)
{
	static const char signature[] = "Signature: 8a477f597d28d172789f06886806bc55";
	char b[sizeof(signature) - 1];
	AUTO_FD int fd = vfs()->openat(d->fd, "CACHEDIR.TAG", O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);

	return fd >= 0 && vfs_pread_all(fd, b, sizeof(b), 0) == 0 && memcmp(b, signature, sizeof(b)) == 0;
}

/* A folder that says by a file of its own that it is not to be backed up keeps that file and nothing else. 1: it does,
 * and the file is listed. */
static int list_marked(struct scan *s, struct scan_dir *d, hz_error **err)
{
	struct source_stat st;
	const char *mark = NULL;

	for (size_t i = 0; !mark && i < s->o.n_marks; i++) {
		if (source_stat(&st, d->fd, s->o.marks[i]) == 0 && !S_ISDIR(st.sig.mode))
			mark = s->o.marks[i];
	}
	if (!mark && s->o.exclude_caches && is_cache_folder(d))
		mark = "CACHEDIR.TAG";
	if (!mark)
		return 0;
	return names_add(&d->names, mark, DT_UNKNOWN) < 0 ? err_nomem(err) : 1;
}

static int list_found(struct scan *s, struct scan_dir *d, hz_error **err)
{
	AUTO(hz_error_free) hz_error *e = NULL;
	int rc = list_marked(s, d, err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = vfs_readdir_on(d->fd, list_child, &d->names, &e);
	if (rc == HZ_E_NOMEM)
		return err_nomem(err);
	/* ENOENT: it was removed since it was opened, and so was empty. */
	if (rc < 0 && hz_error_errno(e) != ENOENT) {
		scan_error(s, SOURCE_UNREADABLE, d, NULL, "folder cannot be listed", hz_error_errno(e));
		d->partial = true;
	}
	return 0;
}

/* What was asked for by name is missed when it is not there, and is read though its file system or a tag says no. */
int dir_list_nodes(struct scan_dir *d, hz_error **err)
{
	for (const struct source_node *n = d->node->child; n; n = n->next) {
		if (names_add(&d->names, n->name, DT_UNKNOWN) < 0)
			return err_nomem(err);
	}
	names_sort(&d->names);
	d->next_node = d->node->child;
	return 0;
}

int dir_list_all(struct scan *s, struct scan_dir *d, hz_error **err)
{
	int rc = list_found(s, d, err);

	if (rc < 0)
		return rc;
	if (d->node)
		return dir_list_nodes(d, err);
	names_sort(&d->names);
	return 0;
}
