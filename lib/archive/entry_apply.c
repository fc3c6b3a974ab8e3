/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gives a restored file the attributes of its entry, as far as the system lets. Invariant: a file never gets more
 * rights than the entry says: no setuid or setgid bit without the right owner, no ACL that it inherited from where it
 * was restored to.
 */
#include "archive/entry_internal.h"
#include "base/codec.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define SPECIAL_BITS (S_ISUID | S_ISGID)

struct applying {
	const struct entry *e;
	struct entry_at at;
	struct source_stat st; /* before anything was done */
	uint32_t type;
	bool owned;   /* owner and group are those of the entry */
	bool plain;   /* nothing was inherited */
	bool old;     /* it was there before: other attributes too may be too many */
	bool touched; /* st's mode may not be the mode any more */
	entry_short_fn fn;
	void *user;
};

static void fall_short(const struct applying *a, const char *what, int errnum)
{
	a->fn(a->user, what, errnum);
}

static int at_stat(const struct entry_at *at, struct source_stat *st)
{
	return at->fd >= 0 ? source_stat_fd(st, at->fd) : source_stat(st, at->dirfd, at->name);
}

static int at_chown(const struct entry_at *at, uid_t uid, gid_t gid)
{
	return at->fd >= 0 ? vfs()->fchownat(at->fd, "", uid, gid, AT_EMPTY_PATH)
			   : vfs()->fchownat(at->dirfd, at->name, uid, gid, AT_SYMLINK_NOFOLLOW);
}

static int at_chmod(const struct entry_at *at, mode_t mode)
{
	return at->fd >= 0 ? vfs()->fchmod(at->fd, mode) : vfs()->fchmodat(at->dirfd, at->name, mode);
}

static void apply_owner(struct applying *a)
{
	const struct entry *e = a->e;
	int rc = 0;

	if (a->st.sig.uid != e->uid || a->st.sig.gid != e->gid) {
		rc = at_chown(&a->at, e->uid, e->gid) < 0 ? errno : 0;
		a->touched = true;
	}
	a->owned = rc == 0;
	if (a->owned)
		return;
	/* A group of one's own can be given also without the owner. */
	if (a->st.sig.gid != e->gid)
		(void)at_chown(&a->at, (uid_t)-1, e->gid);
	fall_short(a, "owner", rc);
}

static bool has_xattr(const struct entry *e, const char *name)
{
	for (uint32_t i = 0; i < e->n_xattrs; i++)
		if (strcmp(e->xattrs[i].name, name) == 0)
			return true;
	return false;
}

static void apply_xattr(const struct applying *a, const char *name, const void *value, size_t len)
{
	char what[sizeof("xattr ") + ENTRY_XATTR_NAME_MAX];

	if (entry_at_xattr_set(&a->at, name, value, len) == 0)
		return;
	(void)snprintf(what, sizeof(what), "xattr %s", name);
	fall_short(a, what, errno);
}

#define ACL_VERSION   2u
#define ACL_HEAD_LEN  4u
#define ACL_ENTRY_LEN 8u
#define ACL_USER_OBJ  1u
#define ACL_GROUP_OBJ 4u
#define ACL_OTHER     32u
#define ACL_NO_ID     0xFFFFFFFFu

static void acl_entry(uint8_t *p, uint32_t tag, uint32_t perm)
{
	put_le32(p, tag | (perm & 7u) << 16);
	put_le32(p + 4, ACL_NO_ID);
}

/* An ACL that says what the mode says; the kernel then keeps none. This replaces removing it. */
static void acl_clear_access(const struct applying *a)
{
	uint8_t acl[ACL_HEAD_LEN + 3 * ACL_ENTRY_LEN];

	put_le32(acl, ACL_VERSION);
	acl_entry(acl + ACL_HEAD_LEN, ACL_USER_OBJ, a->e->mode >> 6);
	acl_entry(acl + ACL_HEAD_LEN + ACL_ENTRY_LEN, ACL_GROUP_OBJ, a->e->mode >> 3);
	acl_entry(acl + ACL_HEAD_LEN + 2 * ACL_ENTRY_LEN, ACL_OTHER, a->e->mode);
	apply_xattr(a, XATTR_ACL_ACCESS, acl, sizeof(acl));
}

