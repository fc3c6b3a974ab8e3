/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An entry out of its bytes (docs/format/tree.md, Entry). Invariant: what is decoded without unknown fields and encoded
 * again gives the same bytes; for that every field is refused that the encoder would have left out or written
 * otherwise.
 */
#include "archive/entry_internal.h"
#include "base/codec.h"

#define CHUNK_REF_LEN   (ID_LEN + 4)
#define MIN_XATTR_BYTES 3 /* two lengths and a name of one byte */

/* Each take_ returns false when the value is not what the encoder would have written. */
struct decoding {
	struct entry e;
	struct arena *arena;
	bool nomem, too_new;
};

/* At least one byte: len is at least one wherever this is asked. */
static void *take_memory(struct decoding *c, size_t len)
{
	void *p = arena_alloc(c->arena, len);

	if (!p)
		c->nomem = true;
	return p;
}

static const char *take_chars(struct decoding *c, const uint8_t *p, size_t len)
{
	char *s;

	if (len == 0 || memchr(p, 0, len))
		return NULL;
	s = take_memory(c, len + 1);
	if (!s)
		return NULL;
	memcpy(s, p, len);
	s[len] = 0;
	return s;
}

static bool take_text(struct decoding *c, struct dec *v, const char **ret)
{
	size_t len = dec_left(v);
	const char *s = len <= ENTRY_OWNER_MAX ? take_chars(c, dec_bytes(v, len), len) : NULL;

	if (s)
		*ret = s;
	return s != NULL;
}

static bool take_rest(struct dec *v, const uint8_t **ret, uint32_t *ret_len, size_t max)
{
	size_t len = dec_left(v);

	if (len == 0 || len > max)
		return false;
	*ret = dec_bytes(v, len);
	*ret_len = (uint32_t)len;
	return true;
}

static bool take_u32(struct dec *v, uint32_t *ret)
{
	uint64_t n = dec_var(v);

	*ret = (uint32_t)n;
	return n != 0 && n <= UINT32_MAX;
}

static bool take_time(struct dec *v, int64_t *sec, uint32_t *nsec)
{
	uint64_t n;

	*sec = dec_svar(v);
	n = dec_var(v);
	*nsec = (uint32_t)n;
	return n < ENTRY_NSEC;
}

static bool take_rdev(struct dec *v, struct entry *e)
{
	uint64_t major = dec_var(v), minor = dec_var(v);

	e->rdev_major = (uint32_t)major;
	e->rdev_minor = (uint32_t)minor;
	return (major || minor) && major <= UINT32_MAX && minor <= UINT32_MAX;
}

static bool take_list(struct dec *v, bool *present, struct list_ref *ref)
{
	*present = true;
	ref->level = dec_u8(v);
	dec_copy(v, ref->root.b, ID_LEN);
	return true;
}

static bool take_xattr(struct decoding *c, struct dec *v, struct xattr *x)
{
	size_t name_len = 0, len = 0;
	const uint8_t *name = dec_blob(v, ENTRY_XATTR_NAME_MAX, &name_len);

	x->value = dec_blob(v, ENTRY_XATTRS_MAX, &len);
	if (v->bad)
		return false;
	x->len = (uint32_t)len;
	x->name = take_chars(c, name, name_len);
	return x->name != NULL;
}

static bool take_xattrs(struct decoding *c, struct dec *v)
{
	uint64_t n = dec_count(v, MIN_XATTR_BYTES);
	struct xattr *list;

	if (n == 0 || n > ENTRY_XATTRS_MAX)
		return false;
	list = take_memory(c, n * sizeof(*list));
	if (!list)
		return false;
	for (uint64_t i = 0; i < n; i++)
		if (!take_xattr(c, v, &list[i]))
			return false;
	c->e.xattrs = list;
	c->e.n_xattrs = (uint32_t)n;
	return true;
}

static bool take_flags(struct decoding *c, struct dec *v)
{
	uint64_t n = dec_var(v);

	if (!v->bad && (n & ~(uint64_t)ENTRY_FLAGS_ALL))
		c->too_new = true;
	c->e.flags = (uint32_t)n;
	return n != 0 && !c->too_new;
}

static bool take_chunks(struct decoding *c, struct dec *v)
{
	uint64_t n = dec_count(v, CHUNK_REF_LEN);
	struct chunk_ref *list;

	if (n == 0 || n > ENTRY_INLINE_CHUNKS)
		return false;
	list = take_memory(c, n * sizeof(*list));
	if (!list)
		return false;
	for (uint64_t i = 0; i < n; i++) {
		dec_copy(v, list[i].id.b, ID_LEN);
		list[i].len = dec_u32(v);
	}
	c->e.chunks = list;
	c->e.n_chunks = (uint32_t)n;
	return true;
}

