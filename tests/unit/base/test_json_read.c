/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON is read strictly, and what is written is read back. */
#include "support/hzt.h"
#include "base/json.h"
#include "base/json_read.h"
#include <stdio.h>

static int read_text(const char *text)
{
	AUTO(json_read_free) struct json_value *v = NULL;

	return json_read(&v, text, strlen(text), NULL);
}

static void test_what_is_written_is_read_back(void **state)
{
	AUTO(hz_json_free) hz_json *j = json_new_plain(), *more = hz_json_new("more");
	AUTO(json_read_free) struct json_value *v = NULL;
	AUTO_FREE char *text = NULL;
	hz_json *list = hz_json_array(j, "list");
	int64_t n;
	bool b;

	(void)state;
	hz_json_str(j, "text", "\xe4\xbf\x9d\xe5\x85\xa8 \"\n");
	hz_json_i64(j, "whole", -7);
	hz_json_bool(j, "truth", 1);
	hz_json_null(j, "nothing");
	hz_json_add_str(list, "a");
	json_put_copy(j, "copy", more);
	json_add_copies(list, list);
	assert_int_equal(json_pretty(j, &text), 0);
	assert_int_equal(json_read(&v, text, strlen(text), NULL), 0);
	assert_string_equal(json_text(json_get(v, "text")), "\xe4\xbf\x9d\xe5\x85\xa8 \"\n");
	assert_true(json_whole(json_get(v, "whole"), &n) && n == -7);
	assert_true(json_truth(json_get(v, "truth"), &b) && b);
	assert_true(json_is_nothing(json_get(v, "nothing")));
	assert_int_equal(json_list_len(json_get(v, "list")), 2);
	assert_string_equal(json_text(json_list_at(json_get(v, "list"), 1)), "a");
	assert_string_equal(json_text(json_get(json_get(v, "copy"), "schema")), "more-v1");
}

static void test_a_value_of_another_type_is_none(void **state)
{
	AUTO(json_read_free) struct json_value *v = NULL;
	static const char text[] = "{\"t\": \"x\", \"n\": 1, \"r\": 1.5, \"z\": \"a\\u0000b\"}";
	int64_t n;
	bool b;

	(void)state;
	assert_int_equal(json_read(&v, text, strlen(text), NULL), HZ_E_CORRUPT);
	assert_int_equal(json_read(&v, "{\"t\": \"x\", \"n\": 1, \"r\": 1.5}", 28, NULL), 0);
	assert_null(json_text(json_get(v, "n")));
	assert_false(json_whole(json_get(v, "t"), &n));
	assert_false(json_whole(json_get(v, "r"), &n));
	assert_false(json_truth(json_get(v, "n"), &b));
	assert_null(json_get(v, "none"));
	assert_null(json_get(json_get(v, "t"), "x"));
	assert_null(json_text(NULL));
	assert_int_equal(json_list_len(v), 0);
	assert_false(json_is_map(NULL));
}

static void test_what_is_not_strict_is_refused(void **state)
{
	static const char *const bad[] = { "", "{", "{} x", "{\"a\":1,\"a\":2}", "{\"a\":1,}", "nul", "\"\xff\"",
		"{'a':1}", "{\"a\":01}", "[1,]" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(read_text(bad[i]), HZ_E_CORRUPT);
}

static void test_depth_is_bounded(void **state)
{
	char text[64];

	(void)state;
	for (unsigned depth = 1; depth < 30; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		text[2 * depth] = '\0';
		assert_int_equal(read_text(text), depth <= JSON_DEPTH_MAX ? 0 : HZ_E_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read_back),
		cmocka_unit_test(test_a_value_of_another_type_is_none),
		cmocka_unit_test(test_what_is_not_strict_is_refused),
		cmocka_unit_test(test_depth_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
