/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Collects what a file is besides its content. A file may change, lose xattrs or gain them while it is looked at: that
 * is no failure. What cannot be read is told once, and the rest is collected all the same. Everything kept is copied
 * into the arena.
 */
#include "archive/entry_internal.h"
#include <errno.h>
#include <stdio.h>

#define VALUE_FIRST 1024u
#define VALUE_SLACK 64u
#define VALUE_TRIES 8u

struct reading {
	struct entry *e;
	struct arena *arena;
	struct entry_at at;
	size_t xattr_bytes;
	int failed;
	const char *what;
};

/* The first failure counts, but for want of memory, which the caller must not take for one of the file. */
static void note(struct reading *r, int errnum, const char *what)
{
	if (r->failed && errnum != ENOMEM)
		return;
	r->failed = errnum;
	r->what = what;
}

static void note_xattr(struct reading *r, int errnum, const char *name)
{
	size_t len = strlen("xattr ") + strlen(name) + 1;
	char *what;

	if (r->failed)
		return;
	what = arena_alloc(r->arena, len);
	if (what)
		(void)snprintf(what, len, "xattr %s", name);
	note(r, errnum, what ? what : "xattr");
}

static void *keep(struct reading *r, const void *data, size_t len)
{
	void *p = arena_copy(r->arena, data, len);

	if (!p)
		note(r, ENOMEM, "memory");
	return p;
}

/* 0 or an errno; the value may grow between two calls. */
static int value_large(struct reading *r, const char *name, struct xattr *x)
{
	for (unsigned i = 0; i < VALUE_TRIES; i++) {
		ssize_t n = entry_at_xattr_get(&r->at, name, NULL, 0);
		size_t room;
		uint8_t *p;

		if (n < 0)
			return errno;
		room = (size_t)n + VALUE_SLACK;
		if (room > ENTRY_XATTRS_MAX)
			return E2BIG;
		p = arena_alloc(r->arena, room);
		if (!p)
			return ENOMEM;
		n = entry_at_xattr_get(&r->at, name, p, room);
		if (n >= 0) {
			x->value = p;
			x->len = (uint32_t)n;
			return 0;
		}
		if (errno != ERANGE)
			return errno;
	}
	return ERANGE;
}

static int value_read(struct reading *r, const char *name, struct xattr *x)
{
	uint8_t first[VALUE_FIRST];
	ssize_t n = entry_at_xattr_get(&r->at, name, first, sizeof(first));

	if (n < 0)
		return errno == ERANGE ? value_large(r, name, x) : errno;
	x->value = arena_copy(r->arena, first, (size_t)n);
	x->len = (uint32_t)n;
	return x->value ? 0 : ENOMEM;
}

/* True when x was filled. */
static bool xattr_read(struct reading *r, const char *name, struct xattr *x)
{
	size_t len = strlen(name);
	int rc = len > ENTRY_XATTR_NAME_MAX ? ENAMETOOLONG : value_read(r, name, x);

	/* Gone since it was listed. */
	if (rc == ENODATA)
		return false;
	if (rc == 0 && r->xattr_bytes + len + x->len > ENTRY_XATTRS_MAX)
		rc = E2BIG;
	if (rc == ENOMEM)
		note(r, ENOMEM, "memory");
	else if (rc)
		note_xattr(r, rc, name);
	if (rc)
		return false;
	x->name = keep(r, name, len + 1);
	r->xattr_bytes += len + x->len;
	return x->name != NULL;
}

static int xattr_order(const void *a, const void *b)
{
	const struct xattr *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Sorts, and drops what a strange file system lists twice. */
static uint32_t xattrs_sort(struct xattr *list, uint32_t n)
{
	uint32_t kept = 0;

	qsort(list, n, sizeof(*list), xattr_order);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || strcmp(list[kept - 1].name, list[i].name) != 0)
			list[kept++] = list[i];
	return kept;
}