/* Sums may not pass 2^64: entry_check sees what is out of order, but not what came round. */
static bool take_extents(struct decoding *c, struct dec *v)
{
	uint64_t n = dec_count(v, 2), at = 0;
	struct extent *list = NULL;

	if (v->bad || n > ENTRY_INLINE_EXTENTS)
		return false;
	if (n > 0) {
		list = take_memory(c, n * sizeof(*list));
		if (!list)
			return false;
	}
	for (uint64_t i = 0; i < n; i++) {
		uint64_t gap = dec_var(v);

		list[i].len = dec_var(v);
		if (__builtin_add_overflow(at, gap, &list[i].off) ||
			__builtin_add_overflow(list[i].off, list[i].len, &at))
			return false;
	}
	c->e.has_extents = true;
	c->e.extents = list;
	c->e.n_extents = (uint32_t)n;
	return !entry_extents_are_default(&c->e);
}

static bool take_content_field(struct decoding *c, uint8_t tag, struct dec *v)
{
	struct entry *e = &c->e;

	switch (tag) {
	case TAG_CHUNKS:
		return take_chunks(c, v);
	case TAG_CHUNK_LIST:
		return take_list(v, &e->has_chunk_list, &e->chunk_list);
	case TAG_EXTENTS:
		return take_extents(c, v);
	case TAG_EXTENT_LIST:
		return take_list(v, &e->has_extent_list, &e->extent_list);
	case TAG_TREE:
		return take_list(v, &e->has_tree, &e->tree);
	default:
		c->too_new = true;
		return false;
	}
}

static bool take_field(struct decoding *c, uint8_t tag, struct dec *v)
{
	struct entry *e = &c->e;

	switch (tag) {
	case TAG_NAME:
		return take_rest(v, &e->name, &e->name_len, ENTRY_NAME_MAX);
	case TAG_MODE:
		return take_u32(v, &e->mode);
	case TAG_UID:
		return take_u32(v, &e->uid);
	case TAG_GID:
		return take_u32(v, &e->gid);
	case TAG_USER:
		return take_text(c, v, &e->user);
	case TAG_GROUP:
		return take_text(c, v, &e->group);
	case TAG_MTIME:
		return take_time(v, &e->mtime_sec, &e->mtime_nsec) && (e->mtime_sec || e->mtime_nsec);
	case TAG_BTIME:
		e->has_btime = true;
		return take_time(v, &e->btime_sec, &e->btime_nsec);
	case TAG_SIZE:
		e->size = dec_var(v);
		return e->size != 0;
	case TAG_RDEV:
		return take_rdev(v, e);
	case TAG_LINK:
		return take_rest(v, &e->link, &e->link_len, ENTRY_LINK_MAX);
	case TAG_HARDLINK:
		e->has_hardlink = true;
		dec_copy(v, e->hardlink.b, ID_LEN);
		return true;
	case TAG_INODE_FLAGS:
		return take_u32(v, &e->inode_flags);
	case TAG_XATTRS:
		return take_xattrs(c, v);
	case TAG_FLAGS:
		return take_flags(c, v);
	default:
		return take_content_field(c, tag, v);
	}
}

static int take_fields(struct decoding *c, struct dec *d, hz_error **err)
{
	unsigned prev = 0;

	while (dec_left(d) > 0) {
		uint8_t tag = dec_u8(d);
		size_t len = 0;
		const uint8_t *value = dec_blob(d, ENTRY_MAX, &len);
		struct dec v;

		if (d->bad || tag <= prev)
			return err_set(err, HZ_E_CORRUPT, "entry: fields cut off or out of order");
		prev = tag;
		if (tag & TAG_MAY_IGNORE)
			continue;
		v = dec_of(value, len);
		if (take_field(c, tag, &v) && dec_done(&v))
			continue;
		if (c->nomem)
			return err_nomem(err);
		if (c->too_new)
			return err_set(err, HZ_E_TOONEW, "entry: field %u is not known", (unsigned)tag);
		return err_set(err, HZ_E_CORRUPT, "entry: value of field %u", (unsigned)tag);
	}
	return dec_done(d) ? 0 : err_set(err, HZ_E_CORRUPT, "entry: cut off");
}

int entry_decode(struct entry *e, struct arena *a, const uint8_t *data, size_t len, hz_error **err)
{
	struct decoding c = { .e = { .user = "", .group = "" }, .arena = a };
	struct dec d = dec_of(data, len);
	const char *bad;
	int rc;

	if (len > ENTRY_MAX)
		return err_set(err, HZ_E_CORRUPT, "entry: %zu bytes long", len);
	rc = take_fields(&c, &d, err);
	if (rc < 0)
		return rc;
	bad = entry_check(&c.e);
	if (bad)
		return err_set(err, HZ_E_CORRUPT, "entry: %s", bad);
	*e = c.e;
	return 0;
}
