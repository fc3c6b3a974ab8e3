/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of an entry (docs/format/tree.md, Entry). Invariant: one entry has one encoding, and nothing is written
 * that the decoder would refuse; on failure the buffer is as it was.
 */
#include "archive/entry_internal.h"
#include "base/codec.h"

/* The value is written in place and its length put before it afterwards. */
static size_t field_begin(struct enc *o, uint8_t tag)
{
	enc_u8(o, tag);
	return o->b->len;
}

static void field_end(struct enc *o, size_t start)
{
	size_t len = o->b->len - start, n;
	uint8_t var[VAR_MAX];

	if (o->bad)
		return;
	n = entry_put_var(var, len);
	if (!buf_extend(o->b, n)) {
		o->bad = true;
		return;
	}
	memmove(o->b->data + start + n, o->b->data + start, len);
	memcpy(o->b->data + start, var, n);
}

static void field_bytes(struct enc *o, uint8_t tag, const void *data, size_t len)
{
	if (len == 0)
		return;
	enc_u8(o, tag);
	enc_blob(o, data, len);
}

static void field_text(struct enc *o, uint8_t tag, const char *s)
{
	if (s)
		field_bytes(o, tag, s, strlen(s));
}

static void field_var(struct enc *o, uint8_t tag, uint64_t v)
{
	size_t start;

	if (v == 0)
		return;
	start = field_begin(o, tag);
	enc_var(o, v);
	field_end(o, start);
}

static void field_time(struct enc *o, uint8_t tag, bool present, int64_t sec, uint32_t nsec)
{
	size_t start;

	if (!present)
		return;
	start = field_begin(o, tag);
	enc_svar(o, sec);
	enc_var(o, nsec);
	field_end(o, start);
}

static void field_rdev(struct enc *o, const struct entry *e)
{
	size_t start;

	if (!e->rdev_major && !e->rdev_minor)
		return;
	start = field_begin(o, TAG_RDEV);
	enc_var(o, e->rdev_major);
	enc_var(o, e->rdev_minor);
	field_end(o, start);
}

static void field_list(struct enc *o, uint8_t tag, bool present, const struct list_ref *ref)
{
	size_t start;

	if (!present)
		return;
	start = field_begin(o, tag);
	enc_u8(o, ref->level);
	enc_bytes(o, ref->root.b, ID_LEN);
	field_end(o, start);
}

static void field_xattrs(struct enc *o, const struct entry *e)
{
	size_t start;

	if (e->n_xattrs == 0)
		return;
	start = field_begin(o, TAG_XATTRS);
	enc_var(o, e->n_xattrs);
	for (uint32_t i = 0; i < e->n_xattrs; i++) {
		enc_blob(o, e->xattrs[i].name, strlen(e->xattrs[i].name));
		enc_blob(o, e->xattrs[i].value, e->xattrs[i].len);
	}
	field_end(o, start);
}

static void field_chunks(struct enc *o, const struct entry *e)
{
	size_t start;

	if (e->n_chunks == 0)
		return;
	start = field_begin(o, TAG_CHUNKS);
	enc_var(o, e->n_chunks);
	for (uint32_t i = 0; i < e->n_chunks; i++) {
		enc_bytes(o, e->chunks[i].id.b, ID_LEN);
		enc_u32(o, e->chunks[i].len);
	}
	field_end(o, start);
}

static void field_extents(struct enc *o, const struct entry *e)
{
	uint64_t at = 0;
	size_t start;

	if (entry_extents_are_default(e))
		return;
	start = field_begin(o, TAG_EXTENTS);
	enc_var(o, e->n_extents);
	for (uint32_t i = 0; i < e->n_extents; i++) {
		enc_var(o, e->extents[i].off - at);
		enc_var(o, e->extents[i].len);
		at = e->extents[i].off + e->extents[i].len;
	}
	field_end(o, start);
}

static void put_fields(struct enc *o, const struct entry *e)
{
	field_bytes(o, TAG_NAME, e->name, e->name_len);
	field_var(o, TAG_MODE, e->mode);
	field_var(o, TAG_UID, e->uid);
	field_var(o, TAG_GID, e->gid);
	field_text(o, TAG_USER, e->user);
	field_text(o, TAG_GROUP, e->group);
	field_time(o, TAG_MTIME, e->mtime_sec || e->mtime_nsec, e->mtime_sec, e->mtime_nsec);
	field_time(o, TAG_BTIME, e->has_btime, e->btime_sec, e->btime_nsec);
	field_var(o, TAG_SIZE, e->size);
	field_rdev(o, e);
	field_bytes(o, TAG_LINK, e->link, e->link_len);
	if (e->has_hardlink)
		field_bytes(o, TAG_HARDLINK, e->hardlink.b, ID_LEN);
	field_var(o, TAG_INODE_FLAGS, e->inode_flags);
	field_xattrs(o, e);
	field_var(o, TAG_FLAGS, e->flags);
	field_chunks(o, e);
	field_list(o, TAG_CHUNK_LIST, e->has_chunk_list, &e->chunk_list);
	field_extents(o, e);
	field_list(o, TAG_EXTENT_LIST, e->has_extent_list, &e->extent_list);
	field_list(o, TAG_TREE, e->has_tree, &e->tree);
}

int entry_encode(struct buf *out, const struct entry *e, hz_error **err)
{
	const char *bad = entry_check(e);
	const size_t start = out->len;
	struct enc o = enc_to(out);
	int rc = 0;

	if (bad)
		return err_set(err, HZ_E_INVAL, "entry cannot be written: %s", bad);
	put_fields(&o, e);
	if (o.bad)
		rc = err_nomem(err);
	else if (out->len - start > ENTRY_MAX)
		rc = err_set(err, HZ_E_INVAL, "entry cannot be written: too long");
	if (rc < 0)
		out->len = start;
	return rc;
}