static void acl_clear_default(const struct applying *a)
{
	uint8_t acl[ACL_HEAD_LEN];

	put_le32(acl, ACL_VERSION);
	apply_xattr(a, XATTR_ACL_DEFAULT, acl, sizeof(acl));
}

static void take_away(const struct applying *a, const char *name)
{
	char what[sizeof("xattr ") + ENTRY_XATTR_NAME_MAX];

	if (entry_at_xattr_remove(&a->at, name) == 0 || errno == ENODATA)
		return;
	(void)snprintf(what, sizeof(what), "xattr %s", name);
	fall_short(a, what, errno);
}

/* A file made in a folder with a default ACL has inherited it; one that was there before may have others. */
static void apply_no_extra(const struct applying *a)
{
	struct buf names = BUF_INIT;
	int rc = entry_at_xattr_names(&a->at, &names, NULL);

	if (rc)
		fall_short(a, "xattrs", rc);
	for (size_t i = 0; rc == 0 && i < names.len; i += strlen((char *)names.data + i) + 1) {
		const char *name = (char *)names.data + i;

		if (has_xattr(a->e, name))
			continue;
		if (strcmp(name, XATTR_ACL_ACCESS) == 0)
			acl_clear_access(a);
		else if (strcmp(name, XATTR_ACL_DEFAULT) == 0)
			acl_clear_default(a);
		else if (a->old && entry_xattr_is_extra(name))
			take_away(a, name);
	}
	buf_release(&names);
}

static void apply_xattrs(struct applying *a)
{
	if (a->old || (a->type != S_IFLNK && !a->plain))
		apply_no_extra(a);
	a->touched = a->touched || a->e->n_xattrs > 0;
	for (uint32_t i = 0; i < a->e->n_xattrs; i++)
		apply_xattr(a, a->e->xattrs[i].name, a->e->xattrs[i].value, a->e->xattrs[i].len);
}

static void apply_mode(const struct applying *a)
{
	const uint32_t want = a->e->mode & ENTRY_PERM_BITS;
	const uint32_t mode = a->owned ? want : want & ~(uint32_t)SPECIAL_BITS;
	struct source_stat now;

	if (a->type == S_IFLNK || (a->plain && !a->touched && (a->st.sig.mode & ENTRY_PERM_BITS) == want))
		return;
	if (at_chmod(&a->at, mode) < 0) {
		fall_short(a, "mode", errno);
		return;
	}
	if (mode != want) {
		fall_short(a, "mode", EPERM);
		return;
	}
	/* The kernel drops setgid without a word when the caller is not in the group. */
	if ((mode & SPECIAL_BITS) && at_stat(&a->at, &now) == 0 && (now.sig.mode & ENTRY_PERM_BITS) != mode)
		fall_short(a, "mode", EPERM);
}

static int at_utimens(const struct entry_at *at, const struct timespec ts[2])
{
	char path[sizeof("/proc/self/fd/") + 16];
	int rc;

	if (at->fd < 0)
		return vfs()->utimensat(at->dirfd, at->name, ts, AT_SYMLINK_NOFOLLOW);
	rc = vfs()->utimensat(at->fd, "", ts, AT_EMPTY_PATH);
	/* Before Linux 5.8 utimensat has no AT_EMPTY_PATH. */
	if (rc < 0 && (errno == EINVAL || errno == ENOENT)) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", at->fd);
		rc = vfs()->utimensat(AT_FDCWD, path, ts, 0);
	}
	return rc;
}

/* A device whose file system was seen to keep single nanoseconds, plus one: of others each file is asked. */
static uint64_t keeps_ns; /* atomic */

