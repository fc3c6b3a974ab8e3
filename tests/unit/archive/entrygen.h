/* SPDX-License-Identifier: BSD-2-Clause */
/* Random entries that are sound, and when two are equal. */
#ifndef TESTS_UNIT_ARCHIVE_ENTRYGEN_H
#define TESTS_UNIT_ARCHIVE_ENTRYGEN_H

#include "support/hzt.h"
#include "archive/entry.h"

static inline struct arena *arena_here(void)
{
	struct arena *a = NULL;

	assert_ok(arena_new(&a, NULL), NULL);
	return a;
}

static inline const uint8_t *random_bytes(struct hzt_random *r, struct arena *a, size_t len, bool text)
{
	uint8_t *p = arena_alloc(a, len + 1);

	assert_non_null(p);
	hzt_random_fill(r, p, len);
	/* Neither NUL nor slash, and never a dot. */
	for (size_t i = 0; text && i < len; i++)
		p[i] = (uint8_t)('0' + p[i] % 200);
	p[len] = 0;
	return p;
}

static inline bool maybe(struct hzt_random *r)
{
	return hzt_random_below(r, 2) == 0;
}

/* Small as often as large. */
static inline uint64_t some(struct hzt_random *r, unsigned bits)
{
	return hzt_random_next(r) >> (64 - 1 - hzt_random_below(r, bits));
}

static inline struct list_ref random_list(struct hzt_random *r)
{
	struct list_ref ref = { .level = (uint8_t)hzt_random_below(r, 6) };

	hzt_random_fill(r, ref.root.b, ID_LEN);
	return ref;
}

static inline void random_xattrs(struct hzt_random *r, struct arena *a, struct entry *e)
{
	uint32_t n = (uint32_t)hzt_random_below(r, 6);
	struct xattr *list = arena_alloc(a, n * sizeof(*list));

	assert_non_null(list);
	for (uint32_t i = 0; i < n; i++) {
		char *name = arena_alloc(a, 64);

		assert_non_null(name);
		(void)snprintf(name, 64, "user.%u.%u", i, (unsigned)hzt_random_below(r, 1000000));
		list[i].name = name;
		list[i].len = (uint32_t)some(r, 10);
		list[i].value = random_bytes(r, a, list[i].len, false);
	}
	e->xattrs = list;
	e->n_xattrs = n;
}

static inline void random_content(struct hzt_random *r, struct arena *a, struct entry *e)
{
	struct chunk_ref *chunks = arena_alloc(a, ENTRY_INLINE_CHUNKS * sizeof(*chunks));
	struct extent *extents = arena_alloc(a, ENTRY_INLINE_EXTENTS * sizeof(*extents));
	uint64_t at = 0;

	assert_true(chunks && extents);
	e->n_chunks = (uint32_t)hzt_random_below(r, ENTRY_INLINE_CHUNKS + 1);
	for (uint32_t i = 0; i < e->n_chunks; i++) {
		hzt_random_fill(r, chunks[i].id.b, ID_LEN);
		chunks[i].len = (uint32_t)some(r, 31) + 1;
	}
	e->has_chunk_list = e->n_chunks == 0 && maybe(r);
	e->chunk_list = random_list(r);
	e->has_extent_list = maybe(r);
	e->extent_list = random_list(r);
	e->has_extents = !e->has_extent_list && maybe(r);
	e->n_extents = e->has_extents ? (uint32_t)hzt_random_below(r, ENTRY_INLINE_EXTENTS + 1) : 0;
	for (uint32_t i = 0; i < e->n_extents; i++) {
		extents[i].off = at + some(r, 40) + (i > 0);
		extents[i].len = some(r, 40) + 1;
		at = extents[i].off + extents[i].len;
	}
	e->size = at + some(r, 40);
	e->chunks = chunks;
	e->extents = extents;
}

static inline void random_of_type(struct hzt_random *r, struct arena *a, struct entry *e)
{
	switch (e->mode & S_IFMT) {
	case S_IFREG:
		random_content(r, a, e);
		break;
	case S_IFDIR:
		e->has_tree = maybe(r);
		e->tree = random_list(r);
		e->flags = (uint32_t)hzt_random_below(r, 8);
		break;
	case S_IFLNK:
		e->link_len = (uint32_t)some(r, 12) + 1;
		e->link = random_bytes(r, a, e->link_len, true);
		break;
	case S_IFCHR:
	case S_IFBLK:
		e->rdev_major = (uint32_t)some(r, 32);
		e->rdev_minor = (uint32_t)some(r, 32);
		break;
	default:
		break;
	}
	if (S_ISREG(e->mode) || S_ISDIR(e->mode))
		e->inode_flags = (uint32_t)some(r, 32);
	else
		e->flags = maybe(r) ? ENTRY_CHANGED : 0;
	e->has_hardlink = !S_ISDIR(e->mode) && maybe(r);
	hzt_random_fill(r, e->hardlink.b, ID_LEN);
}

