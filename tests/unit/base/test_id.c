/* SPDX-License-Identifier: BSD-2-Clause */
/* One spelling of each name. */
#include "support/hzt.h"
#include "base/auto.h"
#include "base/id.h"

static void hex_is_lower_case_and_whole(void **state)
{
	struct id id;
	struct uid uid;

	(void)state;
	for (unsigned i = 0; i < ID_LEN; i++)
		id.b[i] = (uint8_t)(0xe0 + i);
	memcpy(uid.b, id.b, UID_LEN);
	assert_string_equal(id_hex(&id).s, "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
	assert_string_equal(uid_hex(&uid).s, "e0e1e2e3e4e5e6e7e8e9eaebecedeeef");
}

static void hex_is_read_back(void **state)
{
	struct hzt_random r = { 2 };

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		struct id id, back;

		hzt_random_fill(&r, id.b, sizeof(id.b));
		assert_true(hex_decode(back.b, ID_LEN, id_hex(&id).s, ID_HEX_LEN));
		assert_true(id_eq(&id, &back));
	}
}

static void other_spellings_are_refused_and_change_nothing(void **state)
{
	static const struct {
		const char *hex;
		size_t len;
	} wrong[] = { { "0A", 2 }, { "0", 1 }, { "", 0 }, { "0a0", 3 }, { "0a0b", 4 }, { "0g", 2 }, { " a", 2 },
		{ "0x", 2 }, { "/0", 2 }, { ":0", 2 }, { "`0", 2 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		uint8_t out = 0x55;

		assert_false(hex_decode(&out, 1, wrong[i].hex, wrong[i].len));
		assert_int_equal(out, 0x55);
	}
}

static void digits_need_no_end(void **state)
{
	uint8_t out[2];

	(void)state;
	assert_true(hex_decode(out, 2, "0aff.pack", 4));
	assert_memory_equal(out, "\x0a\xff", 2);
}

static void zero_is_zero_in_every_byte(void **state)
{
	struct id id = { { 0 } };
	struct uid uid = { { 0 } };

	(void)state;
	assert_true(id_is_zero(&id));
	assert_true(uid_is_zero(&uid));
	for (unsigned i = 0; i < ID_LEN; i++) {
		memset(&id, 0, sizeof(id));
		id.b[i] = 1;
		assert_false(id_is_zero(&id));
	}
	uid.b[UID_LEN - 1] = 0x80;
	assert_false(uid_is_zero(&uid));
}

static void order_is_that_of_bytes(void **state)
{
	struct id a = { { 0x7f } }, b = { { 0x80 } };
	struct uid c = { { 1 } }, d = { { 1, 1 } };

	(void)state;
	assert_true(id_cmp(&a, &b) < 0);
	assert_true(id_cmp(&b, &a) > 0);
	assert_int_equal(id_cmp(&a, &a), 0);
	assert_true(uid_cmp(&c, &d) < 0);
	assert_false(uid_eq(&c, &d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_is_lower_case_and_whole),
		cmocka_unit_test(hex_is_read_back),
		cmocka_unit_test(other_spellings_are_refused_and_change_nothing),
		cmocka_unit_test(digits_need_no_end),
		cmocka_unit_test(zero_is_zero_in_every_byte),
		cmocka_unit_test(order_is_that_of_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