static void apply_times(const struct applying *a)
{
	const struct entry *e = a->e;
	const struct timespec ts[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = e->mtime_sec, .tv_nsec = e->mtime_nsec } };
	const bool small = e->mtime_sec >= INT32_MIN && e->mtime_sec <= INT32_MAX;
	struct source_stat now;

	if (at_utimens(&a->at, ts) < 0) {
		fall_short(a, "times", errno);
		return;
	}
	/* The kernel cuts what the file system cannot keep to its range and its steps, without a word; all keep 32
	 * bits. */
	if (small && __atomic_load_n(&keeps_ns, __ATOMIC_RELAXED) == a->st.sig.dev + 1)
		return;
	if (at_stat(&a->at, &now) != 0)
		return;
	if (now.sig.mtime_nsec == e->mtime_nsec && e->mtime_nsec % 10 != 0)
		__atomic_store_n(&keeps_ns, now.sig.dev + 1, __ATOMIC_RELAXED);
	if (now.sig.mtime_sec != e->mtime_sec)
		fall_short(a, "times", EOVERFLOW);
	else if (now.sig.mtime_nsec != e->mtime_nsec)
		fall_short(a, "nanoseconds of times", EOPNOTSUPP);
}

/* Sets the flags one at a time, those last that forbid changes; *flags is what the file has, then. The first errno, or
 * 0. */
static int flags_each(int fd, unsigned *flags, unsigned want)
{
	const unsigned locks = INODE_IMMUTABLE | INODE_APPEND;
	int first = 0;

	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned bit = 1; bit; bit <<= 1) {
			bool is_lock = (bit & locks) != 0;

			if (!((*flags ^ want) & bit) || is_lock != (pass == 1))
				continue;
			if (vfs()->setflags(fd, *flags ^ bit) == 0)
				*flags ^= bit;
			else if (!first)
				first = errno;
		}
	}
	return first;
}

static void apply_flags(const struct applying *a)
{
	const unsigned mask = entry_flags_mask();
	unsigned flags = 0, want;
	int rc = 0;

	if (a->at.fd < 0 || (a->type != S_IFREG && a->type != S_IFDIR))
		return;
	if (a->plain && !(a->e->inode_flags & mask) && !a->st.shows_flags)
		return;
	if (vfs()->getflags(a->at.fd, &flags) < 0) {
		if ((a->e->inode_flags & mask) || !entry_flags_unsupported(errno))
			fall_short(a, "inode flags", errno);
		return;
	}
	want = (flags & ~mask) | (a->e->inode_flags & mask);
	if (want == flags)
		return;
	/* All or nothing is refused as a whole where one flag is; what can be set is set then. */
	if (vfs()->setflags(a->at.fd, want) < 0)
		rc = flags_each(a->at.fd, &flags, want);
	/* Some are left out without a word: of Btrfs those that say how content lies, when there is content. */
	else if (vfs()->getflags(a->at.fd, &flags) == 0 && ((flags ^ want) & mask))
		rc = EOPNOTSUPP;
	if (rc)
		fall_short(a, "inode flags", rc);
}

uint32_t entry_flags_first(void)
{
	return INODE_COMPR | INODE_NOCOMP | INODE_NOCOW;
}

void entry_apply_first(int fd, uint32_t inode_flags)
{
	const unsigned first = entry_flags_first();
	unsigned flags = 0;

	if (vfs()->getflags(fd, &flags) == 0 && ((flags ^ inode_flags) & first))
		(void)vfs()->setflags(fd, (flags & ~first) | (inode_flags & first));
}

void entry_apply(const struct entry *e, int dirfd, const char *name, int fd, enum entry_found found, entry_short_fn fn,
	void *user)
{
	struct applying a = { .e = e,
		.at = { dirfd, name, fd },
		.type = e->mode & S_IFMT,
		.plain = found == ENTRY_PLAIN,
		.old = found == ENTRY_OLD,
		.fn = fn,
		.user = user };
	int rc;

	if (e->flags & ENTRY_SYNTHETIC)
		return;
	rc = at_stat(&a.at, &a.st);
	if (rc) {
		fall_short(&a, "attributes", rc);
		return;
	}
	/* Something else stands there: its attributes are not ours to change. */
	if ((a.st.sig.mode & S_IFMT) != a.type) {
		fall_short(&a, "type", EEXIST);
		return;
	}
	apply_owner(&a);
	apply_xattrs(&a);
	apply_mode(&a);
	apply_times(&a);
	apply_flags(&a);
}
