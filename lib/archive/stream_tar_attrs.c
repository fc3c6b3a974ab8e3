/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attributes of a tar's entry: owners, times, xattrs, inode flags, and ACLs, which a tar has as text and the kernel as
 * an xattr (version 2; then le16 tag, le16 permissions, le32 number each, in the order of tags and numbers).
 */
#include "archive/stream_tar_attrs.h"
#include "archive/entry_internal.h"
#include "base/codec.h"
#include <archive.h>
#include <archive_entry.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#define ACL_VERSION 2u
#define ACL_NO_ID   0xFFFFFFFFu
#define ACL_MAX     4096u /* of one file: far more than any file system keeps */
#define LOOKUP_LEN  (64u << 10)

enum acl_tag { ACL_USER_OBJ = 1, ACL_USER = 2, ACL_GROUP_OBJ = 4, ACL_GROUP = 8, ACL_MASK = 16, ACL_OTHER = 32 };
struct acl_entry {
	uint16_t tag, perm;
	uint32_t id;
};

/* ---- ACLs ---- */

static uint16_t tag_of(int tag)
{
	switch (tag) {
	case ARCHIVE_ENTRY_ACL_USER_OBJ:
		return ACL_USER_OBJ;
	case ARCHIVE_ENTRY_ACL_USER:
		return ACL_USER;
	case ARCHIVE_ENTRY_ACL_GROUP_OBJ:
		return ACL_GROUP_OBJ;
	case ARCHIVE_ENTRY_ACL_GROUP:
		return ACL_GROUP;
	case ARCHIVE_ENTRY_ACL_MASK:
		return ACL_MASK;
	case ARCHIVE_ENTRY_ACL_OTHER:
		return ACL_OTHER;
	default:
		return 0;
	}
}

/* The number of a name, as this system has it; tar writes names where it has them. */
static bool number_of(uint32_t *id, bool is_user, const char *name)
{
	AUTO_FREE char *room = malloc(LOOKUP_LEN);
	struct passwd pw, *p = NULL;
	struct group gr, *g = NULL;
	char *end;

	if (!name || !*name || !room)
		return false;
	if (name[strspn(name, "0123456789")] == '\0') {
		*id = (uint32_t)strtoul(name, &end, 10);
		return true;
	}
	if (is_user && getpwnam_r(name, &pw, room, LOOKUP_LEN, &p) == 0 && p)
		*id = p->pw_uid;
	else if (!is_user && getgrnam_r(name, &gr, room, LOOKUP_LEN, &g) == 0 && g)
		*id = g->gr_gid;
	else
		return false;
	return true;
}

static int acl_order(const void *a, const void *b)
{
	const struct acl_entry *x = a, *y = b;

	return x->tag != y->tag ? (x->tag > y->tag) - (x->tag < y->tag) : (x->id > y->id) - (x->id < y->id);
}

/* The entries of one ACL; -1: one of them cannot be had. */
static int acl_collect(struct acl_entry *v, struct archive_entry *ae, int type)
{
	int n = archive_entry_acl_reset(ae, type), got, perm, tag, id, count = 0;
	const char *name;

	if (n > (int)ACL_MAX)
		return -1;
	while (n > 0 && archive_entry_acl_next(ae, type, &got, &perm, &tag, &id, &name) == ARCHIVE_OK) {
		struct acl_entry *x = &v[count];

		*x = (struct acl_entry){ tag_of(tag), (uint16_t)(perm & 7), ACL_NO_ID };
		if (x->tag == 0 || count == n)
			return -1;
		if ((x->tag == ACL_USER || x->tag == ACL_GROUP) && id >= 0)
			x->id = (uint32_t)id;
		else if ((x->tag == ACL_USER || x->tag == ACL_GROUP) && !number_of(&x->id, x->tag == ACL_USER, name))
			return -1;
		count++;
	}
	qsort(v, (size_t)count, sizeof(*v), acl_order);
	return count;
}

/* Adds the xattr of one ACL, if there is one that says more than the mode. */
static int acl_add(
	struct entry *e, struct xattr *list, struct arena *a, struct archive_entry *ae, int type, const char **short_of)
{
	const bool access = type == ARCHIVE_ENTRY_ACL_TYPE_ACCESS;
	AUTO_FREE struct acl_entry *v = calloc(ACL_MAX + 4, sizeof(*v));
	uint8_t *out;
	int n;

