/* SPDX-License-Identifier: BSD-2-Clause */
/* The container: what is written is read, what is damaged is mended or refused, nothing else. */
#include "archive/object.h"
#include "base/codec.h"
#include "support/hzt.h"

#define NAME "commits/00112233445566778899aabbccddeeff.0"

static uint32_t seed = 1;

static uint32_t next_random(void)
{
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

static void fill(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)next_random();
}

static struct object_header header_of(uint8_t type)
{
	struct object_header h = { .type = type, .suite = 1, .repo = { { 1, 2, 3 } }, .name = NAME };

	return h;
}

/* An object around a body of len random bytes. */
static void make(struct buf *out, uint8_t type, size_t len, bool padded)
{
	struct object_header h = header_of(type);
	AUTO_FREE uint8_t *body = malloc(len + 1);
	hz_error *err = NULL;

	assert_non_null(body);
	fill(body, len);
	if (object_encode(out, &h, body, len, padded, &err) < 0)
		fail_msg("%s", hz_error_message(err));
	assert_int_equal(out->len, (size_t)h.blocks * OBJECT_BLOCK);
}

/* Decodes a copy of exactly len bytes. */
static int decode_copy(struct object *o, const char *name, const uint8_t *data, size_t len)
{
	AUTO_FREE uint8_t *copy = malloc(len ? len : 1);
	AUTO(hz_error_free) hz_error *err = NULL;
	int rc;

	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, data, len);
	rc = object_decode(o, name, copy, len, &err);
	assert_int_equal(hz_error_code(err), rc);
	return rc;
}

static void assert_same_stream(const struct object *o, const struct buf *whole)
{
	size_t d = object_data_blocks(o->header.blocks);

	assert_int_equal(o->header.blocks * (size_t)OBJECT_BLOCK, whole->len);
	assert_int_equal(o->stream.len, d * OBJECT_PAYLOAD);
	for (size_t i = 0; i < d; i++)
		assert_memory_equal(
			o->stream.data + i * OBJECT_PAYLOAD, whole->data + i * OBJECT_BLOCK, OBJECT_PAYLOAD);
}

static void assert_repaired(const struct buf *whole, const uint8_t *data, size_t len)
{
	AUTO_IN(object_release) struct object o = OBJECT_INIT;

	assert_int_equal(decode_copy(&o, NAME, data, len), 0);
	assert_true(o.health.repaired);
	assert_true(o.health.bad_blocks > 0);
	assert_same_stream(&o, whole);
}

static void assert_corrupt(const uint8_t *data, size_t len)
{
	AUTO_IN(object_release) struct object o = OBJECT_INIT;

	assert_int_equal(decode_copy(&o, NAME, data, len), HZ_E_CORRUPT);
	assert_false(o.health.repaired);
	assert_null(o.body);
	assert_int_equal(o.stream.len, 0);
}

static void checksum_is_crc64_xz(void **state)
{
	(void)state;
	assert_true(crc64_xz(0, "123456789", 9) == 0x995DC9BBDF1939FAu);
	assert_true(crc64_xz(crc64_xz(0, "1234", 4), "56789", 5) == 0x995DC9BBDF1939FAu);
	assert_true(crc64_xz(0, "", 0) == 0);
}

static void sizes_are_the_fewest_that_hold(void **state)
{
	(void)state;
	assert_int_equal(object_data_blocks(2), 0);
	assert_int_equal(object_data_blocks(3), 1);
	assert_int_equal(object_data_blocks(42), 40);
	assert_int_equal(object_data_blocks(43), 39);
	assert_int_equal(object_data_blocks(4096), 3900);
	assert_int_equal(object_data_blocks(OBJECT_BLOCKS_MAX + 1), 0);
	assert_int_equal(object_blocks_for(0), 3);
	for (uint32_t d = 1; d < 500; d++) {
		uint32_t n = 3;

		while (object_data_blocks(n) < d)
			n++;
		assert_int_equal(object_blocks_for((uint64_t)d * OBJECT_PAYLOAD), n);
		assert_int_equal(object_blocks_for((uint64_t)(d - 1) * OBJECT_PAYLOAD + 1), n);
	}
}

