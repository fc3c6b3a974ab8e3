/* SPDX-License-Identifier: BSD-2-Clause */
/* Growth, the maximum, and that a failed call changes nothing. */
#include "support/hzt.h"
#include "base/buf.h"

static void appended_bytes_stand_in_order(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		uint8_t byte = (uint8_t)i;

		assert_int_equal(buf_append(&b, &byte, 1), 0);
	}
	assert_int_equal(buf_append_zero(&b, 3), 0);
	assert_int_equal(b.len, 1003);
	for (unsigned i = 0; i < 1003; i++)
		assert_int_equal(b.data[i], i < 1000 ? (uint8_t)i : 0);
}

static void the_maximum_can_be_reached_but_not_passed(void **state)
{
	AUTO_IN(buf_release) struct buf b = { NULL, 0, 0, 10 };

	(void)state;
	assert_int_equal(buf_append(&b, "0123456", 7), 0);
	assert_int_equal(buf_append(&b, "789a", 4), -1);
	assert_int_equal(b.len, 7);
	assert_memory_equal(b.data, "0123456", 7);
	assert_int_equal(buf_append(&b, "789", 3), 0);
	assert_int_equal(b.len, 10);
	assert_true(b.cap <= 10);
	assert_null(buf_extend(&b, 1));
	assert_int_equal(buf_append_zero(&b, 1), -1);
	assert_int_equal(buf_reserve(&b, 0), 0);
}

static void a_huge_length_does_not_wrap_around(void **state)
{
	AUTO_IN(buf_release) struct buf b = { NULL, 0, 0, SIZE_MAX };

	(void)state;
	assert_int_equal(buf_append(&b, "abc", 3), 0);
	assert_int_equal(buf_reserve(&b, SIZE_MAX), -1);
	assert_int_equal(buf_reserve(&b, SIZE_MAX - 2), -1);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "abc", 3);
}

static void the_default_maximum_holds(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;

	(void)state;
	assert_int_equal(buf_reserve(&b, BUF_MAX_DEFAULT + 1), -1);
	assert_null(b.data);
}

static void reserved_memory_does_not_move(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	const uint8_t *at;

	(void)state;
	assert_int_equal(buf_reserve(&b, 5000), 0);
	at = b.data;
	for (unsigned i = 0; i < 50; i++)
		assert_non_null(buf_extend(&b, 100));
	assert_ptr_equal(b.data, at);
	buf_reset(&b);
	assert_int_equal(b.len, 0);
	assert_ptr_equal(b.data, at);
}

static void an_empty_piece_has_an_address(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;

	(void)state;
	assert_int_equal(buf_append(&b, NULL, 0), 0);
	assert_null(b.data);
	assert_non_null(buf_extend(&b, 0));
	assert_int_equal(b.len, 0);
}

static void taken_contents_belong_to_the_caller(void **state)
{
	AUTO_IN(buf_release) struct buf b = BUF_INIT;
	AUTO_FREE uint8_t *data = NULL;
	size_t len;

	(void)state;
	assert_int_equal(buf_append(&b, "abc", 3), 0);
	data = buf_take(&b, &len);
	assert_int_equal(len, 3);
	assert_memory_equal(data, "abc", 3);
	assert_null(b.data);
	assert_int_equal(buf_append(&b, "d", 1), 0);
	assert_int_equal(b.len, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appended_bytes_stand_in_order),
		cmocka_unit_test(the_maximum_can_be_reached_but_not_passed),
		cmocka_unit_test(a_huge_length_does_not_wrap_around),
		cmocka_unit_test(the_default_maximum_holds),
		cmocka_unit_test(reserved_memory_does_not_move),
		cmocka_unit_test(an_empty_piece_has_an_address),
		cmocka_unit_test(taken_contents_belong_to_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
