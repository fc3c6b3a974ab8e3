/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading packs (docs/format/pack.md). Ranges first; when bytes do not verify, the whole pack is read and mended
 * through its parity. */
#include "archive/pack.h"
#include <string.h>
#include <zstd.h>

#define HEAD_BLOCKS  16u /* 64 KiB: every pack has that many */
#define RANGE_BLOCKS 16u /* partial reads are rounded to 64 KiB */

void pack_close(struct pack *p)
{
	if (!p)
		return;
	for (int r = PACK_META; r <= PACK_DATA; r++) {
		pack_table_release(&p->t[r]);
		aead_free(p->aead[r]);
	}
	buf_release(&p->whole);
	buf_release(&p->sums);
	buf_release(&p->stored);
	(void)ZSTD_freeDCtx(p->dctx);
	free(p);
}

/* ---- bytes ---- */

static uint32_t stream_end(const struct pack *p)
{
	return object_data_blocks(p->blocks) * OBJECT_PAYLOAD;
}

/* Reads, verifies and mends everything; from then on all reads come from memory. */
static int load_whole(struct pack *p, hz_error **err)
{
	AUTO_FREE uint8_t *data = NULL;
	struct object o = OBJECT_INIT;
	size_t len = 0;
	int rc;

	if (p->whole.data)
		return 0;
	rc = store_get_all(p->store, p->name.s, (size_t)OBJECT_BLOCKS_MAX * OBJECT_BLOCK, &data, &len, err);
	if (rc == 0)
		rc = object_decode_own(&o, p->name.s, TAKE(data), len, err);
	if (rc < 0) {
		p->health = o.health;
		object_release(&o);
		return rc;
	}
	p->health = o.health;
	p->blocks = o.header.blocks;
	p->whole = o.stream;
	p->sums = o.sums;
	return 0;
}

/* Bytes [off, off + len) of the payload stream into *at: borrowed from the whole pack, or read into tmp. Only the
 * blocks that hold them are verified: damage beside them, in what rounding reads too much, is no reason to give them
 * up. */
static int stream_range(struct pack *p, uint32_t off, uint32_t len, struct buf *tmp, const uint8_t **at, hz_error **err)
{
	uint32_t first = off / OBJECT_PAYLOAD, last = (off + len - 1) / OBJECT_PAYLOAD;
	uint32_t from = first - first % RANGE_BLOCKS, to = last + RANGE_BLOCKS - 1 - last % RANGE_BLOCKS;
	uint8_t *room;
	int rc;

	if (!p->whole.data) {
		if (to >= p->blocks)
			to = p->blocks - 1;
		buf_reset(tmp);
		room = buf_extend(tmp, (size_t)(to - from + 1) * OBJECT_BLOCK);
		if (!room)
			return err_nomem(err);
		rc = store_get(p->store, p->name.s, (uint64_t)from * OBJECT_BLOCK, room, tmp->len, err);
		room += (size_t)(first - from) * OBJECT_BLOCK;
		if (rc == 0 && object_unwrap(p->name.s, p->blocks, first, last - first + 1, room)) {
			*at = room + (off - first * OBJECT_PAYLOAD);
			return 0;
		}
		if (rc < 0 && rc != HZ_E_CORRUPT && rc != HZ_E_IO)
			return rc;
		err_clear(err);
		rc = load_whole(p, err);
		if (rc < 0)
			return rc;
	}
	*at = p->whole.data + off;
	return 0;
}

static int parse_head(
	struct pack *p, const uint8_t *stream, const struct repo_header *repo, uint64_t size, hz_error **err)
{
	struct object_header h;
	int rc = object_header_decode(&h, stream, err);

	if (rc < 0)
		return rc;
	if (h.type != OBJECT_PACK || strcmp(h.name, p->name.s) != 0 ||
		h.length != (uint64_t)object_data_blocks(h.blocks) * OBJECT_PAYLOAD - OBJECT_HEADER)
		return err_set(err, HZ_E_CORRUPT, "%s: not this pack", p->name.s);
	if (!uid_eq(&h.repo, &repo->id))
		return err_set(err, HZ_E_CORRUPT, "%s: belongs to another repository", p->name.s);
	if (h.suite != repo->suite)
		return err_set(
			err, HZ_E_TOONEW, "%s: suite %u in a repository of suite %u", p->name.s, h.suite, repo->suite);
	if (memcmp(stream + 128, p->uid.b, UID_LEN) != 0)
		return err_set(err, HZ_E_CORRUPT, "%s: not this pack", p->name.s);
	if (!p->whole.data && size != (uint64_t)h.blocks * OBJECT_BLOCK)
		return HZ_E_CORRUPT;
	p->blocks = h.blocks;
	memcpy(p->session.b, stream + 144, UID_LEN);
	memcpy(p->writer.b, stream + 160, UID_LEN);
	for (unsigned i = 176; i < 192; i++) {
		if (stream[i] != 0)
			return err_set(err, HZ_E_CORRUPT, "%s: malformed head", p->name.s);
	}
	return 0;
}

