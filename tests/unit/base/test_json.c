/* SPDX-License-Identifier: BSD-2-Clause */
/* What is printed: order, escapes, bytes that are no text, and all or nothing. */
#include "support/hzt.h"
#include "support/faultvfs.h"
#include "base/auto.h"
#include "base/vfs.h"
#include "hozen/json.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

DEFINE_AUTO(hz_json, hz_json_free)

#define HEAD "{\"type\":\"t\",\"schema\":\"t-v1\""

static void assert_text(const hz_json *j, const char *expected)
{
	AUTO_FREE char *text = NULL;

	assert_int_equal(hz_json_text(j, &text), 0);
	assert_string_equal(text, expected);
}

static void a_new_object_names_its_type_and_schema(void **state)
{
	AUTO(hz_json_free) hz_json *j = hz_json_new("t");

	(void)state;
	assert_text(j, HEAD "}");
}

static void keys_stand_in_the_order_they_were_given(void **state)
{
	AUTO(hz_json_free) hz_json *j = hz_json_new("t");

	(void)state;
	hz_json_str(j, "z", "text");
	hz_json_str(j, "none", NULL);
	hz_json_bool(j, "y", 2);
	hz_json_bool(j, "n", 0);
	hz_json_null(j, "x");
	hz_json_time(j, "when", 0, 5);
	hz_json_str(j, "z", "again");
	assert_text(j,
		HEAD ",\"z\":\"again\",\"none\":null,\"y\":true,\"n\":false,\"x\":null,"
		     "\"when\":\"1970-01-01T00:00:00.000000005Z\"}");
}

static void numbers_are_exact(void **state)
{
	AUTO(hz_json_free) hz_json *j = hz_json_new("t");

	(void)state;
	hz_json_u64(j, "a", INT64_MAX);
	hz_json_u64(j, "b", UINT64_MAX);
	hz_json_i64(j, "c", INT64_MIN);
	hz_json_real(j, "d", 0.1);
	hz_json_real(j, "e", NAN);
	hz_json_real(j, "f", -HUGE_VAL);
	assert_text(j,
		HEAD ",\"a\":9223372036854775807,\"b\":\"18446744073709551615\","
		     "\"c\":-9223372036854775808,\"d\":0.1,\"e\":null,\"f\":null}");
}

static void control_characters_are_escaped(void **state)
{
	AUTO(hz_json_free) hz_json *j = hz_json_new("t");

	(void)state;
	hz_json_str(j, "s", "a\"b\\c\n\x1b\xc3\xa4");
	assert_text(j, HEAD ",\"s\":\"a\\\"b\\\\c\\n\\u001B\xc3\xa4\"}");
}

static void bytes_that_are_no_text_go_under_another_key(void **state)
{
	AUTO(hz_json_free) hz_json *j = hz_json_new("t");

	(void)state;
	hz_json_path(j, "path", "dir/\xff", 5);
	hz_json_str(j, "name", "\x80");
	hz_json_path(j, "good", "dir/\xc3\xa4xx", 6);
	assert_text(j, HEAD ",\"path_b64\":\"ZGlyL/8=\",\"name_b64\":\"gA==\",\"good\":\"dir/\xc3\xa4\"}");
	/* Never both keys. */
	hz_json_path(j, "path", "ok", 2);
	hz_json_str(j, "good", "\xff\xff\xff");
	assert_text(j, HEAD ",\"name_b64\":\"gA==\",\"path\":\"ok\",\"good_b64\":\"////\"}");
}

