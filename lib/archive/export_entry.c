/* SPDX-License-Identifier: BSD-2-Clause */
/* An entry as libarchive's pax writer wants it. xattrs are written as SCHILY.xattr, ACLs as SCHILY.acl text with
 * numbers, inode flags as SCHILY.fflags: what GNU tar and bsdtar understand. */
#include "archive/export.h"
#include "base/codec.h"
#include <archive.h>
#include <archive_entry.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* More extents than that are not said: the writer keeps them all in memory, and a reader of the archive too. */
#define EXTENTS_MAX 65536u

void export_short(struct export_shorts *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (s->n++ > 0 && s->len + 2 < sizeof(s->text)) {
		memcpy(s->text + s->len, ", ", 3);
		s->len += 2;
	}
	va_start(ap, fmt);
	n = vsnprintf(s->text + s->len, sizeof(s->text) - s->len, err_text(fmt), ap);
	va_end(ap);
	if (n > 0)
		s->len = s->len + (size_t)n < sizeof(s->text) ? s->len + (size_t)n : sizeof(s->text) - 1;
}

/* ---- ACLs, as the kernel keeps them in an xattr: le32 version 2, then le16 tag, le16 perm, le32 id each ---- */

#define ACL_HEAD 4u
#define ACL_EACH 8u

static int acl_tag(uint32_t tag)
{
	switch (tag) {
	case 0x01:
		return ARCHIVE_ENTRY_ACL_USER_OBJ;
	case 0x02:
		return ARCHIVE_ENTRY_ACL_USER;
	case 0x04:
		return ARCHIVE_ENTRY_ACL_GROUP_OBJ;
	case 0x08:
		return ARCHIVE_ENTRY_ACL_GROUP;
	case 0x10:
		return ARCHIVE_ENTRY_ACL_MASK;
	case 0x20:
		return ARCHIVE_ENTRY_ACL_OTHER;
	default:
		return 0;
	}
}

static void add_acl(struct archive_entry *a, int type, const struct xattr *x, struct export_shorts *s)
{
	bool good = x->len >= ACL_HEAD && (x->len - ACL_HEAD) % ACL_EACH == 0 && get_le32(x->value) == 2;

	for (uint32_t at = ACL_HEAD; good && at < x->len; at += ACL_EACH) {
		uint32_t tag_perm = get_le32(x->value + at), id = get_le32(x->value + at + 4);
		int tag = acl_tag(tag_perm & 0xFFFF);

		/* Named ones alone have a number. */
		good = tag && tag_perm >> 16 <= 7 &&
			archive_entry_acl_add_entry(a, type, (int)(tag_perm >> 16), tag,
				tag == ARCHIVE_ENTRY_ACL_USER || tag == ARCHIVE_ENTRY_ACL_GROUP ? (int)id : -1,
				NULL) == ARCHIVE_OK;
	}
	if (!good)
		export_short(s, "%s", x->name);
}

