/* SPDX-License-Identifier: BSD-2-Clause */
/* What a file on disk has otherwise than its entry says. Reads by the same code as a backup, and changes nothing. */
#include "archive/entry_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct comparing {
	const struct entry *e;
	struct entry now;
	struct entry_at at;
	bool unread; /* not all of now could be read */
	entry_short_fn fn;
	void *user;
};

static void differ(const struct comparing *c, const char *what)
{
	c->fn(c->user, what, 0);
}

/* File systems cut times to their own steps. */
static bool mtime_is_kept(const struct entry *e, const struct entry *now)
{
	static const uint32_t steps_ns[] = { 1, 100, 1000, 1000000, 10000000, 1000000000 };

	if (e->mtime_sec != now->mtime_sec)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(steps_ns); i++)
		if (now->mtime_nsec == e->mtime_nsec - e->mtime_nsec % steps_ns[i])
			return true;
	return false;
}

static void compare_basics(const struct comparing *c)
{
	const struct entry *e = c->e, *now = &c->now;

	if (e->uid != now->uid || e->gid != now->gid)
		differ(c, "owner");
	if ((e->mode & S_IFMT) != S_IFLNK && (e->mode & ENTRY_PERM_BITS) != (now->mode & ENTRY_PERM_BITS))
		differ(c, "mode");
	if (!mtime_is_kept(e, now))
		differ(c, "mtime");
	if (e->rdev_major != now->rdev_major || e->rdev_minor != now->rdev_minor)
		differ(c, "device");
	if (now->link_len && (e->link_len != now->link_len || memcmp(e->link, now->link, e->link_len) != 0))
		differ(c, "link target");
}

static void differ_xattr(const struct comparing *c, const char *name)
{
	char what[sizeof("xattr ") + ENTRY_XATTR_NAME_MAX];

	(void)snprintf(what, sizeof(what), "xattr %s", name);
	differ(c, what);
}

/* trusted. is seen by root alone; what could not be read has been told already. */
static bool xattr_may_be_hidden(const struct comparing *c, const char *name)
{
	return c->unread || (strncmp(name, "trusted.", 8) == 0 && geteuid() != 0);
}

static bool value_equal(const struct xattr *a, const struct xattr *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->value, b->value, a->len) == 0);
}

/* Both lists are sorted. */
static void compare_xattrs(const struct comparing *c)
{
	const struct entry *e = c->e, *now = &c->now;
	uint32_t i = 0, j = 0;

	while (i < e->n_xattrs || j < now->n_xattrs) {
		const struct xattr *x = i < e->n_xattrs ? &e->xattrs[i] : NULL;
		const struct xattr *y = j < now->n_xattrs ? &now->xattrs[j] : NULL;
		int order = !x ? 1 : !y ? -1 : strcmp(x->name, y->name);

		if (order < 0 && !xattr_may_be_hidden(c, x->name))
			differ_xattr(c, x->name);
		if (order > 0 && entry_xattr_is_extra(y->name))
			differ_xattr(c, y->name);
		if (order == 0 && !value_equal(x, y))
			differ_xattr(c, x->name);
		i += order <= 0;
		j += order >= 0;
	}
}

static bool keeps_xattrs(const struct entry_at *at)
{
	return entry_at_xattr_list(at, NULL, 0) >= 0 || errno != EOPNOTSUPP;
}

static void compare_flags(const struct comparing *c)
{
	unsigned flags = 0;

	if (c->at.fd < 0 || vfs()->getflags(c->at.fd, &flags) < 0)
		return;
	if ((flags ^ c->e->inode_flags) & entry_flags_mask())
		differ(c, "inode flags");
}

/* Only to ask for inode flags: a file that may not be opened is compared without. */
static int open_to_ask(int dirfd, const char *name, uint32_t type)
{
	if (type != S_IFREG && type != S_IFDIR)
		return -1;
	return vfs()->openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
}

static void compare_open(struct comparing *c, struct arena *a, const struct source_stat *st)
{
	const char *what = NULL;
	int rc = entry_read(&c->now, a, NULL, st, c->at.dirfd, c->at.name, c->at.fd, &what);

	if (rc) {
		c->unread = true;
		c->fn(c->user, what, rc);
	}
	compare_basics(c);
	if (keeps_xattrs(&c->at))
		compare_xattrs(c);
	compare_flags(c);
}

void entry_compare(const struct entry *e, int dirfd, const char *name, entry_short_fn fn, void *user)
{
	struct comparing c = { .e = e, .at = { dirfd, name, -1 }, .fn = fn, .user = user };
	AUTO(arena_free) struct arena *a = NULL;
	AUTO_FD int fd = -1;
	struct source_stat st;
	int rc = source_stat(&st, dirfd, name);

	if (rc == ENOENT) {
		differ(&c, "missing");
		return;
	}
	if (rc == 0 && arena_new(&a, NULL) < 0)
		rc = ENOMEM;
	if (rc) {
		fn(user, "attributes", rc);
		return;
	}
	if ((st.sig.mode & S_IFMT) != (e->mode & S_IFMT)) {
		differ(&c, "type");
		return;
	}
	if (e->flags & ENTRY_SYNTHETIC)
		return;
	fd = open_to_ask(dirfd, name, e->mode & S_IFMT);
	c.at.fd = fd;
	compare_open(&c, a, &st);
}