static void xattrs_read_named(struct reading *r, const char *names, size_t len)
{
	struct xattr *list;
	uint32_t n = 0, max = 0;

	for (size_t i = 0; i < len; i += strlen(names + i) + 1)
		max += entry_xattr_is_kept(names + i);
	if (max == 0)
		return;
	list = arena_alloc(r->arena, max * sizeof(*list));
	if (!list) {
		note(r, ENOMEM, "memory");
		return;
	}
	for (size_t i = 0; i < len; i += strlen(names + i) + 1)
		if (entry_xattr_is_kept(names + i) && xattr_read(r, names + i, &list[n]))
			n++;
	if (n == 0)
		return;
	r->e->n_xattrs = xattrs_sort(list, n);
	r->e->xattrs = list;
}

static void read_xattrs(struct reading *r)
{
	struct buf names = BUF_INIT;
	int rc = entry_at_xattr_names(&r->at, &names, NULL);

	r->e->xattrs = NULL;
	r->e->n_xattrs = 0;
	if (rc)
		note(r, rc, rc == ENOMEM ? "memory" : "xattrs");
	else if (names.len > 0)
		xattrs_read_named(r, (const char *)names.data, names.len);
	buf_release(&names);
}

static void read_flags(struct reading *r, uint32_t type)
{
	unsigned flags = 0;

	r->e->inode_flags = 0;
	if (r->at.fd < 0 || (type != S_IFREG && type != S_IFDIR))
		return;
	if (vfs()->getflags(r->at.fd, &flags) == 0)
		r->e->inode_flags = flags & entry_flags_mask();
	else if (!entry_flags_unsupported(errno))
		note(r, errno, "inode flags");
}

static void read_link(struct reading *r, uint32_t type)
{
	char target[ENTRY_LINK_MAX + 1];
	ssize_t n;

	r->e->link = NULL;
	r->e->link_len = 0;
	if (type != S_IFLNK)
		return;
	n = vfs()->readlinkat(r->at.dirfd, r->at.name, target, sizeof(target));
	if (n <= 0 || (size_t)n > ENTRY_LINK_MAX) {
		note(r, n < 0 ? errno : n == 0 ? ENOENT : ENAMETOOLONG, "link target");
		return;
	}
	r->e->link = keep(r, target, (size_t)n);
	if (r->e->link)
		r->e->link_len = (uint32_t)n;
}

static const char *keep_name(struct reading *r, const char *name)
{
	const char *kept = name[0] ? keep(r, name, strlen(name) + 1) : NULL;

	return kept ? kept : "";
}

static void read_stat(struct reading *r, struct owner_names *names, const struct source_stat *st)
{
	const uint32_t type = st->sig.mode & S_IFMT;
	const bool device = type == S_IFBLK || type == S_IFCHR;
	struct entry *e = r->e;

	e->mode = st->sig.mode;
	e->uid = st->sig.uid;
	e->gid = st->sig.gid;
	e->user = names ? keep_name(r, owner_names_user(names, e->uid)) : "";
	e->group = names ? keep_name(r, owner_names_group(names, e->gid)) : "";
	e->mtime_sec = st->sig.mtime_sec;
	e->mtime_nsec = st->sig.mtime_nsec;
	e->has_btime = st->has_btime;
	e->btime_sec = st->btime_sec;
	e->btime_nsec = st->btime_nsec;
	e->size = type == S_IFREG ? st->sig.size : 0;
	e->rdev_major = device ? st->rdev_major : 0;
	e->rdev_minor = device ? st->rdev_minor : 0;
}

int entry_read(struct entry *e, struct arena *a, struct owner_names *names, const struct source_stat *st, int dirfd,
	const char *name, int fd, const char **what)
{
	struct reading r = { .e = e, .arena = a, .at = { dirfd, name, fd } };
	const uint32_t type = st->sig.mode & S_IFMT;

	read_stat(&r, names, st);
	read_link(&r, type);
	read_xattrs(&r);
	read_flags(&r, type);
	if (r.failed)
		*what = r.what;
	return r.failed;
}

uint32_t entry_flags_mask(void)
{
	return INODE_SECRM | INODE_UNRM | INODE_COMPR | INODE_SYNC | INODE_IMMUTABLE | INODE_APPEND | INODE_NODUMP |
		INODE_NOATIME | INODE_NOCOMP | INODE_JOURNAL_DATA | INODE_NOTAIL | INODE_DIRSYNC | INODE_TOPDIR |
		INODE_NOCOW | INODE_DAX | INODE_PROJINHERIT;
}