static inline struct entry random_entry(struct hzt_random *r, struct arena *a)
{
	static const uint32_t types[] = { S_IFREG, S_IFREG, S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO,
		S_IFSOCK };
	struct entry e = { .mode = types[hzt_random_below(r, ARRAY_LEN(types))] |
			(uint32_t)hzt_random_below(r, 010000) };

	e.name_len = (uint32_t)hzt_random_below(r, ENTRY_NAME_MAX) + 1;
	e.name = random_bytes(r, a, e.name_len, true);
	e.uid = maybe(r) ? (uint32_t)some(r, 32) : 0;
	e.gid = maybe(r) ? (uint32_t)some(r, 32) : 0;
	e.user = (const char *)random_bytes(r, a, (size_t)hzt_random_below(r, 256), true);
	e.group = (const char *)random_bytes(r, a, (size_t)hzt_random_below(r, 256), true);
	e.mtime_sec = maybe(r) ? (int64_t)some(r, 63) : -(int64_t)some(r, 63);
	e.mtime_nsec = (uint32_t)hzt_random_below(r, 1000000000);
	e.has_btime = maybe(r);
	e.btime_sec = -(int64_t)some(r, 40);
	e.btime_nsec = (uint32_t)hzt_random_below(r, 1000000000);
	random_of_type(r, a, &e);
	random_xattrs(r, a, &e);
	return e;
}

static inline void assert_list_equal(bool has_a, const struct list_ref *a, bool has_b, const struct list_ref *b)
{
	assert_int_equal(has_a, has_b);
	if (!has_a)
		return;
	assert_int_equal(a->level, b->level);
	assert_memory_equal(a->root.b, b->root.b, ID_LEN);
}

static inline void assert_content_equal(const struct entry *a, const struct entry *b)
{
	assert_int_equal(a->n_chunks, b->n_chunks);
	for (uint32_t i = 0; i < a->n_chunks; i++) {
		assert_memory_equal(a->chunks[i].id.b, b->chunks[i].id.b, ID_LEN);
		assert_int_equal(a->chunks[i].len, b->chunks[i].len);
	}
	if (a->has_extents != b->has_extents) {
		/* Left out because it says nothing. */
		assert_true(a->has_extents && !b->has_extents);
		assert_true(a->n_extents ? a->extents[0].len == a->size : a->size == 0);
	} else {
		assert_int_equal(a->n_extents, b->n_extents);
		for (uint32_t i = 0; i < a->n_extents; i++) {
			assert_true(a->extents[i].off == b->extents[i].off);
			assert_true(a->extents[i].len == b->extents[i].len);
		}
	}
	assert_list_equal(a->has_chunk_list, &a->chunk_list, b->has_chunk_list, &b->chunk_list);
	assert_list_equal(a->has_extent_list, &a->extent_list, b->has_extent_list, &b->extent_list);
	assert_list_equal(a->has_tree, &a->tree, b->has_tree, &b->tree);
}

static inline void assert_entry_equal(const struct entry *a, const struct entry *b)
{
	assert_int_equal(a->name_len, b->name_len);
	assert_memory_equal(a->name, b->name, a->name_len);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->gid, b->gid);
	assert_string_equal(a->user, b->user);
	assert_string_equal(a->group, b->group);
	assert_true(a->mtime_sec == b->mtime_sec && a->mtime_nsec == b->mtime_nsec);
	assert_int_equal(a->has_btime, b->has_btime);
	assert_true(!a->has_btime || (a->btime_sec == b->btime_sec && a->btime_nsec == b->btime_nsec));
	assert_true(a->size == b->size);
	assert_true(a->rdev_major == b->rdev_major && a->rdev_minor == b->rdev_minor);
	assert_int_equal(a->link_len, b->link_len);
	assert_true(a->link_len == 0 || memcmp(a->link, b->link, a->link_len) == 0);
	assert_int_equal(a->has_hardlink, b->has_hardlink);
	assert_true(!a->has_hardlink || id_eq(&a->hardlink, &b->hardlink));
	assert_int_equal(a->inode_flags, b->inode_flags);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->n_xattrs, b->n_xattrs);
	for (uint32_t i = 0; i < a->n_xattrs; i++) {
		assert_string_equal(a->xattrs[i].name, b->xattrs[i].name);
		assert_int_equal(a->xattrs[i].len, b->xattrs[i].len);
		assert_memory_equal(a->xattrs[i].value, b->xattrs[i].value, a->xattrs[i].len);
	}
	assert_content_equal(a, b);
}

#endif