static void sizes_end_at_the_limit(void **state)
{
	uint64_t most = (uint64_t)object_data_blocks(OBJECT_BLOCKS_MAX) * OBJECT_PAYLOAD;

	(void)state;
	assert_int_equal(object_blocks_for(most), OBJECT_BLOCKS_MAX);
	assert_int_equal(object_blocks_for(most + 1), 0);
	assert_int_equal(object_blocks_for(UINT64_MAX), 0);
	assert_int_equal(object_blocks_padded(most), OBJECT_BLOCKS_MAX);
	assert_int_equal(object_blocks_padded(most + 1), 0);
	assert_int_equal(object_blocks_padded(UINT64_MAX), 0);
	assert_int_equal(object_blocks_padded(0), 16);
	assert_int_equal(object_blocks_padded(14 * OBJECT_PAYLOAD), 16);
	assert_int_equal(object_blocks_padded(14 * OBJECT_PAYLOAD + 1), 32);
}

static void what_is_written_is_read(void **state)
{
	static const size_t lens[] = { 0, 1, 2, 100, 3959, 3960, 3961, 8047, 8048, 8049, 40 * 4088 - 128,
		40 * 4088 - 127, 80 * 4088 - 128, 500000 };

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(lens); i++) {
		AUTO_IN(object_release) struct object o = OBJECT_INIT;
		AUTO_IN(buf_release) struct buf b = BUF_INIT;
		size_t len = lens[i / 2];

		make(&b, OBJECT_COMMIT, len, i % 2);
		assert_int_equal(decode_copy(&o, NAME, b.data, b.len), 0);
		assert_false(o.health.repaired);
		assert_int_equal(o.health.bad_blocks, 0);
		assert_int_equal(o.header.length, len);
		assert_int_equal(o.header.type, OBJECT_COMMIT);
		assert_int_equal(o.header.suite, 1);
		assert_int_equal(o.header.repo.b[2], 3);
		assert_string_equal(o.header.name, NAME);
		assert_ptr_equal(o.body, o.stream.data + OBJECT_HEADER);
		assert_same_stream(&o, &b);
		if (i % 2)
			assert_int_equal(b.len & (b.len - 1), 0);
	}
}

static void bodies_too_large_are_refused(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct object_header h = header_of(OBJECT_RUN);
	uint8_t byte = 0;

	(void)state;
	assert_int_equal(object_encode(&b, &h, &byte, SIZE_MAX - 200, true, NULL), HZ_E_INVAL);
	assert_int_equal(object_encode(&b, &h, &byte, (size_t)1 << 30, false, NULL), HZ_E_INVAL);
	/* The body of a pack takes all, or its length would tell how much is in it. */
	h.type = OBJECT_PACK;
	assert_int_equal(object_encode(&b, &h, &byte, 1, true, NULL), HZ_E_INVAL);
	assert_int_equal(b.len, 0);
}

static void protect_and_iov_give_the_same_bytes(void **state)
{
	static const uint32_t counts[] = { 3, 16, 42, 43, 45, 64, 128 };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(counts); k++) {
		uint32_t n = counts[k], d = object_data_blocks(n);
		size_t room = (size_t)d * OBJECT_PAYLOAD;
		AUTO_FREE uint8_t *stream = malloc(room), *parity = malloc((size_t)(n - d) * OBJECT_PAYLOAD);
		AUTO_FREE uint8_t *sums = malloc((size_t)n * 8);
		AUTO_FREE struct iovec *iov = calloc((size_t)n * 2, sizeof(*iov));
		AUTO_IN(buf_release) struct buf b = BUF_INIT, joined = BUF_INIT;
		struct object_header h = header_of(OBJECT_PACK);

		fill(stream, room);
		h.blocks = n;
		h.length = room - OBJECT_HEADER;
		object_header_encode(stream, &h);
		object_protect(NAME, n, stream, parity, sums);
		object_iov(iov, n, stream, parity, sums);
		for (size_t i = 0; i < (size_t)n * 2; i++)
			assert_int_equal(buf_append(&joined, iov[i].iov_base, iov[i].iov_len), 0);
		/* Valid, but fewer blocks hold as much: encode makes none of these. */
		if (object_blocks_for(room) != n) {
			AUTO_IN(object_release) struct object o = OBJECT_INIT;

			assert_int_equal(decode_copy(&o, NAME, joined.data, joined.len), 0);
			continue;
		}
		assert_int_equal(object_encode(&b, &h, stream + OBJECT_HEADER, h.length, false, NULL), 0);
		assert_int_equal(joined.len, b.len);
		assert_memory_equal(joined.data, b.data, b.len);
	}
}

