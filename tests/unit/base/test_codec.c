/* SPDX-License-Identifier: BSD-2-Clause */
/* Reader and writer agree, the reader never leaves its bytes, and there is one spelling of each number. */
#include "support/hzt.h"
#include "base/codec.h"

static const uint64_t numbers[] = { 0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 0xffffffff, 0x100000000, INT64_MAX,
	(uint64_t)INT64_MAX + 1, UINT64_MAX };

static void what_is_written_is_read_back(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct enc e = enc_to(&b);
	const uint8_t *blob;
	uint8_t copy[3];
	struct dec d;
	size_t len;

	(void)state;
	enc_u8(&e, 0xab);
	enc_u16(&e, 0xabcd);
	enc_u32(&e, 0xabcdef01);
	enc_u64(&e, 0xabcdef0123456789);
	enc_i64(&e, -2);
	enc_blob(&e, "blob", 4);
	enc_bytes(&e, "xyz", 3);
	assert_false(e.bad);
	d = dec_of(b.data, b.len);
	assert_int_equal(dec_u8(&d), 0xab);
	assert_int_equal(dec_u16(&d), 0xabcd);
	assert_int_equal(dec_u32(&d), 0xabcdef01);
	assert_true(dec_u64(&d) == 0xabcdef0123456789);
	assert_true(dec_i64(&d) == -2);
	blob = dec_blob(&d, 4, &len);
	assert_int_equal(len, 4);
	assert_memory_equal(blob, "blob", 4);
	dec_copy(&d, copy, 3);
	assert_memory_equal(copy, "xyz", 3);
	assert_true(dec_done(&d));
}

static void fixed_numbers_are_little_endian(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct enc e = enc_to(&b);

	(void)state;
	enc_u16(&e, 0x0102);
	enc_u32(&e, 0x03040506);
	enc_u64(&e, 0x0708090a0b0c0d0e);
	assert_int_equal(b.len, 14);
	assert_memory_equal(b.data, "\x02\x01\x06\x05\x04\x03\x0e\x0d\x0c\x0b\x0a\x09\x08\x07", 14);
	assert_true(get_be64(b.data + 6) == 0x0e0d0c0b0a090807);
}

static void variable_numbers_are_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		AUTO_IN(buf_release) struct buf b = BUF_INIT;
		struct enc e = enc_to(&b);
		struct dec d;

		enc_var(&e, numbers[i]);
		enc_svar(&e, (int64_t)numbers[i]);
		enc_svar(&e, -(int64_t)(numbers[i] & INT64_MAX));
		d = dec_of(b.data, b.len);
		assert_true(dec_var(&d) == numbers[i]);
		assert_true(dec_svar(&d) == (int64_t)numbers[i]);
		assert_true(dec_svar(&d) == -(int64_t)(numbers[i] & INT64_MAX));
		assert_true(dec_done(&d));
	}
}

static void zigzag_keeps_small_numbers_short(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct enc e = enc_to(&b);

	(void)state;
	enc_svar(&e, 0);
	enc_svar(&e, -1);
	enc_svar(&e, 1);
	enc_svar(&e, -64);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "\x00\x01\x02\x7f", 4);
}

static void only_the_shortest_form_is_good(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} wrong[] = {
		{ "\x80\x00", 2 },                                      /* 0 in two bytes */
		{ "\xff\x00", 2 },                                      /* 127 in two bytes */
		{ "\x81\x80\x00", 3 },                                  /* 1 in three */
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10 },     /* bit 64 */
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11 }, /* eleven bytes */
		{ "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11 },
		{ "\x80", 1 }, /* cut off */
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct dec d = dec_of(wrong[i].bytes, wrong[i].len);

		assert_true(dec_var(&d) == 0);
		assert_true(d.bad);
		assert_false(dec_done(&d));
	}
}

static void the_end_is_sticky(void **state)
{
	struct dec d = dec_of("\x01\x02\x03", 3);
	uint8_t copy[2] = { 9, 9 };
	size_t len = 9;

	(void)state;
	assert_int_equal(dec_u16(&d), 0x0201);
	assert_int_equal(dec_u16(&d), 0);
	assert_true(d.bad);
	assert_int_equal(dec_left(&d), 0);
	/* One byte would be left, but nothing is read after a mistake. */
	assert_int_equal(dec_u8(&d), 0);
	assert_true(dec_svar(&d) == 0);
	assert_null(dec_bytes(&d, 0));
	assert_null(dec_blob(&d, 9, &len));
	assert_int_equal(len, 0);
	dec_copy(&d, copy, 2);
	assert_memory_equal(copy, "\0\0", 2);
	assert_false(dec_done(&d));
}

static void every_cut_of_a_message_is_bad(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	struct enc e = enc_to(&b);

	(void)state;
	enc_u32(&e, 1);
	enc_var(&e, 300);
	enc_blob(&e, "hello", 5);
	enc_u64(&e, 2);
	for (size_t cut = 0; cut <= b.len; cut++) {
		/* A copy of just that size, so that the address sanitizer sees a read past it. */
		AUTO_FREE uint8_t *part = malloc(cut ? cut : 1);
		struct dec d;
		size_t len;

		assert_non_null(part);
		memcpy(part, b.data, cut);
		d = dec_of(part, cut);
		(void)dec_u32(&d);
		(void)dec_var(&d);
		(void)dec_blob(&d, 5, &len);
		(void)dec_u64(&d);
		assert_int_equal(dec_done(&d), cut == b.len);
	}
}

