/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/hzt.h"
#include "archive/names.h"

static const struct uid u = { { 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0, 1, 2, 3, 4, 5, 6, 7 } };
#define HEX "0123456789abcdef0001020304050607"

static void names_are_as_the_format_says(void **state)
{
	(void)state;
	assert_string_equal(name_admin(0, 0).s, "admin/0000000000.0");
	assert_string_equal(name_admin(4294967296, 12).s, "admin/4294967296.12");
	assert_string_equal(name_repo_copy(&u).s, "admin/repo." HEX);
	assert_string_equal(name_slot(&u).s, "keys/slot." HEX);
	assert_string_equal(name_group(&u).s, "keys/group." HEX);
	assert_string_equal(name_session(&u).s, "sessions/" HEX);
	assert_string_equal(name_mark(7, 1).s, "sessions/mark.0000000007.1");
	assert_string_equal(name_pack(&u).s, "packs/" HEX);
	assert_string_equal(name_run(&u).s, "index/" HEX);
	assert_string_equal(name_commit(&u, 3).s, "commits/" HEX ".3");
	assert_string_equal(name_copy("packs/x").s, "packs/x.copy");
	assert_true(store_name_is_valid(name_copy(name_commit(&u, 999).s).s));
}

static void copies_are_told_from_primaries(void **state)
{
	(void)state;
	assert_true(name_is_copy("sessions/" HEX ".copy"));
	assert_false(name_is_copy("sessions/" HEX));
	assert_false(name_is_copy(".copy"));
	assert_false(name_is_copy("copy"));
	assert_false(name_is_copy(""));
}

static void uids_parse_only_from_exact_names(void **state)
{
	static const char *const bad[] = { "packs/", "packs/" HEX "0", "packs/" HEX ".copy", "index/" HEX,
		"packs/0123456789abcdef000102030405060", "packs/0123456789ABCDEF0001020304050607",
		"packs/0123456789abcdef000102030405060g", "apacks/" HEX, "" };
	struct uid got;

	(void)state;
	assert_true(name_parse_uid(&got, "packs/" HEX, "packs/"));
	assert_true(uid_eq(&got, &u));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(name_parse_uid(&got, bad[i], "packs/"));
}

static void commits_parse_only_from_exact_names(void **state)
{
	static const char *const bad[] = { "commits/" HEX, "commits/" HEX ".", "commits/" HEX ".00",
		"commits/" HEX ".01", "commits/" HEX ".1000", "commits/" HEX ".1x", "commits/" HEX ".-1",
		"commits/" HEX ".0.copy", "commits/" HEX "-0", "commits/" HEX "0.0", "commits/", "admin/" HEX ".0" };
	struct uid got;
	unsigned attempt = 77;

	(void)state;
	assert_true(name_parse_commit(&got, &attempt, "commits/" HEX ".0"));
	assert_true(uid_eq(&got, &u));
	assert_int_equal(attempt, 0);
	assert_true(name_parse_commit(&got, &attempt, "commits/" HEX ".999"));
	assert_int_equal(attempt, 999);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(name_parse_commit(&got, &attempt, bad[i]));
}

static void numbers_parse_only_from_exact_names(void **state)
{
	static const char *const bad[] = { "admin/0000000001", "admin/0000000001.", "admin/000000001.0",
		"admin/00000000010.0", "admin/000000000x.0", "admin/0000000001.007", "admin/0000000001.0.copy",
		"admin/", "admin/repo.0123456789abcdef", "x", "admin/ 000000001.0", "admin/99999999999999999999.0" };
	uint64_t n = 0;
	unsigned attempt = 0;

	(void)state;
	assert_true(name_parse_numbered(&n, &attempt, "admin/9999999999.10", "admin/"));
	assert_true(n == 9999999999u);
	assert_int_equal(attempt, 10);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(name_parse_numbered(&n, &attempt, bad[i], "admin/"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_as_the_format_says),
		cmocka_unit_test(copies_are_told_from_primaries),
		cmocka_unit_test(uids_parse_only_from_exact_names),
		cmocka_unit_test(commits_parse_only_from_exact_names),
		cmocka_unit_test(numbers_parse_only_from_exact_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