static void every_flipped_byte_is_mended(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;

	(void)state;
	make(&b, OBJECT_ADMIN, 5000, false);
	for (size_t i = 0; i < b.len; i++) {
		uint8_t was = b.data[i];
		AUTO_IN(object_release) struct object o = OBJECT_INIT;

		b.data[i] = (uint8_t)(was ^ (1u << i % 8));
		assert_int_equal(decode_copy(&o, NAME, b.data, b.len), 0);
		b.data[i] = was;
		assert_true(o.health.repaired);
		assert_int_equal(o.health.bad_blocks, 1);
		assert_same_stream(&o, &b);
	}
}

static void mending_puts_the_bytes_right_in_place(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT, bad = BUF_INIT;
	AUTO_IN(object_release) struct object o = OBJECT_INIT;

	(void)state;
	make(&b, OBJECT_ADMIN, 50000, false);
	assert_int_equal(buf_append(&bad, b.data, b.len), 0);
	memset(bad.data, 0xaa, 2 * OBJECT_BLOCK);
	assert_int_equal(object_decode(&o, NAME, bad.data, bad.len, NULL), 0);
	assert_int_equal(o.health.bad_blocks, 2);
	assert_memory_equal(bad.data, b.data, b.len);
}

static void cut_objects_are_mended_while_parity_lasts(void **state)
{
	static const size_t lens[] = { 0, 3000, 15000, 41 * 4088 };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(lens); k++) {
		AUTO_IN(buf_release) struct buf b = BUF_INIT;
		size_t d, step = k == 3 ? 997 : 1;

		make(&b, OBJECT_KEYS, lens[k], false);
		d = object_data_blocks((uint32_t)(b.len / OBJECT_BLOCK));
		for (size_t len = 0; len < b.len; len += step)
			if (len >= d * OBJECT_BLOCK)
				assert_repaired(&b, b.data, len);
			else
				assert_corrupt(b.data, len);
		assert_repaired(&b, b.data, d * OBJECT_BLOCK);
	}
}

static void cut_zeros_are_damage_all_the_same(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	uint8_t body[4];

	(void)state;
	/* A body whose last checksum ends in a zero byte: cutting that byte leaves every checksum right. */
	for (uint32_t i = 0;; i++) {
		struct object_header h = header_of(OBJECT_ADMIN);

		put_le32(body, i);
		assert_int_equal(object_encode(&b, &h, body, sizeof(body), false, NULL), 0);
		if (b.data[b.len - 1] == 0)
			break;
	}
	assert_repaired(&b, b.data, b.len - 1);
}

static void grown_objects_are_mended(void **state)
{
	static const size_t more[] = { 1, 100, 4095, 4096, 4097, 100000 };
	AUTO_IN(buf_release) struct buf b = BUF_INIT;

	(void)state;
	make(&b, OBJECT_KEYS, 20000, false);
	for (size_t k = 0; k < 2 * ARRAY_LEN(more); k++) {
		AUTO_IN(buf_release) struct buf grown = BUF_INIT;

		assert_int_equal(buf_append(&grown, b.data, b.len), 0);
		assert_int_equal(buf_append_zero(&grown, more[k / 2]), 0);
		if (k % 2)
			fill(grown.data + b.len, more[k / 2]);
		assert_repaired(&b, grown.data, grown.len);
	}
}