/* The first blocks: their number enters the checksums, so it is taken from the header they claim, then verified. */
static int open_head(struct pack *p, const struct repo_header *repo, uint64_t size, hz_error **err)
{
	AUTO_FREE uint8_t *head = malloc(OBJECT_BLOCK);
	int rc;

	if (!head)
		return err_nomem(err);
	rc = size < OBJECT_BLOCK ? HZ_E_CORRUPT : store_get(p->store, p->name.s, 0, head, OBJECT_BLOCK, err);
	if (rc == 0) {
		uint32_t blocks = get_le32(head + 12);

		if (!object_unwrap(p->name.s, blocks, 0, 1, head) || parse_head(p, head, repo, size, NULL) < 0)
			rc = HZ_E_CORRUPT;
	}
	if (rc != HZ_E_CORRUPT && rc != HZ_E_IO)
		return rc;
	err_clear(err);
	rc = load_whole(p, err);
	return rc < 0 ? rc : parse_head(p, p->whole.data, repo, size, err);
}

int pack_open(struct pack **ret, struct store *st, const struct repo_header *repo, const struct uid *uid, bool whole,
	hz_error **err)
{
	AUTO(pack_close) struct pack *p = calloc(1, sizeof(*p));
	uint64_t size = 0;
	int rc;

	if (!p)
		return err_nomem(err);
	p->uid = *uid;
	p->name = name_pack(uid);
	p->store = st;
	p->suite = repo->suite;
	p->repo = repo->id;
	if (whole) {
		rc = load_whole(p, err);
		if (rc == 0)
			rc = parse_head(p, p->whole.data, repo, 0, err);
	} else {
		rc = store_size(st, p->name.s, &size, err);
		if (rc == 0)
			rc = open_head(p, repo, size, err);
	}
	if (rc < 0)
		return rc;
	*ret = TAKE(p);
	return 0;
}

/* ---- decrypting ---- */

/* Decrypted where they were read, if they were: a second copy of a table would be as large as half of the pack. */
static int open_bytes(struct pack *p, enum pack_role role, enum pack_space space, uint64_t counter,
	const struct uid *writer, uint32_t off, uint32_t stored, struct buf *out, hz_error **err)
{
	uint8_t nonce[NONCE_LEN], ad[FRAME_AD_LEN];
	const uint8_t *at = NULL;
	size_t read_at = 0;
	uint8_t *room;
	int rc = stream_range(p, off, stored, out, &at, err);

	if (rc < 0)
		return rc;
	if (p->whole.data) {
		buf_reset(out);
		room = buf_extend(out, stored - TAG_LEN);
	} else {
		read_at = (size_t)(at - out->data);
		room = out->data + read_at;
	}
	if (!room)
		return err_nomem(err);
	frame_nonce(nonce, space, counter);
	frame_ad(ad, p->suite, &p->repo, writer, &p->uid, role, space, counter);
	if (aead_open(p->aead[role], room, nonce, ad, sizeof(ad), at, stored) < 0)
		return err_set(err, HZ_E_CORRUPT, "%s: bytes at %u do not decrypt", p->name.s, off);
	if (!p->whole.data) {
		memmove(out->data, out->data + read_at, stored - TAG_LEN);
		out->len = stored - TAG_LEN;
	}
	return 0;
}

