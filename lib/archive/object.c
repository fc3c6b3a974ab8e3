/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making the container of stored objects: sizes, header, checksums (docs/format/container.md). Reading and mending are
 * in object_decode.c, the arithmetic of parity in object_parity.c. Nothing here interprets a body, and nothing needs a
 * key.
 */
#include "archive/object.h"
#include "archive/object_checksum.h"
#include "archive/object_parity.h"
#include "base/codec.h"
#include <assert.h>
#include <isa-l/crc64.h>
#include <string.h>

#define HEADER_NAME_AT 41u

static const uint8_t magic[8] = { 'h', 'o', 'z', 'e', 'n', '\r', '\n', 0x1a };

_Static_assert(HEADER_NAME_AT + OBJECT_NAME_MAX <= OBJECT_HEADER, "the longest name fits the header");
_Static_assert(OBJECT_PAYLOAD + 8 == OBJECT_BLOCK, "a checksum of eight bytes ends the block");

uint64_t crc64_xz(uint64_t crc, const void *data, size_t len)
{
	return crc64_ecma_refl(crc, data, len);
}

struct object_checksum object_checksum_of(const char *name, uint32_t n)
{
	return (struct object_checksum){ .prefix = crc64_xz(0, name, strlen(name) + 1), .n = n };
}

uint64_t object_checksum_block(const struct object_checksum *c, uint32_t index, const uint8_t *payload)
{
	uint8_t place[8];

	put_le32(place, index);
	put_le32(place + 4, c->n);
	return crc64_xz(crc64_xz(c->prefix, place, sizeof(place)), payload, OBJECT_PAYLOAD);
}

static uint32_t stripes_of(uint32_t n)
{
	return (n + OBJECT_STRIPE - 1) / OBJECT_STRIPE;
}

uint32_t object_data_blocks(uint32_t n)
{
	return n < OBJECT_BLOCKS_MIN || n > OBJECT_BLOCKS_MAX ? 0 : n - 2 * stripes_of(n);
}

uint32_t object_blocks_for(uint64_t stream_len)
{
	const uint32_t per_stripe = OBJECT_STRIPE - 2;
	uint64_t d, n;

	if (stream_len > (uint64_t)OBJECT_BLOCKS_MAX * OBJECT_PAYLOAD)
		return 0;
	d = stream_len == 0 ? 1 : (stream_len + OBJECT_PAYLOAD - 1) / OBJECT_PAYLOAD;
	n = d + 2 * ((d + per_stripe - 1) / per_stripe);
	return n > OBJECT_BLOCKS_MAX ? 0 : (uint32_t)n;
}

uint32_t object_blocks_padded(uint64_t stream_len)
{
	for (uint32_t n = OBJECT_SIZE_PADDED / OBJECT_BLOCK; n <= OBJECT_BLOCKS_MAX; n *= 2)
		if ((uint64_t)object_data_blocks(n) * OBJECT_PAYLOAD >= stream_len)
			return n;
	return 0;
}

void object_header_encode(uint8_t out[OBJECT_HEADER], const struct object_header *h)
{
	size_t name_len = strnlen(h->name, sizeof(h->name));

	assert(name_len > 0 && name_len <= OBJECT_NAME_MAX);
	memset(out, 0, OBJECT_HEADER);
	memcpy(out, magic, sizeof(magic));
	out[8] = h->type;
	out[9] = OBJECT_VERSION;
	out[10] = h->suite;
	put_le32(out + 12, h->blocks);
	put_le64(out + 16, h->length);
	memcpy(out + 24, h->repo.b, UID_LEN);
	out[40] = (uint8_t)name_len;
	memcpy(out + HEADER_NAME_AT, h->name, name_len);
}