static void bytes_left_over_are_not_done(void **state)
{
	struct dec d = dec_of("\x01\x02", 2);

	(void)state;
	(void)dec_u8(&d);
	assert_false(d.bad);
	assert_false(dec_done(&d));
}

static void a_blob_over_its_maximum_is_bad(void **state)
{
	struct dec d = dec_of("\x03"
			      "abc",
		4);
	size_t len;

	(void)state;
	assert_null(dec_blob(&d, 2, &len));
	assert_true(d.bad);
}

static void a_blob_longer_than_the_address_space_is_bad(void **state)
{
	struct dec d = dec_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
	size_t len;

	(void)state;
	assert_null(dec_blob(&d, SIZE_MAX, &len));
	assert_true(d.bad);
	d = dec_of("abc", 3);
	assert_null(dec_bytes(&d, SIZE_MAX));
	assert_true(d.bad);
}

static void a_count_must_fit_what_is_left(void **state)
{
	struct dec d = dec_of("\x03"
			      "aabbcc",
		7);

	(void)state;
	assert_true(dec_count(&d, 2) == 3);
	d = dec_of("\x03"
		   "aabbc",
		6);
	assert_true(dec_count(&d, 2) == 0);
	assert_true(d.bad);
	d = dec_of("\x02"
		   "a",
		2);
	assert_true(dec_count(&d, 0) == 0);
	assert_true(d.bad);
	d = dec_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
		   "aaaa",
		14);
	assert_true(dec_count(&d, 1) == 0);
	assert_true(d.bad);
}

static void a_part_has_its_own_end(void **state)
{
	struct dec d = dec_of("abcd", 4);
	struct dec sub = dec_sub(&d, 2);

	(void)state;
	assert_int_equal(dec_u16(&sub), 0x6261);
	assert_true(dec_done(&sub));
	assert_int_equal(dec_u8(&sub), 0);
	assert_true(sub.bad);
	assert_int_equal(dec_u16(&d), 0x6463);
	assert_true(dec_done(&d));
	sub = dec_sub(&d, 1);
	assert_true(sub.bad);
	assert_true(d.bad);
}

static void nothing_is_read_from_nothing(void **state)
{
	struct dec d = dec_of(NULL, 0);

	(void)state;
	assert_non_null(dec_bytes(&d, 0));
	assert_true(dec_done(&d));
	assert_int_equal(dec_u8(&d), 0);
	assert_true(d.bad);
}

static void a_writer_without_room_stays_bad(void **state)
{
	AUTO_IN(buf_release) struct buf b = { NULL, 0, 0, 4 };
	struct enc e = enc_to(&b);

	(void)state;
	enc_u16(&e, 1);
	enc_u32(&e, 1);
	assert_true(e.bad);
	enc_u8(&e, 1);
	assert_true(e.bad);
	assert_int_equal(b.len, 2);
}

static void random_bytes_are_never_left(void **state)
{
	struct hzt_random r = { 1 };

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		size_t len = hzt_random_below(&r, 40);
		AUTO_FREE uint8_t *data = malloc(len ? len : 1);
		struct dec d;
		size_t n;

		assert_non_null(data);
		hzt_random_fill(&r, data, len);
		for (d = dec_of(data, len); dec_left(&d) > 0;) {
			switch (hzt_random_below(&r, 6)) {
			case 0:
				(void)dec_var(&d);
				break;
			case 1:
				(void)dec_blob(&d, 20, &n);
				break;
			case 2:
				(void)dec_u64(&d);
				break;
			case 3:
				(void)dec_count(&d, 3);
				break;
			case 4:
				(void)dec_sub(&d, hzt_random_below(&r, 9));
				break;
			default:
				(void)dec_svar(&d);
				break;
			}
		}
		assert_true(d.p <= d.end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(fixed_numbers_are_little_endian),
		cmocka_unit_test(variable_numbers_are_read_back),
		cmocka_unit_test(zigzag_keeps_small_numbers_short),
		cmocka_unit_test(only_the_shortest_form_is_good),
		cmocka_unit_test(the_end_is_sticky),
		cmocka_unit_test(every_cut_of_a_message_is_bad),
		cmocka_unit_test(bytes_left_over_are_not_done),
		cmocka_unit_test(a_blob_over_its_maximum_is_bad),
		cmocka_unit_test(a_blob_longer_than_the_address_space_is_bad),
		cmocka_unit_test(a_count_must_fit_what_is_left),
		cmocka_unit_test(a_part_has_its_own_end),
		cmocka_unit_test(nothing_is_read_from_nothing),
		cmocka_unit_test(a_writer_without_room_stays_bad),
		cmocka_unit_test(random_bytes_are_never_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