int pack_open_table(struct pack *p, enum pack_role role, const uint8_t key[KEY_LEN], hz_error **err)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	uint32_t at, len, frames, members, end = stream_end(p);
	int rc = 0;

	if (p->t[role].loaded)
		return 0;
	if (!p->aead[role])
		rc = aead_new(&p->aead[role], p->suite, key, err);
	if (rc == 0)
		rc = open_bytes(p, role, SPACE_ROOT, 0, &p->writer, role == PACK_DATA ? 192 : 272, 80, &b, err);
	if (rc < 0)
		return rc;
	at = get_le32(b.data);
	len = get_le32(b.data + 4);
	frames = get_le32(b.data + 8);
	members = get_le32(b.data + 12);
	for (unsigned i = 16; i < 64; i++) {
		if (b.data[i] != 0)
			return err_set(err, HZ_E_CORRUPT, "%s: malformed root", p->name.s);
	}
	if (len == 0) {
		p->t[role].loaded = at == 0 && frames == 0 && members == 0;
		return p->t[role].loaded ? 0 : err_set(err, HZ_E_CORRUPT, "%s: malformed root", p->name.s);
	}
	if (at < PACK_FRAMES || len <= TAG_LEN || (uint64_t)at + len > end)
		return err_set(err, HZ_E_CORRUPT, "%s: malformed root", p->name.s);
	if (at + len > p->rest)
		p->rest = at + len;
	rc = open_bytes(p, role, SPACE_TABLE, 0, &p->writer, at, len, &b, err);
	if (rc == 0)
		rc = pack_table_decode(&p->t[role], b.data, b.len, role, end, err);
	if (rc < 0)
		return err_wrap(err, rc, "%s", p->name.s);
	if (p->t[role].n_frames != frames || p->t[role].n_members != members)
		return err_set(err, HZ_E_CORRUPT, "%s: root and table differ", p->name.s);
	return 0;
}

static int decompress(struct buf *out, struct pack *p, const struct pack_frame *f, hz_error **err)
{
	const struct buf *stored = &p->stored;
	size_t n;
	uint8_t *room;

	buf_reset(out);
	room = buf_extend(out, f->raw + (f->raw == 0));
	if (!room)
		return err_nomem(err);
	if (ZSTD_getFrameContentSize(stored->data, stored->len) != f->raw)
		return err_set(err, HZ_E_CORRUPT, "%s: frame at %u states another size", p->name.s, f->off);
	if (!p->dctx)
		p->dctx = ZSTD_createDCtx();
	if (!p->dctx)
		return err_nomem(err);
	n = ZSTD_decompressDCtx(p->dctx, room, f->raw, stored->data, stored->len);
	if (ZSTD_isError(n) || n != f->raw)
		return err_set(err, HZ_E_CORRUPT, "%s: frame at %u does not decompress", p->name.s, f->off);
	out->len = f->raw;
	return 0;
}

int pack_read_frame(struct pack *p, enum pack_role role, uint32_t i, struct buf *out, hz_error **err)
{
	const struct pack_frame *f;
	int rc;

	/* Who asks may have it from another table, of a pack that the store gave a moment ago. */
	if (i >= p->t[role].n_frames)
		return err_set(err, HZ_E_CORRUPT, "%s: has no frame %u", p->name.s, i);
	f = &p->t[role].frames[i];
	if (f->method != METHOD_ZSTD)
		return open_bytes(p, role, SPACE_FRAME, i, &f->writer, f->off, f->stored, out, err);
	rc = open_bytes(p, role, SPACE_FRAME, i, &f->writer, f->off, f->stored, &p->stored, err);
	return rc < 0 ? rc : decompress(out, p, f, err);
}

int pack_check_rest(struct pack *p, hz_error **err)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	const struct pack_table *t = &p->t[PACK_DATA];
	const struct pack_frame *last = t->n_frames ? &t->frames[t->n_frames - 1] : NULL;
	uint32_t end = stream_end(p);
	const uint8_t *at = NULL;
	unsigned sum = 0;
	int rc = 0;

	if (last && last->method == METHOD_PAD) {
		if (last->off + last->stored != end)
			return err_set(err, HZ_E_CORRUPT, "%s: its pad does not reach the end", p->name.s);
		rc = pack_read_frame(p, PACK_DATA, t->n_frames - 1, &b, err);
		for (size_t i = 0; rc == 0 && i < b.len; i++)
			sum |= b.data[i];
	} else if (p->rest > 0 && p->rest < end) {
		rc = stream_range(p, p->rest, end - p->rest, &b, &at, err);
		for (uint32_t i = 0; rc == 0 && i < end - p->rest; i++)
			sum |= at[i];
	}
	return rc < 0 ? rc : sum ? err_set(err, HZ_E_CORRUPT, "%s: its padding is not empty", p->name.s) : 0;
}