	if (!v)
		return HZ_E_NOMEM;
	n = acl_collect(v, ae, type);
	if (n < 0)
		*short_of = "its ACL has somebody whom this system does not know: left out";
	if (n <= (access ? 3 : 0))
		return 0;
	out = arena_alloc(a, 4 + 8 * (size_t)n);
	if (!out)
		return HZ_E_NOMEM;
	put_le32(out, ACL_VERSION);
	for (int i = 0; i < n; i++) {
		out[4 + 8 * i] = (uint8_t)v[i].tag;
		out[5 + 8 * i] = 0;
		out[6 + 8 * i] = (uint8_t)v[i].perm;
		out[7 + 8 * i] = 0;
		put_le32(out + 8 + 8 * i, v[i].id);
		/* Where there is a mask the mode shows it. libarchive has put the owning group's there. */
		if (access && v[i].tag == ACL_MASK)
			e->mode = (e->mode & ~(uint32_t)070) | (uint32_t)v[i].perm << 3;
	}
	list[e->n_xattrs++] = (struct xattr){ access ? XATTR_ACL_ACCESS : XATTR_ACL_DEFAULT, out, 4 + 8 * (uint32_t)n };
	return 0;
}

/* ---- xattrs ---- */

static int xattr_order(const void *a, const void *b)
{
	const struct xattr *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int add_xattrs(struct entry *e, struct arena *a, struct archive_entry *ae, const char **short_of)
{
	const int n = archive_entry_xattr_reset(ae);
	struct xattr *list = arena_alloc(a, ((size_t)n + 2) * sizeof(*list));
	const char *name;
	const void *value;
	size_t len, kept = 0;
	int rc;

	if (!list)
		return HZ_E_NOMEM;
	while (e->n_xattrs < (uint32_t)n && archive_entry_xattr_next(ae, &name, &value, &len) == ARCHIVE_OK) {
		if (len > ENTRY_XATTRS_MAX)
			*short_of = "an xattr is too long: left out";
		else if (entry_xattr_is_kept(name) && strncmp(name, "system.posix_acl_", 17) != 0)
			list[e->n_xattrs++] = (struct xattr){ name, value, (uint32_t)len };
	}
	rc = acl_add(e, list, a, ae, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, short_of);
	if (rc == 0)
		rc = acl_add(e, list, a, ae, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, short_of);
	qsort(list, e->n_xattrs, sizeof(*list), xattr_order);
	for (size_t i = 0; i < e->n_xattrs; i++) {
		if (kept == 0 || strcmp(list[kept - 1].name, list[i].name) != 0)
			list[kept++] = list[i];
	}
	e->xattrs = kept ? list : NULL;
	e->n_xattrs = (uint32_t)kept;
	return rc;
}

/* ---- the rest ---- */

static void set_flags(struct entry *e, struct archive_entry *ae)
{
	unsigned long set = 0, clear = 0;

	archive_entry_fflags(ae, &set, &clear);
	if (S_ISREG(e->mode) || S_ISDIR(e->mode))
		e->inode_flags = (uint32_t)set & entry_flags_mask();
}

/* Of "-7.25", which a tar has for 7.25 s before 1970, libarchive makes -7 s and 0.25 s on top. ("-0.25" has lost its
 * sign by then.) */
static void set_time(int64_t *sec, uint32_t *nsec, int64_t s, long ns)
{
	const bool before = s < 0 && ns > 0;

	*sec = before ? s - 1 : s;
	*nsec = (uint32_t)(before ? 1000000000 - ns : ns);
}

static uint32_t owner(la_int64_t id, const char **short_of)
{
	if (id >= 0 && id < ACL_NO_ID)
		return (uint32_t)id;
	*short_of = "its owner is no number that Linux has: taken for root";
	return 0;
}

int tar_entry(struct entry *e, struct arena *a, struct archive_entry *ae, const char **short_of)
{
	const char *user = archive_entry_uname(ae), *group = archive_entry_gname(ae), *link;

	*e = (struct entry){ .mode = archive_entry_filetype(ae) | (archive_entry_perm(ae) & ENTRY_PERM_BITS) };
	e->uid = owner(archive_entry_uid(ae), short_of);
	e->gid = owner(archive_entry_gid(ae), short_of);
	e->user = user && strlen(user) <= ENTRY_OWNER_MAX ? user : "";
	e->group = group && strlen(group) <= ENTRY_OWNER_MAX ? group : "";
	set_time(&e->mtime_sec, &e->mtime_nsec, archive_entry_mtime(ae), archive_entry_mtime_nsec(ae));
	e->has_btime = archive_entry_birthtime_is_set(ae);
	if (e->has_btime)
		set_time(&e->btime_sec, &e->btime_nsec, archive_entry_birthtime(ae), archive_entry_birthtime_nsec(ae));
	if (S_ISBLK(e->mode) || S_ISCHR(e->mode)) {
		e->rdev_major = (uint32_t)archive_entry_rdevmajor(ae);
		e->rdev_minor = (uint32_t)archive_entry_rdevminor(ae);
	}
	link = S_ISLNK(e->mode) ? archive_entry_symlink(ae) : NULL;
	if (link) {
		e->link = (const uint8_t *)link;
		e->link_len = (uint32_t)strlen(link);
	}
	set_flags(e, ae);
	return add_xattrs(e, a, ae, short_of);
}