static void only_well_formed_utf8_is_text(void **state)
{
	static const struct {
		const char *bytes;
		bool text;
	} known[] = {
		{ "", true },
		{ "\x7f", true },
		{ "\xc2\x80", true },
		{ "\xdf\xbf", true },
		{ "\xe0\xa0\x80", true },
		{ "\xed\x9f\xbf", true },
		{ "\xee\x80\x80", true },
		{ "\xf0\x90\x80\x80", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\xc0\x80", false }, /* not the shortest form */
		{ "\xc1\xbf", false },
		{ "\xe0\x9f\xbf", false },
		{ "\xf0\x8f\xbf\xbf", false },
		{ "\xed\xa0\x80", false }, /* a surrogate */
		{ "\xed\xbf\xbf", false },
		{ "\xf4\x90\x80\x80", false }, /* past the last one */
		{ "\xf5\x80\x80\x80", false },
		{ "\xff", false },
		{ "\xc3", false }, /* cut off */
		{ "\xe2\x82", false },
		{ "\xf0\x9f\x98", false },
		{ "\xc3(", false },
		{ "\xe2\x82(", false },
		{ "\x80", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		AUTO(hz_json_free) hz_json *j = hz_json_new("t");
		AUTO_FREE char *text = NULL;

		hz_json_str(j, "s", known[i].bytes);
		assert_int_equal(hz_json_text(j, &text), 0);
		assert_int_equal(strstr(text, "\"s\":") != NULL, known[i].text);
		assert_int_equal(strstr(text, "\"s_b64\":") != NULL, !known[i].text);
	}
}

static void base64_is_that_of_rfc_4648(void **state)
{
	static const char *const known[] = { "\"s_b64\":\"/w==\"", "\"s_b64\":\"//4=\"", "\"s_b64\":\"//79\"",
		"\"s_b64\":\"//79AA==\"" };

	(void)state;
	for (size_t len = 1; len <= 4; len++) {
		AUTO(hz_json_free) hz_json *j = hz_json_new("t");
		AUTO_FREE char *text = NULL;

		hz_json_path(j, "s", "\xff\xfe\xfd\x00", len);
		assert_int_equal(hz_json_text(j, &text), 0);
		assert_non_null(strstr(text, known[len - 1]));
	}
}

static void objects_and_arrays_nest(void **state)
{
	AUTO(hz_json_free) hz_json *j = hz_json_new("t");
	hz_json *list, *item;

	(void)state;
	hz_json_u64(hz_json_object(j, "total"), "n", 1);
	list = hz_json_array(j, "list");
	hz_json_add_str(list, "a");
	hz_json_add_str(list, NULL);
	hz_json_add_u64(list, UINT64_MAX);
	hz_json_add_path(list, "\xff", 1);
	hz_json_add_path(list, "p/q", 1);
	item = hz_json_add_object(list);
	hz_json_array(item, "empty");
	hz_json_str(item, "k", "v");
	assert_text(j,
		HEAD ",\"total\":{\"n\":1},\"list\":[\"a\",null,\"18446744073709551615\",{\"b64\":\"/w==\"},\"p\","
		     "{\"empty\":[],\"k\":\"v\"}]}");
	assert_text(item, "{\"empty\":[],\"k\":\"v\"}");
}

static void a_child_whose_key_was_replaced_is_harmless(void **state)
{
	AUTO(hz_json_free) hz_json *j = hz_json_new("t");
	hz_json *child = hz_json_object(j, "k");

	(void)state;
	hz_json_null(j, "k");
	hz_json_str(child, "lost", "x");
	assert_text(j, HEAD ",\"k\":null}");
}

static void a_lost_addition_makes_printing_fail(void **state)
{
	AUTO(hz_json_free) hz_json *j = hz_json_new("t");
	hz_json *child = hz_json_object(j, "k");
	char *text = NULL;
	int fds[2];
	char byte;

	(void)state;
	/* Adding to an object as to an array is lost, as an addition without memory is. */
	hz_json_add_str(child, "x");
	hz_json_str(j, "after", "y");
	assert_int_equal(hz_json_text(j, &text), HZ_E_NOMEM);
	assert_null(text);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	assert_int_equal(hz_json_print(j, fds[1]), HZ_E_NOMEM);
	assert_int_equal(read(fds[0], &byte, 1), -1);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void without_an_object_nothing_is_done(void **state)
{
	char *text = NULL;

	(void)state;
	hz_json_str(NULL, "k", "v");
	hz_json_str(NULL, "k", NULL);
	hz_json_u64(NULL, "k", 1);
	hz_json_i64(NULL, "k", 1);
	hz_json_real(NULL, "k", 1);
	hz_json_bool(NULL, "k", 1);
	hz_json_time(NULL, "k", 1, 1);
	hz_json_path(NULL, "k", "v", 1);
	hz_json_add_str(NULL, "v");
	hz_json_add_str(NULL, NULL);
	hz_json_add_u64(NULL, 1);
	hz_json_add_path(NULL, "v", 1);
	assert_null(hz_json_object(NULL, "k"));
	assert_null(hz_json_array(NULL, "k"));
	assert_null(hz_json_add_object(NULL));
	assert_int_equal(hz_json_text(NULL, &text), HZ_E_NOMEM);
	assert_int_equal(hz_json_print(NULL, 1), HZ_E_NOMEM);
	hz_json_free(NULL);
}

static void a_line_is_printed_whole(void **state)
{
	char *dir = hzt_tmpdir();
	AUTO_FREE char *path = hzt_path(dir, "f");
	AUTO(hz_json_free) hz_json *j = hz_json_new("t");
	AUTO_FREE uint8_t *back = NULL;
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	size_t len;

	(void)state;
	assert_int_equal(hz_json_print(j, fd), 0);
	fault_start_forever(FAULT_WRITE, 1, FAULT_SHORT);
	assert_int_equal(hz_json_print(j, fd), 0);
	assert_true(fault_count() > 1);
	fault_stop();
	fault_start(FAULT_WRITE, 1, ENOSPC);
	assert_int_equal(hz_json_print(j, fd), HZ_E_IO);
	assert_int_equal(errno, ENOSPC);
	fault_stop();
	back = hzt_get(path, &len);
	assert_string_equal((char *)back, HEAD "}\n" HEAD "}\n");
	hzt_tmpdir_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_object_names_its_type_and_schema),
		cmocka_unit_test(keys_stand_in_the_order_they_were_given),
		cmocka_unit_test(numbers_are_exact),
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(bytes_that_are_no_text_go_under_another_key),
		cmocka_unit_test(only_well_formed_utf8_is_text),
		cmocka_unit_test(base64_is_that_of_rfc_4648),
		cmocka_unit_test(objects_and_arrays_nest),
		cmocka_unit_test(a_child_whose_key_was_replaced_is_harmless),
		cmocka_unit_test(a_lost_addition_makes_printing_fail),
		cmocka_unit_test(without_an_object_nothing_is_done),
		cmocka_unit_test(a_line_is_printed_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
