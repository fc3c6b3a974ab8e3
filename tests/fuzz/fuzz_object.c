/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The container's reader. The first byte says what the rest is: raw bytes; blocks that get right checksums; a payload
 * stream that gets checksums and parity, so that the header is reached; a stream that is made an object and then
 * damaged; a header; blocks of a range.
 */
#include "archive/object.h"
#include "base/codec.h"

#define NAME "packs/00112233445566778899aabbccddeeff"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool fact)
{
	if (!fact)
		abort();
}

/* What was handed out must be what it says. */
static int decode(uint8_t *data, size_t len)
{
	AUTO_IN(object_release) struct object o = OBJECT_INIT;
	int rc = object_decode(&o, NAME, data, len, NULL);

	check(rc == 0 || rc == HZ_E_CORRUPT || rc == HZ_E_TOONEW || rc == HZ_E_NOMEM);
	check(rc < 0 || o.stream.len == (size_t)object_data_blocks(o.header.blocks) * OBJECT_PAYLOAD);
	check(rc < 0 || (o.body == o.stream.data + OBJECT_HEADER && o.header.length <= o.stream.len - OBJECT_HEADER));
	check(rc < 0 || o.health.repaired == (o.health.bad_blocks > 0));
	return rc;
}

static void put_sums(uint8_t *blocks, uint32_t n)
{
	uint8_t place[8];

	for (uint32_t i = 0; i < n; i++) {
		uint8_t *b = blocks + (size_t)i * OBJECT_BLOCK;
		uint64_t crc = crc64_xz(0, NAME, sizeof(NAME));

		put_le32(place, i);
		put_le32(place + 4, n);
		put_le64(b + OBJECT_PAYLOAD, crc64_xz(crc64_xz(crc, place, 8), b, OBJECT_PAYLOAD));
	}
}

/* An object whose stream is the input. */
static int from_stream(struct buf *out, const uint8_t *data, size_t len)
{
	uint32_t n = object_blocks_for(len), d = object_data_blocks(n);
	AUTO_FREE uint8_t *stream = calloc(d, OBJECT_PAYLOAD), *parity = calloc(n - d, OBJECT_PAYLOAD),
			  *sums = calloc(n, 8);
	AUTO_FREE struct iovec *iov = calloc((size_t)n * 2, sizeof(*iov));

	if (!stream || !parity || !sums || !iov)
		return -1;
	memcpy(stream, data, len);
	object_protect(NAME, n, stream, parity, sums);
	object_iov(iov, n, stream, parity, sums);
	for (size_t i = 0; i < (size_t)n * 2; i++)
		if (buf_append(out, iov[i].iov_base, iov[i].iov_len) < 0)
			return -1;
	return 0;
}

/* The first byte counts places (u32, taken modulo the length) and bytes put there; the rest is a body. */
static void damaged(const uint8_t *data, size_t len)
{
	struct object_header h = { .type = OBJECT_RUN, .suite = 1, .name = NAME };
	AUTO_IN(buf_release) struct buf b = BUF_INIT, whole = BUF_INIT;
	size_t places = len > 0 ? data[0] % 16 : 0;

	if (len < 1 + 5 * places)
		return;
	if (object_encode(&b, &h, data + 1 + 5 * places, len - 1 - 5 * places, false, NULL) < 0 ||
		buf_append(&whole, b.data, b.len) < 0)
		return;
	for (size_t i = 0; i < places; i++)
		b.data[get_le32(data + 1 + 5 * i) % b.len] ^= data[5 + 5 * i];
	if (decode(b.data, b.len) == 0)
		check(memcmp(b.data, whole.data, b.len) == 0);
	else
		check(places > 2);
}

static void other(uint8_t mode, const uint8_t *data, size_t len)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	uint8_t header[OBJECT_HEADER];
	struct object_header h;

	if (mode == 3)
		damaged(data, len);
	if (mode == 4 && len >= OBJECT_HEADER && object_header_decode(&h, data, NULL) == 0) {
		object_header_encode(header, &h);
		check(memcmp(header, data, OBJECT_HEADER) == 0);
	}
	if (mode == 5 && len >= 8 && buf_append(&b, data + 8, (len - 8) / OBJECT_BLOCK * OBJECT_BLOCK) == 0 &&
		b.len > 0)
		(void)object_unwrap(NAME, get_le32(data), get_le32(data + 4), (uint32_t)(b.len / OBJECT_BLOCK), b.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	uint8_t mode = len > 0 ? data[0] % 6 : 0;

	if (len < 1 || len > 1 << 20)
		return 0;
	data++, len--;
	if (mode > 2) {
		other(mode, data, len);
		return 0;
	}
	if (mode == 2 ? from_stream(&b, data, len) < 0 : buf_append(&b, data, len) < 0 || buf_reserve(&b, 1) < 0)
		return 0;
	if (mode == 1)
		put_sums(b.data, (uint32_t)(len / OBJECT_BLOCK));
	(void)decode(b.data, b.len);
	return 0;
}