static bool is_zero(const uint8_t *p, size_t len)
{
	return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

bool object_header_is_later(const uint8_t in[OBJECT_HEADER])
{
	return memcmp(in, magic, sizeof(magic)) == 0 && in[9] > OBJECT_VERSION;
}

/* Blocks and length fit each other; the body of a pack takes all there is, so that its length tells nothing. */
static bool size_is_valid(const struct object_header *h)
{
	uint64_t room = (uint64_t)object_data_blocks(h->blocks) * OBJECT_PAYLOAD;

	if (room == 0 || h->length > room - OBJECT_HEADER)
		return false;
	return h->type != OBJECT_PACK || h->length == room - OBJECT_HEADER;
}

int object_header_decode(struct object_header *h, const uint8_t in[OBJECT_HEADER], hz_error **err)
{
	struct object_header r = {
		.type = in[8], .suite = in[10], .blocks = get_le32(in + 12), .length = get_le64(in + 16)
	};
	size_t name_len = in[40];

	if (memcmp(in, magic, sizeof(magic)) != 0)
		return err_set(err, HZ_E_CORRUPT, "not an object of ours");
	if (object_header_is_later(in))
		return err_set(err, HZ_E_TOONEW, "container version %u is later than %u", in[9], OBJECT_VERSION);
	if (in[9] != OBJECT_VERSION || r.type == 0 || r.suite == 0 || in[11] != 0)
		return err_set(err, HZ_E_CORRUPT, "header is malformed");
	if (r.type > OBJECT_KEYFILE)
		return err_set(err, HZ_E_TOONEW, "object type %u is not known", r.type);
	if (!size_is_valid(&r))
		return err_set(err, HZ_E_CORRUPT, "header states a wrong length");
	if (name_len == 0 || name_len > OBJECT_NAME_MAX || memchr(in + HEADER_NAME_AT, 0, name_len) ||
		!is_zero(in + HEADER_NAME_AT + name_len, OBJECT_HEADER - HEADER_NAME_AT - name_len))
		return err_set(err, HZ_E_CORRUPT, "header has a malformed name");
	memcpy(r.repo.b, in + 24, UID_LEN);
	memcpy(r.name, in + HEADER_NAME_AT, name_len);
	*h = r;
	return 0;
}

/* Parity and checksums, stripe by stripe, so that the second look at a block finds it in the cache. */
static void protect(const char *name, const struct object_layout *l, uint8_t *sums, size_t sums_stride)
{
	struct object_checksum c = object_checksum_of(name, l->n);
	struct object_parity e = OBJECT_PARITY_INIT;

	for (uint32_t s = 0; s < l->stripes; s++) {
		object_parity_encode(&e, l, s);
		for (uint32_t i = s; i < l->n; i += l->stripes)
			put_le64(sums + i * sums_stride, object_checksum_block(&c, i, object_layout_block(l, i)));
	}
}

void object_protect(const char *name, uint32_t n, const uint8_t *stream, uint8_t *parity, uint8_t *sums)
{
	/* The data is only read; the layout is shared with repair, which writes. */
	struct object_layout l = object_layout_of(
		n, (uint8_t *)(uintptr_t)stream, OBJECT_PAYLOAD, parity, OBJECT_PAYLOAD);

	protect(name, &l, sums, 8);
}

void object_iov(struct iovec *iov, uint32_t n, const uint8_t *stream, const uint8_t *parity, const uint8_t *sums)
{
	uint32_t d = object_data_blocks(n);

	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *p = i < d ? stream + (size_t)i * OBJECT_PAYLOAD
					 : parity + (size_t)(i - d) * OBJECT_PAYLOAD;

		iov[2 * i] = (struct iovec){ (void *)(uintptr_t)p, OBJECT_PAYLOAD };
		iov[2 * i + 1] = (struct iovec){ (void *)(uintptr_t)(sums + (size_t)i * 8), 8 };
	}
}

/* Blocks and length of an object whose payload stream has so many bytes. */
static int take_size(struct object_header *h, uint64_t stream_len, bool padded, hz_error **err)
{
	h->blocks = padded ? object_blocks_padded(stream_len) : object_blocks_for(stream_len);
	h->length = stream_len - OBJECT_HEADER;
	if (h->blocks > 0 && size_is_valid(h))
		return 0;
	return err_set(err, HZ_E_INVAL, "%s: a body of %llu bytes does not fit an object of its type", h->name,
		(unsigned long long)h->length);
}

/* From a stream in one piece to the payloads of blocks, the last one first: what is written over was moved before. The
 * room of checksums and parity holds anything then, blocks behind the stream stay zero. */
static void spread(uint8_t *data, size_t stream_len)
{
	for (size_t i = (stream_len + OBJECT_PAYLOAD - 1) / OBJECT_PAYLOAD; i-- > 1;)
		memmove(data + i * OBJECT_BLOCK, data + i * OBJECT_PAYLOAD, OBJECT_PAYLOAD);
}

int object_head(struct buf *out, struct object_header *h, bool padded, hz_error **err)
{
	int rc = take_size(h, out->len, padded, err);

	if (rc == 0)
		object_header_encode(out->data, h);
	return rc;
}

int object_finish(struct buf *out, const struct object_header *h, hz_error **err)
{
	size_t stream_len = out->len;
	struct object_layout l;
	uint8_t *data;

	if (buf_append_zero(out, (size_t)h->blocks * OBJECT_BLOCK - stream_len) < 0)
		return err_nomem(err);
	data = out->data;
	spread(data, stream_len);
	l = object_layout_of(h->blocks, data, OBJECT_BLOCK, NULL, OBJECT_BLOCK);
	l.parity = data + (size_t)l.data_blocks * OBJECT_BLOCK;
	protect(h->name, &l, data + OBJECT_PAYLOAD, OBJECT_BLOCK);
	return 0;
}

int object_encode(struct buf *out, struct object_header *h, const void *body, size_t len, bool padded, hz_error **err)
{
	int rc = len > SIZE_MAX - OBJECT_HEADER ? HZ_E_INVAL : take_size(h, (uint64_t)OBJECT_HEADER + len, padded, err);

	if (rc < 0)
		return rc;
	buf_reset(out);
	if (buf_reserve(out, (size_t)h->blocks * OBJECT_BLOCK) < 0 || buf_append_zero(out, OBJECT_HEADER) < 0 ||
		buf_append(out, body, len) < 0)
		return err_nomem(err);
	object_header_encode(out->data, h);
	return object_finish(out, h, err);
}
