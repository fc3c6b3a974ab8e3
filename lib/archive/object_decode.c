/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the container: finds damage by the blocks' checksums, mends it by parity, and hands out only a stream that
 * agrees with both (docs/format/container.md, "Reading"). Input is never trusted: its size bounds what is allocated
 * before anything is verified.
 */
#include "archive/object.h"
#include "archive/object_checksum.h"
#include "archive/object_parity.h"
#include "base/codec.h"
#include <string.h>

/* An object on its way from bytes to a stream. */
struct reading {
	uint8_t *blocks; /* n blocks: the caller's bytes or copy */
	struct buf copy; /* when the length was wrong */
	bool *bad;       /* per block */
	uint32_t n;
	uint32_t bad_blocks;
};

static void reading_release(struct reading *r)
{
	buf_release(&r->copy);
	free(r->bad);
}

static bool block_is_good(const struct object_checksum *c, uint32_t index, const uint8_t *block)
{
	return get_le64(block + OBJECT_PAYLOAD) == object_checksum_block(c, index, block);
}

static size_t blocks_of(size_t len)
{
	return len / OBJECT_BLOCK + (len % OBJECT_BLOCK != 0);
}

/* Block 0 says how many there are, when it verifies with that number; else the size does. 0: no number is possible. */
static uint32_t count_blocks(const char *name, const uint8_t *data, size_t len)
{
	size_t by_size = blocks_of(len);

	if (len >= OBJECT_BLOCK) {
		uint32_t stated = get_le32(data + 12);
		struct object_checksum c = object_checksum_of(name, stated);

		if (object_data_blocks(stated) > 0 && block_is_good(&c, 0, data))
			return stated;
	}
	return by_size > OBJECT_BLOCKS_MAX || by_size < OBJECT_BLOCKS_MIN ? 0 : (uint32_t)by_size;
}

/* Makes r->blocks hold n blocks, what is missing as zeros. */
static int take_blocks(struct reading *r, uint8_t *data, size_t len, hz_error **err)
{
	size_t want = (size_t)r->n * OBJECT_BLOCK;

	r->bad = calloc(r->n, sizeof(*r->bad));
	if (!r->bad)
		return err_nomem(err);
	if (len == want) {
		r->blocks = data;
		return 0;
	}
	if (buf_append(&r->copy, data, len < want ? len : want) < 0 ||
		buf_append_zero(&r->copy, want - r->copy.len) < 0)
		return err_nomem(err);
	r->blocks = r->copy.data;
	return 0;
}

static void find_bad(struct reading *r, const char *name, size_t len)
{
	struct object_checksum c = object_checksum_of(name, r->n);

	for (uint32_t i = 0; i < r->n; i++) {
		r->bad[i] = !block_is_good(&c, i, r->blocks + (size_t)i * OBJECT_BLOCK);
		r->bad_blocks += r->bad[i];
	}
	/* Too long, or cut inside zeros: no block shows it, yet the object is not as it was written. */
	if (r->bad_blocks == 0 && len != (size_t)r->n * OBJECT_BLOCK)
		r->bad_blocks = 1;
}

static int mend(struct reading *r, const char *name, hz_error **err)
{
	struct object_checksum c = object_checksum_of(name, r->n);
	struct object_parity e = OBJECT_PARITY_INIT;
	struct object_layout l = object_layout_of(r->n, r->blocks, OBJECT_BLOCK, NULL, OBJECT_BLOCK);

	l.parity = r->blocks + (size_t)l.data_blocks * OBJECT_BLOCK;
	for (uint32_t s = 0; s < l.stripes; s++) {
		if (object_parity_mend(&e, &l, s, r->bad))
			continue;
		if (r->bad_blocks == 0)
			return err_set(err, HZ_E_CORRUPT, "parity does not agree with the data");
		return err_set(err, HZ_E_CORRUPT, "%u of %u blocks are damaged, more than parity can mend",
			r->bad_blocks, r->n);
	}
	for (uint32_t i = 0; i < r->n; i++) {
		uint8_t *b = r->blocks + (size_t)i * OBJECT_BLOCK;

		if (r->bad[i])
			put_le64(b + OBJECT_PAYLOAD, object_checksum_block(&c, i, b));
	}
	return 0;
}

static int gather_sums(struct buf *sums, const struct reading *r, hz_error **err)
{
	uint8_t *out = buf_extend(sums, (size_t)r->n * 8);

	if (!out)
		return err_nomem(err);
	for (uint32_t i = 0; i < r->n; i++)
		memcpy(out + (size_t)i * 8, r->blocks + (size_t)i * OBJECT_BLOCK + OBJECT_PAYLOAD, 8);
	return 0;
}