/* Damages count distinct blocks of each of first_stripe.. stripes. */
static void lose(struct buf *b, uint32_t stripe, uint32_t stripes, uint32_t count)
{
	uint32_t n = (uint32_t)(b->len / OBJECT_BLOCK), lost[3];

	for (uint32_t i = 0; i < count; i++) {
		uint32_t in_stripe = (n - stripe + stripes - 1) / stripes;
		bool again = false;

		lost[i] = stripe + next_random() % in_stripe * stripes;
		for (uint32_t j = 0; j < i; j++)
			again = again || lost[j] == lost[i];
		if (again) {
			i--;
			continue;
		}
		fill(b->data + (size_t)lost[i] * OBJECT_BLOCK, OBJECT_BLOCK);
	}
}

static void two_lost_blocks_a_stripe_are_mended_and_three_are_not(void **state)
{
	static const size_t blocks[] = { 1, 2, 5, 14, 39, 40, 41, 60, 79, 80, 81, 120, 125 };

	(void)state;
	for (size_t k = 0; k < 40 * ARRAY_LEN(blocks); k++) {
		AUTO_IN(buf_release) struct buf b = BUF_INIT, bad = BUF_INIT;
		uint32_t n, s;

		make(&b, OBJECT_RUN, blocks[k / 40] * OBJECT_PAYLOAD - OBJECT_HEADER, false);
		n = (uint32_t)(b.len / OBJECT_BLOCK);
		s = (n - object_data_blocks(n)) / 2;
		assert_int_equal(buf_append(&bad, b.data, b.len), 0);
		for (uint32_t i = 0; i < s; i++)
			lose(&bad, i, s, 2);
		assert_repaired(&b, bad.data, bad.len);
		memcpy(bad.data, b.data, b.len);
		lose(&bad, next_random() % s, s, 3);
		assert_corrupt(bad.data, bad.len);
	}
}

static void any_burst_of_twice_the_stripes_is_mended(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT, bad = BUF_INIT;
	const size_t n = 4096, s = 98, d = 3900;

	(void)state;
	make(&b, OBJECT_PACK, d * OBJECT_PAYLOAD - OBJECT_HEADER, true);
	assert_int_equal(b.len, n * OBJECT_BLOCK);
	assert_int_equal(buf_append(&bad, b.data, b.len), 0);
	for (size_t first = 0, i = 0; i < 24; i++, first = d - 2 * s - 5 + i * (4 * s + 5) / 24) {
		AUTO_IN(object_release) struct object o = OBJECT_INIT;

		if (first > n - 2 * s)
			first = n - 2 * s;
		fill(bad.data + first * OBJECT_BLOCK, 2 * s * OBJECT_BLOCK);
		assert_int_equal(object_decode(&o, NAME, bad.data, bad.len, NULL), 0);
		assert_int_equal(o.health.bad_blocks, 2 * s);
		assert_memory_equal(bad.data, b.data, b.len);
	}
	fill(bad.data + 1000 * OBJECT_BLOCK, (2 * s + 1) * OBJECT_BLOCK);
	assert_corrupt(bad.data, bad.len);
}

static void object_under_another_name_is_corrupt(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	AUTO_IN(object_release) struct object o = OBJECT_INIT;

	(void)state;
	make(&b, OBJECT_ADMIN, 100, false);
	assert_int_equal(decode_copy(&o, "commits/00112233445566778899aabbccddeeff.1", b.data, b.len), HZ_E_CORRUPT);
	assert_int_equal(o.health.bad_blocks, 3);
}

static void swapped_blocks_are_damage(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT, bad = BUF_INIT;
	const size_t k = OBJECT_BLOCK;

	(void)state;
	make(&b, OBJECT_RUN, 50000, false);
	assert_int_equal(buf_append(&bad, b.data, b.len), 0);
	memcpy(bad.data + 3 * k, b.data + 5 * k, k);
	memcpy(bad.data + 5 * k, b.data + 3 * k, k);
	assert_repaired(&b, bad.data, bad.len);
	memcpy(bad.data + 5 * k, b.data + 7 * k, k);
	memcpy(bad.data + 7 * k, b.data + 3 * k, k);
	assert_corrupt(bad.data, bad.len);
}

