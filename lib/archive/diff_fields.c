/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares everything that an entry keeps (docs/format/tree.md, Entry) but its name and what is below it. */
#include "archive/diff.h"
#include <string.h>

static bool same_list(const struct list_ref *a, const struct list_ref *b)
{
	return id_eq(&a->root, &b->root) && a->level == b->level;
}

static bool same_chunks(const struct entry *a, const struct entry *b)
{
	if (a->has_chunk_list != b->has_chunk_list || a->n_chunks != b->n_chunks)
		return false;
	if (a->has_chunk_list)
		return same_list(&a->chunk_list, &b->chunk_list);
	for (uint32_t i = 0; i < a->n_chunks; i++) {
		if (!id_eq(&a->chunks[i].id, &b->chunks[i].id) || a->chunks[i].len != b->chunks[i].len)
			return false;
	}
	return true;
}

/* Lists of extents are named by ids, too: those of two groups are taken for different. */
static bool same_holes(const struct entry *a, const struct entry *b)
{
	if (a->has_extents != b->has_extents || a->has_extent_list != b->has_extent_list ||
		a->n_extents != b->n_extents)
		return false;
	if (a->has_extent_list)
		return same_list(&a->extent_list, &b->extent_list);
	for (uint32_t i = 0; i < a->n_extents; i++) {
		if (a->extents[i].off != b->extents[i].off || a->extents[i].len != b->extents[i].len)
			return false;
	}
	return true;
}

static uint32_t content(const struct entry *a, const struct entry *b, bool same_group)
{
	uint32_t f = 0;

	if (a->size != b->size)
		f |= HZ_DIFF_F_SIZE;
	if ((same_group && !same_chunks(a, b)) || a->size != b->size)
		f |= HZ_DIFF_F_CONTENT;
	if (!same_holes(a, b) && (same_group || !a->has_extent_list || !b->has_extent_list))
		f |= HZ_DIFF_F_HOLES;
	if (a->link_len != b->link_len || (a->link_len && memcmp(a->link, b->link, a->link_len) != 0))
		f |= HZ_DIFF_F_TARGET;
	if (a->rdev_major != b->rdev_major || a->rdev_minor != b->rdev_minor)
		f |= HZ_DIFF_F_DEVICE;
	return f;
}

static bool is_acl(const struct xattr *x)
{
	return strncmp(x->name, "system.posix_acl_", strlen("system.posix_acl_")) == 0 ||
		strcmp(x->name, "system.nfs4_acl") == 0;
}

static bool same_xattr(const struct xattr *x, const struct xattr *y)
{
	return strcmp(x->name, y->name) == 0 && x->len == y->len &&
		(!x->len || memcmp(x->value, y->value, x->len) == 0);
}

/* Those that are ACLs, or those that are not; both lists are sorted. */
static bool same_xattrs(const struct entry *a, const struct entry *b, bool acls)
{
	uint32_t i = 0, k = 0;

	for (;;) {
		while (i < a->n_xattrs && is_acl(&a->xattrs[i]) != acls)
			i++;
		while (k < b->n_xattrs && is_acl(&b->xattrs[k]) != acls)
			k++;
		if (i == a->n_xattrs || k == b->n_xattrs)
			return i == a->n_xattrs && k == b->n_xattrs;
		if (!same_xattr(&a->xattrs[i++], &b->xattrs[k++]))
			return false;
	}
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static uint32_t attributes(const struct entry *a, const struct entry *b)
{
	uint32_t f = 0;

	if ((a->mode & 07777) != (b->mode & 07777))
		f |= HZ_DIFF_F_MODE;
	if (a->uid != b->uid || a->gid != b->gid)
		f |= HZ_DIFF_F_OWNER;
	if (!same_text(a->user, b->user) || !same_text(a->group, b->group))
		f |= HZ_DIFF_F_OWNER_NAMES;
	if (a->mtime_sec != b->mtime_sec || a->mtime_nsec != b->mtime_nsec)
		f |= HZ_DIFF_F_MTIME;
	if (a->has_btime != b->has_btime || a->btime_sec != b->btime_sec || a->btime_nsec != b->btime_nsec)
		f |= HZ_DIFF_F_BTIME;
	if (!same_xattrs(a, b, false))
		f |= HZ_DIFF_F_XATTRS;
	if (!same_xattrs(a, b, true))
		f |= HZ_DIFF_F_ACL;
	if (a->inode_flags != b->inode_flags)
		f |= HZ_DIFF_F_FLAGS;
	if (a->has_hardlink != b->has_hardlink)
		f |= HZ_DIFF_F_HARDLINKS;
	return f;
}

uint32_t diff_fields(const struct entry *a, const struct entry *b, bool same_group)
{
	if ((a->flags | b->flags) & ENTRY_SYNTHETIC)
		return 0;
	return content(a, b, same_group) | attributes(a, b);
}