/* The payloads put together, in the same memory where that may be kept. */
static int gather(struct buf *stream, const struct reading *r, uint8_t **taken, hz_error **err)
{
	uint32_t d = object_data_blocks(r->n);
	size_t len = (size_t)d * OBJECT_PAYLOAD;
	uint8_t *out;

	if (taken && r->blocks == *taken) {
		*stream = (struct buf){ .data = TAKE(*taken), .len = len, .cap = (size_t)r->n * OBJECT_BLOCK };
		out = stream->data;
	} else {
		out = buf_extend(stream, len);
	}
	if (!out)
		return err_nomem(err);
	for (uint32_t i = 0; i < d; i++)
		memmove(out + (size_t)i * OBJECT_PAYLOAD, r->blocks + (size_t)i * OBJECT_BLOCK, OBJECT_PAYLOAD);
	return 0;
}

static int verify_stream(
	struct object_header *h, const struct buf *stream, uint32_t n, const char *name, hz_error **err)
{
	int rc = object_header_decode(h, stream->data, err);
	size_t end, rest;

	if (rc < 0)
		return rc;
	if (strcmp(h->name, name) != 0 || h->blocks != n)
		return err_set(err, HZ_E_CORRUPT, "header is that of \"%s\", %u blocks", h->name, h->blocks);
	end = OBJECT_HEADER + (size_t)h->length;
	rest = stream->len - end;
	if (rest > 0 && (stream->data[end] != 0 || memcmp(stream->data + end, stream->data + end + 1, rest - 1) != 0))
		return err_set(err, HZ_E_CORRUPT, "padding is not zero");
	return 0;
}

/* All that object_decode does but telling a later version from damage. */
static int decode(struct object *o, const char *name, uint8_t *data, size_t len, uint8_t **taken, hz_error **err)
{
	AUTO_IN(reading_release) struct reading r = { .copy = BUF_INIT, .n = count_blocks(name, data, len) };
	AUTO_IN(buf_release) struct buf stream = BUF_INIT;
	AUTO_IN(buf_release) struct buf sums = BUF_INIT;
	struct object_header h;
	int rc;

	/* No more may be missing than there is parity: so a number that was made up cannot make us allocate much. */
	if (r.n == 0 || blocks_of(len) < object_data_blocks(r.n)) {
		o->health.bad_blocks = r.n == 0 ? 1 : r.n - (uint32_t)blocks_of(len);
		return err_set(err, HZ_E_CORRUPT, "%zu bytes are too few or too many", len);
	}
	rc = take_blocks(&r, data, len, err);
	if (rc < 0)
		return rc;
	find_bad(&r, name, len);
	o->health.bad_blocks = r.bad_blocks;
	rc = mend(&r, name, err);
	if (rc == 0)
		rc = gather_sums(&sums, &r, err);
	if (rc == 0)
		rc = gather(&stream, &r, taken, err);
	if (rc == 0)
		rc = verify_stream(&h, &stream, r.n, name, err);
	if (rc < 0)
		return rc;
	object_release(o);
	o->stream = stream;
	o->sums = sums;
	stream = sums = (struct buf)BUF_INIT;
	o->header = h;
	o->body = o->stream.data + OBJECT_HEADER;
	o->health.repaired = r.bad_blocks > 0;
	return 0;
}

static int decode_any(struct object *o, const char *name, uint8_t *data, size_t len, uint8_t **taken, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	/* Asked first: mending writes into data. */
	unsigned later = len >= OBJECT_HEADER && object_header_is_later(data) ? data[9] : 0;
	int rc;

	o->health = (struct object_health){ 0 };
	rc = decode(o, name, data, len, taken, &why);
	if (rc == 0)
		return 0;
	/* A later version may protect its bytes in another way: ours cannot call them damaged, nor anybody treat them
	 * as absent. */
	if (rc == HZ_E_CORRUPT && later > 0)
		return err_set(err, HZ_E_TOONEW, "container version %u is later than %u", later, OBJECT_VERSION);
	if (err && !*err)
		*err = TAKE(why);
	return rc;
}

int object_decode(struct object *o, const char *name, uint8_t *data, size_t len, hz_error **err)
{
	return decode_any(o, name, data, len, NULL, err);
}

int object_decode_own(struct object *o, const char *name, uint8_t *data, size_t len, hz_error **err)
{
	AUTO_FREE uint8_t *own = data;

	return decode_any(o, name, data, len, &own, err);
}

void object_release(struct object *o)
{
	buf_release(&o->stream);
	buf_release(&o->sums);
	o->body = NULL;
}

bool object_unwrap(const char *name, uint32_t n, uint32_t first, uint32_t count, uint8_t *in)
{
	struct object_checksum c = object_checksum_of(name, n);

	for (uint32_t i = 0; i < count; i++)
		if (!block_is_good(&c, first + i, in + (size_t)i * OBJECT_BLOCK))
			return false;
	for (uint32_t i = 1; i < count; i++)
		memmove(in + (size_t)i * OBJECT_PAYLOAD, in + (size_t)i * OBJECT_BLOCK, OBJECT_PAYLOAD);
	return true;
}