static void block_of_another_length_is_damage(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT, longer = BUF_INIT;

	(void)state;
	make(&b, OBJECT_RUN, 10000, false);
	make(&longer, OBJECT_RUN, 15000, false);
	memcpy(b.data + OBJECT_BLOCK, longer.data + OBJECT_BLOCK, OBJECT_BLOCK);
	{
		AUTO_IN(object_release) struct object o = OBJECT_INIT;

		assert_int_equal(decode_copy(&o, NAME, b.data, b.len), 0);
		assert_int_equal(o.health.bad_blocks, 1);
	}
}

/* A number of blocks that nobody can have written must not make the reader allocate that much. */
static void stated_size_is_bounded_by_the_bytes_there(void **state)
{
	uint8_t block[OBJECT_BLOCK] = { 0 };
	AUTO_IN(object_release) struct object o = OBJECT_INIT;
	AUTO(hz_error_free) hz_error *err = NULL;
	uint8_t place[8] = { 0 };
	uint64_t crc;

	(void)state;
	put_le32(block + 12, OBJECT_BLOCKS_MAX);
	put_le32(place + 4, OBJECT_BLOCKS_MAX);
	crc = crc64_xz(crc64_xz(0, NAME, sizeof(NAME)), place, 8);
	put_le64(block + OBJECT_PAYLOAD, crc64_xz(crc, block, OBJECT_PAYLOAD));
	assert_int_equal(object_decode(&o, NAME, block, sizeof(block), &err), HZ_E_CORRUPT);
	assert_non_null(strstr(hz_error_message(err), "too few"));
	assert_int_equal(o.health.bad_blocks, OBJECT_BLOCKS_MAX - 1);
}

static void ranges_are_unwrapped_when_every_block_is_good(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	AUTO_IN(object_release) struct object o = OBJECT_INIT;
	uint8_t in[3 * OBJECT_BLOCK];
	uint32_t n;

	(void)state;
	make(&b, OBJECT_RUN, 50000, false);
	n = (uint32_t)(b.len / OBJECT_BLOCK);
	assert_int_equal(decode_copy(&o, NAME, b.data, b.len), 0);
	memcpy(in, b.data + 4 * OBJECT_BLOCK, sizeof(in));
	assert_true(object_unwrap(NAME, n, 4, 3, in));
	assert_memory_equal(in, o.stream.data + 4 * OBJECT_PAYLOAD, 3 * OBJECT_PAYLOAD);
	memcpy(in, b.data + 4 * OBJECT_BLOCK, sizeof(in));
	assert_false(object_unwrap(NAME, n, 5, 3, in));
	assert_false(object_unwrap(NAME, n + 1, 4, 3, in));
	assert_false(object_unwrap("x", n, 4, 3, in));
	in[sizeof(in) - 9] ^= 1;
	assert_false(object_unwrap(NAME, n, 4, 3, in));
	assert_true(object_unwrap(NAME, n, 4, 2, in));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksum_is_crc64_xz),
		cmocka_unit_test(sizes_are_the_fewest_that_hold),
		cmocka_unit_test(sizes_end_at_the_limit),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(bodies_too_large_are_refused),
		cmocka_unit_test(protect_and_iov_give_the_same_bytes),
		cmocka_unit_test(every_flipped_byte_is_mended),
		cmocka_unit_test(mending_puts_the_bytes_right_in_place),
		cmocka_unit_test(cut_objects_are_mended_while_parity_lasts),
		cmocka_unit_test(cut_zeros_are_damage_all_the_same),
		cmocka_unit_test(grown_objects_are_mended),
		cmocka_unit_test(two_lost_blocks_a_stripe_are_mended_and_three_are_not),
		cmocka_unit_test(any_burst_of_twice_the_stripes_is_mended),
		cmocka_unit_test(object_under_another_name_is_corrupt),
		cmocka_unit_test(swapped_blocks_are_damage),
		cmocka_unit_test(block_of_another_length_is_damage),
		cmocka_unit_test(stated_size_is_bounded_by_the_bytes_there),
		cmocka_unit_test(ranges_are_unwrapped_when_every_block_is_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
