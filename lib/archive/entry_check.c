/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an entry may be (docs/format/tree.md, Entry). The encoder and the decoder ask the same rules, so nothing is
 * written that cannot be read. Pure; relies on nothing but the pointers and lengths in the entry.
 */
#include "archive/entry_internal.h"
#include "archive/node.h"

static bool has_byte(const uint8_t *p, size_t len, int byte)
{
	return len > 0 && memchr(p, byte, len);
}

static const char *check_name(const uint8_t *name, uint32_t len)
{
	if (len == 0 || len > ENTRY_NAME_MAX)
		return "length of the name";
	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return "a name that is a dot or two";
	if (has_byte(name, len, '/') || has_byte(name, len, 0))
		return "a name with a slash or NUL";
	return NULL;
}

static const char *check_type(const struct entry *e)
{
	const uint32_t type = e->mode & S_IFMT;
	const bool reg = type == S_IFREG, dir = type == S_IFDIR, device = type == S_IFBLK || type == S_IFCHR;

	if (!reg && !dir && !device && type != S_IFLNK && type != S_IFIFO && type != S_IFSOCK)
		return "type";
	if (e->mode & ~(uint32_t)(S_IFMT | ENTRY_PERM_BITS))
		return "mode";
	if (!reg &&
		(e->size || e->n_chunks || e->has_chunk_list || e->has_extents || e->n_extents || e->has_extent_list))
		return "content of what is no regular file";
	if (!dir && (e->has_tree || (e->flags & (ENTRY_SYNTHETIC | ENTRY_PARTIAL))))
		return "list of what is no folder";
	if (!device && (e->rdev_major || e->rdev_minor))
		return "device number of what is no device";
	if ((type == S_IFLNK) != (e->link_len > 0))
		return "link target";
	if (dir && e->has_hardlink)
		return "hard link of a folder";
	if (!reg && !dir && e->inode_flags)
		return "inode flags of neither file nor folder";
	return NULL;
}

static const char *check_values(const struct entry *e)
{
	if (e->mtime_nsec >= ENTRY_NSEC || (e->has_btime && e->btime_nsec >= ENTRY_NSEC))
		return "nanoseconds";
	if (e->size > INT64_MAX)
		return "size";
	if (e->link_len > ENTRY_LINK_MAX || has_byte(e->link, e->link_len, 0))
		return "link target";
	if ((e->user && strlen(e->user) > ENTRY_OWNER_MAX) || (e->group && strlen(e->group) > ENTRY_OWNER_MAX))
		return "length of an owner's name";
	if (e->flags & ~(uint32_t)ENTRY_FLAGS_ALL)
		return "flags";
	return NULL;
}

static const char *check_xattrs(const struct entry *e)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < e->n_xattrs; i++) {
		const struct xattr *x = &e->xattrs[i];
		size_t len = strlen(x->name);

		if (len == 0 || len > ENTRY_XATTR_NAME_MAX)
			return "length of an xattr's name";
		if (i > 0 && strcmp(e->xattrs[i - 1].name, x->name) >= 0)
			return "order of xattrs";
		total += len + x->len;
		if (total > ENTRY_XATTRS_MAX)
			return "length of xattrs";
	}
	return NULL;
}

static const char *check_extents(const struct entry *e)
{
	uint64_t at = 0;

	for (uint32_t i = 0; i < e->n_extents; i++) {
		const struct extent *x = &e->extents[i];

		if (x->len == 0 || x->off < at || (i > 0 && x->off == at))
			return "order of extents";
		if (x->off > e->size || x->len > e->size - x->off)
			return "an extent beyond size";
		at = x->off + x->len;
	}
	return NULL;
}

static const char *check_lists(const struct entry *e)
{
	if ((e->n_chunks && e->has_chunk_list) || (e->has_extents && e->has_extent_list))
		return "two lists of one kind";
	if (e->n_extents && !e->has_extents)
		return "extents";
	if (e->n_chunks > ENTRY_INLINE_CHUNKS || e->n_extents > ENTRY_INLINE_EXTENTS)
		return "length of a list";
	if ((e->has_chunk_list && e->chunk_list.level >= NODE_LEVELS_MAX) ||
		(e->has_extent_list && e->extent_list.level >= NODE_LEVELS_MAX) ||
		(e->has_tree && e->tree.level >= NODE_LEVELS_MAX))
		return "level of a list";
	for (uint32_t i = 0; i < e->n_chunks; i++)
		if (e->chunks[i].len == 0)
			return "an empty chunk";
	return NULL;
}

const char *entry_check(const struct entry *e)
{
	const char *bad = check_name(e->name, e->name_len);

	if (!bad)
		bad = check_type(e);
	if (!bad)
		bad = check_values(e);
	if (!bad)
		bad = check_xattrs(e);
	if (!bad)
		bad = check_lists(e);
	if (!bad)
		bad = check_extents(e);
	return bad;
}

bool entry_extents_are_default(const struct entry *e)
{
	if (!e->has_extents || e->n_extents == 0)
		return !e->has_extents || e->size == 0;
	return e->n_extents == 1 && e->extents[0].off == 0 && e->extents[0].len == e->size;
}
