/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/hzt.h"
#include "archive/section.h"

static const uint16_t known[] = { 1, 2, 5, 0x4001, 0x4002 };

struct sections {
	struct buf b;
	struct section s[4];
	size_t n, signed_len;
};

static int parse(struct sections *x, hz_error **err)
{
	x->n = x->signed_len = 99;
	return sections_parse(x->s, ARRAY_LEN(x->s), &x->n, &x->signed_len, known, ARRAY_LEN(known), x->b.data,
		x->b.len, "thing", err);
}

/* Sections of one byte with these tags, 0 ends. */
static void put(struct sections *x, const uint16_t *tags)
{
	*x = (struct sections){ .b = BUF_INIT };
	for (; *tags; tags++)
		assert_int_equal(section_put(&x->b, *tags, "x", 1), 0);
}

static void sections_come_back_as_they_were_put(void **state)
{
	struct sections x = { .b = BUF_INIT };
	struct dec d;

	(void)state;
	assert_int_equal(section_put(&x.b, 1, "one", 3), 0);
	assert_int_equal(section_put(&x.b, 5, "", 0), 0);
	assert_int_equal(section_put(&x.b, 0x4001, "tail", 4), 0);
	assert_ok(parse(&x, NULL), NULL);
	assert_int_equal(x.n, 3);
	assert_int_equal(x.signed_len, 6 + 3 + 6);
	assert_int_equal(section_find(x.s, x.n, 5)->len, 0);
	assert_null(section_find(x.s, x.n, 2));
	assert_memory_equal(section_find(x.s, x.n, 0x4001)->data, "tail", 4);
	d = section_dec(x.s, x.n, 1);
	assert_int_equal(dec_u8(&d), 'o');
	d = section_dec(x.s, x.n, 2);
	assert_true(d.bad);
	buf_release(&x.b);
}

static void nothing_is_no_sections(void **state)
{
	struct sections x = { .b = BUF_INIT };

	(void)state;
	assert_ok(parse(&x, NULL), NULL);
	assert_int_equal(x.n, 0);
	assert_int_equal(x.signed_len, 0);
}

static void order_and_doubles_are_refused(void **state)
{
	static const uint16_t bad[][4] = { { 2, 1 }, { 1, 1 }, { 0x4001, 1 }, { 0x4002, 0x4001 }, { 1, 0x8001 },
		{ 0x8000 }, { 0xC000 }, { 5, 0x8003 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct sections x;
		hz_error *err = NULL;

		put(&x, bad[i]);
		assert_fails(parse(&x, &err), HZ_E_CORRUPT, &err);
		buf_release(&x.b);
	}
}

static void unknown_sections_are_a_newer_version(void **state)
{
	static const uint16_t bad[][4] = { { 3 }, { 1, 2, 6 }, { 1, 0x4003 },
		/* May be ignored, but no signature covers it: anybody could have put it in. */
		{ 1, 0x4001, 0xC003 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct sections x;
		hz_error *err = NULL;

		put(&x, bad[i]);
		assert_fails(parse(&x, &err), HZ_E_TOONEW, &err);
		buf_release(&x.b);
	}
}

static void ignorable_sections_are_skipped_and_signed(void **state)
{
	static const uint16_t tags[] = { 1, 0x8003, 5, 0x8009, 0x4001, 0 };
	struct sections x;

	(void)state;
	put(&x, tags);
	assert_ok(parse(&x, NULL), NULL);
	assert_int_equal(x.n, 3);
	assert_int_equal(x.signed_len, 4 * 7);
	buf_release(&x.b);
}

static void what_is_cut_off_is_damage(void **state)
{
	static const uint16_t tags[] = { 1, 2, 0 };
	struct sections x;

	(void)state;
	put(&x, tags);
	for (size_t len = 1; len < 14; len++) {
		hz_error *err = NULL;

		x.b.len = len;
		if (len == 7)
			assert_ok(parse(&x, &err), &err);
		else
			assert_fails(parse(&x, &err), HZ_E_CORRUPT, &err);
	}
	buf_release(&x.b);
}

static void a_length_beyond_the_end_is_damage(void **state)
{
	static const uint8_t data[] = { 1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 'x' };
	struct sections x = { .b = BUF_INIT };
	hz_error *err = NULL;

	(void)state;
	assert_int_equal(buf_append(&x.b, data, sizeof(data)), 0);
	assert_fails(parse(&x, &err), HZ_E_CORRUPT, &err);
	buf_release(&x.b);
}

static void more_sections_than_there_is_room_for_are_damage(void **state)
{
	static const uint16_t tags[] = { 1, 2, 5, 0x4001, 0x4002, 0 };
	struct sections x;
	hz_error *err = NULL;

	(void)state;
	put(&x, tags);
	assert_fails(parse(&x, &err), HZ_E_CORRUPT, &err);
	buf_release(&x.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_come_back_as_they_were_put),
		cmocka_unit_test(nothing_is_no_sections),
		cmocka_unit_test(order_and_doubles_are_refused),
		cmocka_unit_test(unknown_sections_are_a_newer_version),
		cmocka_unit_test(ignorable_sections_are_skipped_and_signed),
		cmocka_unit_test(what_is_cut_off_is_damage),
		cmocka_unit_test(a_length_beyond_the_end_is_damage),
		cmocka_unit_test(more_sections_than_there_is_room_for_are_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