/* The name is what stands before the first = of a pax record, and GNU tar writes = and % of names as %3D and %25. */
static bool name_can_be_held(const char *name)
{
	/* libarchive writes other bytes as %FF, which GNU tar takes for the name. */
	for (const char *p = name; *p; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return !strchr(name, '=') && !strstr(name, "%3D") && !strstr(name, "%25");
}

static void add_xattrs(struct archive_entry *a, const struct entry *e, struct export_shorts *s)
{
	for (uint32_t i = 0; i < e->n_xattrs; i++) {
		const struct xattr *x = &e->xattrs[i];

		if (strcmp(x->name, "system.posix_acl_access") == 0)
			add_acl(a, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, x, s);
		else if (strcmp(x->name, "system.posix_acl_default") == 0)
			add_acl(a, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, x, s);
		else if (name_can_be_held(x->name))
			archive_entry_xattr_add_entry(a, x->name, x->value, x->len);
		else
			export_short(s, "xattr %s", x->name);
	}
}

/* Those for which libarchive has no name are not written. */
static void add_flags(struct archive_entry *a, const struct entry *e, struct export_shorts *s)
{
	struct archive_entry *back = e->inode_flags ? archive_entry_new() : NULL;
	unsigned long set = 0, clear = 0;
	const char *text;

	if (!e->inode_flags)
		return;
	archive_entry_set_fflags(a, e->inode_flags, 0);
	text = archive_entry_fflags_text(a);
	if (back && text) {
		(void)archive_entry_copy_fflags_text(back, text);
		archive_entry_fflags(back, &set, &clear);
	}
	archive_entry_free(back);
	if (set != e->inode_flags)
		export_short(s, "inode flags 0x%lx", e->inode_flags & ~set);
}

/* ---- holes ---- */

static int add_listed_extents(struct archive_entry *a, struct reader_nodes *nodes, const struct entry *e,
	struct export_shorts *s, hz_error **err)
{
	AUTO(node_walk_free) struct node_walk *w = NULL;
	const uint8_t *item = NULL;
	uint32_t n = 0;
	size_t len = 0;
	int rc = node_walk_new(&w, NODE_EXTENTS, &e->extent_list, reader_get_node, nodes, err);

	while (rc == 0 && (rc = node_walk_next(w, &item, &len, err)) == 1) {
		rc = 0;
		if (n++ == EXTENTS_MAX) {
			archive_entry_sparse_clear(a);
			export_short(s, "holes: there are too many");
			return 0;
		}
		archive_entry_sparse_add_entry(a, (la_int64_t)get_le64(item), (la_int64_t)get_le64(item + 8));
	}
	return rc;
}

static int add_holes(struct archive_entry *a, struct reader_nodes *nodes, const struct entry *e,
	struct export_shorts *s, hz_error **err)
{
	if (e->has_extent_list)
		return add_listed_extents(a, nodes, e, s, err);
	for (uint32_t i = 0; e->has_extents && i < e->n_extents; i++)
		archive_entry_sparse_add_entry(a, (la_int64_t)e->extents[i].off, (la_int64_t)e->extents[i].len);
	/* Nothing but a hole. */
	if (e->has_extents && e->n_extents == 0 && e->size > 0)
		archive_entry_sparse_add_entry(a, 0, 0);
	return 0;
}

#define NSEC 1000000000

/* libarchive prints seconds and nanoseconds side by side, so that before 1970 a fraction would count away from zero and
 * not towards it. Between -1 s and 0 there is no way to say it. */
static bool time_can_be_held(int64_t sec, uint32_t nsec)
{
	return sec != -1 || nsec == 0;
}

static int64_t pax_sec(int64_t sec, uint32_t nsec)
{
	return sec < -1 && nsec > 0 ? sec + 1 : sec;
}

static long pax_nsec(int64_t sec, uint32_t nsec)
{
	return sec < -1 && nsec > 0 ? NSEC - (long)nsec : sec == -1 ? 0 : (long)nsec;
}

void export_fill_basics(struct archive_entry *a, const struct entry *e, const char *path)
{
	archive_entry_clear(a);
	archive_entry_copy_pathname(a, path);
	archive_entry_set_mode(a, (mode_t)e->mode);
	archive_entry_set_uid(a, e->uid);
	archive_entry_set_gid(a, e->gid);
	if (e->user && *e->user)
		archive_entry_copy_uname(a, e->user);
	if (e->group && *e->group)
		archive_entry_copy_gname(a, e->group);
	archive_entry_set_mtime(a, pax_sec(e->mtime_sec, e->mtime_nsec), pax_nsec(e->mtime_sec, e->mtime_nsec));
	if (e->has_btime)
		archive_entry_set_birthtime(
			a, pax_sec(e->btime_sec, e->btime_nsec), pax_nsec(e->btime_sec, e->btime_nsec));
}

int export_fill(struct archive_entry *a, struct reader_nodes *nodes, const struct entry *e, const char *path,
	struct export_shorts *s, hz_error **err)
{
	export_fill_basics(a, e, path);
	if (S_ISLNK(e->mode)) {
		char link[ENTRY_LINK_MAX + 1];

		memcpy(link, e->link, e->link_len);
		link[e->link_len] = '\0';
		archive_entry_copy_symlink(a, link);
	}
	if (S_ISCHR(e->mode) || S_ISBLK(e->mode)) {
		archive_entry_set_rdevmajor(a, e->rdev_major);
		archive_entry_set_rdevminor(a, e->rdev_minor);
	}
	archive_entry_set_size(a, S_ISREG(e->mode) ? (la_int64_t)e->size : 0);
	if (!time_can_be_held(e->mtime_sec, e->mtime_nsec))
		export_short(s, "%s", "fraction of a second of mtime");
	add_xattrs(a, e, s);
	add_flags(a, e, s);
	return S_ISREG(e->mode) ? add_holes(a, nodes, e, s, err) : 0;
}
